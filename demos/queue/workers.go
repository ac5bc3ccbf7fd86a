package queue

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"strconv"
	"sync/atomic"
	"time"

	"edu/procession/demos/demo"
	"edu/procession/demos/trace"
)

// The names of the queue and of the pipe, as the log and the workers have them.
const (
	theQueue trace.ID = "queue"
	thePipe  trace.ID = "pipe"
)

// What the play tells a worker, one byte each.
const (
	tellEnd   = 'e' // end as soon as you are through with what you are at
	tellHurry = 'h' // take no more time for an item
	tellPause = 'p' // then wait for a line on your control pipe
)

// orders are what a worker has been told. Another thread hears them, so that the
// main one can be asleep in a pipe.
type orders struct {
	end, hurry atomic.Bool
	pauses     atomic.Int32
	paused     int32 // pauses that were served
}

func listen(f *os.File) *orders {
	o := &orders{}
	go func() {
		var b [1]byte
		for {
			if n, err := f.Read(b[:]); n == 0 || err != nil {
				return
			}
			switch b[0] {
			case tellEnd:
				o.end.Store(true)
			case tellHurry:
				o.hurry.Store(true)
			case tellPause:
				o.pauses.Add(1)
			}
		}
	}()
	return o
}

// gate is where a worker waits while it is paused.
func (o *orders) gate(w *demo.Worker) {
	for o.paused < o.pauses.Load() {
		w.Block("paused")
		w.Recv()
		w.Block("")
		o.paused++
	}
}

// nap is an item's work: a wait, cut short when there is haste.
func (o *orders) nap(w *demo.Worker, d time.Duration) {
	const slice = 50 * time.Millisecond
	for d > 0 && !o.end.Load() && !o.hurry.Load() {
		w.Sleep(min(d, slice))
		d -= slice
	}
}

// uneven varies a duration by a quarter each way, so that workers do not march in
// step.
func uneven(r *rand.Rand, d time.Duration) time.Duration {
	return time.Duration(float64(d) * (0.75 + 0.5*r.Float64()))
}

func seedOf(w *demo.Worker) uint64 {
	n, _ := strconv.ParseUint(w.Arg("seed"), 10, 64)
	return n
}

// producer makes an item, takes a slot, puts the item, and so on. Its files are
// the slots, the items, the ledger and its orders.
func producer(_ context.Context, w *demo.Worker) error {
	book := scribe{w.File(2), uint16(w.IntArg("who"))}
	told := listen(w.File(3))
	seed, every := seedOf(w), w.DurationArg("every")
	chance := rand.New(rand.NewPCG(w.Seed(), 1))
	q := (&putter{slots: w.File(0), items: w.File(1), most: pipeBuf, delay: w.DurationArg("delay"),
		fed: func(b []byte) {
			for ; len(b) > 0; b = b[frameSize:] {
				book.note(opFed, (*frame)(b).item(), 0)
			}
		}}).start()
	var f frame
	for n := w.IntArg("first"); !told.end.Load(); n += w.IntArg("step") {
		told.nap(w, uneven(chance, every))
		w.Block("put " + string(theQueue))
		from := demo.Mono()
		err := q.take()
		now := demo.Mono()
		if err != nil {
			w.Block("")
			break // nobody is left who could take anything
		}
		book.note(opPut, uint32(n), now-from)
		w.Block("")
		w.Report(trace.Item{Is: trace.KindPut, Queue: theQueue, Item: strconv.Itoa(n), Depth: -1})
		f.seal(seed, uint32(n), now)
		if err := q.put(&f); err != nil {
			break
		}
	}
	return q.close()
}

// consumer takes an item, works on it, and so on. Its files are the items, the
// slots, the ledger and its orders.
func consumer(_ context.Context, w *demo.Worker) error {
	return consume(w, sharing(w.File(0), w.File(1)))
}

func consume(w *demo.Worker, q *getter) error {
	book := scribe{w.File(2), uint16(w.IntArg("who"))}
	told := listen(w.File(3))
	seed, every := seedOf(w), w.DurationArg("every")
	chance := rand.New(rand.NewPCG(w.Seed(), 1))
	var f frame
	for told.gate(w); !told.end.Load(); told.gate(w) {
		w.Block("get " + string(theQueue))
		from := demo.Mono()
		err := q.get(&f)
		if errors.Is(err, io.EOF) {
			w.Block("")
			return nil
		}
		if err == nil {
			err = f.check(seed)
		}
		if err != nil {
			book.note(opTorn, 0, 0)
			return err
		}
		began := demo.Mono()
		book.note(opGot, f.item(), began-from)
		w.Block("")
		n := int(f.item())
		w.Report(trace.Item{Is: trace.KindGet, Queue: theQueue, Item: strconv.Itoa(n), Depth: -1})
		w.Report(trace.Task{Is: trace.KindTaskRun, Task: n})
		told.nap(w, uneven(chance, every))
		book.note(opDone, f.item(), 0)
		w.Report(trace.Task{Is: trace.KindTaskDone, Task: n, Took: time.Duration(demo.Mono() - began)})
	}
	return nil
}

// pipeStep is what the writer writes and the reader reads at once: a page.
const pipeStep = 4096

// writer writes to a pipe, step by step, until the kernel has taken all.
func writer(_ context.Context, w *demo.Worker) error {
	b := make([]byte, pipeStep)
	for range w.IntArg("steps") {
		w.Sleep(w.DurationArg("every"))
		w.Block("write " + string(thePipe))
		if _, err := w.File(0).Write(b); err != nil {
			return fmt.Errorf("nobody is left to read: %w", err)
		}
		w.Block("")
	}
	return nil
}

// reader reads a pipe, step by step, until its end.
func reader(_ context.Context, w *demo.Worker) error {
	b := make([]byte, pipeStep)
	for {
		w.Block("read " + string(thePipe))
		n, err := w.File(0).Read(b)
		w.Block("")
		if n == 0 || err != nil {
			return nil
		}
		w.Sleep(w.DurationArg("every"))
	}
}

// waiter waits for the event: for the end of a pipe that nothing is written to.
func waiter(_ context.Context, w *demo.Worker) error {
	w.Block("event")
	_, err := w.File(0).Read(make([]byte, 1))
	now := demo.Mono()
	scribe{w.File(1), uint16(w.IntArg("who"))}.note(opWoke, 0, now)
	w.Block("")
	w.Logf("awake %v into the run", w.Now().Round(10*time.Microsecond))
	if !errors.Is(err, io.EOF) {
		return fmt.Errorf("waiting for the event: %w", err)
	}
	return nil
}
