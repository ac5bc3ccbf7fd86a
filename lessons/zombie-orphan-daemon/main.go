//go:build linux

// A zombie, and an orphan without and with a subreaper.
package main

import (
	"bytes"
	"fmt"
	"log"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// start runs this program again in a role.
func start(role string) *exec.Cmd {
	self, err := os.Executable()
	check(err)
	return exec.Command(self, role)
}

// look is the state and the parent of a process, from the kernel's
// table.
func look(pid int) (state string, ppid int) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return "gone", 0
	}
	f := strings.Fields(string(b[bytes.LastIndexByte(b, ')')+1:]))
	ppid, err = strconv.Atoi(f[1])
	check(err)
	return f[0], ppid
}

func zombie() {
	p := start("end")
	check(p.Start())
	pid := p.Process.Pid
	for state, _ := look(pid); state != "Z"; state, _ = look(pid) {
		time.Sleep(time.Millisecond)
	}
	fmt.Println("ended, and nobody has waited: Z")
	check(syscall.Kill(pid, syscall.SIGKILL)) // no error, no effect
	state, _ := look(pid)
	fmt.Println("after SIGKILL:", state)
	check(p.Wait())
	state, _ = look(pid)
	fmt.Println("after Wait:", state)
}

// orphan has a child start one of its own, kills the child, and tells
// the orphan's pid.
func orphan() int {
	p := start("parent")
	out, err := p.StdoutPipe()
	check(err)
	check(p.Start())
	line := make([]byte, 16)
	n, err := out.Read(line)
	check(err)
	pid, err := strconv.Atoi(strings.TrimSpace(string(line[:n])))
	check(err)
	check(p.Process.Kill())
	p.Wait()
	state, ppid := look(pid)
	fmt.Println("the parent was killed, the orphan is gone:",
		state == "gone")
	fmt.Println("it is our child:", ppid == os.Getpid())
	return pid
}

func main() {
	if len(os.Args) == 2 {
		switch os.Args[1] {
		case "parent":
			p := start("nap")
			check(p.Start())
			fmt.Println(p.Process.Pid)
			time.Sleep(time.Minute)
		case "nap":
			time.Sleep(time.Minute)
		}
		return
	}
	zombie()
	pid := orphan()
	check(syscall.Kill(pid, syscall.SIGKILL))

	// "I take the orphans among my descendants."
	const setChildSubreaper = 36
	_, _, errno := syscall.Syscall(syscall.SYS_PRCTL,
		setChildSubreaper, 1, 0)
	fmt.Println("we are a subreaper:", errno == 0)
	pid = orphan()
	check(syscall.Kill(pid, syscall.SIGKILL))
	_, err := syscall.Wait4(pid, nil, 0, nil) // and so must wait
	check(err)
	state, _ := look(pid)
	fmt.Println("after Wait4:", state)
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
