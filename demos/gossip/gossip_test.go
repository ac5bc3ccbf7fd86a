//go:build linux

package gossip

import (
	"context"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/go-msgpack/v2/codec"

	"edu/procession/demos/board"
	"edu/procession/demos/demo"
	"edu/procession/demos/stage/stagetest"
	"edu/procession/demos/trace"
)

func TestMain(m *testing.M) { stagetest.Main(m, Demo{}) }

func value(b *board.Board, name string) float64 {
	g, _ := b.Gauge(name)
	return g.Value
}

// The whole play. In the end those who run agree with the kernel; who left is told
// from who failed; who was stopped was taken for failed though it lived, and came
// back with a higher incarnation; one cut direction harmed nobody. A busy machine
// makes false alarms of its own: what they would spoil is held of a calm run only.
func TestPlay(t *testing.T) {
	got := stagetest.Play(t, Demo{}, demo.Options{Pace: demo.Fast, Seed: 1})
	if v := got.Board.Verdict; got.Err != nil || v == nil || !v.OK {
		t.Fatalf("the run: %v, %+v", got.Err, v)
	}
	is := map[trace.ID]map[trace.ID]string{} // about whom, of whom
	gone, parted, calm := map[trace.ID]bool{}, false, true
	incarnation := map[trace.ID]int{}
	wronged, lefts := 0, 0
	for _, e := range got.Events {
		switch d := e.Data.(type) {
		case trace.State:
			if e.Who == "n3" {
				gone["n3"] = d.To == trace.Stopped
			}
		case trace.Exit:
			gone[e.Who] = true
		case trace.Link:
			parted = d.Is == trace.KindCut
		case trace.Role:
			n, err := strconv.Atoi(strings.TrimPrefix(d.Note, "incarnation "))
			if err != nil || n <= incarnation[e.Who] {
				t.Errorf("%s had incarnation %d, and now has %q", e.Who, incarnation[e.Who], d.Note)
			}
			incarnation[e.Who] = n
		case trace.Belief:
			if is[d.About] == nil {
				is[d.About] = map[trace.ID]string{}
			}
			is[d.About][e.Who] = d.Is
			switch {
			case d.Is == failed && d.About == "n3" && gone["n3"]:
				wronged++
			case d.Is == failed && parted && d.About == "n2" && e.Who == "n1":
				t.Error("n1 takes n2 for failed, and others reach it")
			case d.Is == left:
				lefts++
			}
			calm = calm && (d.Is == alive || d.Is == left || gone[d.About])
		}
	}
	for _, who := range []trace.ID{"n1", "n3", "n4"} {
		for about, may := range map[trace.ID][]string{"n1": {alive, suspect}, "n2": {left, failed, ""}, "n3": {alive, suspect}, "n4": {alive, suspect}, "n5": {failed, ""}, "n6": {alive, suspect}} {
			if got := is[about][who]; who != about && !slices.Contains(may, got) { // suspect: the run is over, and one has ended before the other
				t.Errorf("in the end %s takes %s for %q", who, about, got)
			}
		}
	}
	b := got.Board
	if wronged < 3 || lefts == 0 || incarnation["n3"] < 2 || value(b, "false-failed") < 3 || value(b, "false-suspicions") < 3 || value(b, "indirect-pings") == 0 {
		t.Errorf("%d took n3 for failed while it was stopped; its incarnation is %d; %d took n2 for left; %+v", wronged, incarnation["n3"], lefts, b.Gauges)
	}
	if first, fails, all := value(b, "first-suspicion"), value(b, "first-failed"), value(b, "all-failed"); calm && (first <= 0 || fails < first || all < fails) || first < 0 {
		t.Errorf("suspected after %v ms, taken for failed after %v, by all after %v", first, fails, all)
	}
	for _, g := range (Demo{}).Info().Gauges {
		if _, ok := b.Gauge(g.Name); !ok && calm {
			t.Errorf("%s was not measured", g.Name)
		}
	}
	t.Logf("calm: %t", calm)
}

