package record

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"sync/atomic"
	"time"
	"unsafe"

	"edu/procession/demos/demo"
	"edu/procession/demos/internal/share"
	"edu/procession/demos/trace"
)

const (
	theLeft   = trace.ID("left")
	theRight  = trace.ID("right")
	theRecord = trace.ID("record") // the lock
	theTurn   = trace.ID("turnstile")
	theWriter = trace.ID("W")

	between = 40 * time.Millisecond // at most, between the two cells, where they run freely
	away    = 60 * time.Millisecond // at most, between two reads or writes
)

// user is a reader or the writer.
type user struct {
	w        *demo.Worker
	p        *page
	turn     share.Semaphore
	file     *os.File
	lock     string
	isWriter bool
	rnd      *rand.Rand
}

func reader(_ context.Context, w *demo.Worker) error { return use(w, false) }
func writer(_ context.Context, w *demo.Worker) error { return use(w, true) }

func use(w *demo.Worker, isWriter bool) error {
	b, err := share.Map(w.File(memoryFile), pageSize)
	if err != nil {
		return err
	}
	u := &user{w: w, p: (*page)(unsafe.Pointer(&b[0])), turn: share.Semaphore{R: w.File(turnFile), W: w.File(turnFile + 1)},
		file: w.File(lockFile), lock: w.Arg("lock"), isWriter: isWriter, rnd: rand.New(rand.NewPCG(w.Seed(), 1))}
	if !w.Stepping() {
		if _, err := w.Recv(); err != nil { // all begin together
			return nil
		}
	}
	all := func() {
		for i := range w.IntArg("times") {
			u.pause(away)
			if isWriter {
				u.write(int64(i + 1))
			} else {
				u.read()
			}
		}
	}
	for all(); w.Again(); all() {
	}
	return nil
}

// enter comes to the record, by the lock's rules.
func (u *user) enter() {
	if u.lock == none || u.lock == writes && !u.isWriter {
		u.come()
		return
	}
	w := u.w
	switch u.lock {
	case fair:
		w.Step("pass the turnstile")
	case mutex:
		w.Step("lock")
	case shared:
		w.Step(u.locking())
	case writes:
		w.Step("lock alone")
	}
	first := theRecord
	if u.lock == fair {
		first = theTurn
	}
	w.Want(first) // before the ticket: telling takes longer than asking
	ticket := atomic.AddInt64(&u.p.ticket, 1)
	if u.isWriter {
		atomic.StoreInt64(&u.p.asked, ticket)
	}
	t := time.Now()
	switch u.lock {
	case mutex:
		u.turn.Take()
	case fair:
		u.turn.Take()
		w.Hold(theTurn)
		if !u.isWriter {
			w.Free(theTurn)
			u.turn.Give(1)
		}
		w.Step(u.locking())
		w.Want(theRecord)
		share.Lock(u.file, !u.isWriter)
	default:
		share.Lock(u.file, !u.isWriter)
	}
	if u.isWriter {
		atomic.StoreInt64(&u.p.asked, 0)
		u.longest(int64(time.Since(t)))
	} else if asked := atomic.LoadInt64(&u.p.asked); asked > 0 && asked < ticket {
		atomic.AddInt64(&u.p.overtaken, 1)
	}
	u.come()
	w.Report(trace.Lock{Is: trace.KindHold, Lock: theRecord, Freed: u.lock != mutex})
}

func (u *user) locking() string {
	if u.isWriter {
		return "lock alone"
	}
	return "lock, shared"
}

// longest keeps the longest wait. There is one writer.
func (u *user) longest(ns int64) {
	if ns > atomic.LoadInt64(&u.p.waited) {
		atomic.StoreInt64(&u.p.waited, ns)
	}
}

// come counts a reader at the record, and go the other way.
func (u *user) come() {
	if u.isWriter {
		return
	}
	now := atomic.AddInt64(&u.p.inside, 1)
	for was := atomic.LoadInt64(&u.p.peak); now > was && !atomic.CompareAndSwapInt64(&u.p.peak, was, now); {
		was = atomic.LoadInt64(&u.p.peak)
	}
}

// leave goes away from the record. It is part of the step before.
func (u *user) leave() {
	if !u.isWriter {
		atomic.AddInt64(&u.p.inside, -1)
	}
	if u.lock == none || u.lock == writes && !u.isWriter {
		return
	}
	u.w.Free(theRecord)
	if u.lock == mutex {
		u.turn.Give(1)
		return
	}
	share.Unlock(u.file)
	if u.lock == fair && u.isWriter {
		u.w.Free(theTurn)
		u.turn.Give(1)
	}
}

// last is the text of the last step at the record.
func (u *user) last(text string) string {
	if u.lock == none || u.lock == writes && !u.isWriter {
		return text
	}
	return text + ", and unlock"
}

func (u *user) read() {
	u.enter()
	u.w.Step("read left")
	left := atomic.LoadInt64(&u.p.left)
	u.w.Read(theLeft, left)
	u.pause(between)
	u.w.Step(u.last("read right"))
	right := atomic.LoadInt64(&u.p.right)
	if left != right {
		atomic.AddInt64(&u.p.torn, 1)
	}
	atomic.AddInt64(&u.p.reads, 1)
	u.w.Read(theRight, right)
	u.leave()
}

func (u *user) write(n int64) {
	u.enter()
	u.w.Step(fmt.Sprintf("write left = %d", n))
	atomic.StoreInt64(&u.p.left, n)
	u.w.Write(theLeft, n)
	u.pause(between)
	u.w.Step(u.last(fmt.Sprintf("write right = %d", n)))
	atomic.StoreInt64(&u.p.right, n)
	atomic.AddInt64(&u.p.writes, 1)
	u.w.Write(theRight, n)
	u.leave()
}

// pause takes up to so much time, where they run freely.
func (u *user) pause(most time.Duration) {
	if !u.w.Stepping() {
		u.w.Sleep(time.Duration(u.rnd.Int64N(int64(max(u.w.Pace().Scale(most), 1)))))
	}
}
