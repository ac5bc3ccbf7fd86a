package stage

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"edu/procession/demos/demo"
	"edu/procession/demos/safe"
	"edu/procession/demos/trace"
)

// gates hold the workers of a run in step mode and let one go at a time.
//
// The rules are:
//  1. A move is made only when the stage has settled: every live worker is held
//     in a read of its control pipe, or blocked or stopped, as the kernel says,
//     and everything that it reported has been heard (TestSettledIsTheKernels).
//  2. The same options and schedule give the same Board at each settled moment
//     (TestUndoEqualsForward).
//  3. Whoever cannot go is told why, and who could (TestWhoCannotGo).
type gates struct {
	r        *run
	on       bool
	poke     chan struct{} // something may have changed
	end      chan demo.Ending
	spawning atomic.Int32
	err      error // of the schedule; read after the play

	mu      sync.Mutex
	open    bool // the cast is complete
	gen     int  // of what the play and the learner did: a look from before is out of date
	round   int
	ended   bool // this round, as was told
	settled bool
	ready   []trace.ID
	moves   demo.Schedule
	change  chan struct{} // closed and replaced when the stage settles
	verdict trace.Verdict
	came    demo.Ending
}

func newGates(r *run) *gates {
	return &gates{r: r, on: r.opt.Step, poke: make(chan struct{}, 1), end: make(chan demo.Ending, 1), change: make(chan struct{})}
}

func (g *gates) wake() {
	select {
	case g.poke <- struct{}{}:
	default:
	}
}

// direct is the goroutine that makes moves and tells when the stage has settled.
func (g *gates) direct() {
	told, round := -1, 0 // moves at the last time, and in which round
	var was []trace.ID
	for g.r.ctx.Err() == nil {
		gen, open := g.now()
		ready, blocked, ok := g.settle(open)
		if !ok {
			continue
		}
		g.mu.Lock()
		if g.gen != gen {
			g.mu.Unlock()
			continue
		}
		if round != g.round {
			round, told = g.round, -1
		}
		moves := slices.Clip(g.moves)
		g.mu.Unlock()
		if now := slices.Concat(ready, []trace.ID{""}, blocked); told != len(moves) || !slices.Equal(now, was) {
			told, was = len(moves), now
			g.r.rec.Add(trace.Stage, "", trace.Settled{N: told, Ready: ready, Blocked: blocked})
			next, err := g.next(moves, ready)
			if err != nil {
				g.err = err
				g.r.cancel()
				return
			}
			if next {
				continue
			}
		}
		if !g.rested(gen, ready, blocked) {
			continue
		}
		select {
		case <-g.poke:
		case <-g.r.ctx.Done():
		}
		g.mu.Lock()
		g.settled = false
		g.mu.Unlock()
	}
}

func (g *gates) now() (gen int, open bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.gen, g.open
}

