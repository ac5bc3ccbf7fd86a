package demo

import "syscall"

func closeOnExec(fd uintptr) {
	syscall.SetHandleInformation(syscall.Handle(fd), syscall.HANDLE_FLAG_INHERIT, 0)
}
