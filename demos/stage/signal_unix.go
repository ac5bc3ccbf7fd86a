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

var names = map[int]string{
	1: "HUP", 2: "INT", 3: "QUIT", 4: "ILL", 5: "TRAP", 6: "ABRT", 8: "FPE", 9: "KILL", 11: "SEGV",
	13: "PIPE", 14: "ALRM", 15: "TERM", int(syscall.SIGBUS): "BUS", int(syscall.SIGUSR1): "USR1",
	int(syscall.SIGUSR2): "USR2", int(syscall.SIGXCPU): "XCPU", int(syscall.SIGSYS): "SYS",
}
