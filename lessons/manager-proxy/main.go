// An object behind net/rpc: what does a call cost, and what is a copy?
package main

import (
	"fmt"
	"log"
	"net"
	"net/rpc"
	"sync"
	"time"
)

// Board is the object that the server owns.
type Board struct {
	mu    sync.Mutex
	notes []string
	hits  int
}

func (b *Board) Notes(_ int, reply *[]string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	*reply = append([]string{}, b.notes...)
	return nil
}

func (b *Board) Append(note string, _ *bool) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.notes = append(b.notes, note)
	return nil
}

func (b *Board) Hits(_ int, reply *int) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	*reply = b.hits
	return nil
}

func (b *Board) Put(n int, _ *bool) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.hits = n
	return nil
}

func (b *Board) Add(n int, _ *bool) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.hits += n
	return nil
}

func must(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func main() {
	board := new(Board)
	must(rpc.Register(board))
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(err)
	go rpc.Accept(l)
	dial := func() *rpc.Client {
		c, err := rpc.Dial("tcp", l.Addr().String())
		must(err)
		return c
	}
	c := dial()
	var notes []string
	var done bool
	must(c.Call("Board.Notes", 0, &notes))
	notes = append(notes, "lost") // in the copy
	must(c.Call("Board.Notes", 0, &notes))
	fmt.Println("after append:", notes)
	must(c.Call("Board.Append", "kept", &done))
	must(c.Call("Board.Notes", 0, &notes))
	fmt.Println("appended there:", notes)

	twice := func(count func(*rpc.Client)) (hits int) {
		must(c.Call("Board.Put", 0, &done))
		var wg sync.WaitGroup
		for range 2 {
			c := dial()
			wg.Go(func() {
				for range 500 {
					count(c)
				}
			})
		}
		wg.Wait()
		must(c.Call("Board.Hits", 0, &hits))
		return hits
	}
	fmt.Println("by get and put:", twice(func(c *rpc.Client) {
		var n int
		var done bool
		must(c.Call("Board.Hits", 0, &n))
		must(c.Call("Board.Put", n+1, &done)) // the other was there?
	}))
	fmt.Println("by add:", twice(func(c *rpc.Client) {
		var done bool
		must(c.Call("Board.Add", 1, &done))
	}))
	const calls = 2000
	var n int
	t := time.Now()
	for range calls {
		must(c.Call("Board.Hits", 0, &n))
	}
	fmt.Println("one call:", time.Since(t)/calls)
}
