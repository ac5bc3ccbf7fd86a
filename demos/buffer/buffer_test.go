//go:build linux

package buffer

import (
	"context"
	"math/rand/v2"
	"strings"
	"testing"

	"edu/procession/demos/board"
	"edu/procession/demos/demo"
	"edu/procession/demos/stage"
	"edu/procession/demos/stage/stagetest"
	"edu/procession/demos/trace"
)

func TestMain(m *testing.M) { stagetest.Main(m, Demo{}) }

func value(b *board.Board, name string) int {
	g, ok := b.Gauge(name)
	if !ok {
		return -1
	}
	return int(g.Value)
}

// Running freely, with the lock in its place nothing is lost; without, what is
// not taken was written over or is in the buffer.
func TestFree(t *testing.T) {
	for _, tt := range []struct{ guard, consumers string }{{slotFirst, "1"}, {slotFirst, "2"}, {counts, "1"}} {
		got := stagetest.Play(t, Demo{}, stagetest.Options("producers", "3", "consumers", tt.consumers, "guard", tt.guard, "items", "40"))
		b := got.Board
		put, taken, over, nothing := value(b, "put"), value(b, "taken"), value(b, "overwritten"), value(b, "nothing")
		if got.Err != nil || put != 120 || taken+nothing != 120 {
			t.Errorf("%s: %v %+v", tt.guard, got.Err, b.Gauges)
		}
		if left := put + 1 - taken - over; left < 0 || left > 2 || tt.guard == slotFirst && over+nothing > 0 {
			t.Errorf("%s: %d are left in two slots: %+v", tt.guard, left, b.Gauges)
		}
		t.Log(tt.guard, b.Verdict.Text)
	}
}

func TestPuzzles(t *testing.T) {
	for _, tt := range []struct {
		schedule, guard string
		puzzle          string // empty: none is solved
		in              int
		broken          bool
		verdict         string
	}{
		{"C1 C1 P1 P2 P1 P2 P1 P2", counts, "lose-an-item", 8, true, "2 items put, 1 taken, 1 written over, not all is done"},
		{"C1 C1 P1 P2 P1 P1 P2 P2 C1 C1", counts, "", 0, false, "2 items put, 2 taken, none lost"},
		{"P1*3 P2 P2 C1", lockFirst, "close-the-circle", 6, true, "1 item put, 0 taken, none lost, P2 waits for a free slot from C1, C1 waits for the lock of P2"},
		{"C1*3 C1 P1 P2 C1", lockFirst, "close-the-circle", 7, true, ""},
		{"P1 P1 kill:P1 P2 C1 C1", slotFirst, "wait-for-the-dead", 6, true, ""},
		{"C1 kill:C1 P1*3 P2", slotFirst, "wait-for-the-dead", 6, true, "1 item put, 0 taken, none lost, who is left waits for ever"},
		{"P1 C1 C1 P1 C1 P2 P2 P2 C1 P1", claim, "", 0, true, "2 items put, 1 taken, 1 take found nothing"},
		{"P2 C1 P1 C1 P2 C1 P2 P1 P1 C1*3", slotFirst, "", 0, false, ""},
	} {
		got := stagetest.Play(t, Demo{}, stagetest.Scheduled(tt.schedule, "guard", tt.guard))
		b := got.Board
		if tt.verdict != "" && (got.Err != nil || b.Verdict == nil || !b.Verdict.OK || b.Verdict.Broken != tt.broken || b.Verdict.Text != tt.verdict) {
			t.Errorf("%s %s: %v %+v", tt.guard, tt.schedule, got.Err, b.Verdict)
		}
		if s := b.Step.Solved; tt.puzzle == "" && len(s) > 0 || tt.puzzle != "" && (len(s) != 1 || s[0] != trace.Solved{Puzzle: tt.puzzle, N: tt.in}) {
			t.Errorf("%s %s: solved %v, %v %+v", tt.guard, tt.schedule, s, got.Err, b.Verdict)
		}
	}
}

