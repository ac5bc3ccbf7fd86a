// Package pipes asks the kernel about pipes, and about who sleeps in one: how
// many bytes a pipe holds (In), how many it can hold (Capacity), and what a
// thread waits for (SleepsIn). Where a system does not tell, they say so.
package pipes

import "os"

// Full notices that a thread sleeps in a write to a pipe because it is full. One
// look is not enough: a writer also sleeps, for a moment, while somebody asks how
// much is in there.
type Full struct {
	R   *os.File // the read end
	TID int      // of the writer
	at  int      // bytes that were in there when it was found asleep last
}

// Look says whether the writer was asleep at this look and the one before, with
// as many bytes in the pipe. It is false where the kernel does not tell.
func (f *Full) Look() bool {
	n := 0
	if SleepsIn(f.TID) == "pipe write" {
		n, _ = In(f.R)
	}
	was := f.at
	f.at = n
	return n > 0 && n == was
}
