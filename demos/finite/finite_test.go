//go:build linux

package finite

import (
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"edu/procession/demos/board"
	"edu/procession/demos/demo"
	"edu/procession/demos/internal/pipes"
	"edu/procession/demos/stage/stagetest"
	"edu/procession/demos/trace"
)

func TestMain(m *testing.M) { stagetest.Main(m, Demo{}) }

func value(t *testing.T, b *board.Board, name string) int {
	t.Helper()
	g, ok := b.Gauge(name)
	if !ok {
		t.Errorf("no gauge %s", name)
	}
	return int(g.Value)
}

func good(t *testing.T, got stagetest.Result) {
	t.Helper()
	if got.Err != nil || got.Board.Verdict == nil || !got.Board.Verdict.OK {
		t.Fatalf("%v, verdict %+v", got.Err, got.Board.Verdict)
	}
}

// attended is a run with a learner at the keys.
func attended(t *testing.T, set ...string) demo.Run {
	o := stagetest.Options(set...)
	o.Attended = true
	return stagetest.Start(t, Demo{}, o)
}

// captioned waits for a caption.
func captioned(t *testing.T, run demo.Run, text string) *board.Board {
	t.Helper()
	return stagetest.Until(t, run, text, func(b *board.Board) bool { return strings.Contains(b.Caption, text) })
}

// The whole play, unattended: the size is found to the byte, and the bound holds.
func TestPlay(t *testing.T) {
	got := stagetest.Play(t, Demo{}, stagetest.Options("items", "24"))
	good(t, got)
	b := got.Board
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	defer w.Close()
	size, _ := pipes.Capacity(r)
	if c := value(t, b, "capacity"); c != size || value(t, b, "hangs-from") != c-header+1 {
		t.Errorf("the pipe holds %d, join before get hangs from %d on; F_GETPIPE_SZ says %d", c, value(t, b, "hangs-from"), size)
	}
	if free, bound := value(t, b, "grown-unbounded"), value(t, b, "grown-bounded"); free < 2*bound || bound <= 0 {
		t.Errorf("the producer grew by %d without a bound, by %d with one", free, bound)
	}
	if value(t, b, "took-unbounded") < 0 || value(t, b, "took-bounded") < 0 {
		t.Error("the bursts took no time")
	}
	if q := b.Queue(thePipe); q.Puts != 3+2*24 || q.Gets != q.Puts {
		t.Errorf("put %d, got %d", q.Puts, q.Gets)
	}
	for _, e := range got.Events {
		if d, ok := e.Data.(trace.Depth); ok && d.Cap > 0 && d.Depth > d.Cap {
			t.Errorf("%s held %d of %d", d.Queue, d.Depth, d.Cap)
		}
	}
	for _, p := range b.Procs {
		if p.Role != "filler" && (p.Exit.Code != 0 || p.Exit.Signal != "") {
			t.Errorf("%s ended with %s", p.ID, p.Exit)
		}
	}
}

// Who hangs is asleep in the kernel, from outside too, and a get sets all free.
func TestHangs(t *testing.T) {
	run := attended(t, "acts", "join", "size", "200000")
	captioned(t, run, "It hangs")
	b := stagetest.Until(t, run, "a look at the feeder", func(b *board.Board) bool {
		p := b.Proc("feeder-1")
		return p != nil && p.On == "pipe write" && strings.HasPrefix(p.Says, "write")
	})
	f, p := b.Proc("feeder-1"), b.Proc("producer-1")
	if pipes.SleepsIn(f.TID) != "pipe write" || stagetest.State(p.PID) != 'S' || p.Says != "join feeder" || p.Ended > 0 {
		t.Errorf("the feeder sleeps in %q, the producer is %c and says %q", pipes.SleepsIn(f.TID), stagetest.State(p.PID), p.Says)
	}
	if q := b.Queue(thePipe); q.Depth != q.Cap {
		t.Errorf("the pipe holds %d of %d", q.Depth, q.Cap)
	}
	if err := run.Act("more", ""); err != nil {
		t.Fatal(err)
	}
	captioned(t, run, "still in its join")
	if err := run.Act("get", ""); err != nil {
		t.Fatal(err)
	}
	captioned(t, run, "The queue is yours")
	run.Act("less", "")
	captioned(t, run, "The queue is yours")
	run.Finish()
	got := stagetest.End(t, run)
	good(t, got)
	if x := got.Board.Proc("producer-1").Exit; x.Code != 0 || x.Signal != "" {
		t.Errorf("the producer ended with %s", x)
	}
}

// What was in a killed producer's buffer is lost, and it is said.
func TestKilled(t *testing.T) {
	run := attended(t, "acts", "join", "size", "200000")
	captioned(t, run, "It hangs")
	if err := run.Act("kill", "producer-1"); err != nil {
		t.Fatal(err)
	}
	captioned(t, run, "bytes of an item of 200000 came, and then the end")
	run.Finish()
	good(t, stagetest.End(t, run))
}

// Whoever is killed, the play comes to its end.
func TestSurvives(t *testing.T) {
	for _, tt := range []struct {
		acts string
		who  trace.ID
	}{{"join", "filler-1"}, {"join", "producer-1"}, {"burst", "producer-1"}, {"burst", "consumer-1"}, {"burst", "feeder-2"}} {
		t.Run(tt.acts+" "+string(tt.who), func(t *testing.T) {
			t.Parallel()
			run := stagetest.Start(t, Demo{}, stagetest.Options("acts", tt.acts, "size", "1000", "items", "8"))
			stagetest.Until(t, run, string(tt.who), func(b *board.Board) bool { return b.Proc(tt.who) != nil || b.Verdict != nil })
			run.Act("kill", tt.who) // it may be through already
			good(t, stagetest.End(t, run))
		})
	}
}

func TestNothingSurvives(t *testing.T) {
	stagetest.KillHost(t, "queue-is-finite acts=join size=200000", 4, rand.New(rand.NewPCG(1, 2)))
}
