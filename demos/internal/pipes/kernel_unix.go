//go:build linux || darwin

package pipes

import (
	"os"
	"syscall"
	"unsafe"
)

// In is how many bytes the kernel says are in a pipe (FIONREAD), asked at
// its read end.
func In(f *os.File) (n int, told bool) {
	c, err := f.SyscallConn()
	if err != nil {
		return 0, false
	}
	var count int32
	c.Control(func(fd uintptr) {
		_, _, e := syscall.Syscall(syscall.SYS_IOCTL, fd, fionread, uintptr(unsafe.Pointer(&count)))
		told = e == 0
	})
	return int(count), told
}
