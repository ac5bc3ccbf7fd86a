package race

import (
	"os"

	"edu/procession/demos/demo"
	"edu/procession/demos/internal/share"
)

// locker lets one process in at a time. Both methods block the main thread in
// the kernel, never on a Go channel.
type locker interface {
	lock()
	unlock()
}

// free is no lock at all.
type free struct{}

func (free) lock()   {}
func (free) unlock() {}

// The files of a worker.
const (
	memoryFile = iota
	flockFile  // an open file of its own: a lock by flock belongs to that
	mutexFile  // and on, where the mutex needs files
)

func newLocker(kind string, p *page, w *demo.Worker) locker {
	switch kind {
	case mutex, halves:
		return newMutex(&p.word, w)
	case flock:
		return fileLock{w.File(flockFile)}
	}
	return free{}
}

// fileLock is a lock on an open file. The kernel frees it with the last
// descriptor of that, so when its holder ends, however it ends.
type fileLock struct{ f *os.File }

func (l fileLock) lock()   { share.Lock(l.f, false) }
func (l fileLock) unlock() { share.Unlock(l.f) }
