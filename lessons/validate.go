package lessons

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Limits that keep a lesson short and a listing on an 80-column screen.
const (
	maxPart    = 1700 // runes of prose in one part or reply
	maxColumns = 72   // columns of a listing's line, a tab being four
	maxLines   = 115  // lines of a listing
)

var (
	idRE = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)
	// A typed-in speed-up, as in 2x: true on somebody else's machine.
	promiseRE = regexp.MustCompile(`(^|[\s(~])\d+(\.\d+)?\s?[x×]($|[\s.,;:!?)])`)
)

// Problems validates a course and says in plain sentences what is wrong with
// it, each with its place; none means that it is fit to be shown. known says
// what demos exist and which gauges each reports; nil skips that check.
//
// The tests hold each rule with a broken lesson: see TestProblems.
func Problems(c *Course, known map[string][]string) []string {
	v := &validator{course: c, known: known, ids: map[string]string{}}
	if len(c.Chapters) == 0 {
		v.add("course", "has no chapters")
	}
	for _, ch := range c.Chapters {
		where := "chapter " + ch.ID
		v.unique(where, "chapter "+ch.ID, ch.ID)
		v.words(where, "title", ch.Title)
		v.words(where, "summary", ch.Summary)
		if len(ch.Lessons) == 0 {
			v.add(where, "has no lessons")
		}
		for _, l := range ch.Lessons {
			v.lesson(l)
		}
	}
	v.glossary()
	return v.problems
}

type validator struct {
	course   *Course
	known    map[string][]string
	ids      map[string]string // id -> the first that has it
	problems []string
}

func (v *validator) add(where, format string, args ...any) {
	v.problems = append(v.problems, where+": "+fmt.Sprintf(format, args...))
}

func (v *validator) words(where, what, text string) {
	if strings.TrimSpace(text) == "" {
		v.add(where, "has no %s", what)
	}
}

// unique holds that key, which is an id with its namespace, is used once.
func (v *validator) unique(where, key, id string) {
	if !idRE.MatchString(id) {
		v.add(where, "the id %q is not in lower case with hyphens", id)
	}
	if first, ok := v.ids[key]; ok {
		v.add(where, "the id %q is also used in %s", id, first)
		return
	}
	v.ids[key] = where
}

func (v *validator) lesson(l *Lesson) {
	where := l.ID
	v.unique(where, "lesson "+l.ID, l.ID)
	v.words(where, "title", l.Title)
	v.words(where, "summary", l.Summary)
	if l.Minutes < 1 || l.Minutes > 45 {
		v.add(where, "minutes is %d; a lesson takes 1 to 45", l.Minutes)
	}
	if len(l.Goals) == 0 {
		v.add(where, "has no goals")
	}
	v.words(where, "demo", l.Demo)
	gauges, ok := v.known[l.Demo]
	if v.known != nil && !ok {
		v.add(where, "there is no demo %q", l.Demo)
	}
	if len(l.Terms) == 0 {
		v.add(where, "uses no terms")
	}
	for i, t := range l.Terms {
		if _, ok := v.course.Term(t); !ok {
			v.add(where, "the term %q is not in the glossary", t)
		}
		if slices.Contains(l.Terms[:i], t) {
			v.add(where, "the term %q is listed twice", t)
		}
	}

	var kinds []PartKind
	for _, p := range l.Parts {
		kinds = append(kinds, p.Kind)
		v.part(where, p)
	}
	if !slices.Equal(kinds, Kinds) {
		v.add(where, "has the sections %v, wants %v", kinds, Kinds)
	}
	if len(l.Questions) == 0 {
		v.add(where, "asks no question")
	}
	for _, q := range l.Questions {
		v.question(where, q)
	}
	eachText(l, func(part, text string) {
		v.prose(where+" "+part, text)
		for _, g := range GaugesIn(text) {
			if ok && !slices.Contains(gauges, g) {
				v.add(where+" "+part, "the demo %q does not report the gauge %q", l.Demo, g)
			}
		}
	})
	if p, ok := l.Part(Explain); ok && len(GaugesIn(p.Body)) == 0 {
		v.add(where+" explain", "names no gauge of the learner's own run")
	}
}

