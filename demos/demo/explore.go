package demo

import (
	"context"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"time"

	"edu/procession/demos/trace"
)

// Exploration is what came of many schedules of one demo.
type Exploration struct {
	Ran      int       // different schedules that were played to their end
	All      bool      // there are no others, after Options.Schedule
	Outcomes []Outcome // the most frequent first
	Took     time.Duration
	Broken   int    // schedules under which the demo did not keep what it is to keep
	Mends    string // the puzzle to mend that is played with these settings, from the beginning; else empty
	Solved   string // that puzzle, once All were played and none was Broken
}

// Outcome is one way in which a run came out: the text of its verdict.
type Outcome struct {
	Text     string
	OK       bool
	Broken   bool     // the demo did not keep what it is to keep
	Count    int      // schedules that came to it
	Schedule Schedule // the shortest of them, of those the first found
}

// Explore plays a demo in step mode on real processes, under one schedule after
// another, until it has played all or most of them, and tells how each came out.
// No schedule is played twice. Where there are more than most, those that are
// played are spread over all: at each step who has gone least goes next.
// Options.Schedule is how they all begin. seen, which may be nil, is called after
// each run.
//
// It fails with the first run that fails, and with ctx's error, and then returns
// what was found so far.
func Explore(ctx context.Context, start Starter, d Demo, o Options, most int, seen func(Exploration)) (Exploration, error) {
	x := &explorer{start: start, d: d, o: o, most: most, seen: seen, began: time.Now(), rnd: rand.New(rand.NewPCG(o.Seed, 1))}
	x.o.Step, x.o.Attended = true, false
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var wg sync.WaitGroup
	for range min(runtime.NumCPU(), 4) {
		wg.Go(func() {
			for x.more() && ctx.Err() == nil {
				if err := x.one(ctx); err != nil {
					x.mu.Lock()
					if x.err == nil {
						x.err = err
					}
					x.mu.Unlock()
					cancel()
				}
			}
		})
	}
	wg.Wait()
	if x.err == nil {
		x.err = ctx.Err()
	}
	return x.sum(), x.err
}

type explorer struct {
	start Starter
	d     Demo
	o     Options
	most  int
	seen  func(Exploration)
	began time.Time

	mu      sync.Mutex
	rnd     *rand.Rand
	root    node
	started int
	ran     int
	found   []Outcome
	err     error
}

// node is a moment of the tree of all schedules.
type node struct {
	who    trace.ID // who went, to get here
	kids   []*node  // by who could go
	visits int
	done   bool // all schedules through here have been played
}

func (x *explorer) more() bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.root.done || x.started >= x.most {
		return false
	}
	x.started++
	return true
}

// one plays a run: one schedule after another that has not been played, as long
// as its processes last.
func (x *explorer) one(ctx context.Context) error {
	path := []*node{&x.root}
	through := false // with this path
	o := x.o
	moves := func() Schedule {
		all := slices.Clone(o.Schedule)
		for _, n := range path[1:] {
			all = append(all, n.who)
		}
		return all
	}
	o.Choose = func(_ Schedule, ready []trace.ID) trace.ID {
		x.mu.Lock()
		defer x.mu.Unlock()
		at := path[len(path)-1]
		if at.kids == nil {
			for _, id := range ready {
				at.kids = append(at.kids, &node{who: id})
			}
		}
		n := x.pick(at, ready)
		if n == nil {
			return ""
		}
		n.visits++
		path = append(path, n)
		return n.who
	}
	o.Again = func(v trace.Verdict) bool {
		x.end(path, moves(), v)
		through = ctx.Err() != nil || !x.more()
		if !through {
			path = []*node{&x.root}
		}
		return !through
	}
	run, err := x.start(x.d, o)
	if err != nil {
		return err
	}
	select {
	case <-run.Done():
	case <-ctx.Done():
		run.Stop()
		<-run.Done()
		return nil
	}
	if err := run.Err(); err != nil {
		return fmt.Errorf("under the schedule %s: %w", moves(), err)
	}
	if !through {
		x.end(path, moves(), outcome(run.Log()))
	}
	return nil
}

// pick is who has gone least of those who lead to something new; where another
// run is about to play the last of these, anybody.
func (x *explorer) pick(at *node, ready []trace.ID) *node {
	var best []*node
	for _, n := range at.kids {
		switch {
		case !slices.Contains(ready, n.who): // not the same choice as the last time here
		case len(best) == 0 || best[0].done && !n.done || best[0].done == n.done && n.visits < best[0].visits:
			best = []*node{n}
		case best[0].done == n.done && n.visits == best[0].visits:
			best = append(best, n)
		}
	}
	if len(best) == 0 {
		return nil
	}
	return best[x.rnd.IntN(len(best))]
}

func (x *explorer) end(path []*node, all Schedule, v trace.Verdict) {
	x.mu.Lock()
	leaf := path[len(path)-1]
	if leaf.done { // another run was quicker
		x.started--
		x.mu.Unlock()
		return
	}
	leaf.done = true
	for i := len(path) - 2; i >= 0; i-- {
		path[i].done = !slices.ContainsFunc(path[i].kids, func(n *node) bool { return !n.done })
	}
	x.ran++
	i := slices.IndexFunc(x.found, func(o Outcome) bool { return o.Text == v.Text && o.OK == v.OK && o.Broken == v.Broken })
	if i < 0 {
		i = len(x.found)
		x.found = append(x.found, Outcome{Text: v.Text, OK: v.OK, Broken: v.Broken, Schedule: all})
	}
	f := &x.found[i]
	if f.Count++; len(all) < len(f.Schedule) {
		f.Schedule = all
	}
	x.mu.Unlock()
	if x.seen != nil {
		x.seen(x.sum())
	}
}

func (x *explorer) sum() Exploration {
	x.mu.Lock()
	defer x.mu.Unlock()
	found := slices.Clone(x.found)
	slices.SortStableFunc(found, func(a, b Outcome) int { return b.Count - a.Count })
	got := Exploration{Ran: x.ran, All: x.root.done, Outcomes: found, Took: time.Since(x.began)}
	well := true
	for _, o := range found {
		if well = well && o.OK; o.Broken {
			got.Broken += o.Count
		}
	}
	if z, ok := x.d.Info().ToMend(x.o.Params); ok && len(x.o.Schedule) == 0 {
		got.Mends = z.Name
		if got.All && got.Ran > 0 && got.Broken == 0 && well {
			got.Solved = z.Name
		}
	}
	return got
}

func outcome(log *trace.Recorder) trace.Verdict {
	v := trace.Verdict{Text: "no verdict"}
	for _, e := range log.Events(0) {
		if d, ok := e.Data.(trace.Verdict); ok {
			v = d
		}
	}
	return v
}
