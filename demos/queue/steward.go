package queue

import (
	"time"

	"edu/procession/demos/demo"
	"edu/procession/demos/internal/pipes"
	"edu/procession/demos/trace"
)

// The steward puts back slots that died with their holder.
//
// There are size slots, and each is at any time in one of four places: free in
// the pipe of slots, in the hands of a producer, in the pipe of items, or, for a
// moment, in the hands of a consumer. Whoever is killed takes along what it held,
// and nobody can know for sure what that was: it may have died before, between or
// after two system calls. But what the others have can be counted, if they stand
// still. A count is good when
//
//  1. at two looks the kernel said of every live producer and consumer that its
//     main thread slept in a read of a pipe or on a timer: there, a consumer holds
//     no slot, and a producer none but those in its buffer; and
//  2. the ledger did not grow from before the first look until after the second: so
//     nobody moved a slot and went to sleep again in between, since each writes to
//     the ledger after a move and before it sleeps.
//
// The pipes are counted between the two looks. What is in a buffer is known from
// the ledger; a feeder that has written and not yet said so makes a slot count
// twice, never not at all. So what is missing from size is really gone.
type steward struct {
	next time.Duration // no count before that time in the run
	back int           // slots put back so far
}

// audit counts the slots after a death, and puts back what is gone for good.
func (pl *play) audit() {
	if pl.counted == pl.deaths || pl.s.Now() < pl.steward.next {
		return
	}
	pl.steward.next = pl.s.Now() + 50*time.Millisecond
	deaths := pl.deaths
	before, ok := pl.sync()
	if !ok || !pl.atRest() {
		return
	}
	var live []uint16
	for _, m := range pl.crew {
		if m.produces && !m.gone {
			live = append(live, m.who)
		}
	}
	// Before the second sync: what is entered after that is not noticed, and a feeder
	// may be writing now.
	unfed := pl.book.unfedOf(live...)
	free, told := pipes.In(pl.slots.r)
	bytes, _ := pipes.In(pl.items.r)
	if !told || !pl.atRest() {
		return
	}
	if after, ok := pl.sync(); !ok || after != before {
		return
	}
	missing := pl.size - free - bytes/frameSize - unfed
	for range missing {
		pl.slots.w.Write(slot)
		pl.steward.back++
	}
	if missing > 0 {
		pl.s.Emit("", trace.Say{Stream: "log", Text: demo.Plural(missing, "slot") + " died with a process: counted while all were at rest, and put back"})
	}
	if unfed == 0 { // else some of those may have been counted twice
		pl.counted = deaths
	}
}

// atRest says that the kernel finds all producers and consumers asleep where they
// hold no slot.
func (pl *play) atRest() bool {
	for _, m := range pl.crew {
		if m.gone {
			continue
		}
		if on := pipes.SleepsIn(m.proc.PID()); on != "pipe read" && on != "timer" {
			return false
		}
	}
	return true
}

// sync returns when all that was written to the ledger before has been read, and
// says how many entries that is.
func (pl *play) sync() (entries int, ok bool) {
	n, read := pl.book.mark()
	scribe{f: pl.ledger.w}.note(opMark, n, 0)
	t := time.NewTimer(time.Second)
	defer t.Stop()
	select {
	case entries = <-read:
		return entries, true
	case <-t.C:
		return 0, false
	}
}
