package clocks

import (
	"context"
	"fmt"
	"os"
	"strings"
	"time"

	"edu/procession/demos/cluster"
	"edu/procession/demos/demo"
	"edu/procession/demos/internal/wire"
	"edu/procession/demos/trace"
)

// play is the state of one run. Only the goroutine of Play touches it; the
// others send facts.
type play struct {
	s      demo.Stage
	net    *cluster.Net
	facts  chan fact
	over   chan struct{}
	procs  map[trace.ID]demo.Proc
	stamps string
	offset map[trace.ID]time.Duration
	tells  bool // captions follow what happens, rather than a script

	// What is under way: b's turn follows a's, or both read and then both write.
	pair     bool
	together bool          // the pair is of the second kind
	want     bool          // the next one is to be
	have     int           // facts of the second kind
	next     time.Duration // when the next pair may begin
	pairs    int           // that are through
	still    bool          // no more of them
	hold     int           // orders that the store has not confirmed: no pair begins

	writes, lost, concurrent, backwards int
	last                                fact // stored
}

func newPlay(s demo.Stage) *play {
	return &play{s: s, net: cluster.New(s, names[:]...), facts: make(chan fact, 256), over: make(chan struct{}),
		procs: map[trace.ID]demo.Proc{}, stamps: s.Param("stamps"), offset: map[trace.ID]time.Duration{}}
}

func (pl *play) close() {
	close(pl.over)
	pl.net.Close()
}

func (pl *play) send(f fact) {
	select {
	case pl.facts <- f:
	case <-pl.over:
	}
}

// cast brings the store on stage, then the writers.
func (pl *play) cast(ctx context.Context) error {
	addr := make(chan string, 1)
	err := pl.spawn(ctx, demo.Spec{Role: "store", Name: store, Args: map[string]string{"host": pl.net.Host(store), "stamps": pl.stamps},
		Heard: cluster.Announced(string(store), addr, nil)})
	if err != nil {
		return err
	}
	at, err := cluster.Await(ctx, pl.procs[store], addr)
	if err != nil {
		return err
	}
	for _, id := range names {
		pl.s.Gauge("offset-"+string(id), 0, "ms")
	}
	for _, id := range names[:2] {
		// The proxy is not told of messages: the nodes report them, with their clocks.
		door, err := pl.net.Link(id, store, at)
		if err != nil {
			return err
		}
		if err := pl.spawn(ctx, demo.Spec{Role: "writer", Name: id, Args: map[string]string{"store": door}}); err != nil {
			return err
		}
	}
	return nil
}

func (pl *play) spawn(ctx context.Context, spec demo.Spec) error {
	w, err := wire.Facts(pl.send, nil)
	if err != nil {
		return err
	}
	defer w.Close()
	spec.Node, spec.Files = string(spec.Name), []*os.File{w}
	p, err := pl.s.Spawn(ctx, spec)
	if err != nil {
		return err
	}
	pl.procs[spec.Name] = p
	return nil
}

// until takes what happens until ok says so, nil for never, or d has passed, or
// the learner has finished. The error is ctx's.
func (pl *play) until(ctx context.Context, ok func() bool, d time.Duration) error {
	return demo.Loop[fact]{Stage: pl.s, News: pl.facts, Take: pl.take, Look: pl.look,
		Act: func(a demo.Act) error { pl.act(a); return nil }}.Until(ctx, ok, d)
}

// act does one of the demo's own actions.
func (pl *play) act(a demo.Act) {
	step := demo.DurationParam(pl.s, "offset")
	switch {
	case a.Name == both:
		pl.want = true
		pl.s.Say("Next, a and b both read, and then both write: neither knows of the other's write.")
	case a.Name == lamport && pl.stamps == byWall:
		pl.goBy(byLamport)
	case a.Name == lamport:
		pl.goBy(byWall)
	case pl.procs[a.Target] == nil:
		pl.s.Say("Whose clock? Choose a, b or the store.")
	case a.Name == behind:
		pl.set(a.Target, pl.offset[a.Target]-step)
	case a.Name == ahead:
		pl.set(a.Target, pl.offset[a.Target]+step)
	}
}

// set injects an offset into a node's clock.
func (pl *play) set(id trace.ID, d time.Duration) {
	pl.offset[id] = d
	pl.procs[id].Send("offset " + d.String())
	pl.s.Gauge("offset-"+string(id), float64(d)/1e6, "ms")
	switch {
	case d < 0:
		pl.s.Say("The clock of %s is %v behind (injected). %s has no means to see that.", id, -d, upper(id))
	case d > 0:
		pl.s.Say("The clock of %s is %v ahead (injected). %s has no means to see that.", id, d, upper(id))
	default:
		pl.s.Say("The clock of %s is as it was.", id)
	}
}

