package stage

import (
	"bufio"
	"errors"
	"fmt"
	"syscall"
	"time"

	"edu/procession/demos/demo"
	"edu/procession/demos/safe"
	"edu/procession/demos/trace"
)

// Guests are processes that a program of the run started: not children of the
// warden, so no wait tells of them. Where the kernel has pidfds, one tells of the
// end as it happens and takes signals for this very process; how it came is read
// from the kernel as well. Elsewhere the stage looks, and says less.

// guest is the stage's hold on one.
type guest struct {
	of   *proc // the program or worker that it came of
	hold handle
	sent func(demo.Signal) error
	ppid int       // as the kernel told last
	word chan word // of whoever has waited for it

	leaves bool // Guest.Leaves
}

// word is what somebody who waited for a guest tells of its end.
type word struct {
	by     trace.Source
	parent trace.ID // who waited, "" where the kernel's table has told
	ppid   int
	exit   trace.Exit
}

func (g *guest) signal(sig demo.Signal) error {
	if g.sent != nil {
		return g.sent(sig)
	}
	return g.hold.signal(sig)
}

// Adopt implements demo.Stage.
func (r *run) Adopt(g demo.Guest) (demo.Proc, error) {
	if err := r.ctx.Err(); err != nil {
		return nil, err
	}
	of := r.programOf(g.PID)
	if of == nil {
		return nil, fmt.Errorf("process %d is none of this run", g.PID)
	}
	return r.adopt(g, of, 0)
}

// adopt puts a guest on stage; ppid is whose child it is by its parent's word, which
// counts where the kernel tells nothing.
func (r *run) adopt(g demo.Guest, of *proc, ppid int) (demo.Proc, error) {
	p := r.newProc(demo.Spec{Name: trace.ID(safe.Line(string(g.Name), 40)), Role: safe.Line(g.Role, 40), Unreaped: true, Node: of.spec.Node})
	p.guest = &guest{of: of, leaves: g.Leaves, word: make(chan word, 1)}
	p.events = of.events
	p.pid, p.tid = g.PID, g.TID
	close(p.heard) // what it has to say comes by its program's line
	if g.TID == 0 {
		var err error
		if p.guest.hold, err = newHandle(g.PID); errors.Is(err, syscall.ESRCH) && of.spec.Program != nil {
			return p, r.passed(p)
		} else if err != nil {
			return nil, err
		}
	} else {
		p.guest.sent = func(sig demo.Signal) error { return r.signalOf(g.PID, sig) }
	}
	if err := r.name(p); err != nil {
		p.guest.hold.close()
		return nil, err
	}
	r.mu.Lock()
	if now := parentOf(g.PID); now != 0 {
		ppid = now
	}
	p.guest.ppid = ppid
	parent := r.whoIs(ppid)
	if g.TID != 0 {
		parent = r.whoIs(g.PID)
	}
	r.rec.Add(trace.Kernel, p.id, trace.Start{PID: g.PID, TID: g.TID, PPID: ppid, Parent: parent, Role: p.spec.Role, Node: p.spec.Node})
	p.look = newLooker(g.PID, g.TID)
	r.order = append(r.order, p)
	r.mu.Unlock()
	r.lease.add(g.PID)
	if g.TID == 0 {
		go p.outlive()
	}
	p.sample("sampled")
	return p, nil
}

// passed takes a program's word for a guest that has come and gone already: how it
// ended, nobody told.
func (r *run) passed(p *proc) error {
	if err := r.name(p); err != nil {
		return err
	}
	p.exit, p.reaped, p.isGone = trace.Exit{PID: p.pid, Code: -1, Untold: true}, trace.Reaped{PID: p.pid}, true
	r.rec.Add(trace.Worker, p.id, trace.Start{PID: p.pid, Role: p.spec.Role, Node: p.spec.Node})
	r.rec.Add(trace.Kernel, p.id, p.exit)
	r.rec.Add(trace.Kernel, p.id, p.reaped)
	close(p.exited)
	close(p.gone)
	return nil
}

// programOf is the program that a process came of, or the worker whose process it
// is, nil for none.
func (r *run) programOf(pid int) *proc {
	r.mu.Lock()
	defer r.mu.Unlock()
	var only *proc
	for _, p := range r.order {
		if p.pid == pid && p.guest == nil {
			return p
		}
		if p.spec.Program != nil {
			only = p
		}
	}
	for at, hops := pid, 0; at > 1 && hops < 100; at, hops = parentOf(at), hops+1 {
		if p := r.pids[at]; p != nil && p.spec.Program != nil {
			return p
		}
		if r.warden != nil && at == r.warden.pid {
			return only // an orphan: its program, or whoever was in between, has ended
		}
	}
	if parentOf(pid) == 0 {
		return only // it has gone
	}
	return nil
}

