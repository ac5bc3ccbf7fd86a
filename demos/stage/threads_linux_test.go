package stage_test

import (
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"

	"edu/procession/demos/board"
	"edu/procession/demos/demo"
	"edu/procession/demos/stage"
	"edu/procession/demos/stage/stagetest"
	"edu/procession/demos/trace"
)

func threads(r string) demo.Options {
	o := roles(r)
	o.Place = demo.Threads
	return o
}

// task reads a line of /proc about a thread.
func task(t *testing.T, p *board.Proc, file string) string {
	t.Helper()
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/%s", p.PID, p.TID, file))
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(b))
}

func taskState(t *testing.T, p *board.Proc) byte {
	t.Helper()
	stat := task(t, p, "stat")
	return stat[strings.LastIndexByte(stat, ')')+2]
}

// Workers in place threads are threads of one process, and what the board says
// of each is what /proc/PID/task/TID says.
func TestThreadsAreTheKernels(t *testing.T) {
	run := stagetest.Start(t, probe{}, threads("idle,sleepy,busy"))
	all := stagetest.Until(t, run, "all are here", func(b *board.Board) bool { return b.Caption == "all are here" })
	host := all.Proc("host")
	seen := map[int]bool{host.PID: true}
	for _, id := range []trace.ID{"idle-1", "sleepy-1", "busy-1"} {
		p := all.Proc(id)
		if p.PID != host.PID || seen[p.TID] || p.Parent != "host" {
			t.Errorf("%s: pid %d, tid %d of %s; the host is pid %d", id, p.PID, p.TID, p.Parent, host.PID)
		}
		seen[p.TID] = true
		if name := task(t, p, "comm"); name != string(id) {
			t.Errorf("%s: the kernel calls it %q", id, name)
		}
	}
	see := func(id trace.ID, s trace.Letter, on string) {
		t.Helper()
		b := stagetest.Until(t, run, string(id)+" in "+s.String()+" on "+on, func(b *board.Board) bool {
			p := b.Proc(id)
			return p != nil && p.State == s && (on == "" || p.On == on)
		})
		if s != trace.Running && taskState(t, b.Proc(id)) != byte(s) { // who runs may be waiting for something by now
			t.Errorf("%s: the board says %c, the kernel %c", id, s, taskState(t, b.Proc(id)))
		}
	}
	see("idle-1", trace.Asleep, "pipe read")
	see("sleepy-1", trace.Asleep, "timer")
	see("busy-1", trace.Running, "")

	// A stop is of the process: all threads stop, whichever was meant.
	if err := run.Act("stop", "idle-1"); err != nil {
		t.Fatal(err)
	}
	for _, id := range []trace.ID{"idle-1", "sleepy-1", "busy-1"} {
		see(id, trace.Stopped, "")
	}
	if err := run.Act("cont", "sleepy-1"); err != nil {
		t.Fatal(err)
	}
	b := stagetest.Until(t, run, "all go on", func(b *board.Board) bool {
		stops, on := 0, 0
		for _, p := range b.Procs {
			for _, m := range p.States {
				if p.TID != 0 && m.State == trace.Stopped {
					stops++
				}
			}
			if p.TID != 0 && p.State != trace.Stopped {
				on++
			}
		}
		return stops == 3 && on == 3 && b.Proc("busy-1").CPU > 0
	})
	if b.Proc("busy-1").RSS != 0 {
		t.Error("a thread was said to have memory of its own")
	}

	// So is a kill, even from outside and of one thread's number.
	syscall.Tgkill(host.PID, all.Proc("sleepy-1").TID, syscall.SIGKILL)
	b = stagetest.Until(t, run, "all have ended", func(b *board.Board) bool {
		n := 0
		for _, p := range b.Procs {
			if p.Role != "warden" && p.Ended > 0 {
				n++
			}
		}
		return n == 4
	})
	for _, p := range b.Procs {
		if p.Role != "warden" && (p.Exit.Signal != "KILL" || p.Exit.TID != p.TID) {
			t.Errorf("%s ended with %+v", p.ID, p.Exit)
		}
	}
	if p := b.Proc("busy-1"); p.CPU == 0 {
		t.Error("a busy thread used no CPU time")
	}
	run.Finish()
	stagetest.End(t, run)
}

// A kill that was meant for one thread ends all, and the stage says why.
func TestKillOfAThread(t *testing.T) {
	run := stagetest.Start(t, probe{}, threads("idle,idle,sleepy"))
	stagetest.Until(t, run, "all are here", func(b *board.Board) bool { return b.Caption == "all are here" })
	if err := run.Act("kill", "idle-2"); err != nil {
		t.Fatal(err)
	}
	b := stagetest.Until(t, run, "three dead", func(b *board.Board) bool {
		n := 0
		for _, p := range b.Procs {
			if p.TID != 0 && p.State == trace.Dead && p.Exit.Signal == "KILL" {
				n++
			}
		}
		return n == 3
	})
	if !strings.Contains(b.Caption, "not for one of its threads") || !strings.Contains(b.Caption, "idle-1, idle-2, sleepy-1") {
		t.Errorf("the caption does not say why: %q", b.Caption)
	}
	if err := run.Act("kill", "idle-1"); err == nil {
		t.Error("a thread that is gone was killed again")
	}
	run.Finish()
	stagetest.End(t, run)
}

// A thread that returns ends alone, with its own code; the kernel keeps no zombie.
func TestThreadReturns(t *testing.T) {
	run := stagetest.Start(t, probe{}, threads("brief,fails,panics,idle"))
	b := stagetest.Until(t, run, "three have returned", func(b *board.Board) bool {
		n := 0
		for _, p := range b.Procs {
			if p.TID != 0 && p.Reaped > 0 {
				n++
			}
		}
		return n == 3 && b.Caption == "all are here"
	})
	for id, code := range map[trace.ID]int{"brief-1": 0, "fails-1": 1, "panics-1": 2} {
		if x := b.Proc(id).Exit; x.Code != code || x.Signal != "" {
			t.Errorf("%s ended with %v, not code %d", id, x, code)
		}
	}
	if p := b.Proc("idle-1"); !p.Alive() {
		t.Errorf("idle-1 went with the others: %v", p.Exit)
	}
	run.Finish()
	got := stagetest.End(t, run)
	if x := got.Board.Proc("host").Exit; x.Code != 0 || x.Signal != "" {
		t.Errorf("the host ended with %v, not by itself", x)
	}
}

// Steps hold one worker while others go: that is for processes.
func TestThreadsHaveNoSteps(t *testing.T) {
	o := roles("")
	o.Params, o.Place, o.Step = nil, demo.Threads, true
	if err := startErr(turns{}, o); err == nil || !strings.Contains(err.Error(), "turns does not run with --place threads") {
		t.Errorf("turns in threads: %v", err)
	}
	if err := startErr(probe{}, o); err == nil || !strings.Contains(err.Error(), "steps are for processes") {
		t.Errorf("steps in threads: %v", err)
	}
}

func startErr(d demo.Demo, o demo.Options) error {
	run, err := stage.Start(d, o)
	if err == nil {
		run.Stop()
		<-run.Done()
	}
	return err
}
