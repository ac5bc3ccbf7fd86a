package lessons

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
)

// Forecast asks of how many runs something is true: where one run may come out
// this way or that, only many say how often. They are fast and unattended, one
// after another, each with a seed of its own.
type Forecast struct {
	Outcome string // of such a run, as in "3 of 20 lost an update"
	Why     string // what is true whatever was measured, in Markdown

	Demo    string
	Set     map[string]string // the demo's parameters, where not the defaults
	Runs    int
	Gauge   string  // whose values are drawn; it decides, unless Verdict is set
	Above   float64 // a run counts whose gauge is more than this
	Verdict string  // a run counts whose verdict holds these words
}

// Counts says whether a run counts, by what it measured and how it was judged.
func (f *Forecast) Counts(gauge float64, verdict string) bool {
	if f.Verdict != "" {
		return strings.Contains(verdict, f.Verdict)
	}
	return gauge > f.Above
}

// Margin is how far from a prediction the count may lie by chance alone, in 19 of
// 20 such series, if the prediction is right: two standard deviations of a
// binomial count, rounded up. Its share is kept off 0 and 1, where so few runs
// prove nothing.
func (f *Forecast) Margin(predicted int) int {
	n := float64(f.Runs)
	p := (float64(predicted) + 1) / (n + 2)
	return int(math.Ceil(2 * math.Sqrt(n*p*(1-p))))
}

// Right says that a count does not contradict a prediction.
func (f *Forecast) Right(predicted, seen int) bool {
	return max(predicted-seen, seen-predicted) <= f.Margin(predicted)
}

// forecastMeta is a forecast's facts in the front matter.
type forecastMeta struct {
	Demo, Gauge, Verdict string
	Set                  map[string]any
	Runs                 int
	Above                float64
}

// forecast puts the facts to the questions that ask for a count.
func forecast(l *Lesson, facts map[string]forecastMeta) error {
	for _, id := range slices.Sorted(maps.Keys(facts)) {
		i := slices.IndexFunc(l.Questions, func(q Question) bool { return q.ID == id && q.Forecast != nil })
		if i < 0 {
			return fmt.Errorf("the front matter has a forecast %q, and there is no question of that id with a %q", id, "- [?] outcome")
		}
		m, f := facts[id], l.Questions[i].Forecast
		f.Demo, f.Runs, f.Gauge, f.Above, f.Verdict, f.Set = m.Demo, m.Runs, m.Gauge, m.Above, m.Verdict, settings(m.Set)
		if f.Demo == "" {
			f.Demo = l.Demo
		}
	}
	return nil
}

func settings(set map[string]any) map[string]string {
	var out map[string]string
	for k, v := range set {
		if out == nil {
			out = map[string]string{}
		}
		out[k] = fmt.Sprint(v)
	}
	return out
}

// maxRuns is how many runs somebody waits for.
const maxRuns = 50

func (v *validator) forecast(where string, q Question) {
	f := q.Forecast
	if len(q.Choices) > 0 || len(q.Variants) > 0 {
		v.add(where, "asks for a count, and so has neither choices nor a table")
	}
	v.words(where, "outcome", f.Outcome)
	v.words(where, "reply to the count", f.Why)
	if f.Runs < 5 || f.Runs > maxRuns {
		v.add(where, "counts %d runs; the front matter's forecast says 5 to %d", f.Runs, maxRuns)
		return
	}
	v.words(where, "gauge", f.Gauge)
	gauges, ok := v.known[f.Demo]
	switch {
	case v.known == nil:
	case !ok:
		v.add(where, "there is no demo %q", f.Demo)
	case !slices.Contains(gauges, f.Gauge):
		v.add(where, "the demo %q does not report the gauge %q", f.Demo, f.Gauge)
	}
}
