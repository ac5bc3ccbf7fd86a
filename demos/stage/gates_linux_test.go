package stage_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"edu/procession/demos/board"
	"edu/procession/demos/demo"
	"edu/procession/demos/stage"
	"edu/procession/demos/stage/stagetest"
	"edu/procession/demos/trace"
)

func stepping(schedule string, set ...string) demo.Options {
	s, err := demo.ParseSchedule(schedule)
	if err != nil {
		panic(err)
	}
	o := demo.Options{Pace: demo.Fast, Step: true, Schedule: s, Params: map[string]string{}}
	for i := 0; i < len(set); i += 2 {
		o.Params[set[i]] = set[i+1]
	}
	return o
}

func settled(n int) func(*board.Board) bool {
	return func(b *board.Board) bool { return b.Step.Settled && len(b.Step.Schedule) == n }
}

func TestSchedules(t *testing.T) {
	for _, tt := range []struct{ schedule, lock, verdict string }{
		{"A*6 B*6", "false", "the number is 4"},
		{"A B A B A B A*3 B*3", "false", "the number is 3"},
		{"B A*6 B*5", "false", "the number is 2"},
		{"A*3", "false", "cut"},
		{"A*2 B A*3 B*9 A*5", "true", "the number is 4"},
		{"A kill:A B", "true", "stuck"},
	} {
		got := stagetest.Play(t, turns{}, stepping(tt.schedule, "lock", tt.lock))
		if v := got.Board.Verdict; got.Err != nil || v == nil || v.Text != tt.verdict {
			t.Errorf("%s: %v %+v, not %s", tt.schedule, got.Err, v, tt.verdict)
		}
		want, _ := demo.ParseSchedule(tt.schedule)
		if !slices.Equal(got.Board.Step.Schedule, want) {
			t.Errorf("the Board has the schedule %v, not %v", got.Board.Step.Schedule, want)
		}
	}
}

// What the Board calls held or blocked is so in /proc at that moment, and a step
// is done when the stage has settled after it.
func TestSettledIsTheKernels(t *testing.T) {
	o := stepping("", "lock", "true")
	o.Attended = true
	run := stagetest.Start(t, turns{}, o)
	for i, step := range []struct {
		who             trace.ID
		ready, blocked  string
		next, on, value string
	}{
		{"", "[A B]", "[]", "take the token", "pipe read", ""},
		{"A", "[A B]", "[]", "read", "pipe read", ""},
		{"B", "[A]", "[B]", "read", "pipe read", ""},
		{"A", "[A]", "[B]", "add 1 to 0", "pipe read", "0"},
		{"A", "[A]", "[B]", "write 1", "pipe read", "0"},
		{"A", "[A]", "[B]", "give the token back", "pipe read", "1"},
		{"A", "[A B]", "[]", "take the token", "pipe read", "1"},
	} {
		if step.who != "" {
			if err := run.Go(step.who); err != nil {
				t.Fatal(err)
			}
		}
		b := stagetest.Until(t, run, fmt.Sprint("settled ", i), settled(i))
		if fmt.Sprint(b.Step.Ready) != step.ready || fmt.Sprint(b.Step.Blocked) != step.blocked {
			t.Errorf("after %v: %v could go, %v are blocked", b.Step.Schedule, b.Step.Ready, b.Step.Blocked)
		}
		for _, id := range []trace.ID{"A", "B"} {
			p := b.Proc(id)
			if p.State != trace.Asleep || p.On != step.on || stagetest.State(p.PID) != 'S' {
				t.Errorf("%s after %v: %s on %s; /proc says %c", id, b.Step.Schedule, p.State, p.On, stagetest.State(p.PID))
			}
		}
		if p := b.Proc("A"); p.NextStep != step.next || !p.Held {
			t.Errorf("A is about to %q, not %q", p.NextStep, step.next)
		}
		if c := b.Cell("number"); step.value != "" && (c == nil || c.Value != step.value) {
			t.Errorf("the number is %+v, not %s", c, step.value)
		}
	}
	if b := stagetest.Until(t, run, "B has it", settled(6)); fmt.Sprint(b.Lock("token").Holders, b.Lock("token").Waiters) != "[B] []" {
		t.Errorf("the token: %+v", b.Lock("token"))
	}
	run.Finish()
	stagetest.End(t, run)
}

