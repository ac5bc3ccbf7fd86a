//go:build linux

package zombies

import (
	"slices"
	"strings"
	"testing"

	"edu/procession/demos/board"
	"edu/procession/demos/demo"
	"edu/procession/demos/stage/stagetest"
	"edu/procession/demos/trace"
)

func TestMain(m *testing.M) { stagetest.Main(m, Demo{}) }

// see waits until the board has somebody in a state that lasts, and holds that /proc has it
// so, and has the same parent.
func see(t *testing.T, run demo.Run, id trace.ID, s trace.Letter) *board.Proc {
	t.Helper()
	b := stagetest.Until(t, run, string(id)+" is "+s.String(), func(b *board.Board) bool {
		p := b.Proc(id)
		return p != nil && p.State == s && (s != trace.Zombie || p.Ended > 0)
	})
	p := b.Proc(id)
	if s == trace.Dead {
		if got := stagetest.State(p.PID); got != 0 {
			t.Errorf("%s was waited for, and /proc has it: %c", id, got)
		}
		return p
	}
	if got := stagetest.State(p.PID); got != byte(s) {
		t.Errorf("%s: the stage says %c, /proc says %q", id, s, got)
	}
	if got := stagetest.Parent(p.PID); got != p.PPID || b.Proc(p.Parent) == nil || b.Proc(p.Parent).PID != got {
		t.Errorf("%s: to the stage the parent is %s %d, to /proc %d", id, p.Parent, p.PPID, got)
	}
	return p
}

func act(t *testing.T, run demo.Run, name string, target trace.ID) {
	t.Helper()
	if err := run.Act(name, target); err != nil {
		t.Fatal(err)
	}
}

func says(t *testing.T, run demo.Run, text string) {
	t.Helper()
	stagetest.Until(t, run, text, func(b *board.Board) bool { return strings.Contains(b.Caption, text) })
}

// A learner makes a zombie, sends it SIGKILL in vain, has it reaped, and kills the
// parent; an observer from outside reads each state and each parent in /proc.
func TestFamily(t *testing.T) {
	t.Parallel()
	run := stagetest.Start(t, Demo{}, demo.Options{Pace: demo.Fast, Seed: 1, Attended: true})
	says(t, run, "waits for nobody")
	act(t, run, "fail", child1)
	z := see(t, run, child1, trace.Zombie)
	if z.Exit.Code != failing || z.Parent != parent {
		t.Errorf("child-1: %+v, parent %s", z.Exit, z.Parent)
	}
	act(t, run, "kill", child1)
	says(t, run, "SIGKILL goes to child-1, which has ended")
	if err := run.Act("add", ""); err != nil { // by its end, a signal that had an effect would have had it
		t.Fatal(err)
	}
	stagetest.Until(t, run, "another child", func(b *board.Board) bool { p := b.Proc("child-3"); return p != nil && p.Took > 0 })
	if got := stagetest.State(z.PID); got != 'Z' {
		t.Errorf("kill -9 of a zombie: /proc says %q", got)
	}
	act(t, run, "reap", child1)
	see(t, run, child1, trace.Dead)

	act(t, run, "term", child2)
	see(t, run, child2, trace.Zombie)
	act(t, run, "orphan", daemon1)
	if p := see(t, run, child2, trace.Dead); p.Parent != "warden" || p.Exit.Signal != "TERM" {
		t.Errorf("the zombie was not inherited and waited for: %s, %+v", p.Parent, p.Exit)
	}
	says(t, run, "the warden of this stage is a subreaper")
	b := stagetest.Until(t, run, "the daemon is inherited", func(b *board.Board) bool { p := b.Proc(daemon1); return p != nil && p.Parent == "warden" })
	if p := b.Proc(daemon1); stagetest.State(p.PID) != 'S' || stagetest.Parent(p.PID) != b.Proc("warden").PID {
		t.Errorf("/proc has the daemon as %q, a child of %d", stagetest.State(p.PID), stagetest.Parent(p.PID))
	}
	see(t, run, parent, trace.Dead)
	act(t, run, "kill", daemon1)
	if p := see(t, run, daemon1, trace.Dead); p.Exit.Signal != "KILL" {
		t.Errorf("the orphan: %+v", p.Exit)
	}
	run.Finish()
	got := stagetest.End(t, run)
	if v := got.Board.Verdict; v == nil || !v.OK || got.Board.Dropped != 0 || !strings.Contains(v.Text, "child-3 outlived its parent") {
		t.Errorf("verdict: %+v, dropped %d", v, got.Board.Dropped)
	}
}

