package board_test

import (
	"fmt"
	"testing"
	"time"

	"edu/procession/demos/board"
	"edu/procession/demos/trace"
)

// told folds facts of A, B and the stage, written as they come to mind.
func told(facts ...any) *board.Board {
	b := board.New()
	who := trace.ID("")
	for _, f := range facts {
		if id, ok := f.(string); ok {
			who = trace.ID(id)
			continue
		}
		src := trace.Worker
		switch f.(type) {
		case trace.Act, trace.StepGo:
			src = trace.Learner
		}
		d := f.(trace.Data)
		b.Apply(trace.Event{Seq: uint64(b.Pos + 1), At: time.Duration(b.Pos), Source: src, Who: who, Kind: d.Kind(), Data: d})
	}
	return b
}

var (
	want = trace.Lock{Is: trace.KindWant, Lock: "l"}
	hold = trace.Lock{Is: trace.KindHold, Lock: "l"}
	free = trace.Lock{Is: trace.KindFree, Lock: "l"}
)

func TestSteps(t *testing.T) {
	born := []any{"A", trace.Start{PID: 1}, trace.StepWait{Text: "read"}, "B", trace.Start{PID: 2}, trace.StepWait{Text: "read"},
		"", trace.Settled{Ready: []trace.ID{"A", "B"}}}
	with := func(more ...any) *board.Board { return told(append(append([]any{}, born...), more...)...) }
	b := with("A", trace.StepGo{N: 1, Text: "read"})
	if p := b.Proc("A"); p.Held || p.LastStep != "read" || p.NextStep != "" || p.Steps != 1 || b.Step.Settled || b.Step.Ready != nil {
		t.Errorf("A was let go: %+v %+v", p, b.Step)
	}
	b = with("A", trace.StepGo{N: 1, Text: "read"}, trace.Cell{Is: trace.KindRead, Cell: "c", Value: "7"}, trace.StepWait{Text: "write"},
		"", trace.Settled{N: 1, Ready: []trace.ID{"A"}, Blocked: []trace.ID{"B"}}, trace.Act{Action: "kill", Target: "B"},
		trace.Act{Action: "stop", Target: "B"}, trace.Act{Action: "stop", Target: "B", Error: "it has ended"}, trace.Act{Action: "say"})
	if got := fmt.Sprint(b.Step.Schedule); got != "[A kill:B]" {
		t.Errorf("the schedule is %s", got)
	}
	if p := b.Proc("A"); !p.Held || p.NextStep != "write" || b.Cell("c").Value != "7" || b.Cell("c").Writer != "" {
		t.Errorf("A at its next step: %+v %+v", p, b.Cells)
	}
	if b = with(trace.Settled{Blocked: []trace.ID{"A"}}); !b.Step.Stuck() || with().Step.Stuck() {
		t.Error("stuck or not")
	}
	if b := with("B", trace.Exit{PID: 2}); b.Proc("B").Held || b.Proc("B").NextStep != "" {
		t.Error("a dead process is held at a step")
	}
}

// Two processes tell of one lock in either order.
func TestLocks(t *testing.T) {
	for _, tt := range []struct {
		facts []any
		want  string
	}{
		{[]any{"A", want, hold, "B", want}, "[A] [B]"},
		{[]any{"A", want, hold, "B", want, "A", free, "B", hold}, "[B] []"},
		{[]any{"A", want, hold, "B", want, hold, "A", free}, "[B] []"},
		{[]any{"A", want, hold, "B", want, "A", trace.Exit{PID: 1}}, "[A] [B]"},
		{[]any{"A", want, hold, "B", want, trace.Exit{PID: 1}}, "[A] []"},
		{[]any{"A", want, trace.Lock{Is: trace.KindHold, Lock: "l", Freed: true}, "B", want, "A", trace.Exit{PID: 1}}, "[] [B]"},
		{[]any{"A", free}, "[] []"},
	} {
		l := told(tt.facts...).Lock("l")
		if got := fmt.Sprint(l.Holders, l.Waiters); got != tt.want {
			t.Errorf("%v: %s, not %s", tt.facts, got, tt.want)
		}
	}
}

