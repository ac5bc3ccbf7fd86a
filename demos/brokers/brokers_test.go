//go:build linux

package brokers

import (
	"context"
	"strings"
	"testing"
	"time"

	"edu/procession/demos/board"
	"edu/procession/demos/demo"
	"edu/procession/demos/stage/stagetest"
	"edu/procession/demos/trace"
)

func TestMain(m *testing.M) { stagetest.Main(m, Demo{}) }

func value(t *testing.T, b *board.Board, name string) float64 {
	t.Helper()
	g, ok := b.Gauge(name)
	if !ok {
		t.Errorf("%s was not measured", name)
	}
	return g.Value
}

// good checks a run in which nothing acknowledged may be lost.
func good(t *testing.T, got stagetest.Result) {
	t.Helper()
	if v := got.Board.Verdict; got.Err != nil || v == nil || !v.OK {
		t.Fatalf("the run: %v, %+v", got.Err, v)
	}
	if lost := value(t, got.Board, "lost"); lost != 0 {
		t.Errorf("%v acknowledged tasks are lost", lost)
	}
	if a, d := value(t, got.Board, "acknowledged"), value(t, got.Board, "done"); a < 3 || d < a {
		t.Errorf("%v acknowledged, %v done", a, d)
	}
}

// unheard checks that nothing is acknowledged while fewer servers run than needed.
// One word may be on its way to the log when the kernel tells of the end. It says
// how often too few ran.
func unheard(t *testing.T, events []trace.Event, needed int) (killed int) {
	t.Helper()
	running, ever, late := map[trace.ID]bool{}, false, 0
	for _, e := range events {
		switch d := e.Data.(type) {
		case trace.Listen:
			running[e.Who] = true
			if len(running) >= needed {
				ever, late = true, 0
			}
		case trace.Exit:
			if running[e.Who] {
				if delete(running, e.Who); ever && len(running) == needed-1 && d.Signal != "" {
					killed++
				}
			}
		case trace.Item:
			if d.Is == trace.KindPut && e.Who == "producer" && len(running) < needed {
				if late++; late > 1 {
					t.Errorf("%d: task %s was acknowledged with %d servers", e.Seq, d.Item, len(running))
				}
			}
		}
	}
	return killed
}

// The whole play: the leader is killed, then a second server, and both are started
// again.
func TestScript(t *testing.T) {
	t.Parallel()
	got := stagetest.Play(t, Demo{}, demo.Options{Pace: demo.Fast, Seed: 1})
	good(t, got)
	if n := unheard(t, got.Events, 2); n < 1 {
		t.Error("a majority ran all the time")
	}
	for _, g := range []string{"new-leader", "longest-wait", "sent-again"} {
		if value(t, got.Board, g) <= 0 {
			t.Errorf("%s is nothing", g)
		}
	}
	terms := map[uint64]trace.ID{}
	for _, e := range got.Events {
		if d, ok := e.Data.(trace.Role); ok && d.Role == "leader" {
			if was, ok := terms[d.Term]; ok && was != e.Who {
				t.Errorf("%s and %s both lead in term %d", was, e.Who, d.Term)
			}
			terms[d.Term] = e.Who
		}
	}
	if len(terms) < 2 {
		t.Errorf("leaders by term: %v", terms)
	}
}

func TestSingle(t *testing.T) {
	t.Parallel()
	got := stagetest.Play(t, Demo{}, stagetest.Options("servers", "1"))
	good(t, got)
	if n := unheard(t, got.Events, 1); n != 1 {
		t.Errorf("the only server was killed %d times", n)
	}
}

// All three servers are killed at once and started again from their files.
func TestAllKilled(t *testing.T) {
	t.Parallel()
	o := stagetest.Options()
	o.Attended = true
	run := stagetest.Start(t, Demo{}, o)
	act := func(name string, target trace.ID) {
		t.Helper()
		if err := run.Act(name, target); err != nil {
			t.Fatal(err)
		}
	}
	count := func(name string, n float64) func(*board.Board) bool {
		return func(b *board.Board) bool { g, _ := b.Gauge(name); return g.Value >= n }
	}
	stagetest.Until(t, run, "acknowledged tasks", count("acknowledged", 3))
	for _, b := range []trace.ID{"b1", "b2", "b3"} {
		act("kill", b)
	}
	b := stagetest.Until(t, run, "a task that is sent again", count("sent-again", 1))
	g, _ := b.Gauge("acknowledged")
	for range 3 {
		act("start", "")
	}
	stagetest.Until(t, run, "more of them", count("acknowledged", g.Value+2))
	run.Finish()
	got := stagetest.End(t, run)
	good(t, got)
	if n := unheard(t, got.Events, 2); n < 1 {
		t.Error("a majority ran all the time")
	}
}

// planted has a task in its books as acknowledged that no server was ever given.
type planted struct{ Demo }

func (planted) Play(ctx context.Context, s demo.Stage) error {
	pl := newPlay(s)
	defer pl.close()
	if err := pl.cast(ctx); err != nil {
		return err
	}
	if err := pl.until(ctx, func() bool { return len(pl.results) > 1 }, patience); err != nil {
		return err
	}
	pl.acked[1000], pl.grace = true, time.Second
	return pl.end(ctx)
}

// The check can fail.
func TestCheckCanFail(t *testing.T) {
	t.Parallel()
	got := stagetest.Play(t, planted{}, stagetest.Options("servers", "1"))
	if v := got.Board.Verdict; v == nil || v.OK || !strings.Contains(v.Text, "1 of them lost") {
		t.Errorf("%+v", v)
	}
}
