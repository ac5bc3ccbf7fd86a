package tui

import "edu/procession/lessons"

// quiz is the state of a lesson's questions while they are asked: a choice,
// then how sure the learner is, then the next question. It is pure.
type quiz struct {
	qs     []lessons.Question
	at     int // the question asked; len(qs) when all are answered
	cursor int // the choice, or the confidence less one, under the cursor
	sure   bool
	typed  bool     // the cursor is a number that is being typed
	answer []answer // by question
}

// answer is a prediction.
type answer struct {
	given  bool
	choice int // of a forecast: how many runs
	sure   int // 1 guess, 2 fairly sure, 3 certain
	runs   int // of a forecast, once they are over; 0 before
	seen   int // how many of them it was
}

// confidences are the words for how sure somebody is, from 1.
var confidences = [...]string{"a guess", "fairly sure", "certain"}

func newQuiz(qs []lessons.Question) quiz {
	q := quiz{qs: qs, answer: make([]answer, len(qs))}
	q.ask(0)
	return q
}

// ask turns to the i-th question.
func (q *quiz) ask(i int) {
	q.at, q.sure, q.typed, q.cursor = i, false, false, 0
	if q.counting() {
		q.cursor = q.qs[i].Forecast.Runs / 2
	}
}

// counting says that a number of runs is asked for now.
func (q *quiz) counting() bool { return !q.done() && !q.sure && q.qs[q.at].Forecast != nil }

// count moves the number of runs, or types a digit of it.
func (q *quiz) count(by int) {
	q.cursor, q.typed = min(max(q.cursor+by, 0), q.options()-1), false
}

func (q *quiz) digit(d int) {
	if n := 10*q.cursor + d; q.typed && n < q.options() {
		d = n
	}
	q.cursor, q.typed = min(d, q.options()-1), true
}

// done says that every question has an answer.
func (q *quiz) done() bool { return q.at >= len(q.qs) }

// options is how many things there are to choose from now.
func (q *quiz) options() int {
	switch {
	case q.done():
		return 0
	case q.sure:
		return len(confidences)
	}
	return q.qs[q.at].Options()
}

// move moves the cursor, round at the ends.
func (q *quiz) move(n int) {
	if all := q.options(); all > 0 {
		q.cursor = ((q.cursor+n)%all + all) % all
	}
}

// choose takes the i-th thing to choose from, and reports whether this completes
// an answer, which is then that of question asked.
func (q *quiz) choose(i int) (asked int, complete bool) {
	if i < 0 || i >= q.options() {
		return 0, false
	}
	asked = q.at
	if !q.sure {
		q.answer[q.at].choice = i
		q.sure, q.cursor = true, 1 // most people are fairly sure
		return asked, false
	}
	a := &q.answer[q.at]
	a.sure, a.given, a.runs, a.seen = i+1, true, 0, 0
	q.ask(q.at + 1)
	return asked, true
}

// back takes the last choice back: the confidence's question, or the question
// before.
func (q *quiz) back() bool {
	switch {
	case q.sure:
		q.sure, q.typed, q.cursor = false, false, q.answer[q.at].choice
	case q.at > 0:
		q.ask(q.at - 1)
		q.cursor = q.answer[q.at].choice
	default:
		return false
	}
	return true
}

// right is the index of the right choice, -1 when there is none.
func right(q lessons.Question) int {
	for i, c := range q.Choices {
		if c.Right {
			return i
		}
	}
	return -1
}
