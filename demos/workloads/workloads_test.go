//go:build linux

package workloads

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"edu/procession/demos/board"
	"edu/procession/demos/demo"
	"edu/procession/demos/stage/stagetest"
	"edu/procession/demos/trace"
)

func TestMain(m *testing.M) { stagetest.Main(m, Demo{}) }

func value(b *board.Board, name string) float64 { g, _ := b.Gauge(name); return g.Value }

// round is the tasks of one measurement: who did them, in which order they began
// and ended, and the longest.
type round struct {
	by      []trace.ID
	order   string // b for a beginning, e for an end
	longest time.Duration
}

// rounds reads the measurements out of a log: there are as many tasks in each.
func rounds(events []trace.Event, jobs int) []round {
	var all []round
	for _, e := range events {
		d, ok := e.Data.(trace.Task)
		if !ok {
			continue
		}
		at := d.Task / jobs
		for len(all) <= at {
			all = append(all, round{})
		}
		switch r := &all[at]; d.Is {
		case trace.KindTaskRun:
			r.order += "b"
		case trace.KindTaskDone:
			r.order += "e"
			r.longest = max(r.longest, d.Took)
			r.by = append(r.by, d.Worker)
		}
	}
	return all
}

// Unattended, both kinds of jobs are done in all ways, by whom and in which order
// each way says; a loop that computes does not beat meanwhile.
func TestAllWays(t *testing.T) {
	const jobs = 3
	got := stagetest.Play(t, Demo{}, stagetest.Options("jobs", "3", "work", "240ms"))
	b := got.Board
	if got.Err != nil || b.Verdict == nil || !b.Verdict.OK {
		t.Fatalf("the run: %v, %+v", got.Err, b.Verdict)
	}
	t.Logf("took %v: %s", b.At, b.Verdict.Text)
	all := rounds(got.Events, jobs)
	if len(all) != 2*len(ways) {
		t.Fatalf("%d measurements", len(all))
	}
	for i, r := range all {
		kind, w := cpu, ways[i%len(ways)]
		if i >= len(ways) {
			kind = wait
		}
		who := "caller"
		if w.threads {
			who = "goroutine-"
		} else if w.workers {
			who = "worker-"
		}
		if len(r.by) != jobs || slices.ContainsFunc(r.by, func(id trace.ID) bool { return !strings.HasPrefix(string(id), who) }) {
			t.Errorf("%s %s was done by %v", kind, w.name, r.by)
		}
		makespan, gap := value(b, gauge("makespan", kind, w)), value(b, gauge("gap", kind, w))
		if makespan <= 0 || gap <= 0 || gap > 1000*makespan || (w.name != "serial") != (value(b, gauge("speedup", kind, w)) > 0) {
			t.Errorf("%s %s: makespan %v s, gap %v ms", kind, w.name, makespan, gap)
		}
		inTurn, atOnce := strings.Repeat("be", jobs), strings.Repeat("b", jobs)+strings.Repeat("e", jobs)
		switch kind + " " + w.name {
		case "cpu loop":
			if gap < ms(r.longest) {
				t.Errorf("the heart of a loop beat while a job computed in it for %v: gap %v ms", r.longest, gap)
			}
			fallthrough
		case "cpu serial", "io serial":
			if r.order != inTurn || makespan < r.longest.Seconds() {
				t.Errorf("%s %s: %s, makespan %v s", kind, w.name, r.order, makespan)
			}
		case "io loop":
			if r.order != atOnce {
				t.Errorf("waits in a loop: %s", r.order)
			}
		}
		if kind == wait && w.name == "serial" && makespan < jobs*0.03 {
			t.Errorf("%d waits of 30 ms, one after the other, took %v s", jobs, makespan)
		}
	}
	for _, p := range b.Procs {
		if p.Exit.Code != 0 || p.Exit.Signal != "" {
			t.Errorf("%s: %+v", p.ID, p.Exit)
		}
	}
}