// Unattended, each caption that states a fact comes after it, and all that is
// measured is documented; with a subreaper between, orphans go to that.
func TestScript(t *testing.T) {
	t.Parallel()
	for subreaper, heir := range map[string]trace.ID{"false": "warden", "true": grandparent} {
		t.Run("subreaper="+subreaper, func(t *testing.T) {
			t.Parallel()
			got := stagetest.Play(t, Demo{}, stagetest.Options("subreaper", subreaper))
			if v := got.Board.Verdict; got.Err != nil || v == nil || !v.OK {
				t.Fatalf("the run: %v, %+v", got.Err, v)
			}
			for id, want := range map[trace.ID]trace.ID{child1: "", child2: heir, daemon1: heir} {
				var next trace.ID // parent
				for _, e := range got.Events {
					if d, ok := e.Data.(trace.Parent); ok && e.Who == id && next == "" {
						next = d.Parent
					}
				}
				if p := got.Board.Proc(id); next != want || p.Reaped == 0 || p.Exit.Untold {
					t.Errorf("%s was inherited by %q, want %q: %+v", id, next, want, p.Exit)
				}
			}
			at := func(ok func(trace.Event) bool) int { return slices.IndexFunc(got.Events, ok) }
			said := func(text string) int {
				return at(func(e trace.Event) bool {
					d, ok := e.Data.(trace.Say)
					return ok && d.Stream == "caption" && strings.Contains(d.Text, text)
				})
			}
			is := func(id trace.ID, k trace.Kind) int {
				return at(func(e trace.Event) bool { return e.Who == id && e.Kind == k })
			}
			order := []int{
				is(child1, trace.KindExit), said("a zombie (Z)"), said("sent SIGKILL. It is Z as before"),
				is(child1, trace.KindReaped), said("The parent waited for child-1"), is(child2, trace.KindExit), said("child-2 was killed"),
				is(daemon1, trace.KindParent), said("daemon-1 lives all the same: its parent is now " + string(heir)), said("child-2, the zombie, was inherited too"),
			}
			if !slices.IsSorted(order) || order[0] < 0 {
				t.Errorf("facts and captions are out of order: %v", order)
			}
			value := func(name string) float64 { g, _ := got.Board.Gauge(name); return g.Value }
			if value("zombies") != 0 || value("orphans") != 1 || value("inherited") != 2 || value("exit-code") != -9 || value("zombie-age") <= 0 {
				t.Errorf("gauges: %+v", got.Board.Gauges)
			}
			var known, seen []string
			for _, g := range (Demo{}).Info().Gauges {
				known = append(known, g.Name)
			}
			for _, g := range got.Board.Gauges {
				seen = append(seen, g.Name)
			}
			slices.Sort(known)
			slices.Sort(seen)
			if !slices.Equal(known, seen) {
				t.Errorf("documented %v, reported %v", known, seen)
			}
		})
	}
}

// A parent that returns from its main terminates its daemons and waits for the
// rest: what daemon=True does do.
func TestLeave(t *testing.T) {
	t.Parallel()
	got := stagetest.Play(t, Demo{}, stagetest.Options("end", "leave"))
	if p := got.Board.Proc(daemon1); p.Exit.Signal != "TERM" || p.Parent != parent {
		t.Errorf("the daemon: %+v, child of %s", p.Exit, p.Parent)
	}
	if p := got.Board.Proc(parent); p.Exit.Code != 0 || p.Exit.Signal != "" || !strings.Contains(got.Board.Caption, "Nothing is left over") {
		t.Errorf("the parent: %+v; %s", p.Exit, got.Board.Caption)
	}
}
