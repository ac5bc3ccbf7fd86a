package tally

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"edu/procession/demos/demo"
	"edu/procession/demos/trace"
)

func show(bins []Bin) string {
	var out []string
	for _, b := range bins {
		out = append(out, fmt.Sprintf("<=%.7g:%d", b.To, b.Count))
	}
	return strings.Join(out, " ")
}

func TestSpread(t *testing.T) {
	for _, c := range []struct {
		values []float64
		want   string
	}{
		{nil, ""},
		{[]float64{7, 7}, "<=7:2"},
		{[]float64{0, 0, 3}, "<=0:2 <=1:0 <=2:0 <=3:1"},
		{[]float64{0.21, 0.38, 0.4}, "<=0.25:1 <=0.3:0 <=0.35:0 <=0.4:2"},
		{[]float64{1000, 1999, 2001}, "<=1000:1 <=1500:0 <=2000:1 <=2500:1"},
		{[]float64{-5, 5}, "<=-5:1 <=0:0 <=5:1"},
	} {
		got := Spread(c.values, 4)
		if show(got) != c.want {
			t.Errorf("Spread(%v) = %s, want %s", c.values, show(got), c.want)
		}
		n := 0
		for _, b := range got {
			n += b.Count
		}
		if n != len(c.values) {
			t.Errorf("%v: %d values in the bins", c.values, n)
		}
	}
}

func TestBins(t *testing.T) {
	for _, c := range []struct {
		values []float64
		above  float64
		want   string
	}{
		{nil, 0, ""},
		{[]float64{0, 0}, 0, "<=0:2"},
		{[]float64{0, 2, 2}, 0, "<=0:1 <=1:0 <=2:2"},
		{[]float64{0, 1084, 1355, 2920, 0}, 0, "<=0:2 <=1000:0 <=2000:2 <=3000:1"},
		{[]float64{-3, 7}, 5, "<=5:1 <=6:0 <=7:1"},
		{[]float64{0.5, 2}, 0, "<=0:0 <=0.5:1 <=1:0 <=1.5:0 <=2:1"},
		{[]float64{200000}, 0, "<=0:0 <=50000:0 <=100000:0 <=150000:0 <=200000:1"},
	} {
		got := Bins(c.values, c.above, 4)
		if show(got) != c.want {
			t.Errorf("Bins(%v, %g) = %s, want %s", c.values, c.above, show(got), c.want)
		}
		n := 0
		for _, b := range got {
			n += b.Count
		}
		if n != len(c.values) {
			t.Errorf("%v: %d values in the bins", c.values, n)
		}
	}
}

type fake struct{ demo.Demo }

// fakeRun is over at once, or never.
type fakeRun struct {
	log  *trace.Recorder
	done chan struct{}
	err  error
}

func (r *fakeRun) Log() *trace.Recorder       { return r.log }
func (r *fakeRun) Done() <-chan struct{}      { return r.done }
func (r *fakeRun) Err() error                 { return r.err }
func (r *fakeRun) Finish()                    {}
func (r *fakeRun) Act(string, trace.ID) error { return nil }
func (r *fakeRun) Go(trace.ID) error          { return nil }
func (r *fakeRun) Stop() {
	select {
	case <-r.done:
	default:
		r.log.Close()
		close(r.done)
	}
}

func starter(runs *[]*fakeRun, play func(n int, r *fakeRun)) demo.Starter {
	return func(_ demo.Demo, o demo.Options) (demo.Run, error) {
		r := &fakeRun{log: trace.NewRecorder(trace.Header{Demo: "fake", Seed: o.Seed}), done: make(chan struct{})}
		*runs = append(*runs, r)
		play(len(*runs), r)
		return r, nil
	}
}

func TestSeries(t *testing.T) {
	var runs []*fakeRun
	start := starter(&runs, func(n int, r *fakeRun) {
		for _, old := range runs[:n-1] {
			select {
			case <-old.done:
			default:
				t.Error("two runs at once")
			}
		}
		r.log.Add(trace.Stage, "", trace.Gauge{Name: "lost", Value: 99})
		r.log.Add(trace.Stage, "", trace.Gauge{Name: "lost", Value: float64(n)})
		r.log.Add(trace.Stage, "", trace.Verdict{OK: true, Text: "over"})
		r.Stop()
	})
	var got []string
	err := Series(context.Background(), start, fake{}, demo.Options{}, 3, func(i int) uint64 { return uint64(10 + i) }, func(r Result) {
		v, ok := r.Gauge("lost")
		_, other := r.Gauge("found")
		got = append(got, fmt.Sprint(r.Seed, " ", v, " ", ok, " ", other, " ", r.Verdict.Text))
	})
	if want := "10 1 true false over, 11 2 true false over, 12 3 true false over"; err != nil || strings.Join(got, ", ") != want {
		t.Errorf("%s, %v; want %s", strings.Join(got, ", "), err, want)
	}
}

func TestSeriesEnds(t *testing.T) {
	var runs []*fakeRun
	broken := starter(&runs, func(_ int, r *fakeRun) { r.err = errors.New("no memory"); r.Stop() })
	err := Series(context.Background(), broken, fake{}, demo.Options{}, 3, func(int) uint64 { return 7 }, func(Result) { t.Error("a failed run was counted") })
	if err == nil || len(runs) != 1 || !strings.Contains(err.Error(), "run 1, with the seed 7: no memory") {
		t.Errorf("%d runs, %v", len(runs), err)
	}

	runs = nil
	ctx, cancel := context.WithCancel(context.Background())
	endless := starter(&runs, func(int, *fakeRun) { cancel() })
	err = Series(ctx, endless, fake{}, demo.Options{}, 3, func(int) uint64 { return 7 }, func(Result) { t.Error("an unfinished run was counted") })
	if !errors.Is(err, context.Canceled) || len(runs) != 1 {
		t.Errorf("%d runs, %v", len(runs), err)
	}
	<-runs[0].done
}