// Who is mute is taken for failed and lives; the heal brings it back; a new node
// joins; a leaving one ends by itself.
func TestKeys(t *testing.T) {
	run := stagetest.Start(t, Demo{}, demo.Options{Pace: demo.Fast, Seed: 3, Attended: true, Params: map[string]string{"nodes": "4"}})
	act := func(name string, target trace.ID) {
		t.Helper()
		if err := run.Act(name, target); err != nil {
			t.Fatal(err)
		}
	}
	// all says how many take somebody for this.
	all := func(about trace.ID, is string, n int) func(*board.Board) bool {
		return func(b *board.Board) bool {
			got := 0
			for _, v := range b.Beliefs {
				if p := b.Proc(v.Who); v.About == about && v.Is == is && p.Alive() {
					got++
				}
			}
			return got >= n
		}
	}
	for _, n := range []trace.ID{"n1", "n2", "n3", "n4"} {
		stagetest.Until(t, run, "all know "+string(n), all(n, alive, 3))
	}
	act(oneWay, "n2")
	b := stagetest.Until(t, run, "n2 is taken for failed", all("n2", failed, 3))
	if p := b.Proc("n2"); !p.Alive() {
		t.Error("n2 has ended")
	}
	act(heal, "")
	stagetest.Until(t, run, "n2 is back", all("n2", alive, 3))
	act(newOne, "")
	stagetest.Until(t, run, "n5 is in", all("n5", alive, 1))
	act(leave, "n1")
	b = stagetest.Until(t, run, "n1 left", func(b *board.Board) bool {
		p := b.Proc("n1")
		return p != nil && !p.Alive() && !all("n1", alive, 1)(b) && !all("n1", suspect, 1)(b)
	})
	if x := b.Proc("n1").Exit; x.Code != 0 {
		t.Errorf("n1 ended with %v", x)
	}
	act(leave, "n1")
	act(pair, "n3")
	run.Finish()
	got := stagetest.End(t, run)
	if v := got.Board.Verdict; got.Err != nil || v == nil || !v.OK {
		t.Errorf("the run: %v, %+v", got.Err, v)
	}
}

// planted has a node in its books as wrong about another.
type planted struct{ Demo }

func (planted) Play(ctx context.Context, s demo.Stage) error {
	pl := newPlay(s)
	defer pl.close()
	if err := pl.cast(ctx); err != nil {
		return err
	}
	if err := pl.until(ctx, pl.whole, pl.enough); err != nil {
		return err
	}
	pl.nodes[0].is[pl.nodes[1].name], pl.enough = left, 100*time.Millisecond
	return pl.end(ctx)
}

// The check can fail.
func TestCheckCanFail(t *testing.T) {
	got := stagetest.Play(t, planted{}, demo.Options{Pace: demo.Fast, Seed: 1, Params: map[string]string{"nodes": "3"}})
	if v := got.Board.Verdict; v == nil || v.OK {
		t.Errorf("%+v", v)
	}
}

// What a packet carries is told, however it is wrapped, and no packet is a panic.
func TestDescribe(t *testing.T) {
	msg := func(kind byte, c claim) []byte {
		var b []byte
		if err := codec.NewEncoderBytes(&b, &codec.MsgpackHandle{}).Encode(c); err != nil {
			t.Fatal(err)
		}
		return append([]byte{kind}, b...)
	}
	wrap := func(all ...[]byte) []byte {
		b := []byte{compound, byte(len(all))}
		for _, m := range all {
			b = append(b, byte(len(m)>>8), byte(len(m)))
		}
		for _, m := range all {
			b = append(b, m...)
		}
		return append([]byte{hasCRC, 0, 0, 0, 0}, b...)
	}
	ping := msg(0, claim{Node: "n1"})
	for want, b := range map[string][]byte{
		"":                        ping,
		"n2 suspect (n1)":         msg(suspectMsg, claim{Node: "n2", From: "n1"}),
		"n2 alive, incarnation 3": wrap(ping, msg(aliveMsg, claim{Node: "n2", Incarnation: 3})),
		"n2 failed (n4); n3 left": wrap(msg(deadMsg, claim{Node: "n2", From: "n4"}), msg(deadMsg, claim{Node: "n3", From: "n3"})),
		"n1 asks: ping n2":        msg(indirectPing, claim{Node: "n2", SourceNode: "n1"}),
	} {
		if got, ok := describe(b); got != want || ok != (want != "") {
			t.Errorf("%q, %t, not %q", got, ok, want)
		}
		for i := range b { // cut off anywhere, changed anywhere
			describe(b[:i])
			c := append([]byte(nil), b...)
			c[i] = byte(rand.Uint32())
			describe(c)
		}
	}
}
