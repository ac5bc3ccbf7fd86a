package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"

	"edu/procession/demos/demo"
	"edu/procession/demos/safe"
	"edu/procession/demos/trace"
	"edu/procession/tui/tally"
	"edu/procession/tui/view"
)

// mostRuns is how many runs --runs takes: a series is for somebody who waits.
const mostRuns = 1000

// series plays a demo n times, with one seed after the other, and tells how its
// gauges are spread. None of the runs is kept.
func (a *app) series(ctx context.Context, d demo.Demo, opt demo.Options, n int, asJSON bool) error {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	first := opt.Seed
	enc := json.NewEncoder(a.Out)
	enc.SetEscapeHTML(false)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var got []tally.Result
	var unwritten error
	err := tally.Series(ctx, a.unkept, d, opt, n, func(i int) uint64 { return first + uint64(i) }, func(r tally.Result) {
		got = append(got, r)
		if asJSON {
			if unwritten = enc.Encode(lineOf(len(got), r)); unwritten != nil {
				cancel()
			}
		}
	})
	if unwritten != nil {
		return broken(unwritten)
	}
	if !asJSON && len(got) > 0 {
		head := fmt.Sprintf("%s: %d runs, pace %s, seeds %d to %d\n", d.Info().Name, len(got), opt.Pace, first, first+uint64(len(got))-1)
		if _, err := io.WriteString(a.Out, head+spread(d.Info(), got)); err != nil {
			return broken(err)
		}
	}
	switch {
	case errors.Is(err, context.Canceled):
		return status{1, fmt.Errorf("ended after %d of %d runs", len(got), n)}
	case errors.As(err, new(*tally.Failed)):
		return status{1, err}
	case err != nil:
		return status{2, err}
	}
	for _, r := range got {
		if r.Verdict == nil || !r.Verdict.OK {
			return status{1, nil}
		}
	}
	return nil
}

func lineOf(n int, r tally.Result) any {
	line := struct {
		Run     int                `json:"run"`
		Seed    uint64             `json:"seed"`
		OK      bool               `json:"ok"`
		Outcome string             `json:"outcome,omitempty"`
		Gauges  map[string]float64 `json:"gauges"`
	}{Run: n, Seed: r.Seed, Gauges: map[string]float64{}}
	for _, g := range r.Gauges {
		line.Gauges[g.Name] = g.Value
	}
	if r.Verdict != nil {
		line.OK, line.Outcome = r.Verdict.OK, r.Verdict.Text
	}
	return line
}

// spread is a histogram for each gauge, in the order in which the demo describes
// them; one that came out the same each time is a line.
func spread(info demo.Info, got []tally.Result) string {
	var b strings.Builder
	var names []string
	for _, g := range info.Gauges {
		names = append(names, g.Name)
	}
	ok, units := 0, map[string]string{}
	for _, r := range got {
		if r.Verdict != nil && r.Verdict.OK {
			ok++
		}
		for _, g := range r.Gauges {
			units[g.Name] = g.Unit
			if !slices.Contains(names, g.Name) {
				names = append(names, g.Name)
			}
		}
	}
	fmt.Fprintf(&b, "%d of %d came out well\n", ok, len(got))
	for _, name := range names {
		var values []float64
		for _, r := range got {
			if v, ok := r.Gauge(name); ok {
				values = append(values, v)
			}
		}
		if len(values) == 0 {
			continue
		}
		slices.Sort(values)
		say := func(v float64) string { return view.Format(trace.Gauge{Value: v, Unit: units[name]}) }
		low, high := values[0], values[len(values)-1]
		fmt.Fprintf(&b, "\n%s", safe.Line(name, 60))
		if len(values) < len(got) {
			fmt.Fprintf(&b, ", measured in %d of them", len(values))
		}
		if low == high {
			fmt.Fprintf(&b, ": %s each time\n", say(low))
			continue
		}
		fmt.Fprintf(&b, ": from %s to %s, half of them up to %s\n", say(low), say(high), say(values[(len(values)-1)/2]))
		bins := tally.Spread(values, 8)
		most := slices.MaxFunc(bins, func(x, y tally.Bin) int { return x.Count - y.Count }).Count
		for i, bin := range bins {
			to := "up to " + say(bin.To)
			if i == 0 && bin.To == 0 {
				to = say(0)
			}
			fmt.Fprintf(&b, "  %18s |%s %d\n", to, strings.Repeat("#", bin.Count*min(most, 40)/most), bin.Count)
		}
	}
	return b.String()
}
