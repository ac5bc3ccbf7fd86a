//go:build linux

package peers

import (
	"slices"
	"testing"

	"edu/procession/demos/demo"
	"edu/procession/demos/stage/stagetest"
	"edu/procession/demos/trace"
)

// Each peer counts its own events without a gap, a receipt knows what its send
// knew, and nothing is known that is not in the log.
func TestClocks(t *testing.T) {
	got := stagetest.Play(t, Demo{}, demo.Options{Pace: demo.Fast, Seed: 2, Params: map[string]string{"patience": "3s"}})
	if !slices.Equal(got.Header.Clocks, names[:]) {
		t.Fatalf("the header names %v", got.Header.Clocks)
	}
	var last clock
	var before [len(names)]clock // each peer's clock at its event before
	sent := map[string][]uint64{}
	for _, e := range got.Events {
		if m, ok := e.Data.(trace.Msg); ok && m.Is == trace.KindSend {
			sent[m.Msg] = e.Clock
		}
	}
	received, concluded := 0, 0
	for _, e := range got.Events {
		if e.Clock == nil {
			if m, ok := e.Data.(trace.Msg); ok {
				t.Errorf("event %d, %+v, has no clock", e.Seq, m)
			}
			continue
		}
		own := slices.Index(names[:], e.Who)
		last[own]++
		if e.Clock[own] != last[own] {
			t.Errorf("event %d is number %d of %s, and its clock says %v", e.Seq, last[own], e.Who, e.Clock)
		}
		want := before[own]
		switch d := e.Data.(type) {
		case trace.Belief:
			concluded++
		case trace.Msg:
			if d.Is == trace.KindRecv {
				received++
				for i, n := range sent[d.Msg] {
					want[i] = max(want[i], n)
				}
			}
		}
		want[own]++
		if clock(e.Clock) != want {
			t.Errorf("event %d, %+v of %s: %v, not %v", e.Seq, e.Data, e.Who, e.Clock, want)
		}
		before[own] = want
	}
	for _, c := range before {
		for i, n := range c {
			if n > last[i] {
				t.Errorf("%s is known to have had %d events, of which the log has %d", names[i], n, last[i])
			}
		}
	}
	if received == 0 || concluded < 6 { // two suspect, two hear again, two are told
		t.Errorf("%d receipts, %d conclusions", received, concluded)
	}
}
