package nodequeue

import (
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"sync/atomic"
	"time"

	"edu/procession/demos/cluster/broker"
	"edu/procession/demos/demo"
	"edu/procession/demos/trace"
)

// What the play tells a node, a line each.
const (
	tellEnd   = "end"   // leave when you are through with what you are at
	tellHurry = "hurry" // take no more time for an item
	tellPause = "pause" // take nothing
	tellGo    = "go on"
)

// lastWord is what a producer or a consumer says when it has nothing more to say.
const lastWord = "nothing: it leaves"

// orders are what a node has been told.
type orders struct {
	end, hurry, paused atomic.Bool
	news               chan struct{} // there is a new order
	leave              context.CancelFunc
}

// obey hears orders; ctx is done when the node is to leave.
func obey(ctx context.Context, w *demo.Worker) (context.Context, *orders) {
	ctx, cancel := context.WithCancel(ctx)
	o := &orders{news: make(chan struct{}, 1), leave: cancel}
	go func() {
		for {
			line, err := w.Recv()
			switch {
			case err != nil || line == tellEnd:
				o.end.Store(true)
				cancel()
				return
			case line == tellHurry:
				o.hurry.Store(true)
			default:
				o.paused.Store(line == tellPause)
			}
			select {
			case o.news <- struct{}{}:
			default:
			}
		}
	}()
	return ctx, o
}

// nap is an item's work: a wait, cut short when there is haste.
func (o *orders) nap(w *demo.Worker, d time.Duration) {
	const slice = 50 * time.Millisecond
	for ; d > 0 && !o.end.Load() && !o.hurry.Load(); d -= slice {
		w.Sleep(min(d, slice))
	}
}

// gate is where a consumer waits while it is paused.
func (o *orders) gate(ctx context.Context, w *demo.Worker) {
	for told := false; o.paused.Load() && !o.end.Load(); told = true {
		if !told {
			w.Block("paused")
		}
		select {
		case <-o.news:
		case <-ctx.Done():
		}
	}
}

// uneven varies a duration by a quarter each way, as in processes: the same chance
// for the same name and seed.
func uneven(r *rand.Rand, d time.Duration) time.Duration {
	return time.Duration(float64(d) * (0.75 + 0.5*r.Float64()))
}

// wait is a node's account of how long it was blocked.
type wait struct {
	w    *demo.Worker
	name string
	all  time.Duration
}

func (b *wait) add(d time.Duration) {
	b.all += d
	b.w.Report(trace.Gauge{Name: string(b.w.Name()), Value: b.all.Seconds() * 1000, Unit: "ms", Group: b.name})
}

// again is the time after which a producer asks again for a place.
const again = 5 * time.Millisecond

// producer makes an item, puts it, again and again while there is no place, and so
// on.
func producer(ctx context.Context, w *demo.Worker) error {
	defer w.Block(lastWord)
	out, told := obey(ctx, w)
	q, err := broker.Join(out, w, w.IntArg("size"))
	if err != nil {
		return unless(told.end.Load(), err)
	}
	defer q.Close()
	every, blocked := w.DurationArg("every"), wait{w: w, name: "blocked-put"}
	chance := rand.New(rand.NewPCG(w.Seed(), 1))
	for n := w.IntArg("first"); !told.end.Load(); n += w.IntArg("step") {
		told.nap(w, uneven(chance, every))
		if told.end.Load() {
			break
		}
		w.Block("put queue")
		from, there := time.Now(), false
		for !there && !told.end.Load() {
			if there, err = q.Put(ctx, n, nil); err != nil {
				return err
			} else if !there {
				w.Sleep(again)
			}
		}
		if there {
			w.Report(trace.Item{Is: trace.KindPut, Queue: broker.QueueName, Item: strconv.Itoa(n), Depth: -1})
		}
		w.Block("")
		blocked.add(time.Since(from))
	}
	return nil
}

