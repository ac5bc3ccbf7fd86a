//go:build linux

package record

import (
	"context"
	"math/rand/v2"
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

// Running freely, a lock that both take keeps the record whole.
func TestFree(t *testing.T) {
	for _, lock := range []string{none, writes, shared, fair, mutex} {
		got := stagetest.Play(t, Demo{}, stagetest.Options("readers", "3", "lock", lock))
		b := got.Board
		whole := lock == shared || lock == fair || lock == mutex
		if got.Err != nil || value(b, "reads") != 180 || value(b, "writes") != 40 || whole && value(b, "torn") != 0 {
			t.Errorf("%s: %v %+v", lock, got.Err, b.Gauges)
		}
		if n := value(b, "together"); n < 1 || n > 3 || lock == mutex && n != 1 {
			t.Errorf("%s: %d readers at once", lock, n)
		}
		t.Log(lock, b.Verdict.Text)
	}
}

func TestPuzzles(t *testing.T) {
	for _, tt := range []struct {
		schedule string
		set      []string
		puzzle   string // empty: none is solved
		in       int
		broken   bool
		verdict  string
	}{
		{"W R1 R1", nil, "read-a-half", 3, true, "1 read and 0 writes, 1 torn, not all is done"},
		{"W W R1 R1 R2 R2", nil, "", 0, false, "2 reads and 1 write, none torn"},
		{"R1 W R2 R1 R1 R1 R2 R2 R2", []string{"lock", shared, "rounds", "3"}, "starve-the-writer", 9, true, "2 reads and 0 writes, none torn, the writer overtaken 3 times, not all is done"},
		{"W kill:W R1 R2", []string{"lock", fair}, "wait-for-the-dead", 4, true, "0 reads and 0 writes, none torn, who is left waits for ever"},
		{"R1 R1 kill:R1 W W W W R2*4", []string{"lock", fair}, "", 0, false, "1 read and 1 write, none torn"},
		{"R1 kill:R1 W W W R2*3", []string{"lock", shared}, "", 0, false, "1 read and 1 write, none torn"},
		{"W W kill:W R1*3 R2*3", []string{"lock", shared}, "", 0, true, "2 reads and 0 writes, 2 torn"}, // freed, and left half done
		{"R1 W R2 R1 R1 W W R2 R2", []string{"lock", mutex}, "", 0, false, "2 reads and 1 write, none torn"},
	} {
		got := stagetest.Play(t, Demo{}, stagetest.Scheduled(tt.schedule, tt.set...))
		b := got.Board
		if got.Err != nil || b.Verdict == nil || !b.Verdict.OK || b.Verdict.Broken != tt.broken || b.Verdict.Text != tt.verdict {
			t.Errorf("%s %v: %v %+v", tt.schedule, tt.set, got.Err, b.Verdict)
		}
		if s := b.Step.Solved; tt.puzzle == "" && len(s) > 0 || tt.puzzle != "" && (len(s) != 1 || s[0] != trace.Solved{Puzzle: tt.puzzle, N: tt.in}) {
			t.Errorf("%s %v: solved %v", tt.schedule, tt.set, s)
		}
	}
}

// The writer waits for a file lock while a reader is in, and behind it, with
// fair, a reader waits for the turnstile: by the kernel's word, and by /proc.
func TestBlocked(t *testing.T) {
	o := stagetest.Scheduled("R1 R1 W W R2", "lock", fair)
	o.Attended = true
	run := stagetest.Start(t, Demo{}, o)
	b := stagetest.Until(t, run, "a settled stage", func(b *board.Board) bool { return b.Step.Settled && len(b.Step.Schedule) == 5 })
	for id, want := range map[trace.ID]struct {
		on   string
		lock trace.ID
	}{"W": {"file lock", theRecord}, "R2": {"pipe read", theTurn}} {
		p := b.Proc(id)
		if l := b.Lock(want.lock); p.On != want.on || p.State != trace.Asleep || stagetest.State(p.PID) != 'S' || len(l.Waiters) != 1 || l.Waiters[0] != id {
			t.Errorf("%s is %s on %q, and /proc says %c: %+v", id, p.State, p.On, stagetest.State(p.PID), l)
		}
	}
	if err := run.Act("kill", "R1"); err != nil {
		t.Fatal(err)
	}
	stagetest.Until(t, run, "the writer to have the lock of the dead reader", func(b *board.Board) bool {
		l := b.Lock(theRecord)
		return l != nil && len(l.Holders) == 1 && l.Holders[0] == "W"
	})
	run.Finish()
	stagetest.End(t, run)
}

// Every schedule, on the real processes. Those of fair with two readers are too
// many for a test: some of them are played, spread over all, and all of one reader
// with two reads.
func TestMends(t *testing.T) {
	for _, tt := range []struct {
		lock, readers, rounds string
		most                  int
		all                   bool
		broken                int
		solved                string
	}{
		{none, "2", "1", 100, true, 48, ""},
		{shared, "2", "1", 300, true, 24, ""},
		{mutex, "2", "1", 100, true, 0, "mend-the-record"},
		{fair, "2", "1", 100, false, 0, ""},
		{fair, "1", "2", 1000, true, 0, ""},
	} {
		got, err := demo.Explore(context.Background(), stage.Start, Demo{}, stagetest.Options("lock", tt.lock, "readers", tt.readers, "rounds", tt.rounds), tt.most, nil)
		if err != nil || got.All != tt.all || got.Broken != tt.broken || got.Solved != tt.solved || got.Mends != "" != (tt.rounds == "1") {
			t.Errorf("%s: %v %+v", tt.lock, err, got)
		}
		t.Logf("%s: %d schedules, %d break it, %.0f a second", tt.lock, got.Ran, got.Broken, float64(got.Ran)/got.Took.Seconds())
	}
}

func TestNothingSurvives(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	for range 2 {
		stagetest.KillHost(t, "readers-writers readers=3", 4, rnd)
	}
}
