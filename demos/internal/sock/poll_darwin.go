//go:build !netsock

package sock

import (
	"syscall"
	"time"
)

// poll is select(2), which the standard library has here. A descriptor of -1 is
// never ready.
func poll(fds []int, d time.Duration) ([]bool, error) {
	var set syscall.FdSet
	top := 0
	for _, fd := range fds {
		if fd >= 0 {
			if fd >= 32*len(set.Bits) {
				return nil, syscall.EBADF
			}
			set.Bits[fd/32] |= 1 << (fd % 32)
			top = max(top, fd+1)
		}
	}
	var tv *syscall.Timeval
	if d >= 0 {
		t := syscall.NsecToTimeval(int64(d + time.Microsecond - 1))
		tv = &t
	}
	if err := syscall.Select(top, &set, nil, nil, tv); err != nil {
		return nil, err
	}
	ready := make([]bool, len(fds))
	for i, fd := range fds {
		ready[i] = fd >= 0 && set.Bits[fd/32]&(1<<(fd%32)) != 0
	}
	return ready, nil
}
