//go:build unix

package stage

import (
	"os"
	"syscall"

	"edu/procession/demos/demo"
)

var signals = map[demo.Signal]syscall.Signal{
	demo.SigKill: syscall.SIGKILL, demo.SigTerm: syscall.SIGTERM,
	demo.SigStop: syscall.SIGSTOP, demo.SigCont: syscall.SIGCONT,
}

// sendTo sends to a process that this system keeps a handle of, where it can.
func sendTo(p *os.Process, s demo.Signal) error { return p.Signal(signals[s]) }

func send(pid int, s demo.Signal) error { return syscall.Kill(pid, signals[s]) }
