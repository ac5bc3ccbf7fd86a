// Package lessons holds the course: what is taught, in which order, and what
// is asked. It knows nothing of terminals or processes. The interface draws
// what it finds here; a demo makes the claims come true.
//
// A lesson never states a measured number. It names a gauge of its demo, as in
// {{gauge "speedup"}}, and [Fill] puts the learner's own figure there, or
// "not measured yet".
//
// # How to add a lesson
//
//  1. Make a folder here, named as the lesson's id: lessons/my-lesson.
//  2. Put en.md into it (the form is below), main.py and main.go. The two
//     listings are ordinary programs: run them where they are, with
//     "python3 lessons/my-lesson/main.py" and "go run ./lessons/my-lesson".
//  3. Add the id to a chapter in course.toml.
//  4. Define the new terms in glossary.en.toml.
//  5. Run "go test ./lessons". It says what is missing, and runs the listings.
//
// A lesson is Markdown under a front matter in TOML:
//
//	+++
//	title = "The life of a process"
//	summary = "Started is not running, and ended is not gone."
//	minutes = 8                      # to read, run and think
//	demo = "process-life"            # the demo's name
//	set = { workers = 2 }            # its parameters, if not the defaults
//	terms = ["process", "zombie"]    # glossary terms that it uses
//	goals = ["tell the states apart"]
//	+++
//
//	## The idea {#idea}
//	## In Python {#python}           the listing is main.py
//	## In Go {#go}                   the listing is main.go
//	## Predict {#predict}
//
//	### A stopped child: what does `is_alive()` say? {#stopped-is-alive}
//
//	- [x] True
//	  Stopped is not ended.
//	- [ ] False
//	  Why somebody believes this, and what is true instead.
//
//	## Observe {#observe}
//	## Explain {#explain}
//	## Across machines {#contrast}
//
// All seven sections are there, once, in this order. The ids in braces are the
// same in every language; the words before them are free. A question has four
// choices, one of them marked x, each with its reply indented below it.
//
// A question comes back in reviews. Where its answer depends on numbers, a table
// below the choices gives others: the first row is the lesson's, the others are
// asked in their turn.
//
//	### {{tasks}} tasks of 1 s, {{workers}} workers. How long? {#rounds}
//
//	- [x] {{rounds}} s
//	  Rounded up: the last round counts in full.
//	- [ ] {{tasks}} s
//	  That would be one worker.
//
//	| tasks | workers | rounds |
//	| ----- | ------- | ------ |
//	| 3     | 2       | 2      |
//	| 7     | 3       | 3      |
//
// A column "right" says which choice is right, from 1, where that depends on the
// row; then none is marked x.
//
// Where one run may come out either way, a question asks for how many of some
// runs: in place of choices it has the outcome and the reply, and its facts stand
// in the front matter. The learner's machine runs them.
//
//	### In how many of 20 runs is an update lost? {#lost-of-twenty}
//
//	- [?] lost an update
//	  What is true whatever was measured.
//
//	[forecast.lost-of-twenty]
//	runs = 20                        # fast ones, of the lesson's demo if not another
//	set = { workers = 2 }
//	gauge = "lost-updates"           # its values are drawn
//	above = 0                        # more than this counts; or: verdict = "words"
//
// Another language is another file beside en.md, with the same ids,
// questions and gauges, and a glossary of its own. Its front matter needs only
// the words (title, summary, goals); the facts are taken from en.md.
//
// # The rules
//
//  1. [Load] returns a course without problems, or an error that names them.
//  2. A lesson's Number is its place in the course, from 1. Ids never change:
//     a learner's progress is kept under them.
//  3. What a learner reads of a listing is what the tests ran.
package lessons

import (
	"embed"
	"fmt"
	"strings"
	"sync"
)

//go:embed course.toml glossary.*.toml */*.md */main.py */main.go
var files embed.FS

// Course is the whole course in one language. It is read only once loaded, and
// safe for use by several goroutines.
type Course struct {
	Lang     string
	Chapters []Chapter
	Terms    []Term // sorted by name

	indexOnce sync.Once
	index     []entry
}

// Chapter is a run of lessons that belong together.
type Chapter struct {
	ID, Title, Summary string
	Lessons            []*Lesson
}

