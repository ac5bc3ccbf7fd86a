//go:build linux

package starts

import (
	"bytes"
	"strings"
	"testing"

	"edu/procession/demos/board"
	"edu/procession/demos/demo"
	"edu/procession/demos/stage/stagetest"
	"edu/procession/demos/trace"
)

func TestMain(m *testing.M) { stagetest.Main(m, Demo{}) }

// What crosses is bytes, and what is refused is refused by gob, by the kernel and
// by the sender, each in its own words.
func TestCrossing(t *testing.T) {
	t.Parallel()
	got := stagetest.Play(t, Demo{}, demo.Options{Pace: demo.Fast, Seed: 1, Params: map[string]string{"jobs": "20"}})
	b := got.Board
	if v := b.Verdict; got.Err != nil || v == nil || !v.OK {
		t.Fatalf("the run: %v, %+v", got.Err, v)
	}
	for _, g := range (Demo{}).Info().Gauges {
		if x, ok := b.Gauge(g.Name); !ok || x.Value <= 0 {
			t.Errorf("%s: %+v", g.Name, x)
		}
	}
	first, _ := b.Gauge("first-job")
	next, _ := b.Gauge("next-job")
	if first.Value <= next.Value {
		t.Errorf("the first job took %v bytes and the next %v: where is the type?", first.Value, next.Value)
	}
	believes := func(who, about trace.ID, want string) {
		t.Helper()
		if is := b.Belief(who, about); !strings.Contains(is, want) {
			t.Errorf("%s says of %s %q, which lacks %q", who, about, is, want)
		}
	}
	believes("sender", "count", "42")
	believes("worker-1", "count", "0")
	believes("heir-1", "count", "0")
	believes("sender", "function", "gob")
	believes("sender", "old-1", "refused: release 1, wanted 2")
	believes("sender", "worker-2", "release 2, knows")
	believes("heir-1", "file", "line 2")
	believes("sender", "file", "line 3")
	believes("sender", "jobs", "25 done") // 21 that were timed, and four: one without its function, one after the kill
	texts := map[string]string{}
	for _, m := range b.Msgs {
		if m.To == "sender" {
			texts[m.Text] = string(m.From)
		}
	}
	for _, want := range []string{"Do is nil here", "bad file descriptor"} {
		found := false
		for text, from := range texts {
			found = found || strings.Contains(text, want) && from == "worker-1"
		}
		if !found {
			t.Errorf("no reply says %q: %v", want, texts)
		}
	}
	for _, m := range b.Msgs {
		if m.From == "old-1" || m.To == "old-1" {
			t.Errorf("a job with one that was refused: %+v", m)
		}
	}
	for id, want := range map[trace.ID]trace.Exit{"worker-1": {Code: -1, Signal: "KILL"}, "worker-2": {}, "old-1": {}, "sender": {}, "heir-1": {}} {
		p := b.Proc(id)
		if want.PID = p.PID; p.Exit != want {
			t.Errorf("%s: %v", id, p.Exit)
		}
	}
}

// proc is a process as it is on the Board, an empty one before it is there.
func proc(b *board.Board, id trace.ID) board.Proc {
	if p := b.Proc(id); p != nil {
		return *p
	}
	return board.Proc{}
}

// A worker that is killed with a job in hand is told of to the sender by its pipe.
func TestKilled(t *testing.T) {
	t.Parallel()
	run := stagetest.Start(t, Demo{}, demo.Options{Pace: demo.Fast, Seed: 1, Attended: true, Params: map[string]string{"jobs": "10"}})
	act := func(name string, target trace.ID) {
		t.Helper()
		if err := run.Act(name, target); err != nil {
			t.Fatal(err)
		}
	}
	stagetest.Until(t, run, "measured", func(b *board.Board) bool { return strings.Contains(b.Caption, "jobs have crossed") })
	act("stop", "worker-1")
	stagetest.Until(t, run, "stopped", func(b *board.Board) bool { return proc(b, "worker-1").State == trace.Stopped })
	act("job", "")
	stagetest.Until(t, run, "the sender waits", func(b *board.Board) bool { return proc(b, "sender").Says == "a reply" })
	act("kill", "worker-1")
	stagetest.Until(t, run, "the sender is told", func(b *board.Board) bool { return strings.HasPrefix(b.Belief("sender", "worker-1"), "gone: ") })
	act("job", "")
	stagetest.Until(t, run, "another does the next", func(b *board.Board) bool { return strings.Contains(b.Caption, "worker-2 was started first") })
	run.Finish()
	if got := stagetest.End(t, run); got.Err != nil || got.Board.Verdict == nil {
		t.Errorf("the run: %v, %+v", got.Err, got.Board.Verdict)
	}
}

// A message that is longer than allowed, or none of gob's, is an error.
func FuzzWire(f *testing.F) {
	var b bytes.Buffer
	newWire(nil, &b).put(job{N: 1, Name: "sum", Args: []int{1}}, quiet)
	f.Add(b.Bytes())
	f.Add([]byte{0x7f, 0xff, 0xff, 0xff, 1})
	f.Fuzz(func(t *testing.T, in []byte) {
		c := newWire(bytes.NewReader(in), nil)
		var j job
		if c.get(&j) == nil {
			j.do()
		}
	})
}
