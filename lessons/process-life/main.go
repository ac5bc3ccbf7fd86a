//go:build unix

// The life of a process: started, stopped, ended, collected.
package main

import (
	"fmt"
	"log"
	"os"
	"os/exec"
	"syscall"
	"time"
)

// start runs this program again in a role.
func start(role string) *exec.Cmd {
	self, err := os.Executable()
	check(err)
	return exec.Command(self, role)
}

func main() {
	if len(os.Args) == 2 {
		if os.Args[1] == "fail" {
			os.Exit(3)
		}
		fmt.Println("ready") // the child's first words
		time.Sleep(time.Minute)
		return
	}

	p := start("work")
	out, err := p.StdoutPipe()
	check(err)
	t := time.Now()
	check(p.Start())
	fmt.Println("Start came back after", time.Since(t))
	_, err = out.Read(make([]byte, 16))
	check(err)
	fmt.Println("the child's first words after", time.Since(t))

	// Frozen, but not ended.
	check(p.Process.Signal(syscall.SIGSTOP))
	err = p.Process.Signal(syscall.Signal(0))
	fmt.Println("stopped: still there:", err == nil)
	check(p.Process.Signal(syscall.SIGCONT))

	check(p.Process.Signal(syscall.SIGTERM)) // asks
	p.Wait()                                 // collects the status
	status := p.ProcessState.Sys().(syscall.WaitStatus)
	fmt.Println("terminated: by signal", int(status.Signal()))

	q := start("fail")
	err = q.Run() // Start and Wait in one
	fmt.Println("failed:", err, "code", q.ProcessState.ExitCode())
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
