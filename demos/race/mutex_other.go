//go:build !linux

package race

import (
	"os"

	"edu/procession/demos/demo"
	"edu/procession/demos/internal/share"
)

// token is a mutex where there is no futex: a semaphore of one permit. Who has
// taken it holds the lock, and takes it to the grave.
type token struct{ share.Semaphore }

func newMutex(_ *uint32, w *demo.Worker) locker {
	return token{share.Semaphore{R: w.File(mutexFile), W: w.File(mutexFile + 1)}}
}

// mutexFiles are what a worker needs for the mutex besides the shared page.
func mutexFiles() ([]*os.File, error) {
	s, err := share.NewSemaphore(1)
	if err != nil {
		return nil, err
	}
	return []*os.File{s.R, s.W}, nil
}

func (t token) lock()   { t.Take() }
func (t token) unlock() { t.Give(1) }
