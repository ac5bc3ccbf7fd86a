package queue

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strconv"
	"sync"
	"time"

	"edu/procession/demos/demo"
	"edu/procession/demos/internal/pipes"
	"edu/procession/demos/trace"
)

// crowd is how many consumers fit on stage.
const crowd = 8

// pipe is both ends of one.
type pipe struct{ r, w *os.File }

func newPipe() (p pipe, err error) {
	p.r, p.w, err = os.Pipe()
	return p, err
}

func (p pipe) close() {
	if p.r != nil {
		p.r.Close()
		p.w.Close()
	}
}

// member is a producer or a consumer.
type member struct {
	id       trace.ID
	who      uint16
	proc     demo.Proc
	produces bool
	tells    *os.File // its orders
	paused   bool
	leaving  bool
	gone     bool // it has ended
	died     bool // and not by itself
}

func (m *member) tell(what byte) { m.tells.Write([]byte{what}) } // fails only when it has ended

// play is one run. Its fields are for the goroutine of Play, but for those that
// say otherwise.
type play struct {
	s    demo.Stage
	size int

	items  pipe // frames
	slots  pipe // a byte a free slot
	ledger pipe
	book   *book // for all goroutines

	crew    []*member
	serial  uint16 // of the ledger's authors
	event   event
	gone    chan *member
	news    chan struct{} // the ledger has grown
	bell    chan struct{} // from the script: set the event
	refill  chan struct{} // to the script: fill a pipe
	scripts sync.WaitGroup

	depth, deepest int
	faults         []string
	deaths         int // of members that did not end by themselves
	counted        int // deaths after which the slots were counted
	steward        steward
	fullSaid       bool
	ending         bool          // actions are ignored
	told           time.Duration // when gauges were last reported
	lastGauges     [3]float64
	why            error // the last reason for which a producer or a consumer is absent
}

func newPlay(s demo.Stage) (*play, error) {
	pl := &play{
		s: s, size: demo.IntParam(s, "size"), book: newBook(), depth: -1,
		gone: make(chan *member, 256), news: make(chan struct{}, 1),
		bell: make(chan struct{}, 1), refill: make(chan struct{}, 1),
	}
	pl.event.released = make(chan struct{})
	var err error
	for _, p := range []*pipe{&pl.items, &pl.slots, &pl.ledger} {
		if *p, err = newPipe(); err != nil {
			pl.close()
			return nil, err
		}
	}
	go pl.book.read(pl.ledger.r, func() {
		select {
		case pl.news <- struct{}{}:
		default:
		}
	})
	for range pl.size {
		if _, err = pl.slots.w.Write(slot); err != nil {
			pl.close()
			return nil, err
		}
	}
	return pl, nil
}

// close lets go of what the play holds. Workers that are left are the stage's.
func (pl *play) close() {
	pl.scripts.Wait()
	pl.items.close()
	pl.slots.close()
	pl.ledger.close()
	pl.event.close()
	for _, m := range pl.crew {
		m.tells.Close()
	}
}

