//go:build linux

package quorum

import (
	"context"
	"errors"
	"flag"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/go-msgpack/v2/codec"
	"github.com/hashicorp/raft"

	"edu/procession/demos/board"
	"edu/procession/demos/demo"
	"edu/procession/demos/stage/stagetest"
	"edu/procession/demos/trace"
)

func TestMain(m *testing.M) {
	flag.Set("test.parallel", "8") // runs wait for elections, mostly
	stagetest.Main(m, Demo{})
}

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
		for i := range b.Procs {
			if p := &b.Procs[i]; p.Node == string(n) && p.Alive() && p.Part.Role == "leader" && p.Part.Term > term {
				who, term = p.ID, p.Part.Term
			}
		}
	}
	return who, term
}

// The whole play: what a minority took is not acknowledged, what was acknowledged
// is on every live node in the end, and terms only grow.
func TestSplit(t *testing.T) {
	t.Parallel()
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
	t.Parallel()
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
	act("restart", victim)
	stagetest.Until(t, run, "the killed one has caught up", count("caught-up", 0.001))
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

// The check can fail: an acknowledged write that the nodes lack is missed.
func TestCheckCanFail(t *testing.T) {
	t.Parallel()
	got := stagetest.Play(t, planted{}, demo.Options{Pace: demo.Fast, Seed: 1})
	if v := got.Board.Verdict; v == nil || v.OK {
		t.Errorf("%+v", v)
	}
	if lost := value(t, got.Board, "acknowledged-lost"); lost != 1 {
		t.Errorf("%v lost", lost)
	}
}

// A half is not enough: cut into two halves, both acknowledge, and one of them
// loses it, as the check counts that is Raft's.
func TestHalf(t *testing.T) {
	t.Parallel()
	got := stagetest.Play(t, Demo{}, stagetest.Options("rule", half))
	if v := got.Board.Verdict; got.Err != nil || v == nil || !v.OK || !strings.Contains(v.Text, "home-made") || !strings.Contains(v.Text, "the same log") {
		t.Errorf("the run: %v, %+v", got.Err, v)
	}
	if lost := value(t, got.Board, "acknowledged-lost"); lost < 1 {
		t.Errorf("%v acknowledged writes are lost", lost)
	}
	if acked := value(t, got.Board, "acknowledged"); acked < 4 {
		t.Errorf("%v writes acknowledged", acked)
	}
}

// most is the home-made rule with a majority in place of the half.
type most struct{ Demo }

func (most) Play(ctx context.Context, s demo.Stage) error {
	pl := newPlay(s)
	defer pl.close()
	pl.needed = len(pl.names)/2 + 1
	if err := pl.cast(ctx); err != nil {
		return err
	}
	return pl.scripted(ctx, 2)
}

// The half alone is to blame: with one node more for each agreement, the same
// program under random cuts loses nothing.
func TestMajorityKeeps(t *testing.T) {
	t.Parallel()
	got := stagetest.Play(t, most{}, stagetest.Options("rule", half))
	if lost := value(t, got.Board, "acknowledged-lost"); got.Err != nil || lost != 0 {
		t.Errorf("%v lost: %v, %+v", lost, got.Err, got.Board.Verdict)
	}
}

// Cuts anywhere, and nodes killed and started again: Raft keeps what it
// acknowledged, and only what is worth it is in the log.
func TestChance(t *testing.T) {
	t.Parallel()
	got := stagetest.Play(t, Demo{}, stagetest.Options("cuts", "2"))
	if v := got.Board.Verdict; got.Err != nil || v == nil || !v.OK {
		t.Errorf("the run: %v, %+v", got.Err, v)
	}
	if lost := value(t, got.Board, "acknowledged-lost"); lost != 0 {
		t.Errorf("%v lost", lost)
	}
	sent := 0
	for _, e := range got.Events {
		if m, ok := e.Data.(trace.Msg); ok && m.Is == trace.KindSend {
			if sent++; m.Text == "" {
				t.Errorf("a message without words: %+v", m)
			}
		}
	}
	if most := int(got.Board.At/time.Millisecond) / 2; sent == 0 || sent > most {
		t.Errorf("%d messages in the log of %v", sent, got.Board.At)
	}
}

// Raft's messages are told apart however their bytes arrive.
func TestFrames(t *testing.T) {
	pack := func(first []byte, vs ...any) []byte {
		for _, v := range vs {
			var b []byte
			if err := codec.NewEncoderBytes(&b, &codec.MsgpackHandle{}).Encode(v); err != nil {
				t.Fatal(err)
			}
			first = append(first, b...)
		}
		return first
	}
	entry := &raft.Log{Index: 4, Term: 2, Data: []byte("w1")}
	tell := raftFrames().Talk()
	for _, c := range []struct {
		frame []byte
		back  bool
		text  string
	}{
		{pack([]byte{appendEntries}, &raft.AppendEntriesRequest{Term: 2}), false, heartbeat},
		{pack([]byte{appendEntries}, &raft.AppendEntriesRequest{Term: 2}), false, ""}, // too soon after the other
		{pack([]byte{appendEntries}, &raft.AppendEntriesRequest{Term: 2, Entries: []*raft.Log{entry}}), false, "append 4 (w1)"},
		{pack(nil, "", &raft.AppendEntriesResponse{Term: 2, Success: true}), true, heard},
		{pack(nil, "", &raft.AppendEntriesResponse{Term: 2, Success: true}), true, ""},
		{pack(nil, "", &raft.AppendEntriesResponse{Term: 2, Success: true}), true, "has 4"},
		{pack([]byte{requestVote}, &raft.RequestVoteRequest{Term: 3}), false, "vote for me? (term 3)"},
		{pack(nil, "", &raft.RequestVoteResponse{Term: 3}), true, "no vote (term 3)"},
		{pack([]byte{requestPre}, &raft.RequestPreVoteRequest{Term: 3}), false, "would you vote for me? (term 3)"},
		{pack(nil, "it has ended", &raft.RequestPreVoteResponse{}), true, ""},
		{pack(nil, "", &raft.RequestPreVoteResponse{}), true, ""}, // nobody asked
	} {
		for n := range c.frame {
			if at, got, err := splitRaft(c.frame[:n], false); at != 0 || got != nil || err != nil {
				t.Fatalf("%q: of %d bytes it takes %d: %v", c.text, n, at, err)
			}
		}
		at, got, err := splitRaft(append(slices.Clone(c.frame), 0xff), false)
		if err != nil || at != len(c.frame) {
			t.Fatalf("%q: %d of %d bytes: %v", c.text, at, len(c.frame), err)
		}
		if text, ok := tell(got, c.back); text != c.text || ok != (c.text != "") {
			t.Errorf("%q is told as %q, %v", c.text, text, ok)
		}
	}
	for _, b := range []string{"GET / HTTP/1.1\r\n", "\xc1\xc1", "\x00\xc1"} {
		splitRaft([]byte(b), true) // no panic
	}
}

// What a node has on disk is there when its file is opened again, and a file
// cannot be opened twice.
func TestDisk(t *testing.T) {
	path := filepath.Join(t.TempDir(), "n1.log")
	d, err := openDisk(path)
	if err != nil {
		t.Fatal(err)
	}
	if first, err := d.FirstIndex(); first != 0 || err != nil {
		t.Errorf("of an empty log the first is %d, %v", first, err)
	}
	if _, err := d.GetUint64([]byte("CurrentTerm")); err == nil || err.Error() != "not found" {
		t.Errorf("a term that nobody set: %v", err)
	}
	for i := range uint64(5) {
		if err := d.StoreLog(&raft.Log{Index: i + 1, Term: 2, Data: []byte{byte(i)}}); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(d.DeleteRange(4, 5), d.SetUint64([]byte("CurrentTerm"), 7), d.db.Close()); err != nil {
		t.Fatal(err)
	}
	if d, err = openDisk(path); err != nil {
		t.Fatal(err)
	}
	defer d.db.Close()
	var l raft.Log
	last, _ := d.LastIndex()
	term, _ := d.GetUint64([]byte("CurrentTerm"))
	if err := d.GetLog(3, &l); err != nil || last != 3 || term != 7 || l.Term != 2 || string(l.Data) != "\x02" {
		t.Errorf("last %d, term %d, %+v, %v", last, term, l, err)
	}
	if err := d.GetLog(4, &l); err != raft.ErrLogNotFound {
		t.Errorf("a deleted entry: %v", err)
	}
}
