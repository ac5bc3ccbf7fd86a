//go:build linux

package burners

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

func options(o demo.Options, params ...string) demo.Options {
	o.Pace, o.Params = demo.Fast, map[string]string{"workers": "2", "work": "400ms"}
	for i := 0; i < len(params); i += 2 {
		o.Params[params[i]] = params[i+1]
	}
	return o
}

func value(b *board.Board, name string) float64 { g, _ := b.Gauge(name); return g.Value }

// status is a field of /proc/PID/status.
func status(t *testing.T, pid any, field string) string {
	t.Helper()
	b, err := os.ReadFile(fmt.Sprintf("/proc/%v/status", pid))
	if err != nil {
		t.Error(err)
	}
	for line := range strings.Lines(string(b)) {
		if rest, ok := strings.CutPrefix(line, field+":"); ok {
			return strings.TrimSpace(rest)
		}
	}
	return ""
}

// reported waits until a gauge was reported n times and returns that Board.
func reported(t *testing.T, run demo.Run, name string, n int) *board.Board {
	t.Helper()
	b := stagetest.Until(t, run, name, func(b *board.Board) bool {
		seen := 0
		for _, e := range run.Log().Events(0)[:b.Pos] {
			if g, ok := e.Data.(trace.Gauge); ok && g.Name == name {
				seen++
			}
		}
		return seen >= n
	})
	return b
}

func captioned(t *testing.T, run demo.Run, text string) {
	t.Helper()
	stagetest.Until(t, run, text, func(b *board.Board) bool { return strings.Contains(b.Caption, text) })
}

// Unattended, the job is done by 1, 2 and more burners, and the log tells it all.
func TestSweep(t *testing.T) {
	got := stagetest.Play(t, Demo{}, options(demo.Options{}))
	b := got.Board
	if got.Err != nil || b.Verdict == nil || !b.Verdict.OK {
		t.Fatalf("the run: %v, %+v", got.Err, b.Verdict)
	}
	t.Logf("took %v: %s", b.At, b.Verdict.Text)
	var bars []string
	known := map[string]bool{}
	for _, g := range (Demo{}).Info().Gauges {
		known[g.Name] = true
	}
	for _, g := range b.Gauges {
		if !known[g.Name] {
			t.Errorf("gauge %s is not documented", g.Name)
		}
		if g.Group != "" {
			bars = append(bars, g.Name)
		}
	}
	want := []string{"speedup@1", "speedup@2", "speedup@4"}
	if cores := int(value(b, "cores")); cores == 2 && !slices.Equal(bars, want) {
		t.Errorf("bars: %v", bars)
	}
	if value(b, "speedup@1") != 1 || value(b, "speedup") != value(b, "speedup@2") || value(b, "workers") != 2 ||
		value(b, "serial") <= 0 || value(b, "speedup") != value(b, "serial")/value(b, "makespan") {
		t.Errorf("gauges: %+v", b.Gauges)
	}
	if b.Counts[board.TaskDone] != len(b.Tasks) || len(b.Tasks) < 3 {
		t.Errorf("tasks: %v of %d", b.Counts, len(b.Tasks))
	}
	for _, p := range b.Procs {
		if p.Exit.Code != 0 || p.Exit.Signal != "" || p.Reaped == 0 {
			t.Errorf("%s: %+v", p.ID, p.Exit)
		}
	}
}

// Two address spaces: the child's word and the parent's differ, and each is its own.
func TestCount(t *testing.T) {
	got := stagetest.Play(t, Demo{}, options(demo.Options{}))
	child, _ := got.Board.Gauge("count-child")
	parent, _ := got.Board.Gauge("count-parent")
	if child.Value != 999 || child.Source != trace.Worker || parent.Value != 42 || parent.Source != trace.Stage || parent.At < child.At {
		t.Errorf("child %+v, parent %+v", child, parent)
	}
	if count.Load() != 42 {
		t.Errorf("the parent's COUNT became %d", count.Load())
	}
	text := ""
	for _, l := range got.Board.Lines {
		if l.Who == "counter" {
			text += l.Text + "\n"
		}
	}
	for _, want := range []string{"at address " + address(), "I find 0", "my COUNT is 42", "COUNT to 999"} {
		if !strings.Contains(text, want) {
			t.Errorf("the child did not say %q:\n%s", want, text)
		}
	}
}

