package queue

import (
	"context"
	"os"
	"strconv"
	"sync/atomic"
	"time"

	"edu/procession/demos/demo"
	"edu/procession/demos/internal/pipes"
	"edu/procession/demos/trace"
)

// script is what happens by itself while the queue runs: the pipe, the event, the
// measurements. It has a goroutine of its own and touches nothing of the play but
// its channels. With a learner at the keys it goes on until it is told to end.
func (pl *play) script(ctx context.Context) error {
	s, attended := pl.s, pl.s.Attended()
	pause := func(alone, withLearner time.Duration) {
		if attended {
			alone = withLearner
		}
		s.Sleep(ctx, alone)
	}
	pause(2500*time.Millisecond, 6*time.Second)
	if pl.all() {
		if err := pl.fill(ctx); err != nil {
			return err
		}
		pause(0, 3*time.Second)
		if err := pl.release(ctx); err != nil {
			return err
		}
		pause(500*time.Millisecond, 4*time.Second)
		if err := pl.measure(ctx); err != nil {
			return err
		}
		if attended {
			s.Say("The queue is yours: p pauses, + and - change the number of consumers, k kills the selected one, e sets the event, w fills a pipe.")
		}
	}
	for attended {
		select {
		case <-pl.refill:
			if err := pl.fill(ctx); err != nil {
				return err
			}
		case <-s.Finished():
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return ctx.Err()
}

// limited is ctx with an end, so that a process that somebody stopped does not
// hold up a run that nobody watches.
func (pl *play) limited(ctx context.Context) (context.Context, context.CancelFunc) {
	limit := 10 * time.Second
	if pl.s.Attended() {
		limit = 10 * time.Minute
	}
	return context.WithTimeout(ctx, limit)
}

// release has the event set, by the learner where there is one.
func (pl *play) release(ctx context.Context) error {
	select {
	case <-pl.event.released:
		return ctx.Err()
	default:
	}
	if pl.s.Attended() {
		pl.s.Say("%d processes wait for one event, asleep in the kernel. e sets it: how many will wake?", waiters)
		for waiting := true; waiting; {
			select {
			case <-pl.event.released:
				return nil
			case <-pl.refill:
				if err := pl.fill(ctx); err != nil {
					return err
				}
			case <-pl.s.Finished():
				waiting = false
			case <-ctx.Done():
				return ctx.Err()
			}
		}
	} else {
		pl.s.Say("%d processes wait for one event, asleep in the kernel. To set it is to close a pipe: all of them see its end.", waiters)
		pl.s.Sleep(ctx, 600*time.Millisecond)
	}
	select {
	case pl.bell <- struct{}{}:
	default:
	}
	ctx, cancel := pl.limited(ctx)
	defer cancel()
	select {
	case <-pl.event.released:
	case <-ctx.Done():
	}
	return nil
}

// pour shows how much is in a pipe until ok says so or ctx is done. reported is
// what the workers say is in there, where the kernel does not tell.
func (pl *play) pour(ctx context.Context, p pipe, size int, reported func() int, ok func() bool) (bytes int, kernels bool) {
	last := -1
	look := time.NewTicker(4 * time.Millisecond)
	defer look.Stop()
	for {
		through := ok()
		if bytes, kernels = pipes.In(p.r); !kernels {
			bytes = reported()
		}
		if bytes != last {
			last = bytes
			d := trace.Depth{Queue: thePipe, Depth: bytes, Cap: size, Unit: "bytes"}
			if kernels {
				pl.s.Kernel(thePipe, d)
			} else {
				pl.s.Emit(thePipe, d)
			}
		}
		if through || ctx.Err() != nil {
			return bytes, kernels
		}
		select {
		case <-look.C:
		case <-ctx.Done():
		}
	}
}

// fill lets a writer fill a pipe that nobody reads, and a reader drain it.
func (pl *play) fill(ctx context.Context) error {
	outer := ctx
	ctx, cancel := pl.limited(ctx)
	defer cancel()
	p, err := newPipe()
	if err != nil {
		return err
	}
	defer p.close()
	size, told := pipes.Capacity(p.r)
	pl.s.Say("Now a pipe of its own: a writer writes, and nobody reads. How much will fit?")

	var wrote, read atomic.Int64 // steps, as they are reported
	var began atomic.Int64       // the write under way, 0 for none
	pace := pl.s.Pace()
	w, err := pl.s.Spawn(ctx, demo.Spec{Role: "writer", Files: []*os.File{p.w},
		Args: map[string]string{"every": pace.Scale(24 * time.Millisecond).String(), "steps": strconv.Itoa(max(size, 64<<10)/pipeStep + 1)},
		Heard: func(d trace.Data) {
			if b, ok := d.(trace.Block); ok && b.On != "" {
				began.Store(demo.Mono())
			} else if ok {
				began.Store(0)
				wrote.Add(1)
			}
		},
	})
	if err != nil {
		return missing(outer, pl, "The writer", err)
	}
	p.w.Close() // the writer's is the only write end now: the reader will see its end
	reported := func() int { return int(wrote.Load()-read.Load()) * pipeStep }
	asleep := pipes.Full{R: p.r, TID: w.PID()}
	bytes, kernels := pl.pour(ctx, p, size, reported, func() bool {
		if t := began.Load(); t != 0 && w.State() != trace.Stopped && time.Duration(demo.Mono()-t) > 300*time.Millisecond {
			return true // its own word, where the kernel does not tell
		}
		return asleep.Look() || over(w)
	})
	if over(w) || ctx.Err() != nil {
		pl.s.Say("The writer was ended before the pipe was full: nothing was measured.")
		return outer.Err()
	}
	g := trace.Gauge{Name: "pipe-capacity", Value: float64(bytes), Unit: "bytes", Note: "as the writer reports"}
	if told {
		g.Note = "F_GETPIPE_SZ says " + strconv.Itoa(size)
	}
	if kernels {
		pl.s.Kernel("", g)
	} else {
		pl.s.Emit("", g)
	}
	pl.s.Say("After %d bytes the kernel put the writer to sleep in its write: a pipe is a bounded queue of bytes.", bytes)
	pl.s.Sleep(ctx, 700*time.Millisecond)

	r, err := pl.s.Spawn(ctx, demo.Spec{Role: "reader", Files: []*os.File{p.r},
		Args: map[string]string{"every": pace.Scale(16 * time.Millisecond).String()},
		Heard: func(d trace.Data) {
			if b, ok := d.(trace.Block); ok && b.On == "" {
				read.Add(1)
			}
		},
	})
	if err != nil {
		return missing(outer, pl, "The reader", err)
	}
	pl.s.Say("A reader drains it, and the writer goes on: not a byte was lost, only time.")
	pl.pour(ctx, p, size, reported, func() bool { return over(w) && over(r) })
	for _, x := range []demo.Proc{w, r} {
		if !over(x) {
			x.Signal(demo.SigKill)
		}
	}
	return outer.Err()
}

func over(p demo.Proc) bool {
	select {
	case <-p.Exited():
		return true
	default:
		return false
	}
}

// missing says that a process did not come, and returns ctx's error.
func missing(ctx context.Context, pl *play, who string, err error) error {
	if ctx.Err() == nil {
		pl.s.Say("%s did not come on stage: %v", who, err)
	}
	return ctx.Err()
}
