package progress

import (
	"maps"
	"slices"
	"time"
)

// How much history one lesson keeps; the oldest goes first.
const (
	maxPredictions = 500
	maxRuns        = 200
)

// State is what is known of one learner: plain data. The zero State is that of
// somebody who has not begun. Adding, removing or changing the meaning of a
// field raises [Schema], so that an older program leaves the file alone.
type State struct {
	Current string                       `json:"current,omitempty"` // the lesson opened last
	Lessons map[string]Lesson            `json:"lessons,omitempty"` // by lesson
	Gauges  map[string]map[string]Gauge  `json:"gauges,omitempty"`  // of the last run, by demo and name
	Puzzles map[string]map[string]Solved `json:"puzzles,omitempty"` // those that were solved, by demo and name
	Table   map[string]Measured          `json:"table,omitempty"`   // the cells of the course's table that have figures
}

// Lesson is what a learner has done in one lesson.
type Lesson struct {
	First       time.Time    `json:"first,omitzero"` // first and last read; no decision rests on a clock
	Last        time.Time    `json:"last,omitzero"`
	Part        int          `json:"part,omitempty"` // furthest part reached, from 0
	Done        bool         `json:"done,omitempty"`
	Predictions []Prediction `json:"predictions,omitempty"` // in the order they were made
	Runs        []Run        `json:"runs,omitempty"`        // in the order they ended
}

// Prediction is an answer given before a run, or in a review. Where a count of
// runs was asked for, Choice is that count, Runs how many there were and Seen how
// many of them showed what was asked.
type Prediction struct {
	Question   string    `json:"question"`
	Choice     int       `json:"choice"`     // index of the choice, from 0
	Confidence int       `json:"confidence"` // 1 guess, 2 fairly sure, 3 certain
	Right      bool      `json:"right"`
	When       time.Time `json:"when,omitzero"`
	Review     bool      `json:"review,omitempty"`  // not in the lesson: when it came back
	Variant    int       `json:"variant,omitempty"` // which of the question's, from 1; 0: as the lesson asks it
	Runs       int       `json:"runs,omitempty"`
	Seen       int       `json:"seen,omitempty"`
}

// Solved is a puzzle that was solved.
type Solved struct {
	Moves int       `json:"moves"` // in the best try
	When  time.Time `json:"when,omitzero"`
}

// Measured is what one run has measured for a cell of the course's table.
type Measured struct {
	Demo   string           `json:"demo"`
	Seed   uint64           `json:"seed"`
	When   time.Time        `json:"when,omitzero"`
	Gauges map[string]Gauge `json:"gauges"`
}

// Run is one run of a demo.
type Run struct {
	Demo string    `json:"demo"`
	When time.Time `json:"when,omitzero"`
	Seed uint64    `json:"seed"`
	OK   bool      `json:"ok"` // the verdict
}

// Gauge is a number that a run measured.
type Gauge struct {
	Value float64 `json:"value"`
	Unit  string  `json:"unit,omitempty"`
}

// Lesson returns what is known of a lesson; the zero Lesson if it was not read.
func (st State) Lesson(id string) Lesson { return st.Lessons[id] }

// Done counts the lessons of ids that are done.
func (st State) Done(ids []string) int {
	n := 0
	for _, id := range ids {
		if st.Lessons[id].Done {
			n++
		}
	}
	return n
}

// Next returns the lesson to go on with, of ids in their order: the one opened
// last while it is not done, else the first undone one after it, else the first
// undone one of all. It reports false when all are done.
func (st State) Next(ids []string) (string, bool) {
	at := max(slices.Index(ids, st.Current), 0)
	for i := range ids {
		if id := ids[(at+i)%len(ids)]; !st.Lessons[id].Done {
			return id, true
		}
	}
	return "", false
}

// Gauge returns a number that the last run of demo measured.
func (st State) Gauge(demo, name string) (Gauge, bool) {
	g, ok := st.Gauges[demo][name]
	return g, ok
}

// Solved returns how a puzzle of a demo was solved best; false if it was not.
func (st State) Solved(demo, puzzle string) (Solved, bool) {
	s, ok := st.Puzzles[demo][puzzle]
	return s, ok
}

// Prediction returns the last answer to a question that was given in the lesson.
func (l Lesson) Prediction(question string) (Prediction, bool) {
	for _, p := range slices.Backward(l.Predictions) {
		if p.Question == question && !p.Review {
			return p, true
		}
	}
	return Prediction{}, false
}

// Read notes that the learner has reached a part of a lesson.
func (st *State) Read(id string, part int, now time.Time) {
	st.Current = id
	st.edit(id, func(l *Lesson) {
		if l.First.IsZero() {
			l.First = now
		}
		l.Last = now
		l.Part = max(l.Part, part)
	})
}

// Predict notes an answer.
func (st *State) Predict(id string, p Prediction) {
	st.edit(id, func(l *Lesson) { l.Predictions = append(l.Predictions, p) })
}

// Ran notes a run and what it measured, in place of what the demo's run before
// it measured. A run outside a lesson has the lesson "" and leaves gauges only.
func (st *State) Ran(id string, r Run, gauges map[string]Gauge) {
	if id != "" {
		st.edit(id, func(l *Lesson) { l.Runs = append(l.Runs, r) })
	}
	if st.Gauges == nil {
		st.Gauges = map[string]map[string]Gauge{}
	}
	st.Gauges[r.Demo] = maps.Clone(gauges)
}

// Measure notes what a run has measured for a cell, in place of what was there.
func (st *State) Measure(cell string, m Measured) {
	if st.Table == nil {
		st.Table = map[string]Measured{}
	}
	m.Gauges = maps.Clone(m.Gauges)
	st.Table[cell] = m
}

// Solve notes that a puzzle was solved, if it never was in as few moves.
func (st *State) Solve(demo, puzzle string, s Solved) {
	if was, ok := st.Solved(demo, puzzle); ok && was.Moves <= s.Moves {
		return
	}
	if st.Puzzles == nil {
		st.Puzzles = map[string]map[string]Solved{}
	}
	if st.Puzzles[demo] == nil {
		st.Puzzles[demo] = map[string]Solved{}
	}
	st.Puzzles[demo][puzzle] = s
}

// Finish marks a lesson as done.
func (st *State) Finish(id string) { st.edit(id, func(l *Lesson) { l.Done = true }) }

func (st *State) edit(id string, f func(*Lesson)) {
	if st.Lessons == nil {
		st.Lessons = map[string]Lesson{}
	}
	l := st.Lessons[id]
	f(&l)
	st.Lessons[id] = l
}

// clone returns a copy that shares nothing with st.
func (st State) clone() State {
	st.Lessons = maps.Clone(st.Lessons)
	for id, l := range st.Lessons {
		l.Predictions = slices.Clone(l.Predictions)
		l.Runs = slices.Clone(l.Runs)
		st.Lessons[id] = l
	}
	st.Gauges = maps.Clone(st.Gauges)
	for demo, g := range st.Gauges {
		st.Gauges[demo] = maps.Clone(g)
	}
	st.Puzzles = maps.Clone(st.Puzzles)
	for demo, p := range st.Puzzles {
		st.Puzzles[demo] = maps.Clone(p)
	}
	st.Table = maps.Clone(st.Table)
	for cell, m := range st.Table {
		m.Gauges = maps.Clone(m.Gauges)
		st.Table[cell] = m
	}
	return st
}
