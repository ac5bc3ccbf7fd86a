//go:build unix

// Two locks, two orders: a deadlock, and the order that prevents it.
package main

import (
	"bufio"
	"fmt"
	"io"
	"log"
	"os"
	"os/exec"
	"syscall"
	"time"
)

// lock takes a file's lock, or gives up when its patience ends.
func lock(f *os.File, patience time.Duration) bool {
	how := syscall.LOCK_EX | syscall.LOCK_NB
	for end := time.Now().Add(patience); ; {
		if syscall.Flock(int(f.Fd()), how) == nil {
			return true
		}
		if time.Now().After(end) {
			return false
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// transfer is the child: two files, in the order in which to lock them.
func transfer(first, second string) {
	f, err := os.Open(first)
	check(err)
	g, err := os.Open(second)
	check(err)
	lock(f, time.Minute)
	fmt.Println("has one")
	os.Stdin.Read(make([]byte, 1)) // the parent says go on
	if lock(g, time.Second) {
		fmt.Println("done")
	} else {
		fmt.Println("gave up waiting")
		os.Stdin.Read(make([]byte, 1)) // and keeps the first till then
	}
}

type worker struct {
	cmd *exec.Cmd
	in  io.WriteCloser
	out *bufio.Reader
}

func start(first, second string) worker {
	self, err := os.Executable()
	check(err)
	w := worker{cmd: exec.Command(self, first, second)}
	w.in, err = w.cmd.StdinPipe()
	check(err)
	out, err := w.cmd.StdoutPipe()
	check(err)
	w.out = bufio.NewReader(out)
	check(w.cmd.Start())
	return w
}

func (w worker) goOn() { w.in.Write([]byte("x")) }

func (w worker) says() string {
	s, err := w.out.ReadString('\n')
	check(err)
	return s
}

func main() {
	if len(os.Args) == 3 {
		transfer(os.Args[1], os.Args[2])
		return
	}
	var name [2]string
	for i := range name {
		f, err := os.CreateTemp("", "lock")
		check(err)
		defer os.Remove(f.Name())
		name[i] = f.Name()
	}
	fmt.Println("A takes one, two; B takes two, one:")
	a, b := start(name[0], name[1]), start(name[1], name[0])
	a.says()
	b.says() // each has one
	a.goOn()
	b.goOn()
	fmt.Print("  A: ", a.says(), "  B: ", b.says())
	a.in.Close()
	b.in.Close()

	fmt.Println("both take one, two:")
	a = start(name[0], name[1])
	a.says() // it has one, so B does not
	b = start(name[0], name[1])
	a.goOn()
	b.goOn()
	fmt.Print("  A: ", a.says())
	b.says()
	fmt.Print("  B: ", b.says())
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
