package stage

import (
	"errors"
	"fmt"
	"os"
	"runtime"

	"edu/procession/demos/demo"
	"edu/procession/demos/safe"
	"edu/procession/demos/stage/warden"
	"edu/procession/demos/trace"
)

// A worker may start processes of its own (demo.Worker.StartChild). It says so, and
// the stage looks in the kernel's tables before it believes it. Such kin are
// sampled and signalled as workers are, but nobody except their parent can wait
// for them. So how one ended is known from whatever comes first: a sample that
// finds the zombie, whose status the kernel keeps and shows; the wait of the
// warden, once it has inherited it; or the word of the worker that waited.

// kin is what there is to know of a process that a worker started by itself.
type kin struct {
	os     *os.Process // on Linux a pidfd: this process, and no other that gets its pid
	by     *proc       // the worker that told of it
	ppid   int
	missed int // looks in a row that found nobody
}

// patienceForWord is how many looks may find nobody before the stage gives up
// hearing how it ended from whoever waited for it.
const patienceForWord = 3

// ofKin takes what a worker tells of processes that it started; handled says that
// it was that.
func (p *proc) ofKin(who trace.ID, d trace.Data) (handled bool, err error) {
	switch d := d.(type) {
	case trace.Start:
		return true, p.bears(who, d)
	case trace.Ready:
		c := p.kinOf(d.PID)
		if c == nil {
			return true, fmt.Errorf("it has no child %d", d.PID)
		}
		p.r.rec.Add(trace.Worker, c.id, trace.Ready{PID: d.PID, Took: max(d.Took, 0)})
		return true, nil
	case trace.Exit:
		return true, p.waited(who, d)
	}
	return false, nil
}

// bears takes a worker's word that it started a process.
func (p *proc) bears(who trace.ID, st trace.Start) error {
	r := p.r
	if who == "" || who == p.id || st.PID <= 1 || r.gates.on {
		return errors.New("no process that a worker could have started")
	}
	h, err := os.FindProcess(st.PID)
	if err != nil {
		return err
	}
	c := r.newProc(demo.Spec{Name: who, Role: safe.Line(st.Role, 40), Unreaped: true})
	c.pid, c.kin = st.PID, &kin{os: h, by: p, ppid: ppidOf(st.PID)} // looked at after h: h is who has this parent
	src := trace.Kernel
	if c.kin.ppid == 0 { // it is gone already
		src, c.kin.ppid = trace.Worker, st.PPID
	}
	parent, ok := r.whoIs(c.kin.ppid)
	if !ok {
		return fmt.Errorf("process %d is not its child", st.PID)
	}
	if err := r.name(c); err != nil {
		return err
	}
	r.mu.Lock()
	r.rec.Add(src, c.id, trace.Start{PID: c.pid, PPID: c.kin.ppid, Parent: parent, Role: c.spec.Role, Node: p.spec.Node})
	c.look = newLooker(c.pid, 0)
	r.pids[c.pid] = c
	delete(r.early, c.pid)
	r.order = append(r.order, c)
	r.mu.Unlock()
	r.lease.add(c.pid)
	return nil
}

