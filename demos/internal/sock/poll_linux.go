//go:build !netsock

package sock

import (
	"syscall"
	"time"
	"unsafe"
)

type pollFD struct {
	fd              int32
	events, revents int16
}

// poll is ppoll(2). A descriptor of -1 is never ready.
func poll(fds []int, d time.Duration) ([]bool, error) {
	p := make([]pollFD, max(len(fds), 1))
	p[0].fd = -1
	for i, fd := range fds {
		p[i] = pollFD{fd: int32(fd), events: 1} // POLLIN
	}
	var ts *syscall.Timespec
	if d >= 0 {
		t := syscall.NsecToTimespec(int64(d))
		ts = &t
	}
	_, _, e := syscall.Syscall6(syscall.SYS_PPOLL, uintptr(unsafe.Pointer(&p[0])), uintptr(len(p)),
		uintptr(unsafe.Pointer(ts)), 0, 0, 0)
	if e != 0 {
		return nil, e
	}
	ready := make([]bool, len(fds))
	for i := range fds {
		ready[i] = p[i].revents != 0
	}
	return ready, nil
}
