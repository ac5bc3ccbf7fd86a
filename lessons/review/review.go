// Package review says which questions come back, and how they are asked then:
// with other numbers where a question has some, and with its choices in another
// order, so that it is not the place of an answer that is remembered.
//
//	for _, it := range review.Due(course, store.State(), time.Now()) {
//		q := it.Question            // ask it; the learner chooses i
//		store.Update(func(st *progress.State) { it.Answer(st, i, sure, time.Now()) })
//	}
//
// A question is in the schedule once it was predicted in its lesson. The days are
// those of the calendar where now is: see progress.Intervals.
package review

import (
	"cmp"
	"slices"
	"time"

	"edu/procession/lessons"
	"edu/procession/lessons/progress"
)

// Item is a question that is due, as it is to be asked.
type Item struct {
	Lesson   *lessons.Lesson
	Question lessons.Question
	Since    progress.Day // on which it came back

	variant int
	turned  int // by how many places the choices were moved
}

// Due lists what is to be reviewed on the day of now, what waits longest first.
func Due(c *lessons.Course, st progress.State, now time.Time) []Item {
	var items []Item
	today := progress.DayOf(now)
	each(c, st, now, func(l *lessons.Lesson, q lessons.Question, r progress.Review, day progress.Day) {
		if day > today {
			return
		}
		it := Item{Lesson: l, Since: day}
		it.Question, it.variant = q.Variant(r.Asked + 1)
		if n := len(it.Question.Choices); n > 0 {
			it.turned = (r.Asked + 1) % n
			it.Question.Choices = slices.Concat(it.Question.Choices[it.turned:], it.Question.Choices[:it.turned])
		}
		items = append(items, it)
	})
	slices.SortStableFunc(items, func(a, b Item) int { return cmp.Compare(a.Since, b.Since) })
	return items
}

// Next returns the first day after that of now on which a question comes back,
// false when none will.
func Next(c *lessons.Course, st progress.State, now time.Time) (next progress.Day, ok bool) {
	each(c, st, now, func(_ *lessons.Lesson, _ lessons.Question, _ progress.Review, day progress.Day) {
		if day > progress.DayOf(now) && (!ok || day < next) {
			next, ok = day, true
		}
	})
	return next, ok
}

func each(c *lessons.Course, st progress.State, now time.Time, f func(*lessons.Lesson, lessons.Question, progress.Review, progress.Day)) {
	for _, l := range c.Lessons() {
		known := st.Lesson(l.ID)
		if len(known.Predictions) == 0 {
			continue
		}
		for _, q := range l.Questions {
			r := known.Review(q.ID, now.Location())
			if day, ok := r.Due(progress.DayOf(now)); ok {
				f(l, q, r, day)
			}
		}
	}
}

// Answer notes the answer to a question with choices: choice is an index into
// those of Question. It reports whether that one is right.
func (it Item) Answer(st *progress.State, choice, sure int, now time.Time) bool {
	right := it.Question.Choices[choice].Right
	st.Predict(it.Lesson.ID, progress.Prediction{Question: it.Question.ID, Choice: (choice + it.turned) % len(it.Question.Choices),
		Confidence: sure, Right: right, When: now, Review: true, Variant: it.variant})
	return right
}

// Count notes the answer to a forecast: how many of its runs were predicted to
// show it, and how many did. It reports whether these agree.
func (it Item) Count(st *progress.State, predicted, seen, sure int, now time.Time) bool {
	f := it.Question.Forecast
	right := f.Right(predicted, seen)
	st.Predict(it.Lesson.ID, progress.Prediction{Question: it.Question.ID, Choice: predicted, Confidence: sure,
		Right: right, When: now, Review: true, Runs: f.Runs, Seen: seen})
	return right
}
