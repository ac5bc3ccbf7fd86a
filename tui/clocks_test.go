package tui

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"edu/procession/demos/trace"
)

// TestClocksKey: K turns the messages from the time to Lamport and to vector
// clocks and back, and where a run carries none it says so.
func TestClocksKey(t *testing.T) { synctest.Test(t, clocksKey) }

func clocksKey(t *testing.T) {
	at, seq := time.Duration(0), uint64(0)
	event := func(who trace.ID, clock []uint64, d trace.Data) trace.Event {
		at, seq = at+10*time.Millisecond, seq+1
		return trace.Event{Seq: seq, At: at, Source: trace.Worker, Who: who, Kind: d.Kind(), Clock: clock, Data: d}
	}
	msg := func(is trace.Kind) trace.Msg { return trace.Msg{Is: is, Msg: "m", From: "a", To: "b", Text: "hello"} }
	log := func(clocks bool) []trace.Event {
		at, seq = 0, 0
		events := []trace.Event{event("a", nil, trace.Start{PID: 1}), event("b", nil, trace.Start{PID: 2}),
			event("b", []uint64{3, 7}, msg(trace.KindRecv)), event("a", []uint64{3, 0}, msg(trace.KindSend))}
		if !clocks {
			for i := range events {
				events[i].Clock = nil
			}
		}
		return events
	}
	open := func(clocks bool) *driver {
		cfg := testConfig()
		cfg.Replay = &Replay{Name: "r", Header: trace.Header{Clocks: []trace.ID{"a", "b"}}, Events: log(clocks)}
		d := drive(t, cfg, 80, 24)
		d.press("end")
		return d
	}
	d := open(true)
	for _, want := range []string{"LAMPORT", "[3 7]", "TIME"} {
		d.press("K")
		if got := d.screen(); !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
	d.close()
	d = open(false)
	defer d.close()
	d.press("K")
	if got := d.screen(); !strings.Contains(got, "carries no clocks") {
		t.Errorf("nothing is said:\n%s", got)
	}
}
