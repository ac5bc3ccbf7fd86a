package finite

import (
	"bufio"
	"context"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"edu/procession/demos/demo"
	"edu/procession/demos/internal/pipes"
	"edu/procession/demos/trace"
)

// patience is how long a play takes at most where nobody is at the keys.
const patience = 60 * time.Second

// play is one run.
type play struct {
	s        demo.Stage
	capacity int // measured; 0: not yet
	ended    int // the biggest item with which a join before get came back
	hung     int // the smallest with which it did not; 0: none yet
	sizes    []int
	at       int // of sizes: the last that was tried
	bounded  bool
	depth    int // of the pipe, as it was shown last
}

// Play implements demo.Demo.
func (Demo) Play(ctx context.Context, s demo.Stage) error {
	pl := &play{s: s}
	limited, cancel := context.WithCancel(ctx)
	if !s.Attended() { // somebody may have been stopped, and nobody will let them go on
		limited, cancel = context.WithTimeout(ctx, patience+s.ScriptEnd())
	}
	defer cancel()
	err := pl.acts(limited)
	if err == nil {
		err = pl.attended(limited)
	}
	switch {
	case err == nil:
	case ctx.Err() == nil && limited.Err() != nil:
		s.Verdict(true, "somebody had not gone on after %v: stopped, or very slow", patience)
		return nil
	default:
		return err
	}
	switch {
	case pl.hung > 0 && pl.hung == pl.ended+1:
		s.Verdict(true, "join before get hangs from an item of %d bytes on: with its length it is one byte more than the pipe's %d", pl.hung, pl.capacity)
	case pl.hung > 0:
		s.Verdict(true, "join before get hung with an item of %d bytes", pl.hung)
	case pl.ended > 0:
		s.Verdict(true, "join before get went well with an item of %d bytes", pl.ended)
	default:
		s.Verdict(true, "the bounded queue made its producer wait, the other one filled its producer's memory")
	}
	return nil
}

// acts plays everything once.
func (pl *play) acts(ctx context.Context) error {
	if acts := pl.s.Param("acts"); acts != "burst" {
		if err := pl.fill(ctx); err != nil {
			return err
		}
		if err := pl.joins(ctx); err != nil || acts == "join" {
			return err
		}
	}
	for _, bounded := range []bool{false, true} {
		if pl.over(ctx) {
			break
		}
		if err := pl.burst(ctx, bounded); err != nil {
			return err
		}
	}
	return ctx.Err()
}

func (pl *play) over(ctx context.Context) bool { return ctx.Err() != nil || demo.Finished(pl.s) }

// attended serves the keys, where there is a learner.
func (pl *play) attended(ctx context.Context) error {
	if !pl.s.Attended() {
		return nil
	}
	if !pl.over(ctx) {
		pl.s.Say("The queue is yours: + and - put a bigger or a smaller item and join before get, b is the burst once more.")
	}
	for !pl.over(ctx) {
		select {
		case a := <-pl.s.Actions():
			if err := pl.act(ctx, a.Name); err != nil {
				return err
			}
		case <-pl.s.Finished():
		case <-ctx.Done():
		}
	}
	return ctx.Err()
}

func (pl *play) act(ctx context.Context, name string) error {
	switch name {
	case "more", "less":
		if name == "more" {
			pl.at++
		} else {
			pl.at--
		}
		pl.at = min(max(pl.at, 0), len(pl.ladder())-1)
		return pl.join(ctx, pl.ladder()[pl.at])
	case "burst":
		return pl.burst(ctx, !pl.bounded)
	default:
		pl.s.Say("Nothing waits to be got just now.")
		return nil
	}
}

// ladder is the sizes that the keys go through.
func (pl *play) ladder() []int {
	if pl.sizes == nil {
		fits := max(pl.capacity, 64<<10) - header
		pl.sizes = []int{1 << 10, 16 << 10, fits - 1, fits, fits + 1, 4 * fits, 1 << 20, maxSize}
		slices.Sort(pl.sizes)
	}
	return pl.sizes
}

// joins tries the sizes that are asked for.
func (pl *play) joins(ctx context.Context) error {
	sizes := []int{1 << 10, pl.capacity - header, pl.capacity - header + 1}
	if n, err := strconv.Atoi(pl.s.Param("size")); err == nil {
		sizes = []int{n}
	} else if pl.capacity == 0 {
		sizes = []int{1 << 10, 1 << 20} // the filler was ended
	}
	pl.at = min(len(sizes), 3)
	for _, n := range sizes {
		if pl.over(ctx) {
			return ctx.Err()
		}
		if err := pl.join(ctx, n); err != nil {
			return err
		}
		pl.s.Sleep(ctx, 1200*time.Millisecond)
	}
	return nil
}

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

