package pool

import (
	"context"
	"fmt"
	"io"
	"slices"
	"sync"
	"time"

	"edu/procession/demos/trace"
)

// pipeSize is how many bytes of calls a worker may have unanswered: the least
// that a pipe holds on any system, so that a write to it never blocks.
const pipeSize = 4096

// maxHires is how many starts in a row may fail before the pool stops hiring.
const maxHires = 5

// rules say how tasks leave the pool's queue. See the package documentation.
type rules struct {
	chunk    int // tasks in a call, at most maxChunk
	window   int // calls that a worker may have unanswered
	attempts int // how often a task may be handed out
}

// hooks are told what happens, in order and with the pool locked: they must not
// block and not call the pool.
type hooks struct {
	task func(who trace.ID, t trace.Task)
	came func(who trace.ID)
	gone func(d departure)
}

// departure is the end of a worker.
type departure struct {
	who     trace.ID
	how     string // "signal KILL", "exit code 0"
	asked   bool   // it was asked to leave
	fault   error  // why the pool ended it, if it did
	lost    []int  // tasks that went with it
	retried []int  // tasks that are handed out again
}

// conn is a worker as it comes from the hire function.
type conn struct {
	id      trace.ID
	calls   io.WriteCloser // its end is a request to leave
	answers io.ReadCloser  // its end is the worker's
	kill    func()
	ending  func() string // waits for the end of the process and says how it came
}

// member is a worker in the pool.
type member struct {
	conn
	held    []call // unanswered calls, oldest first
	bytes   int    // of these
	out     []byte // calls that are not yet written
	leaving bool   // asked to leave: it gets no more calls

	since    time.Time     // in this run
	busy     time.Duration // in this run, on tasks that it answered
	beganAt  time.Time     // the task in hand; zero when none was announced
	answered int           // tasks in this run
}

// call is tasks on their way: the first begun of them were announced.
type call struct {
	tasks []uint32
	begun int
}

func (c call) size() int { return headSize + taskSize*len(c.tasks) }

// pool keeps workers fed. Its methods are safe for concurrent use.
//
// The goroutine that hears a worker also writes its next calls, under the lock:
// there is no hand-over inside the master.
type pool struct {
	rules
	hooks
	hire   func(context.Context) (conn, error)
	ctx    context.Context // of hiring
	cancel context.CancelFunc
	wg     sync.WaitGroup

	mu      sync.Mutex
	changed *sync.Cond
	members []*member // in the order in which they came
	size    int       // how many there are to be
	queue   []uint32  // tasks that wait, in order; with poisoned where the argument is bad
	run     *run      // the last one
	spoil   int // so many of the next tasks get a bad argument
	closed  bool
	err     error // why the pool hires no more
	scratch []answer
}

// newPool is a pool of no workers. It must be closed.
func newPool(r rules, h hooks, hire func(context.Context) (conn, error)) *pool {
	p := &pool{rules: r, hooks: h, hire: hire}
	p.ctx, p.cancel = context.WithCancel(context.Background())
	p.changed = sync.NewCond(&p.mu)
	p.wg.Go(p.hiring)
	return p
}

// hiring is the only goroutine that starts workers: one at a time, in order,
// whenever there are fewer than there are to be.
func (p *pool) hiring() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for failed := 0; ; {
		for !p.closed && (p.err != nil || p.staying() >= p.size) {
			p.changed.Wait()
		}
		if p.closed {
			return
		}
		p.mu.Unlock()
		c, err := p.hire(p.ctx)
		p.mu.Lock()
		switch {
		case err == nil && p.closed:
			c.calls.Close()
			c.answers.Close()
		case err == nil:
			failed = 0
			m := &member{conn: c, since: time.Now()}
			p.members = append(p.members, m)
			p.came(c.id)
			p.wg.Go(func() { p.hear(m) })
			p.trim()
			p.feed()
			p.changed.Broadcast()
		case !p.closed:
			if failed++; failed == maxHires {
				p.err = fmt.Errorf("no worker could be started: %w", err)
				p.giveUp()
				p.changed.Broadcast()
			}
		}
	}
}