// What is called a circle is one to the kernel; a kill in it frees nothing, since
// the lock is a semaphore.
func TestCircle(t *testing.T) {
	o := stagetest.Scheduled("P1*3 P2 P2 C1", "guard", lockFirst)
	o.Attended = true
	run := stagetest.Start(t, Demo{}, o)
	b := stagetest.Until(t, run, "the verdict", func(b *board.Board) bool { return b.Verdict != nil })
	if !b.Step.Stuck() || value(b, "circle") != 2 {
		t.Errorf("%+v %+v", b.Step, b.Gauges)
	}
	for id, lock := range map[trace.ID]trace.ID{"P2": theFree, "C1": theLock} {
		p := b.Proc(id)
		if p.On != "pipe read" || p.State != trace.Asleep || stagetest.State(p.PID) != 'S' || len(b.Lock(lock).Waiters) != 1 || b.Lock(lock).Waiters[0] != id {
			t.Errorf("%s is %s on %q, and /proc says %c: %+v", id, p.State, p.On, stagetest.State(p.PID), b.Locks)
		}
	}
	if err := run.Act("kill", "P2"); err != nil {
		t.Fatal(err)
	}
	b = stagetest.Until(t, run, "a settled stage after the kill", func(b *board.Board) bool {
		p := b.Proc("P2")
		return p != nil && !p.Alive() && b.Step.Settled && len(b.Step.Schedule) == 7
	})
	if p := b.Proc("C1"); !b.Step.Stuck() || p.On != "pipe read" || stagetest.State(p.PID) != 'S' {
		t.Errorf("after the kill: %+v %+v", b.Step, p)
	}
	run.Finish()
	stagetest.End(t, run)
}

// Running freely, the circle is found too, and the run ends all the same.
func TestCircleWhileFree(t *testing.T) {
	got := stagetest.Play(t, Demo{}, stagetest.Options("producers", "3", "slots", "1", "guard", lockFirst, "items", "500"))
	b := got.Board
	if got.Err != nil || value(b, "circle") != 2 || !strings.Contains(b.Verdict.Text, "waits for the lock of") {
		t.Errorf("%v %+v", got.Err, b.Verdict)
	}
	t.Log(b.Verdict.Text)
}

// Schedules on the real processes. Those of slot-first with two producers are too
// many for a test: some of them are played, spread over all, and all of one
// producer with two items.
func TestMends(t *testing.T) {
	for _, tt := range []struct {
		guard, producers, rounds string
		most                     int
		all, breaks              bool
	}{
		{slotFirst, "2", "1", 60, false, false},
		{slotFirst, "1", "2", 1000, true, false},
		{lockOnly, "2", "1", 200, true, true},
	} {
		got, err := demo.Explore(context.Background(), stage.Start, Demo{}, stagetest.Options("guard", tt.guard, "producers", tt.producers, "rounds", tt.rounds), tt.most, nil)
		if err != nil || got.All != tt.all || got.Broken > 0 != tt.breaks || got.Solved != "" || got.Mends != "" != (tt.producers == "2") {
			t.Errorf("%s: %v %+v", tt.guard, err, got)
		}
		for _, x := range got.Outcomes {
			if !tt.breaks && x.Text != "2 items put, 2 taken, none lost" {
				t.Errorf("%s: %+v", tt.guard, x)
			}
		}
		t.Logf("%s: %d schedules, %d break it, %.0f a second", tt.guard, got.Ran, got.Broken, float64(got.Ran)/got.Took.Seconds())
	}
}

// Each step back shows what was there before.
func TestUndo(t *testing.T) {
	at := func(o demo.Options) map[int]*board.Board {
		boards := map[int]*board.Board{}
		b := board.New()
		for _, e := range stagetest.Play(t, Demo{}, o).Events {
			b.Apply(e)
			if e.Kind == trace.KindSettled {
				boards[len(b.Step.Schedule)] = b.Clone()
			}
		}
		return boards
	}
	o := stagetest.Scheduled("P1 C1 P2 P1 C1 P1 kill:P2 C1", "guard", slotFirst)
	forward := at(o)
	for back := o.Schedule.Back(); len(back) > 0; back = back.Back() {
		u := o
		u.Schedule = back
		for n, b := range at(u) {
			if d := board.Same(b, forward[n]); d != "" {
				t.Errorf("%d back, after %d: %s", len(o.Schedule)-len(back), n, d)
			}
		}
	}
}

func TestNothingSurvives(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	for range 2 {
		stagetest.KillHost(t, "producers-consumers producers=3", 4, rnd)
	}
}
