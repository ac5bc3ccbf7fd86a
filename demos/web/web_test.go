//go:build linux

package web

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"edu/procession/demos/board"
	"edu/procession/demos/demo"
	"edu/procession/demos/stage/stagetest"
	"edu/procession/demos/trace"
)

func TestMain(m *testing.M) { stagetest.Main(m, Demo{}) }

// told are the numbers that each worker, or the store, said, in its own order.
func told(events []trace.Event) map[trace.ID][]int {
	all := map[trace.ID][]int{}
	for _, e := range events {
		if d, ok := e.Data.(trace.Belief); ok && d.About == number {
			n := 0
			fmt.Sscan(d.Is, &n)
			all[e.Who] = append(all[e.Who], n)
		}
	}
	return all
}

// one says that numbers are 1, 2, 3 and so on.
func one(ns []int) bool {
	for i, n := range ns {
		if n != i+1 {
			return false
		}
	}
	return true
}

func gauge(t *testing.T, b *board.Board, name string) int {
	t.Helper()
	g, ok := b.Gauge(name)
	if !ok {
		t.Errorf("%s is not measured", name)
	}
	return int(g.Value)
}

// Each worker counts its own hits from 1, and together they have all; what the
// client says of them is what they say.
func TestOwn(t *testing.T) {
	got := stagetest.Play(t, Demo{}, stagetest.Options("work", "1ms", "workers", "3"))
	if got.Err != nil {
		t.Fatal(got.Err)
	}
	sum, largest := 0, 0
	for who, ns := range told(got.Events) {
		if !one(ns) {
			t.Errorf("%s counts %v", who, ns)
		}
		sum += len(ns)
		largest = max(largest, len(ns))
		if bar, ok := got.Board.Gauge(string(who)); !ok || int(bar.Value) != len(ns) {
			t.Errorf("the bar of %s, which answered %d: %+v", who, len(ns), bar)
		}
	}
	if sum != 100 || gauge(t, got.Board, "hits") != 100 || gauge(t, got.Board, "unanswered") != 0 {
		t.Errorf("100 hits, and the workers counted %d", sum)
	}
	if n := gauge(t, got.Board, "largest-reply"); n != largest || n != gauge(t, got.Board, "hits-max") || n < 34 {
		t.Errorf("the largest reply is %d, the largest count %d", n, largest)
	}
	if n := gauge(t, got.Board, "wrong-replies"); n < 100-largest { // as many have a number that was told
		t.Errorf("%d replies with a wrong number", n)
	}
	for _, p := range got.Board.Procs {
		if p.Exit.Signal != "" || p.Exit.Code != 0 {
			t.Errorf("%s: %v", p.ID, p.Exit)
		}
	}
}

// A single worker's global is right.
func TestAlone(t *testing.T) {
	got := stagetest.Play(t, Demo{}, stagetest.Options("work", "0s", "workers", "1", "hits", "30"))
	if gauge(t, got.Board, "largest-reply") != 30 || gauge(t, got.Board, "wrong-replies") != 0 {
		t.Errorf("%+v", got.Board.Verdict)
	}
}

func started(t *testing.T, set ...string) demo.Run {
	t.Helper()
	o := stagetest.Options(append([]string{"work", "10ms"}, set...)...)
	o.Attended = true
	return stagetest.Start(t, Demo{}, o)
}

func act(t *testing.T, run demo.Run, name string, target trace.ID) {
	t.Helper()
	if err := run.Act(name, target); err != nil {
		t.Fatal(err)
	}
}

func over(hits int) func(*board.Board) bool {
	return func(b *board.Board) bool {
		return len(b.Tasks) == hits && b.Counts[board.TaskDone]+b.Counts[board.TaskLost]+b.Counts[board.TaskFailed] == hits &&
			b.Proc("client") != nil && b.Proc("client").Says == waiting
	}
}

func done(n int) func(*board.Board) bool {
	return func(b *board.Board) bool { return b.Counts[board.TaskDone] >= n }
}

func finish(t *testing.T, run demo.Run) stagetest.Result {
	t.Helper()
	run.Finish()
	got := stagetest.End(t, run)
	if got.Err != nil {
		t.Fatal(got.Err)
	}
	return got
}

