// A lost acknowledgement, a retry, and what an id is good for.
package main

import (
	"bufio"
	"fmt"
	"log"
	"net"
	"os"
	"os/exec"
	"strings"
	"time"
)

const patience = time.Second

// bank does what is asked, writes it down and answers. Its second
// answer is lost. Its file has a line for each payment that it made.
func bank(path string, ids bool) {
	wal, err := os.OpenFile(path, os.O_RDWR|os.O_APPEND, 0)
	check(err)
	done := map[string]bool{} // after a crash, read from the file
	for sc := bufio.NewScanner(wal); sc.Scan(); {
		done[strings.Fields(sc.Text())[0]] = true
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	check(err)
	fmt.Println(l.Addr())
	for number := 1; ; number++ {
		conn, err := l.Accept()
		check(err)
		request, err := bufio.NewReader(conn).ReadString('\n')
		if err != nil {
			return // the client has finished
		}
		id := strings.Fields(request)[0]
		if !ids || !done[id] { // the deed and its mark, in one
			_, err := wal.WriteString(request)
			check(err)
			check(wal.Sync())
			done[id] = true
		}
		if number == 2 {
			conn.Read(make([]byte, 1)) // say nothing: the client goes
		} else {
			fmt.Fprintln(conn, "done")
		}
		conn.Close()
	}
}

// pay sends a payment until it is acknowledged. The id stays the same.
func pay(addr, id string, amount int) (attempts int) {
	for attempts = 1; ; attempts++ {
		conn, err := net.DialTimeout("tcp", addr, patience)
		if err != nil {
			time.Sleep(patience)
			continue
		}
		conn.SetDeadline(time.Now().Add(patience))
		fmt.Fprintln(conn, id, amount)
		_, err = bufio.NewReader(conn).ReadString('\n')
		conn.Close()
		if err == nil {
			return attempts
		} // lost? late? done? unknown: send it again
	}
}

func main() {
	if len(os.Args) == 3 {
		bank(os.Args[1], os.Args[2] == "with ids")
		return
	}
	for _, how := range []string{"without ids", "with ids"} {
		f, err := os.CreateTemp("", "bank")
		check(err)
		f.Close()
		self, err := os.Executable()
		check(err)
		cmd := exec.Command(self, f.Name(), how)
		cmd.Stderr = os.Stderr
		out, err := cmd.StdoutPipe()
		check(err)
		check(cmd.Start())
		addr, err := bufio.NewReader(out).ReadString('\n')
		check(err)
		addr = strings.TrimSpace(addr)
		var attempts []int
		for _, id := range []string{"p1", "p2", "p3"} {
			attempts = append(attempts, pay(addr, id, 10))
		}
		end, err := net.Dial("tcp", addr)
		check(err)
		end.Close()
		check(cmd.Wait())
		wal, err := os.ReadFile(f.Name())
		check(err)
		os.Remove(f.Name())
		effects := strings.Count(string(wal), "\n")
		fmt.Println(how+":", attempts, "attempts,", effects, "effects")
	}
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