// Lesson is one sitting: read, predict, run, explain.
type Lesson struct {
	ID, Title, Summary string
	Number             int               // place in the course, from 1
	Minutes            int               // to read, run and think
	Demo               string            // the demo that it runs
	Set                map[string]string // the demo's parameters, where not the defaults
	Watch              []string          // gauges that it names, in order of first mention
	Terms              []string          // glossary terms that it uses
	Goals              []string          // what the learner can do afterwards
	Parts              []Part            // in the order of Kinds
	Questions          []Question        // asked in the predict part
}

// Part returns the lesson's part of that kind.
func (l *Lesson) Part(kind PartKind) (Part, bool) {
	for _, p := range l.Parts {
		if p.Kind == kind {
			return p, true
		}
	}
	return Part{}, false
}

// Measured is the name under which the numbers are kept that the lesson's demo
// measures.
func (l *Lesson) Measured() string { return Measured(l.Demo, l.Set) }

// Measured names what a run of a demo measured: the demo, and where the demo plays
// the listing of any lesson, that lesson, so that one listing's numbers do not pass
// for another's.
func Measured(demo string, set map[string]string) string {
	if lesson := set["lesson"]; lesson != "" {
		return demo + " " + lesson
	}
	return demo
}

// PartKind says what a part is for. It is also the section's id in the file.
type PartKind string

const (
	Idea     PartKind = "idea"     // what to understand, in a few sentences
	Python   PartKind = "python"   // prose about main.py, which is in Code
	Go       PartKind = "go"       // prose about main.go, which is in Code
	Predict  PartKind = "predict"  // leads to the questions; its Body may be empty
	Observe  PartKind = "observe"  // which keys to press and what to look at
	Explain  PartKind = "explain"  // what the learner's own run showed
	Contrast PartKind = "contrast" // what changes when machines are apart
)

// Kinds lists all kinds in the order in which a lesson has them.
var Kinds = []PartKind{Idea, Python, Go, Predict, Observe, Explain, Contrast}

func (k PartKind) String() string { return string(k) }

// Part is a section of a lesson. Body is Markdown and may hold gauge
// placeholders; Code is a complete program, and only python and go have one.
type Part struct {
	Kind        PartKind
	Title, Body string
	Code        string
}

// Question is asked before the run, and comes back in reviews. Its ID is the same
// in every language. It has choices or a forecast.
type Question struct {
	ID, Text string // Text is Markdown
	Choices  []Choice
	Variants []Question // the same with other numbers, for a review; they have no variants
	Forecast *Forecast  // how many of some runs; nil for a question with choices
}

// Variant returns the question as it is asked for the n-th time: 0 as in the
// lesson, then one variant after another, and the lesson's own in its turn. which
// is 0 for the lesson's own, else the variant's number from 1.
func (q Question) Variant(n int) (asked Question, which int) {
	which = n % (len(q.Variants) + 1)
	if which == 0 {
		return q, 0
	}
	return q.Variants[which-1], which
}

// Options is how many answers there are to choose from.
func (q Question) Options() int {
	if q.Forecast != nil {
		return q.Forecast.Runs + 1
	}
	return len(q.Choices)
}

// Answer is an answer in words.
func (q Question) Answer(choice int) string {
	if q.Forecast != nil {
		return fmt.Sprintf("%d of %d", choice, q.Forecast.Runs)
	}
	return q.Choices[choice].Text
}

// Choice is one answer. Why is the reply to whoever chose it, in Markdown: for
// a wrong choice it names the misconception. It may hold gauge placeholders.
type Choice struct {
	Text  string
	Right bool
	Why   string
}

// Term is an entry of the glossary. Also is its name in another language: the
// Chinese one in the English glossary.
type Term struct {
	Name, Text string
	Also       string
}

// Lessons returns all lessons in order.
func (c *Course) Lessons() []*Lesson {
	var all []*Lesson
	for _, ch := range c.Chapters {
		all = append(all, ch.Lessons...)
	}
	return all
}

// Lesson finds a lesson by its id.
func (c *Course) Lesson(id string) (*Lesson, bool) {
	for _, l := range c.Lessons() {
		if l.ID == id {
			return l, true
		}
	}
	return nil, false
}

// Term finds a term by either of its names, whatever their case.
func (c *Course) Term(name string) (Term, bool) {
	for _, t := range c.Terms {
		if strings.EqualFold(t.Name, name) || t.Also != "" && strings.EqualFold(t.Also, name) {
			return t, true
		}
	}
	return Term{}, false
}
