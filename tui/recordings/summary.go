package recordings

import (
	"os"
	"runtime"
	"sync"
	"time"

	"edu/procession/demos/trace"
)

// Summary is what a recording holds.
type Summary struct {
	Header  trace.Header
	Events  int
	Length  time.Duration
	Verdict *trace.Verdict // the last; nil: none was given
	Fault   error          // where it stops making sense; nil: it is whole
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
		if v, ok := ev.Data.(trace.Verdict); ok {
			s.Verdict = &v
		}
	})
	return s
}

// Summaries reads recordings through, as many at once as there are processors.
func Summaries(entries []Entry) []Summary {
	read := make([]Summary, len(entries))
	var wg sync.WaitGroup
	free := make(chan struct{}, runtime.GOMAXPROCS(0))
	for i, e := range entries {
		free <- struct{}{}
		wg.Go(func() {
			read[i] = e.Summary()
			<-free
		})
	}
	wg.Wait()
	return read
}
