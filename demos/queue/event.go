package queue

import (
	"context"
	"os"
	"strconv"
	"sync/atomic"
	"time"

	"edu/procession/demos/demo"
	"edu/procession/demos/trace"
)

// waiters is how many wait for the event.
const waiters = 3

// event is something that happens once, and that any number of processes can wait
// for: the end of a pipe. The play holds the only write end. Its fields are for
// the goroutine of Play, but for released.
type event struct {
	w        *os.File // nil: not armed, or set
	waiting  []*waits
	wanted   bool          // set it as soon as all wait
	set      int64         // when it was set, by the machine's monotonic clock; 0: it is not
	rearm    time.Duration // when, in the run, new waiters come
	released chan struct{} // closed when it has been set and told for the first time
	times    int
}

type waits struct {
	who    uint16
	proc   demo.Proc
	asleep atomic.Bool // it has said that it waits
}

func (w *waits) gone() bool {
	select {
	case <-w.proc.Exited():
		return true
	default:
		return false
	}
}

// arm brings new waiters and a new event.
func (e *event) arm(ctx context.Context, pl *play) {
	p, err := newPipe()
	if err != nil {
		pl.absent("An event", err)
		return
	}
	defer p.r.Close()
	e.close()
	e.w, e.waiting, e.set, e.wanted = p.w, nil, 0, false
	for range waiters {
		pl.serial++
		w := &waits{who: pl.serial}
		w.proc, err = pl.s.Spawn(ctx, demo.Spec{
			Role: "waiter", Args: map[string]string{"who": strconv.Itoa(int(w.who))},
			Files: []*os.File{p.r, pl.ledger.w},
			Heard: func(d trace.Data) {
				if b, ok := d.(trace.Block); ok && b.On != "" {
					w.asleep.Store(true)
				}
			},
		})
		if err != nil {
			pl.absent("A waiter", err)
			continue
		}
		e.waiting = append(e.waiting, w)
	}
}

func (e *event) close() {
	if e.w != nil {
		e.w.Close()
		e.w = nil
	}
}

// ring is the learner's key.
func (e *event) ring(pl *play) {
	switch {
	case e.w != nil:
		e.wanted = true
	case pl.all():
		pl.s.Say("The event is set already: whoever came now would walk straight through. A new one, with new waiters, comes in a moment.")
	default:
		pl.s.Say("Nobody waits for an event in this run.")
	}
}

// look sets the event when it is wanted and all wait, and tells what came of it.
func (e *event) look(ctx context.Context, pl *play) {
	switch {
	case e.w != nil && e.wanted:
		for _, w := range e.waiting {
			if !w.asleep.Load() && !w.gone() {
				return
			}
		}
		e.set = demo.Mono()
		e.close()
		pl.s.Emit("", trace.Say{Stream: "log", Text: "the event is set"})
	case e.set != 0:
		e.tell(pl)
	case e.rearm != 0 && pl.s.Now() > e.rearm:
		e.rearm = 0
		e.arm(ctx, pl)
	}
}

// tell says how long the release took, once all have woken that can: who is
// stopped wakes when it goes on.
func (e *event) tell(pl *play) {
	woke, silent, last := e.count(pl)
	if silent > 0 { // it has ended: what it wrote to the ledger is there to be read
		pl.sync()
		woke, silent, last = e.count(pl)
	}
	alive := len(e.waiting) - woke - silent
	if alive > 0 && time.Duration(demo.Mono()-e.set) < time.Second {
		return
	}
	took := float64(last-e.set) / 1000
	switch {
	case woke == 0:
		pl.s.Say("The event is set, and nobody was left to wake.")
	case alive > 0:
		pl.s.Say("The event is set: %d of %d woke. Who is stopped will see it when it goes on: an event stays set.", woke, len(e.waiting))
	default:
		pl.s.Say("The event is set: all %d who waited are awake, the last after %.0f µs. A queue wakes one, an event wakes all.", woke, took)
	}
	if woke > 0 {
		pl.s.Emit("", trace.Gauge{Name: "event-release", Value: took, Unit: "µs", Note: demo.Plural(woke, "waiter")})
	}
	e.set = 0
	if e.times++; e.times == 1 {
		close(e.released)
	}
	if pl.s.Attended() {
		e.rearm = pl.s.Now() + pl.s.Pace().Scale(2*time.Second)
	}
}

// count is how many waiters have woken, how many ended without a word of it, and
// when the last one woke.
func (e *event) count(pl *play) (woke, silent int, last int64) {
	for _, w := range e.waiting {
		ended := w.gone() // before the ledger is looked at
		if at, ok := pl.book.wokeAt(w.who); ok {
			woke++
			last = max(last, at)
		} else if ended {
			silent++
		}
	}
	return woke, silent, last
}

// farewell lets those go who still wait, at the end of the play.
func (e *event) farewell(ctx context.Context, pl *play) error {
	e.wanted, e.rearm = false, 0
	e.close()
	for _, w := range e.waiting {
		w.proc.Signal(demo.SigCont)
	}
	return pl.until(ctx, func() bool {
		for _, w := range e.waiting {
			if !w.gone() {
				return false
			}
		}
		return true
	}, patience)
}
