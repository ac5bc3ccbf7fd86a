//go:build linux

package nodepool

import (
	"fmt"
	"math/rand/v2"
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

// ends are the ends of the tasks of the last round; each task has exactly one.
func ends(t *testing.T, events []trace.Event, tasks int) map[int]trace.Task {
	t.Helper()
	end, rounds, put := map[int]trace.Task{}, 0, 0
	for _, e := range events {
		f, ok := e.Data.(trace.Task)
		if !ok {
			continue
		}
		switch f.Is {
		case trace.KindTaskNew:
			if put++; f.Task == 0 {
				rounds++
				clear(end)
			}
		case trace.KindTaskDone, trace.KindTaskFail:
			if was, ok := end[f.Task]; ok {
				t.Errorf("task %d ended twice: %+v, %+v", f.Task, was, f)
			}
			end[f.Task] = f
		case trace.KindTaskLost:
			t.Errorf("task %d was lost", f.Task)
		}
	}
	if len(end) != tasks || put != rounds*tasks {
		t.Errorf("%d rounds, %d tasks put, %d ends of %d in the last", rounds, put, len(end), tasks)
	}
	return end
}

func good(t *testing.T, got stagetest.Result) {
	t.Helper()
	if v := got.Board.Verdict; got.Err != nil || v == nil || !v.OK {
		t.Fatalf("the run: %v, %+v", got.Err, v)
	}
	for _, e := range got.Events {
		if s, ok := e.Data.(trace.Say); ok && (s.Stream == "stderr" || strings.HasPrefix(s.Text, "refused")) {
			t.Errorf("%s: %s", e.Who, s.Text)
		}
	}
}

// The same seed is the same tasks with the same results in each place (who asks
// for results checks each value), and what is measured has the same names.
func TestPlacesDoTheSame(t *testing.T) {
	t.Parallel()
	for _, place := range (Demo{}).Info().Places {
		got := stagetest.Play(t, Demo{}, on(place, "tasks", "12", "poison", "5", "work", "5ms", "lease", "20s"))
		good(t, got)
		for i, e := range ends(t, got.Events, 12) {
			if bad := i == 5; bad != (e.Is == trace.KindTaskFail) || bad && e.Note != "bad input 5" || e.Took <= 0 {
				t.Errorf("in %s, task %d: %+v", place, i, e)
			}
		}
		for name, want := range map[string]float64{"failed": 1, "lost": 0, "executions": 12, "chunk": 1} {
			if v := gauge(got.Board, name); v != want {
				t.Errorf("in %s, %s: %g", place, name, v)
			}
		}
		for _, name := range []string{"serial", "makespan", "speedup", "utilisation", "tasks-per-second", "handoff"} {
			if v := gauge(got.Board, name); v <= 0 {
				t.Errorf("in %s, %s: %g", place, name, v)
			}
		}
	}
}

// Two workers are killed with the same task in hand, each in an attempt of its own:
// it is handed out again when the lease is over, and nothing is lost.
func TestVictim(t *testing.T) {
	t.Parallel()
	got := stagetest.Play(t, Demo{}, on(demo.Nodes, "workers", "3", "serial", "false", "kind", "wait", "work", "100ms", "tasks", "6",
		"victim", "2", "kills", "2", "lease", "600ms"))
	good(t, got)
	if e := ends(t, got.Events, 6)[2]; e.Attempt < 3 {
		t.Errorf("task 2: %+v", e)
	}
	killed := 0
	for _, p := range got.Board.Procs {
		if p.Exit.Signal == "KILL" {
			killed++
		}
	}
	if again := gauge(got.Board, "executions") - 6; killed != 2 || again < 2 || gauge(got.Board, "redelivery") <= 0 {
		t.Errorf("%d killed, %g handed out again, redelivery %g", killed, again, gauge(got.Board, "redelivery"))
	}
}

// Whoever is killed, whichever link is cut, and whatever is pressed: each task
// comes to its one end, in each round.
func TestUnderFire(t *testing.T) {
	for seed := range uint64(3) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			underFire(t, seed)
		})
	}
}

func underFire(t *testing.T, seed uint64) {
	const tasks = 12
	rnd := rand.New(rand.NewPCG(seed, 1))
	o := on(demo.Nodes, "workers", "2", "tasks", fmt.Sprint(tasks), "kind", "wait", "work", "60ms", "lease", "500ms")
	o.Seed, o.Attended = seed, true
	run := stagetest.Start(t, Demo{}, o)
	t.Cleanup(func() {
		if t.Failed() {
			for _, l := range board.Of(run.Log().Events(0)).At(1 << 30).Lines {
				t.Log(l.At, l.Who, l.Text)
			}
		}
	})
	ended := func(b *board.Board) int { return b.Counts[board.TaskDone] + b.Counts[board.TaskFailed] }
	stagetest.Until(t, run, "tasks", func(b *board.Board) bool { return ended(b) > 0 })
	for _, role := range []string{"node", "master", "broker"} {
		var victim trace.ID
		stagetest.Until(t, run, "somebody to kill", func(b *board.Board) bool {
			for _, p := range b.Procs {
				if p.Role == role && p.Alive() {
					victim = p.ID
				}
			}
			return victim != ""
		})
		run.Act([]string{"poison", "more", "cut"}[rnd.IntN(3)], victim)
		if err := run.Act("kill", victim); err != nil {
			t.Fatal(err)
		}
		stagetest.Until(t, run, "its end", func(b *board.Board) bool { p := b.Proc(victim); return p != nil && p.Ended > 0 })
		if role == "node" {
			run.Act("more", "")
		} else {
			run.Act("start", "")
		}
		run.Act("heal", victim)
	}
	stagetest.Until(t, run, "the end of the pool's run", func(b *board.Board) bool { return gauge(b, "makespan") > 0 })
	run.Act("again", "")
	stagetest.Until(t, run, "that of another", func(b *board.Board) bool {
		n := 0
		for _, l := range run.Log().Events(0) {
			if g, ok := l.Data.(trace.Gauge); ok && g.Name == "makespan" {
				n++
			}
		}
		return n == 2
	})
	run.Finish()
	got := stagetest.End(t, run)
	good(t, got)
	ends(t, got.Events, tasks)
}

// What a worker on nodes cannot do is said, and what only nodes have is refused
// elsewhere.
func TestRefused(t *testing.T) {
	for _, set := range [][2]string{{"workers", "9"}, {"tasks", "1001"}, {"chunk", "2"}, {"window", "3"}} {
		got := stagetest.Play(t, Demo{}, on(demo.Nodes, set[0], set[1]))
		if got.Err == nil || !strings.Contains(got.Err.Error(), "on nodes") {
			t.Errorf("%s: %v", set, got.Err)
		}
	}
	o := on(demo.Processes)
	o.Attended = true
	run := stagetest.Start(t, Demo{}, o)
	if err := run.Act("cut", "worker-1"); err == nil || !strings.Contains(err.Error(), "nodes only") {
		t.Errorf("cut in processes: %v", err)
	}
	run.Finish()
	stagetest.End(t, run)
}

// After a SIGKILL of the program nothing is left.
func TestNothingSurvives(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 1))
	most := 0
	for range 3 {
		most = max(most, stagetest.KillHost(t, "pool-of-workers place=nodes", 6, rnd))
	}
	if most < 3 {
		t.Errorf("at most %d processes were there to be killed", most)
	}
}