func (v *validator) part(lesson string, p Part) {
	where := lesson + " " + string(p.Kind)
	v.words(where, "title", p.Title)
	if p.Kind != Predict {
		v.words(where, "text", p.Body)
	}
	switch p.Kind {
	case Python:
		v.listing(where, "main.py", p.Code, `if __name__ == "__main__":`)
	case Go:
		v.listing(where, "main.go", p.Code, "package main\n")
	default:
		if p.Code != "" {
			v.add(where, "has a listing; only python and go have one")
		}
	}
}

func (v *validator) listing(where, file, code, must string) {
	if code == "" {
		v.add(where, "has no listing: %s is missing or empty", file)
		return
	}
	if !strings.Contains(code, must) {
		v.add(where, "%s is not a complete program: it has no %q", file, strings.TrimSpace(must))
	}
	if n := strings.Count(code, "\n"); n > maxLines {
		v.add(where, "%s has %d lines; %d fit", file, n, maxLines)
	}
	n := 0
	for s := range strings.Lines(code) {
		n++
		s = strings.TrimRight(s, "\n")
		if w := utf8.RuneCountInString(strings.ReplaceAll(s, "\t", "    ")); w > maxColumns {
			v.add(where, "%s line %d is %d columns wide; %d fit", file, n, w, maxColumns)
		}
	}
	v.glyphs(where, strings.ReplaceAll(code, "\t", ""))
}

func (v *validator) question(lesson string, q Question) {
	where := lesson + " " + q.ID
	v.unique(where, "question "+q.ID, q.ID)
	v.words(where, "question", q.Text)
	if q.Forecast != nil {
		v.forecast(where, q)
		return
	}
	v.choices(where, q)
	for i, w := range q.Variants {
		v.choices(fmt.Sprintf("%s, row %d of its table", where, i+2), w)
		if w.Text == q.Text && slices.Equal(w.Choices, q.Choices) {
			v.add(where, "row %d of its table asks the same as the first", i+2)
		}
	}
}

func (v *validator) choices(where string, q Question) {
	if len(q.Choices) != 4 {
		v.add(where, "has %d choices, wants 4", len(q.Choices))
	}
	right := 0
	seen := map[string]bool{}
	for _, c := range q.Choices {
		if c.Right {
			right++
		}
		if seen[c.Text] {
			v.add(where, "the choice %q is there twice", c.Text)
		}
		seen[c.Text] = true
		v.words(where, "text in a choice", c.Text)
		v.words(where, fmt.Sprintf("reply to the choice %q", c.Text), c.Why)
	}
	if right != 1 {
		v.add(where, "has %d right answers, wants exactly one", right)
	}
}

// prose holds what is true of every piece of text: it is short, promises no
// figure, is drawable, and its placeholders are well formed.
func (v *validator) prose(where, text string) {
	if n := utf8.RuneCountInString(text); n > maxPart {
		v.add(where, "is %d characters long; %d fit", n, maxPart)
	}
	if strings.ContainsAny(text, "0123456789") { // spares most texts the expression
		if m := promiseRE.FindString(text); m != "" {
			v.add(where, "promises %q; a speed-up is measured, so name a gauge", strings.TrimSpace(m))
		}
	}
	if rest := gaugeRE.ReplaceAllString(text, ""); strings.Contains(rest, "{{") || strings.Contains(rest, "}}") {
		v.add(where, `has a malformed placeholder; write {{gauge "name"}}, or {{column}} for one of the question's table`)
	}
	v.glyphs(where, text)
}

// glyphs refuses what terminals draw at different widths or not at all:
// controls, combining marks, joiners and emoji.
func (v *validator) glyphs(where, text string) {
	for _, r := range text {
		switch {
		case r == '\n', ' ' <= r && r <= '~':
		case r == utf8.RuneError, unicode.In(r, unicode.C, unicode.M),
			r >= 0x2600 && r <= 0x27bf, r >= 0x1f000 && r <= 0x1ffff:
			v.add(where, "holds %U, which terminals draw differently", r)
			return
		}
	}
}

