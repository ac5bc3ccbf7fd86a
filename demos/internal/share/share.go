// Package share is what processes of one machine can share besides messages: a
// page of memory, a counting semaphore, a lock on a file.
//
// All three are files, so that a worker can be given them at its start, and all
// waits are system calls of the thread that waits: the kernel says what for.
package share

import "os"

// Memory makes memory of n bytes, all nought, as a file without a name, for
// others to map.
func Memory(n int) ([]byte, *os.File, error) {
	f, err := os.CreateTemp("", "procession-memory")
	if err != nil {
		return nil, nil, err
	}
	os.Remove(f.Name())
	if err := f.Truncate(int64(n)); err != nil {
		f.Close()
		return nil, nil, err
	}
	b, err := Map(f, n)
	if err != nil {
		f.Close()
	}
	return b, f, err
}

// Semaphore is a counting semaphore: as many bytes in a pipe as there are
// permits. Who finds none sleeps in a read of the pipe. The kernel does not know
// who has taken one: a process that dies with a permit takes it along.
type Semaphore struct{ R, W *os.File }

// NewSemaphore makes a semaphore of so many permits, up to 1,000.
func NewSemaphore(permits int) (Semaphore, error) {
	r, w, err := os.Pipe()
	if err != nil {
		return Semaphore{}, err
	}
	s := Semaphore{r, w}
	s.Give(permits)
	return s, nil
}

// Take takes a permit, and waits for one where there is none.
func (s Semaphore) Take() { s.R.Read(make([]byte, 1)) }

// Give gives so many permits.
func (s Semaphore) Give(permits int) { s.W.Write(make([]byte, permits)) }

// Close closes the semaphore here; it lasts as long as somebody has it open.
func (s Semaphore) Close() {
	s.R.Close()
	s.W.Close()
}

// Lockable makes a file to be locked and opens it n times: a lock belongs to the
// open file.
func Lockable(n int) (files []*os.File, err error) {
	f, err := os.CreateTemp("", "procession-lock")
	if err != nil {
		return nil, err
	}
	defer f.Close()
	defer os.Remove(f.Name())
	for range n {
		g, err := os.OpenFile(f.Name(), os.O_RDWR, 0)
		if err != nil {
			for _, f := range files {
				f.Close()
			}
			return nil, err
		}
		files = append(files, g)
	}
	return files, nil
}