// rested takes note of a settled stage on which nobody makes a move; false says
// that the look at it is out of date.
func (g *gates) rested(gen int, ready, blocked []trace.ID) bool {
	end := demo.Cut
	switch {
	case len(ready)+len(blocked) == 0:
		end = demo.Through
	case len(ready) == 0 && !slices.ContainsFunc(blocked, g.stopped):
		end = demo.Stuck
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	switch {
	case g.gen != gen:
		return false
	case end == demo.Cut && !g.r.opt.Attended:
		g.r.Finish()
	case end != demo.Cut && !g.ended:
		g.ended = true
		g.end <- end // has room for the one of this round
	}
	g.settled, g.ready = true, ready
	close(g.change)
	g.change = make(chan struct{})
	return true
}

func (g *gates) stopped(id trace.ID) bool { return g.r.proc(id).State() == trace.Stopped }

// next makes the move that the schedule has, or that Choose chooses.
func (g *gates) next(moves demo.Schedule, ready []trace.ID) (made bool, err error) {
	o := g.r.opt
	var who trace.ID
	switch n := len(moves); {
	case n < len(o.Schedule):
		who = o.Schedule[n]
	case o.Choose != nil && len(ready) > 0:
		who = o.Choose(moves, ready)
	}
	if who == "" {
		return false, nil
	}
	if a, ok := demo.MoveAct(who); ok {
		if !isSignal(a.Name) {
			err = fmt.Errorf("%q is not an action that a schedule can have; kill, term, stop and cont are", safe.Line(a.Name, 40))
		} else {
			err = g.r.act(a.Name, a.Target)
		}
	} else {
		g.mu.Lock()
		err = g.letGo(who, ready)
		g.mu.Unlock()
	}
	if err != nil {
		return false, fmt.Errorf("step %d of the schedule, %s: %w", len(moves)+1, safe.Line(string(who), 60), err)
	}
	return true, nil
}

// letGo releases a worker, or says why not. g.mu is held.
func (g *gates) letGo(who trace.ID, ready []trace.ID) error {
	p := g.r.proc(who)
	if p == nil || !slices.Contains(ready, who) {
		return fmt.Errorf("%s; %s", g.why(p, who), couldGo(ready))
	}
	p.mu.Lock()
	text, release := p.next, p.release
	p.gated, p.next, p.release = false, "", nil
	p.mu.Unlock()
	g.moves = append(g.moves, who)
	g.settled = false
	g.gen++
	g.r.rec.Add(trace.Learner, who, trace.StepGo{N: len(g.moves), Text: text})
	if release != nil {
		release()
	} else {
		p.ctl.WriteString(demo.Gate + "\n") // fails where it was killed just now, and that is seen too
	}
	g.wake()
	return nil
}

// acted takes an action of the learner into the schedule.
func (g *gates) acted(name string, target trace.ID) {
	if !g.on {
		return
	}
	g.mu.Lock()
	g.moves = append(g.moves, trace.ID(name)+":"+target)
	g.gen++
	g.mu.Unlock()
	g.wake()
}

func (g *gates) why(p *proc, who trace.ID) string {
	if p == nil {
		return fmt.Sprintf("there is no worker %q", safe.Line(string(who), 40))
	}
	if p.hasExited() {
		return string(who) + " has ended"
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.gated && p.next == "":
		return string(who) + " has no more steps"
	case p.state == trace.Stopped:
		return string(who) + " is stopped"
	case p.state == trace.Asleep && p.on != "":
		return fmt.Sprintf("%s is blocked (%s)", who, p.on)
	case p.state == trace.Asleep:
		return string(who) + " is blocked"
	}
	return string(who) + " is not held at a step"
}

func couldGo(ready []trace.ID) string {
	names := make([]string, len(ready))
	for i, id := range ready {
		names[i] = string(id)
	}
	switch n := len(names); n {
	case 0:
		return "nobody could go"
	case 1:
		return names[0] + " could go"
	default:
		return strings.Join(names[:n-1], ", ") + " or " + names[n-1] + " could go"
	}
}

// patience is how long a key waits for the stage to settle.
const patience = 3 * time.Second

// await returns with g.mu held when the stage has settled.
func (g *gates) await() error {
	t := time.NewTimer(patience)
	defer t.Stop()
	for {
		g.mu.Lock()
		if g.settled {
			return nil
		}
		change := g.change
		g.mu.Unlock()
		select {
		case <-change:
		case <-g.r.ctx.Done():
			return errOver
		case <-t.C:
			return fmt.Errorf("not yet: %s still at the step before", g.busy())
		}
	}
}

// rest waits, in step mode, until the stage has settled or the run is over.
func (g *gates) rest() {
	if _, open := g.now(); g.on && open && g.await() == nil {
		g.mu.Unlock()
	}
}

var errOver = errors.New("the run is over")

func (g *gates) busy() string {
	for _, p := range g.r.all() {
		if !p.hasExited() {
			if kind, _ := p.rest(); kind == moving {
				return string(p.id) + " is"
			}
		}
	}
	return "somebody is"
}

// Go implements demo.Run.
func (r *run) Go(who trace.ID) error {
	if !r.gates.on {
		return errors.New("this run is not in step mode: start it with --step")
	}
	r.acting.Lock()
	defer r.acting.Unlock()
	if err := r.gates.await(); err != nil {
		return err
	}
	defer r.gates.mu.Unlock()
	return r.gates.letGo(who, r.gates.ready)
}

// Stepping, Watch, Again and Solved implement demo.Stage.
func (r *run) Stepping() bool { return r.gates.on }

func (r *run) Watch(ctx context.Context) (demo.Ending, error) {
	g := r.gates
	g.mu.Lock()
	g.open = true
	g.gen++
	g.mu.Unlock()
	g.wake()
	select {
	case g.came = <-g.end:
	case <-r.finish:
		g.came = demo.Cut
	case <-ctx.Done():
		return demo.Cut, ctx.Err()
	}
	return g.came, nil
}

func (r *run) Again(reset func()) bool {
	g := r.gates
	if r.opt.Again == nil || g.came != demo.Through || !r.opt.Again(g.verdict) {
		return false
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.open, g.moves, g.settled, g.ended = false, nil, false, false
	g.gen++
	g.round++
	reset()
	for _, p := range r.all() {
		p.mu.Lock()
		idle := p.gated && p.next == ""
		p.gated = p.gated && !idle
		p.mu.Unlock()
		if idle {
			p.ctl.WriteString(demo.Gate + "\n")
		}
	}
	return true
}

func (r *run) Solved(puzzle string) {
	r.Emit("", trace.Solved{Puzzle: puzzle, N: len(r.gates.soFar())})
}

func (g *gates) soFar() demo.Schedule {
	g.mu.Lock()
	defer g.mu.Unlock()
	return slices.Clip(g.moves)
}

// isSignal says that an action is one of the stage's own that sends a signal:
// these have a place in a schedule.
func isSignal(name string) bool {
	return name == demo.Kill.Name || name == demo.Term.Name || name == demo.Stop.Name || name == demo.Cont.Name
}
