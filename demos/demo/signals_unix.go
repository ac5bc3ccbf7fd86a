//go:build unix

package demo

import (
	"fmt"
	"os"
	"syscall"
)

// SignalName is the name of a signal in the log: "TERM".
func SignalName(n int) string {
	if s, ok := signalNames[n]; ok {
		return s
	}
	return fmt.Sprintf("signal %d", n)
}

var signalNames = map[int]string{
	1: "HUP", 2: "INT", 3: "QUIT", 4: "ILL", 5: "TRAP", 6: "ABRT", 8: "FPE", 9: "KILL", 11: "SEGV",
	13: "PIPE", 14: "ALRM", 15: "TERM", int(syscall.SIGBUS): "BUS", int(syscall.SIGUSR1): "USR1",
	int(syscall.SIGUSR2): "USR2", int(syscall.SIGXCPU): "XCPU", int(syscall.SIGSYS): "SYS",
}

// signalNumber is the number of a signal by its name, 0 of one that is not known.
func signalNumber(name string) int {
	for n, s := range signalNames {
		if s == name {
			return n
		}
	}
	n := 0
	fmt.Sscanf(name, "signal %d", &n)
	return n
}

// endSignal names the signal that ended a process, "" for none.
func endSignal(st *os.ProcessState) string {
	if ws, ok := st.Sys().(syscall.WaitStatus); ok && ws.Signaled() {
		return SignalName(int(ws.Signal()))
	}
	return ""
}
