package progress

import (
	"testing"
	"time"
)

// replay answers a question on days counted from the first, which is in the
// lesson; "-" is a wrong answer.
func replay(when func(day int) time.Time, days []int, wrong map[int]bool) Lesson {
	var st State
	for i, d := range days {
		st.Predict("a", Prediction{Question: "q", Confidence: 1, Right: !wrong[i], When: when(d), Review: i > 0})
	}
	return st.Lesson("a")
}

func utc(day int) time.Time { return noon.AddDate(0, 0, day) }

func TestReviewIntervals(t *testing.T) {
	for _, c := range []struct {
		name  string
		days  []int
		wrong map[int]bool
		due   int // days after the first; -1: never
	}{
		{"never predicted", nil, nil, -1},
		{"predicted", []int{0}, nil, 1},
		{"predicted wrongly", []int{0}, map[int]bool{0: true}, 1},
		{"right once", []int{0, 1}, nil, 1 + 3},
		{"right twice", []int{0, 1, 4}, nil, 4 + 7},
		{"right three times", []int{0, 1, 4, 11}, nil, 11 + 21},
		{"known", []int{0, 1, 4, 11, 32}, nil, -1},
		{"wrong at the end", []int{0, 1, 4, 11, 32}, map[int]bool{4: true}, 33},
		{"late, which costs nothing", []int{0, 100}, nil, 103},
		{"wrong, then right", []int{0, 1, 4, 5}, map[int]bool{2: true}, 8},
	} {
		got, ok := replay(utc, c.days, c.wrong).Review("q", time.UTC).Due(DayOf(utc(200)))
		if want := DayOf(utc(c.due)); ok != (c.due >= 0) || ok && got != want {
			t.Errorf("%s: due %v, %v; want %v", c.name, got.Time(), ok, want.Time())
		}
	}
}

// Whoever goes through the lesson again changes nothing in the schedule.
func TestReviewIgnoresLeafing(t *testing.T) {
	var st State
	for i, p := range []Prediction{{}, {Review: true, Right: true}, {}} {
		p.Question, p.Confidence, p.When = "q", 1, utc(i)
		st.Predict("a", p)
	}
	if got, _ := st.Lesson("a").Review("q", time.UTC).Due(DayOf(utc(2))); got != DayOf(utc(4)) {
		t.Errorf("due on %v", got.Time())
	}
}

// A day begins at midnight where the learner is, also where that is not 24 hours
// after the last.
func TestReviewDaysAreLocal(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Skip("no time zones here:", err)
	}
	for _, c := range []struct{ answer, due string }{
		{"2026-03-28 23:50", "2026-03-29 00:10"}, // the night that lacks an hour
		{"2026-10-24 00:10", "2026-10-25 00:10"},
		{"2026-10-25 00:10", "2026-10-26 00:10"}, // after a day of 25 hours
	} {
		at := func(s string) time.Time {
			tm, err := time.ParseInLocation("2006-01-02 15:04", s, berlin)
			if err != nil {
				t.Fatal(err)
			}
			return tm
		}
		l := replay(func(int) time.Time { return at(c.answer).UTC() }, []int{0}, nil)
		day, _ := l.Review("q", berlin).Due(DayOf(at(c.due)))
		if day != DayOf(at(c.due)) {
			t.Errorf("answered at %s, due on %v, want %s", c.answer, day.Time(), c.due)
		}
	}
}

// Rule 8.
func TestReviewClock(t *testing.T) {
	answered := replay(utc, []int{0}, nil).Review("q", time.UTC)
	for back, want := range map[int]int{0: 1, 1: 1, 2: -2, 3000: -3000} { // by so many days
		today := DayOf(utc(-back))
		if got, ok := answered.Due(today); !ok || got != DayOf(utc(want)) {
			t.Errorf("%d days back: due on %v", back, got.Time())
		}
	}
	gone := replay(func(int) time.Time { return time.Time{} }, []int{0}, nil) // what tidy leaves of a clock gone wild
	if got, ok := gone.Review("q", time.UTC).Due(DayOf(noon)); !ok || got > DayOf(noon) {
		t.Errorf("an answer without a time is due on %v, %v", got.Time(), ok)
	}
}
