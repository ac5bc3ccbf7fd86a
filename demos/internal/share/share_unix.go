//go:build unix

package share

import (
	"os"
	"syscall"
)

// Here says that this system has all this.
const Here = true

// Map maps the memory that f is.
func Map(f *os.File, n int) ([]byte, error) {
	return syscall.Mmap(int(f.Fd()), 0, n, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_SHARED)
}

// Reset makes the permits as many as these. Nobody may be using the semaphore.
func (s Semaphore) Reset(permits int) error {
	fd := int(s.R.Fd())
	if err := syscall.SetNonblock(fd, true); err != nil {
		return err
	}
	for b := make([]byte, 1000); ; {
		if n, err := syscall.Read(fd, b); err != syscall.EINTR && n <= 0 {
			break
		}
	}
	err := syscall.SetNonblock(fd, false)
	s.Give(permits)
	return err
}

// Lock waits until the lock on an open file is had: alone, or shared with others
// who share. The kernel frees it when the file is closed, so when its holder ends.
func Lock(f *os.File, shared bool) {
	how := syscall.LOCK_EX
	if shared {
		how = syscall.LOCK_SH
	}
	for syscall.Flock(int(f.Fd()), how) == syscall.EINTR {
	}
}

// Unlock gives the lock on an open file back.
func Unlock(f *os.File) { syscall.Flock(int(f.Fd()), syscall.LOCK_UN) }
