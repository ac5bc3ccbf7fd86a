//go:build linux

package remote

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"edu/procession/demos/board"
	"edu/procession/demos/demo"
	"edu/procession/demos/stage/stagetest"
	"edu/procession/demos/trace"
)

func TestMain(m *testing.M) { stagetest.Main(m, Demo{}) }

// attended starts a run that ends when it is told to, and returns when tasks are
// under way.
func attended(t *testing.T, params map[string]string) demo.Run {
	t.Helper()
	run := stagetest.Start(t, Demo{}, demo.Options{Pace: demo.Fast, Seed: 1, Attended: true, Params: params})
	t.Cleanup(func() {
		if !t.Failed() {
			return
		}
		b := board.Of(run.Log().Events(0)).At(math.MaxInt)
		t.Log(run.Err(), b.Counts)
		for _, p := range b.Procs {
			t.Log(p.ID, p.State, p.Task, p.Says)
		}
		for _, l := range b.Lines {
			t.Log(l.At, l.Who, l.Text)
		}
	})
	stagetest.Until(t, run, "a task in hand", func(b *board.Board) bool { return holder(b) != "" })
	return run
}

// dead says that a process has come and gone.
func dead(b *board.Board, id trace.ID) bool {
	p := b.Proc(id)
	return p != nil && p.Ended > 0
}

// holder is a worker with a task in hand.
func holder(b *board.Board) trace.ID {
	for _, p := range b.Procs {
		if p.Task >= 0 && p.Alive() {
			return p.ID
		}
	}
	return ""
}

func act(t *testing.T, run demo.Run, name string, target trace.ID) {
	t.Helper()
	if err := run.Act(name, target); err != nil {
		t.Fatal(err)
	}
}

// whole waits until so many tasks are done, ends the run and checks that every
// task has one result, and that each execution beyond the first was counted.
func whole(t *testing.T, run demo.Run, tasks int) stagetest.Result {
	t.Helper()
	stagetest.Until(t, run, fmt.Sprintf("%d tasks done", tasks), func(b *board.Board) bool {
		return b.Counts[board.TaskDone] == tasks
	})
	run.Finish()
	got := stagetest.End(t, run)
	check(t, got, tasks)
	return got
}

func check(t *testing.T, got stagetest.Result, tasks int) {
	t.Helper()
	if v := got.Board.Verdict; got.Err != nil || v == nil || !v.OK {
		t.Fatalf("the run: %v, %+v", got.Err, v)
	}
	runs, done := map[int]int{}, map[int]int{}
	for _, e := range got.Events {
		if d, ok := e.Data.(trace.Task); ok {
			switch d.Is {
			case trace.KindTaskRun:
				runs[d.Task]++
			case trace.KindTaskDone:
				done[d.Task]++
			}
		}
		if d, ok := e.Data.(trace.Say); ok && d.Stream == "stderr" {
			t.Errorf("%s writes to standard error: %s", e.Who, d.Text)
		}
	}
	again := 0
	for n := range tasks {
		if done[n] != 1 || runs[n] == 0 {
			t.Errorf("task %d: %d runs, %d results", n, runs[n], done[n])
		}
		again += runs[n] - 1
	}
	if len(done) != tasks {
		t.Errorf("%d tasks have results", len(done))
	}
	if g := gauge(got.Board, "redelivered"); int(g) != again {
		t.Errorf("given out again: %v, by the log %d", g, again)
	}
	if g := gauge(got.Board, "lost"); g != 0 {
		t.Errorf("lost: %v", g)
	}
}

func gauge(b *board.Board, name string) float64 {
	g, _ := b.Gauge(name)
	return g.Value
}

// Unattended, a worker, the broker and the master are killed, and every task has
// its result.
func TestScript(t *testing.T) {
	got := stagetest.Play(t, Demo{}, demo.Options{Pace: demo.Fast, Seed: 2, Params: map[string]string{"tasks": "24", "work": "4s", "lease": "6s"}})
	t.Log(got.Board.Verdict.Text)
	check(t, got, 24)
	killed := map[string]bool{}
	for _, p := range got.Board.Procs {
		if p.Exit.Signal == "KILL" {
			killed[p.Role] = true
		} else if p.ID != "warden" && p.Exit.Code != 0 {
			t.Errorf("%s: %+v", p.ID, p.Exit)
		}
	}
	if len(killed) != 3 {
		t.Errorf("killed: %v", killed)
	}
	for _, g := range (Demo{}).Info().Gauges {
		if _, ok := got.Board.Gauge(g.Name); !ok {
			t.Errorf("no gauge %s", g.Name)
		}
	}
}

// The task of a killed worker is done by another after its lease, and nobody is
// told of the death.
func TestKilledWorker(t *testing.T) {
	run := attended(t, map[string]string{"workers": "1", "tasks": "4", "work": "15s", "lease": "20s"})
	b := stagetest.Until(t, run, "w1 has a task", func(b *board.Board) bool { return holder(b) == "w1" })
	task := b.Proc("w1").Task
	act(t, run, "kill", "w1")
	stagetest.Until(t, run, "w1 is dead", func(b *board.Board) bool { return dead(b, "w1") })
	act(t, run, "add", "")
	stagetest.Until(t, run, "w2 has that task", func(b *board.Board) bool {
		p := b.Proc("w2")
		return p != nil && p.Task == task && b.Tasks[task].Attempt > 1
	})
	got := whole(t, run, 4)
	if got.Board.Tasks[task].Worker != "w2" || gauge(got.Board, "redelivery") <= 0 {
		t.Errorf("task %d: %+v", task, got.Board.Tasks[task])
	}
}

