package stage

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"edu/procession/demos/demo"
	"edu/procession/demos/stage/warden"
	"edu/procession/demos/trace"
)

// In place threads, the workers are threads of one process, the host, which is
// this binary executed again. It is a worker of the run like any other to the
// warden, so what ends a run ends it too. A signal is for a process: one that is
// sent to a worker goes to all. A thread that returned is gone, and nobody waits
// for it. When the host is killed, the next Spawn starts another.

// host is a process whose threads are workers.
type host struct {
	*proc
	sock    *os.File
	ask     sync.Mutex // one request at a time
	replies chan demo.ThreadNotice
	silent  chan struct{} // its socket has ended, and it has or soon will
}

// hosts holds the host that new threads are of.
type hosts struct {
	r   *run
	mu  sync.Mutex
	now *host
	n   int
}

// live is a host to start threads in.
func (hs *hosts) live(ctx context.Context) (*host, error) {
	hs.mu.Lock()
	defer hs.mu.Unlock()
	if h := hs.now; h != nil {
		select {
		case <-h.silent:
			if _, err := h.Wait(ctx); err != nil {
				return nil, err
			}
		default:
			return h, nil
		}
	}
	hs.n++
	id := trace.ID("host")
	if hs.n > 1 {
		id = trace.ID(fmt.Sprintf("host-%d", hs.n))
	}
	h, err := hs.r.newHost(ctx, id)
	if err != nil {
		return nil, fmt.Errorf("the process for threads was not started: %w", err)
	}
	hs.now = h
	return h, nil
}

// next is the host after one that has turned out to have ended.
func (hs *hosts) next(ctx context.Context, h *host) (*host, error) {
	select {
	case <-h.silent:
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-hs.r.ctx.Done():
		return nil, hs.r.ctx.Err()
	}
	return hs.live(ctx)
}

var errHost = errors.New("the process has ended")

// close lets the host, if there is one, end by itself, unless it is stopped. It
// does nothing to no hosts.
func (hs *hosts) close() {
	if hs == nil || hs.now == nil || hs.now.State() == trace.Stopped {
		return
	}
	hs.now.hangUp()
	select {
	case <-hs.now.exited:
	case <-time.After(time.Second):
	}
}

func (r *run) newProc(spec demo.Spec) *proc {
	return &proc{r: r, spec: spec, heard: make(chan struct{}), began: time.Now(), state: trace.New,
		hello: make(chan error, 1), exited: make(chan struct{}), gone: make(chan struct{})}
}

// newHost starts a host and returns when it is ready for threads.
func (r *run) newHost(ctx context.Context, id trace.ID) (*host, error) {
	h := &host{proc: r.newProc(demo.Spec{Role: "host", Name: id}), replies: make(chan demo.ThreadNotice, 1), silent: make(chan struct{})}
	if err := r.name(h.proc); err != nil {
		return nil, err
	}
	ours, their, err := pair()
	if err != nil {
		return nil, err
	}
	defer their.Close()
	theirs, mine, err := pipes(true, true)
	defer shut(theirs)
	fail := func(err error) (*host, error) {
		shut(append(mine, ours))
		r.unname(h.proc)
		return nil, err
	}
	if err != nil {
		return fail(err)
	}
	env := append(cleanEnv(), demo.EnvRole+"="+r.info.Name+"/"+demo.AnyRole, demo.EnvToken+"="+r.rec.Header().Token)
	path, err := self()
	if err != nil {
		return fail(err)
	}
	pid, err := r.spawn.spawn(warden.Spawn{Path: path, Argv: []string{"procession: " + string(id)}, Env: env},
		[]*os.File{r.null, theirs[0], theirs[1], their, r.lifeR})
	if err != nil {
		return fail(err)
	}
	h.sock = ours
	h.exists(pid)
	h.pipes.Add(3)
	go h.capture(mine[0], "stdout")
	go h.capture(mine[1], "stderr")
	go h.listen()
	select {
	case err := <-h.hello:
		return h, err
	case <-time.After(shake):
		h.Signal(demo.SigKill)
		return nil, fmt.Errorf("%s said nothing for %v", id, shake)
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-r.ctx.Done():
		return nil, r.ctx.Err()
	}
}

// listen hears the host until its end.
func (h *host) listen() {
	defer h.pipes.Done()
	defer close(h.silent)
	for n, ok := h.next(); ok; n, ok = h.next() {
		switch {
		case n.Reply:
			h.replies <- n
		case n.Ended:
			h.r.each(h.proc, func(t *proc) {
				if t.tid == n.TID {
					t.returned(n)
				}
			})
		default:
			h.took = time.Since(h.began)
			h.r.rec.Add(trace.Worker, h.id, trace.Ready{PID: h.pid, Took: h.took})
			h.hello <- nil
		}
	}
	select {
	case h.hello <- errors.New("it ended before it was ready"):
	default:
	}
}

