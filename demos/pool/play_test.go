package pool

import (
	"context"
	"fmt"

	"slices"
	"strings"
	"testing"
	"time"

	"edu/procession/demos/board"
	"edu/procession/demos/demo"
	"edu/procession/demos/stage"
	"edu/procession/demos/stage/stagetest"
	"edu/procession/demos/trace"
)

func TestMain(m *testing.M) {
	stagetest.Main(m, Demo{})
}

// good fails the test unless the run came out well, and returns its books.
func good(t *testing.T, got stagetest.Result) []*book {
	t.Helper()
	if got.Err != nil || got.Board.Verdict == nil || !got.Board.Verdict.OK {
		t.Fatalf("the run: %v, %+v", got.Err, got.Board.Verdict)
	}
	killed, dead := 0, 0
	for _, e := range got.Events {
		switch d := e.Data.(type) {
		case trace.Act:
			if d.Action == "kill" && d.Error == "" {
				killed++
			}
		case trace.Exit:
			if d.Signal == "KILL" {
				dead++
			} else if d.Code != 0 {
				t.Errorf("%s: exit code %d", e.Who, d.Code)
			}
		}
	}
	if dead > killed {
		t.Errorf("%d workers were killed, but only %d by the learner", dead, killed)
	}
	return books(t, got.Events, true)
}

func proc(b *board.Board, id trace.ID) *board.Proc {
	if p := b.Proc(id); p != nil {
		return p
	}
	return &board.Proc{Task: -1}
}

// said waits for a caption.
func said(t *testing.T, run demo.Run, text string) *board.Board {
	t.Helper()
	return stagetest.Until(t, run, "caption "+text, func(b *board.Board) bool { return strings.Contains(b.Caption, text) })
}

// mapped waits for the end of the pool's n-th run.
func mapped(t *testing.T, run demo.Run, n int) *board.Board {
	t.Helper()
	marks := 0
	return stagetest.Until(t, run, fmt.Sprintf("the end of run %d", n), func(b *board.Board) bool {
		if g, ok := run.Log().Events(b.Pos - 1)[0].Data.(trace.Gauge); ok && g.Name == "failed" { // its last one
			marks++
		}
		return marks == n
	})
}

func act(t *testing.T, run demo.Run, name string, target trace.ID) {
	t.Helper()
	if err := run.Act(name, target); err != nil {
		t.Fatal(err)
	}
}

func TestUnattended(t *testing.T) {
	got := stagetest.Play(t, Demo{}, fast(1))
	runs := good(t, got)
	if len(runs) != 2 {
		t.Fatalf("%d runs", len(runs))
	}
	for _, r := range runs {
		r.want(t, 24, 0, 0)
	}
	for _, e := range runs[0].ends {
		if e.Worker != "worker-1" || e.Took <= 0 {
			t.Errorf("the run for comparison: %+v", e)
		}
	}
	for _, g := range (Demo{}).Info().Gauges {
		if g.Name == "redelivery" { // nobody was killed
			continue
		}
		if m, ok := got.Board.Gauge(g.Name); !ok || m.Unit != g.Unit || m.Paced {
			t.Errorf("%s was not measured: %+v", g.Name, m)
		}
	}
	for _, id := range []trace.ID{"worker-1", "worker-2"} {
		if p := proc(got.Board, id); p.TaskDone == 0 || p.Exit.Code != 0 || p.Exit.Signal != "" || p.Reaped == 0 {
			t.Errorf("%s: %+v", id, p)
		}
	}
	t.Logf("over after %v", got.Board.At)
}

// The processes on stage are those in /proc, and they are used again: two runs,
// the same two.
func TestPidsAreReal(t *testing.T) {
	o := fast(1, "serial", "false")
	o.Attended = true
	run := stagetest.Start(t, Demo{}, o)
	mapped(t, run, 1)
	act(t, run, "again", "")
	b := mapped(t, run, 2)
	if n := proc(b, "worker-1").TaskDone + proc(b, "worker-2").TaskDone; n != 48 {
		t.Errorf("the two did %d tasks", n)
	}
	var pids []int
	for _, p := range b.Procs {
		pids = append(pids, p.PID)
	}
	real := stagetest.WithToken(run.Log().Header().Token)
	slices.Sort(pids)
	slices.Sort(real)
	if len(pids) != 3 || !slices.Equal(pids, real) { // with the warden
		t.Errorf("on stage %v, in /proc %v", pids, real)
	}
	stagetest.Until(t, run, "idle workers wait in a read of their pipe", func(b *board.Board) bool {
		return proc(b, "worker-1").On == "pipe read" && proc(b, "worker-2").On == "pipe read"
	})
	run.Finish()
	good(t, stagetest.End(t, run))
}

