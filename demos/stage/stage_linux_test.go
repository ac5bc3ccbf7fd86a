package stage_test

import (
	"strings"
	"syscall"
	"testing"
	"unicode/utf8"

	"edu/procession/demos/board"
	"edu/procession/demos/demo"
	"edu/procession/demos/stage/stagetest"
	"edu/procession/demos/trace"
)

func roles(r string) demo.Options {
	return demo.Options{Pace: demo.Fast, Params: map[string]string{"roles": r}}
}

func is(id trace.ID, s trace.Letter) func(*board.Board) bool {
	return func(b *board.Board) bool { p := b.Proc(id); return p != nil && p.State == s }
}

// What the board says of a process is what /proc says at that moment.
func TestStatesAreTheKernels(t *testing.T) {
	run := stagetest.Start(t, probe{}, roles("idle,sleepy,busy"))
	all := stagetest.Until(t, run, "all are here", func(b *board.Board) bool { return b.Caption != "" })
	see := func(id trace.ID, s trace.Letter, on string) *board.Board {
		t.Helper()
		return stagetest.Until(t, run, string(id)+" in "+s.String()+" on "+on, func(b *board.Board) bool {
			p := b.Proc(id)
			return p != nil && p.State == s && (on == "" || p.On == on)
		})
	}
	pid := all.Proc("idle-1").PID
	see("idle-1", trace.Asleep, "pipe read")
	if got := stagetest.State(pid); got != 'S' {
		t.Errorf("idle: /proc says %c", got)
	}
	see("sleepy-1", trace.Asleep, "timer")
	see("busy-1", trace.Running, "")

	if err := run.Act("stop", "idle-1"); err != nil {
		t.Fatal(err)
	}
	see("idle-1", trace.Stopped, "")
	if got := stagetest.State(pid); got != 'T' {
		t.Errorf("stopped: /proc says %c", got)
	}
	if err := run.Act("cont", "idle-1"); err != nil {
		t.Fatal(err)
	}
	syscall.Kill(all.Proc("sleepy-1").PID, syscall.SIGKILL) // from outside the program
	b := see("sleepy-1", trace.Dead, "")
	if x := b.Proc("sleepy-1").Exit; x.Signal != "KILL" {
		t.Errorf("killed from outside: %+v", x)
	}
	if err := run.Act("term", "busy-1"); err != nil {
		t.Fatal(err)
	}
	b = see("busy-1", trace.Dead, "")
	if x := b.Proc("busy-1").Exit; x.Signal != "TERM" {
		t.Errorf("TERM: %+v", x)
	}
	if p := b.Proc("busy-1"); p.CPU == 0 {
		t.Error("a busy process used no CPU time")
	}
	run.Finish()
	stagetest.End(t, run)
}

// A child that nobody has waited for is a zombie until it is joined.
func TestZombieUntilJoined(t *testing.T) {
	o := roles("fails,idle")
	o.Params["unreaped"] = "true"
	run := stagetest.Start(t, probe{}, o)
	b := stagetest.Until(t, run, "a zombie", func(b *board.Board) bool { p := b.Proc("fails-1"); return p != nil && p.Ended > 0 })
	pid := b.Proc("fails-1").PID
	if got := stagetest.State(pid); got != 'Z' || b.Proc("fails-1").State != trace.Zombie {
		t.Fatalf("unreaped: /proc says %c, the board %v", got, b.Proc("fails-1").State)
	}
	if err := run.Act("kill", "fails-1"); err != nil {
		t.Errorf("a signal to a zombie: %v", err)
	}
	if got := stagetest.State(pid); got != 'Z' {
		t.Errorf("after kill -9 of a zombie: %c", got)
	}
	if err := run.Act("join", "fails-1"); err != nil {
		t.Fatal(err)
	}
	b = stagetest.Until(t, run, "reaped", is("fails-1", trace.Dead))
	if got := stagetest.State(pid); got != 0 {
		t.Errorf("reaped, but /proc says %c", got)
	}
	if x := b.Proc("fails-1").Exit; x.Code != 1 {
		t.Errorf("exit: %+v", x)
	}
	if err := run.Act("kill", "fails-1"); err == nil {
		t.Error("a signal to a reaped process was sent to somebody")
	}
	if err := run.Act("kill", "nobody"); err == nil || !strings.Contains(err.Error(), "nobody") {
		t.Errorf("kill nobody: %v", err)
	}
	if err := run.Act("say", ""); err != nil {
		t.Error(err)
	}
	stagetest.Until(t, run, "the demo hears its action", func(b *board.Board) bool { return b.Caption == "heard say" })
	run.Finish()
	if got := stagetest.End(t, run); got.Err != nil || got.Board.Verdict == nil || !got.Board.Verdict.OK {
		t.Errorf("the run: %v %v", got.Err, got.Board.Verdict)
	}
}

func TestEndings(t *testing.T) {
	run := stagetest.Start(t, probe{}, roles("brief,fails,panics"))
	for _, id := range []trace.ID{"brief-1", "fails-1", "panics-1"} {
		stagetest.Until(t, run, string(id)+" is gone", is(id, trace.Dead))
	}
	run.Finish()
	got := stagetest.End(t, run)
	for id, want := range map[trace.ID]int{"brief-1": 0, "fails-1": 1, "panics-1": 2} {
		p := got.Board.Proc(id)
		if p.Exit.Code != want || p.Exit.Signal != "" || p.Reaped == 0 || p.Took == 0 {
			t.Errorf("%s: %+v", id, p)
		}
	}
}

// A worker that writes rubbish, escapes and far too much harms nobody.
func TestHostileWorker(t *testing.T) {
	run := stagetest.Start(t, probe{}, roles("hostile,idle"))
	stagetest.Until(t, run, "the hostile worker is through", is("hostile-1", trace.Dead))
	run.Finish()
	got := stagetest.End(t, run)
	if got.Err != nil {
		t.Error(got.Err)
	}
	for _, l := range got.Board.Lines {
		if strings.ContainsAny(l.Text, "\x1b\x07\u009b\u202e") || !utf8.ValidString(l.Text) || len(l.Text) > 2100 {
			t.Errorf("a line got through: %q", l.Text)
		}
	}
	kept := 0
	for _, e := range got.Events {
		if s, ok := e.Data.(trace.Say); ok && strings.HasPrefix(s.Text, "flood") {
			kept++
		}
	}
	if sent := 60_000 + 4; kept+got.Board.Dropped != sent || got.Board.Dropped == 4 {
		t.Errorf("flood: %d kept and %d counted, of %d", kept, got.Board.Dropped, sent)
	}
	if x := got.Board.Proc("hostile-1").Exit; x.Code != 0 {
		t.Errorf("a worker's word was taken for the kernel's: %+v", x)
	}
}
