//go:build linux

package race

import (
	"context"
	"math/rand/v2"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"edu/procession/demos/board"
	"edu/procession/demos/demo"
	"edu/procession/demos/stage"
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

func well(t *testing.T, got stagetest.Result) *board.Board {
	t.Helper()
	if v := got.Board.Verdict; got.Err != nil || v == nil || !v.OK {
		t.Fatalf("the run: %v, %+v", got.Err, v)
	}
	return got.Board
}

func TestRaceLoses(t *testing.T) {
	b := well(t, stagetest.Play(t, Demo{}, stagetest.Options("workers", "4")))
	counter, expected, lost := value(b, "counter"), value(b, "expected"), value(b, "lost-updates")
	if expected != 200_000 || counter+lost != expected || counter < 2 {
		t.Errorf("%d and %d lost of %d", counter, lost, expected)
	}
	if lost == 0 && runtime.NumCPU() > 1 {
		t.Error("four processes that race have lost nothing")
	}
	for _, p := range b.Procs {
		if p.Exit.Signal != "" {
			t.Errorf("%s was not sent home: %+v", p.ID, p.Exit)
		}
	}
	t.Log(b.Verdict.Text)
}

// A lock around each half loses as none does.
func TestHalvesLose(t *testing.T) {
	b := well(t, stagetest.Play(t, Demo{}, stagetest.Options("workers", "4", "lock", halves, "increments", "10000")))
	counter, expected, lost := value(b, "counter"), value(b, "expected"), value(b, "lost-updates")
	if expected != 40_000 || counter+lost != expected || lost == 0 && runtime.NumCPU() > 1 {
		t.Errorf("%d and %d lost of %d", counter, lost, expected)
	}
}

func TestLocksLoseNone(t *testing.T) {
	for _, lock := range []string{mutex, flock} {
		b := well(t, stagetest.Play(t, Demo{}, stagetest.Options("workers", "4", "lock", lock, "increments", "4000")))
		if value(b, "counter") != 16_000 || value(b, "expected") != 16_000 || value(b, "lost-updates") != 0 || value(b, "blocked") != 0 {
			t.Errorf("%s: %+v", lock, b.Gauges)
		}
	}
}

// The dead hold a mutex for ever, and a flock not at all.
func TestHolderKilled(t *testing.T) {
	for lock, blocked := range map[string]int{mutex: 2, flock: 0} {
		o := stagetest.Options("workers", "3", "lock", lock, "increments", "1000")
		o.Attended = true
		run := stagetest.Start(t, Demo{}, o)
		stagetest.Until(t, run, "a round without a loss", func(b *board.Board) bool { return value(b, "counter") == 3000 })
		if err := run.Act(holder, ""); err != nil {
			t.Fatal(err)
		}
		b := stagetest.Until(t, run, "a round with a killed holder", func(b *board.Board) bool {
			p := b.Proc("A")
			return p != nil && p.Exit.Signal == "KILL" && value(b, "blocked") == blocked && (strings.Contains(b.Caption, "for ever") || strings.Contains(b.Caption, "from the dead"))
		})
		for _, id := range []trace.ID{"B", "C"} {
			p := b.Proc(id)
			if s := stagetest.State(p.PID); blocked > 0 && (s != 'S' || p.State != trace.Asleep || p.On != "futex") {
				t.Errorf("%s: %s is %s on %s, and /proc says %c", lock, id, p.State, p.On, s)
			}
		}
		if blocked > 0 {
			if err := run.Act(again, ""); err != nil {
				t.Fatal(err)
			}
			stagetest.Until(t, run, "why there is no other round", func(b *board.Board) bool { return strings.Contains(b.Caption, "2 wait for the lock") })
		} else if value(b, "counter") != 2000 || value(b, "expected") != 2000 {
			t.Errorf("%s: %+v", lock, b.Gauges)
		}
		run.Finish()
		well(t, stagetest.End(t, run))
	}
	o := stagetest.Options("workers", "2", "lock", mutex, "increments", "100")
	o.Script = []demo.Scripted{{Act: demo.Act{Name: holder}}}
	b := well(t, stagetest.Play(t, Demo{}, o)) // unattended: it ends all the same
	if value(b, "blocked") != 1 || !strings.Contains(b.Verdict.Text, "1 worker waits for a lock whose holder is dead") {
		t.Errorf("%s %+v", b.Verdict.Text, b.Gauges)
	}
}

// Whoever is killed whenever: what was counted as done is in the counter or lost,
// but for the one addition that was written and not yet counted.
func TestSums(t *testing.T) {
	for _, lock := range []string{none, flock} {
		run := stagetest.Start(t, Demo{}, stagetest.Options("workers", "4", "lock", lock))
		b := stagetest.Until(t, run, "a round", func(b *board.Board) bool { return len(b.Tasks) > 1 && b.Tasks[1].State == board.TaskRunning })
		syscall.Kill(b.Proc("B").PID, syscall.SIGKILL)
		b = well(t, stagetest.End(t, run))
		counter, expected, lost := value(b, "counter"), value(b, "expected"), value(b, "lost-updates")
		if counter+lost-expected > 1 || counter+lost < expected || lock == flock && lost != 0 || b.Tasks[1].State != board.TaskLost && b.Tasks[1].State != board.TaskDone {
			t.Errorf("%s: %d, %d lost, %d expected; B's task is %s", lock, counter, lost, expected, b.Tasks[1].State)
		}
	}
}

func TestPuzzles(t *testing.T) {
	for _, tt := range []struct {
		schedule, lock, puzzle string
		in                     int
		verdict                string
	}{
		{"A B A A B B", none, "lose-an-update", 6, "the counter is 1 after 2 additions: 1 update is lost, and not all is done"},
		{"A B A A B B A*3 B*3", none, "lose-an-update", 6, "the counter is 3 after 4 additions: 1 update is lost"},
		{"A*6 B*6", none, "", 0, "the counter is 4 after 4 additions: none is lost"},
		{"A kill:A B", mutex, "wait-for-ever", 3, "the counter is 0 after 0 additions: none is lost, and who is left waits for ever"},
		{"A kill:A B*10", flock, "", 0, "the counter is 2 after 2 additions: none is lost"},
		{"A B kill:A B*9", flock, "", 0, "the counter is 2 after 2 additions: none is lost"},
	} {
		b := well(t, stagetest.Play(t, Demo{}, stagetest.Scheduled(tt.schedule, "lock", tt.lock)))
		if b.Verdict.Text != tt.verdict {
			t.Errorf("%s, %s: %s", tt.lock, tt.schedule, b.Verdict.Text)
		}
		if s := b.Step.Solved; tt.puzzle == "" && len(s) > 0 || tt.puzzle != "" && (len(s) != 1 || s[0].Puzzle != tt.puzzle || s[0].N != tt.in) {
			t.Errorf("%s, %s: solved %v", tt.lock, tt.schedule, s)
		}
	}
}

// Attended, who waits for ever goes on being seen to wait.
func TestStuckStays(t *testing.T) {
	o := stagetest.Scheduled("A kill:A B", "lock", mutex)
	o.Attended = true
	run := stagetest.Start(t, Demo{}, o)
	b := stagetest.Until(t, run, "the verdict", func(b *board.Board) bool { return b.Verdict != nil })
	p := b.Proc("B")
	if !b.Step.Stuck() || p.On != "futex" || p.State != trace.Asleep || stagetest.State(p.PID) != 'S' || len(b.Lock(theLock).Holders) != 1 {
		t.Errorf("B waits for a lock of the dead: %+v %+v %+v", b.Step, p, b.Locks)
	}
	if err := run.Go("B"); err == nil || err.Error() != "B is blocked (futex); nobody could go" {
		t.Errorf("Go B: %v", err)
	}
	run.Finish()
	stagetest.End(t, run)
}

// All schedules of one addition each come to the same behind a lock. Without one
// they do not.
func TestNoScheduleBreaksALock(t *testing.T) {
	for lock, want := range map[string][]int{none: {18, 2}, halves: {18, 2}, mutex: {10}, flock: {10}} {
		got, err := demo.Explore(context.Background(), stage.Start, Demo{}, stagetest.Options("lock", lock, "rounds", "1"), 1000, nil)
		if err != nil || !got.All || len(got.Outcomes) != len(want) || got.Broken > 0 != (len(want) > 1) || got.Mends != "" {
			t.Fatalf("%s: %v %+v", lock, err, got)
		}
		for i, n := range want {
			if got.Outcomes[i].Count != n {
				t.Errorf("%s: %+v", lock, got.Outcomes)
			}
		}
	}
	if testing.Short() {
		return
	}
	got, err := demo.Explore(context.Background(), stage.Start, Demo{}, stagetest.Options(), 1000, nil)
	if err != nil || !got.All || got.Ran != 924 || len(got.Outcomes) != 3 || got.Outcomes[2].Count != 6 {
		t.Errorf("two workers of six steps: %v %+v", err, got)
	}
	t.Logf("%d schedules, %.0f a second", got.Ran, float64(got.Ran)/got.Took.Seconds())
	got, err = demo.Explore(context.Background(), stage.Start, Demo{}, stagetest.Options("lock", mutex), 1000, nil)
	if err != nil || !got.All || got.Broken > 0 || got.Solved != "mend-the-counter" {
		t.Errorf("mended with a mutex: %v %+v", err, got)
	}
}

// Each step back shows what was there before, with a lock that one waits for.
func TestUndo(t *testing.T) {
	at := func(o demo.Options) map[int]*board.Board {
		boards := map[int]*board.Board{}
		b := board.New()
		for _, e := range stagetest.Play(t, Demo{}, o).Events {
			b.Apply(e)
			if e.Kind == trace.KindSettled {
				boards[len(b.Step.Schedule)] = b.Clone()
			}
		}
		return boards
	}
	for _, lock := range []string{mutex, flock} {
		o := stagetest.Scheduled("A B A A A A B kill:B A", "lock", lock)
		forward := at(o)
		if len(forward) != len(o.Schedule)+1 {
			t.Fatalf("%d Boards", len(forward))
		}
		for back := o.Schedule.Back(); len(back) > 0; back = back.Back() {
			u := o
			u.Schedule = back
			for n, b := range at(u) {
				if d := board.Same(b, forward[n]); d != "" {
					t.Errorf("%s, %d back to %s, after %d: %s", lock, len(o.Schedule)-len(back), back, n, d)
				}
			}
		}
	}
}

func TestNothingSurvives(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	for range 3 {
		stagetest.KillHost(t, "race-and-lock workers=4 lock=mutex increments=1000000", 4, rnd)
	}
}
