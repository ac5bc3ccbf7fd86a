package lease

import (
	"context"
	"fmt"
	"net"
	"sync"
	"time"

	"edu/procession/demos/cluster"
	"edu/procession/demos/demo"
	"edu/procession/demos/internal/wire"
	"edu/procession/demos/trace"
)

// serve announces a server and answers in the background. The role's own
// goroutine is for orders.
func serve(w *demo.Worker, answer func(msg) (msg, bool)) error {
	l, err := net.Listen("tcp", w.Arg("host")+":0")
	if err != nil {
		return err
	}
	go wire.Serve(l, answer)
	cluster.Announce(w, l.Addr().String(), string(w.Name()))
	return nil
}

// desk is the locker from the inside.
type desk struct {
	w     *demo.Worker
	lease time.Duration

	mu     sync.Mutex
	token  uint64 // of the last loan
	holder trace.ID
	freed  chan struct{} // closed when there is no holder
}

// lend is the role of the locker.
func lend(_ context.Context, w *demo.Worker) error {
	d := &desk{w: w, lease: w.DurationArg("lease"), freed: make(chan struct{})}
	close(d.freed)
	d.believe("nobody's")
	if err := serve(w, d.answer); err != nil {
		return err
	}
	for {
		if _, err := w.Recv(); err != nil {
			return nil
		}
	}
}

func (d *desk) believe(format string, args ...any) {
	d.w.Report(trace.Belief{About: lock, Is: fmt.Sprintf(format, args...)})
}

func (d *desk) answer(m msg) (msg, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	switch m.Op {
	case await:
		d.w.ReportOf(m.From, trace.Lock{Is: trace.KindWant, Lock: lock})
		freed := d.freed
		d.mu.Unlock()
		<-freed
		d.mu.Lock()
		return msg{Op: free}, true
	case acquire:
		if d.holder != "" {
			return msg{Op: busy}, true
		}
		d.token++
		d.holder, d.freed = m.From, make(chan struct{})
		token := d.token
		time.AfterFunc(d.lease, func() { d.expire(token) })
		d.w.ReportOf(m.From, trace.Lock{Is: trace.KindHold, Lock: lock})
		d.believe("%s's since %s, token %d", m.From, seconds(d.w.Now()), token)
		tell(d.w, fact{Is: granted, By: m.From, Token: token})
		return msg{Op: granted, Token: token, Lease: d.lease}, true
	case release:
		if d.holder != m.From || d.token != m.Token {
			return msg{Op: notYours}, true
		}
		d.end(released)
		d.believe("nobody's: %s gave it back", m.From)
		return msg{Op: released}, true
	}
	return msg{}, false
}

// expire takes the lock back from whoever has it with this token.
func (d *desk) expire(token uint64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.holder != "" && d.token == token {
		was := d.holder
		d.end(expired)
		d.believe("nobody's: %s's lease ran out at %s", was, seconds(d.w.Now()))
	}
}

func (d *desk) end(how string) {
	d.w.ReportOf(d.holder, trace.Lock{Is: trace.KindFree, Lock: lock})
	tell(d.w, fact{Is: how, By: d.holder, Token: d.token})
	d.holder = ""
	close(d.freed)
}

// shelf is the store from the inside.
type shelf struct {
	w *demo.Worker

	mu      sync.Mutex
	fencing bool
	high    uint64 // the highest token that it has seen
	n       int    // the counter
}

// keep is the role of the store. Its orders are "true" and "false": fencing.
func keep(_ context.Context, w *demo.Worker) error {
	s := &shelf{w: w, fencing: w.Arg("fencing") == "true"}
	s.believe()
	w.Write(counter, 0)
	if err := serve(w, s.answer); err != nil {
		return err
	}
	for {
		order, err := w.Recv()
		if err != nil {
			return nil
		}
		s.mu.Lock()
		s.fencing = order == "true"
		s.believe()
		s.mu.Unlock()
	}
}

