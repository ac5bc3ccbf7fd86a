// Package troupe plays the demos in which workers coordinate among themselves,
// by what they share, and the play only starts them and watches.
//
//	func (Demo) Play(ctx context.Context, s demo.Stage) error {
//		…
//		return troupe.Play(ctx, s, specs, nil, piece)
//	}
//
// In step mode the learner makes the moves. Otherwise the workers run freely from
// the line that each reads first, until all have ended or nobody will go on.
package troupe

import (
	"context"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"edu/procession/demos/demo"
	"edu/procession/demos/trace"
)

// Piece is what a demo makes of what its workers do. Its methods are called one
// at a time.
type Piece interface {
	// Hear takes what a worker reports.
	Hear(who trace.ID, d trace.Data)
	// Left takes note of the end of a worker.
	Left(who trace.ID)
	// Reset makes everything as it was at first, what is shared too: the workers
	// begin anew.
	Reset() error
	// End sums up, in the same words for the same outcome, and says whether what
	// the demo is to keep did not hold. It reports the puzzles solved and the
	// gauges. It may be called more than once.
	End(demo.Ending) (text string, broken bool)
}

const (
	glance = 20 * time.Millisecond
	// dull is how long nothing may be heard, with everybody asleep to the kernel,
	// until the play says that nothing will be.
	dull = 1500 * time.Millisecond
)

// Play starts the workers and plays the piece with them. It sets each spec's Heard.
// theirs are files that it closes once all have started: locks on them are the
// workers' alone, and go with them.
func Play(ctx context.Context, s demo.Stage, specs []demo.Spec, theirs []*os.File, p Piece) error {
	t := &troupe{s: s, piece: p, left: map[trace.ID]bool{}}
	err := t.cast(ctx, specs)
	for _, f := range theirs {
		f.Close()
	}
	switch {
	case err != nil:
		return err
	case s.Stepping():
		return t.stepped(ctx)
	}
	return t.free(ctx)
}

type troupe struct {
	s     demo.Stage
	procs []demo.Proc
	left  map[trace.ID]bool
	heard atomic.Int64

	mu    sync.Mutex // of piece
	piece Piece
}

func (t *troupe) cast(ctx context.Context, specs []demo.Spec) error {
	for _, spec := range specs {
		id := spec.Name
		spec.Heard = func(d trace.Data) {
			t.mu.Lock()
			defer t.mu.Unlock()
			t.heard.Add(1)
			t.piece.Hear(id, d)
		}
		proc, err := t.s.Spawn(ctx, spec)
		if err != nil {
			return err
		}
		t.procs = append(t.procs, proc)
	}
	return nil
}

// stepped is a run in step mode.
func (t *troupe) stepped(ctx context.Context) error {
	t.s.Say("Each is held before its next step. Who goes?")
	for {
		end, err := t.s.Watch(ctx)
		if err != nil {
			return err
		}
		t.alive()
		t.verdict(end)
		var failed error
		if !t.s.Again(func() { failed = t.piece.Reset() }) {
			if end == demo.Stuck {
				demo.Linger(ctx, t.s)
			}
			return nil
		}
		if failed != nil {
			return failed
		}
	}
}

func (t *troupe) verdict(end demo.Ending) {
	t.mu.Lock()
	text, broken := t.piece.End(end)
	t.mu.Unlock()
	if broken && t.s.Stepping() {
		t.s.Broken("%s", text)
	} else {
		t.s.Verdict(true, "%s", text)
	}
}

// free is a run without step mode.
func (t *troupe) free(ctx context.Context) error {
	for _, p := range t.procs {
		p.Send("go")
	}
	look := time.NewTicker(glance)
	defer look.Stop()
	last, since, told := int64(-1), time.Now(), false
	for t.alive() > 0 {
		select {
		case <-look.C:
		case <-t.s.Finished():
			t.verdict(demo.Cut)
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
		if now := t.heard.Load(); now != last || !t.asleep() {
			last, since, told = now, time.Now(), false
			continue
		}
		if !told && time.Since(since) > max(t.s.Pace().Scale(dull), dull/4) {
			told = true
			t.mu.Lock()
			text, _ := t.piece.End(demo.Stuck)
			t.mu.Unlock()
			t.s.Say("Nothing has happened for a while, and everybody sleeps: %s.", text)
		}
		if told && !t.s.Attended() && t.s.Now() > t.s.ScriptEnd()+glance {
			t.verdict(demo.Stuck)
			return nil
		}
	}
	t.verdict(demo.Through)
	return nil
}

// alive counts who has not ended, and tells the piece of those who have.
func (t *troupe) alive() (n int) {
	for _, p := range t.procs {
		select {
		case <-p.Exited():
			if !t.left[p.ID()] {
				t.left[p.ID()] = true
				t.heard.Add(1)
				t.mu.Lock()
				t.piece.Left(p.ID())
				t.mu.Unlock()
			}
		default:
			n++
		}
	}
	return n
}

// asleep says that all who have not ended are asleep to the kernel, as far as
// they were sampled.
func (t *troupe) asleep() bool {
	for _, p := range t.procs {
		if s := p.State(); !t.left[p.ID()] && s != trace.Asleep && s != trace.Untold {
			return false
		}
	}
	return true
}
