//go:build unix && !linux

package demo

import "syscall"

func closeOnExec(fd uintptr) { syscall.CloseOnExec(int(fd)) }