// staying counts the workers that were not asked to leave.
func (p *pool) staying() (n int) {
	for _, m := range p.members {
		if !m.leaving {
			n++
		}
	}
	return n
}

// resize sets how many workers there are to be, at least one. Those that are too
// many, the latest first, get no more calls and leave when they have answered.
func (p *pool) resize(n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.size = max(n, 1)
	p.trim()
	p.changed.Broadcast()
}

func (p *pool) trim() {
	for i := len(p.members) - 1; i >= 0 && p.staying() > p.size; i-- {
		if m := p.members[i]; !m.leaving {
			m.leaving = true
			m.calls.Close() // it reads what is in the pipe first
		}
	}
}

// ready waits until there are as many workers as there are to be.
func (p *pool) ready(ctx context.Context) error {
	stop := context.AfterFunc(ctx, func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.changed.Broadcast()
	})
	defer stop()
	p.mu.Lock()
	defer p.mu.Unlock()
	for p.staying() < p.size && p.err == nil && ctx.Err() == nil {
		p.changed.Wait()
	}
	if p.err != nil {
		return p.err
	}
	return ctx.Err()
}

// spoilNext gives the next task that is handed out a bad argument.
func (p *pool) spoilNext() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.spoil++
}

// feed hands out waiting tasks, one call at a time and in turn, to the workers
// that have room, and then writes what was handed out.
func (p *pool) feed() {
	for gave := true; gave && len(p.queue) > 0; {
		gave = false
		fed := 0
		for _, m := range p.members {
			if m.leaving {
				continue
			}
			if fed++; fed > p.run.limit || len(p.queue) == 0 {
				break
			}
			c := call{tasks: p.queue[:min(p.chunk, len(p.queue))]}
			if len(m.held) < p.window && m.bytes+c.size() <= pipeSize {
				p.give(m, c)
				gave = true
			}
		}
	}
	for _, m := range p.members {
		if len(m.out) > 0 {
			m.calls.Write(m.out) // an error is the worker's end: hear is told, too
			m.out = m.out[:0]
		}
	}
}

// give hands a call to a worker. A task keeps its bad argument when it is handed
// out again: that is what it was called with.
func (p *pool) give(m *member, c call) {
	p.queue = p.queue[len(c.tasks):]
	for i, t := range c.tasks {
		p.run.tasks[t&^poisoned].attempt++
		if p.spoil > 0 && t&poisoned == 0 {
			p.spoil--
			c.tasks[i] |= poisoned
		}
	}
	m.out = appendCall(m.out, c.tasks)
	m.held = append(m.held, c)
	m.bytes += c.size()
}

// hear takes what a worker says until its end.
func (p *pool) hear(m *member) {
	in := inbox{from: m.answers}
	var fault error
	for fault == nil && in.fill() == nil {
		if fault = p.take(m, &in); fault != nil {
			m.kill()
		}
	}
	how := m.ending()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.depart(m, how, fault)
}

// take handles the frames that have arrived whole, and feeds. Its error is that
// the worker says what it cannot know.
func (p *pool) take(m *member, in *inbox) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	for {
		kind, body, ok, err := in.next()
		if err != nil {
			return err
		}
		if !ok {
			p.feed()
			return nil
		}
		switch kind {
		case kindBegan:
			err = p.began(m, body)
		case kindAnswer:
			err = p.answer(m, body)
		default:
			err = fmt.Errorf("%w: %q from a worker", errFrame, kind)
		}
		if err != nil {
			return err
		}
	}
}

func (p *pool) began(m *member, body []byte) error {
	if len(body) != taskSize || len(m.held) == 0 {
		return fmt.Errorf("%w: a task was begun that was not given", errFrame)
	}
	t, _ := parseTasks(body, nil)
	c := &m.held[0]
	if c.begun == len(c.tasks) || c.tasks[c.begun]&^poisoned != t[0] {
		return fmt.Errorf("%w: task %d was begun, but is not next", errFrame, t[0])
	}
	c.begun++
	m.beganAt = time.Now()
	p.start(m, t[0])
	return nil
}

func (p *pool) start(m *member, t uint32) {
	p.task(m.id, trace.Task{Is: trace.KindTaskRun, Task: int(t), Worker: m.id, Attempt: p.run.tasks[t].attempt})
}

