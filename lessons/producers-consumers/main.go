// A buffer of two slots: made by hand, and as a channel.
package main

import (
	"fmt"
	"slices"
	"sync"
)

// buffer has room for a few items. Who finds it full, or empty, waits
// on a condition: that gives the lock back while one waits.
type buffer struct {
	mu         sync.Mutex
	room, some sync.Cond
	slots      []int
	in, out    int
}

func newBuffer(slots int) *buffer {
	b := &buffer{slots: make([]int, slots)}
	b.room.L, b.some.L = &b.mu, &b.mu
	return b
}

func (b *buffer) put(item int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for b.in-b.out == len(b.slots) {
		b.room.Wait()
	}
	b.slots[b.in%len(b.slots)] = item
	b.in++
	b.some.Signal()
}

func (b *buffer) get() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	for b.in == b.out {
		b.some.Wait()
	}
	item := b.slots[b.out%len(b.slots)]
	b.out++
	b.room.Signal()
	return item
}

// allThere lets two produce and one consume.
func allThere(put func(int), get func() int) bool {
	for _, first := range []int{100, 200} {
		go func() {
			for n := range 50 {
				put(first + n)
			}
		}()
	}
	var got, want []int
	for n := range 50 {
		got = append(got, get(), get())
		want = append(want, 100+n, 200+n)
	}
	slices.Sort(got)
	slices.Sort(want)
	return slices.Equal(got, want)
}

func main() {
	b := newBuffer(2)
	fmt.Println("by hand, all there, each once:",
		allThere(b.put, b.get))

	c := make(chan int, 2) // all of the above
	put := func(item int) { c <- item }
	get := func() int { return <-c }
	fmt.Println("channel, all there, each once:",
		allThere(put, get))

	c <- 1
	c <- 2
	select {
	case c <- 3:
	default:
		fmt.Println("full: a third one would have to wait")
	}
}
