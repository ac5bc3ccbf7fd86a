//go:build linux

package proxy

import (
	"strings"
	"testing"

	"edu/procession/demos/board"
	"edu/procession/demos/demo"
	"edu/procession/demos/stage/stagetest"
	"edu/procession/demos/trace"
)

func TestMain(m *testing.M) { stagetest.Main(m, Demo{}) }

func attended(t *testing.T) demo.Run {
	t.Helper()
	run := stagetest.Start(t, Demo{}, demo.Options{Pace: demo.Fast, Seed: 1, Attended: true, Params: map[string]string{"ops": "100", "counts": "200"}})
	ready(t, run, "measured", func(b *board.Board) bool { _, ok := b.Gauge("tcp-vs-own"); return ok })
	return run
}

// ready waits for something, and until both clients are through.
func ready(t *testing.T, run demo.Run, what string, ok func(*board.Board) bool) *board.Board {
	t.Helper()
	return stagetest.Until(t, run, what, func(b *board.Board) bool {
		for _, c := range clients {
			if p := b.Proc(c); p == nil || p.Says != waiting {
				return false
			}
		}
		return ok(b)
	})
}

func act(t *testing.T, run demo.Run, name string, target trace.ID) {
	t.Helper()
	if err := run.Act(name, target); err != nil {
		t.Fatal(err)
	}
}

func lines(b *board.Board, who trace.ID, text string) (n int) {
	for _, l := range b.Lines {
		if l.Who == who && strings.Contains(l.Text, text) {
			n++
		}
	}
	return n
}

// What is appended to a copy is in the copy; what the manager appends is in the list.
func TestCopy(t *testing.T) {
	run := attended(t)
	act(t, run, "copy", "")
	b := ready(t, run, "a copy was appended to", func(b *board.Board) bool { return lines(b, "client-1", "appended 1 to a copy") == 1 })
	if own, copy := b.Belief("manager", "notes"), b.Belief("client-1", "notes"); own != "[]" || copy != "[1] (a copy)" {
		t.Errorf("the manager holds %s, the client %s", own, copy)
	}
	act(t, run, "append", "")
	ready(t, run, "the manager appended", func(b *board.Board) bool { // two processes tell of it, in no certain order
		return lines(b, "client-1", "asked the manager to append 2") == 1 && b.Belief("manager", "notes") == "[2]"
	})
	run.Finish()
	got := stagetest.End(t, run)
	if v := got.Board.Verdict; got.Err != nil || v == nil || !v.OK {
		t.Errorf("the run: %v, %+v", got.Err, v)
	}
	for _, id := range []trace.ID{"manager", "client-1", "client-2"} {
		if x := got.Board.Proc(id).Exit; x.Code != 0 || x.Signal != "" {
			t.Errorf("%s: %v", id, x)
		}
	}
}

// Adding at the manager loses nothing, however the clients' requests fall; the
// figures are the manager's counter's.
func TestCounts(t *testing.T) {
	got := stagetest.Play(t, Demo{}, demo.Options{Pace: demo.Fast, Seed: 1, Params: map[string]string{"ops": "100", "counts": "300"}})
	lost, ok := got.Board.Gauge("lost-updates")
	if !ok || lost.Value < 0 || lost.Value >= 600 {
		t.Errorf("by get and put: %+v", lost)
	}
	if adds, ok := got.Board.Gauge("lost-adds"); !ok || adds.Value != 0 {
		t.Errorf("by add: %+v", adds)
	}
	if got.Board.Verdict == nil || !got.Board.Verdict.OK {
		t.Errorf("%+v", got.Board.Verdict)
	}
}

// A killed manager takes its objects with it, and who asks is told.
func TestKilled(t *testing.T) {
	run := attended(t)
	act(t, run, "kill", "manager")
	stagetest.Until(t, run, "the manager is gone", func(b *board.Board) bool {
		p := b.Proc("manager")
		return p != nil && p.State == trace.Dead
	})
	act(t, run, "append", "")
	b := ready(t, run, "the client is told", func(b *board.Board) bool { return b.Belief("client-1", "manager") != "" })
	if lines(b, "client-1", "append 1:") != 1 {
		t.Error("the client does not say what became of its request")
	}
	run.Finish()
	got := stagetest.End(t, run)
	if v := got.Board.Verdict; got.Err != nil || v == nil || !strings.Contains(v.Text, "has ended") {
		t.Errorf("the run: %v, %+v", got.Err, v)
	}
	if x := got.Board.Proc("manager").Exit; x.Signal != "KILL" {
		t.Errorf("%v", x)
	}
}
