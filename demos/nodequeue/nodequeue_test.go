//go:build linux

package nodequeue

import (
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"edu/procession/demos/board"
	"edu/procession/demos/demo"
	"edu/procession/demos/stage/stagetest"
	"edu/procession/demos/trace"
)

func TestMain(m *testing.M) { stagetest.Main(m, Demo{}) }

func on(place demo.Place, set ...string) demo.Options {
	o := stagetest.Options(set...)
	o.Place = place
	return o
}

func gauge(b *board.Board, name string) float64 {
	g, ok := b.Gauge(name)
	if !ok {
		return -1
	}
	return g.Value
}

// good checks that all went well, and that every item that was put is done.
func good(t *testing.T, got stagetest.Result) {
	t.Helper()
	if v := got.Board.Verdict; got.Err != nil || v == nil || !v.OK {
		t.Fatalf("the run: %v, %+v", got.Err, v)
	}
	put, done := map[string]bool{}, map[string]int{}
	for _, e := range got.Events {
		switch d := e.Data.(type) {
		case trace.Item:
			if d.Is == trace.KindPut {
				put[d.Item] = true
			}
		case trace.Task:
			if d.Is == trace.KindTaskDone {
				done[strconv.Itoa(d.Task)]++
			}
			if d.Is == trace.KindTaskLost {
				t.Errorf("%+v", d)
			}
		case trace.Depth:
			if d.Queue == "queue" && (d.Depth > d.Cap || d.Cap == 0) {
				t.Errorf("the queue held %d of %d", d.Depth, d.Cap)
			}
		case trace.Say:
			if d.Stream == "stderr" {
				t.Errorf("%s: %s", e.Who, d.Text)
			}
		}
	}
	again := 0
	for item := range put {
		if done[item] == 0 {
			t.Errorf("item %s was put and never done", item)
		}
		again += max(done[item]-1, 0)
	}
	if len(done) > len(put) || gauge(got.Board, "lost") != 0 || int(gauge(got.Board, "duplicates")) != again {
		t.Errorf("%d put, %d done, %d of them again; lost %g, duplicates %g", len(put), len(done), again, gauge(got.Board, "lost"), gauge(got.Board, "duplicates"))
	}
}

// Unattended, all three parts are played and measured, in a queue that is full.
func TestPlay(t *testing.T) {
	t.Parallel()
	got := stagetest.Play(t, Demo{}, on(demo.Nodes, "put-every", "10ms", "lease", "20s"))
	good(t, got)
	for _, name := range []string{"messages-per-second", "handoff", "handoff-p99", "depth-max", "blocked-put", "blocked-get", "event-release"} {
		if gauge(got.Board, name) <= 0 {
			t.Errorf("%s: %g", name, gauge(got.Board, name))
		}
	}
	for _, p := range got.Board.Procs {
		if p.ID != "warden" && (p.Exit.Code != 0 || p.Exit.Signal != "") {
			t.Errorf("%s: %+v", p.ID, p.Exit)
		}
	}
}

// attended is a run of the queue alone with a learner at the keys.
func attended(t *testing.T, set ...string) demo.Run {
	o := on(demo.Nodes, append([]string{"acts", "queue"}, set...)...)
	o.Attended = true
	run := stagetest.Start(t, Demo{}, o)
	t.Cleanup(func() {
		if t.Failed() {
			for _, l := range board.Of(run.Log().Events(0)).At(1 << 30).Lines {
				t.Log(l.At, l.Who, l.Text)
			}
		}
	})
	return run
}

func act(t *testing.T, run demo.Run, name string, target trace.ID) {
	t.Helper()
	if err := run.Act(name, target); err != nil {
		t.Fatal(err)
	}
}

func finish(t *testing.T, run demo.Run) stagetest.Result {
	t.Helper()
	run.Finish()
	got := stagetest.End(t, run)
	good(t, got)
	return got
}

// holder is a consumer with an item in hand.
func holder(b *board.Board) trace.ID {
	for _, p := range b.Procs {
		if p.Task >= 0 && p.Alive() {
			return p.ID
		}
	}
	return ""
}

// A consumer is killed with an item in hand, then the broker: the item goes to
// another, and nothing is lost.
func TestKilled(t *testing.T) {
	t.Parallel()
	run := attended(t, "put-every", "300ms", "get-every", "1500ms", "lease", "700ms")
	b := stagetest.Until(t, run, "an item in hand", func(b *board.Board) bool { return holder(b) != "" })
	victim := holder(b)
	act(t, run, "kill", victim)
	stagetest.Until(t, run, "another has it", func(b *board.Board) bool {
		p := b.Proc(victim)
		return gauge(b, "redelivery") > 0 || p != nil && p.Ended > 0 && p.Task < 0
	})
	act(t, run, "kill", "broker")
	b = stagetest.Until(t, run, "no broker", func(b *board.Board) bool { p := b.Proc("broker"); return p != nil && p.Ended > 0 })
	done := b.Counts[board.TaskDone]
	act(t, run, "start", "")
	stagetest.Until(t, run, "it goes on", func(b *board.Board) bool { return b.Counts[board.TaskDone] > done+3 })
	for _, l := range finish(t, run).Board.Lines {
		if strings.Contains(l.Text, "comes again") {
			t.Log(l.Who, l.Text)
		}
	}
}

// A consumer that is only stopped does its item after somebody else has: once more
// than needed, which is counted.
func TestStopped(t *testing.T) {
	t.Parallel()
	run := attended(t, "producers", "1", "consumers", "2", "put-every", "300ms", "get-every", "800ms", "lease", "500ms")
	b := stagetest.Until(t, run, "an item in hand", func(b *board.Board) bool { return holder(b) != "" })
	who := holder(b)
	act(t, run, "stop", who)
	var item int
	stagetest.Until(t, run, "somebody else has done what it holds", func(b *board.Board) bool {
		p := b.Proc(who)
		if p == nil || p.State != trace.Stopped {
			return false
		}
		item = p.Task
		return item < 0 || b.Tasks[item].Attempt > 1 && b.Tasks[item].State == board.TaskDone
	})
	act(t, run, "cont", who)
	if item >= 0 {
		stagetest.Until(t, run, "it has done it, too", func(b *board.Board) bool { return gauge(b, "duplicates") > 0 })
	}
	act(t, run, "cut", who)
	act(t, run, "heal", who)
	act(t, run, "pause", "")
	act(t, run, "pause", "")
	act(t, run, "remove", "")
	act(t, run, "add", "")
	finish(t, run)
}

// After a SIGKILL of the program nothing is left.
func TestNothingSurvives(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 1))
	most := 0
	for range 2 {
		most = max(most, stagetest.KillHost(t, "queue-pipe-event place=nodes", 8, rnd))
	}
	if most < 3 {
		t.Errorf("at most %d processes were there to be killed", most)
	}
}
