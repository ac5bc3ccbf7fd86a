//go:build linux

package lease

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"
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

func gauge(b *board.Board, name string) float64 {
	g, _ := b.Gauge(name)
	return g.Value
}

// check holds, by the log, that no two loans overlap and that tokens rise, and
// returns what the store took and refused, by its own cell and the messages.
func check(t *testing.T, events []trace.Event) (took, refusals, last int) {
	t.Helper()
	var holder trace.ID
	token := 0
	for _, e := range events {
		switch d := e.Data.(type) {
		case trace.Lock:
			switch {
			case d.Is == trace.KindHold && holder != "":
				t.Errorf("event %d: lent to %s while %s had it", e.Seq, e.Who, holder)
			case d.Is == trace.KindFree && holder != e.Who:
				t.Errorf("event %d: taken from %s while %q had it", e.Seq, e.Who, holder)
			case d.Is == trace.KindHold:
				holder = e.Who
			case d.Is == trace.KindFree:
				holder = ""
			}
		case trace.Belief:
			if _, text, ok := strings.Cut(d.Is, "'s since"); ok && e.Who == locker {
				_, n, _ := strings.Cut(text, "token ")
				if next, err := strconv.Atoi(n); err != nil || next <= token {
					t.Errorf("after token %d the locker lends %q", token, d.Is)
				} else {
					token = next
				}
			}
		case trace.Cell:
			if d.Is == trace.KindWrite && d.Value != "0" {
				took++
				last, _ = strconv.Atoi(strings.Split(d.Value, ",")[0])
			}
		case trace.Msg:
			if d.Is == trace.KindSend && d.From == store && strings.HasPrefix(d.Text, "refused") {
				refusals++
			}
		}
	}
	return took, refusals, last
}

// Unattended, a late write is taken without fencing and loses an update; with it,
// it is refused and nothing is lost. The figures are those of the store's cell.
func TestScript(t *testing.T) {
	for _, fencing := range []string{"false", "true"} {
		t.Run("fencing="+fencing, func(t *testing.T) {
			got := stagetest.Play(t, Demo{}, demo.Options{Pace: demo.Fast, Seed: 1, Params: map[string]string{"fencing": fencing}})
			v := got.Board.Verdict
			if got.Err != nil || v == nil || !v.OK {
				t.Fatalf("the run: %v, %+v", got.Err, v)
			}
			t.Logf("took %v: %s", got.Board.At, v.Text)
			took, refusals, last := check(t, got.Events)
			b := got.Board
			if int(gauge(b, "accepted")) != took || int(gauge(b, "counter")) != last || int(gauge(b, "lost-updates")) != took-last {
				t.Errorf("the gauges say %v, %v, %v; the cell %d, %d", gauge(b, "accepted"), gauge(b, "counter"), gauge(b, "lost-updates"), took, last)
			}
			if refusals == 0 || gauge(b, "stale-refused") < 1 || gauge(b, "wrong-belief") <= 0 {
				t.Errorf("%d refusals, %+v", refusals, b.Gauges)
			}
			if stale, lost := gauge(b, "stale-accepted"), took-last; fencing == "true" && (stale != 0 || lost != 0) || fencing == "false" && (stale < 1 || lost < 1) {
				t.Errorf("%v stale writes taken, %d updates lost", stale, lost)
			}
		})
	}
}

// While the holder is stopped, it takes the lock for its own, and the locker has
// lent it to the other. The signals come from outside, and /proc says T.
func TestBothViews(t *testing.T) {
	run := stagetest.Start(t, Demo{}, demo.Options{Pace: demo.Fast, Seed: 1, Attended: true, Params: map[string]string{"work": "1s"}})
	later := func(what string, ok func(*board.Board) bool) *board.Board {
		from := len(run.Log().Events(0))
		return stagetest.Until(t, run, what, func(b *board.Board) bool { return b.Pos > from && ok(b) })
	}
	mine := func(b *board.Board, who trace.ID) bool { return strings.HasPrefix(b.Belief(who, lock), "mine until") }
	theirs := func(b *board.Board, who trace.ID) bool {
		return strings.HasPrefix(b.Belief(locker, lock), string(who)+"'s since")
	}
	for try := 0; ; try++ { // it may have given the lock back before the signal came
		who, other := clients[0], clients[1]
		b := later("a holder", func(b *board.Board) bool { return mine(b, clients[0]) || mine(b, clients[1]) })
		if mine(b, other) {
			who, other = other, who
		}
		pid := b.Proc(who).PID
		syscall.Kill(pid, syscall.SIGSTOP)
		b = later("the other's loan", func(b *board.Board) bool { return b.Proc(who).State == trace.Stopped && theirs(b, other) })
		both, state := mine(b, who), stagetest.State(pid)
		if both {
			later("a loan of the other again: it is the only one who asks", func(b *board.Board) bool { return theirs(b, other) })
			both = mine(board.Of(run.Log().Events(0)).At(math.MaxInt), who)
		}
		syscall.Kill(pid, syscall.SIGCONT)
		if state != 'T' {
			t.Errorf("/proc says %c", state)
		}
		if both {
			later("it has learnt", func(b *board.Board) bool { return !mine(b, who) })
			break
		}
		if try == 50 {
			t.Fatal("no holder was caught with the lock")
		}
	}
	run.Finish()
	got := stagetest.End(t, run)
	check(t, got.Events)
	if v := got.Board.Verdict; got.Err != nil || v == nil || !v.OK || gauge(got.Board, "wrong-belief") <= 0 {
		t.Errorf("the run: %v, %+v", got.Err, v)
	}
}

// Whoever is stopped and when, with fencing nothing is lost, and without it what
// is lost is counted.
func TestRandomStops(t *testing.T) {
	for seed := range uint64(6) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			rnd := rand.New(rand.NewPCG(seed, 3))
			fencing := seed%3 > 0
			var script []demo.Scripted
			at := 400 * time.Millisecond
			for range 5 {
				who := clients[rnd.IntN(2)]
				add := func(name string) {
					script = append(script, demo.Scripted{Act: demo.Act{Name: name, Target: who}, At: at})
				}
				at += time.Duration(rnd.IntN(150)) * time.Millisecond
				add("stop")
				at += time.Duration(100+rnd.IntN(250)) * time.Millisecond
				add("cont")
			}
			got := stagetest.Play(t, Demo{}, demo.Options{Pace: demo.Fast, Seed: seed, Script: script,
				Params: map[string]string{"fencing": strconv.FormatBool(fencing)}})
			if v := got.Board.Verdict; got.Err != nil || v == nil || !v.OK {
				t.Fatalf("the run: %v, %+v", got.Err, v)
			}
			took, _, last := check(t, got.Events)
			b := got.Board
			if took == 0 || int(gauge(b, "accepted")) != took || int(gauge(b, "lost-updates")) != took-last {
				t.Errorf("%d taken, the counter at %d; %+v", took, last, b.Gauges)
			}
			if lost := took - last; fencing && (lost != 0 || gauge(b, "stale-accepted") != 0) || !fencing && float64(lost) < min(1, gauge(b, "stale-accepted")) {
				t.Errorf("%d updates lost, %v stale writes taken", lost, gauge(b, "stale-accepted"))
			}
		})
	}
}

// A program that is killed leaves none of its nodes, stopped ones included.
func TestNothingSurvives(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 1))
	for range 2 {
		stagetest.KillHost(t, "lease-and-fencing", 5, rnd)
	}
}
