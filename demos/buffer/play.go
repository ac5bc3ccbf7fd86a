package buffer

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"unsafe"

	"edu/procession/demos/demo"
	"edu/procession/demos/internal/share"
	"edu/procession/demos/internal/troupe"
	"edu/procession/demos/trace"
)

// page is what the workers share as memory.
type page struct {
	in, out     int64
	slot        [4]int64 // 0: free
	put, taken  int64
	overwritten int64
	nothing     int64
	waits       int64 // for a free slot
	waited      int64 // ns
}

const (
	pageSize = int(unsafe.Sizeof(page{}))
	early    = 1 // the item that is in the buffer at first
)

// The files of a worker.
const (
	memoryFile = iota
	freeFile
	filledFile = freeFile + 2
	lockFile   = filledFile + 2
)

// play is one run.
type play struct {
	s       demo.Stage
	p       *page
	slots   int
	sems    []share.Semaphore
	initial []int
	names   []trace.ID

	dead   map[trace.ID]bool
	wants  map[trace.ID]trace.ID // who → what
	holder trace.ID              // of the lock
	lost   bool
}

// Play implements demo.Demo.
func (Demo) Play(ctx context.Context, s demo.Stage) error {
	if !share.Here {
		return fmt.Errorf("memory shared by mmap: %w", demo.ErrNotHere)
	}
	b, f, err := share.Memory(pageSize)
	if err != nil {
		return err
	}
	defer f.Close()
	pl := &play{s: s, p: (*page)(unsafe.Pointer(&b[0])), slots: demo.IntParam(s, "slots")}
	pl.initial = []int{pl.slots - 1, 1, 1}
	files := []*os.File{f}
	for _, n := range pl.initial {
		sem, err := share.NewSemaphore(n)
		if err != nil {
			return err
		}
		defer sem.Close()
		pl.sems = append(pl.sems, sem)
		files = append(files, sem.R, sem.W)
	}
	pl.begin()
	return troupe.Play(ctx, s, pl.cast(files), nil, pl)
}

func (pl *play) cast(files []*os.File) (specs []demo.Spec) {
	s := pl.s
	producers, consumers, items := demo.IntParam(s, "producers"), demo.IntParam(s, "consumers"), demo.IntParam(s, "items")
	if s.Stepping() {
		items = demo.IntParam(s, "rounds")
	} else {
		s.Say("%s of %d items each, %s, and a buffer of %s. One item is in it already.",
			demo.Plural(producers, "producer"), items, demo.Plural(consumers, "consumer"), demo.Plural(pl.slots, "slot"))
	}
	add := func(role string, i, items int) {
		id := trace.ID(fmt.Sprintf("%c%d", role[0]-'a'+'A', i+1))
		pl.names = append(pl.names, id)
		specs = append(specs, demo.Spec{Role: role, Name: id, Files: files, Args: map[string]string{
			"first": fmt.Sprint((i+1)*1000 + 1), "items": fmt.Sprint(items), "slots": fmt.Sprint(pl.slots), "guard": s.Param("guard"),
		}})
	}
	for i := range producers {
		add("producer", i, items)
	}
	for i := range consumers {
		add("consumer", i, (producers*items+i)/consumers) // together as many as are put
	}
	return specs
}

// begin makes everything as it is at first: one item is in the buffer.
func (pl *play) begin() {
	*pl.p = page{in: 1, slot: [4]int64{early}}
	pl.dead, pl.wants, pl.holder, pl.lost = map[trace.ID]bool{}, map[trace.ID]trace.ID{}, "", false
	if pl.s.Stepping() {
		show := func(c trace.ID, v string) {
			pl.s.Emit("", trace.Cell{Is: trace.KindWrite, Cell: c, Value: v})
		}
		for i := range pl.slots {
			show(slotName(i), itemText(pl.p.slot[i]))
		}
		show(theIn, fmt.Sprint(1%pl.slots+1))
		show(theOut, "1")
	}
}

// Reset implements troupe.Piece.
func (pl *play) Reset() error {
	pl.begin()
	for i, n := range pl.initial {
		if err := pl.sems[i].Reset(n); err != nil {
			return err
		}
	}
	return nil
}

// Left implements troupe.Piece. Who dies with the lock keeps it.
func (pl *play) Left(who trace.ID) {
	pl.dead[who] = true
	delete(pl.wants, who)
}

