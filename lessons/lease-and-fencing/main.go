//go:build unix

// A lease that runs out unnoticed, and the check that helps.
package main

import (
	"fmt"
	"log"
	"net"
	"net/rpc"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"time"
)

const lease = 500 * time.Millisecond

// Services is a locker and a store. Home-made: a real locker is
// replicated.
type Services struct {
	mu      sync.Mutex
	token   int
	until   time.Time
	fencing bool
	seen    int
}

// Acquire lends the lock; the token rises with each loan. 0: busy.
func (s *Services) Acquire(_ int, token *int) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if now := time.Now(); now.After(s.until) {
		s.token, s.until = s.token+1, now.Add(lease)
		*token = s.token
	}
	return nil
}

func (s *Services) Write(token int, reply *string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	*reply = "written"
	if s.fencing && token < s.seen { // this is the fence
		*reply = "refused"
	}
	s.seen = max(s.seen, token)
	return nil
}

// client writes after it has got the lock; A is stopped in between.
func client(name, addr string) {
	c, err := rpc.Dial("tcp", addr)
	check(err)
	var token int
	for token == 0 {
		time.Sleep(20 * time.Millisecond)
		check(c.Call("Services.Acquire", 0, &token))
	}
	if name == "A" { // no code runs, and time goes by
		check(syscall.Kill(os.Getpid(), syscall.SIGSTOP))
		time.Sleep(200 * time.Millisecond) // until every thread stands
	}
	var reply string
	check(c.Call("Services.Write", token, &reply))
	fmt.Printf("%s, token %d: %s\n", name, token, reply)
}

func start(name, addr string) *exec.Cmd {
	self, err := os.Executable()
	check(err)
	cmd := exec.Command(self, name, addr)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	check(cmd.Start())
	return cmd
}

func main() {
	if len(os.Args) == 3 {
		client(os.Args[1], os.Args[2])
		return
	}
	for i, what := range []string{"lease only", "with fencing"} {
		fmt.Println(what)
		l, err := net.Listen("tcp", "127.0.0.1:0")
		check(err)
		server := rpc.NewServer()
		check(server.Register(&Services{fencing: i == 1}))
		go server.Accept(l)
		a := start("A", l.Addr().String())
		var s syscall.WaitStatus // until A is stopped, with the lock
		pid := a.Process.Pid
		_, err = syscall.Wait4(pid, &s, syscall.WUNTRACED, nil)
		check(err)
		check(start("B", l.Addr().String()).Wait())
		check(a.Process.Signal(syscall.SIGCONT))
		check(a.Wait())
	}
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