// A worker that is killed in mid-task takes the task along, or not: that is what
// The victim's worker is killed in mid-task: without retry the task is lost, with
// retry it is done by another, and one that kills whoever tries it is given up.
func TestVictim(t *testing.T) {
	for _, tt := range []struct {
		retry, kills           string
		lost, dead, executions int
	}{
		{"false", "1", 1, 1, 6},
		{"true", "1", 0, 1, 7},
		{"true", "5", 1, maxAttempts, 5 + maxAttempts},
	} {
		t.Run(tt.retry+tt.kills, func(t *testing.T) {
			t.Parallel()
			got := stagetest.Play(t, Demo{}, fast(1, "tasks", "6", "work", "200ms", "kind", "wait", "serial", "false",
				"victim", "2", "retry", tt.retry, "kills", tt.kills))
			if v := got.Board.Verdict; got.Err != nil || v == nil || !v.OK {
				t.Fatalf("the run: %v, %+v", got.Err, v)
			}
			dead := 0
			for _, e := range got.Events {
				if x, ok := e.Data.(trace.Exit); ok && x.Signal == "KILL" {
					dead++
				}
			}
			lost, _ := got.Board.Gauge("lost")
			executions, _ := got.Board.Gauge("executions")
			if int(lost.Value) != tt.lost || dead != tt.dead || int(executions.Value) != tt.executions || (got.Board.Tasks[2].State == board.TaskLost) != (tt.lost == 1) {
				t.Errorf("%v lost, %d killed, %v executions; task 2: %+v", lost.Value, dead, executions.Value, got.Board.Tasks[2])
			}
			if m, ok := got.Board.Gauge("redelivery"); ok != (tt.executions > 6) || ok && m.Value <= 0 {
				t.Errorf("redelivery: %+v", m)
			}
		})
	}
}

// retry is about. It is replaced in both cases.
func TestKillInMidTask(t *testing.T) {
	for _, retry := range []string{"false", "true"} {
		t.Run("retry="+retry, func(t *testing.T) {
			o := fast(1, "serial", "false", "tasks", "6", "work", "400ms", "kind", "wait", "spread", "0", "retry", retry)
			o.Attended = true
			run := stagetest.Start(t, Demo{}, o)
			b := stagetest.Until(t, run, "worker-2 in mid-task", func(b *board.Board) bool { return proc(b, "worker-2").Task >= 0 })
			task, pid := proc(b, "worker-2").Task, proc(b, "worker-2").PID
			act(t, run, "kill", "worker-2")
			mapped(t, run, 1)
			run.Finish()
			got := stagetest.End(t, run)
			book := good(t, got)[0]
			if x := proc(got.Board, "worker-2").Exit; x.Signal != "KILL" {
				t.Errorf("worker-2: %+v", x)
			}
			if p := proc(got.Board, "worker-3"); p.PID == 0 || p.PID == pid || p.TaskDone == 0 {
				t.Errorf("no replacement: %+v", p)
			}
			end := book.ends[task]
			if retry == "true" {
				book.want(t, 6, 0, 0)
				if end.Attempt != 2 || end.Worker == "worker-2" {
					t.Errorf("the task was not run again: %+v", end)
				}
				return
			}
			book.want(t, 5, 0, 1)
			if end.Is != trace.KindTaskLost || end.Note != "signal KILL, in mid-task" {
				t.Errorf("the task: %+v", end)
			}
			if g, ok := got.Board.Gauge("speedup"); ok {
				t.Errorf("a speed-up with a task lost: %+v", g)
			}
			exit, lost := -1, -1
			for i, e := range got.Events {
				switch {
				case e.Kind == trace.KindExit && e.Who == "worker-2":
					exit = i
				case e.Kind == trace.KindTaskLost:
					lost = i
				}
			}
			if exit < 0 || lost < exit {
				t.Errorf("lost at %d, before the kernel told of the end at %d", lost, exit)
			}
		})
	}
}

func TestScriptedKill(t *testing.T) {
	o := fast(3, "serial", "false", "tasks", "60")
	o.Script = []demo.Scripted{{Act: demo.Act{Name: "kill", Target: "worker-2"}, At: 400 * time.Millisecond}}
	got := stagetest.Play(t, Demo{}, o)
	book := good(t, got)[0]
	killed := slices.ContainsFunc(got.Events, func(e trace.Event) bool {
		a, ok := e.Data.(trace.Act)
		return ok && a.Action == "kill" && a.Error == ""
	})
	if !killed {
		t.Skip("worker-2 was not there yet")
	}
	if x := proc(got.Board, "worker-2").Exit; x.Signal != "KILL" {
		t.Errorf("worker-2: %+v", x)
	}
	if p := proc(got.Board, "worker-3"); p.PID == 0 || p.Exit.Code != 0 {
		t.Errorf("no replacement: %+v", p)
	}
	if l := book.counts[trace.KindTaskLost]; l > 1 || book.counts[trace.KindTaskDone] != 60-l {
		t.Errorf("with window and chunk 1: %+v", book.counts)
	}
}

