//go:build !linux

package race

import (
	"os"

	"edu/procession/demos/demo"
)

// token is a mutex where there is no futex: one byte in a pipe. Who has read it
// holds the lock, and takes it to the grave.
type token struct{ r, w *os.File }

func newMutex(_ *uint32, w *demo.Worker) locker {
	return token{w.File(mutexFile), w.File(mutexFile + 1)}
}

// mutexFiles are what a worker needs for the mutex besides the shared page.
func mutexFiles() ([]*os.File, error) {
	r, w, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	_, err = w.Write([]byte{1})
	return []*os.File{r, w}, err
}

func (t token) lock()   { t.r.Read(make([]byte, 1)) }
func (t token) unlock() { t.w.Write([]byte{1}) }
