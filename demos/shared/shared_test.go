//go:build linux

package shared

import (
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"edu/procession/demos/board"
	"edu/procession/demos/demo"
	"edu/procession/demos/stage/stagetest"
	"edu/procession/demos/trace"
)

func TestMain(m *testing.M) { stagetest.Main(m, Demo{}) }

func value(t *testing.T, b *board.Board, name string) float64 {
	t.Helper()
	g, ok := b.Gauge(name)
	if !ok {
		t.Fatalf("%s was not measured", name)
	}
	return g.Value
}

// Everything once, by itself: both have the pages, and share them; a hand-over of
// much costs more than one of little through a pipe, and a note does not; the name
// outlives the writer until it is unlinked.
func TestShared(t *testing.T) {
	got := stagetest.Play(t, Demo{}, demo.Options{Pace: demo.Fast, Seed: 1, Params: map[string]string{"size": "8m"}})
	b := got.Board
	if v := b.Verdict; got.Err != nil || v == nil || !v.OK {
		t.Fatalf("%v %+v", got.Err, v)
	}
	for _, who := range []string{"writer", "reader"} {
		if rss := value(t, b, "rss-"+who); rss != blockSize {
			t.Errorf("%v bytes of the block resident in the %s", rss, who)
		}
	}
	if pss := value(t, b, "pss-writer") + value(t, b, "pss-reader"); pss < blockSize*0.99 || pss > blockSize*1.01 {
		t.Errorf("shared out, %v bytes", pss)
	}
	if pipe, shared := value(t, b, "pipe-8m"), value(t, b, "shared-8m"); pipe <= shared || pipe <= value(t, b, "pipe-1k") {
		t.Errorf("8 MiB: %v µs by pipe, %v shared", pipe, shared)
	}
	if records, torn := value(t, b, "records"), value(t, b, "torn"); records <= 0 || torn > records {
		t.Errorf("%v of %v records torn", torn, records)
	}
	if left := value(t, b, "left"); left != 0 {
		t.Errorf("%v bytes left after the unlink", left)
	}
	read := ""
	for _, e := range got.Events {
		if c, ok := e.Data.(trace.Cell); ok && c.Is == trace.KindRead && strings.Contains(c.Value, "integer") {
			read = c.Value
		}
	}
	if read != "the integer 4609434218613702656 in 8 bytes" {
		t.Errorf("the float 1.5 read as an integer is %q", read)
	}
	if x := b.Proc("writer").Exit; x.Signal != "KILL" {
		t.Errorf("the writer: %v", x)
	}
	if x := b.Proc("reader").Exit; x.Code != 0 || x.Signal != "" {
		t.Errorf("the reader: %v", x)
	}
}

// Who kills the writer finds the block's name there, until it is unlinked, and the
// reader still has the memory. A reader that is killed is no loss to the writer.
func TestKilledWriter(t *testing.T) {
	for _, victim := range []trace.ID{"writer", "reader"} {
		run := stagetest.Start(t, Demo{}, demo.Options{Pace: demo.Fast, Seed: 1, Attended: true})
		until := func(what string, ok func(*board.Board) bool) *board.Board {
			t.Helper()
			return stagetest.Until(t, run, what, ok)
		}
		act := func(name string, to trace.ID) {
			t.Helper()
			if err := run.Act(name, to); err != nil {
				t.Fatal(err)
			}
		}
		until("it is measured", func(b *board.Board) bool { _, ok := b.Gauge("copy"); return ok })
		act("size", "")
		until("the size", func(b *board.Board) bool { return strings.HasPrefix(b.Caption, "A write fills 8 MiB") })
		act("write", "")
		until("a write", func(b *board.Board) bool { g, ok := b.Gauge("pss-reader"); return ok && g.Value == blockSize/2 })
		act("kill", victim)
		if victim == "reader" {
			until("it has ended", func(b *board.Board) bool { p := b.Proc(victim); return p != nil && p.State == trace.Dead })
			act("write", "")
			until("it is told", func(b *board.Board) bool { return strings.HasPrefix(b.Caption, "There is no reader") })
		} else {
			until("what it left", func(b *board.Board) bool { g, ok := b.Gauge("left"); return ok && g.Value == blockSize })
			act("unlink", "")
			until("the name is gone", func(b *board.Board) bool {
				return strings.HasPrefix(b.Caption, "The name is gone: nobody else can find the block. The reader still reads it")
			})
		}
		run.Finish()
		got := stagetest.End(t, run)
		if v := got.Board.Verdict; got.Err != nil || v == nil || !v.OK {
			t.Errorf("%v %+v", got.Err, v)
		}
	}
}

// A mapping is found by its file, its name gone or not, and no other is.
func TestResident(t *testing.T) {
	if _, _, ok := resident(os.Getpid(), "/no such file"); ok {
		t.Error("a mapping of no file")
	}
	if _, _, ok := resident(-1, "/"); ok {
		t.Error("a mapping of nobody")
	}
}

func TestNothingSurvives(t *testing.T) {
	stagetest.KillHost(t, "shared-memory", 2, rand.New(rand.NewPCG(1, 2)))
}
