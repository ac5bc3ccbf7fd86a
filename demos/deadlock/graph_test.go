package deadlock

import (
	"testing"
	"time"

	"edu/procession/demos/trace"
)

type clock struct{}

func (clock) Now() time.Duration            { return time.Second }
func (clock) Gauge(string, float64, string) {}

// Workers are heard through pipes of their own: a turn with the lock may be heard
// in one piece, after that of who had it next.
func TestHeardLate(t *testing.T) {
	want := func(l trace.ID) trace.Data { return trace.Lock{Is: trace.KindWant, Lock: l} }
	hold := func(l trace.ID) trace.Data { return trace.Lock{Is: trace.KindHold, Lock: l} }
	free := func(l trace.ID) trace.Data { return trace.Lock{Is: trace.KindFree, Lock: l} }
	g := newGraph(clock{})
	for _, h := range []struct {
		who trace.ID
		d   trace.Data
	}{
		{"A", want("1")}, {"A", hold("1")}, {"B", want("1")}, {"B", hold("1")}, {"B", free("1")}, // B had it before A
		{"B", want("2")}, {"B", hold("2")}, {"B", want("1")}, {"A", want("2")},
	} {
		g.hear(h.who, h.d)
	}
	if got := sentence(g.circle()); got != "A waits for 2 of B, B for 1 of A" {
		t.Errorf("the circle: %q", got)
	}
	g.leave("A")
	if got := g.circle(); got != nil {
		t.Errorf("the dead are in a circle: %v", got)
	}
}
