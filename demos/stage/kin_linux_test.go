package stage_test

import (
	"strings"
	"testing"

	"edu/procession/demos/board"
	"edu/procession/demos/stage/stagetest"
	"edu/procession/demos/trace"
)

// A child that a worker started is its child to the kernel; it is signalled and
// sampled as any other, outlives it, and its end is the kernel's word. Whom the
// worker only says to have started does not come on stage.
func TestKin(t *testing.T) {
	run := stagetest.Start(t, probe{}, roles("mother"))
	b := stagetest.Until(t, run, "the kid sleeps", is("kid", trace.Asleep))
	kid, mother := b.Proc("kid"), b.Proc("mother-1")
	if got := stagetest.Parent(kid.PID); got != mother.PID || kid.PPID != got || kid.Parent != "mother-1" || !b.Family {
		t.Errorf("the kid is a child of %s %d, to /proc of %d", kid.Parent, kid.PPID, got)
	}
	act := func(name string, target trace.ID) {
		t.Helper()
		if err := run.Act(name, target); err != nil {
			t.Fatal(err)
		}
	}
	if err := run.Act("join", "kid"); err == nil || !strings.Contains(err.Error(), "only its parent") {
		t.Errorf("join of a worker's child: %v", err)
	}
	act("stop", "kid")
	stagetest.Until(t, run, "the kid is stopped", is("kid", trace.Stopped))
	if got := stagetest.State(kid.PID); got != 'T' {
		t.Errorf("stopped: /proc says %c", got)
	}
	// A stopped child in the group of one who ends may get SIGHUP from the kernel.
	act("cont", "kid")
	stopped := len(b.Proc("kid").States)
	stagetest.Until(t, run, "the kid goes on", func(b *board.Board) bool {
		p := b.Proc("kid")
		return p != nil && p.State == trace.Asleep && len(p.States) > stopped+1
	})
	act("kill", "mother-1")
	b = stagetest.Until(t, run, "the kid is inherited", func(b *board.Board) bool { p := b.Proc("kid"); return p != nil && p.Parent == "warden" })
	if got := stagetest.Parent(kid.PID); got != b.Proc("warden").PID {
		t.Errorf("inherited: /proc says by %d", got)
	}
	act("kill", "kid")
	b = stagetest.Until(t, run, "the kid has ended", is("kid", trace.Dead))
	if x := b.Proc("kid").Exit; x.Signal != "KILL" || stagetest.State(kid.PID) != 0 {
		t.Errorf("the kid ended with %v, and /proc has it as %q", x, stagetest.State(kid.PID))
	}
	run.Finish()
	got := stagetest.End(t, run)
	if got.Board.Proc("stranger") != nil || got.Board.Proc("neighbour") != nil || got.Board.Dropped != 2 {
		t.Errorf("strangers came on stage, or %d reports were dropped instead of 2", got.Board.Dropped)
	}
}
