package race

import (
	"os"
	"sync/atomic"
	"syscall"
	"unsafe"

	"edu/procession/demos/demo"
)

// futex is a mutex in shared memory, after Drepper, "Futexes Are Tricky": a
// process that finds it held sleeps in the kernel until its word changes. The
// kernel knows of those who sleep, and not of who holds it: a holder that dies
// frees nothing.
type futex struct{ word *uint32 }

func newMutex(word *uint32, _ *demo.Worker) locker { return futex{word} }

// mutexFiles are what a worker needs for the mutex besides the shared page.
func mutexFiles() ([]*os.File, error) { return nil, nil }

const (
	futexWait = 0
	futexWake = 1
)

func (f futex) lock() {
	if atomic.CompareAndSwapUint32(f.word, 0, 1) {
		return
	}
	for atomic.SwapUint32(f.word, 2) != 0 {
		syscall.Syscall6(syscall.SYS_FUTEX, uintptr(unsafe.Pointer(f.word)), futexWait, 2, 0, 0, 0)
	}
}

func (f futex) unlock() {
	if atomic.AddUint32(f.word, ^uint32(0)) != 0 {
		atomic.StoreUint32(f.word, 0)
		syscall.Syscall6(syscall.SYS_FUTEX, uintptr(unsafe.Pointer(f.word)), futexWake, 1, 0, 0, 0)
	}
}
