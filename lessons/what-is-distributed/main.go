// Two nodes that share nothing but messages, and what silence means.
package main

import (
	"errors"
	"fmt"
	"log"
	"net"
	"os"
	"os/exec"
	"time"
)

const patience = 500 * time.Millisecond // silence to put up with

// node sends heartbeats. One pause is long; nothing is broken.
func node(addr string) {
	peer, err := net.DialTimeout("tcp", addr, 10*time.Second)
	check(err)
	defer peer.Close()
	for _, ms := range []time.Duration{100, 100, 1300, 100} {
		time.Sleep(ms * time.Millisecond)
		_, err := peer.Write([]byte("beat\n"))
		check(err)
	}
}

// watch is all that one node can know of another: what arrives, and
// when.
func watch(conn net.Conn) {
	buf, suspect := make([]byte, 64), false
	for {
		conn.SetReadDeadline(time.Now().Add(patience))
		_, err := conn.Read(buf)
		switch {
		case errors.Is(err, os.ErrDeadlineExceeded):
			if !suspect {
				fmt.Println("silence: dead, slow, cut off? suspected")
			}
			suspect = true
			continue
		case err != nil:
			fmt.Println("end of stream: the kernel closed it")
			return
		case suspect:
			fmt.Println("beat: a false alarm")
		default:
			fmt.Println("beat")
		}
		suspect = false
	}
}

func main() {
	if len(os.Args) == 3 && os.Args[1] == "node" {
		node(os.Args[2])
		return
	}
	loopback := &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)}
	server, err := net.ListenTCP("tcp", loopback)
	check(err)
	server.SetDeadline(time.Now().Add(10 * time.Second))
	self, err := os.Executable() // the child is this program again
	check(err)
	child := exec.Command(self, "node", server.Addr().String())
	check(child.Start())
	conn, err := server.Accept()
	check(err)
	watch(conn)
	check(child.Wait())
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
