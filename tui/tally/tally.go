// Package tally plays a demo several times and counts how it came out: for what
// one run cannot tell.
//
// [Series] is the loop for the command line. The interface plays its runs itself,
// so that it can end them, and takes [Of] and [Bins].
//
// A series is of unattended runs, one after another, and none is kept: start is a
// demo.Starter that records nothing.
package tally

import (
	"context"
	"fmt"
	"math"
	"slices"

	"edu/procession/demos/board"
	"edu/procession/demos/demo"
	"edu/procession/demos/trace"
)

// Result is what is left of a run.
type Result struct {
	Seed    uint64
	Gauges  []trace.Gauge // as they were last, in the order of their first report
	Verdict *trace.Verdict
}

// Of reads a run's log.
func Of(log *trace.Recorder) Result {
	b := board.New()
	for _, e := range log.Events(0) {
		b.Apply(e)
	}
	r := Result{Seed: log.Header().Seed, Verdict: b.Verdict}
	for _, g := range b.Gauges {
		r.Gauges = append(r.Gauges, g.Gauge)
	}
	return r
}

// Gauge returns a number that the run measured, once for the whole run.
func (r Result) Gauge(name string) (float64, bool) {
	for _, g := range r.Gauges {
		if g.Name == name {
			return g.Value, true
		}
	}
	return 0, false
}

// Failed is a run that began and failed.
type Failed struct {
	Run  int // from 1
	Seed uint64
	Err  error
}

// Error implements error.
func (f *Failed) Error() string {
	return fmt.Sprintf("run %d, with the seed %d: %v", f.Run, f.Seed, f.Err)
}

// Unwrap is what the run says.
func (f *Failed) Unwrap() error { return f.Err }

// Series plays a demo n times, each time with another seed, and calls each after
// every run. It returns when all are over, when one could not be started or is a
// [Failed], and when ctx is done; no run of it is alive then.
func Series(ctx context.Context, start demo.Starter, d demo.Demo, o demo.Options, n int, seed func(i int) uint64, each func(Result)) error {
	for i := range n {
		o.Seed = seed(i)
		run, err := start(d, o)
		if err != nil {
			return err
		}
		select {
		case <-run.Done():
		case <-ctx.Done():
		}
		run.Stop()
		<-run.Done()
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err := run.Err(); err != nil {
			return &Failed{i + 1, o.Seed, err}
		}
		each(Of(run.Log()))
	}
	return nil
}

// Bin is a bar of a histogram: Count values of more than From, and To at most.
type Bin struct {
	From, To float64 // From is -Inf in the first one
	Count    int
}

// Bins sorts values into at most most+1 bins: one of those up to above, and equal
// ones of round width for the rest, up to the largest. There are none without
// values.
func Bins(values []float64, above float64, most int) []Bin {
	if len(values) == 0 {
		return nil
	}
	return sorted(values, above, width(values, (slices.Max(values)-above)/float64(most)))
}

// Spread sorts values into about most bins of round width, from the smallest to
// the largest; noughts have one of their own.
func Spread(values []float64, most int) []Bin {
	if len(values) == 0 {
		return nil
	}
	low, high := slices.Min(values), slices.Max(values)
	step := width(values, (high-low)/float64(most))
	switch {
	case low == high:
		return []Bin{{math.Inf(-1), low, len(values)}}
	case low == 0:
		return sorted(values, 0, step)
	}
	return sorted(values, step*(math.Ceil(low/step)-1), step)[1:]
}

// sorted makes a bin of what is not above, and as many of a width as it takes.
func sorted(values []float64, above, step float64) []Bin {
	bins := []Bin{{From: math.Inf(-1), To: above}}
	for n := 1; bins[len(bins)-1].To < slices.Max(values); n++ {
		bins = append(bins, Bin{From: bins[len(bins)-1].To, To: above + float64(n)*step})
	}
	for _, v := range values {
		i := slices.IndexFunc(bins, func(b Bin) bool { return v <= b.To })
		bins[max(i, 0)].Count++
	}
	return bins
}

// width is a round width of at least v, and a whole one for whole values.
func width(values []float64, v float64) float64 {
	if !slices.ContainsFunc(values, func(x float64) bool { return x != math.Trunc(x) }) {
		v = max(v, 1)
	}
	return round(v)
}

// round returns 1, 2 or 5 times a power of ten, not less than v; 1 where v is none.
func round(v float64) float64 {
	if !(v > 0) {
		return 1
	}
	p := math.Pow(10, math.Floor(math.Log10(v)))
	for _, f := range []float64{1, 2, 5} {
		if f*p >= v {
			return f * p
		}
	}
	return 10 * p
}