// To kill an idle worker costs nothing, and wedges nothing: none of these holds a
// lock that the others need.
func TestKillIdle(t *testing.T) {
	o := fast(1, "workers", "3", "work", "40ms", "kind", "wait")
	o.Attended = true
	run := stagetest.Start(t, Demo{}, o)
	for _, id := range []trace.ID{"worker-2", "worker-3", "worker-4"} { // one after the other, while worker-1 does all
		stagetest.Until(t, run, string(id)+" idle", func(b *board.Board) bool { return proc(b, id).On == "pipe read" })
		act(t, run, "kill", id)
	}
	b := mapped(t, run, 1)
	for _, id := range []trace.ID{"worker-1", "worker-5", "worker-6"} {
		if p := proc(b, id); p.Task != -1 || !p.Alive() {
			t.Errorf("%s: %+v", id, p)
		}
	}
	act(t, run, "again", "")
	mapped(t, run, 2)
	run.Finish()
	for _, r := range good(t, stagetest.End(t, run)) {
		r.want(t, 24, 0, 0)
	}
}

// All workers at once.
func TestKillAll(t *testing.T) {
	o := fast(1, "serial", "false", "workers", "4", "work", "30ms", "retry", "true")
	o.Attended = true
	run := stagetest.Start(t, Demo{}, o)
	stagetest.Until(t, run, "all at work", func(b *board.Board) bool { return b.Counts[board.TaskRunning] == 4 })
	for i := range 4 {
		act(t, run, "kill", trace.ID(fmt.Sprintf("worker-%d", i+1)))
	}
	mapped(t, run, 1)
	run.Finish()
	got := stagetest.End(t, run)
	good(t, got)[0].want(t, 24, 0, 0)
	if p := proc(got.Board, "worker-8"); p.PID == 0 {
		t.Error("four were not replaced")
	}
}

// A stopped worker keeps its task; the others go on, and so does the master. When
// it goes on, so does the task.
func TestStoppedWorkerBlocksNobody(t *testing.T) {
	for _, params := range [][]string{
		{"tasks", "12", "work", "40ms"},
		{"tasks", "6000", "work", "0", "window", "256"},
		{"tasks", "6000", "work", "0", "chunk", "1000"},
	} {
		o := fast(1, append(params, "serial", "false", "workers", "3")...)
		o.Attended = true
		run := stagetest.Start(t, Demo{}, o)
		stagetest.Until(t, run, "worker-3", func(b *board.Board) bool { return proc(b, "worker-3").Took > 0 })
		act(t, run, "stop", "worker-3")
		stagetest.Until(t, run, "worker-3 stopped", func(b *board.Board) bool { return proc(b, "worker-3").State == trace.Stopped })
		b := stagetest.Until(t, run, "all but what worker-3 holds", func(b *board.Board) bool {
			return proc(b, "worker-1").Task < 0 && proc(b, "worker-2").Task < 0 && len(b.Tasks) > 0 &&
				b.Counts[board.TaskDone] >= len(b.Tasks)-pipeSize/taskSize
		})
		if s := stagetest.State(proc(b, "worker-3").PID); s != 'T' {
			t.Errorf("worker-3 is %c", s)
		}
		act(t, run, "cont", "worker-3")
		mapped(t, run, 1)
		run.Finish()
		book := good(t, stagetest.End(t, run))[0]
		book.want(t, book.tasks, 0, 0)
	}
}

// Nobody continues the stopped worker, and nobody is at the keys: the play ends
// and says what the pool waited for.
func TestStoppedForEver(t *testing.T) {
	o := fast(1, "serial", "false", "tasks", "4", "kind", "wait", "work", "150ms", "spread", "0")
	run := stagetest.Start(t, Demo{}, o)
	stagetest.Until(t, run, "worker-1 in mid-task", func(b *board.Board) bool { return proc(b, "worker-1").Task >= 0 })
	act(t, run, "stop", "worker-1")
	got := stagetest.End(t, run)
	if got.Err != nil {
		t.Fatal(got.Err)
	}
	books(t, got.Events, true)[0].want(t, 3, 0, 1) // its worker was ended with the pool
	if !strings.Contains(got.Board.Verdict.Text, "waited") {
		t.Error(got.Board.Verdict.Text)
	}
}

