//go:build linux

package life

import (
	"context"
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

func TestMain(m *testing.M) { stagetest.Main(m, Demo{}, spawns{}) }

func attended(t *testing.T) demo.Run {
	return stagetest.Start(t, Demo{}, demo.Options{Pace: demo.Fast, Seed: 1, Attended: true})
}

// see waits until a process is in a state, and looks at /proc itself.
func see(t *testing.T, run demo.Run, id trace.ID, s trace.Letter) *board.Proc {
	t.Helper()
	b := stagetest.Until(t, run, string(id)+" is "+s.String(), func(b *board.Board) bool {
		p := b.Proc(id)
		return p != nil && p.State == s
	})
	p := b.Proc(id)
	want := byte(s)
	if s == trace.Dead {
		want = 0
	}
	if got := stagetest.State(p.PID); got != want {
		t.Errorf("%s: the stage says %c, /proc says %q", id, s, got)
	}
	return p
}

func running(t *testing.T, run demo.Run) {
	t.Helper()
	stagetest.Until(t, run, "the workers run", func(b *board.Board) bool { return strings.HasPrefix(b.Caption, "Now they run") })
}

func value(t *testing.T, run demo.Run, name string, want float64) {
	t.Helper()
	stagetest.Until(t, run, name, func(b *board.Board) bool {
		g, ok := b.Gauge(name)
		return ok && g.Value == want
	})
}

func act(t *testing.T, run demo.Run, name string, target trace.ID) {
	t.Helper()
	if err := run.Act(name, target); err != nil {
		t.Fatal(err)
	}
}

// Unattended, a whole life is played, and every caption comes after its fact.
func TestScriptedLife(t *testing.T) {
	got := stagetest.Play(t, Demo{}, demo.Options{Pace: demo.Fast, Seed: 1})
	if v := got.Board.Verdict; got.Err != nil || v == nil || !v.OK {
		t.Fatalf("the run: %v, %+v", got.Err, v)
	}
	t.Logf("took %v: %s", got.Board.At, got.Board.Verdict.Text)
	for id, want := range map[trace.ID]trace.Exit{
		"worker-1": {Code: -1, Signal: "TERM"}, "worker-2": {Code: -1, Signal: "KILL"}, "worker-3": {Code: 3},
		"brief-1": {}, "brief-9": {},
	} {
		p := got.Board.Proc(id)
		want.PID = p.PID
		if p.Exit != want || p.Reaped == 0 {
			t.Errorf("%s: %+v, reaped at %v", id, p.Exit, p.Reaped)
		}
	}
	at := func(what string, ok func(trace.Event) bool) int {
		i := slices.IndexFunc(got.Events, ok)
		if i < 0 {
			t.Errorf("the log has no %s", what)
		}
		return i
	}
	said := func(text string) int {
		return at(text, func(e trace.Event) bool {
			d, ok := e.Data.(trace.Say)
			return ok && d.Stream == "caption" && strings.Contains(d.Text, text)
		})
	}
	fact := func(d trace.Data) int {
		return at("fact", func(e trace.Event) bool {
			switch d := d.(type) {
			case trace.State:
				s, ok := e.Data.(trace.State)
				return ok && e.Who == "worker-1" && (s.To == d.To && d.To != 0 || s.From == d.From && d.From != 0)
			case trace.Exit:
				_, ok := e.Data.(trace.Exit)
				return ok && e.Who == "worker-1"
			}
			_, ok := e.Data.(trace.Reaped)
			return ok && e.Who == "worker-1"
		})
	}
	order := []int{
		fact(trace.State{To: trace.Stopped}), said("worker-1 was sent SIGSTOP and is stopped (T)"),
		fact(trace.State{From: trace.Stopped}), said("worker-1 was sent SIGCONT and goes on"),
		fact(trace.State{To: trace.Zombie}), fact(trace.Exit{}), said("worker-1 ended with signal TERM (exit code -15 to Python)"),
		said("3 zombies"), fact(trace.Reaped{}), said("worker-1 is joined"),
	}
	if !slices.IsSorted(order) {
		t.Errorf("facts and captions are out of order: %v", order)
	}
	for _, g := range []string{"start", "join", "start-join"} {
		if x, ok := got.Board.Gauge(g); !ok || x.Value <= 0 || x.Source != trace.Stage {
			t.Errorf("%s: %+v", g, x)
		}
	}
	value := func(name string) float64 { g, _ := got.Board.Gauge(name); return g.Value }
	if value("exit-code") != 3 || value("unreaped") != 0 || value("start-join") < value("start") || value("start-join") < value("join") {
		t.Errorf("gauges: %+v", got.Board.Gauges)
	}
}

// Every number that is reported is explained, and every one explained reported.
func TestGaugesAreDocumented(t *testing.T) {
	got := stagetest.Play(t, Demo{}, demo.Options{Pace: demo.Fast})
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
}

// A newcomer sees each kind of state, and the kernel's word and the worker's agree.
func TestWordsAgree(t *testing.T) {
	run := attended(t)
	for _, id := range []trace.ID{"worker-1", "worker-2", "worker-3"} {
		for _, want := range []struct {
			s        trace.Letter
			on, says string
		}{{trace.Running, "", ""}, {trace.Asleep, "timer", onTimer}, {trace.Asleep, "pipe read", onLine}} {
			stagetest.Until(t, run, want.says, func(b *board.Board) bool {
				p := b.Proc(id)
				return p != nil && p.State == want.s && p.On == want.on && p.Says == want.says
			})
		}
	}
}

// A stopped worker is T and does not act on SIGTERM; then it is Z until joined.
func TestZombieUntilJoined(t *testing.T) {
	run := attended(t)
	running(t, run)
	act(t, run, "stop", "worker-1")
	pid := see(t, run, "worker-1", trace.Stopped).PID
	act(t, run, "term", "worker-1")
	act(t, run, "kill", "worker-2") // by its end, a signal that had an effect would have had it
	see(t, run, "worker-2", trace.Zombie)
	if got := stagetest.State(pid); got != 'T' {
		t.Errorf("a stopped worker acted on SIGTERM: /proc says %q", got)
	}
	value(t, run, "exit-code", -9)
	act(t, run, "cont", "worker-1")
	if p := see(t, run, "worker-1", trace.Zombie); p.Reaped != 0 {
		t.Error("reaped by itself")
	}
	value(t, run, "exit-code", -15)
	value(t, run, "unreaped", 2)
	act(t, run, "kill", "worker-1")
	if got := stagetest.State(pid); got != 'Z' {
		t.Errorf("kill -9 of a zombie: /proc says %q", got)
	}
	act(t, run, "join", "worker-1")
	act(t, run, "join", "worker-2")
	see(t, run, "worker-1", trace.Dead)
	see(t, run, "worker-2", trace.Dead)
	value(t, run, "unreaped", 0)
	if err := run.Act("term", "worker-1"); err == nil {
		t.Error("a signal to a joined worker was sent to somebody")
	}
	run.Finish()
	got := stagetest.End(t, run)
	if v := got.Board.Verdict; v == nil || !v.OK || !strings.Contains(v.Text, "worker-3 is still alive") {
		t.Errorf("verdict: %+v", v)
	}
}

// A signal from another terminal shows as what it was.
func TestKilledFromOutside(t *testing.T) {
	run := attended(t)
	running(t, run)
	for id, sig := range map[trace.ID]syscall.Signal{"worker-1": syscall.SIGKILL, "worker-2": syscall.SIGHUP} {
		b := stagetest.Until(t, run, string(id), func(b *board.Board) bool { return b.Proc(id) != nil })
		if err := syscall.Kill(b.Proc(id).PID, sig); err != nil {
			t.Fatal(err)
		}
		p := see(t, run, id, trace.Zombie)
		b = stagetest.Until(t, run, "its exit", func(b *board.Board) bool { return b.Proc(id) != nil && b.Proc(id).Ended > 0 })
		want := map[syscall.Signal]string{syscall.SIGKILL: "KILL", syscall.SIGHUP: "HUP"}[sig]
		if x := b.Proc(id).Exit; x.Signal != want || x.PID != p.PID {
			t.Errorf("%s by %v: %+v", id, sig, x)
		}
		value(t, run, "exit-code", float64(-int(sig)))
	}
}

// When all are gone the play goes on, and another can be started.
func TestAllGoneAndAdd(t *testing.T) {
	run := attended(t)
	running(t, run)
	for _, id := range []trace.ID{"worker-1", "worker-2", "worker-3"} {
		act(t, run, "join", id) // before its end: it is joined as soon as that comes
		act(t, run, "kill", id)
		see(t, run, id, trace.Dead)
	}
	stagetest.Until(t, run, "the offer", func(b *board.Board) bool { return strings.Contains(b.Caption, "a starts another") })
	act(t, run, "add", "")
	stagetest.Until(t, run, "worker-4 works", func(b *board.Board) bool {
		p := b.Proc("worker-4")
		return p != nil && p.State == trace.Running && p.Says == ""
	})
	act(t, run, "fail", "nobody")
	stagetest.Until(t, run, "the refusal", func(b *board.Board) bool { return strings.Contains(b.Caption, "no live worker") })
	act(t, run, "fail", "worker-4")
	see(t, run, "worker-4", trace.Zombie)
	value(t, run, "exit-code", 3)
	run.Finish()
	stagetest.End(t, run)
}

// With scripted actions the play does none of its own, and outlives the last.
func TestScriptedActions(t *testing.T) {
	at := func(ms int, name string, target trace.ID) demo.Scripted {
		return demo.Scripted{Act: demo.Act{Name: name, Target: target}, At: time.Duration(ms) * time.Millisecond}
	}
	got := stagetest.Play(t, Demo{}, demo.Options{Pace: demo.Fast, Script: []demo.Scripted{
		at(100, "fail", "worker-1"), at(100, "add", ""), // heard as soon as the workers run
		at(3000, "stop", "worker-3"), at(3300, "kill", "worker-3"), at(3400, "join", "worker-3"),
	}})
	b := got.Board
	if b.Verdict == nil || b.At < 4400*time.Millisecond {
		t.Errorf("over after %v: %+v", b.At, b.Verdict)
	}
	stopped := func(id trace.ID) bool {
		return slices.ContainsFunc(b.Proc(id).States, func(m board.StateMark) bool { return m.State == trace.Stopped })
	}
	if !stopped("worker-3") || stopped("worker-2") || b.Proc("worker-3").Exit.Signal != "KILL" {
		t.Errorf("worker-3: %+v", b.Proc("worker-3"))
	}
	if b.Proc("worker-1").Exit.Code != 3 || b.Proc("worker-4") == nil {
		t.Errorf("worker-1: %+v, worker-4: %+v", b.Proc("worker-1"), b.Proc("worker-4"))
	}
	if !strings.Contains(b.Verdict.Text, "worker-1 ended with exit code 3 and nobody joined it") || !strings.Contains(b.Verdict.Text, "worker-2 is still alive") {
		t.Errorf("verdict: %s", b.Verdict.Text)
	}
}

// spawns starts and joins children that do nothing, as often as told.
type spawns struct {
	n    int
	took *[]time.Duration
}

func (spawns) Info() demo.Info {
	return demo.Info{Name: "spawns", Places: []demo.Place{demo.Processes}}
}
func (spawns) Roles() map[string]demo.Role { return Demo{}.Roles() }
func (d spawns) Play(ctx context.Context, s demo.Stage) error {
	for range d.n {
		p, err := s.Spawn(ctx, demo.Spec{Role: "brief", Unreaped: true})
		if err != nil {
			return err
		}
		p.CloseSend()
		if _, err := p.Reap(ctx); err != nil {
			return err
		}
		*d.took = append(*d.took, p.Took())
	}
	return nil
}

// BenchmarkSpawn is spawn, first event, end and reap of one child. The test
// binary starts its workers from TestMain: compare with the program's figure.
func BenchmarkSpawn(b *testing.B) {
	var took []time.Duration
	b.ResetTimer()
	run := stagetest.Start(b, spawns{b.N, &took}, demo.Options{Pace: demo.Fast})
	<-run.Done()
	b.StopTimer()
	if err := run.Err(); err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(median(took).Seconds()*1000, "ms/first-event")
}
