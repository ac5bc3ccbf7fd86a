package pool

import (
	"time"

	"edu/procession/demos/trace"
)

// state is where a task of a run stands.
type state uint8

const (
	waiting state = iota // in the queue, or with a worker
	done                 // its result is there
	failed               // it ran, and its error is there
	lost                 // its worker died, and it is not tried again
)

// String is the state's word.
func (s state) String() string { return [...]string{"waiting", "done", "failed", "lost"}[s] }

// outcome is what became of a task, which its caller learns by asking.
type outcome struct {
	state   state
	attempt int // how often it was handed out
	worker  trace.ID
	value   uint64        // done
	text    string        // failed: the error
	took    time.Duration // done and failed: by the worker's clock
}

// share is how much of its time in a run a worker was busy.
type share struct {
	who        trace.ID
	busy, span time.Duration
}

func (m *member) share() share { return share{m.id, m.busy, time.Since(m.since)} }

// run is one map of the job over the tasks 0, 1, 2, …
type run struct {
	limit int // so many workers share it
	began time.Time

	// Of the pool, and locked by it, until over is closed.
	tasks  []outcome
	left   int
	counts [4]int
	order  []int // the first tasks that ended, in this order
	shares []share
	gaps   []time.Duration // between the tasks of a worker, by its clock
	last   time.Time       // of the last end of a task
	took   time.Duration
	err    error // why it could not come to its end

	over chan struct{}
}

// keepOrder is how many ends a run remembers in their order.
const keepOrder = 32

// mapTasks starts a run of n tasks, shared by limit workers at most. The task bad,
// if there is one, gets a bad argument. No other run may be under way.
func (p *pool) mapTasks(n, limit, bad int) *run {
	p.mu.Lock()
	defer p.mu.Unlock()
	r := &run{limit: limit, tasks: make([]outcome, n), left: n, over: make(chan struct{}), began: time.Now()}
	r.last = r.began
	p.run = r
	p.queue = make([]uint32, n)
	for i := range p.queue {
		p.queue[i] = uint32(i)
		if i == bad {
			p.queue[i] |= poisoned
		}
		p.task("", trace.Task{Is: trace.KindTaskNew, Task: i})
	}
	for _, m := range p.members {
		m.since, m.busy, m.answered = r.began, 0, 0
	}
	p.feed()
	p.giveUp()
	return r
}

// end is the end of a task, its only one, and perhaps that of its run.
func (p *pool) end(t int, s state, who trace.ID) {
	r := p.run
	r.tasks[t].state, r.tasks[t].worker = s, who
	r.counts[s]++
	r.last = time.Now()
	if len(r.order) < keepOrder {
		r.order = append(r.order, t)
	}
	if r.left--; r.left > 0 {
		return
	}
	r.took = r.last.Sub(r.began)
	for i, m := range p.members {
		if i < r.limit || m.answered > 0 {
			r.shares = append(r.shares, m.share())
		}
	}
	close(r.over)
}

// giveUp ends a run that nobody is left to do.
func (p *pool) giveUp() {
	if p.err != nil && len(p.members) == 0 && p.run != nil && p.run.left > 0 && p.run.err == nil {
		p.run.err = p.err
		p.queue = nil
		close(p.run.over)
	}
}

// holding is a task that is with a worker.
type holding struct {
	task int
	who  trace.ID
}

// quiet says for how long no task of the run has ended, and which task each
// worker holds.
func (p *pool) quiet() (time.Duration, []holding) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.run == nil || p.run.left == 0 {
		return 0, nil
	}
	var held []holding
	for _, m := range p.members {
		if len(m.held) > 0 {
			c := m.held[0]
			held = append(held, holding{int(c.tasks[max(c.begun-1, 0)] &^ poisoned), m.id})
		}
	}
	return time.Since(p.run.last), held
}

// utilisation is the mean share of the workers' time that was busy, in percent.
func (r *run) utilisation() float64 {
	var busy, span time.Duration
	for _, s := range r.shares {
		busy += s.busy
		span += s.span
	}
	return percent(busy, span)
}

func percent(part, whole time.Duration) float64 {
	if whole <= 0 {
		return 0
	}
	return 100 * float64(part) / float64(whole)
}
