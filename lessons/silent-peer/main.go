//go:build unix

// A peer that is stopped, and one that was killed, from the outside.
package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

const (
	patience = 500 * time.Millisecond // silence to put up with
	long     = 20 * time.Second       // never wait for ever
)

// server answers one client after the other.
func server() {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	check(err)
	fmt.Println(l.Addr())
	for {
		conn, err := l.Accept()
		check(err)
		io.Copy(conn, conn)
		conn.Close()
	}
}

// listen is all that a client can find out.
func listen(conn net.Conn, patience time.Duration) string {
	conn.SetReadDeadline(time.Now().Add(patience))
	buf := make([]byte, 64)
	n, err := conn.Read(buf)
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		return "silence"
	case errors.Is(err, syscall.ECONNRESET):
		return "reset: a kernel says that it has ended"
	case err != nil:
		return "end of stream: a kernel says that it has ended"
	}
	return "answer: " + string(buf[:n])
}

func main() {
	if len(os.Args) == 2 {
		server()
		return
	}
	self, err := os.Executable()
	check(err)
	cmd := exec.Command(self, "server")
	out, err := cmd.StdoutPipe()
	check(err)
	check(cmd.Start())
	addr, err := bufio.NewReader(out).ReadString('\n')
	check(err)
	addr = strings.TrimSpace(addr)
	conn, err := net.DialTimeout("tcp", addr, long)
	check(err)
	say := func(s string) {
		_, err := conn.Write([]byte(s))
		check(err) // none: the kernel takes it
	}
	say("one")
	fmt.Println("running:", listen(conn, long))

	check(cmd.Process.Signal(syscall.SIGSTOP))
	say("two")
	fmt.Println("stopped:", listen(conn, patience))
	late, err := net.DialTimeout("tcp", addr, long)
	check(err)
	fmt.Println("stopped: a new connection was taken")

	check(cmd.Process.Signal(syscall.SIGCONT))
	fmt.Println("goes on:", listen(conn, long))

	check(cmd.Process.Kill())
	fmt.Println("killed:", listen(conn, long))
	late.Close()
	cmd.Wait() // killed: that is no news
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
