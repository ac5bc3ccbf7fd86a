package queue

import (
	"encoding/binary"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"sync"
	"time"
)

// op is one line of the ledger: a worker's word on what it has just done. It is
// written before the worker next sleeps, so who sleeps has written all.
type op byte

const (
	opPut  op = iota + 1 // a producer has a slot and is about to put the item
	opFed                // its feeder has written the item to the pipe
	opGot                // a consumer has taken the item out and given its slot back
	opDone               // and is through with it
	opTorn               // a consumer read what is no item
	opWoke               // a waiter saw the event; ns is when
	opMark               // the play's own: everything before it has been read
)

// String is the op's word.
func (o op) String() string {
	names := [...]string{opPut: "put", opFed: "fed", opGot: "got", opDone: "done", opTorn: "torn", opWoke: "woke", opMark: "mark"}
	if int(o) < len(names) && names[o] != "" {
		return names[o]
	}
	return fmt.Sprintf("op(%d)", byte(o))
}

// entry is one record of the ledger, a pipe that all workers write to: one short
// write each, so none is torn and their order is that of the writes.
type entry struct {
	op   op
	who  uint16 // the number of the worker
	item uint32
	ns   int64 // put and got: how long it was blocked before
}

const entrySize = 16

// scribe is a worker's end of the ledger. It is safe for concurrent use.
type scribe struct {
	f   *os.File
	who uint16
}

func (s scribe) note(o op, item uint32, ns int64) {
	var b [entrySize]byte
	b[0] = byte(o)
	binary.LittleEndian.PutUint16(b[2:], s.who)
	binary.LittleEndian.PutUint32(b[4:], item)
	binary.LittleEndian.PutUint64(b[8:], uint64(ns))
	s.f.Write(b[:]) // fails only when the play is gone
}

func parseEntry(b []byte) entry {
	return entry{op(b[0]), binary.LittleEndian.Uint16(b[2:]), binary.LittleEndian.Uint32(b[4:]), int64(binary.LittleEndian.Uint64(b[8:]))}
}

// progress is how far an item has come, by the ledger.
type progress byte

const (
	unborn progress = iota // nobody has put it
	put                    // it has a slot and is in its producer's hands
	fed                    // it is in the pipe, or was
	got                    // a consumer has it
	done                   // and is through with it
)

type fate struct {
	at       progress
	from, to uint16
}

// maxItems guards against a number out of a broken ledger.
const maxItems = 1 << 26

// book is the ledger as read so far. Methods may be called from everywhere.
type book struct {
	mu      sync.Mutex
	fates   []fate
	entries int               // marks left out
	unfed   map[uint16]int    // by producer: slots in its hands
	inHand  map[uint16]uint32 // by consumer
	waited  [2]time.Duration  // blocked in put, in get
	counts  [done + 1]int     // by op: items that were ever put, fed, …
	woke    map[uint16]int64
	wrong   []string // rules that were broken
	marks   map[uint32]chan int
	marked  uint32
}

func newBook() *book {
	return &book{unfed: map[uint16]int{}, inHand: map[uint16]uint32{}, woke: map[uint16]int64{}, marks: map[uint32]chan int{}}
}

// read takes entries from the ledger until its end; news is called after each
// batch.
func (b *book) read(r io.Reader, news func()) {
	buf := make([]byte, 64<<10)
	n := 0
	for {
		m, err := r.Read(buf[n:])
		n += m
		whole := n - n%entrySize
		b.mu.Lock()
		for i := 0; i < whole; i += entrySize {
			b.take(parseEntry(buf[i:]))
		}
		b.mu.Unlock()
		n = copy(buf, buf[whole:n])
		news()
		if err != nil {
			return
		}
	}
}

