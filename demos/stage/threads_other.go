//go:build !linux

package stage

import (
	"fmt"
	"os"

	"edu/procession/demos/demo"
)

// canThread says why place threads is not there: a thread cannot be shown without
// its own number, state and CPU time.
func canThread() error {
	return fmt.Errorf("threads as a place of their own are %w: it does not tell one thread's state; --place processes is there", demo.ErrNotHere)
}

func pair() (ours, theirs *os.File, err error) { return nil, nil, canThread() }

func (h *host) next() (demo.ThreadNotice, bool) { return demo.ThreadNotice{}, false }

func (h *host) hangUp() {}

func (h *host) send(demo.ThreadRequest, []*os.File) error { return canThread() }