// consumer takes an item, works on it, says that it is done, and so on.
func consumer(ctx context.Context, w *demo.Worker) error {
	defer w.Block(lastWord)
	out, told := obey(ctx, w)
	q, err := broker.Join(out, w, w.IntArg("size"))
	if err != nil {
		return unless(told.end.Load(), err)
	}
	defer q.Close()
	every, blocked := w.DurationArg("every"), wait{w: w, name: "blocked-get"}
	chance := rand.New(rand.NewPCG(w.Seed(), 1))
	for told.gate(out, w); !told.end.Load(); told.gate(out, w) {
		w.Block("get queue")
		from := time.Now()
		it, err := q.Get(out)
		if err != nil {
			break // it is to leave
		}
		name := strconv.Itoa(it.N)
		if it.Attempt > 1 { // it had gone back when the lease ended
			w.Report(trace.Item{Is: trace.KindPut, Queue: broker.QueueName, Item: name, Depth: -1})
		}
		w.Report(trace.Item{Is: trace.KindGet, Queue: broker.QueueName, Item: name, Depth: -1})
		w.Report(trace.Task{Is: trace.KindTaskRun, Task: it.N, Worker: w.Name(), Attempt: it.Attempt})
		w.Block("")
		blocked.add(time.Since(from))
		began := time.Now()
		told.nap(w, uneven(chance, every))
		w.Report(trace.Task{Is: trace.KindTaskDone, Task: it.N, Worker: w.Name(), Attempt: it.Attempt, Took: time.Since(began)})
		w.Block("the broker's word that it has heard") // who dies before that has done it, and another will, too
		if err := it.Done(ctx); errors.Is(err, broker.ErrUnheard) {
			w.Logf("item %d is done, but %v: it comes again", it.N, err)
			continue
		} else if err != nil {
			return err
		}
		w.Report(trace.Item{Is: trace.KindAck, Queue: broker.QueueName, Item: name, Depth: -1})
		w.Block("")
	}
	return nil
}

// unless is an error, but for one that came since the node was told to leave.
func unless(leaving bool, err error) error {
	if leaving {
		return nil
	}
	return err
}

// stamp is the machine's monotonic clock, in a message; since reads it.
func stamp() []byte { return binary.LittleEndian.AppendUint64(nil, uint64(demo.Mono())) }

func since(b []byte) (time.Duration, error) {
	if len(b) != 8 {
		return 0, fmt.Errorf("a message of %d bytes", len(b))
	}
	return time.Duration(demo.Mono() - int64(binary.LittleEndian.Uint64(b))), nil
}

// waiter waits for the event, and says when it had it.
func waiter(ctx context.Context, w *demo.Worker) error {
	out, told := obey(ctx, w)
	q, err := broker.Join(out, w, w.IntArg("size"))
	if err != nil {
		return unless(told.end.Load(), err)
	}
	defer q.Close()
	wait, err := q.Listen()
	if err != nil {
		return err
	}
	w.Block("event")
	body, err := wait(out)
	if err != nil {
		return nil // it is to leave
	}
	took, err := since(body)
	w.Block("")
	w.Report(trace.Gauge{Name: string(w.Name()), Value: float64(took) / 1e3, Unit: "µs", Group: "event-release"})
	return err
}

// bell sets the event when it is told to.
func bell(ctx context.Context, w *demo.Worker) error {
	q, err := broker.Join(ctx, w, w.IntArg("size"))
	if err != nil {
		return err
	}
	defer q.Close()
	w.Block("the word to set the event")
	if line, err := w.Recv(); err != nil || line != tellGo {
		return nil
	}
	w.Block("")
	return q.Ring(stamp())
}

// source puts messages: many in a row, then one at a time, each when the play has
// said that the one before was got.
func source(ctx context.Context, w *demo.Worker) error {
	q, err := broker.JoinUnlogged(ctx, w)
	if err != nil {
		return err
	}
	defer q.Close()
	w.Block("the sink")
	if _, err := w.Recv(); err != nil {
		return nil
	}
	w.Block("")
	many := w.IntArg("many")
	begin := stamp()
	if err := q.PutMany(ctx, many, func(int) []byte { return begin }); err != nil {
		return err
	}
	for i := range w.IntArg("one") {
		if _, err := w.Recv(); err != nil {
			return nil
		}
		if _, err := q.Put(ctx, many+i, stamp()); err != nil {
			return err
		}
	}
	return nil
}

// sink gets them, and reports what it measured.
func sink(ctx context.Context, w *demo.Worker) error {
	q, err := broker.JoinUnlogged(ctx, w)
	if err != nil {
		return err
	}
	defer q.Close()
	many, one := w.IntArg("many"), w.IntArg("one")
	var took []float64
	var bad error
	got := 0
	w.Block("messages")
	err = q.Each(ctx, func(it *broker.Item) bool {
		age, err := since(it.Body)
		if err != nil {
			bad = err
			return false
		}
		if got++; got == many {
			w.Report(trace.Gauge{Name: "messages-per-second", Value: float64(many) / age.Seconds(), Unit: "/s",
				Note: fmt.Sprintf("%d messages, each kept and acknowledged", many)})
		}
		if got > many {
			took = append(took, float64(age)/1e3)
		}
		if got >= many { // the next one may come
			w.Report(trace.Block{On: "a message"})
		}
		return got < many+one
	})
	if err != nil || bad != nil {
		return fmt.Errorf("measuring: %w", cmp.Or(bad, err))
	}
	slices.Sort(took)
	note := fmt.Sprintf("%d messages, one at a time", one)
	w.Report(trace.Gauge{Name: "handoff", Value: took[one/2], Unit: "µs", Note: note})
	w.Report(trace.Gauge{Name: "handoff-p99", Value: took[one*99/100], Unit: "µs", Note: note})
	return nil
}
