// Word count on workers that share nothing: chunks and counts travel.
package main

import (
	_ "embed"
	"encoding/gob"
	"fmt"
	"maps"
	"net"
	"os"
	"os/exec"
	"strings"
	"time"
)

//go:embed main.go
var text string // what is counted: this listing

// Task is text to map, or counts to reduce, and what came of it.
type Task struct {
	N    int
	Text string
	In   []map[string]int
	Out  map[string]int
}

func (t Task) do() Task {
	out := map[string]int{}
	for _, w := range strings.Fields(t.Text) {
		out[w]++
	}
	for _, in := range t.In {
		for w, n := range in {
			out[w] += n
		}
	}
	return Task{N: t.N, Out: out}
}

func worker(conn net.Conn, kind string) {
	out, in := gob.NewEncoder(conn), gob.NewDecoder(conn)
	nap := map[string]int{"works": 150, "straggles": 800}[kind]
	// Who has no time to work is gone, with a task in hand.
	for t := (Task{}); in.Decode(&t) == nil && nap > 0; t = (Task{}) {
		time.Sleep(time.Duration(nap) * time.Millisecond)
		out.Encode(t.do())
	}
}

var todo, done = make(chan Task, 999), make(chan Task, 999)

// serve gives a worker one task after the other. A task that is out for
// half a second goes out again: dead, slow, cut off, who can know?
func serve(conn net.Conn) {
	out, in := gob.NewEncoder(conn), gob.NewDecoder(conn)
	for t := range todo {
		late := time.AfterFunc(time.Second/2, func() { todo <- t })
		var answer Task
		if out.Encode(t) != nil || in.Decode(&answer) != nil {
			return // and tells nobody: the clock runs on
		}
		late.Stop()
		done <- answer
	}
}

var outs = map[int]map[string]int{} // by the number of the task

// run waits for all. A second result of a task changes nothing.
func run(some []Task) {
	for _, t := range some {
		todo <- t
	}
	for left := len(some); left > 0; {
		if t := <-done; outs[t.N] == nil {
			outs[t.N] = t.Out
			left--
		} else {
			fmt.Println("a duplicate: harmless")
		}
	}
}

func main() {
	if len(os.Args) == 3 {
		worker(must(net.Dial("tcp", os.Args[1])), os.Args[2])
		return
	}
	l := must(net.Listen("tcp", "127.0.0.1:0"))
	for _, k := range []string{"crashes", "straggles", "works"} {
		must(0, exec.Command(os.Args[0], l.Addr().String(), k).Start())
		go serve(must(l.Accept()))
	}
	lines := strings.SplitAfter(text, "\n")
	chunks := make([]Task, 6)
	for n := range chunks {
		part := lines[n*len(lines)/6 : (n+1)*len(lines)/6]
		chunks[n] = Task{N: n, Text: strings.Join(part, "")}
	}
	run(chunks)
	sum := Task{N: len(chunks)} // the reduce: one is enough here
	for n := range chunks {
		sum.In = append(sum.In, outs[n])
	}
	run([]Task{sum})
	same := maps.Equal(outs[sum.N], Task{Text: text}.do().Out)
	fmt.Println("the answer of one loop:", same)
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