func (v *validator) glossary() {
	used := map[string]bool{}
	for _, l := range v.course.Lessons() {
		for _, t := range l.Terms {
			used[strings.ToLower(t)] = true
		}
	}
	names := map[string]bool{}
	for _, t := range v.course.Terms {
		where := "glossary " + t.Name
		v.words(where, "text", t.Text)
		v.words(where, "name in another language", t.Also)
		v.prose(where, t.Name+" "+t.Text+" "+t.Also)
		for _, n := range []string{t.Name, t.Also} {
			if n != "" && names[strings.ToLower(n)] {
				v.add(where, "the name %q is there twice", n)
			}
			names[strings.ToLower(n)] = true
		}
		if !used[strings.ToLower(t.Name)] && !used[strings.ToLower(t.Also)] {
			v.add(where, "no lesson uses it")
		}
	}
}

// parallel says where the course in another language departs from the base:
// the lessons, their sections, questions, right answers, gauges and facts must
// be the same.
func parallel(base, other *Course) []string {
	v := &validator{}
	where := other.Lang
	differ := func(what string, same bool, a, b any) {
		if !same {
			v.add(where, "%s: %s has %v, here %v", what, base.Lang, a, b)
		}
	}
	a, b := base.Lessons(), other.Lessons()
	ids := func(ls []*Lesson) (ids []string) {
		for _, l := range ls {
			ids = append(ids, l.ID)
		}
		return ids
	}
	if !slices.Equal(ids(a), ids(b)) {
		differ("lessons", false, ids(a), ids(b))
		return v.problems
	}
	for i, la := range a {
		lb := b[i]
		where = other.Lang + " " + la.ID
		differ("demo", la.Demo == lb.Demo, la.Demo, lb.Demo)
		differ("set", maps.Equal(la.Set, lb.Set), la.Set, lb.Set)
		differ("minutes", la.Minutes == lb.Minutes, la.Minutes, lb.Minutes)
		differ("terms", slices.Equal(la.Terms, lb.Terms), la.Terms, lb.Terms)
		differ("number of goals", len(la.Goals) == len(lb.Goals), len(la.Goals), len(lb.Goals))
		for _, kind := range Kinds {
			pa, _ := la.Part(kind)
			pb, ok := lb.Part(kind)
			differ(string(kind), ok, "this section", "none")
			ga, gb := GaugesIn(pa.Body), GaugesIn(pb.Body)
			slices.Sort(ga) // another language may need another order
			slices.Sort(gb)
			differ("gauges of "+string(kind), slices.Equal(ga, gb), ga, gb)
		}
		qa, qb := outlineOf(la.Questions), outlineOf(lb.Questions)
		differ("questions", slices.Equal(qa, qb), qa, qb)
	}
	return v.problems
}

// outlineOf describes questions without their words: the id, what is counted, the
// right choice of each variant, a letter a choice (+ for the right one), and the
// gauges that they name.
func outlineOf(qs []Question) []string {
	var out []string
	for _, q := range qs {
		s := q.ID + " "
		if f := q.Forecast; f != nil {
			s += fmt.Sprint(f.Demo, f.Set, f.Runs, f.Gauge, f.Above, f.Verdict, GaugesIn(f.Why))
		}
		for _, v := range q.Variants {
			s += fmt.Sprint(right(v), " ")
		}
		for _, c := range q.Choices {
			if c.Right {
				s += "+"
			} else {
				s += "-"
			}
			for _, g := range GaugesIn(c.Text + c.Why) {
				s += g
			}
		}
		out = append(out, s)
	}
	return out
}

// right is the index of the right choice, -1 when there is none.
func right(q Question) int {
	return slices.IndexFunc(q.Choices, func(c Choice) bool { return c.Right })
}
