//go:build !unix

package demo

import (
	"fmt"
	"os"
)

// SignalName is the name of a signal in the log. No signal ends a process here.
func SignalName(n int) string { return fmt.Sprintf("signal %d", n) }

func signalNumber(string) int { return 0 }

func endSignal(*os.ProcessState) string { return "" }
