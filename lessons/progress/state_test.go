package progress

import (
	"math"
	"reflect"
	"testing"
	"time"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// sample is a state in which every field is used.
func sample() State {
	var st State
	st.Read("process-life", 2, noon)
	st.Predict("process-life", Prediction{Question: "is-alive", Choice: 1, Confidence: 2, Right: false, When: noon})
	st.Predict("process-life", Prediction{Question: "is-alive", Choice: 0, Confidence: 3, Right: true, When: noon})
	st.Ran("process-life", Run{Demo: "process-life", When: noon, Seed: math.MaxUint64, OK: true},
		map[string]Gauge{"start": {1.25, "ms"}, "join": {88, "µs"}, "speedup": {1.9, ""}})
	st.Predict("process-life", Prediction{Question: "is-alive", Choice: 2, Confidence: 1, Right: true, When: noon, Review: true, Variant: 1})
	st.Predict("process-life", Prediction{Question: "how-many", Choice: 12, Confidence: 1, Right: true, When: noon, Runs: 20, Seen: 14})
	st.Solve("race-and-lock", "lose-an-update", Solved{Moves: 6, When: noon})
	st.Finish("process-life")
	return st
}

func TestLessonRecord(t *testing.T) {
	st := sample()
	st.Read("process-life", 1, noon.Add(time.Hour))
	l := st.Lesson("process-life")
	if l.Part != 2 || !l.First.Equal(noon) || !l.Last.Equal(noon.Add(time.Hour)) || !l.Done {
		t.Errorf("lesson = %+v", l)
	}
	if p, ok := l.Prediction("is-alive"); !ok || p.Choice != 0 || !p.Right {
		t.Errorf("last answer = %+v, %v", p, ok)
	}
	if _, ok := l.Prediction("other"); ok {
		t.Error("an answer to a question never asked")
	}
	if g, ok := st.Gauge("process-life", "join"); !ok || g != (Gauge{88, "µs"}) {
		t.Errorf("gauge = %+v, %v", g, ok)
	}
	st.Ran("", Run{Demo: "process-life"}, map[string]Gauge{"start": {2, "ms"}})
	if _, ok := st.Gauge("process-life", "join"); ok {
		t.Error("a gauge of an older run is left")
	}
}

func TestSolveKeepsTheBest(t *testing.T) {
	var st State
	if _, ok := st.Solved("d", "p"); ok {
		t.Error("solved before it was played")
	}
	for _, moves := range []int{7, 5, 9, 5} {
		st.Solve("d", "p", Solved{Moves: moves, When: noon.Add(time.Duration(moves) * time.Hour)})
	}
	if got, _ := st.Solved("d", "p"); got != (Solved{5, noon.Add(5 * time.Hour)}) {
		t.Errorf("best = %+v", got)
	}
}

func TestNext(t *testing.T) {
	ids := []string{"a", "b", "c"}
	for _, c := range []struct {
		current string
		done    []string
		want    string
		n       int
	}{
		{"", nil, "a", 0},
		{"b", nil, "b", 0},
		{"b", []string{"b"}, "c", 1},
		{"c", []string{"b", "c"}, "a", 2},
		{"gone", []string{"a"}, "b", 1},
		{"a", []string{"a", "b", "c", "gone"}, "", 3},
	} {
		st := State{Current: c.current}
		for _, id := range c.done {
			st.Finish(id)
		}
		if got, ok := st.Next(ids); got != c.want || ok != (c.want != "") {
			t.Errorf("Next at %q with %q done = %q, %v; want %q", c.current, c.done, got, ok, c.want)
		}
		if got := st.Done(ids); got != c.n {
			t.Errorf("Done with %q = %d, want %d", c.done, got, c.n)
		}
	}
	if id, ok := (State{}).Next(nil); ok {
		t.Errorf("Next of no lessons = %q", id)
	}
}

func TestCodecKeepsEverything(t *testing.T) {
	want := sample()
	data, err := encode(want)
	if err != nil {
		t.Fatal(err)
	}
	got, err := decode(data)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("decode(encode(st)) = %+v, want %+v", got, want)
	}
}

func TestTidyDropsWhatCannotBeWritten(t *testing.T) {
	st := sample()
	st.Read("process-life", 0, time.Date(30000, 1, 1, 0, 0, 0, 0, time.UTC))
	st.Gauges["process-life"]["speedup"] = Gauge{math.NaN(), ""}
	for range maxRuns + 5 {
		st.Ran("loop", Run{Demo: "d"}, nil)
	}
	st.tidy()
	if _, err := encode(st); err != nil {
		t.Error(err)
	}
	if _, ok := st.Gauge("process-life", "speedup"); ok {
		t.Error("a gauge that is no number is left")
	}
	if n := len(st.Lesson("loop").Runs); n != maxRuns {
		t.Errorf("%d runs kept", n)
	}
}

func TestValidateRefusesNamesThatAreNone(t *testing.T) {
	for _, bad := range []string{"", "a\x1b[31m", "a\nb", "\u202eb", "a\u0301", "\xff", string(make([]byte, 200))} {
		st := State{Lessons: map[string]Lesson{bad: {}}}
		if st.validate() == nil {
			t.Errorf("lesson %q was taken", bad)
		}
		if bad != "" {
			st = State{Gauges: map[string]map[string]Gauge{"d": {"g": {1, bad}}}}
			if st.validate() == nil {
				t.Errorf("unit %q was taken", bad)
			}
		}
	}
	for _, conf := range []int{0, 4} {
		st := State{}
		st.Predict("a", Prediction{Question: "q", Confidence: conf})
		if st.validate() == nil {
			t.Errorf("confidence %d was taken", conf)
		}
	}
	for _, bad := range []Prediction{{Variant: -1}, {Runs: -1}, {Runs: 2, Seen: 3}, {Runs: 2, Seen: -1}} {
		bad.Question, bad.Confidence = "q", 1
		st := State{}
		st.Predict("a", bad)
		if st.validate() == nil {
			t.Errorf("%+v was taken", bad)
		}
	}
	for _, bad := range []string{"", "a\x1b[31m"} {
		for _, st := range []State{{Puzzles: map[string]map[string]Solved{bad: {}}}, {Puzzles: map[string]map[string]Solved{"d": {bad: {}}}}} {
			if st.validate() == nil {
				t.Errorf("puzzle %q was taken", bad)
			}
		}
	}
}