func TestWhoCannotGo(t *testing.T) {
	for schedule, want := range map[string]string{
		"A A C":           `step 3 of the schedule, C: there is no worker "C"; A or B could go`,
		"A*5 B":           "",
		"A B B":           "step 3 of the schedule, B: B is blocked (pipe read); A could go",
		"A*10 A":          "step 11 of the schedule, A: A has ended; B could go",
		"stop:A A":        "step 2 of the schedule, A: A is stopped; B could go",
		"A*10 B*10 B":     "step 21 of the schedule, B: B has ended; nobody could go",
		"kill:C":          `step 1 of the schedule, kill:C: there is no process "C" on stage`,
		"dance:A":         `step 1 of the schedule, dance:A: "dance" is not an action that a schedule can have; kill, term, stop and cont are`,
		"stop:A cont:A A": "",
	} {
		got := stagetest.Play(t, turns{}, stepping(schedule, "lock", "true"))
		text := ""
		if got.Err != nil {
			text = got.Err.Error()
		}
		if text != want {
			t.Errorf("%s: %q, not %q", schedule, text, want)
		}
	}
	o := stepping("A A")
	o.Attended = true
	run := stagetest.Start(t, turns{}, o)
	stagetest.Until(t, run, "the schedule is through", settled(2))
	if err := run.Go("X"); err == nil || !strings.HasSuffix(err.Error(), "A or B could go") {
		t.Errorf("Go X: %v", err)
	}
	for range 4 {
		if err := run.Go("A"); err != nil {
			t.Fatal(err)
		}
	}
	if err := run.Go("A"); err == nil || err.Error() != "A has ended; B could go" {
		t.Errorf("Go A: %v", err)
	}
	if _, err := stage.Start(probe{}, demo.Options{Step: true}); err == nil {
		t.Error("a demo without steps was started in step mode")
	}
	free := stagetest.Start(t, turns{}, demo.Options{Pace: demo.Fast})
	if err := free.Go("A"); err == nil {
		t.Error("a step was made without step mode")
	}
	if got := stagetest.End(t, free); got.Err != nil || got.Board.Step.On || len(got.Board.Verdict.Text) == 0 {
		t.Errorf("without step mode: %v %+v", got.Err, got.Board.Step)
	}
}

// boards are the Boards at each settled moment of a run, by the moves so far.
func boards(events []trace.Event) map[int]*board.Board {
	at := map[int]*board.Board{}
	b := board.New()
	for _, e := range events {
		b.Apply(e)
		if e.Kind == trace.KindSettled {
			at[len(b.Step.Schedule)] = b.Clone()
		}
	}
	return at
}

// Random schedules, with a kill here and there: going back a step at a time, each
// by a run of its own up to there, shows the Boards of going forward.
func TestUndoEqualsForward(t *testing.T) {
	schedules := 200
	if testing.Short() {
		schedules = 10
	}
	var compared atomic.Int32
	t.Run("all", func(t *testing.T) {
		for i := range schedules {
			t.Run(fmt.Sprint(i), func(t *testing.T) {
				t.Parallel()
				compared.Add(int32(undo(t, uint64(i))))
			})
		}
	})
	t.Logf("%d schedules, %d Boards compared", schedules, compared.Load())
}

// undo plays a random schedule, and again up to a random place in it: each place
// is come to over the schedules. It tells how many Boards it compared.
func undo(t *testing.T, seed uint64) (compared int) {
	rnd := rand.New(rand.NewPCG(seed, 2))
	o := stepping("", "rounds", "1", "lock", fmt.Sprint(seed%2 == 0))
	killed := seed%5 != 0
	o.Choose = func(moves demo.Schedule, ready []trace.ID) trace.ID {
		who := ready[rnd.IntN(len(ready))]
		if !killed && len(moves) > 2 {
			killed = true
			return "kill:" + who
		}
		return who
	}
	forward := stagetest.Play(t, turns{}, o)
	at := boards(forward.Events)
	all := demo.Schedule(forward.Board.Step.Schedule)
	back := stepping(all[:rnd.IntN(len(all))].String(), "rounds", "1", "lock", o.Params["lock"])
	for n, b := range boards(stagetest.Play(t, turns{}, back).Events) {
		compared++
		if d := board.Same(b, at[n]); d != "" {
			t.Errorf("%s, back to %s, after %d moves: %s", all, back.Schedule, n, d)
		}
	}
	return compared
}

// BenchmarkStep measures from the call of Go until the log says that the stage
// has settled: the key to the process's next blocked state.
func BenchmarkStep(b *testing.B) {
	var took []time.Duration
	for b.Loop() {
		o := stepping("", "lock", "true")
		o.Attended = true
		run := stagetest.Start(b, turns{}, o)
		at := stagetest.Until(b, run, "settled", settled(0))
		for n := 1; len(at.Step.Ready) > 0; n++ {
			t := time.Now()
			if err := run.Go(at.Step.Ready[n%len(at.Step.Ready)]); err != nil {
				b.Fatal(err)
			}
			at = stagetest.Until(b, run, "settled", settled(n))
			took = append(took, time.Since(t))
		}
		stagetest.End(b, run)
	}
	slices.Sort(took)
	b.ReportMetric(took[len(took)/2].Seconds()*1000, "median-ms")
	b.ReportMetric(took[len(took)*99/100].Seconds()*1000, "p99-ms")
	b.ReportMetric(took[len(took)-1].Seconds()*1000, "worst-ms")
}