// whoIs names a process of the run. The program itself, where it is the parent of
// the workers, has no name.
func (r *run) whoIs(pid int) (trace.ID, bool) {
	if id, parent := r.spawn.parent(); pid == parent {
		return id, true
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if p := r.pids[pid]; p != nil {
		select {
		case <-p.gone:
		default:
			return p.id, true
		}
	}
	return "", false
}

// kinOf finds one that this worker has told of.
func (p *proc) kinOf(pid int) *proc {
	p.r.mu.Lock()
	defer p.r.mu.Unlock()
	if c := p.r.pids[pid]; c != nil && c.kin != nil && c.kin.by == p {
		return c
	}
	return nil
}

// waited takes a worker's word that it waited for one, and how that had ended. One
// whom it does not call by its name, it has inherited.
func (p *proc) waited(who trace.ID, x trace.Exit) error {
	c := p.kinOf(x.PID)
	if c == nil {
		return fmt.Errorf("it has no child %d", x.PID)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.isGone {
		return nil
	}
	got, there := c.look.look(c.state)
	if there && got.state != trace.Zombie {
		return fmt.Errorf("process %d has not ended", x.PID)
	}
	if who == "" && c.kin.ppid != p.pid {
		c.moved(trace.Worker, p.pid, p.id)
	}
	c.over(trace.Worker, trace.Exit{PID: c.pid, Code: x.Code, Signal: safe.Line(x.Signal, 20)})
	if !there {
		c.vanished(trace.Reaped{User: c.look.last})
	}
	return nil
}

// inherited takes the warden's word that it waited for one, whose parent it had
// become.
func (p *proc) inherited(n warden.Notice) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.kin == nil || p.isGone {
		return
	}
	if id, pid := p.r.spawn.parent(); p.kin.ppid != pid {
		p.moved(trace.Kernel, pid, id)
	}
	x := trace.Exit{PID: p.pid, Code: n.Code, Signal: signalName(n.Signal)}
	if x.Signal != "" {
		x.Code = -1
	}
	p.over(trace.Kernel, x)
	p.vanished(trace.Reaped{User: n.User, System: n.System, MaxRSS: n.MaxRSS})
}

// sampleKin is a look at one that is no child of the warden.
func (p *proc) sampleKin() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.isGone {
		return
	}
	got, ok := p.look.look(p.state)
	if !ok {
		if p.kin.missed++; p.kin.missed >= patienceForWord || p.exit.PID != 0 {
			p.over(trace.Stage, trace.Exit{PID: p.pid, Code: -1, Untold: true})
			p.vanished(trace.Reaped{User: p.look.last})
		}
		return
	}
	p.kin.missed = 0
	if got.ppid != p.kin.ppid && got.ppid != 0 {
		id, _ := p.r.whoIs(got.ppid)
		p.moved(trace.Kernel, got.ppid, id)
	}
	if p.exit.PID != 0 || got.state == trace.Zombie && got.exit == nil && runtime.GOOS == "linux" {
		return // a zombie still, or one in the making
	}
	p.observed(got.state, got.on, "sampled")
	if got.state == trace.Zombie {
		if got.exit == nil {
			got.exit = &trace.Exit{PID: p.pid, Code: -1, Untold: true}
		}
		p.over(trace.Kernel, *got.exit)
		return
	}
	p.usage(got)
}

// Parent implements demo.Proc.
func (p *proc) Parent() (pid int, name trace.ID) {
	if p.kin == nil {
		name, pid = p.r.spawn.parent()
		return pid, name
	}
	p.mu.Lock()
	pid = p.kin.ppid
	p.mu.Unlock()
	name, _ = p.r.whoIs(pid)
	return pid, name
}

// moved notes another parent. What it said last came through the one it had, and
// is out of date from now on.
func (p *proc) moved(src trace.Source, ppid int, parent trace.ID) {
	p.kin.ppid = ppid
	p.r.rec.Add(src, p.id, trace.Parent{PID: p.pid, PPID: ppid, Parent: parent})
	if p.exit.PID == 0 {
		p.r.rec.Add(trace.Stage, p.id, trace.Block{})
	}
}

// over notes how it ended, unless that is known.
func (p *proc) over(src trace.Source, x trace.Exit) {
	if p.exit.PID != 0 {
		return
	}
	p.exit = x
	p.r.rec.Add(src, p.id, x)
	close(p.exited)
}

// vanished notes that the kernel has forgotten it, so that somebody has waited.
func (p *proc) vanished(x trace.Reaped) {
	x.PID = p.pid
	p.isGone, p.reaped = true, x
	p.r.rec.Add(trace.Kernel, p.id, x)
	p.look.close()
	p.r.lease.remove(p.pid)
	close(p.gone)
}

// cleared notes the end of one that ended with the whole run.
func (p *proc) cleared() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.isGone {
		p.over(trace.Stage, trace.Exit{PID: p.pid, Code: -1, Untold: true})
		p.vanished(trace.Reaped{User: p.look.last})
	}
}

// notOurs says why the stage cannot do a parent's part.
func (p *proc) notOurs() error {
	return fmt.Errorf("%s is a child of process %d: only its parent can wait for it or write to it", p.id, p.kin.ppid)
}

// signalKin sends to this process or, when it has been waited for, to nobody.
func (p *proc) signalKin(sig demo.Signal) error {
	switch err := sendTo(p.kin.os, sig); {
	case errors.Is(err, os.ErrProcessDone):
		return fmt.Errorf("%s has ended and was waited for: there is nothing to signal", p.id)
	case err != nil:
		return fmt.Errorf("%s to %s: %w", sig, p.id, err)
	}
	return nil
}

// Proc implements demo.Stage.
func (r *run) Proc(id trace.ID) (demo.Proc, bool) {
	p := r.proc(id)
	return p, p != nil && p.pid != 0
}
