//go:build unix

package life

import "syscall"

// signals are the numbers of the signals that end processes, on this system.
var signals = map[string]int{
	"HUP": int(syscall.SIGHUP), "INT": int(syscall.SIGINT), "QUIT": int(syscall.SIGQUIT), "ILL": int(syscall.SIGILL),
	"TRAP": int(syscall.SIGTRAP), "ABRT": int(syscall.SIGABRT), "BUS": int(syscall.SIGBUS), "FPE": int(syscall.SIGFPE),
	"KILL": int(syscall.SIGKILL), "USR1": int(syscall.SIGUSR1), "SEGV": int(syscall.SIGSEGV), "USR2": int(syscall.SIGUSR2),
	"PIPE": int(syscall.SIGPIPE), "ALRM": int(syscall.SIGALRM), "TERM": int(syscall.SIGTERM),
	"XCPU": int(syscall.SIGXCPU), "SYS": int(syscall.SIGSYS),
}
