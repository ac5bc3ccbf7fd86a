package finite

import (
	"context"
	"slices"
	"strconv"
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

// absent says that somebody did not come, and returns ctx's error.
func (pl *play) absent(ctx context.Context, err error) error {
	if !pl.over(ctx) {
		pl.s.Say("Somebody did not come on stage: %v.", err)
	}
	return ctx.Err()
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
