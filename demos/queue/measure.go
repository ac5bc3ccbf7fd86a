package queue

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strconv"
	"time"

	"edu/procession/demos/demo"
	"edu/procession/demos/internal/pipes"
	"edu/procession/demos/trace"
)

// bulk is the size of the feeder's writes where nobody else writes.
const bulk = 64 << 10

// measure measures the queue between fresh processes. What a process measures it
// reports itself.
func (pl *play) measure(ctx context.Context) error {
	pl.s.Say("Measured now, between fresh processes: does empty() lie, how fast are messages passed on, and how soon does one arrive?")
	asks, many, one := 2000, 1<<20, 2000
	if pl.s.Pace() == demo.Fast {
		asks, many, one = 300, 1<<17, 300
	}
	limited, cancel := pl.limited(ctx)
	defer cancel()
	ok, err := ask(limited, pl.s, asks)
	if err == nil && ok {
		ok, err = race(limited, pl.s, many, one)
	}
	if ctx.Err() == nil && (err != nil || !ok) {
		pl.s.Say("A process was ended while it measured: not everything was measured.")
	}
	return ctx.Err()
}

// ask has a process ask empty() right after put(), so many times. It says
// whether the process ended well.
func ask(ctx context.Context, s demo.Stage, times int) (bool, error) {
	p, err := newPipe()
	if err != nil {
		return false, err
	}
	defer p.close()
	a, err := s.Spawn(ctx, demo.Spec{Role: "asker", Name: "asker", Files: []*os.File{p.r, p.w},
		Args: map[string]string{"times": strconv.Itoa(times)}})
	if err != nil {
		return false, err
	}
	return well(ctx, a)
}

// race has a source and a sink pass messages: many as fast as they can, then some
// one at a time. It says whether both ended well.
func race(ctx context.Context, s demo.Stage, many, one int) (bool, error) {
	p, err := newPipe()
	if err != nil {
		return false, err
	}
	defer p.close()
	ack, err := newPipe()
	if err != nil {
		return false, err
	}
	defer ack.close()
	args := map[string]string{"many": strconv.Itoa(many), "one": strconv.Itoa(one)}
	to, err := s.Spawn(ctx, demo.Spec{Role: "sink", Name: "sink", Args: args, Files: []*os.File{p.r, ack.w}})
	if err != nil {
		return false, err
	}
	from, err := s.Spawn(ctx, demo.Spec{Role: "source", Name: "source", Args: args, Files: []*os.File{p.w, ack.r}})
	if err != nil {
		return false, err
	}
	p.close() // so that either sees the other's end
	ack.close()
	return well(ctx, from, to)
}

// well waits for processes and says whether all ended by themselves.
func well(ctx context.Context, ps ...demo.Proc) (bool, error) {
	ok := true
	for _, p := range ps {
		x, err := p.Wait(ctx)
		if err != nil {
			for _, p := range ps {
				p.Signal(demo.SigKill)
			}
			return false, err
		}
		ok = ok && x.Code == 0 && x.Signal == ""
	}
	return ok, nil
}

// source puts messages: many in a row, then one after the other, each when the
// one before has been got. Its files are the pipe and the sink's acknowledgements.
func source(_ context.Context, w *demo.Worker) error {
	q := (&putter{items: w.File(0), most: bulk}).start()
	var ack [1]byte
	var f frame
	begin := demo.Mono()
	for i := range w.IntArg("many") {
		f.seal(0, uint32(i), begin)
		if err := q.put(&f); err != nil {
			return err
		}
	}
	if _, err := w.File(1).Read(ack[:]); err != nil {
		return err
	}
	for i := range w.IntArg("one") {
		f.seal(0, uint32(i), demo.Mono())
		if err := q.put(&f); err != nil {
			return err
		}
		if _, err := w.File(1).Read(ack[:]); err != nil {
			return err
		}
	}
	return q.close()
}

// sink gets and checks them, and reports what it measured.
func sink(_ context.Context, w *demo.Worker) error {
	q := single(w.File(0))
	ack := []byte{'.'}
	var f frame
	get := func(i int) error {
		if err := q.get(&f); err != nil {
			return err
		}
		if f.item() != uint32(i) {
			return fmt.Errorf("message %d came as number %d", f.item(), i)
		}
		return f.check(0)
	}
	if n := w.IntArg("many"); n > 0 {
		for i := range n {
			if err := get(i); err != nil {
				return err
			}
		}
		took := time.Duration(demo.Mono() - f.stamp())
		w.Report(trace.Gauge{Name: "messages-per-second", Value: float64(n) / took.Seconds(), Unit: "/s",
			Note: fmt.Sprintf("%d messages of %d bytes", n, frameSize)})
	}
	w.File(1).Write(ack)
	if n := w.IntArg("one"); n > 0 {
		took := make([]float64, n)
		for i := range n {
			if err := get(i); err != nil {
				return err
			}
			took[i] = float64(demo.Mono()-f.stamp()) / 1000
			w.File(1).Write(ack)
		}
		slices.Sort(took)
		note := fmt.Sprintf("%d messages, one at a time", n)
		w.Report(trace.Gauge{Name: "handoff", Value: took[n/2], Unit: "µs", Note: note})
		w.Report(trace.Gauge{Name: "handoff-p99", Value: took[n*99/100], Unit: "µs", Note: note})
	}
	return nil
}

// asker puts an item, asks at once whether the queue is empty, and takes the item
// out again. Its files are both ends of the pipe.
func asker(_ context.Context, w *demo.Worker) error {
	q := (&putter{items: w.File(1), most: pipeBuf}).start()
	out := sharing(w.File(0), nil)
	var f frame
	n, lied := w.IntArg("times"), 0
	for i := range n {
		f.seal(0, uint32(i), 0)
		if err := q.put(&f); err != nil {
			return err
		}
		bytes, told := pipes.In(w.File(0))
		if !told {
			w.Logf("this system does not tell what is in a pipe: nothing was asked")
			return nil
		}
		if bytes == 0 {
			lied++
		}
		if err := out.get(&f); err != nil {
			return err
		}
	}
	w.Report(trace.Gauge{Name: "empty-lied", Value: float64(lied), Note: fmt.Sprintf("of %d times, asked right after put", n)})
	return q.close()
}
