//go:build unix

package python

import "syscall"

// killGroup and interruptGroup send to all of a program's processes but those that
// have left its process group.
func killGroup(pid int) { syscall.Kill(-pid, syscall.SIGKILL) }

func interruptGroup(pid int) { syscall.Kill(-pid, syscall.SIGINT) }