// absent says that somebody did not come, and returns ctx's error.
func (pl *play) absent(ctx context.Context, err error) error {
	if !pl.over(ctx) {
		pl.s.Say("Somebody did not come on stage: %v.", err)
	}
	return ctx.Err()
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

// join has a producer put an item, and joins before it gets.
func (pl *play) join(ctx context.Context, size int) error {
	q, err := pl.open(ctx, map[string]string{"items": "1", "size": strconv.Itoa(size)})
	if err != nil {
		return pl.absent(ctx, err)
	}
	defer q.close()
	pl.s.Say("%s puts an item of %d bytes and is through. This program, its parent, joins it before it gets.", q.p.ID(), size)
	pl.s.Sleep(ctx, 1200*time.Millisecond)
	var tid int
	select {
	case tid = <-q.feeder:
	case <-q.p.Exited():
	case <-ctx.Done():
	}
	began, busy := time.Now(), int64(0)
	q.p.Send("go")
	asleep := pipes.Full{R: q.r, TID: tid}
	hangs := pl.look(ctx, q.r, q.size, q.p, func() bool {
		select {
		case busy = <-q.busy:
		default:
		}
		// Nobody else reads: who sleeps in this write sleeps until we get.
		return tid > 0 && asleep.Look() || tid == 0 && busy > 0 && time.Duration(demo.Mono()-busy) > 300*time.Millisecond
	})
	if pl.over(ctx) {
		return ctx.Err()
	}
	if hangs {
		if pl.hung == 0 || size < pl.hung {
			pl.hung = size
		}
		in, _ := pipes.In(q.r)
		pl.s.Say("It hangs: the pipe is full (%d bytes), the feeder sleeps in its write, its producer waits for it, and join for the producer. Only get helps%s.", in, pl.hint(" (g)"))
		if err := pl.wait(ctx, q); err != nil || pl.over(ctx) {
			return err
		}
		pl.gotten(ctx, q, size, true)
	} else {
		x, err := q.p.Wait(ctx)
		if err != nil {
			return err
		}
		if x.Code == 0 && x.Signal == "" {
			pl.ended = max(pl.ended, size)
			pl.s.Say("join came back after %s: all of the item is in the pipe, though its producer is gone. Now get.", time.Since(began).Round(100*time.Microsecond))
			pl.s.Sleep(ctx, 800*time.Millisecond)
		}
		pl.gotten(ctx, q, size, false)
	}
	if pl.hung > 0 && pl.hung == pl.ended+1 {
		pl.s.Gauge("hangs-from", float64(pl.hung), "")
	}
	return ctx.Err()
}

func (pl *play) hint(text string) string {
	if pl.s.Attended() {
		return text
	}
	return ""
}

// wait is for the learner to get, where there is one. Who ends the producer
// instead has ended the wait as well.
func (pl *play) wait(ctx context.Context, q *queue) error {
	if !pl.s.Attended() {
		pl.s.Sleep(ctx, 2*time.Second)
		return ctx.Err()
	}
	for {
		select {
		case a := <-pl.s.Actions():
			if a.Name == "get" {
				return nil
			}
			pl.s.Say("This program is still in its join, and does nothing else: first get (g), or kill the producer (k).")
		case <-q.p.Exited():
			return nil
		case <-pl.s.Finished():
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// gotten gets the item, and says what came.
func (pl *play) gotten(ctx context.Context, q *queue, size int, hung bool) {
	type got struct {
		item []byte
		err  error
	}
	came := make(chan got, 1)
	go func() {
		b, err := get(q.r, nil)
		came <- got{b, err}
	}()
	var g got
	select {
	case g = <-came:
	case <-pl.s.Finished(): // somebody is stopped
		return
	case <-ctx.Done():
		return
	}
	pl.shown(q.r, q.size)
	if g.err == nil {
		pl.s.Emit("", trace.Item{Is: trace.KindGet, Queue: thePipe, Item: "1", Depth: -1})
	}
	switch {
	case g.err != nil:
		pl.s.Say("%s was ended before its feeder was through: %v. What lay in its buffer is lost.", q.p.ID(), g.err)
	case len(g.item) != size:
		pl.s.Say("An item of %d bytes came, and one of %d was put.", len(g.item), size)
	case hung:
		select {
		case <-q.p.Exited():
		case <-pl.s.Finished():
		case <-ctx.Done():
		}
		pl.s.Say("Got %d bytes, and the rest was free to go: the feeder is through, the producer has ended, join has come back.", len(g.item))
	}
}
