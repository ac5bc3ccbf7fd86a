// A queue to share work, a pipe to talk, an event to start together.
package main

import (
	"bufio"
	"fmt"
	"io"
	"log"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
)

func main() {
	if len(os.Args) == 2 && os.Args[1] == "echo" {
		line, err := bufio.NewReader(os.Stdin).ReadString('\n')
		check(err)
		fmt.Print(strings.ToUpper(line))
		return // the kernel closes our ends of the pipes
	}

	queue := make(chan int, 4)   // bounded: when full, a send blocks
	event := make(chan struct{}) // closing it releases all who wait
	var producers, consumers sync.WaitGroup
	for _, first := range []int{0, 100} {
		producers.Go(func() {
			for n := range 5 {
				queue <- first + n
			}
		})
	}
	var mu sync.Mutex
	var got []int
	for range 3 {
		consumers.Go(func() {
			<-event
			for n := range queue { // until it is closed and drained
				mu.Lock()
				got = append(got, n)
				mu.Unlock()
			}
		})
	}
	close(event)
	producers.Wait()
	close(queue) // one close ends all consumers: no sentinels
	consumers.Wait()
	slices.Sort(got)
	fmt.Println("received:", got)

	self, err := os.Executable()
	check(err)
	cmd := exec.Command(self, "echo") // a process: now a real pipe
	in, err := cmd.StdinPipe()
	check(err)
	out, err := cmd.StdoutPipe()
	check(err)
	check(cmd.Start())
	_, err = fmt.Fprintln(in, "ping")
	check(err)
	reply, err := io.ReadAll(out) // until the other end is closed
	check(err)
	fmt.Printf("pipe: %s", reply)
	check(cmd.Wait())
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
