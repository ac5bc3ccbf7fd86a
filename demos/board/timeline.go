package board

import (
	"sort"
	"time"

	"edu/procession/demos/trace"
)

// Timeline is a log with Boards kept along the way, so that any position can be
// had quickly: the nearest Board before it is taken further.
//
// Positions count folded events: At(0) is the empty stage, At(Len()) the end.
type Timeline struct {
	events []trace.Event
	kept   []*Board // in order, the empty one first
	every  int      // events between two of them, at least
	end    *Board   // at len(events); taken further in place
	last   *Board   // what the last At that looked back returned
}

// maxKept bounds the Boards that are kept: at twice as many, each second one is
// let go and the distance doubles.
const maxKept = 64

// NewTimeline is an empty log.
func NewTimeline() *Timeline {
	return &Timeline{every: 512, kept: []*Board{New()}, end: New()}
}

// Of is the timeline of a whole log.
func Of(events []trace.Event) *Timeline {
	t := NewTimeline()
	t.Extend(events)
	return t
}

// Len is the number of events.
func (t *Timeline) Len() int { return len(t.events) }

// Events is the log. It must not be changed.
func (t *Timeline) Events() []trace.Event { return t.events }

// Extend appends events that follow those that are there.
func (t *Timeline) Extend(events []trace.Event) {
	for _, e := range events {
		t.events = append(t.events, e)
		t.end.Apply(e)
		// A Board with many tasks takes long to copy, and is kept less often.
		if t.end.Pos-t.kept[len(t.kept)-1].Pos >= max(t.every, len(t.end.Tasks)/8) {
			t.kept = append(t.kept, t.end.Clone())
			if len(t.kept) >= 2*maxKept {
				t.thin()
			}
		}
	}
}

func (t *Timeline) thin() {
	n := 0
	for i := 0; i < len(t.kept); i += 2 {
		t.kept[n] = t.kept[i]
		n++
	}
	clear(t.kept[n:])
	t.kept = t.kept[:n]
	t.every *= 2
}

// At is the Board after pos events, clamped to the log. The Board of the end is
// taken further by the next Extend; every other stays as it is.
func (t *Timeline) At(pos int) *Board {
	pos = min(max(pos, 0), len(t.events))
	if pos == len(t.events) {
		return t.end
	}
	if t.last != nil && t.last.Pos == pos {
		return t.last
	}
	near := t.kept[sort.Search(len(t.kept), func(i int) bool { return t.kept[i].Pos > pos })-1]
	if t.last != nil && t.last.Pos < pos && t.last.Pos > near.Pos {
		near = t.last
	}
	b := near.Clone()
	for _, e := range t.events[b.Pos:pos] {
		b.Apply(e)
	}
	t.last = b
	return b
}

// Find is the position after all events up to a time in the run.
func (t *Timeline) Find(at time.Duration) int {
	return sort.Search(len(t.events), func(i int) bool { return t.events[i].At > at })
}
