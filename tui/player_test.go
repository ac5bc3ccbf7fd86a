package tui

import (
	"testing"
	"time"

	"edu/procession/demos/trace"
)

func says(from, n int) []trace.Event {
	var es []trace.Event
	for i := from; i < from+n; i++ {
		d := trace.Say{Text: "x", Stream: "log"}
		es = append(es, trace.Event{Seq: uint64(i + 1), At: time.Duration(i) * 100 * time.Millisecond, Source: trace.Stage, Kind: d.Kind(), Data: d})
	}
	return es
}

// TestPlayer holds the rules of player.
func TestPlayer(t *testing.T) {
	p := newPlayer()
	check := func(what string, m mode, shown, behind int) {
		t.Helper()
		if p.mode != m || p.shown() != shown || p.behind() != behind || p.board().Pos != shown {
			t.Errorf("%s: %v at %d, %d behind, board at %d", what, p.mode, p.shown(), p.behind(), p.board().Pos)
		}
	}
	p.extend(says(0, 10), 950*time.Millisecond)
	check("live", live, 10, 0)

	p.toggle()
	p.extend(says(10, 5), 1500*time.Millisecond)
	check("frozen, the log goes on", frozen, 10, 5)
	p.toggle()
	check("unfrozen is now", live, 15, 0)

	p.step(-1)
	check("one event back", frozen, 14, 1)
	p.shift(-time.Second)
	if p.at != 300*time.Millisecond {
		t.Errorf("a second back is %v", p.at)
	}
	check("a second back", frozen, 4, 11)
	p.step(-100)
	check("never before the start", frozen, 0, 15)

	p.toggle()
	p.faster(5)
	if !p.advance(100 * time.Millisecond) {
		t.Error("it does not play")
	}
	check("0.4 s at 4 times", playing, 5, 10)
	p.extend(says(15, 1), 1600*time.Millisecond)
	check("the log goes on while it plays", playing, 5, 11)
	if p.advance(time.Hour) {
		t.Error("it plays past the end")
	}
	check("live again", live, 16, 0)

	p.end()
	check("over", live, 16, 0)
	p.toggle()
	check("once more from the start", playing, 0, 16)
	p.toggle()
	check("paused", frozen, 0, 16)
	p.seekTime(time.Hour)
	check("never past the end", frozen, 16, 0)
}

// TestQuiz answers, thinks better of it, and answers again.
func TestQuiz(t *testing.T) {
	q := newQuiz(testCourse().Lessons()[0].Questions)
	if _, ok := q.choose(7); ok || q.sure {
		t.Error("there is no eighth choice")
	}
	q.move(-1)
	if q.cursor != 3 {
		t.Errorf("the cursor goes round: %d", q.cursor)
	}
	q.choose(0)
	if !q.sure || q.options() != 3 {
		t.Error("a choice asks how sure")
	}
	if !q.back() || q.sure {
		t.Error("taken back")
	}
	q.choose(1)
	if at, ok := q.choose(2); !ok || at != 0 || !q.done() {
		t.Error("answered")
	}
	if a := q.answer[0]; a != (answer{given: true, choice: 1, sure: 3}) || right(q.qs[0]) != 1 {
		t.Errorf("%+v", a)
	}
	if _, ok := q.choose(0); ok {
		t.Error("nothing is asked any more")
	}
	if !q.back() || q.done() {
		t.Error("it can be answered anew")
	}
}

// A recording that is opened at a moment stands still there.
func TestReplayAtAMoment(t *testing.T) {
	var events []trace.Event
	for i := range 10 {
		events = append(events, trace.Event{Seq: uint64(i) + 1, At: time.Duration(i) * time.Second, Source: trace.Stage, Kind: trace.KindSay, Data: trace.Say{Text: "x", Stream: "log"}})
	}
	m := New(Config{Replay: &Replay{Name: "r", Events: events, Marked: true, At: 2500 * time.Millisecond}})
	defer m.Close()
	p := m.pages[0].(*stagePage).player
	if p.mode != frozen || p.shown() != 3 || p.at != 2500*time.Millisecond {
		t.Errorf("%v at %v after %d events", p.mode, p.at, p.shown())
	}
}