// A stopped worker's result comes late: it is a duplicate, and changes nothing.
func TestStoppedWorker(t *testing.T) {
	run := attended(t, map[string]string{"workers": "2", "tasks": "3", "work": "3s", "lease": "6s"})
	b := stagetest.Until(t, run, "a task in hand", func(b *board.Board) bool { return holder(b) != "" })
	who := holder(b)
	act(t, run, "stop", who)
	stagetest.Until(t, run, "it is stopped", func(b *board.Board) bool {
		p := b.Proc(who)
		return p != nil && p.State == trace.Stopped
	})
	stagetest.Until(t, run, "all tasks done", func(b *board.Board) bool { return b.Counts[board.TaskDone] == 3 })
	act(t, run, "cont", who)
	stopped := false
	stagetest.Until(t, run, "every execution has come to its end", func(b *board.Board) bool {
		p := b.Proc(who)
		stopped = stopped || p != nil && p.State == trace.Stopped
		runs, ends := 0, b.Counts[board.TaskDone]
		for _, t := range b.Tasks {
			runs += t.Attempt
		}
		for _, p := range b.Procs {
			ends += p.Dups
		}
		return stopped && p.State != trace.Stopped && b.Counts[board.TaskDone] == 3 && ends == runs
	})
	got := whole(t, run, 3)
	runs := 0
	for _, e := range got.Events {
		if d, ok := e.Data.(trace.Task); ok && d.Is == trace.KindTaskRun {
			runs++
		}
	}
	if late := gauge(got.Board, "duplicates"); runs > 3 && late != float64(runs-3) {
		t.Errorf("%d runs of 3 tasks, %v duplicates", runs, late)
	}
}

// The broker is killed with tasks in it and results on the way; a new one on the
// same files loses nothing. Then the same with the master.
func TestBrokerAndMasterKilled(t *testing.T) {
	const tasks = 60
	run := attended(t, map[string]string{"tasks": fmt.Sprint(tasks), "work": "1s", "lease": "30s"})
	for _, who := range []trace.ID{"broker", "master"} {
		act(t, run, "kill", who)
		b := stagetest.Until(t, run, string(who)+" is dead", func(b *board.Board) bool { return dead(b, who) })
		if who == "broker" {
			stagetest.Until(t, run, "workers that can do no more", func(b *board.Board) bool {
				for _, p := range b.Procs {
					if p.Role == "worker" && p.Says == "" && p.Task >= 0 {
						return false
					}
				}
				return dead(b, who)
			})
		}
		done := b.Counts[board.TaskDone]
		act(t, run, "start", "")
		stagetest.Until(t, run, "more is done", func(b *board.Board) bool {
			return b.Counts[board.TaskDone] > done || done == tasks // a busy machine let it live to the end
		})
	}
	whole(t, run, tasks)
}

// A cut worker is silent to the master and comes back after the heal.
func TestCut(t *testing.T) {
	run := attended(t, map[string]string{"workers": "2", "tasks": "12", "work": "2s", "lease": "20s"})
	stagetest.Until(t, run, "w1 has done something", func(b *board.Board) bool {
		p := b.Proc("w1")
		return p != nil && p.TaskDone > 0
	})
	act(t, run, "cut", "w1")
	stagetest.Until(t, run, "the master hears nothing of w1", func(b *board.Board) bool { return b.Belief("master", "w1") != "" })
	act(t, run, "heal", "w1")
	silent := false
	b := stagetest.Until(t, run, "it hears w1 again", func(b *board.Board) bool {
		silent = silent || b.Belief("master", "w1") != ""
		return silent && b.Belief("master", "w1") == ""
	})
	if !b.Linked("w1", "broker") {
		t.Error("w1 was heard through a cut")
	}
	whole(t, run, 12)
}

// What a script does: unattended with actions, the play goes on until all is done.
func TestScriptedActions(t *testing.T) {
	at := func(ms int, name string, target trace.ID) demo.Scripted {
		return demo.Scripted{Act: demo.Act{Name: name, Target: target}, At: time.Duration(ms) * time.Millisecond}
	}
	got := stagetest.Play(t, Demo{}, demo.Options{Pace: demo.Fast, Seed: 1, Params: map[string]string{"workers": "2", "tasks": "10", "work": "500ms"},
		Script: []demo.Scripted{at(1500, "add", ""), at(1600, "new", ""), at(1700, "start", ""), at(1800, "cut", "broker"), at(2500, "kill", "w1")}})
	check(t, got, 20)
}

// After a SIGKILL of the program nothing is left, the broker's files neither
// (stagetest.Gone looks for both).
func TestNothingSurvives(t *testing.T) {
	rnd := rand.New(rand.NewPCG(uint64(time.Now().UnixNano()), 1))
	most := 0
	for range 4 {
		most = max(most, stagetest.KillHost(t, "remote-manager", 6, rnd))
	}
	if most < 3 {
		t.Errorf("at most %d processes were there to be killed", most)
	}
}
