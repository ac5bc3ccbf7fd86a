package barrier

import (
	"context"
	"fmt"
	"os"
	"sync/atomic"
	"unsafe"

	"edu/procession/demos/demo"
	"edu/procession/demos/internal/share"
	"edu/procession/demos/internal/troupe"
	"edu/procession/demos/trace"
)

// page is what the workers share as memory.
type page struct {
	came   int32 // at the first gate
	went   int32 // through it, with two-phase
	inside int32
	peak   int32
	laps   int64
	waits  int64
	waited int64 // ns
	done   [4]int64
}

const pageSize = int(unsafe.Sizeof(page{}))

// The semaphores, by their place among a worker's files.
const (
	memoryFile = iota
	permitFile
	gateFile   = permitFile + 2
	secondFile = gateFile + 2
	lockFile   = secondFile + 2
)

// play is one run.
type play struct {
	s       demo.Stage
	p       *page
	sems    []share.Semaphore
	initial []int
	workers int

	passed int
	dead   map[trace.ID]bool
	permit map[trace.ID]bool // who has one
	gate   map[trace.ID]bool // who waits at one
	lapped bool
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
	pl := &play{s: s, p: (*page)(unsafe.Pointer(&b[0])), workers: demo.IntParam(s, "workers")}
	pl.initial = []int{demo.IntParam(s, "permits"), 0, 0, 1}
	files := []*os.File{f}
	for _, n := range pl.initial {
		sem, err := share.NewSemaphore(n)
		if err != nil {
			return err
		}
		defer sem.Close()
		pl.sems = append(pl.sems, sem)
		files = append(files, sem.R, sem.W)
	}
	pl.begin()
	rounds := s.Param("parts")
	if s.Stepping() {
		rounds = s.Param("rounds")
	} else {
		s.Say("%d workers, %d permits: after each part of the work all meet at a barrier.", pl.workers, pl.initial[0])
	}
	var specs []demo.Spec
	for i := range pl.workers {
		specs = append(specs, demo.Spec{Role: "worker", Name: trace.ID(rune('A' + i)), Files: files, Args: map[string]string{
			"index": fmt.Sprint(i), "workers": s.Param("workers"), "permits": s.Param("permits"), "rounds": rounds, "barrier": s.Param("barrier"),
		}})
	}
	return troupe.Play(ctx, s, specs, nil, pl)
}

func (pl *play) begin() {
	pl.passed, pl.lapped = 0, false
	pl.dead, pl.permit, pl.gate = map[trace.ID]bool{}, map[trace.ID]bool{}, map[trace.ID]bool{}
}

// Reset implements troupe.Piece.
func (pl *play) Reset() error {
	pl.begin()
	*pl.p = page{}
	for i, n := range pl.initial {
		if err := pl.sems[i].Reset(n); err != nil {
			return err
		}
	}
	return nil
}

// Left implements troupe.Piece.
func (pl *play) Left(who trace.ID) {
	pl.dead[who] = true
	delete(pl.gate, who)
}

// Hear implements troupe.Piece.
func (pl *play) Hear(who trace.ID, d trace.Data) {
	switch d := d.(type) {
	case trace.Lock:
		switch {
		case d.Lock == thePermit && d.Is != trace.KindWant:
			pl.permit[who] = d.Is == trace.KindHold
		case d.Lock == theGate || d.Lock == theSecond:
			pl.gate[who] = d.Is == trace.KindWant
		}
	case trace.Cell:
		switch d.Cell {
		case partsOf(who):
			pl.s.Gauge("parts", float64(pl.parts()), "")
		case passedOf(who):
			pl.passed++
			laps := atomic.LoadInt64(&pl.p.laps)
			pl.s.Gauge("laps", float64(laps), "")
			if laps > 0 && !pl.lapped {
				pl.lapped = true
				pl.s.Say("%s is through the barrier, and not everybody has come to it.", who)
				if pl.s.Stepping() && pl.s.Param("barrier") == once {
					pl.s.Solved("steal-a-pass")
				}
			}
		}
	}
}

func (pl *play) parts() (n int64) {
	for i := range pl.p.done {
		n += atomic.LoadInt64(&pl.p.done[i])
	}
	return n
}

// End implements troupe.Piece.
func (pl *play) End(end demo.Ending) (text string, broken bool) {
	laps := atomic.LoadInt64(&pl.p.laps)
	pl.s.Gauge("parts", float64(pl.parts()), "")
	pl.s.Gauge("laps", float64(laps), "")
	pl.s.Gauge("inside", float64(atomic.LoadInt32(&pl.p.peak)), "")
	if n := atomic.LoadInt64(&pl.p.waits); n > 0 {
		pl.s.Gauge("waited", float64(atomic.LoadInt64(&pl.p.waited))/float64(n)/1e6, "ms")
	}
	text = fmt.Sprintf("%s of the work done, ", demo.Plural(int(pl.parts()), "part"))
	if laps == 0 {
		text += "and no barrier was passed early"
	} else {
		text += "and a barrier was passed before all had come to it"
	}
	switch end {
	case demo.Stuck:
		text += "; who is left waits for ever"
		pl.stuck()
	case demo.Cut:
		text += "; not all is done"
	}
	return text, laps > 0 || end == demo.Stuck
}

// stuck says which puzzles are solved when nobody can go.
func (pl *play) stuck() {
	if !pl.s.Stepping() || len(pl.dead) == 0 || pl.s.Param("barrier") != twoPhase {
		return
	}
	for who := range pl.dead {
		if pl.permit[who] {
			pl.s.Solved("lose-a-permit")
			return
		}
	}
	for _, waits := range pl.gate {
		if waits {
			pl.s.Solved("wait-for-the-dead")
			return
		}
	}
}
