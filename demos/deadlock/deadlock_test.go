//go:build linux

package deadlock

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"edu/procession/demos/board"
	"edu/procession/demos/demo"
	"edu/procession/demos/stage"
	"edu/procession/demos/stage/stagetest"
	"edu/procession/demos/trace"
)

func TestMain(m *testing.M) { stagetest.Main(m, Demo{}) }

func value(b *board.Board, name string) float64 {
	g, _ := b.Gauge(name)
	return g.Value
}

// circled starts an attended run and waits until its deadlock was told.
func circled(t *testing.T, workers string) (demo.Run, *board.Board) {
	o := stagetest.Options("workers", workers, "transfers", "2000")
	o.Attended = true
	run := stagetest.Start(t, Demo{}, o)
	return run, stagetest.Until(t, run, "a deadlock", func(b *board.Board) bool { return strings.Contains(b.Caption, "None of them will go on") })
}

// What is called a circle is one on the Board too, and in /proc.
func TestDeadlock(t *testing.T) {
	for _, workers := range []string{"2", "4"} {
		run, b := circled(t, workers)
		circle := b.Circle()
		if fmt.Sprint(len(circle)) != workers || fmt.Sprint(value(b, "circle")) != workers || value(b, "before-deadlock") <= 0 {
			t.Errorf("the circle of %s: %v, %+v", workers, circle, b.Gauges)
		}
		for _, e := range circle {
			p := b.Proc(e.Who)
			if p.On != "file lock" || stagetest.State(p.PID) != 'S' {
				t.Errorf("%s is %s on %q, and /proc says %c", e.Who, p.State, p.On, stagetest.State(p.PID))
			}
		}
		t.Logf("after %v transfers and %.1f ms: %s", value(b, "transfers"), value(b, "before-deadlock"), b.Caption)
		run.Finish()
		if got := stagetest.End(t, run); got.Err != nil || got.Board.Verdict == nil || !strings.Contains(got.Board.Verdict.Text, "A waits for lock-2 of B, B for lock-") {
			t.Errorf("%v %+v", got.Err, got.Board.Verdict)
		}
	}
	got := stagetest.Play(t, Demo{}, stagetest.Options("transfers", "2000")) // unattended: it ends all the same
	if got.Err != nil || value(got.Board, "circle") != 2 {
		t.Errorf("%v %+v", got.Err, got.Board.Verdict)
	}
}

// The kernel frees the locks of the killed one, and the other does all its
// transfers.
func TestKillBreaksIt(t *testing.T) {
	run, _ := circled(t, "2")
	if err := run.Act("kill", "A"); err != nil {
		t.Fatal(err)
	}
	stagetest.Until(t, run, "the end of the circle", func(b *board.Board) bool { return strings.Contains(b.Caption, "The circle is broken") })
	got := stagetest.End(t, run)
	if x := got.Board.Proc("B").Exit; got.Err != nil || x.Code != 0 || x.Signal != "" || value(got.Board, "circle") != 0 {
		t.Errorf("%v, B ended with %+v", got.Err, x)
	}
	if c := got.Board.Cell("transfers of B"); c == nil || c.Value != "2000" {
		t.Errorf("B's transfers: %+v", c)
	}
}

// A scripted kill comes, however long after the circle.
func TestScriptedKill(t *testing.T) {
	o := stagetest.Options("transfers", "200")
	o.Script = []demo.Scripted{{Act: demo.Act{Name: "kill", Target: "B"}, At: 1500 * time.Millisecond}}
	got := stagetest.Play(t, Demo{}, o)
	if c := got.Board.Cell("transfers of A"); got.Err != nil || c == nil || c.Value != "200" || got.Board.Proc("B").Exit.Signal != "KILL" {
		t.Errorf("%v %+v", got.Err, c)
	}
}

// Every schedule, on the real processes: in a ring half of them end in a circle,
// and sorted, or behind a gate for both, none does. A gate for the first only does
// not help.
func TestNever(t *testing.T) {
	for _, tt := range []struct {
		order, workers string
		broken         int
		solved         string
		want           []string
	}{
		{ring, "2", 4, "", []string{"4: 0 transfers are done; A waits for lock-2 of B, B for lock-1 of A", "4: 2 transfers are done"}},
		{sorted, "2", 0, "mend-the-order", []string{"6: 2 transfers are done"}},
		{gate, "2", 0, "mend-the-order", []string{"14: 2 transfers are done"}},
		{gateFirst, "2", 8, "", []string{"8: 0 transfers are done; A waits for lock-2 of B, B for lock-1 of A", "14: 2 transfers are done"}},
	} {
		got, err := demo.Explore(context.Background(), stage.Start, Demo{}, stagetest.Options("order", tt.order, "workers", tt.workers), 100, nil)
		if err != nil || !got.All || len(got.Outcomes) != len(tt.want) || got.Broken != tt.broken || got.Mends != "mend-the-order" || got.Solved != tt.solved {
			t.Fatalf("%v %+v", err, got)
		}
		for _, x := range got.Outcomes {
			if text := fmt.Sprintf("%d: %s", x.Count, x.Text); !strings.Contains(strings.Join(tt.want, "\n"), text) {
				t.Errorf("%s: %s", tt.order, text)
			}
		}
	}
	some, err := demo.Explore(context.Background(), stage.Start, Demo{}, stagetest.Options("order", sorted, "workers", "3"), 40, nil)
	if err != nil || len(some.Outcomes) != 1 || some.Outcomes[0].Text != "3 transfers are done" {
		t.Errorf("three, sorted: %v %+v", err, some)
	}
	for _, order := range []string{sorted, gate} {
		b := stagetest.Play(t, Demo{}, stagetest.Options("order", order, "workers", "4", "transfers", "50")).Board
		if value(b, "transfers") != 200 || value(b, "circle") != 0 || b.Verdict.Text != "200 transfers are done" {
			t.Errorf("%s, running freely: %+v %+v", order, b.Verdict, b.Gauges)
		}
	}
}

func TestPuzzle(t *testing.T) {
	o := stagetest.Options()
	o.Step, o.Schedule = true, demo.Schedule{"A", "B", "A", "B"}
	b := stagetest.Play(t, Demo{}, o).Board
	if s := b.Step.Solved; len(s) != 1 || s[0] != (trace.Solved{Puzzle: "all-for-ever", N: 4}) {
		t.Errorf("solved: %v", s)
	}
}

func TestNothingSurvives(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	for range 3 {
		stagetest.KillHost(t, "deadlock workers=4", 4, rnd)
	}
}
