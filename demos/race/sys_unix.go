//go:build unix

package race

import (
	"os"
	"syscall"
)

func mmap(f *os.File, n int) ([]byte, error) {
	return syscall.Mmap(int(f.Fd()), 0, n, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_SHARED)
}

// fileLock is a lock on an open file. The kernel frees it with the last
// descriptor of that, so when its holder ends, however it ends.
type fileLock struct{ f *os.File }

func (l fileLock) lock() {
	for syscall.Flock(int(l.f.Fd()), syscall.LOCK_EX) == syscall.EINTR {
	}
}

func (l fileLock) unlock() { syscall.Flock(int(l.f.Fd()), syscall.LOCK_UN) }
