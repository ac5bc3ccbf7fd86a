//go:build unix

// SIGTERM: with a handler, without one, and who ignores it.
package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
	"time"
)

// worker answers lines, and leaves at the end of its input.
func worker(deaf bool) {
	signal.Ignore(syscall.SIGINT) // the server's affair
	if deaf {
		signal.Ignore(syscall.SIGTERM)
	}
	in := bufio.NewScanner(os.Stdin)
	for in.Scan() {
		time.Sleep(50 * time.Millisecond)
		fmt.Println("did", in.Text())
	}
}

// hand is a worker as the server knows it.
type hand struct {
	cmd *exec.Cmd
	in  io.Writer
	out *bufio.Scanner
}

func hire(ctx context.Context, role string) hand {
	self, err := os.Executable()
	check(err)
	cmd := exec.CommandContext(ctx, self, role)
	cmd.Cancel = func() error { // when ctx is done: ask …
		return cmd.Process.Signal(syscall.SIGTERM)
	}
	cmd.WaitDelay = 2 * time.Second // … and then SIGKILL
	in, err := cmd.StdinPipe()
	check(err)
	out, err := cmd.StdoutPipe()
	check(err)
	check(cmd.Start())
	return hand{cmd, in, bufio.NewScanner(out)}
}

func server(handler bool) {
	stop := make(chan os.Signal, 1)
	if handler {
		signal.Notify(stop, syscall.SIGTERM, syscall.SIGINT)
	}
	ctx, cancel := context.WithCancel(context.Background())
	hands := []hand{hire(ctx, "worker"), hire(ctx, "deaf")}
	accepted, done := 0, 0
	for len(stop) == 0 { // take no more when told so
		for _, h := range hands {
			fmt.Fprintln(h.in, accepted)
			accepted++
		}
		for _, h := range hands { // what was accepted is done
			if h.out.Scan() {
				done++
			}
		}
		if accepted == len(hands) {
			fmt.Println("at work")
		}
	}
	cancel()
	for i, h := range hands {
		h.cmd.Wait()
		fmt.Printf("worker %d: %v\n", i, h.cmd.ProcessState)
	}
	fmt.Println("lost:", accepted-done)
}

func main() {
	if len(os.Args) == 2 {
		switch os.Args[1] {
		case "server", "plain":
			server(os.Args[1] == "server")
		default:
			worker(os.Args[1] == "deaf")
		}
		return
	}
	for _, role := range []string{"server", "plain"} {
		h := hire(context.Background(), role)
		h.out.Scan() // at work
		time.Sleep(100 * time.Millisecond)
		check(h.cmd.Process.Signal(syscall.SIGTERM))
		for h.out.Scan() {
			fmt.Println(h.out.Text())
		}
		h.cmd.Wait()
		fmt.Printf("%s: %v\n", role, h.cmd.ProcessState)
	}
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
