package stage

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"edu/procession/demos/demo"
	"edu/procession/demos/safe"
	"edu/procession/demos/stage/warden"
	"edu/procession/demos/trace"
)

// A worker may start processes of its own (demo.Worker.StartChild). It says so, and
// the stage looks in the kernel's tables before it believes it: they are guests.
// When a process ends, its children get another parent, and that is told as well.

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
	ppid := parentOf(st.PID)
	if ppid == 0 {
		ppid = st.PPID // it is gone already, or this system does not tell
	}
	r.mu.Lock()
	known, taken := r.whoIs(ppid) != "", r.whoIs(st.PID) != ""
	r.mu.Unlock()
	if _, top := r.spawn.parent(); taken || !known && ppid != top {
		return fmt.Errorf("process %d is not its child", st.PID)
	}
	_, err := r.adopt(demo.Guest{PID: st.PID, Name: who, Role: st.Role}, p, ppid)
	return err
}

// kinOf finds one that this worker has told of.
func (p *proc) kinOf(pid int) *proc {
	for _, c := range slices.Backward(p.r.all()) {
		if c.guest != nil && c.guest.of == p && c.pid == pid {
			return c
		}
	}
	return nil
}

func (p *proc) waitedFor() bool {
	select {
	case <-p.gone:
		return true
	default:
		return false
	}
}

// waited takes a worker's word that it waited for one, and how that had ended. One
// that it does not call by its name, it has inherited.
func (p *proc) waited(who trace.ID, x trace.Exit) error {
	c := p.kinOf(x.PID)
	if c == nil {
		return fmt.Errorf("it has no child %d", x.PID)
	}
	w := word{by: trace.Worker, exit: trace.Exit{Code: x.Code, Signal: safe.Line(x.Signal, 20)}}
	if who == "" {
		w.parent, w.ppid = p.id, p.pid
	}
	c.tell(w)
	return nil
}

// orphaned takes the warden's word that it waited for one, whose parent it had
// become.
func (r *run) orphaned(n warden.Notice) {
	for _, p := range r.all() {
		if p.guest == nil || p.pid != n.PID || p.tid != 0 || p.waitedFor() {
			continue
		}
		w := word{by: trace.Kernel, exit: trace.Exit{Code: n.Code, Signal: signalName(n.Signal)}}
		if w.exit.Signal != "" {
			w.exit.Code = -1
		}
		w.parent, w.ppid = r.spawn.parent()
		p.tell(w)
	}
}

func (p *proc) tell(w word) {
	select {
	case p.guest.word <- w:
	default: // one is enough
	}
}

// hearWord waits a little for the word of whoever has waited for a guest.
func (p *proc) hearWord() (word, bool) {
	select {
	case w := <-p.guest.word:
		return w, true
	case <-time.After(500 * time.Millisecond):
	case <-p.r.done:
	}
	return word{}, false
}

// moved notes whose child a guest is now. p.mu is held.
func (p *proc) moved(ppid int) {
	if p.guest == nil || p.tid != 0 || ppid == 0 || ppid == p.guest.ppid {
		return
	}
	p.r.mu.Lock()
	id := p.r.whoIs(ppid)
	p.r.mu.Unlock()
	p.inherited(trace.Kernel, ppid, id)
}

// inherited notes another parent. What a guest said last came through the one it
// had, and is out of date from now on. p.mu is held.
func (p *proc) inherited(by trace.Source, ppid int, parent trace.ID) {
	if ppid == p.guest.ppid {
		return
	}
	p.guest.ppid = ppid
	p.r.rec.Add(by, p.id, trace.Parent{PID: p.pid, PPID: ppid, Parent: parent})
	if p.exit.PID == 0 && p.guest.of.spec.Program == nil {
		p.r.rec.Add(trace.Stage, p.id, trace.Block{})
	}
}

// Parent implements demo.Proc.
func (p *proc) Parent() (pid int, name trace.ID) {
	if p.guest == nil {
		name, pid = p.r.spawn.parent()
		return pid, name
	}
	p.mu.Lock()
	pid = p.guest.ppid
	p.mu.Unlock()
	p.r.mu.Lock()
	defer p.r.mu.Unlock()
	return pid, p.r.whoIs(pid)
}

// Proc implements demo.Stage.
func (r *run) Proc(id trace.ID) (demo.Proc, bool) {
	p := r.proc(id)
	return p, p != nil && p.pid != 0
}

// waitedFor gives the guests, whom the warden has ended and waited for, the time to
// be told of.
func (r *run) waitedFor(guests []*proc) {
	enough := time.After(time.Second)
	for _, p := range guests {
		if p.guest == nil || p.tid != 0 {
			continue
		}
		select {
		case <-p.gone:
		case <-enough:
			return
		}
	}
}