// each calls f with the live threads of a host.
func (r *run) each(h *proc, f func(*proc)) {
	for _, p := range r.all() {
		if p.host != nil && p.host.proc == h && !p.hasExited() {
			f(p)
		}
	}
}

// startThread is start in place threads.
func (p *proc) startThread(ctx context.Context) error {
	r := p.r
	h, err := r.hosts.live(ctx)
	if err != nil {
		r.unname(p)
		return err
	}
	p.began = time.Now()                    // the host's own start is not in it: its is told too
	theirs, mine, err := pipes(true, false) // events, control
	defer shut(theirs)
	if err == nil {
		p.events, err = newEar(mine[0])
	}
	var n demo.ThreadNotice
	if err == nil {
		req, files := demo.ThreadRequest{Role: p.spec.Role, Spec: p.about()}, slices.Concat(theirs, p.spec.Files)
		if n, err = h.start(req, files); errors.Is(err, errHost) { // it was killed just now
			if h, err = r.hosts.next(ctx, h); err == nil {
				n, err = h.start(req, files)
			}
		}
	}
	if err != nil {
		shut(mine)
		r.unname(p)
		return err
	}
	p.host, p.pid, p.tid, p.ctl = h, h.pid, n.TID, mine[1]
	r.mu.Lock()
	_, ppid := r.spawn.parent()
	r.rec.Add(trace.Kernel, p.id, trace.Start{PID: p.pid, TID: p.tid, PPID: ppid, Parent: h.id, Role: p.spec.Role, Node: p.spec.Node})
	p.look = newLooker(p.pid, p.tid)
	r.order = append(r.order, p)
	r.mu.Unlock()
	p.pipes.Add(1)
	go p.hear(mine[0], r.info.Name+"/"+p.spec.Role)
	if h.hasExited() { // before it was in the order
		p.endedWith(h.exit)
	}
	return nil
}

// start asks a host for a thread.
func (h *host) start(req demo.ThreadRequest, files []*os.File) (demo.ThreadNotice, error) {
	h.ask.Lock()
	defer h.ask.Unlock()
	if err := h.send(req, files); err != nil {
		return demo.ThreadNotice{}, fmt.Errorf("%s: %w: %w", h.id, errHost, err)
	}
	select {
	case n := <-h.replies:
		if n.Error != "" {
			return n, errors.New(n.Error)
		}
		return n, nil
	case <-h.silent:
		return demo.ThreadNotice{}, fmt.Errorf("%s: %w", h.id, errHost)
	case <-h.r.ctx.Done():
		return demo.ThreadNotice{}, h.r.ctx.Err()
	}
}

// stopped takes the word of wait that the thread's process was stopped or goes
// on: what that did to the thread is looked at.
func (p *proc) stopped() {
	p.mu.Lock()
	p.held = false
	p.mu.Unlock()
	p.sample("waited")
}

// returned takes the end of a thread by its own return.
func (p *proc) returned(n demo.ThreadNotice) {
	p.finish(trace.Worker, trace.Exit{PID: p.pid, TID: p.tid, Code: n.Code}, n.CPU)
}

// endedWith takes the end of a thread with its whole process.
func (p *proc) endedWith(x trace.Exit) {
	x.TID = p.tid
	p.finish(trace.Kernel, x, -1)
}

// finish takes the end of a thread, which the kernel forgets at once. A cpu below
// zero is not known better than from the last look.
func (p *proc) finish(by trace.Source, x trace.Exit, cpu time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.isGone {
		return
	}
	if cpu < 0 {
		cpu = p.look.last
	}
	p.exit, p.isGone = x, true
	p.reaped = trace.Reaped{PID: p.pid, User: cpu}
	p.r.rec.Add(by, p.id, x)
	p.r.rec.Add(by, p.id, p.reaped)
	p.look.close()
	p.ctl.Close()
	close(p.exited)
	close(p.gone)
}

// explain says, before a signal is sent, what is surprising about it: whom it will
// reach, of a thread, and that it will change nothing, of a zombie.
func (r *run) explain(sig demo.Signal, p *proc) {
	if p.host == nil {
		if p.State() == trace.Zombie && keepsZombies {
			r.Say("SIG%s goes to %s, which has ended: it is a zombie (Z), takes every signal, and none changes anything.", sig, p.id)
		}
		return
	}
	var all []string
	r.each(p.host.proc, func(t *proc) { all = append(all, string(t.id)) })
	what := map[demo.Signal]string{demo.SigKill: "ends", demo.SigTerm: "ends", demo.SigStop: "stops", demo.SigCont: "continues"}[sig]
	r.Say("SIG%s is for a process, not for one of its threads: it %s %s (pid %d) with all of %s.", sig, what, p.host.id, p.pid, strings.Join(all, ", "))
}
