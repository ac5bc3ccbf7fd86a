package barrier

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"time"
	"unsafe"

	"edu/procession/demos/demo"
	"edu/procession/demos/internal/share"
	"edu/procession/demos/trace"
)

const (
	thePermit = trace.ID("permit")
	theGate   = trace.ID("gate")
	theSecond = trace.ID("second gate")
	theLock   = trace.ID("lock")
	work      = 150 * time.Millisecond // at most, of a part, where they run freely
)

func partsOf(who trace.ID) trace.ID  { return "parts of " + who }
func passedOf(who trace.ID) trace.ID { return "barriers of " + who }

// worker is a worker, in both modes.
func worker(_ context.Context, w *demo.Worker) error {
	b, err := share.Map(w.File(memoryFile), pageSize)
	if err != nil {
		return err
	}
	sem := func(i int) share.Semaphore { return share.Semaphore{R: w.File(i), W: w.File(i + 1)} }
	m := &member{
		w: w, p: (*page)(unsafe.Pointer(&b[0])), permits: sem(permitFile), lock: sem(lockFile),
		gates: [2]gate{{theGate, sem(gateFile)}, {theSecond, sem(secondFile)}},
		me:    w.IntArg("index"), all: w.IntArg("workers"), scarce: w.IntArg("permits") < w.IntArg("workers"),
		rnd: rand.New(rand.NewPCG(w.Seed(), 1)),
	}
	if !w.Stepping() {
		if _, err := w.Recv(); err != nil { // all begin together
			return nil
		}
	}
	for m.parts(); w.Again(); m.parts() {
	}
	return nil
}

type gate struct {
	name trace.ID
	sem  share.Semaphore
}

type member struct {
	w             *demo.Worker
	p             *page
	permits, lock share.Semaphore
	gates         [2]gate
	me, all       int
	scarce        bool // there are fewer permits than workers
	rnd           *rand.Rand
}

// parts is the work.
func (m *member) parts() {
	for n := 1; n <= m.w.IntArg("rounds"); n++ {
		m.part(n)
		m.meet(n)
		for i := range m.all {
			if atomic.LoadInt64(&m.p.done[i]) < int64(n) {
				atomic.AddInt64(&m.p.laps, 1)
				break
			}
		}
		m.w.Write(passedOf(m.w.Name()), n)
	}
}

// part does a part of the work, with a permit where there are not enough for all.
func (m *member) part(n int) {
	w := m.w
	if m.scarce {
		w.Step("take a permit")
		w.Want(thePermit)
		m.permits.Take()
		w.Hold(thePermit)
		now := atomic.AddInt32(&m.p.inside, 1)
		for was := atomic.LoadInt32(&m.p.peak); now > was && !atomic.CompareAndSwapInt32(&m.p.peak, was, now); {
			was = atomic.LoadInt32(&m.p.peak)
		}
	}
	text := fmt.Sprintf("work on part %d", n)
	if m.scarce {
		text += ", and give the permit back"
	}
	w.Step(text)
	if !w.Stepping() {
		w.Sleep(time.Duration(m.rnd.Int64N(int64(w.Pace().Scale(work)))))
	}
	atomic.AddInt64(&m.p.done[m.me], 1)
	w.Write(partsOf(w.Name()), n)
	if m.scarce {
		atomic.AddInt32(&m.p.inside, -1)
		w.Free(thePermit)
		m.permits.Give(1)
	}
}

// meet is the n-th barrier.
func (m *member) meet(n int) {
	g := m.gates[0]
	switch m.w.Arg("barrier") {
	case once:
		m.come(g, &m.p.came, m.all)
		m.pass(g)
	case turnstile:
		m.come(g, &m.p.came, 1)
		m.pass(g)
		g.sem.Give(1)
	case locked:
		m.w.Step("take the lock, and come to the gate")
		m.w.Want(theLock)
		m.lock.Take()
		m.w.Hold(theLock)
		m.count(g, &m.p.came, m.all)
		m.pass(g)
		m.w.Free(theLock)
		m.lock.Give(1)
	case sense:
		g = m.gates[n%2]
		m.come(g, &m.p.came, m.all)
		m.pass(g)
	case twoPhase:
		m.come(g, &m.p.came, m.all)
		m.pass(g)
		g = m.gates[1]
		m.w.Step("come to the second gate, and pass it when all have")
		m.count(g, &m.p.went, m.all)
		m.take(g)
	}
}

// come counts one more at a gate. Who is the last puts tokens into it.
func (m *member) come(g gate, counter *int32, tokens int) {
	m.w.Step(fmt.Sprintf("come to the %s; who is last puts in %s", g.name, demo.Plural(tokens, "token")))
	m.count(g, counter, tokens)
}

func (m *member) count(g gate, counter *int32, tokens int) {
	n := atomic.AddInt32(counter, 1)
	m.w.Write("come to the "+g.name, int(n)%m.all)
	if int(n) == m.all {
		atomic.StoreInt32(counter, 0)
		g.sem.Give(tokens)
	}
}

// pass takes a token of a gate.
func (m *member) pass(g gate) {
	m.w.Step(fmt.Sprintf("pass the %s: take a token", g.name))
	m.take(g)
}

func (m *member) take(g gate) {
	m.w.Want(g.name)
	t := time.Now()
	g.sem.Take()
	atomic.AddInt64(&m.p.waited, int64(time.Since(t)))
	atomic.AddInt64(&m.p.waits, 1)
	m.w.Hold(g.name)
	m.w.Free(g.name)
}