// A killed worker costs the hits that it has in hand, and its count; the others
// go on from theirs, and another comes, which begins at 1.
func TestKilled(t *testing.T) {
	run := started(t)
	stagetest.Until(t, run, "hits are answered", done(20))
	act(t, run, "kill", "worker-2")
	stagetest.Until(t, run, "another worker answers", func(b *board.Board) bool {
		p := b.Proc("worker-5")
		return p != nil && p.TaskDone > 0
	})
	stagetest.Until(t, run, "the round is over", over(100))
	act(t, run, "more", "")
	act(t, run, "hit", "")
	b := stagetest.Until(t, run, "a second round is over", over(200))
	lost := gauge(t, b, "unanswered")
	act(t, run, "fewer", "")
	stagetest.Until(t, run, "one worker fewer", func(b *board.Board) bool {
		p := b.Proc("worker-6")
		return p != nil && p.State == trace.Dead
	})
	got := finish(t, run)
	if lost > 1 || gauge(t, got.Board, "hits")+lost != 200 {
		t.Errorf("%d hits lost with a worker that does one at a time", lost)
	}
	all := told(got.Events)
	if len(all) != 6 {
		t.Errorf("%d workers answered", len(all))
	}
	for who, ns := range all {
		if !one(ns) {
			t.Errorf("%s counts %v", who, ns)
		}
	}
	if x := got.Board.Proc("worker-6").Exit; x.Code != 0 || x.Signal != "" {
		t.Errorf("asked to leave, it ended with %v", x)
	}
}

// The store gives each number once, whoever is killed, itself included; each hit
// without an answer costs one number at most.
func TestShared(t *testing.T) {
	run := started(t, "count", shared)
	stagetest.Until(t, run, "hits are answered", done(20))
	act(t, run, "kill", "worker-1")
	stagetest.Until(t, run, "more are answered", done(40))
	act(t, run, "kill", "store-1")
	stagetest.Until(t, run, "the next store counts", func(b *board.Board) bool { return b.Belief("store-2", number) != "" })
	stagetest.Until(t, run, "the round is over", over(100))
	got := finish(t, run)
	hits, lost := gauge(t, got.Board, "hits"), gauge(t, got.Board, "unanswered")
	if hits+lost != 100 || gauge(t, got.Board, "wrong-replies") != 0 {
		t.Errorf("%d hits, %d lost: %+v", hits, lost, got.Board.Verdict)
	}
	seen := map[int]bool{}
	for who, ns := range told(got.Events) {
		for _, n := range ns {
			if strings.HasPrefix(string(who), "worker") {
				if seen[n] || n < 1 || n > 100 {
					t.Errorf("%s said %d, which is wrong or was said before", who, n)
				}
				seen[n] = true
			}
		}
	}
	if largest := gauge(t, got.Board, "largest-reply"); largest < hits || largest > hits+lost {
		t.Errorf("%d hits answered, %d not, and the largest reply is %d", hits, lost, largest)
	}
}

// With all stopped, the client gives up, and says so.
func TestStopped(t *testing.T) {
	run := started(t, "workers", "1", "clients", "2", "hits", "40", "patience", "200ms")
	stagetest.Until(t, run, "a hit is answered", done(1))
	act(t, run, "stop", "worker-1")
	stagetest.Until(t, run, "the client gives up", over(40))
	act(t, run, "kill", "client")
	stagetest.Until(t, run, "the client is gone", func(b *board.Board) bool { return strings.HasPrefix(b.Caption, "The client has ended") })
	act(t, run, "hit", "")
	got := finish(t, run)
	if n := gauge(t, got.Board, "unanswered"); n == 0 || n+gauge(t, got.Board, "hits") != 40 {
		t.Errorf("%d without an answer", n)
	}
}

// The store may be switched to and back; each count goes on.
func TestSwitch(t *testing.T) {
	run := started(t, "hits", "20", "workers", "2")
	for i, what := range []string{"", "store", "store"} {
		if what != "" {
			act(t, run, what, "")
			act(t, run, "hit", "")
		}
		stagetest.Until(t, run, "a round is over", over(20*(i+1)))
	}
	got := finish(t, run)
	if n := gauge(t, got.Board, "hits"); n != 40 {
		t.Errorf("%d hits of each worker's own", n)
	}
	if b := got.Board.Belief("store-1", number); b != "20" {
		t.Errorf("the store says %q", b)
	}
}

// What a right count is, without a process.
func TestWrong(t *testing.T) {
	b := &book{seen: map[int]bool{}, by: map[string]int{}}
	for _, r := range []struct {
		n, before int
		wrong     bool
	}{{2, 0, false}, {1, 0, false}, {2, 1, true}, {3, 3, true}, {5, 3, false}} {
		was := b.wrong
		if b.answer("w", r.n, r.before); (b.wrong > was) != r.wrong {
			t.Errorf("%+v: wrong is %v", r, b.wrong > was)
		}
	}
}

func TestNothingSurvives(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	for range 3 {
		stagetest.KillHost(t, "web-workers count=shared hits=2000", 6, rnd)
	}
}
