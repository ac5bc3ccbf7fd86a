//go:build !linux

package stage

import (
	"os"
	"sync"
	"time"

	"edu/procession/demos/trace"
)

// still believes the system's word for the state, and where there is none takes
// a worker for blocked that has been silent for a while.
func (l *looker) still() (got reading, stamp uint64, ok bool) {
	got, ok = l.look(trace.Asleep)
	if got.state == trace.Untold {
		got.state = trace.Asleep
	}
	return got, uint64(got.cpu/time.Microsecond) + 1, ok && got.state != trace.Running
}

// ear reads a worker's events and knows whether any are being dealt with.
type ear struct {
	f *os.File

	mu   sync.Mutex
	busy bool
}

func newEar(f *os.File) (*ear, error) { return &ear{f: f}, nil }

// Read implements io.Reader.
func (e *ear) Read(b []byte) (int, error) {
	e.mu.Lock()
	e.busy = false
	e.mu.Unlock()
	n, err := e.f.Read(b)
	e.mu.Lock()
	e.busy = n > 0
	e.mu.Unlock()
	return n, err
}

func (e *ear) drained() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return !e.busy
}
