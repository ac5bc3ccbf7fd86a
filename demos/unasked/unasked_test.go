//go:build linux

package unasked

import (
	"math/rand/v2"
	"strings"
	"testing"

	"edu/procession/demos/board"
	"edu/procession/demos/demo"
	"edu/procession/demos/stage/stagetest"
	"edu/procession/demos/trace"
)

func TestMain(m *testing.M) { stagetest.Main(m, Demo{}) }

func value(b *board.Board, name string) int {
	g, ok := b.Gauge(name)
	if !ok {
		return -1
	}
	return int(g.Value)
}

func good(t *testing.T, got stagetest.Result) {
	t.Helper()
	if got.Err != nil || got.Board.Verdict == nil || !got.Board.Verdict.OK {
		t.Fatalf("%v, verdict %+v", got.Err, got.Board.Verdict)
	}
}

// Each way to ask tells the parent what it can tell and no more: its beliefs are
// told from the log, beside what the kernel said of each process.
func TestPlay(t *testing.T) {
	got := stagetest.Play(t, Demo{}, stagetest.Options())
	good(t, got)
	b := got.Board
	for name, want := range map[string]int{"jobs": 6, "happened": 4, "learnt-none": 0, "learnt-wait": 0, "learnt-codes": 2, "learnt-each": 4} {
		if n := value(b, name); n != want {
			t.Errorf("%s is %d, wants %d", name, n, want)
		}
	}
	beliefs := map[trace.ID]string{} // the last that was not withdrawn
	for _, e := range got.Events {
		if d, ok := e.Data.(trace.Belief); ok && d.Is != "" {
			beliefs[d.About] = d.Is
		}
	}
	signals, ones, zeros := 0, 0, 0
	for _, p := range b.Procs {
		if p.Role != "job" {
			continue
		}
		switch {
		case p.Exit.Signal == "KILL":
			signals++
		case p.Exit.Code == 1:
			ones++
		case p.Exit.Code == 0:
			zeros++
		}
		round := (len(beliefs) - 1) / 6
		var n int
		for i, q := range b.Procs {
			if q.ID == p.ID {
				n = i - 1 // the warden is first
			}
		}
		switch is := beliefs[p.ID]; n / 6 {
		case 0:
			if is != "started" {
				t.Errorf("%s, never asked: %q", p.ID, is)
			}
		case 1:
			if is != "has ended" {
				t.Errorf("%s, waited for: %q", p.ID, is)
			}
		case 2:
			if is != p.Exit.String() {
				t.Errorf("%s ended with %s, and the parent believes %q", p.ID, p.Exit, is)
			}
		default:
			if !strings.HasPrefix(is, "result ") && !strings.HasPrefix(is, "failed: ") || round != 3 {
				t.Errorf("%s, asked: %q", p.ID, is)
			}
		}
	}
	if signals != 4 || ones != 4 || zeros != 16 {
		t.Errorf("by the kernel's word %d were killed, %d ended with 1, %d with 0", signals, ones, zeros)
	}
}

// A job that the learner kills is one failure more, and is learnt of.
func TestKilled(t *testing.T) {
	o := stagetest.Options("ask", askEach, "jobs", "5", "work", "9s")
	o.Pace, o.Attended = demo.Real, true // all are at work before the first is through
	run := stagetest.Start(t, Demo{}, o)
	b := stagetest.Until(t, run, "five jobs at work", func(b *board.Board) bool { return b.Counts[board.TaskRunning] == 5 })
	for _, p := range b.Procs {
		if p.Role == "job" {
			run.Act("kill", p.ID) // of the killed one, its own kill may come first
		}
	}
	stagetest.Until(t, run, "the round is over", func(b *board.Board) bool { return value(b, "learnt-each") == 5 && value(b, "happened") == 5 })
	run.Finish()
	good(t, stagetest.End(t, run))
}

// The keys ask anew.
func TestKeys(t *testing.T) {
	o := stagetest.Options("ask", askNone, "work", "10ms")
	o.Attended = true
	run := stagetest.Start(t, Demo{}, o)
	stagetest.Until(t, run, "the keys", func(b *board.Board) bool { return strings.HasPrefix(b.Caption, "Ask yourself") })
	for i, key := range []string{"codes", "each", "wait", "none"} {
		if err := run.Act(key, ""); err != nil {
			t.Fatal(err)
		}
		stagetest.Until(t, run, key, func(b *board.Board) bool {
			return strings.Contains(b.Caption, "jobs have failed") && len(b.Procs) == 1+6*(i+2)
		})
	}
	b := stagetest.Until(t, run, "all ways", func(b *board.Board) bool { return value(b, "learnt-wait") == 0 && len(b.Procs) == 31 })
	if value(b, "learnt-codes") != 2 || value(b, "learnt-each") != 4 {
		t.Errorf("learnt %d from the codes, %d from the results", value(b, "learnt-codes"), value(b, "learnt-each"))
	}
	run.Finish()
	good(t, stagetest.End(t, run))
}

// A finish in mid-round is no failure.
func TestFinish(t *testing.T) {
	o := stagetest.Options("work", "9s")
	o.Attended = true
	run := stagetest.Start(t, Demo{}, o)
	stagetest.Until(t, run, "a job at work", func(b *board.Board) bool { return b.Counts[board.TaskRunning] > 0 })
	run.Finish()
	good(t, stagetest.End(t, run))
}

func TestNothingSurvives(t *testing.T) {
	stagetest.KillHost(t, "silent-errors", 6, rand.New(rand.NewPCG(1, 2)))
}
