// Last write wins: by whose clock?
package main

import (
	"encoding/json"
	"fmt"
	"log"
	"os"
	"os/exec"
	"time"
)

// message carries its sender's clocks.
type message struct {
	Op    string
	Value int
	Wall  time.Time
	Count int // the Lamport clock
}

// writer reads x, and writes what follows it. Its clock may be wrong.
func writer(offset time.Duration) {
	in, out := json.NewDecoder(os.Stdin), json.NewEncoder(os.Stdout)
	count := 1
	check(out.Encode(message{Op: "read", Count: count}))
	var m message
	check(in.Decode(&m))
	count = max(count, m.Count) + 1
	count++
	wall := time.Now().Add(offset) // injected
	check(out.Encode(message{"write", m.Value + 1, wall, count}))
	check(in.Decode(&m)) // "yes, yes", whatever became of it
}

// store keeps, of two writes, the one with the later stamp.
type store struct {
	lamport bool
	count   int // its Lamport clock
	kept    message
}

func (s *store) later(m message) bool {
	if s.lamport {
		return m.Count > s.kept.Count
	}
	return m.Wall.After(s.kept.Wall)
}

// serve starts a writer and answers it until it ends.
func (s *store) serve(offset string) {
	self, err := os.Executable()
	check(err)
	cmd := exec.Command(self, offset)
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	check(err)
	stdout, err := cmd.StdoutPipe()
	check(err)
	check(cmd.Start())
	in, out := json.NewDecoder(stdout), json.NewEncoder(stdin)
	for range 2 { // a read and a write
		var m message
		check(in.Decode(&m))
		s.count = max(s.count, m.Count) + 1
		if m.Op == "write" && s.later(m) {
			s.kept = m
		}
		s.count++
		reply := message{Op: "x", Value: s.kept.Value, Count: s.count}
		check(out.Encode(reply))
	}
	check(cmd.Wait())
}

func main() {
	if len(os.Args) == 2 {
		offset, err := time.ParseDuration(os.Args[1])
		check(err)
		writer(offset)
		return
	}
	for _, lamport := range []bool{false, true} {
		s := &store{lamport: lamport}
		s.serve("0s")  // a
		s.serve("-5s") // b, after it
		what := "wall clocks:"
		if lamport {
			what = "Lamport clocks:"
		}
		fmt.Println(what, "a wrote 1, b read 1 and wrote 2; x is",
			s.kept.Value)
	}
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