// All measurements of a run do the same rounds.
func TestSharesAddUp(t *testing.T) {
	for n := 1; n <= crowd; n++ {
		sum, of := 0, shares(1003, n)
		for _, r := range of {
			sum += r
		}
		if len(of) != n || sum != 1003 || slices.Max(of)-slices.Min(of) > 1 {
			t.Errorf("1003 over %d: %v", n, of)
		}
	}
	got := stagetest.Play(t, Demo{}, options(demo.Options{}))
	sums, at := []int{}, -1
	for _, e := range got.Events {
		d, ok := e.Data.(trace.Task)
		switch {
		case ok && d.Is == trace.KindTaskNew && (at < 0 || sums[at] > 0):
			sums, at = append(sums, 0), at+1
		case ok && d.Is == trace.KindTaskDone:
			n := 0
			fmt.Sscanf(d.Note, "%d rounds", &n)
			sums[at] += n
		}
	}
	if len(sums) < 2 || slices.Min(sums) != slices.Max(sums) || sums[0] == 0 {
		t.Errorf("rounds in each measurement: %v", sums)
	}
}

// What is told as CPU time is part of what wait reports in the end, and no less
// than the work takes at the fastest rate.
func TestCPUTimeIsTheKernels(t *testing.T) {
	got := stagetest.Play(t, Demo{}, options(demo.Options{}))
	if _, ok := got.Board.Gauge("cpu-time"); !ok {
		t.Skip("this kernel keeps no schedstat")
	}
	var all time.Duration
	for _, e := range got.Events {
		if r, ok := e.Data.(trace.Reaped); ok && strings.HasPrefix(string(e.Who), "burner") {
			all += r.User + r.System
		}
	}
	rounds := 0
	fmt.Sscanf(got.Board.Tasks[0].Note, "%d rounds", &rounds) // the first task is the whole job
	cpu := value(got.Board, "cpu-time")
	if least := float64(rounds) / value(got.Board, "rate"); cpu < 0.6*least || least == 0 {
		t.Errorf("cpu-time %v s for work of %v s", cpu, least)
	}
	if cpu <= 0 || cpu > all.Seconds() || cpu > value(got.Board, "makespan")*value(got.Board, "cores")+0.005 {
		t.Errorf("cpu-time %v s, the burners' whole life %v, makespan %v s", cpu, all, value(got.Board, "makespan"))
	}
}

// Pinned burners are on one core for the kernel too, and free again afterwards.
func TestPinned(t *testing.T) {
	run := stagetest.Start(t, Demo{}, options(demo.Options{Attended: true}))
	reported(t, run, "speedup@2", 1)
	if err := run.Act("pin", ""); err != nil {
		t.Fatal(err)
	}
	b := reported(t, run, "speedup@2-pinned", 1)
	for _, id := range []trace.ID{"burner-1", "burner-2"} {
		if got := status(t, b.Proc(id).PID, "Cpus_allowed_list"); strings.ContainsAny(got, ",-") || got == "" {
			t.Errorf("%s is pinned, and allowed on %q", id, got)
		}
	}
	run.Act("pin", "")
	b = reported(t, run, "speedup@2", 2)
	for _, id := range []trace.ID{"burner-1", "burner-2"} {
		if got, ours := status(t, b.Proc(id).PID, "Cpus_allowed_list"), status(t, "self", "Cpus_allowed_list"); got != ours {
			t.Errorf("%s is free, and allowed on %q of %q", id, got, ours)
		}
	}
	run.Finish()
	if got := stagetest.End(t, run); !strings.Contains(got.Board.Verdict.Text, "with 2 on one core") {
		t.Errorf("verdict: %+v", got.Board.Verdict)
	}
}

// From the settings, too; one burner is measured free, to compare with. On one
// core, four can use no more than one core's time, and lack a core for the rest.
func TestPinParam(t *testing.T) {
	b := stagetest.Play(t, Demo{}, options(demo.Options{}, "pin", "true", "workers", "4")).Board
	_, one := b.Gauge("speedup@1")
	four, ok := b.Gauge("speedup@4-pinned")
	if !one || !ok || value(b, "speedup") != four.Value {
		t.Errorf("gauges: %+v", b.Gauges)
	}
	if _, told := b.Gauge("cpu-time"); told && (value(b, "cpu-time") > value(b, "makespan")+0.005 || value(b, "core-wait") < value(b, "cpu-time")) {
		t.Errorf("on one core: makespan %v s, CPU time %v s, lacked a core for %v s", value(b, "makespan"), value(b, "cpu-time"), value(b, "core-wait"))
	}
}