// Hear implements troupe.Piece.
func (pl *play) Hear(who trace.ID, d trace.Data) {
	switch d := d.(type) {
	case trace.Lock:
		switch d.Is {
		case trace.KindWant:
			pl.wants[who] = d.Lock
		case trace.KindHold:
			delete(pl.wants, who)
			if d.Lock == theLock {
				pl.holder = who
			}
		case trace.KindFree:
			if d.Lock == theLock && pl.holder == who {
				pl.holder = ""
			}
		}
	case trace.Cell:
		if d.Is != trace.KindWrite || d.Cell != theIn && d.Cell != theOut {
			return
		}
		pl.figures()
		over, nothing := atomic.LoadInt64(&pl.p.overwritten), atomic.LoadInt64(&pl.p.nothing)
		if pl.lost || over+nothing == 0 {
			return
		}
		pl.lost = true
		if over > 0 {
			pl.s.Say("%s put its item where another one was: that one is lost.", who)
		} else {
			pl.s.Say("%s took from a slot, and nothing was in it.", who)
		}
		if over > 0 && pl.s.Stepping() && pl.s.Param("guard") == counts {
			pl.s.Solved("lose-an-item")
		}
	}
}

func (pl *play) figures() {
	for _, g := range []struct {
		name string
		n    *int64
	}{{"put", &pl.p.put}, {"taken", &pl.p.taken}, {"overwritten", &pl.p.overwritten}, {"nothing", &pl.p.nothing}} {
		pl.s.Gauge(g.name, float64(atomic.LoadInt64(g.n)), "")
	}
}

// wait says that who waits for what, which to can give.
type wait struct{ who, what, to trace.ID }

// circle is a circle of waiting, from the first by name; nil where there is none.
// Who waits for a slot waits for one on the other side of the buffer.
func (pl *play) circle() []wait {
	for _, first := range pl.names {
		var path []wait
		for at := first; len(path) < len(pl.names); {
			what, waits := pl.wants[at]
			if !waits {
				break
			}
			to := pl.giver(what)
			path = append(path, wait{at, what, to})
			if at = to; at == first {
				return path
			}
		}
	}
	return nil
}

// giver is who could give what is waited for; "" where nobody waits who could.
func (pl *play) giver(what trace.ID) trace.ID {
	if what == theLock {
		return pl.holder
	}
	role := byte('P')
	if what == theFree {
		role = 'C'
	}
	i := slices.IndexFunc(pl.names, func(id trace.ID) bool { return id[0] == role && pl.wants[id] != "" })
	if i < 0 {
		return ""
	}
	return pl.names[i]
}

// End implements troupe.Piece.
func (pl *play) End(end demo.Ending) (text string, broken bool) {
	pl.figures()
	p := pl.p
	if n := atomic.LoadInt64(&p.waits); n > 0 {
		pl.s.Gauge("waited", float64(atomic.LoadInt64(&p.waited))/float64(n)/1e6, "ms")
	}
	over, nothing := atomic.LoadInt64(&p.overwritten), atomic.LoadInt64(&p.nothing)
	parts := []string{fmt.Sprintf("%s put, %d taken", demo.Plural(int(atomic.LoadInt64(&p.put)), "item"), atomic.LoadInt64(&p.taken))}
	if over > 0 {
		parts = append(parts, fmt.Sprintf("%d written over", over))
	}
	if nothing > 0 {
		parts = append(parts, fmt.Sprintf("%s found nothing", demo.Plural(int(nothing), "take")))
	}
	if over+nothing == 0 {
		parts = append(parts, "none lost")
	}
	circle := []wait(nil)
	switch end {
	case demo.Stuck:
		circle = pl.circle()
		parts = append(parts, pl.stuck(circle))
	case demo.Cut:
		parts = append(parts, "not all is done")
	}
	pl.s.Gauge("circle", float64(len(circle)), "")
	return strings.Join(parts, ", "), over+nothing > 0 || end == demo.Stuck
}

// stuck tells why nobody can go, and which puzzle that solves.
func (pl *play) stuck(circle []wait) string {
	if len(circle) == 0 {
		if pl.s.Stepping() && len(pl.dead) > 0 && pl.s.Param("guard") == slotFirst {
			pl.s.Solved("wait-for-the-dead")
		}
		return "who is left waits for ever"
	}
	if pl.s.Stepping() && pl.s.Param("guard") == lockFirst {
		pl.s.Solved("close-the-circle")
	}
	var text []string
	for _, w := range circle {
		of := fmt.Sprintf("%s waits for a %s from %s", w.who, w.what, w.to)
		if w.what == theLock {
			of = fmt.Sprintf("%s waits for the lock of %s", w.who, w.to)
		}
		text = append(text, of)
	}
	return strings.Join(text, ", ")
}
