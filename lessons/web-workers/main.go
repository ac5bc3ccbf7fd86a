//go:build unix

// A pre-fork web server: who counts the hits?
package main

import (
	"bufio"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"os/exec"
	"sync/atomic"
	"time"
)

var hits int // a global: each process has its own

// serve is a worker: descriptor 3 is the master's listening socket.
func serve(store string) {
	l := must(net.FileListener(os.NewFile(3, "listener")))
	go func() { // it ends with the master
		io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}()
	fmt.Println("ready")
	for {
		c := must(l.Accept())
		r := must(http.ReadRequest(bufio.NewReader(c)))
		time.Sleep(20 * time.Millisecond) // what a page waits for
		n := 0
		if r.URL.Path == "/global" {
			hits++
			n = hits
		} else {
			n = get(store) // it counts for all
		}
		fmt.Fprintf(c, "HTTP/1.0 200 OK\r\n\r\n%d", n)
		c.Close()
	}
}

func get(url string) (n int) {
	r := must(http.Get(url))
	defer r.Body.Close()
	must(fmt.Fscan(r.Body, &n))
	return n
}

var workers []*exec.Cmd

func start(l net.Listener, store string) {
	f := must(l.(*net.TCPListener).File())
	defer f.Close()
	p := exec.Command(os.Args[0], store)
	p.ExtraFiles = []*os.File{f} // the first is descriptor 3
	p.Stderr = os.Stderr
	must(p.StdinPipe()) // open as long as the master is there
	out := must(p.StdoutPipe())
	must(p, p.Start())
	must(out.Read(make([]byte, 8))) // it is ready
	workers = append(workers, p)
}

// hit makes 100 hits, 10 at a time: the largest reply.
func hit(url string) int {
	replies, largest := make(chan int), 0
	for range 10 {
		go func() {
			for range 10 {
				replies <- get(url)
			}
		}()
	}
	for range 100 {
		largest = max(largest, <-replies)
	}
	return largest
}

func main() {
	if len(os.Args) == 2 {
		serve(os.Args[1])
	}
	desk := must(net.Listen("tcp", "127.0.0.1:0"))
	var all atomic.Int64
	go http.Serve(desk, http.HandlerFunc(
		func(w http.ResponseWriter, _ *http.Request) {
			fmt.Fprint(w, all.Add(1))
		}))
	l := must(net.Listen("tcp", "127.0.0.1:0"))
	store := "http://" + desk.Addr().String()
	url := "http://" + l.Addr().String()
	for range 4 {
		start(l, store)
	}
	fmt.Println("global, 100 hits, largest:", hit(url+"/global"))
	fmt.Println("store, 100 hits, largest:", hit(url+"/store"))
	workers[0].Process.Kill()
	workers[0].Wait()
	start(l, store)
	fmt.Println("a worker was killed, another was started")
	fmt.Println("global, 200 hits, largest:", hit(url+"/global"))
	fmt.Println("store, 200 hits, largest:", hit(url+"/store"))
}

func must[T any](v T, err error) T {
	if err != nil {
		log.Fatal(err)
	}
	return v
}
