//go:build unix

// A queue is finite: wait before read, and a burst without a bound.
package main

import (
	"fmt"
	"io"
	"log"
	"os"
	"os/exec"
	"strconv"
	"time"
)

const (
	mib   = 1 << 20
	burst = 40 // items of 1 MiB
)

// capacity fills a pipe that nobody reads, and counts.
func capacity() int {
	r, w, err := os.Pipe()
	check(err)
	defer r.Close()
	defer w.Close()
	check(w.SetWriteDeadline(time.Now().Add(200 * time.Millisecond)))
	n, _ := w.Write(make([]byte, 16*mib)) // ends with the deadline
	return n
}

// waitFirst waits for a child before it reads what the child wrote.
func waitFirst(size int) string {
	r, w, err := os.Pipe()
	check(err)
	defer r.Close()
	self, err := os.Executable()
	check(err)
	cmd := exec.Command(self, strconv.Itoa(size))
	cmd.Stdout = w // the pipe itself: nobody here reads it for us
	check(cmd.Start())
	w.Close()
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	told := "comes back"
	select {
	case err := <-ended: // the mistake: before the read
		check(err)
		ended <- nil
	case <-time.After(1500 * time.Millisecond):
		told = "hangs, until the read"
	}
	got, err := io.ReadAll(r) // the cure: now it can end
	check(err)
	check(<-ended)
	if len(got) != size {
		log.Fatalf("%d bytes came of %d", len(got), size)
	}
	return told
}

// waiting is the most that lay in a channel during a burst, in MiB.
func waiting(room int) (most int) {
	queue, done := make(chan []byte, room), make(chan bool)
	go func() {
		for range queue {
			time.Sleep(10 * time.Millisecond) // a slow consumer
		}
		close(done)
	}()
	for range burst {
		queue <- make([]byte, mib) // full: waits for room
		most = max(most, len(queue))
	}
	close(queue)
	<-done
	return most
}

func main() {
	if len(os.Args) == 2 { // the child
		size, err := strconv.Atoi(os.Args[1])
		check(err)
		_, err = os.Stdout.Write(make([]byte, size))
		check(err)
		return
	}
	n := capacity()
	fmt.Println("a pipe holds", n, "bytes")
	for _, size := range []int{1024, n / 2, n, n + 1, 16 * n} {
		told := waitFirst(size)
		fmt.Printf("wait before read, %d bytes: %s\n", size, told)
	}
	for _, room := range []int{burst, 4} {
		fmt.Printf("%d MiB in a burst, room for %d: %d MiB waited\n",
			burst, room, waiting(room))
	}
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
