package recordings

import (
	"os"
	"time"

	"edu/procession/demos/trace"
)

// Summary is what a recording holds.
type Summary struct {
	Header trace.Header
	Events int
	Length time.Duration
	Fault  error // where it stops making sense; nil: it is whole
}

// Summary reads a recording through: some 10 ms for a megabyte.
func (e Entry) Summary() Summary {
	var s Summary
	f, err := os.Open(e.Path)
	if err != nil {
		s.Fault = err
		return s
	}
	defer f.Close()
	s.Header, s.Fault = trace.Scan(f, func(ev trace.Event) {
		s.Events++
		s.Length = ev.At
	})
	return s
}