func (s *shelf) believe() {
	is := "whoever writes may: I do not look at tokens"
	if s.fencing {
		is = fmt.Sprintf("whoever has token %d or a higher one may write", s.high)
	}
	s.w.Report(trace.Belief{About: lock, Is: is})
}

func (s *shelf) answer(m msg) (msg, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	stale := m.Token < s.high
	if s.fencing && stale { // this line is the fence
		if m.Op == write {
			tell(s.w, fact{Is: refused, By: m.From, Token: m.Token, Stale: true})
		}
		return msg{Op: refused, N: int(s.high)}, true
	}
	if m.Token > s.high {
		s.high = m.Token
		if s.fencing {
			s.believe()
		}
	}
	switch m.Op {
	case read:
		return msg{Op: value, N: s.n}, true
	case write:
		s.n = m.N
		s.w.Write(counter, fmt.Sprintf("%d, by %s with token %d", s.n, m.From, m.Token))
		tell(s.w, fact{Is: written, By: m.From, Token: m.Token, N: s.n, Stale: stale})
		return msg{Op: written, N: s.n}, true
	}
	return msg{}, false
}

// adder is A or B from the inside.
type adder struct {
	w             *demo.Worker
	locker, store string // doors
	work, pause   time.Duration
}

// patience is how long a client waits for a reply before it gives a job up.
const patience = 30 * time.Second

// add is the role of A and B: each order is a job.
func add(_ context.Context, w *demo.Worker) error {
	a := &adder{w, w.Arg("locker"), w.Arg("store"), w.DurationArg("work"), w.DurationArg("pause")}
	for {
		w.Block("a job")
		if _, err := w.Recv(); err != nil {
			return nil
		}
		if err := a.job(); err != nil {
			a.believe("")
			w.Logf("gives this job up: %v", err)
		}
		w.Block("a pause")
		w.Sleep(a.pause)
		tell(w, fact{Is: idle, By: w.Name()})
	}
}

func (a *adder) believe(format string, args ...any) {
	a.w.Report(trace.Belief{About: lock, Is: fmt.Sprintf(format, args...)})
}

func (a *adder) call(door string, m msg) (msg, error) {
	m.From = a.w.Name()
	return wire.Call(door, m, patience)
}

// job adds one to the counter. The error is a reply that did not come.
func (a *adder) job() error {
	var got msg
	var asked time.Duration
	for {
		asked = a.w.Now() // the lease began after this: we are not the one who is late
		var err error
		a.w.Block("the lock")
		if got, err = a.call(a.locker, msg{Op: acquire}); err != nil {
			return err
		}
		if got.Op == granted {
			break
		}
		if _, err = a.call(a.locker, msg{Op: await}); err != nil {
			return err
		}
	}
	token := got.Token
	a.believe("mine until %s, token %d", seconds(asked+got.Lease), token)
	a.w.Block("the store")
	got, err := a.call(a.store, msg{Op: read, Token: token})
	if err != nil {
		return err
	}
	if got.Op == value {
		tell(a.w, fact{Is: working, By: a.w.Name(), Token: token})
		a.w.Block(fmt.Sprintf("works: %d + 1", got.N))
		a.w.Sleep(a.work)
		a.w.Block("the store")
		if got, err = a.call(a.store, msg{Op: write, Token: token, N: got.N + 1}); err != nil {
			return err
		}
	}
	if got.Op == refused {
		a.believe("no longer mine: the store has seen token %d", got.N)
		a.w.Logf("is told by the store that its lease is over: token %d, and %d has been there", token, got.N)
		tell(a.w, fact{Is: learnt, By: a.w.Name(), Token: token})
		return nil
	}
	if got, err = a.call(a.locker, msg{Op: release, Token: token}); err != nil {
		return err
	}
	if got.Op == notYours {
		a.believe("no longer mine: so says the locker, and I have written")
		a.w.Logf("learns from the locker that its lease is over, after it has written with token %d", token)
		tell(a.w, fact{Is: learnt, By: a.w.Name(), Token: token})
		return nil
	}
	a.believe("not mine: I gave it back")
	return nil
}
