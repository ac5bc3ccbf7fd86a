//go:build linux

package clocks

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"edu/procession/demos/board"
	"edu/procession/demos/demo"
	"edu/procession/demos/stage/stagetest"
	"edu/procession/demos/trace"
	"edu/procession/demos/trace/export"
)

func TestMain(m *testing.M) { stagetest.Main(m, Demo{}) }

func gauge(b *board.Board, name string) int {
	g, _ := b.Gauge(name)
	return int(g.Value)
}

// check holds the clocks of a log: each node counts its own events without a gap,
// a receipt knows what its send knew, and on each message the Lamport clock rises.
func check(t *testing.T, got stagetest.Result) {
	t.Helper()
	if !slices.Equal(got.Header.Clocks, names[:]) {
		t.Fatalf("the header names %v", got.Header.Clocks)
	}
	sent := map[string]trace.Event{}
	for _, e := range got.Events {
		if m, ok := e.Data.(trace.Msg); ok && m.Is == trace.KindSend {
			sent[m.Msg] = e
		}
	}
	var before [len(names)]vector
	received := 0
	for _, e := range got.Events {
		m, isMsg := e.Data.(trace.Msg)
		if e.Clock == nil {
			if isMsg {
				t.Errorf("event %d, %+v, has no clock", e.Seq, m)
			}
			continue
		}
		own := slices.Index(names[:], e.Who)
		want := before[own]
		if isMsg && m.Is == trace.KindRecv {
			received++
			s, ok := sent[m.Msg]
			if !ok {
				t.Fatalf("%q was never sent", m.Msg)
			}
			for i, n := range s.Clock {
				want[i] = max(want[i], n)
			}
			if left, here := counts(t, s.Data.(trace.Msg).Text), counts(t, m.Text); here <= left {
				t.Errorf("%q left at %d and arrived at %d", m.Msg, left, here)
			}
		}
		want[own]++
		if vector(e.Clock) != want {
			t.Errorf("event %d, %+v of %s: %v, not %v", e.Seq, e.Data, e.Who, e.Clock, want)
		}
		before[own] = want
	}
	if received == 0 {
		t.Error("nothing was received")
	}
}

// counts is the last Lamport clock in a message's text.
func counts(t *testing.T, text string) (n int) {
	t.Helper()
	i := strings.LastIndex(text, "L")
	if _, err := fmt.Sscanf(text[i+1:], "%d", &n); err != nil {
		t.Errorf("%q: %v", text, err)
	}
	return n
}

// Unattended: by wall clocks a later write is lost, by Lamport clocks none is.
func TestScript(t *testing.T) {
	for _, stamps := range []string{byWall, byLamport} {
		t.Run(stamps, func(t *testing.T) {
			got := stagetest.Play(t, Demo{}, demo.Options{Pace: demo.Fast, Seed: 1, Params: map[string]string{"stamps": stamps, "offset": "2s"}})
			b := got.Board
			if v := b.Verdict; got.Err != nil || v == nil || !v.OK {
				t.Fatalf("the run: %v, %+v", got.Err, v)
			}
			t.Logf("took %v: %s", b.At, b.Verdict.Text)
			if lost := gauge(b, "lost-writes"); (lost > 0) != (stamps == byWall) {
				t.Errorf("%d writes lost", lost)
			}
			if gauge(b, "concurrent") < 1 || gauge(b, "backwards") < 1 || gauge(b, "offset-b") != -2000 {
				t.Errorf("%+v", b.Gauges)
			}
			kept, reached := 0, 0
			for _, e := range got.Events {
				switch d := e.Data.(type) {
				case trace.Cell:
					kept++
				case trace.Msg:
					if d.Is == trace.KindRecv && d.To == store && strings.HasPrefix(d.Text, writeX) {
						reached++
					}
				}
			}
			aside := reached - (kept - 1) // the first is the store's own
			if reached != gauge(b, "writes") || aside < gauge(b, "lost-writes") || stamps == byLamport && aside > gauge(b, "concurrent") {
				t.Errorf("%d writes reached the store, which set %d aside: %+v", reached, aside, b.Gauges)
			}
			check(t, got)
		})
	}
}

// Whatever the clocks say, with Lamport stamps no later write is lost, and the
// clocks that count are right.
func TestOffsets(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 9))
	run := stagetest.Start(t, Demo{}, demo.Options{Pace: demo.Fast, Seed: 1, Attended: true,
		Params: map[string]string{"stamps": byLamport, "offset": "5s", "pause": "10ms"}})
	for i := range 8 {
		name := []string{behind, ahead, both}[rnd.IntN(3)]
		if err := run.Act(name, names[rnd.IntN(len(names))]); err != nil {
			t.Fatal(err)
		}
		stagetest.Until(t, run, "more writes", func(b *board.Board) bool { return gauge(b, "writes") >= 6*(i+1) })
	}
	run.Finish()
	got := stagetest.End(t, run)
	if v := got.Board.Verdict; got.Err != nil || v == nil || !v.OK {
		t.Fatalf("the run: %v, %+v", got.Err, v)
	}
	if lost := gauge(got.Board, "lost-writes"); lost != 0 {
		t.Errorf("%d writes lost", lost)
	}
	check(t, got)
	var out bytes.Buffer
	if left, err := export.ShiViz(&out, got.Header, got.Events); err != nil || left != 0 || !strings.Contains(out.String(), `{"a":1`) {
		t.Errorf("ShiViz: %v, %d left out, %.200s", err, left, out.String())
	}
}

// Of two vectors one is before the other, or neither.
func TestBefore(t *testing.T) {
	for _, tt := range []struct {
		v, o vector
		want bool
	}{
		{vector{1, 0, 0}, vector{1, 1, 0}, true},
		{vector{1, 1, 0}, vector{1, 0, 0}, false},
		{vector{1, 0, 0}, vector{0, 1, 0}, false},
		{vector{1, 2, 3}, vector{1, 2, 3}, false},
		{vector{}, vector{0, 0, 1}, true},
	} {
		if got := tt.v.before(tt.o); got != tt.want {
			t.Errorf("%v before %v: %v", tt.v, tt.o, got)
		}
	}
}

// The store goes by the stamps that it is told to go by, and by the name where
// they are equal.
func TestWins(t *testing.T) {
	noon := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
	kept := msg{From: "a", Wall: noon, Count: 7}
	for _, tt := range []struct {
		stamps string
		m      msg
		want   bool
	}{
		{byWall, msg{From: "b", Wall: noon.Add(-time.Millisecond), Count: 9}, false},
		{byLamport, msg{From: "b", Wall: noon.Add(-time.Millisecond), Count: 9}, true},
		{byWall, msg{From: "b", Wall: noon.Add(time.Millisecond), Count: 5}, true},
		{byLamport, msg{From: "b", Wall: noon.Add(time.Millisecond), Count: 5}, false},
		{byWall, msg{From: "b", Wall: noon}, true},
		{byLamport, msg{From: "b", Count: 7}, true},
		{byLamport, msg{From: "a", Count: 7}, false},
	} {
		if got := (&shelf{stamps: tt.stamps, kept: kept}).wins(tt.m); got != tt.want {
			t.Errorf("%s, %+v: %v", tt.stamps, tt.m, got)
		}
	}
}

// A program that is killed leaves none of its nodes.
func TestNothingSurvives(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 1))
	for range 2 {
		stagetest.KillHost(t, "whose-clock", 4, rnd)
	}
}
