package race

import (
	"os"

	"edu/procession/demos/demo"
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

// lockFiles makes a file to be locked and opens it n times.
func lockFiles(n int) (files []*os.File, err error) {
	f, err := os.CreateTemp("", "procession-lock")
	if err != nil {
		return nil, err
	}
	defer f.Close()
	defer os.Remove(f.Name())
	for range n {
		g, err := os.OpenFile(f.Name(), os.O_RDWR, 0)
		if err != nil {
			return files, err
		}
		files = append(files, g)
	}
	return files, nil
}
