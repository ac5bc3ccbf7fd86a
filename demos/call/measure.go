package call

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"edu/procession/demos/internal/sock"
	"edu/procession/demos/trace"
)

// The batches of calls that are too short for the clock; so many a round.
const (
	functionBatch, goroutineBatch = 10_000, 200
	batches                       = 51
)

// rounds is how often each way is measured, in turn with the others, so that what
// else the machine does hits all alike. The calls of all rounds count together.
const rounds = 3

// figures are the times of calls, in nanoseconds a call.
type figures []float64

// median and p99 are for sorted figures.
func (f figures) median() float64 { return f[len(f)/2] }
func (f figures) p99() float64    { return f[len(f)*99/100] }

// measure times one way for a round of n calls, at full speed, and reports what
// has come of it so far. A callee that is gone is no error; a wrong result is, and
// ends the caller.
func (d *desk) measure(what string, n int) error {
	var f figures
	var err error
	note := "median of %d calls, each timed by itself"
	start := int64(d.w.Seed() % 1_000_000) // squares of what nobody could know before
	switch what {
	case "function":
		f, err = timeFunction(start)
		note = "median of %d batches of 10 000 calls in a loop"
	case "goroutine":
		done := make(chan struct{})
		go func() { // not on the main thread, to which this role is bound
			defer close(done)
			f, err = timeGoroutine(start)
		}()
		<-done
		note = "median of %d batches of 200 calls"
	default:
		l := d.line(way(what))
		if l.conn == nil {
			err = fmt.Errorf("there is no callee")
			break
		}
		d.w.Block(string(l.callee))
		d.says = ""
		if f, err = timeProcess(l.conn, start, n); err != nil {
			d.ended(l, err)
		}
	}
	if err != nil {
		d.w.Logf("%s was not measured: %v", what, err)
		d.tell("failed %s %v", what, err)
		if errors.As(err, new(wrong)) {
			return err
		}
		return nil
	}
	f = append(f, d.figures[what]...)
	slices.Sort(f)
	d.figures[what] = f
	d.w.Report(trace.Gauge{Name: what, Value: f.median(), Unit: "ns", Group: "one call", Log: true, Note: fmt.Sprintf(note, len(f))})
	if what != "function" && what != "goroutine" {
		note := "one call in a hundred took longer"
		if len(f) < 100 {
			note = fmt.Sprintf("the slowest of %d calls", len(f))
		}
		d.w.Report(trace.Gauge{Name: what + "-p99", Value: f.p99(), Unit: "ns", Note: note})
	}
	d.tell("measured %s %g", what, f.median())
	return nil
}

// timeFunction times batches of calls of a function.
func timeFunction(x int64) (f figures, err error) {
	for range batches {
		var got, want int64
		t := time.Now()
		for i := range int64(functionBatch) {
			got += square(x + i)
		}
		f = append(f, float64(time.Since(t))/functionBatch)
		for i := range int64(functionBatch) {
			want += (x + i) * (x + i)
		}
		if got != want {
			return nil, wrong(fmt.Sprintf("the squares add up to %d, not %d", got, want))
		}
		x += functionBatch
	}
	return f, nil
}

// timeGoroutine times batches of calls to a goroutine behind two channels.
func timeGoroutine(x int64) (f figures, err error) {
	calls, replies := make(chan int64), make(chan int64)
	go func() {
		for x := range calls {
			replies <- square(x)
		}
	}()
	defer close(calls)
	for range batches {
		t := time.Now()
		for range goroutineBatch {
			calls <- x
			if y := <-replies; y != x*x {
				return nil, wrongResult(x, y)
			}
			x++
		}
		f = append(f, float64(time.Since(t))/goroutineBatch)
	}
	return f, nil
}

// timeProcess times calls to a process, after some that warm both ends up.
func timeProcess(c *sock.Conn, x int64, n int) (f figures, err error) {
	f = make(figures, 0, n)
	for i := -n / 20; i < n; i++ {
		t := time.Now()
		y, err := ask(c, uint64(i+n), x)
		took := time.Since(t)
		switch {
		case err != nil:
			return nil, err
		case y != x*x:
			return nil, wrongResult(x, y)
		case i >= 0:
			f = append(f, float64(took))
		}
		x++
	}
	return f, nil
}

// wrong is a result that was not what it should be.
type wrong string

// Error implements error.
func (w wrong) Error() string { return string(w) }

func wrongResult(x, y int64) error {
	return wrong(fmt.Sprintf("a wrong result: square(%d) = %d", x, y))
}