// Same sees what a schedule determines, and nothing else.
func TestSame(t *testing.T) {
	base := []any{"A", trace.Start{PID: 1}, trace.StepWait{Text: "read"}, "", trace.Settled{Ready: []trace.ID{"A"}}}
	with := func(more ...any) *board.Board { return told(append(append([]any{}, base...), more...)...) }
	for name, b := range map[string]*board.Board{
		"another pid and a usage":  told("", trace.Say{Text: "x", Stream: "log"}, "A", trace.Start{PID: 7}, trace.Usage{CPU: 5}, trace.StepWait{Text: "read"}, "", trace.Settled{Ready: []trace.ID{"A"}}),
		"the warden":               with("warden", trace.Start{PID: 9, Role: "warden"}),
		"a measurement":            with(trace.Gauge{Name: "took", Value: 5, Unit: "ms"}),
		"a sample of one held":     with("A", trace.State{To: trace.Asleep, On: "pipe read"}),
		"the same, with a new log": with(),
	} {
		if d := board.Same(with(), b); d != "" {
			t.Errorf("%s: %s", name, d)
		}
	}
	for name, b := range map[string]*board.Board{
		"a cell":      with("A", trace.Cell{Is: trace.KindWrite, Cell: "c", Value: "1"}),
		"a lock":      with("A", hold),
		"a move":      with("A", trace.StepGo{N: 1}),
		"a count":     with(trace.Gauge{Name: "lost", Value: 1}),
		"an end":      with("A", trace.Exit{PID: 1}),
		"a stop":      with("A", trace.State{To: trace.Stopped}),
		"a message":   with("A", trace.Msg{Is: trace.KindSend, Msg: "m"}),
		"a task":      with("A", trace.Task{Is: trace.KindTaskNew, Task: 0}),
		"an item":     with("A", trace.Item{Is: trace.KindPut, Queue: "q", Item: "1"}),
		"a verdict":   with(trace.Verdict{OK: true, Text: "fine"}),
		"a caption":   with(trace.Say{Text: "so", Stream: "caption"}),
		"a worker":    with("B", trace.Start{PID: 2}),
		"a puzzle":    with(trace.Solved{Puzzle: "p", N: 1}),
		"a link":      with(trace.Link{Is: trace.KindCut, A: "a", B: "b"}),
		"a next step": with("A", trace.StepWait{Text: "write"}),
	} {
		if board.Same(with(), b) == "" {
			t.Errorf("%s makes no difference", name)
		}
	}
}

func TestCircle(t *testing.T) {
	lock := func(is trace.Kind, l trace.ID) trace.Lock { return trace.Lock{Is: is, Lock: l} }
	asleep := trace.State{From: trace.New, To: trace.Asleep, On: "file lock"}
	holds := func(who string, has, wants trace.ID) []any {
		return []any{who, trace.Start{PID: 1}, lock(trace.KindHold, has), lock(trace.KindWant, wants), asleep}
	}
	all := func(parts ...[]any) (facts []any) {
		for _, p := range parts {
			facts = append(facts, p...)
		}
		return facts
	}
	for _, tt := range []struct {
		facts []any
		want  string
	}{
		{all(holds("A", "1", "2"), holds("B", "2", "1")), "[{A 2 B} {B 1 A}]"},
		{all(holds("X", "9", "1"), holds("A", "1", "2"), holds("B", "2", "3"), holds("C", "3", "1")), "[{A 2 B} {B 3 C} {C 1 A}]"},
		{all(holds("A", "1", "2"), holds("B", "2", "3")), "[]"},
		{all(holds("A", "1", "2"), holds("B", "2", "1"), []any{"B", trace.State{From: trace.Asleep, To: trace.Running}}), "[]"},
		{all(holds("A", "1", "2"), holds("B", "2", "1"), []any{"B", trace.Exit{PID: 1}}), "[]"},
	} {
		if got := fmt.Sprint(told(tt.facts...).Circle()); got != tt.want {
			t.Errorf("%v: %s, not %s", tt.facts, got, tt.want)
		}
	}
}