// take adds one entry. The caller holds the lock.
func (b *book) take(e entry) {
	if e.op == opMark {
		if c := b.marks[e.item]; c != nil {
			delete(b.marks, e.item)
			c <- b.entries
		}
		return
	}
	b.entries++
	switch e.op {
	case opWoke:
		b.woke[e.who] = e.ns
		return
	case opTorn:
		b.fault("worker %d read what is no item", e.who)
		return
	}
	if e.op < opPut || e.op > opDone || e.item >= maxItems {
		b.fault("the ledger has an entry %v of item %d", e.op, e.item)
		return
	}
	for int(e.item) >= len(b.fates) {
		b.fates = append(b.fates, fate{})
	}
	f := &b.fates[e.item]
	next := progress(e.op)
	// An item may be got before its feeder's word that it was fed arrives.
	if f.at >= next && !(next == fed && f.at > fed) || next == got && f.at < put || next == done && (f.at != got || f.to != e.who) {
		b.fault("item %d was %v, and is %v again or too early", e.item, op(f.at), e.op)
		return
	}
	b.counts[next]++
	switch e.op {
	case opPut:
		f.from = e.who
		b.unfed[e.who]++
		b.waited[0] += time.Duration(e.ns)
	case opFed:
		b.unfed[f.from]--
	case opGot:
		f.to = e.who
		b.inHand[e.who] = e.item
		b.waited[1] += time.Duration(e.ns)
	case opDone:
		delete(b.inHand, e.who)
	}
	f.at = max(f.at, next)
}

func (b *book) fault(format string, args ...any) {
	if len(b.wrong) < 20 {
		b.wrong = append(b.wrong, fmt.Sprintf(format, args...))
	}
}

// mark is a number to be written to the ledger as an opMark; the channel gets
// how many entries came before it.
func (b *book) mark() (uint32, <-chan int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.marked++
	c := make(chan int, 1)
	b.marks[b.marked] = c
	return b.marked, c
}

// holds is the item in a consumer's hands.
func (b *book) holds(who uint16) (uint32, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	n, ok := b.inHand[who]
	return n, ok
}

// unfedOf is how many slots are in the hands of these producers.
func (b *book) unfedOf(who ...uint16) (n int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, w := range who {
		n += b.unfed[w]
	}
	return n
}

// counted is how many items were ever put, fed and got, how long workers were
// blocked in put and in get, and how many entries that follows from.
func (b *book) counted() (counts [done + 1]int, waited [2]time.Duration, entries int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.counts, b.waited, b.entries
}

// wokeAt is when a waiter saw the event, by the machine's monotonic clock.
func (b *book) wokeAt(who uint16) (int64, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	ns, ok := b.woke[who]
	return ns, ok
}

// tally is what became of every item.
type tally struct {
	put, done int
	unfed     []uint32 // lost in the buffer of a producer that died
	held      []uint32 // lost in the hands of a consumer that died
	left      int      // in the pipe at the end
	wrong     []string // rules that were broken
}

// settle says what became of every item once all workers have ended. dead are
// those that did not end by themselves: producers and consumers; left is what the
// pipe held in the end.
func (b *book) settle(producers, consumers map[uint16]bool, left []uint32) tally {
	b.mu.Lock()
	defer b.mu.Unlock()
	t := tally{left: len(left)}
	in := map[uint32]bool{}
	for _, n := range left {
		if int(n) >= len(b.fates) || b.fates[n].at > fed || in[n] {
			b.fault("item %d is in the pipe, where it cannot be", n)
		}
		in[n] = true
	}
	// A consumer can die between taking an item and saying so: at most one each.
	silent := 0
	for who := range maps.Keys(consumers) {
		if _, says := b.inHand[who]; !says {
			silent++
		}
	}
	for i, f := range b.fates {
		n := uint32(i)
		if f.at == unborn {
			continue
		}
		t.put++
		switch {
		case f.at == done:
			t.done++
		case in[n]:
		case f.at == got && consumers[f.to]:
			t.held = append(t.held, n)
		case f.at == put && producers[f.from]:
			t.unfed = append(t.unfed, n)
		case f.at == fed && silent > 0:
			silent--
			t.held = append(t.held, n)
		default:
			b.fault("item %d was %v, and vanished", n, op(f.at))
		}
	}
	t.wrong = slices.Clone(b.wrong)
	return t
}