// The goroutines' threads are the caller's to the kernel, and it is they that
// used the CPU time.
func TestThreadsAreTheKernels(t *testing.T) {
	run := stagetest.Start(t, Demo{}, demo.Options{Pace: demo.Fast, Attended: true, Params: map[string]string{"jobs": "2", "kind": cpu, "way": "goroutines"}})
	b := stagetest.Until(t, run, "the goroutines' jobs", func(b *board.Board) bool { _, ok := b.Gauge("speedup-cpu-goroutines"); return ok })
	pid := b.Proc("caller").PID
	used := func(tid int) (cpu time.Duration) {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/schedstat", pid, tid))
		if err != nil {
			t.Skip(err)
		}
		fmt.Sscan(string(text), (*int64)(&cpu))
		return cpu
	}
	var threads time.Duration
	for _, id := range []trace.ID{"goroutine-1", "goroutine-2"} {
		p := b.Proc(id)
		if p == nil || p.PID != pid || p.TID == 0 || p.TID == pid {
			t.Fatalf("%s: %+v", id, p)
		}
		threads += used(p.TID)
	}
	// The main thread has done the same jobs, when it did them serially, and little else.
	if serial := used(pid); threads < serial/6 {
		t.Errorf("the threads used %v for jobs for which the main thread used %v", threads, serial)
	}
	run.Finish()
	stagetest.End(t, run)
}

// A measurement in which a worker is killed, by whomever, or stopped, gives no
// number and is made again.
func TestKilled(t *testing.T) {
	run := stagetest.Start(t, Demo{}, demo.Options{Pace: demo.Fast, Attended: true, Params: map[string]string{"jobs": "2", "kind": wait, "way": "handover", "work": "8s"}})
	atWork := func(id trace.ID) *board.Proc {
		return stagetest.Until(t, run, string(id)+" at work", func(b *board.Board) bool {
			p := b.Proc(id)
			return p != nil && p.Task >= 0 && p.State == trace.Asleep
		}).Proc(id)
	}
	if err := run.Act("stop", atWork("caller").ID); err != nil {
		t.Fatal(err)
	}
	stagetest.Until(t, run, "its being told", func(b *board.Board) bool { return strings.Contains(b.Caption, "will not count") })
	// The caller is stopped in its first measurement, and is killed in it.
	killed := stagetest.Until(t, run, "the caller", func(b *board.Board) bool { p := b.Proc("caller"); return p != nil && p.State == trace.Stopped }).Proc("caller")
	if err := syscall.Kill(killed.PID, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if b := stagetest.Until(t, run, "the verdict on it", func(b *board.Board) bool { return strings.Contains(b.Caption, "does not count") }); b.Gauges == nil || value(b, "makespan-io-serial") != 0 {
		t.Errorf("a number was reported: %+v", b.Gauges)
	}
	atWork("caller-2")
	run.Finish()
	got := stagetest.End(t, run)
	if v := got.Board.Verdict; got.Err != nil || v == nil || !v.OK || v.Text != "Nothing was measured." {
		t.Errorf("%v, %+v", got.Err, v)
	}
	if n := got.Board.Counts[board.TaskLost]; n == 0 {
		t.Error("no task was lost")
	}
}

// A worker that is killed with a job in its hands takes it along; the next
// measurement is by others, and counts.
func TestKilledWorker(t *testing.T) {
	run := stagetest.Start(t, Demo{}, demo.Options{Pace: demo.Fast, Attended: true, Params: map[string]string{"jobs": "2", "kind": wait, "way": "handover", "work": "1s"}})
	b := stagetest.Until(t, run, "worker-1 at work", func(b *board.Board) bool { p := b.Proc("worker-1"); return p != nil && p.Task >= 0 })
	syscall.Kill(b.Proc("worker-1").PID, syscall.SIGKILL)
	b = stagetest.Until(t, run, "a number", func(b *board.Board) bool { _, ok := b.Gauge("makespan-io-handover"); return ok })
	if w := b.Proc("worker-1"); w.Exit.Signal != "KILL" || b.Proc("caller-2") == nil || b.Counts[board.TaskLost] == 0 {
		t.Errorf("worker-1 %+v, tasks %v", w.Exit, b.Counts)
	}
	if err := run.Act("serial", ""); err != nil {
		t.Fatal(err)
	}
	run.Finish()
	stagetest.End(t, run)
}
