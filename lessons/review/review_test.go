package review

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"edu/procession/lessons"
	"edu/procession/lessons/progress"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func day(n int) time.Time { return noon.AddDate(0, 0, n) }

func question(id, number string, right int) lessons.Question {
	q := lessons.Question{ID: id, Text: id + " " + number}
	for i := range 4 {
		q.Choices = append(q.Choices, lessons.Choice{Text: fmt.Sprint(i + 1), Right: i == right})
	}
	return q
}

func course() *lessons.Course {
	rounds := question("rounds", "3", 2)
	rounds.Variants = []lessons.Question{question("rounds", "7", 2), question("rounds", "5", 0)}
	return &lessons.Course{Chapters: []lessons.Chapter{{Lessons: []*lessons.Lesson{
		{ID: "a", Questions: []lessons.Question{question("alive", "", 1), rounds}},
		{ID: "b", Questions: []lessons.Question{{ID: "lost", Text: "lost", Forecast: &lessons.Forecast{Runs: 20}}}},
	}}}}
}

func predict(st *progress.State, lesson, q string, when time.Time) {
	st.Predict(lesson, progress.Prediction{Question: q, Confidence: 1, When: when})
}

// show is the questions that are due, with the places of their choices.
func show(items []Item) string {
	var out []string
	for _, it := range items {
		s := strings.TrimSpace(it.Question.Text)
		for _, c := range it.Question.Choices {
			s += map[bool]string{false: " ", true: " *"}[c.Right] + c.Text
		}
		out = append(out, s)
	}
	return strings.Join(out, "; ")
}

// A learner's month: what comes back when, and how.
func TestDue(t *testing.T) {
	c := course()
	var st progress.State
	if got := Due(c, st, noon); len(got) > 0 {
		t.Errorf("due before anything was predicted: %s", show(got))
	}
	predict(&st, "a", "rounds", noon)
	predict(&st, "a", "alive", day(-2)) // and not reviewed since: it waits longer
	predict(&st, "b", "lost", day(1))
	for _, tt := range []struct {
		day    int
		want   string
		answer []int // -1: the count
		next   int   // day after that, -1 for none
	}{
		{0, "alive *2 3 4 1", nil, 1},
		{1, "alive *2 3 4 1; rounds 7 2 *3 4 1", []int{0, 0}, 2}, // the second one wrong
		{2, "rounds 5 3 4 *1 2; lost", []int{2, -1}, 4},
		{4, "alive 3 4 1 *2", []int{3}, 5},
		{5, "rounds 3 4 1 2 *3; lost", []int{3}, 11}, // lost is left for another day
		{6, "lost", nil, 11},
	} {
		items := Due(c, st, day(tt.day))
		if got := show(items); got != tt.want {
			t.Fatalf("day %d: %s\nwant  %s", tt.day, got, tt.want)
		}
		for i, a := range tt.answer {
			if a < 0 {
				if !items[i].Count(&st, 10, 14, 2, day(tt.day)) {
					t.Error("14 of 20 contradicts 10 of 20")
				}
				continue
			}
			if right := items[i].Answer(&st, a, 2, day(tt.day)); right != items[i].Question.Choices[a].Right {
				t.Errorf("day %d: answer %d is %v", tt.day, i, right)
			}
		}
		if next, ok := Next(c, st, day(tt.day)); ok != (tt.next >= 0) || next != progress.DayOf(day(tt.next)) {
			t.Errorf("day %d: next on %v, want day %d", tt.day, next.Time(), tt.next)
		}
	}
	var kept []string
	for _, p := range st.Lesson("a").Predictions {
		if p.Review {
			kept = append(kept, fmt.Sprint(p.Question, " ", p.Variant, " ", p.Choice, " ", p.Right))
		}
	}
	// The choice is kept as the lesson numbers it.
	if got, want := strings.Join(kept, ", "), "alive 0 1 true, rounds 1 1 false, rounds 2 0 true, alive 0 1 true, rounds 0 2 true"; got != want {
		t.Errorf("kept %s\nwant %s", got, want)
	}
}

// Turning the choices for a review leaves the course as it was.
func TestDueLeavesTheCourse(t *testing.T) {
	c := course()
	var st progress.State
	predict(&st, "a", "alive", noon)
	Due(c, st, day(5))
	if got := c.Lessons()[0].Questions[0].Choices[0].Text; got != "1" {
		t.Errorf("the lesson's first choice is %s", got)
	}
}
