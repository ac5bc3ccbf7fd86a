package record

import (
	"context"
	"fmt"
	"os"
	"strings"
	"sync/atomic"
	"unsafe"

	"edu/procession/demos/demo"
	"edu/procession/demos/internal/share"
	"edu/procession/demos/internal/troupe"
	"edu/procession/demos/trace"
)

// page is what the workers share as memory.
type page struct {
	left, right   int64
	ticket        int64 // counts who asks
	asked         int64 // the ticket of the writer that waits, 0 for none
	inside, peak  int64 // readers
	reads, writes int64
	torn          int64
	overtaken     int64
	waited        int64 // ns, the longest
}

const pageSize = int(unsafe.Sizeof(page{}))

// The files of a worker.
const (
	memoryFile = iota
	turnFile   // the semaphore: turnstile or mutex
	lockFile   = turnFile + 2
)

// starved is how many readers are let in before a waiting writer, until it is
// called starved.
const starved = 3

// play is one run.
type play struct {
	s      demo.Stage
	p      *page
	turn   share.Semaphore
	dead   map[trace.ID]bool
	solved bool
	told   bool
}

// Play implements demo.Demo.
func (Demo) Play(ctx context.Context, s demo.Stage) error {
	if !share.Here {
		return fmt.Errorf("memory shared by mmap: %w", demo.ErrNotHere)
	}
	b, f, err := share.Memory(pageSize)
	if err != nil {
		return err
	}
	defer f.Close()
	turn, err := share.NewSemaphore(1)
	if err != nil {
		return err
	}
	defer turn.Close()
	n := demo.IntParam(s, "readers")
	locks, err := share.Lockable(n + 1)
	if err != nil {
		return err
	}
	pl := &play{s: s, p: (*page)(unsafe.Pointer(&b[0])), turn: turn}
	pl.begin()
	var specs []demo.Spec
	add := func(role string, name trace.ID, times string) {
		specs = append(specs, demo.Spec{
			Role: role, Name: name, Files: []*os.File{f, turn.R, turn.W, locks[len(specs)]},
			Args: map[string]string{"times": times, "lock": s.Param("lock")},
		})
	}
	reads, writes := s.Param("reads"), s.Param("writes")
	if s.Stepping() {
		reads, writes = s.Param("rounds"), "1"
	} else {
		s.Say("%s of %s reads each, and a writer of %s writes.", demo.Plural(n, "reader"), reads, writes)
	}
	for i := range n {
		add("reader", trace.ID(fmt.Sprintf("R%d", i+1)), reads)
	}
	add("writer", theWriter, writes)
	return troupe.Play(ctx, s, specs, locks, pl)
}

func (pl *play) begin() {
	*pl.p = page{}
	pl.dead, pl.solved, pl.told = map[trace.ID]bool{}, false, false
	if pl.s.Stepping() {
		for _, c := range []trace.ID{theLeft, theRight} {
			pl.s.Emit("", trace.Cell{Is: trace.KindWrite, Cell: c, Value: "0"})
		}
	}
}

// Reset implements troupe.Piece.
func (pl *play) Reset() error {
	pl.begin()
	return pl.turn.Reset(1)
}

// Left implements troupe.Piece.
func (pl *play) Left(who trace.ID) { pl.dead[who] = true }

// Hear implements troupe.Piece.
func (pl *play) Hear(who trace.ID, d trace.Data) {
	switch d := d.(type) {
	case trace.Cell:
		if d.Cell != theRight {
			return
		}
		pl.figures()
		if torn := atomic.LoadInt64(&pl.p.torn); torn > 0 && !pl.told {
			pl.told = true
			pl.s.Say("%s read a record of which half is old and half is new.", who)
			if pl.s.Stepping() && pl.s.Param("lock") == none {
				pl.s.Solved("read-a-half")
			}
		}
	case trace.Lock:
		if d.Is != trace.KindHold || d.Lock != theRecord {
			return
		}
		over := atomic.LoadInt64(&pl.p.overtaken)
		pl.s.Gauge("overtaken", float64(over), "")
		if over >= starved && !pl.solved {
			pl.solved = true
			pl.s.Say("%d readers that asked after the writer were in before it. So it can go on for ever.", over)
			if pl.s.Stepping() && pl.s.Param("lock") == shared {
				pl.s.Solved("starve-the-writer")
			}
		}
	}
}

func (pl *play) figures() {
	for _, g := range []struct {
		name string
		n    *int64
	}{{"reads", &pl.p.reads}, {"writes", &pl.p.writes}, {"torn", &pl.p.torn}, {"overtaken", &pl.p.overtaken}, {"together", &pl.p.peak}} {
		pl.s.Gauge(g.name, float64(atomic.LoadInt64(g.n)), "")
	}
}

// End implements troupe.Piece.
func (pl *play) End(end demo.Ending) (text string, broken bool) {
	pl.figures()
	p := pl.p
	if ns := atomic.LoadInt64(&p.waited); ns > 0 {
		pl.s.Gauge("waited", float64(ns)/1e6, "ms")
	}
	torn, over := atomic.LoadInt64(&p.torn), atomic.LoadInt64(&p.overtaken)
	parts := []string{fmt.Sprintf("%s and %s", demo.Plural(int(atomic.LoadInt64(&p.reads)), "read"), demo.Plural(int(atomic.LoadInt64(&p.writes)), "write"))}
	if torn > 0 {
		parts = append(parts, fmt.Sprintf("%d torn", torn))
	} else {
		parts = append(parts, "none torn")
	}
	if over > 0 {
		parts = append(parts, "the writer overtaken "+demo.Plural(int(over), "time"))
	}
	switch end {
	case demo.Stuck:
		parts = append(parts, "who is left waits for ever")
		if pl.s.Stepping() && len(pl.dead) > 0 && pl.s.Param("lock") == fair {
			pl.s.Solved("wait-for-the-dead")
		}
	case demo.Cut:
		parts = append(parts, "not all is done")
	}
	return strings.Join(parts, ", "), torn+over > 0 || end == demo.Stuck
}