// whoIs names a process on stage by its pid, "" for none. r.mu is held.
func (r *run) whoIs(pid int) trace.ID {
	for _, p := range r.order {
		if p.pid == pid && p.tid == 0 && !p.hasExited() {
			return p.id
		}
	}
	if r.warden != nil && r.warden.pid == pid {
		return r.warden.id
	}
	return ""
}

func (r *run) signalOf(pid int, sig demo.Signal) error {
	for _, p := range r.all() {
		if p.pid == pid && p.tid == 0 && !p.hasExited() {
			return p.Signal(sig)
		}
	}
	return fmt.Errorf("process %d has ended", pid)
}

// outlive waits for the end of a guest, and for its parent to have waited for it.
func (p *proc) outlive() {
	defer p.guest.hold.close()
	x, told := p.guest.hold.wait(p.r.done)
	if !told {
		return
	}
	p.mu.Lock()
	if p.exit.PID != 0 { // lost, with its warden
		p.mu.Unlock()
		return
	}
	p.observed(trace.Zombie, "", "waited")
	by := trace.Kernel
	x.Code, x.Signal, told = p.guest.hold.how(p.look.exitCode)
	p.mu.Unlock()
	w, waited := word{}, false
	if !told { // it was waited for already
		if w, waited = p.hearWord(); waited {
			by, x = w.by, w.exit
		} else {
			x.Code, x.Untold = -1, true
		}
	}
	p.mu.Lock()
	if p.exit.PID != 0 {
		p.mu.Unlock()
		return
	}
	x.PID = p.pid
	p.exit = x
	p.r.rec.Add(by, p.id, p.exit)
	p.mu.Unlock()
	close(p.exited)
	p.r.gates.wake()

	for wait := time.Millisecond; p.look.there(); wait = min(2*wait, 50*time.Millisecond) {
		select {
		case <-time.After(wait):
		case <-p.r.done:
			return
		}
	}
	if !waited && p.guest.of.spec.Program == nil { // a program's processes give none
		w, waited = p.hearWord()
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if waited && w.parent != "" {
		p.inherited(w.by, w.ppid, w.parent)
	}
	p.isGone = true
	p.reaped = trace.Reaped{PID: p.pid, User: p.look.last}
	p.r.rec.Add(trace.Kernel, p.id, p.reaped)
	p.look.close()
	p.r.lease.remove(p.pid)
	close(p.gone)
}

// Reported implements demo.Stage.
func (r *run) Reported(who trace.ID, d trace.Data) bool {
	d, ok := clean(d)
	if ok {
		r.rec.Add(trace.Worker, who, d)
	}
	return ok
}

// Held implements demo.Stage.
func (r *run) Held(who trace.ID, next string, release func()) {
	p := r.proc(who)
	if p == nil || !r.gates.on {
		release()
		return
	}
	next = safe.Line(next, 80)
	r.rec.Add(trace.Worker, who, trace.StepWait{Text: next})
	p.mu.Lock()
	p.release = release
	p.mu.Unlock()
	p.holds(next)
}

// Returned implements demo.Stage.
func (r *run) Returned(who trace.ID) {
	if p := r.proc(who); p != nil && p.guest != nil && p.tid != 0 {
		p.finish(trace.Worker, trace.Exit{PID: p.pid, TID: p.tid}, -1)
	}
}

// vanished takes the end of a thread that said nothing of it: its process ended.
func (p *proc) vanished() {
	x := trace.Exit{PID: p.pid, TID: p.tid}
	for _, q := range p.r.all() {
		if q.pid == p.pid && q.tid == 0 && q.hasExited() {
			x.Code, x.Signal = q.exit.Code, q.exit.Signal
		}
	}
	p.finish(trace.Kernel, x, -1)
}

// A program may say so much at once, and so much a second from then on; then it
// waits, and nothing is lost.
const programBurst, programRate = 200_000, 20_000

// gather is how long lines of a program may lie: to wake up for each of them would
// take from the program what the stage is to show.
const gather = 2 * time.Millisecond

// hearProgram hands over the lines of a program until their end.
func (p *proc) hearProgram(in *bufio.Reader) {
	b := newBucket(programBurst, programRate)
	for {
		if in.Buffered() == 0 && !p.r.gates.on {
			time.Sleep(gather)
		}
		line, err := in.ReadSlice('\n')
		if err == bufio.ErrBufferFull {
			continue // of no bridge of ours
		}
		if err != nil {
			return
		}
		for !b.take() {
			time.Sleep(time.Millisecond)
		}
		p.spec.Program.Line(line)
	}
}
