//go:build linux

package crossing

import (
	"math/rand/v2"
	"strings"
	"testing"

	"edu/procession/demos/board"
	"edu/procession/demos/demo"
	"edu/procession/demos/stage/stagetest"
)

func TestMain(m *testing.M) { stagetest.Main(m, Demo{}) }

func options(set ...string) demo.Options {
	o := demo.Options{Pace: demo.Fast, Seed: 1, Params: map[string]string{"tasks": "1001"}}
	for i := 0; i < len(set); i += 2 {
		o.Params[set[i]] = set[i+1]
	}
	return o
}

func value(t *testing.T, b *board.Board, name string) float64 {
	t.Helper()
	g, ok := b.Gauge(name)
	if !ok {
		t.Fatalf("%s was not measured", name)
	}
	return g.Value
}

// A run goes well, as the sender has compared every result, and each chunk that
// fits in a message is measured. The messages are as many as they must be; the
// shares are of a whole; a crossing for each task takes longer than one for a
// thousand.
func TestMeasured(t *testing.T) {
	for _, tt := range []struct {
		chunk, workers, payload string
		messages                float64
	}{
		{"1", "4", "10000", 2002},
		{"100", "1", "0", 22},
	} {
		got := stagetest.Play(t, Demo{}, options("chunk", tt.chunk, "workers", tt.workers, "payload", tt.payload))
		b := got.Board
		if got.Err != nil || b.Verdict == nil || !b.Verdict.OK {
			t.Fatalf("%v %+v", got.Err, b.Verdict)
		}
		for _, c := range chunks {
			if _, ok := b.Gauge(bar(c)); ok != (c < 10_000 || tt.payload == "0") {
				t.Errorf("%v: chunk %d measured: %v", tt, c, ok)
			}
		}
		if got := value(t, b, "messages"); got != tt.messages {
			t.Errorf("%v: %v messages for 1001 tasks", tt, got)
		}
		if sum := value(t, b, "compute") + value(t, b, "encode") + value(t, b, "wait"); sum < 99.99 || sum > 100.01 {
			t.Errorf("the shares add up to %v", sum)
		}
		if one, many := value(t, b, "chunk-1"), value(t, b, "chunk-1000"); tt.payload == "0" && one <= many {
			t.Errorf("%v µs with one task in a message, %v with a thousand", one, many)
		}
		if value(t, b, "loop") <= 0 || value(t, b, "vs-loop") <= 0 {
			t.Error("no loop to compare with")
		}
	}
}

// Keys change what is measured.
func TestKeys(t *testing.T) {
	o := options()
	o.Attended = true
	run := stagetest.Start(t, Demo{}, o)
	until := func(what string, ok func(*board.Board) bool) {
		t.Helper()
		stagetest.Until(t, run, what, ok)
	}
	act := func(name string) {
		t.Helper()
		if err := run.Act(name, ""); err != nil {
			t.Fatal(err)
		}
	}
	is := func(name string, v float64) func(*board.Board) bool {
		return func(b *board.Board) bool { g, ok := b.Gauge(name); return ok && g.Value == v }
	}
	in := func(group string) func(*board.Board) bool {
		return func(b *board.Board) bool { g, ok := b.Gauge("chunk-10000"); return ok && g.Group == group }
	}
	until("all is measured", in("µs a task: 2 workers, work 100, 0 bytes"))
	act("fewer") // there is none
	act("more")
	until("ten in a message", is("messages", 2*101))
	act("workers")
	until("three workers", in("µs a task: 3 workers, work 100, 0 bytes"))
	act("payload")
	act("work")
	until("larger tasks", in("µs a task: 3 workers, work 1000, 100 bytes"))
	run.Finish()
	got := stagetest.End(t, run)
	if v := got.Board.Verdict; got.Err != nil || v == nil || !v.OK || got.Board.Proc("worker-3") == nil {
		t.Errorf("%v %+v", got.Err, v)
	}
	for _, p := range got.Board.Procs {
		if p.ID != "warden" && p.Exit.Code != 0 {
			t.Errorf("%s: %v", p.ID, p.Exit)
		}
	}
}

// Who is killed in the middle is told of, the others measure on, and nothing of a
// disturbed measurement is reported.
func TestKilledWorker(t *testing.T) {
	o := options("tasks", "50000")
	o.Attended = true
	run := stagetest.Start(t, Demo{}, o)
	stagetest.Until(t, run, "the first chunks are out", func(b *board.Board) bool {
		p := b.Proc("sender")
		return p != nil && p.Says == "replies"
	})
	if err := run.Act("kill", "worker-1"); err != nil {
		t.Fatal(err)
	}
	stagetest.Until(t, run, "it is told", func(b *board.Board) bool {
		_, counted := b.Gauge("chunk-1")
		return strings.HasPrefix(b.Caption, "worker-1 has ended: the sender reads end of file.") && !counted
	})
	b := stagetest.Until(t, run, "another measurement, by who is left", func(b *board.Board) bool { _, ok := b.Gauge("chunk-10"); return ok })
	if value(t, b, "messages") != 100_000 || b.Proc("worker-3") == nil || b.Proc("worker-1").Exit.Signal != "KILL" {
		t.Errorf("%+v", b.Gauges)
	}
	if err := run.Act("kill", "sender"); err != nil {
		t.Fatal(err)
	}
	got := stagetest.End(t, run)
	if v := got.Board.Verdict; got.Err != nil || v == nil || !strings.Contains(v.Text, "The sender ended") {
		t.Errorf("%v %+v", got.Err, v)
	}
	if x := got.Board.Proc("worker-2").Exit; x.Code != 0 || x.Signal != "" {
		t.Errorf("worker-2 read end of file: %v", x)
	}
}

// Who is stopped while it is measured makes the measurement void.
func TestStopped(t *testing.T) {
	o := options("tasks", "50000")
	o.Attended = true
	run := stagetest.Start(t, Demo{}, o)
	stagetest.Until(t, run, "the first chunks are out", func(b *board.Board) bool { p := b.Proc("sender"); return p != nil && p.Says == "replies" })
	if err := run.Act("stop", "worker-2"); err != nil {
		t.Fatal(err)
	}
	stagetest.Until(t, run, "it is told", func(b *board.Board) bool {
		_, counted := b.Gauge("chunk-1")
		return strings.HasPrefix(b.Caption, "worker-2 is stopped (T)") && !counted
	})
	if err := run.Act("cont", "worker-2"); err != nil {
		t.Fatal(err)
	}
	stagetest.Until(t, run, "measured after all", func(b *board.Board) bool { _, ok := b.Gauge("chunk-1"); return ok })
	run.Finish()
	if got := stagetest.End(t, run); got.Err != nil || !got.Board.Verdict.OK {
		t.Errorf("%v %+v", got.Err, got.Board.Verdict)
	}
}

func TestNothingSurvives(t *testing.T) {
	stagetest.KillHost(t, "cost-of-crossing tasks=50000", 3, rand.New(rand.NewPCG(1, 2)))
}
