package buffer

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
	theFree   = trace.ID("free slot")
	theFilled = trace.ID("filled slot")
	theLock   = trace.ID("lock")
	theIn     = trace.ID("in")
	theOut    = trace.ID("out")

	making  = 100 * time.Millisecond // at most, an item, where they run freely
	using   = 60 * time.Millisecond  // at most
	copying = 2 * time.Millisecond   // at most, it into its slot
)

func slotName(i int) trace.ID { return trace.ID(fmt.Sprintf("slot %d", i+1)) }

func itemText(item int64) string {
	switch item {
	case 0:
		return "free"
	case early:
		return "an item"
	}
	return fmt.Sprintf("item %d of P%d", item%1000, item/1000)
}

// hand is a worker of either kind.
type hand struct {
	w                  *demo.Worker
	p                  *page
	free, filled, lock share.Semaphore
	slots              int64
	guard              string
	rnd                *rand.Rand
}

func producer(_ context.Context, w *demo.Worker) error { return work(w, (*hand).put) }
func consumer(_ context.Context, w *demo.Worker) error { return work(w, (*hand).take) }

// work is the life of a worker that puts or takes its items.
func work(w *demo.Worker, one func(*hand, int64)) error {
	b, err := share.Map(w.File(memoryFile), pageSize)
	if err != nil {
		return err
	}
	sem := func(i int) share.Semaphore { return share.Semaphore{R: w.File(i), W: w.File(i + 1)} }
	h := &hand{w: w, p: (*page)(unsafe.Pointer(&b[0])), free: sem(freeFile), filled: sem(filledFile), lock: sem(lockFile),
		slots: int64(w.IntArg("slots")), guard: w.Arg("guard"), rnd: rand.New(rand.NewPCG(w.Seed(), 1))}
	if !w.Stepping() {
		if _, err := w.Recv(); err != nil { // all begin together
			return nil
		}
	}
	all := func() {
		for i := range w.IntArg("items") {
			one(h, int64(w.IntArg("first")+i))
		}
	}
	for all(); w.Again(); all() {
	}
	return nil
}

// put puts an item into the buffer.
func (h *hand) put(item int64) {
	w := h.w
	h.pause(making)
	if h.guard == lockFirst {
		h.enter()
	}
	if h.guard != lockOnly {
		t := time.Now()
		h.wait(h.free, theFree)
		atomic.AddInt64(&h.p.waited, int64(time.Since(t)))
		atomic.AddInt64(&h.p.waits, 1)
	}
	if h.guard == slotFirst || h.guard == lockOnly {
		h.enter()
	}
	var at int64
	switch h.guard {
	case counts:
		w.Step("read in")
		at = atomic.LoadInt64(&h.p.in)
		w.Read(theIn, at%h.slots+1)
		h.pause(copying)
	case claim:
		w.Step("read in and count it on")
		at = atomic.AddInt64(&h.p.in, 1) - 1
		h.show(theIn, at+1)
		h.pause(copying)
	}
	switch h.guard {
	case counts:
		w.Step(fmt.Sprintf("put into slot %d, and count in on", at%h.slots+1))
	case claim:
		w.Step(fmt.Sprintf("put into slot %d", at%h.slots+1))
	default:
		w.Step("put into the slot of in, count on, unlock")
		at = atomic.LoadInt64(&h.p.in)
	}
	i := at % h.slots
	if atomic.SwapInt64(&h.p.slot[i], item) != 0 {
		atomic.AddInt64(&h.p.overwritten, 1)
	}
	atomic.AddInt64(&h.p.put, 1)
	w.Write(slotName(int(i)), itemText(item))
	if h.guard == claim {
		h.show(theIn, atomic.LoadInt64(&h.p.in))
	} else {
		atomic.StoreInt64(&h.p.in, at+1)
		h.show(theIn, at+1)
	}
	h.leave()
	if h.guard != lockOnly {
		h.filled.Give(1)
	}
}

// take takes an item out of the buffer.
func (h *hand) take(int64) {
	w := h.w
	h.pause(using)
	if h.guard == lockFirst {
		h.enter()
	}
	if h.guard != lockOnly {
		h.wait(h.filled, theFilled)
	}
	if h.guard == slotFirst || h.guard == lockOnly {
		h.enter()
	}
	w.Step("take from the slot of out, count on")
	at := atomic.LoadInt64(&h.p.out)
	i := at % h.slots
	if atomic.SwapInt64(&h.p.slot[i], 0) == 0 {
		atomic.AddInt64(&h.p.nothing, 1)
	} else {
		atomic.AddInt64(&h.p.taken, 1)
	}
	w.Write(slotName(int(i)), itemText(0))
	atomic.StoreInt64(&h.p.out, at+1)
	h.show(theOut, at+1)
	h.leave()
	if h.guard != lockOnly {
		h.free.Give(1)
	}
}

// show reports in or out: the slot that it names.
func (h *hand) show(cell trace.ID, at int64) { h.w.Write(cell, at%h.slots+1) }

// wait takes a permit that another gives.
func (h *hand) wait(s share.Semaphore, name trace.ID) {
	h.w.Step(fmt.Sprintf("wait for a %s", name))
	h.w.Want(name)
	s.Take()
	h.w.Hold(name)
	h.w.Free(name)
}

func (h *hand) enter() {
	h.w.Step("lock")
	h.w.Want(theLock)
	h.lock.Take()
	h.w.Hold(theLock)
}

// leave gives the lock back, where the guard has one.
func (h *hand) leave() {
	if h.guard == counts || h.guard == claim {
		return
	}
	h.w.Free(theLock)
	h.lock.Give(1)
}

// pause takes up to so much time, where they run freely.
func (h *hand) pause(most time.Duration) {
	if !h.w.Stepping() {
		h.w.Sleep(time.Duration(h.rnd.Int64N(int64(max(h.w.Pace().Scale(most), 1)))))
	}
}
