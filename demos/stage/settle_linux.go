package stage

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"sync"
	"syscall"
	"unsafe"

	"edu/procession/demos/trace"
)

// still is a look that also says how often the main thread has been switched to
// and from since it began: equal stamps of two looks say that it did not run in
// between. It fails while any thread of the process is about to do something.
func (l *looker) still() (got reading, stamp uint64, ok bool) {
	got, ok = l.look(trace.Asleep)
	if !ok || got.state == trace.Running {
		return got, 0, false
	}
	if got.on == "pipe read" || got.state == trace.Stopped {
		return got, l.switches(), true // a system call of the main thread: no other thread can end it
	}
	if stamp = l.switches(); l.anyThreadRuns() {
		return got, 0, false
	}
	return got, stamp, l.switches() == stamp
}

// switches is the number of context switches of the main thread, and 1.
func (l *looker) switches() (n uint64) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/status", l.pid, l.pid))
	if err != nil {
		return 0
	}
	for _, name := range []string{"\nvoluntary_ctxt_switches:\t", "\nnonvoluntary_ctxt_switches:\t"} {
		if i := bytes.Index(b, []byte(name)); i >= 0 {
			n += uint64(atoi(b[i+len(name):]))
		}
	}
	return n + 1
}

// ear reads a worker's events and knows whether any are left to be heard.
type ear struct {
	f  *os.File
	rc syscall.RawConn

	mu   sync.Mutex
	busy bool // lines were read and have not been dealt with
}

func newEar(f *os.File) (*ear, error) {
	rc, err := f.SyscallConn()
	return &ear{f: f, rc: rc}, err
}

// Read implements io.Reader. The reader asks for more only when it is through
// with what it had.
func (e *ear) Read(b []byte) (n int, err error) {
	e.mu.Lock()
	e.busy = false
	e.mu.Unlock()
	var eno error
	err = e.rc.Read(func(fd uintptr) bool {
		e.mu.Lock()
		defer e.mu.Unlock()
		for n, eno = syscall.Read(int(fd), b); eno == syscall.EINTR; {
			n, eno = syscall.Read(int(fd), b)
		}
		e.busy = n > 0
		return eno != syscall.EAGAIN
	})
	if err == nil {
		err = eno
	}
	if n = max(n, 0); n == 0 && err == nil {
		err = io.EOF
	}
	return n, err
}

// drained says that all that was written has been dealt with.
func (e *ear) drained() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	left := int32(1)
	e.rc.Control(func(fd uintptr) {
		syscall.Syscall(syscall.SYS_IOCTL, fd, syscall.TIOCINQ, uintptr(unsafe.Pointer(&left)))
	})
	return !e.busy && left == 0
}
