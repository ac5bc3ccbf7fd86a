// Only bytes cross: jobs for a process that has the same program.
package main

import (
	"bytes"
	"encoding/gob"
	"fmt"
	"io"
	"log"
	"os"
	"os/exec"
)

// Job is what a worker is to do.
type Job struct {
	Name string // of the function
	N    int
	Do   func(int) int // gob leaves it out
}

// Reply is what came of it.
type Reply struct {
	Value int
	Error string
}

var factor = 1 // main makes it 10

var functions = map[string]func(int) int{
	"square": func(n int) int { return n * n },
	"times":  func(n int) int { return n * factor },
}

// work does jobs until its standard input ends.
func work() {
	jobs, replies := gob.NewDecoder(os.Stdin), gob.NewEncoder(os.Stdout)
	for {
		var j Job
		if err := jobs.Decode(&j); err == io.EOF {
			return
		} else if err != nil {
			log.Fatal(err)
		}
		var r Reply
		switch f := functions[j.Name]; {
		case f != nil:
			r.Value = f(j.N)
		case j.Do != nil:
			r.Value = j.Do(j.N)
		default:
			r.Error = "no such function here"
		}
		check(replies.Encode(r))
	}
}

func main() {
	if len(os.Args) == 2 {
		work()
		return
	}
	factor = 10
	self, err := os.Executable()
	check(err)
	cmd := exec.Command(self, "work")
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	check(err)
	out, err := cmd.StdoutPipe()
	check(err)
	check(cmd.Start())

	var crossing bytes.Buffer // to count
	enc := gob.NewEncoder(io.MultiWriter(in, &crossing))
	dec := gob.NewDecoder(out)
	ask := func(j Job) {
		crossing.Reset()
		check(enc.Encode(j))
		var r Reply
		check(dec.Decode(&r))
		fmt.Printf("%s(%d): %d bytes, value %d, error %q\n",
			j.Name, j.N, crossing.Len(), r.Value, r.Error)
	}
	ask(Job{Name: "square", N: 7})
	ask(Job{Name: "square", N: 7}) // the type is known by now
	ask(Job{Name: "times", N: 7})
	double := func(n int) int { return 2 * n }
	err = gob.NewEncoder(io.Discard).Encode(double)
	fmt.Println("a function:", err)
	ask(Job{Name: "my own", N: 7, Do: double})
	check(in.Close())
	check(cmd.Wait())
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