func upper(id trace.ID) string {
	if id == store {
		return "The store"
	}
	return string(id)
}

// goBy has the store go by other stamps.
func (pl *play) goBy(stamps string) {
	pl.stamps = stamps
	pl.hold++
	pl.procs[store].Send("stamps " + stamps)
	if stamps == byLamport {
		pl.s.Say("From now on the store goes by Lamport clocks: counts that each message carries, and its receiver goes on from.")
	} else {
		pl.s.Say("From now on the store goes by what the writers' clocks say.")
	}
}

func (pl *play) say(format string, args ...any) {
	if pl.tells {
		pl.s.Say(format, args...)
	}
}

// take takes what a node tells.
func (pl *play) take(f fact) {
	switch f.Is {
	case arrived:
		if f.OneWay < 0 {
			pl.backwards++
		}
		if f.By != store {
			pl.s.Gauge("one-way", float64(f.OneWay)/1e6, "ms")
		}
		pl.s.Gauge("backwards", float64(pl.backwards), "")
	case stored:
		pl.stored(f)
	case goesBy:
		pl.hold--
	case didRead:
		if pl.together {
			if pl.have++; pl.have == 2 {
				pl.order("a", "write")
				pl.order("b", "write")
			}
		}
	case wrote:
		switch {
		case pl.together:
			if pl.have++; pl.have == 4 {
				pl.through()
			}
		case f.By == "a":
			pl.order("b", "turn")
		default:
			pl.through()
		}
	}
}

func (pl *play) order(id trace.ID, what string) { pl.procs[id].Send(what) }

// through ends a pair of writes.
func (pl *play) through() {
	pl.pair, pl.together = false, false
	pl.pairs++
	pl.next = pl.s.Now() + pl.s.Pace().Scale(demo.DurationParam(pl.s, "pause"))
}

// stored counts what the store did with a write.
func (pl *play) stored(f fact) {
	pl.writes++
	pl.last = f
	switch {
	case f.Concurrent:
		pl.concurrent++
		chosen, other := f.By, f.Over
		if !f.Kept {
			chosen, other = f.Over, f.By
		}
		pl.say("a and b wrote without knowing of each other, say the vector clocks: neither write is the later one. The store had to choose, and kept that of %s; that of %s is gone.", chosen, other)
	case f.Later && !f.Kept:
		pl.lost++
		pl.say("%s had read what %s wrote, and wrote %d after it. Its stamp is the smaller one, so the store keeps the older write. %s is told that all is well.", f.By, f.Over, f.Value, f.By)
	}
	pl.s.Gauge("writes", float64(pl.writes), "")
	pl.s.Gauge("lost-writes", float64(pl.lost), "")
	pl.s.Gauge("concurrent", float64(pl.concurrent), "")
}

// look begins the next pair when it is time.
func (pl *play) look() {
	if pl.pair || pl.still || pl.hold > 0 || pl.s.Now() < pl.next {
		return
	}
	pl.pair, pl.together, pl.want, pl.have = true, pl.want, false, 0
	if pl.together {
		pl.order("a", "read")
		pl.order("b", "read")
		return
	}
	pl.order("a", "turn")
}

// gone lists who has ended.
func (pl *play) gone() (ids []string) {
	for _, id := range names {
		select {
		case <-pl.procs[id].Exited():
			ids = append(ids, string(id))
		default:
		}
	}
	return ids
}

// part waits for what is under way, and lets the nodes go, the store last.
func (pl *play) part(ctx context.Context) {
	pl.still = true
	t := time.NewTimer(3 * time.Second)
	defer t.Stop()
	for _, id := range names {
		p := pl.procs[id]
		for id == "a" && pl.pair && len(pl.gone()) == 0 {
			select {
			case f := <-pl.facts:
				pl.take(f)
				continue
			case <-t.C:
				return
			case <-ctx.Done():
				return
			}
		}
		p.CloseSend()
		select {
		case <-p.Exited():
		case <-t.C: // it is stopped: the stage ends it
			return
		case <-ctx.Done():
			return
		}
	}
}

// summary is what came of a run, in the numbers that were counted.
func (pl *play) summary(early []string) string {
	text := fmt.Sprintf("%s reached the store, %d came later than the one that it kept and %s lost, %d were concurrent.",
		demo.Plural(pl.writes, "write"), pl.lost, map[bool]string{true: "was", false: "were"}[pl.lost == 1], pl.concurrent)
	if early != nil {
		text = "Ended before the run was over: " + strings.Join(early, ", ") + ". " + text
	}
	return text
}
