package race

import (
	"context"
	"fmt"
	"runtime"
	"sync/atomic"
	"time"

	"edu/procession/demos/demo"
	"edu/procession/demos/trace"
)

// What the play sends to a worker, and the worker's own words for its waits.
const (
	goOn     = "go"
	take     = "take" // the lock, and keep it
	onGo     = "the next round"
	onEnd    = "its end, with the lock"
	theCell  = trace.ID("counter")
	theLock  = trace.ID("lock")
	tellings = 10 // words on the counter in a round
)

// adder is a worker, in both modes.
func adder(_ context.Context, w *demo.Worker) error {
	p, err := mapped(w.File(memoryFile))
	if err != nil {
		return err
	}
	a := &adding{w: w, p: p, lock: newLocker(w.Arg("lock"), p, w), me: w.IntArg("index"), locks: w.Arg("lock") == mutex || w.Arg("lock") == flock, halves: w.Arg("lock") == halves,
		hold: trace.Lock{Is: trace.KindHold, Lock: theLock, Freed: w.Arg("lock") == flock}}
	if w.Stepping() {
		for a.steps(); w.Again(); a.steps() {
		}
		return nil
	}
	for {
		w.Block(onGo)
		line, err := w.Recv()
		if err != nil {
			return nil
		}
		w.Block("")
		if line == take {
			w.Want(theLock)
			a.lock.lock()
			w.Report(a.hold)
			w.Block(onEnd)
			w.Recv()
			continue
		}
		a.round(w.IntArg("increments"))
	}
}

type adding struct {
	w      *demo.Worker
	p      *page
	lock   locker
	locks  bool // around the whole addition
	halves bool // around its read, and around its write
	hold   trace.Lock
	me     int
}

// half does a read or a write, behind the lock where each has it to itself.
func (a *adding) half(do func()) {
	if a.halves {
		a.lock.lock()
		defer a.lock.unlock()
	}
	do()
}

// behind is what that says in the text of a step.
func (a *adding) behind(text string) string {
	if a.halves {
		return "lock, " + text + ", unlock"
	}
	return text
}

// steps is the few additions of step mode, a step at a time.
func (a *adding) steps() {
	w := a.w
	for range w.IntArg("rounds") {
		if a.locks {
			w.Step("lock")
			w.Want(theLock)
			a.lock.lock()
			w.Report(a.hold)
		}
		w.Step(a.behind("read counter"))
		var n int64
		a.half(func() { n = atomic.LoadInt64(&a.p.counter) })
		w.Read(theCell, n)
		w.Step(fmt.Sprintf("add: %d + 1", n))
		n++
		w.Step(a.behind(fmt.Sprintf("write counter = %d", n)))
		a.half(func() { atomic.StoreInt64(&a.p.counter, n) })
		w.Write(theCell, n)
		atomic.AddInt64(&a.p.done[a.me].n, 1)
		if a.locks {
			w.Step("unlock")
			w.Free(theLock)
			a.lock.unlock()
		}
	}
}

// round is many additions as fast as they come. What the process says of its
// locks is only that it waits at all: a word on each would take longer than it.
func (a *adding) round(many int) {
	w := a.w
	w.Report(trace.Task{Is: trace.KindTaskRun, Task: a.me, Attempt: 1})
	t := time.Now()
	if a.locks || a.halves {
		w.Block("the lock, again and again")
	}
	for i := range many {
		var n int64
		if a.halves {
			n = a.addInHalves()
		} else {
			a.lock.lock()
			n = atomic.LoadInt64(&a.p.counter)
			n = add(n)
			atomic.StoreInt64(&a.p.counter, n)
			a.lock.unlock()
		}
		atomic.AddInt64(&a.p.done[a.me].n, 1)
		if i%max(many/tellings, 1) == 0 {
			w.Write(theCell, n)
		}
	}
	took := time.Since(t)
	w.Block("")
	w.Report(trace.Task{Is: trace.KindTaskDone, Task: a.me, Attempt: 1, Took: took, Note: fmt.Sprintf("%d additions", many)})
}

func (a *adding) addInHalves() (n int64) {
	a.half(func() { n = atomic.LoadInt64(&a.p.counter) })
	n = add(n)
	a.half(func() { atomic.StoreInt64(&a.p.counter, n) })
	return n
}

// add is slow: as long as a small piece of real work between a read and a write.
func add(n int64) int64 {
	x := uint64(n)
	for range 200 {
		x = x*6364136223846793005 + 1442695040888963407
	}
	runtime.KeepAlive(x) // or the compiler drops the work
	return n + 1
}
