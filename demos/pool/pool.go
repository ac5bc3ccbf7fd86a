package pool

import (
	"context"
	"fmt"
	"io"
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
	gone func(d departure)
}

// departure is the end of a worker.
type departure struct {
	who     trace.ID
	how     string // "signal KILL", "exit code 0"
	asked   bool   // it was asked to leave
	closing bool   // all were
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
	spoil   int       // so many of the next tasks get a bad argument
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
		case err == nil && p.closed: // it comes too late, and leaves as it should
			p.mu.Unlock()
			c.calls.Close()
			c.ending()
			c.answers.Close()
			p.mu.Lock()
		case err == nil:
			failed = 0
			m := &member{conn: c, since: time.Now()}
			p.members = append(p.members, m)
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
	defer p.cancel()

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
	p.cancel()
	p.mu.Lock()
	for _, m := range p.members {
		m.kill()
		m.answers.Close() // the stage may be gone, and the end of file with it
	}
	p.mu.Unlock()
	<-left
}