func TestEdges(t *testing.T) {
	for _, c := range []struct {
		params       []string
		done, failed int
	}{
		{[]string{"poison", "0"}, 23, 1},
		{[]string{"poison", "23", "chunk", "5"}, 23, 1},
		{[]string{"workers", "8", "tasks", "3"}, 3, 0},
		{[]string{"chunk", "1000"}, 24, 0},
		{[]string{"tasks", "1", "poison", "0", "workers", "1"}, 0, 1},
		{[]string{"work", "0", "tasks", "5000", "workers", "4"}, 5000, 0},
		{[]string{"spread", "100", "kind", "wait"}, 24, 0},
	} {
		got := stagetest.Play(t, Demo{}, fast(2, append([]string{"work", "2ms"}, c.params...)...))
		for _, r := range good(t, got) {
			r.want(t, c.done, c.failed, 0)
		}
		if c.failed > 0 && !strings.Contains(got.Board.Caption, "raises \"bad input") {
			t.Errorf("%v: %s", c.params, got.Board.Caption)
		}
	}
}

func TestKeys(t *testing.T) {
	o := fast(1, "workers", "1", "tasks", "30", "work", "5ms")
	o.Attended = true
	run := stagetest.Start(t, Demo{}, o)
	act(t, run, "again", "")
	said(t, run, "Not yet")
	mapped(t, run, 1)
	act(t, run, "fewer", "")
	said(t, run, "at least one")
	act(t, run, "more", "")
	act(t, run, "more", "")
	stagetest.Until(t, run, "three workers", func(b *board.Board) bool { return proc(b, "worker-3").Took > 0 })
	act(t, run, "poison", "")
	act(t, run, "again", "")
	b := mapped(t, run, 2)
	said(t, run, "raises \"bad input")
	if g, _ := b.Gauge("failed"); g.Value != 1 {
		t.Errorf("failed: %v", g.Value)
	}
	if g, ok := b.Gauge("worker-3"); !ok || g.Group != "utilisation" {
		t.Errorf("utilisation of worker-3: %+v", g)
	}
	act(t, run, "fewer", "")
	act(t, run, "fewer", "")
	b = stagetest.Until(t, run, "two have left", func(b *board.Board) bool {
		return !proc(b, "worker-2").Alive() && !proc(b, "worker-3").Alive()
	})
	for _, id := range []trace.ID{"worker-2", "worker-3"} {
		if x := proc(b, id).Exit; x.Code != 0 || x.Signal != "" {
			t.Errorf("%s left with %+v", id, x)
		}
	}
	act(t, run, "again", "")
	mapped(t, run, 3)
	for range maxWorkers {
		act(t, run, "more", "")
	}
	said(t, run, "all that this pool takes")
	run.Finish()
	for _, r := range good(t, stagetest.End(t, run)) {
		if r.tasks != 30 || r.counts[trace.KindTaskLost] > 0 {
			t.Errorf("%+v", r.counts)
		}
	}
}

// The learner leaves, or stops everything, in the middle of the tasks.
func TestLeaveEarly(t *testing.T) {
	for name, leave := range map[string]func(demo.Run){"finish": demo.Run.Finish, "stop": demo.Run.Stop} {
		o := fast(1, "work", "100ms", "serial", "false")
		o.Attended = true
		run := stagetest.Start(t, Demo{}, o)
		stagetest.Until(t, run, "a task done", func(b *board.Board) bool { return b.Counts[board.TaskDone] > 0 })
		leave(run)
		got := stagetest.End(t, run)
		books(t, got.Events, false)
		if got.Err != nil {
			t.Errorf("%s: %v", name, got.Err)
		}
		if v := got.Board.Verdict; name == "finish" && (v == nil || !v.OK) {
			t.Errorf("%s: %+v", name, v)
		}
	}
}

func TestRefused(t *testing.T) {
	for k, v := range map[string]string{"workers": "65", "tasks": "0", "work": "fast", "kind": "gpu", "chunk": "1001", "poison": "-1", "window": "0", "retry": "yes", "spread": "101"} {
		if _, err := stage.Start(Demo{}, fast(1, k, v)); err == nil {
			t.Errorf("%s=%s was taken", k, v)
		}
	}
	got := stagetest.Play(t, Demo{}, fast(1, "poison", "24"))
	if got.Err == nil || !strings.Contains(got.Err.Error(), "0 to 23") {
		t.Errorf("poison=24 of 24: %v", got.Err)
	}
}

// scene is the demo with another play, for a look at what does not reach the log.
type scene struct {
	Demo
	play func(context.Context, *play) error
}

func (c scene) Play(ctx context.Context, s demo.Stage) error {
	t, err := newPlay(ctx, s)
	if err != nil {
		return err
	}
	defer t.pool.close(ctx, grace)
	t.pool.resize(t.size)
	if err := t.pool.ready(ctx); err != nil {
		return err
	}
	return c.play(ctx, t)
}
