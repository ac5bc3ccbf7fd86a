// One call at three distances; then one lost reply with two truths.
package main

import (
	"encoding/binary"
	"fmt"
	"log"
	"net"
	"os"
	"os/exec"
	"slices"
	"time"
)

var order = binary.LittleEndian

func double(x int64) int64 { return 2 * x }

// child answers calls. In the other roles it dies before its reply:
// "after" the deed, or "before" it.
func child(addr, role, ledger string) {
	conn, err := net.Dial("tcp", addr)
	check(err)
	for x := int64(0); binary.Read(conn, order, &x) == nil; {
		switch role {
		case "before":
			os.Exit(1)
		case "after":
			check(os.WriteFile(ledger, []byte("booked 100"), 0o600))
			os.Exit(1)
		}
		check(binary.Write(conn, order, double(x)))
	}
}

// start runs this program again in a role, and waits for its call.
func start(role, ledger string) (*exec.Cmd, net.Conn) {
	server, err := net.Listen("tcp", "127.0.0.1:0")
	check(err)
	defer server.Close()
	self, err := os.Executable()
	check(err)
	cmd := exec.Command(self, server.Addr().String(), role, ledger)
	check(cmd.Start())
	conn, err := server.Accept()
	check(err)
	return cmd, conn
}

// ask is the caller's side. An error says that no reply came, no more.
func ask(conn net.Conn, x int64) (y int64, err error) {
	if err = binary.Write(conn, order, x); err == nil {
		err = binary.Read(conn, order, &y)
	}
	return y, err
}

func report(what string, call func(x int64) int64) {
	took := make([]time.Duration, 2000)
	for i := range took {
		t := time.Now()
		call(int64(i))
		took[i] = time.Since(t)
	}
	slices.Sort(took)
	fmt.Printf("%s: median %v\n", what, took[len(took)/2])
}

func main() {
	if len(os.Args) == 4 {
		child(os.Args[1], os.Args[2], os.Args[3])
		return
	}
	report("function", double)

	calls, replies := make(chan int64), make(chan int64)
	go func() {
		for x := range calls {
			replies <- double(x)
		}
	}()
	report("goroutine", func(x int64) int64 {
		calls <- x
		return <-replies
	})

	cmd, conn := start("serve", "")
	report("loopback", func(x int64) int64 {
		y, err := ask(conn, x)
		check(err)
		return y
	})
	conn.Close()
	check(cmd.Wait())

	for _, role := range []string{"before", "after"} {
		f, err := os.CreateTemp("", "ledger")
		check(err)
		cmd, conn := start(role, f.Name())
		if _, err := ask(conn, 100); err != nil {
			fmt.Println("pay 100: no reply. Did it happen? UNKNOWN")
		}
		cmd.Wait() // it died, as it was told to
		booked, err := os.ReadFile(f.Name())
		check(err)
		fmt.Printf("  the ledger knows: %q\n", booked)
		check(os.Remove(f.Name()))
	}
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
