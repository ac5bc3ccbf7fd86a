//go:build unix

package stage

import (
	"syscall"

	"edu/procession/demos/demo"
)

var signals = map[demo.Signal]syscall.Signal{
	demo.SigKill: syscall.SIGKILL, demo.SigTerm: syscall.SIGTERM,
	demo.SigStop: syscall.SIGSTOP, demo.SigCont: syscall.SIGCONT,
}

func send(pid int, s demo.Signal) error { return syscall.Kill(pid, signals[s]) }
