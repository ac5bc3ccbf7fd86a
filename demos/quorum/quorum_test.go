//go:build linux

package quorum

import (
	"context"
	"strings"
	"testing"
	"time"

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
		t.Errorf("%s was not measured", name)
	}
	return g.Value
}

// leaderOf is who says that it leads in the latest term, of those that live.
func leaderOf(b *board.Board) (who trace.ID, term uint64) {
	for _, n := range nodes {
		if p := b.Proc(n); p != nil && p.Alive() && p.Part.Role == "leader" && p.Part.Term > term {
			who, term = n, p.Part.Term
		}
	}
	return who, term
}

// The whole play: what a minority took is not acknowledged, what was acknowledged
// is on every live node in the end, and terms only grow.
func TestSplit(t *testing.T) {
	got := stagetest.Play(t, Demo{}, demo.Options{Pace: demo.Fast, Seed: 1})
	b := got.Board
	if v := b.Verdict; got.Err != nil || v == nil || !v.OK || !strings.Contains(v.Text, "the same log") {
		t.Fatalf("the run: %v, %+v", got.Err, v)
	}
	if lost := value(t, b, "acknowledged-lost"); lost != 0 {
		t.Errorf("%v acknowledged writes are lost", lost)
	}
	if acked := value(t, b, "acknowledged"); acked < 2 {
		t.Errorf("%v writes acknowledged", acked)
	}
	if value(t, b, "first-leader") <= 0 || value(t, b, "new-leader") <= 0 {
		t.Error("an election took no time")
	}
	terms, inTerm := map[trace.ID]uint64{}, map[uint64]trace.ID{}
	cut := false
	for _, e := range got.Events {
		switch d := e.Data.(type) {
		case trace.Link:
			cut = d.Is == trace.KindCut
		case trace.Role:
			if d.Term < terms[e.Who] {
				t.Errorf("%s goes back to term %d", e.Who, d.Term)
			}
			terms[e.Who] = d.Term
			if d.Role == "leader" {
				if was, ok := inTerm[d.Term]; ok && was != e.Who {
					t.Errorf("%s and %s both lead in term %d", was, e.Who, d.Term)
				}
				inTerm[d.Term] = e.Who
			}
		}
	}
	if cut || len(inTerm) < 3 {
		t.Errorf("still cut: %v; leaders by term: %v", cut, inTerm)
	}
}

// A leader that is cut off with one follower acknowledges nothing, whatever it is
// asked, and follows after the heal; the others write on.
func TestKilledAndCut(t *testing.T) {
	run := stagetest.Start(t, Demo{}, demo.Options{Pace: demo.Fast, Seed: 3, Attended: true})
	act := func(name string, target trace.ID) {
		t.Helper()
		if err := run.Act(name, target); err != nil {
			t.Fatal(err)
		}
	}
	count := func(name string, n float64) func(*board.Board) bool {
		return func(b *board.Board) bool { g, _ := b.Gauge(name); return g.Value >= n }
	}
	b := stagetest.Until(t, run, "a leader", func(b *board.Board) bool { _, term := leaderOf(b); return term > 0 && count("first-leader", 0.001)(b) })
	old, term := leaderOf(b)
	act("cut", old)
	stagetest.Until(t, run, "the cut", func(b *board.Board) bool { return len(b.Links) >= 6 })
	act("write", old)
	b = stagetest.Until(t, run, "another leader", func(b *board.Board) bool { who, later := leaderOf(b); return who != old && later > term })
	if g, ok := b.Gauge("acknowledged"); ok {
		t.Errorf("the minority acknowledged: %v", g.Value)
	}
	// A leader may be followed by another at any moment: whoever leads is asked until
	// one acknowledges.
	for range 20 {
		before := 0.0
		for _, name := range []string{acknowledged, refused, unknown} {
			g, _ := b.Gauge(name)
			before += g.Value
		}
		b = stagetest.Until(t, run, "a leader", func(b *board.Board) bool { who, later := leaderOf(b); return who != old && later > term })
		now, _ := leaderOf(b)
		act("write", now)
		b = stagetest.Until(t, run, "an answer", func(b *board.Board) bool {
			sum := 0.0
			for _, name := range []string{acknowledged, refused, unknown} {
				g, _ := b.Gauge(name)
				sum += g.Value
			}
			return sum > before
		})
		if count("acknowledged", 1)(b) {
			break
		}
	}
	act("heal", "")
	stagetest.Until(t, run, "the old leader follows", func(b *board.Board) bool {
		p := b.Proc(old)
		return p != nil && p.Part.Role == "follower"
	})
	b = stagetest.Until(t, run, "a leader", func(b *board.Board) bool { _, term := leaderOf(b); return term > 0 })
	victim, was := leaderOf(b)
	act("kill", victim)
	stagetest.Until(t, run, "a leader after the kill", func(b *board.Board) bool {
		who, later := leaderOf(b)
		return who != victim && later > was
	})
	run.Finish()
	got := stagetest.End(t, run)
	if v := got.Board.Verdict; got.Err != nil || v == nil || !v.OK || !count("acknowledged", 1)(got.Board) {
		t.Errorf("the run: %v, %+v", got.Err, v)
	}
}

// planted has a write in its books as acknowledged that no node was ever given.
type planted struct{ Demo }

func (planted) Play(ctx context.Context, s demo.Stage) error {
	pl := newPlay(s)
	defer pl.close()
	if err := pl.cast(ctx); err != nil {
		return err
	}
	if err := pl.until(ctx, func() bool { return pl.leader() != nil }, enough); err != nil {
		return err
	}
	pl.acked, pl.grace = append(pl.acked, "nobody's"), time.Second
	return pl.end(ctx)
}

// The check can fail: an acknowledged write that the nodes lack is missed on each.
func TestCheckCanFail(t *testing.T) {
	got := stagetest.Play(t, planted{}, demo.Options{Pace: demo.Fast, Seed: 1})
	if v := got.Board.Verdict; v == nil || v.OK {
		t.Errorf("%+v", v)
	}
	if lost := value(t, got.Board, "acknowledged-lost"); lost != float64(len(nodes)) {
		t.Errorf("%v lost", lost)
	}
}
