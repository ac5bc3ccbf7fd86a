package demo_test

import (
	"slices"
	"strings"
	"testing"

	"edu/procession/demos/demo"
	"edu/procession/demos/trace"
)

func TestSchedule(t *testing.T) {
	for text, want := range map[string]demo.Schedule{
		"":                    nil,
		"A A B A B":           {"A", "A", "B", "A", "B"},
		" A,A\nB → kill:A;B ": {"A", "A", "B", "kill:A", "B"},
		"stop:* A*2":          {"stop:*", "A", "A"},
		"worker-1*3 B":        {"worker-1", "worker-1", "worker-1", "B"},
	} {
		got, err := demo.ParseSchedule(text)
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%q: %v %v", text, got, err)
		}
		again, err := demo.ParseSchedule(got.String())
		if err != nil || !slices.Equal(again, got) {
			t.Errorf("%q does not read back: %v %v", got.String(), again, err)
		}
	}
	for text, want := range map[string]string{
		"A B*x":                 "move 2",
		"A*0":                   "move 1",
		"A*99999":               "at most 10000 moves",
		"A kill:":               "move 2",
		":A":                    "move 1",
		"a:b:c":                 "move 1",
		"*3":                    "move 1",
		strings.Repeat("x", 99): "60 bytes",
	} {
		if _, err := demo.ParseSchedule(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, not %s", text, err, want)
		}
	}
	s := demo.Schedule{"A", "B"}
	if back := s.Back(); len(back) != 1 || len(back.Back()) != 0 || back.Back().Back() != nil {
		t.Errorf("back: %v", back)
	}
	back := append(s.Back(), "C")
	if s[1] != "B" || back[1] != "C" {
		t.Error("a schedule changed when one of before was taken further")
	}
	if a, ok := demo.MoveAct("kill:A"); !ok || a.Name != "kill" || a.Target != trace.ID("A") {
		t.Errorf("kill:A is %+v", a)
	}
}

// BenchmarkStepOff is what a step costs where nobody steps.
func BenchmarkStepOff(b *testing.B) {
	var w demo.Worker
	for b.Loop() {
		w.Step("read counter")
	}
}

func TestToMend(t *testing.T) {
	i := demo.Info{
		Params:  []demo.Param{{Name: "lock", Default: "none"}, {Name: "workers", Default: "2"}, {Name: "rounds", Default: "2"}},
		Puzzles: []demo.Puzzle{{Name: "lose"}, {Name: "mend", Mend: "lock", Set: map[string]string{"rounds": "1"}}},
	}
	for _, tt := range []struct {
		params map[string]string
		fits   bool
	}{
		{nil, false},
		{map[string]string{"rounds": "1"}, true},
		{map[string]string{"rounds": "1", "lock": "mutex", "workers": "2"}, true},
		{map[string]string{"rounds": "1", "workers": "3"}, false},
		{map[string]string{"lock": "mutex"}, false},
	} {
		if z, fits := i.ToMend(tt.params); fits != tt.fits || z.Name != "mend" {
			t.Errorf("%v: %v %s", tt.params, fits, z.Name)
		}
	}
	if _, fits := (demo.Info{Puzzles: i.Puzzles[:1]}).ToMend(nil); fits {
		t.Error("a puzzle that is not to be mended")
	}
}