func (p *pool) answer(m *member, body []byte) error {
	var err error
	if p.scratch, err = parseAnswer(body, p.scratch[:0]); err != nil {
		return err
	}
	if len(m.held) == 0 || len(m.held[0].tasks) != len(p.scratch) {
		return fmt.Errorf("%w: an answer to what was not asked", errFrame)
	}
	c := m.held[0]
	for i, a := range p.scratch {
		if c.tasks[i]&^poisoned != a.task {
			return fmt.Errorf("%w: task %d was asked, %d answered", errFrame, c.tasks[i], a.task)
		}
	}
	m.held = m.held[1:]
	m.bytes -= c.size()
	m.beganAt = time.Time{}
	m.answered += len(p.scratch)
	for i, a := range p.scratch {
		if i >= c.begun {
			p.start(m, a.task)
		}
		m.busy += a.took
		t := &p.run.tasks[a.task]
		t.took, t.value, t.text = a.took, a.value, a.text
		s, is := done, trace.KindTaskDone
		if a.failed {
			s, is = failed, trace.KindTaskFail
		}
		p.task(m.id, trace.Task{Is: is, Task: int(a.task), Worker: m.id, Attempt: t.attempt, Took: a.took, Note: a.text})
		p.end(int(a.task), s, m.id)
	}
	return nil
}

// depart takes a worker that has ended out of the pool, and decides about what
// it held.
func (p *pool) depart(m *member, how string, fault error) {
	d := departure{who: m.id, how: how, asked: m.leaving || p.closed, fault: fault}
	p.members = slices.DeleteFunc(p.members, func(o *member) bool { return o == m })
	m.calls.Close()
	m.answers.Close()
	if len(m.held) > 0 {
		if !m.beganAt.IsZero() {
			m.busy += time.Since(m.beganAt)
		}
		p.run.shares = append(p.run.shares, m.share())
	}
	var again []uint32
	for i, c := range m.held {
		for k, arg := range c.tasks {
			t := int(arg &^ poisoned)
			task := &p.run.tasks[t]
			note := how + ", " + whereabouts(i, k, c.begun)
			if task.attempt < p.attempts && !p.closed {
				again = append(again, arg)
				d.retried = append(d.retried, t)
				p.task(m.id, trace.Task{Is: trace.KindTaskRetry, Task: t, Worker: m.id, Attempt: task.attempt + 1, Note: note})
			} else {
				d.lost = append(d.lost, t)
				p.task(m.id, trace.Task{Is: trace.KindTaskLost, Task: t, Worker: m.id, Attempt: task.attempt, Note: note})
				p.end(t, lost, m.id)
			}
		}
	}
	p.queue = append(again, p.queue...)
	p.gone(d)
	p.feed()
	p.giveUp()
	p.changed.Broadcast()
}

// whereabouts says what is known of task k of unanswered call i of a worker that
// died, when begun tasks of that call had been announced.
func whereabouts(i, k, begun int) string {
	switch {
	case i > 0 || k > 0 && k >= begun:
		return "not known to have begun"
	case k < begun-1:
		return "computed, but its result was not sent"
	case k == begun-1:
		return "in mid-task"
	}
	return "unanswered"
}

// close asks all workers to leave, ends those that have not left after grace or
// when ctx is done, and returns when nothing of the pool runs any more.
func (p *pool) close(ctx context.Context, grace time.Duration) {
	p.mu.Lock()
	p.closed, p.queue = true, nil
	for _, m := range p.members {
		m.calls.Close()
	}
	p.changed.Broadcast()
	p.mu.Unlock()
	p.cancel()

	left := make(chan struct{})
	go func() { p.wg.Wait(); close(left) }()
	patience := time.NewTimer(grace)
	defer patience.Stop()
	select {
	case <-left:
		return
	case <-patience.C:
	case <-ctx.Done():
	}
	p.mu.Lock()
	for _, m := range p.members {
		m.kill()
		m.answers.Close() // the stage may be gone, and the end of file with it
	}
	p.mu.Unlock()
	<-left
}