// Scripted, each action measures again with the new setting, and nothing else does.
func TestScriptedActions(t *testing.T) {
	at := func(name string) demo.Scripted {
		return demo.Scripted{Act: demo.Act{Name: name}, At: 300 * time.Millisecond}
	}
	got := stagetest.Play(t, Demo{}, options(demo.Options{Script: []demo.Scripted{at("more")}}))
	b := got.Board
	if value(b, "workers") != 3 || value(b, "speedup") != value(b, "speedup@3") || b.Proc("burner-3") == nil || b.Proc("burner-4") != nil {
		t.Errorf("after more: %+v", b.Gauges)
	}
	got = stagetest.Play(t, Demo{}, options(demo.Options{Script: []demo.Scripted{at("fewer"), at("fewer")}}))
	b = got.Board
	if p := b.Proc("burner-2"); value(b, "workers") != 1 || p.Reaped == 0 || p.Exit.Signal != "" || p.Exit.Code != 0 {
		t.Errorf("after fewer: %+v, burner-2 %+v", b.Gauges, p)
	}
}

// A measurement in which a burner is killed, by whomever, gives no number; it is
// made again with another burner.
func TestKilledBurner(t *testing.T) {
	run := stagetest.Start(t, Demo{}, options(demo.Options{Attended: true}, "work", "4s"))
	b := stagetest.Until(t, run, "burner-2 at work", func(b *board.Board) bool {
		p := b.Proc("burner-2")
		return p != nil && p.Task >= 0
	})
	task := b.Proc("burner-2").Task
	if err := syscall.Kill(b.Proc("burner-2").PID, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	captioned(t, run, "does not count")
	if _, ok := stagetest.Until(t, run, "its end", func(b *board.Board) bool { return b.Proc("burner-2") != nil && b.Proc("burner-2").Reaped > 0 }).Gauge("speedup@2"); ok {
		t.Error("a number was reported for a disturbed measurement")
	}
	b = reported(t, run, "speedup@2", 1)
	if x := b.Proc("burner-2").Exit; x.Signal != "KILL" || b.Tasks[task].State != board.TaskLost || b.Proc("burner-3").TaskDone != 1 {
		t.Errorf("exit %+v, task %+v, burner-3 %+v", x, b.Tasks[task], b.Proc("burner-3"))
	}
	run.Finish()
	if got := stagetest.End(t, run); got.Err != nil {
		t.Error(got.Err)
	}
}

// Nor does one in which a burner was stopped, though its share gets done.
func TestStoppedBurner(t *testing.T) {
	run := stagetest.Start(t, Demo{}, options(demo.Options{Attended: true}, "work", "4s"))
	b := stagetest.Until(t, run, "burner-2 at work", func(b *board.Board) bool { p := b.Proc("burner-2"); return p != nil && p.Task >= 0 })
	if err := run.Act("stop", "burner-2"); err != nil {
		t.Fatal(err)
	}
	captioned(t, run, "will not count")
	if got := stagetest.State(b.Proc("burner-2").PID); got != 'T' {
		t.Errorf("stopped, and /proc says %c", got)
	}
	run.Act("cont", "burner-2")
	captioned(t, run, "does not count")
	if b = reported(t, run, "speedup@2", 1); b.Proc("burner-2").TaskDone != 2 {
		t.Errorf("burner-2: %+v", b.Proc("burner-2"))
	}
	run.Finish()
	stagetest.End(t, run)
}

// Finished in the middle of a measurement, the play ends at once and says what it has.
func TestFinish(t *testing.T) {
	run := stagetest.Start(t, Demo{}, options(demo.Options{Attended: true}, "work", "30s"))
	stagetest.Until(t, run, "burner-1 at work", func(b *board.Board) bool { p := b.Proc("burner-1"); return p != nil && p.Task >= 0 })
	run.Finish()
	got := stagetest.End(t, run)
	if v := got.Board.Verdict; got.Err != nil || v == nil || !v.OK || !strings.Contains(v.Text, "No speed-up was measured") {
		t.Errorf("%v, %+v", got.Err, v)
	}
}