// open brings everybody on stage.
func (pl *play) open(ctx context.Context) error {
	p, c := demo.IntParam(pl.s, "producers"), demo.IntParam(pl.s, "consumers")
	pl.s.Say("%s put into a queue with room for %s; %s take from it. Each item goes to one of them.",
		demo.Plural(p, "producer"), demo.Plural(pl.size, "item"), demo.Plural(c, "consumer"))
	hire := func(role string, args map[string]string) {
		if err := pl.hire(ctx, role, args); err != nil {
			pl.absent("A "+role, err)
		}
	}
	delay := pl.s.Pace().Scale(demo.DurationParam(pl.s, "feed-delay")).String()
	for i := range max(p, c) {
		if i < c {
			hire("consumer", nil)
		}
		if i < p {
			hire("producer", map[string]string{"first": strconv.Itoa(i), "step": strconv.Itoa(p), "delay": delay})
		}
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if len(pl.crew) == 0 {
		return fmt.Errorf("no producer and no consumer could be started: %w", pl.why)
	}
	if pl.all() {
		pl.event.arm(ctx, pl)
	}
	return nil
}

// absent tells of a process that did not come on stage: it was killed before its
// first word, or the system allows no more. The play goes on without it.
func (pl *play) absent(who string, err error) {
	pl.why = err
	pl.s.Emit("", trace.Say{Stream: "log", Text: who + " did not come on stage: " + err.Error()})
}

// all says that the pipe, the event and the measurements are played too.
func (pl *play) all() bool { return pl.s.Param("acts") == "all" }

// hire starts a producer or a consumer.
func (pl *play) hire(ctx context.Context, role string, args map[string]string) error {
	orders, err := newPipe()
	if err != nil {
		return err
	}
	defer orders.r.Close()
	pl.serial++
	m := &member{who: pl.serial, produces: role == "producer", tells: orders.w}
	spec := demo.Spec{Role: role, Args: map[string]string{"who": strconv.Itoa(int(m.who)), "seed": strconv.FormatUint(pl.s.Seed(), 10)}}
	for k, v := range args {
		spec.Args[k] = v
	}
	every := "get-every"
	spec.Files = []*os.File{pl.items.r, pl.slots.w, pl.ledger.w, orders.r}
	if m.produces {
		every = "put-every"
		spec.Files = []*os.File{pl.slots.r, pl.items.w, pl.ledger.w, orders.r}
	}
	spec.Args["every"] = pl.s.Pace().Scale(demo.DurationParam(pl.s, every)).String()
	if m.proc, err = pl.s.Spawn(ctx, spec); err != nil {
		orders.w.Close()
		return err
	}
	m.id = m.proc.ID()
	pl.crew = append(pl.crew, m)
	go func() {
		select {
		case <-m.proc.Exited():
			pl.gone <- m
		case <-ctx.Done():
		}
	}()
	return nil
}

// count is how many live members satisfy ok.
func (pl *play) count(ok func(*member) bool) (n int) {
	for _, m := range pl.crew {
		if !m.gone && ok(m) {
			n++
		}
	}
	return n
}

func producers(m *member) bool { return m.produces }
func consumers(m *member) bool { return !m.produces }

// until takes what happens until ok says so, or for at most limit, where there is
// one. Its error is ctx's.
func (pl *play) until(ctx context.Context, ok func() bool, limit time.Duration) error {
	every := 20 * time.Millisecond
	if pl.s.Pace() == demo.Fast {
		every = 5 * time.Millisecond
	}
	look := time.NewTicker(every)
	defer look.Stop()
	var over <-chan time.Time
	if limit > 0 {
		t := time.NewTimer(limit)
		defer t.Stop()
		over = t.C
	}
	for !ok() {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-over:
			return nil
		case m := <-pl.gone:
			pl.bury(m)
		case a := <-pl.s.Actions():
			if !pl.ending {
				pl.act(ctx, a)
			}
		case <-pl.bell:
			pl.event.wanted = true
		case <-pl.news:
		case <-look.C:
			pl.audit()
		}
		pl.look(ctx)
	}
	return nil
}

// look asks the kernel how deep the queue is, and tells what has changed.
func (pl *play) look(ctx context.Context) {
	bytes, kernels := pipes.In(pl.items.r)
	counts, waited, _ := pl.book.counted()
	depth := bytes / frameSize
	if !kernels {
		depth = max(counts[fed]-counts[got], 0)
	}
	if depth != pl.depth {
		d := trace.Depth{Queue: theQueue, Depth: depth, Cap: pl.size, Unit: "items"}
		if kernels {
			pl.s.Kernel(theQueue, d)
		} else {
			pl.s.Emit(theQueue, d)
		}
		pl.depth, pl.deepest = depth, max(pl.deepest, depth)
	}
	if depth > pl.size || bytes%frameSize != 0 {
		pl.fault("the kernel found %d bytes in a queue of %d items", bytes, pl.size)
	}
	if depth == pl.size && !pl.fullSaid {
		pl.fullSaid = true
		pl.s.Say("The queue is full: who puts now sleeps in the kernel until somebody takes. That is backpressure. + adds a consumer, p pauses one.")
	}
	if now := pl.s.Now(); now-pl.told > 500*time.Millisecond {
		pl.told = now
		pl.gauges(waited)
	}
	pl.event.look(ctx, pl)
}

func (pl *play) fault(format string, args ...any) {
	if f := fmt.Sprintf(format, args...); len(pl.faults) < 20 && !slices.Contains(pl.faults, f) {
		pl.faults = append(pl.faults, f)
	}
}

// gauges reports what is known of the queue so far.
func (pl *play) gauges(waited [2]time.Duration) {
	now := [3]float64{float64(pl.deepest), waited[0].Seconds() * 1000, waited[1].Seconds() * 1000}
	for i, g := range [3]trace.Gauge{
		{Name: "depth-max", Note: fmt.Sprintf("of %d", pl.size)},
		{Name: "blocked-put", Unit: "ms", Note: "all producers, waits that are over"},
		{Name: "blocked-get", Unit: "ms", Note: "all consumers, waits that are over"},
	} {
		if now[i] != pl.lastGauges[i] || pl.told == 0 {
			g.Value, g.Paced = now[i], i > 0 && pl.s.Pace() == demo.Slow
			pl.s.Emit("", g)
		}
	}
	pl.lastGauges = now
}
