//go:build linux

package mapreduce

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"edu/procession/demos/board"
	"edu/procession/demos/demo"
	"edu/procession/demos/stage/stagetest"
	"edu/procession/demos/trace"
)

func TestMain(m *testing.M) { stagetest.Main(m, Demo{}) }

var places = []demo.Place{demo.Processes, demo.Nodes}

// inEach runs a test in each place.
func inEach(t *testing.T, f func(t *testing.T, p demo.Place)) {
	for _, p := range places {
		t.Run(string(p), func(t *testing.T) {
			t.Parallel()
			f(t, p)
		})
	}
}

func at(p demo.Place, set ...string) demo.Options {
	o := stagetest.Options(set...)
	o.Place = p
	return o
}

// attended starts a run that ends when it is told to.
func attended(t *testing.T, o demo.Options) demo.Run {
	t.Helper()
	o.Attended = true
	run := stagetest.Start(t, Demo{}, o)
	t.Cleanup(func() {
		if t.Failed() {
			b := board.Of(run.Log().Events(0)).At(math.MaxInt)
			t.Log(run.Err(), b.Counts, b.Caption)
			for _, p := range b.Procs {
				t.Log(p.ID, p.State, p.Task, p.Says)
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

// holder is a worker with a task of at least that number in hand.
func holder(b *board.Board, from int) trace.ID {
	for i := range b.Procs {
		if p := &b.Procs[i]; p.Task >= from && p.Alive() {
			return p.ID
		}
	}
	return ""
}

func gauge(b *board.Board, name string) int {
	g, ok := b.Gauge(name)
	if !ok {
		return -1
	}
	return int(g.Value)
}

func answered(b *board.Board) bool {
	_, ok := b.Gauge("makespan")
	return ok
}

// finish waits for the answer, ends the run and checks it.
func finish(t *testing.T, run demo.Run) stagetest.Result {
	t.Helper()
	stagetest.Until(t, run, "the answer", answered)
	run.Finish()
	got := stagetest.End(t, run)
	check(t, got)
	return got
}

// check says whether a run with one job keeps the rules, by its log.
func check(t *testing.T, got stagetest.Result) {
	t.Helper()
	if v := got.Board.Verdict; got.Err != nil || v == nil || !v.OK {
		t.Fatalf("the run: %v, %+v", got.Err, v)
	}
	b := got.Board
	tasks, chunks := len(b.Tasks), 0
	fmt.Sscan(got.Header.Params["maps"], &chunks)
	runs, dones := map[int]int{}, map[int]int{}
	total, dups, maps := 0, 0, 0
	for _, e := range got.Events {
		switch d := e.Data.(type) {
		case trace.Task:
			switch d.Is {
			case trace.KindTaskRun:
				runs[d.Task]++
				total++
				if strings.HasPrefix(d.Note, "reduce") && maps < chunks {
					t.Errorf("reduce %d began with %d maps done", d.Task, maps)
				}
			case trace.KindTaskDone:
				dones[d.Task]++
				if strings.HasPrefix(d.Note, "map") {
					maps++
				}
			case trace.KindTaskDup:
				dups++
			}
		case trace.Say:
			if d.Stream == "stderr" {
				t.Errorf("%s writes to standard error: %s", e.Who, d.Text)
			}
		}
	}
	for n := range tasks {
		if dones[n] != 1 || runs[n] == 0 {
			t.Errorf("task %d: %d runs, %d results", n, runs[n], dones[n])
		}
	}
	if n := gauge(b, "executions"); n != total || n != tasks+gauge(b, "re-executions")+gauge(b, "backups") {
		t.Errorf("executions: %d, by the log %d; %d re-executions, %d backups", n, total, gauge(b, "re-executions"), gauge(b, "backups"))
	}
	if n := gauge(b, "duplicates"); n != dups {
		t.Errorf("duplicates: %d, by the log %d", n, dups)
	}
	if n := gauge(b, "differences"); n != 0 {
		t.Errorf("%d words differ", n)
	}
	want := plainly(book)
	for _, w := range []string{"the", "of", "and", "to", "in", "by", "a", "that"} {
		if gauge(b, w) != want[w] {
			t.Errorf("%q: %d, wants %d", w, gauge(b, w), want[w])
		}
	}
}

// Unattended, a worker is killed and one becomes a straggler, and both places come
// to the same answer.
func TestSameAnswer(t *testing.T) {
	inEach(t, func(t *testing.T, p demo.Place) {
		got := stagetest.Play(t, Demo{}, at(p, "work", "800ms", "maps", "10", "reduces", "4"))
		t.Log(got.Board.Verdict.Text)
		check(t, got)
		for _, g := range (Demo{}).Info().Gauges {
			_, ok := got.Board.Gauge(g.Name)
			if disk := g.Name == "files" || g.Name == "unfinished"; ok != (p == demo.Processes || !disk) {
				t.Errorf("gauge %s: %v", g.Name, ok)
			}
		}
		if n := gauge(got.Board, "crossed"); p == demo.Processes && n > len(book)/10 || p == demo.Nodes && n < len(book) {
			t.Errorf("%d bytes crossed", n)
		}
	})
}

// Workers are killed, stopped, continued, made stragglers and added at random
// moments. An onlooker who reads the folder meanwhile finds whole files only.
func TestUnderFire(t *testing.T) {
	inEach(t, func(t *testing.T, p demo.Place) {
		for seed := range uint64(2) {
			t.Run(fmt.Sprint(seed), func(t *testing.T) {
				t.Parallel()
				rnd := rand.New(rand.NewPCG(seed, 7))
				o := at(p, "work", "300ms", "silence", "500ms", "backups", fmt.Sprint(seed == 0))
				o.Seed = seed
				run := attended(t, o)
				look := onlooker(t, run, p)
				workers := 3
				for n := range 6 {
					done := 1 + n*3 + rnd.IntN(3)
					b := stagetest.Until(t, run, fmt.Sprintf("%d tasks done", done), func(b *board.Board) bool { return b.Counts[board.TaskDone] >= done })
					who := holder(b, 0)
					what := []string{"kill", "stop", straggle, copies}[rnd.IntN(4)]
					if what == copies {
						act(t, run, copies, "")
						continue
					}
					run.Act(what, who) // it may have ended by now
					act(t, run, addOne, "")
					workers++
					if what == "stop" && rnd.IntN(2) == 0 {
						run.Act("cont", who)
					}
				}
				run.Act("cont", demo.Everyone) // without backup copies, a stopped one holds it up
				got := finish(t, run)
				look()
				if len(got.Board.Procs) < workers {
					t.Errorf("%d processes, wants %d and more", len(got.Board.Procs), workers)
				}
			})
		}
	})
}

// onlooker reads the run's folder whenever something has happened, and returns what
// waits for the end of that.
func onlooker(t *testing.T, run demo.Run, p demo.Place) (wait func()) {
	whole := make(chan int)
	go func() {
		n := 0
		for pos := 0; run.Log().Wait(context.Background(), pos); pos = len(run.Log().Events(0)) {
			files, _ := filepath.Glob(filepath.Join(os.TempDir(), "procession-"+run.Log().Header().Token, "job-1", "*-*"))
			for _, f := range files {
				if strings.HasSuffix(f, temporary) {
					continue
				}
				if b, err := os.ReadFile(f); err == nil {
					if err := add(map[string]int{}, string(b)); err != nil {
						t.Errorf("%s: %v", f, err)
					}
					n++
				}
			}
		}
		whole <- n
	}()
	return func() {
		if n := <-whole; (n > 0) != (p == demo.Processes) {
			t.Errorf("the onlooker found %d files", n)
		}
	}
}

// The task of a killed worker is done by another.
func TestKilled(t *testing.T) {
	inEach(t, func(t *testing.T, p demo.Place) {
		run := attended(t, at(p, "workers", "2", "work", "400ms", "maps", "4", "reduces", "2", "backups", "false"))
		b := stagetest.Until(t, run, "a task in hand", func(b *board.Board) bool { return holder(b, 0) != "" })
		who := holder(b, 0)
		task := b.Proc(who).Task
		act(t, run, "stop", who) // else it might be done just now
		act(t, run, "kill", who)
		got := finish(t, run)
		if w := got.Board.Tasks[task].Worker; w == who && gauge(got.Board, "re-executions") != 0 || gauge(got.Board, "re-executions") > 1 {
			t.Errorf("task %d was done by %s, with %d re-executions", task, w, gauge(got.Board, "re-executions"))
		}
	})
}

// With backup copies a stopped worker does not hold the job up. Without them, on one
// machine, it does: nobody else gets its task until it goes on.
func TestStopped(t *testing.T) {
	inEach(t, func(t *testing.T, p demo.Place) {
		for _, backups := range []bool{true, false} {
			if p == demo.Nodes && !backups {
				continue // there it is silent, and its task given to another
			}
			run := attended(t, at(p, "workers", "2", "work", "300ms", "maps", "4", "reduces", "3", "silence", "30s", "backups", fmt.Sprint(backups)))
			b := stagetest.Until(t, run, "a reduce in hand", func(b *board.Board) bool { return holder(b, 4) != "" })
			who := holder(b, 4)
			act(t, run, "stop", who)
			if !backups {
				stagetest.Until(t, run, "nothing is left but what the stopped one has", func(b *board.Board) bool {
					return b.Counts[board.TaskDone] >= 4+3-1
				})
				act(t, run, "cont", who)
			}
			got := finish(t, run)
			if !backups && gauge(got.Board, "executions") != 4+3 {
				t.Errorf("%d executions without backup copies", gauge(got.Board, "executions"))
			}
		}
	})
}

// On nodes, a worker that is silent loses its task; its result, when it comes
// after all, is a duplicate.
func TestSilent(t *testing.T) {
	t.Parallel()
	run := attended(t, at(demo.Nodes, "workers", "2", "work", "3s", "maps", "4", "reduces", "1", "silence", "500ms", "backups", "false"))
	b := stagetest.Until(t, run, "a task in hand", func(b *board.Board) bool { return holder(b, 0) != "" })
	who := holder(b, 0)
	task := b.Proc(who).Task
	act(t, run, "stop", who)
	stagetest.Until(t, run, "its task is done by the other", func(b *board.Board) bool {
		return len(b.Tasks) > task && b.Tasks[task].State == board.TaskDone
	})
	act(t, run, "cont", who)
	b = stagetest.Until(t, run, "a duplicate", func(b *board.Board) bool { return gauge(b, "duplicates") == 1 })
	if gauge(b, "re-executions") != 1 || b.Belief(coordinator, who) != "" {
		t.Errorf("re-executions: %d, belief: %q", gauge(b, "re-executions"), b.Belief(coordinator, who))
	}
}

// When the coordinator is killed, the job is gone; a new one begins from the
// beginning, with the workers that are there.
func TestCoordinatorKilled(t *testing.T) {
	t.Parallel()
	run := attended(t, at(demo.Nodes, "work", "200ms"))
	stagetest.Until(t, run, "some tasks done", func(b *board.Board) bool { return b.Counts[board.TaskDone] > 3 })
	act(t, run, "kill", coordinator)
	stagetest.Until(t, run, "its end", func(b *board.Board) bool { return strings.Contains(b.Caption, "coordinator has ended") })
	act(t, run, anew, "")
	stagetest.Until(t, run, "the answer", answered)
	run.Finish()
	got := stagetest.End(t, run)
	if v := got.Board.Verdict; got.Err != nil || !v.OK || gauge(got.Board, "differences") != 0 {
		t.Errorf("%v, %+v", got.Err, v)
	}
}

// What a learner does at a wrong moment is answered with a caption. A run that is
// ended before its first answer says so, and is no failure.
func TestWrongMoment(t *testing.T) {
	inEach(t, func(t *testing.T, p demo.Place) {
		run := attended(t, at(p, "work", "20s", "workers", "8"))
		stagetest.Until(t, run, "a task in hand", func(b *board.Board) bool { return holder(b, 0) != "" })
		for _, a := range []struct {
			name   string
			target trace.ID
			says   string
		}{{addOne, "", "as many as fit"}, {anew, "", "Not yet"}, {straggle, "warden", "Choose a worker"}} {
			run.Act(a.name, a.target)
			stagetest.Until(t, run, a.says, func(b *board.Board) bool { return strings.Contains(b.Caption, a.says) })
		}
		run.Finish()
		got := stagetest.End(t, run)
		if v := got.Board.Verdict; got.Err != nil || v == nil || !v.OK || !strings.Contains(v.Text, "0 of 24 tasks") {
			t.Errorf("%v, %+v", got.Err, v)
		}
	})
}

func TestNothingSurvives(t *testing.T) {
	inEach(t, func(t *testing.T, p demo.Place) {
		rnd := rand.New(rand.NewPCG(uint64(os.Getpid()), 5))
		stagetest.KillHost(t, "mapreduce place="+string(p), 5, rnd)
	})
}
