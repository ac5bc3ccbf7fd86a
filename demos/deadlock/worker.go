package deadlock

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"edu/procession/demos/demo"
	"edu/procession/demos/internal/share"
	"edu/procession/demos/trace"
)

const (
	apart   = 20 * time.Millisecond  // at most, between two transfers of a worker
	between = 200 * time.Microsecond // with one lock in hand and the other to come
)

const theGate = trace.ID("gate")

func lockName(i int) trace.ID { return trace.ID(fmt.Sprintf("lock-%d", i+1)) }

// mover is a worker, in both modes.
func mover(_ context.Context, w *demo.Worker) error {
	m := &moving{w: w, locks: []int{w.IntArg("first"), w.IntArg("second")}}
	if w.Stepping() {
		for m.transfer(); w.Again(); m.transfer() {
		}
		return nil
	}
	if _, err := w.Recv(); err != nil { // all begin together
		return nil
	}
	rnd := rand.New(rand.NewPCG(w.Seed(), 1))
	for range w.IntArg("transfers") {
		w.Sleep(time.Duration(rnd.Int64N(int64(w.Pace().Scale(apart)))))
		m.transfer()
	}
	return nil
}

type moving struct {
	w     *demo.Worker
	locks []int // in the order in which they are taken
	done  int
}

// transfer takes two locks, works, and gives them back.
func (m *moving) transfer() {
	w := m.w
	order := w.Arg("order")
	if order == gate || order == gateFirst {
		m.take(theGate, w.IntArg("gate"))
	}
	for n, i := range m.locks {
		m.take(lockName(i), i)
		if n == 0 && order == gateFirst || n == 1 && order == gate {
			m.give(theGate, w.IntArg("gate"))
		}
		if !w.Stepping() {
			w.Sleep(between)
		}
	}
	w.Step("move, and give both back")
	m.done++
	w.Write("transfers of "+w.Name(), m.done)
	m.give(lockName(m.locks[1]), m.locks[1])
	m.give(lockName(m.locks[0]), m.locks[0])
}

// take is a step: it takes a lock, the i-th file.
func (m *moving) take(name trace.ID, i int) {
	if m.w.Stepping() {
		m.w.Step("take " + string(name))
	}
	m.w.Want(name)
	share.Lock(m.w.File(i), false)
	m.w.Report(trace.Lock{Is: trace.KindHold, Lock: name, Freed: true})
}

func (m *moving) give(name trace.ID, i int) {
	m.w.Free(name)
	share.Unlock(m.w.File(i))
}
