package finite

import (
	"bufio"
	"context"
	"os"
	"strconv"
	"strings"
	"time"

	"edu/procession/demos/demo"
	"edu/procession/demos/internal/pipes"
	"edu/procession/demos/trace"
)

// fill lets a process fill a pipe that nobody reads.
func (pl *play) fill(ctx context.Context) error {
	r, w, err := os.Pipe()
	if err != nil {
		return err
	}
	defer r.Close()
	size, told := pipes.Capacity(r)
	pl.s.Say("How much goes into a pipe that nobody reads? A process fills it, page by page.")
	var began int64 // the write under way by the filler's word, 0 for none
	heard := make(chan int64, 64)
	p, err := pl.s.Spawn(ctx, demo.Spec{Role: "filler", Files: []*os.File{w},
		Args: map[string]string{"every": pl.s.Pace().Scale(60 * time.Millisecond).String()},
		Heard: func(d trace.Data) {
			if b, ok := d.(trace.Block); ok && b.On != "" {
				heard <- demo.Mono()
			} else if ok {
				heard <- 0
			}
		}})
	w.Close()
	if err != nil {
		return pl.absent(ctx, err)
	}
	asleep := pipes.Full{R: r, TID: p.PID()}
	full := pl.look(ctx, r, size, p, func() bool {
		for len(heard) > 0 {
			began = <-heard
		}
		return asleep.Look() || !told && began > 0 && time.Duration(demo.Mono()-began) > 300*time.Millisecond
	})
	if bytes, kernels := pipes.In(r); full && kernels {
		pl.capacity = bytes
		g := trace.Gauge{Name: "capacity", Value: float64(bytes), Unit: "bytes"}
		if told {
			g.Note = "F_GETPIPE_SZ says " + strconv.Itoa(size)
		}
		pl.s.Kernel("", g)
		pl.s.Say("Full: after %d bytes the kernel put the process to sleep in its write. There it stays until somebody reads.", bytes)
		pl.s.Sleep(ctx, 1200*time.Millisecond)
	}
	p.Signal(demo.SigKill) // fails only when it has ended
	if !full && !pl.over(ctx) {
		pl.s.Say("The process was ended before the pipe was full: nothing was measured.")
	}
	return ctx.Err()
}

// look shows what is in a pipe until ok, which it returns, or until the process
// has ended or nobody wants to see more.
func (pl *play) look(ctx context.Context, r *os.File, size int, p demo.Proc, ok func() bool) bool {
	tick := time.NewTicker(4 * time.Millisecond)
	defer tick.Stop()
	for !pl.over(ctx) {
		through := ok()
		pl.shown(r, size)
		if through {
			return true
		}
		select {
		case <-p.Exited():
			pl.shown(r, size)
			return false
		case <-pl.s.Finished():
		case <-ctx.Done():
		case <-tick.C:
		}
	}
	return false
}

// shown shows what is in a pipe.
func (pl *play) shown(r *os.File, size int) {
	if n, told := pipes.In(r); told && n != pl.depth {
		pl.depth = n
		pl.s.Kernel(thePipe, trace.Depth{Queue: thePipe, Depth: n, Cap: size, Unit: "bytes"})
	}
}

// queue is a pipe with a producer at its write end.
type queue struct {
	r       *os.File
	size    int // of the pipe
	p       demo.Proc
	feeder  chan int   // its tid, once
	busy    chan int64 // since when it writes, 0 when it does not; the latest
	notes   *os.File
	through chan struct{} // closed when the feeder has written everything
}

func (q *queue) close() {
	q.r.Close()
	q.notes.Close()
}

// open starts a producer, which waits for a word to begin.
func (pl *play) open(ctx context.Context, args map[string]string, slots ...*os.File) (*queue, error) {
	r, w, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	notes, theirs, err := os.Pipe()
	if err != nil {
		r.Close()
		w.Close()
		return nil, err
	}
	q := &queue{r: r, notes: notes, feeder: make(chan int, 1), busy: make(chan int64, 1), through: make(chan struct{})}
	q.size, _ = pipes.Capacity(r)
	q.p, err = pl.s.Spawn(ctx, demo.Spec{Role: "producer", Args: args, Files: append([]*os.File{w, theirs}, slots...)})
	w.Close()
	theirs.Close()
	if err != nil {
		q.close()
		return nil, err
	}
	go pl.hear(q)
	return q, nil
}

// hear reads a feeder's notes to their end.
func (pl *play) hear(q *queue) {
	var who trace.ID
	for in := bufio.NewScanner(q.notes); in.Scan(); {
		switch word, rest, _ := strings.Cut(in.Text(), " "); word {
		case noteTID:
			n, _ := strconv.Atoi(rest)
			if n > 0 {
				name := trace.ID("feeder" + strings.TrimPrefix(string(q.p.ID()), "producer"))
				if t, err := pl.s.Adopt(demo.Guest{PID: q.p.PID(), TID: n, Name: name, Role: "feeder"}); err == nil {
					who = t.ID()
				}
			}
			q.feeder <- n
		case noteWrite, noteWrote:
			on, since := "", int64(0)
			if word == noteWrite {
				on, since = "write "+string(thePipe), demo.Mono()
			}
			if who != "" {
				pl.s.Reported(who, trace.Block{On: on})
			}
			select {
			case <-q.busy:
			default:
			}
			q.busy <- since
		case noteThrough:
			close(q.through)
		}
	}
}
