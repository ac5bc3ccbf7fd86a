package tui

import (
	"fmt"
	"slices"

	tea "charm.land/bubbletea/v2"

	"edu/procession/demos/demo"
	"edu/procession/demos/safe"
	"edu/procession/lessons"
	"edu/procession/tui/theme"
)

// coursePage is the table of contents: chapters, lessons with what the learner
// has done of them, and the demos.
type coursePage struct {
	m       *Model
	entries []entry
	at      int   // entry under the cursor
	top     int   // first line shown
	rows    []int // entry of each line drawn last, -1 for none
	listW   int
	kept    *keptPage // nil: not opened yet
}

// entry is something that can be opened.
type entry struct {
	lesson *lessons.Lesson
	demo   demo.Demo
}

func newCourse(m *Model) *coursePage {
	c := &coursePage{m: m}
	for _, l := range m.cfg.Course.Lessons() {
		c.entries = append(c.entries, entry{lesson: l})
	}
	for _, d := range m.cfg.Demos {
		c.entries = append(c.entries, entry{demo: d})
	}
	if l := c.next(); l != nil {
		c.at = l.Number - 1
	}
	return c
}

// next is the lesson to go on with, nil when all are done.
func (c *coursePage) next() *lessons.Lesson {
	all := c.m.cfg.Course.Lessons()
	ids := make([]string, len(all))
	for i, l := range all {
		ids[i] = l.ID
	}
	id, more := c.m.state.Next(ids)
	if !more {
		return nil
	}
	l, _ := c.m.cfg.Course.Lesson(id)
	return l
}

func (c *coursePage) crumbs() []string { return []string{"the course"} }

func (c *coursePage) corner() string {
	all := c.m.cfg.Course.Lessons()
	done := 0
	for _, l := range all {
		if c.m.state.Lesson(l.ID).Done {
			done++
		}
	}
	due := ""
	if n := len(c.m.due()); n > 0 {
		due = fmt.Sprintf("%d to review", n)
	}
	return join(due, fmt.Sprintf("%d of %d lessons done", done, len(all)))
}

func (c *coursePage) update(tea.Msg) tea.Cmd { return nil }
func (c *coursePage) leave() tea.Cmd         { return nil }

// front puts the cursor on what is next, when the learner comes back from a lesson.
func (c *coursePage) front() tea.Cmd {
	if l := c.next(); l != nil && c.m.state.Current != "" && c.at < len(c.m.cfg.Course.Lessons()) {
		c.at = l.Number - 1
	}
	return nil
}

func (c *coursePage) bar() []barRow {
	k := c.m.keys
	open := k.Open
	if e := c.entry(); e.demo != nil {
		open.Word = "run demo"
	} else if e.lesson != nil && c.m.state.Lesson(e.lesson.ID).First.IsZero() {
		open.Word = "begin lesson"
	} else if e.lesson != nil {
		open.Word = "open lesson"
	}
	items := []Binding{open}
	if l := c.next(); l != nil && (c.entry().lesson != l) {
		items = append(items, k.Continue)
	}
	items = append(items, k.Search, k.Glossary, k.Recordings.as("", "replay"))
	if n := len(c.m.due()); n > 0 {
		items = append(items, k.Review.as("", fmt.Sprintf("review %d", n)))
	}
	return []barRow{{Items: append(items, press("q", "leave"), k.Table, k.Down.as("up/down", "choose"))}}
}

func (c *coursePage) help() (string, []Group) {
	k := c.m.keys
	return "Each lesson asks you to predict what real processes will do, lets you run them and pull at them, " +
			"and then explains what you saw. Take them in order, or open any demo by itself. " +
			"A tick marks what you have finished; what to take next is marked as such. " +
			"Questions that you have answered come back after days: then there is something to review. " +
			"Your runs fill a table, processes against nodes, with which the course ends.",
		k.groups("The course", "Moving", "Everywhere")
}

func (c *coursePage) entry() entry {
	if c.at < 0 || c.at >= len(c.entries) {
		return entry{}
	}
	return c.entries[c.at]
}

func (c *coursePage) key(k string, _ tea.KeyPressMsg) (tea.Cmd, bool) {
	keys := c.m.keys
	switch {
	case keys.Open.is(k):
		return c.open(c.entry()), true
	case keys.Continue.is(k):
		if l := c.next(); l != nil {
			return c.open(entry{lesson: l}), true
		}
		c.m.notice = "You have finished every lesson. Open any of them again, or a demo; " + keys.Table.Show() + " shows the table that your runs have filled."
	case keys.Review.is(k):
		return c.m.review(), true
	case keys.Search.is(k):
		return c.m.push(newSearch(c.m)), true
	case keys.Glossary.is(k):
		c.m.over = newGlossary(c.m, c.m.cfg.Course.Terms, "Glossary")
	case keys.Recordings.is(k):
		if c.kept == nil {
			c.kept = newKept(c.m)
		}
		return c.m.push(c.kept), true
	case keys.Table.is(k):
		return c.m.push(newTable(c.m)), true
	case keys.Down.is(k):
		c.move(1)
	case keys.Up.is(k):
		c.move(-1)
	case keys.PageDown.is(k):
		c.move(8)
	case keys.PageUp.is(k):
		c.move(-8)
	case keys.Top.is(k):
		c.at = 0
	case keys.Bottom.is(k):
		c.at = max(len(c.entries)-1, 0)
	default:
		return nil, false
	}
	return nil, true
}

func (c *coursePage) move(n int) { c.at = min(max(c.at+n, 0), max(len(c.entries)-1, 0)) }

func (c *coursePage) open(e entry) tea.Cmd {
	switch {
	case e.lesson != nil:
		return c.m.push(newLesson(c.m, e.lesson))
	case e.demo != nil:
		return c.m.push(newStage(c.m, e.demo, demo.Options{}, nil))
	}
	return nil
}

func (c *coursePage) click(x, y int) tea.Cmd {
	if y < 0 || y >= len(c.rows) || c.rows[y] < 0 || x >= c.listW {
		return nil
	}
	if c.at == c.rows[y] {
		return c.open(c.entry())
	}
	c.at = c.rows[y]
	return nil
}

func (c *coursePage) wheel(_, _, n int) tea.Cmd {
	c.move(n / wheelLines)
	return nil
}

// sideBySide is the least width for two columns.
const sideBySide = 110

func (c *coursePage) draw(w, h int) []string {
	head := c.intro(w)
	if w >= sideBySide {
		c.listW = min(w*55/100, 84)
		list := c.list(c.listW, h-len(head))
		detail := c.detail(min(w-c.listW-5, 76))
		bar := " " + c.m.th.Paint(theme.Border, c.m.th.Box().Vertical) + "  "
		var body []string
		for i := range h - len(head) {
			line := fit(at(list, i), c.listW) + bar + at(detail, i)
			body = append(body, line)
		}
		c.rows = append(blanks(len(head)), c.rows...)
		return append(head, body...)
	}
	detail := c.detail(w - 2)
	foot := slices.Index(detail, "")
	if foot < 0 {
		foot = len(detail)
	}
	foot = min(foot, 5) // without goals and terms
	c.listW = w
	listH := max(h-len(head)-foot-1, 0)
	out := append(head, c.list(w, listH)...)
	for len(out) < len(head)+listH {
		out = append(out, "")
	}
	c.rows = append(blanks(len(head)), c.rows...)
	out = append(out, c.m.rule(w))
	for _, s := range detail[:foot] {
		out = append(out, " "+s)
	}
	return out
}

// intro is what a newcomer reads first.
func (c *coursePage) intro(w int) []string {
	th := c.m.th
	out := []string{""}
	say := "Distributed systems versus multiprocessing, shown by real processes on this machine. " +
		"You predict, you run it, you kill things with a key, and you read why it went as it did."
	if len(c.entries) == 0 {
		say = "There are no lessons and no demos in this build."
	}
	for _, s := range wrap(say, min(w-2, 100)) {
		out = append(out, " "+th.Paint(theme.Text, s))
	}
	return append(out, "")
}

// list draws the entries and remembers on which line each stands.
func (c *coursePage) list(w, h int) []string {
	th := c.m.th
	var lines []string
	var rows []int
	put := func(s string, e int) { lines, rows = append(lines, s), append(rows, e) }
	i := 0
	for n, ch := range c.m.cfg.Course.Chapters {
		if n > 0 {
			put("", -1)
		}
		put(fit(" "+th.Paint(theme.Title, safe.Line(ch.Title, 200))+"  "+th.Paint(theme.Muted, safe.Line(ch.Summary, 300)), w), -1)
		for range ch.Lessons {
			put(c.row(i, w), i)
			i++
		}
	}
	if i < len(c.entries) {
		put("", -1)
		put(" "+th.Paint(theme.Title, "Demos")+"  "+th.Paint(theme.Muted, "the same stages, without a lesson around them"), -1)
	}
	for ; i < len(c.entries); i++ {
		put(c.row(i, w), i)
	}
	// Keep the cursor, and the heading above it, in sight.
	at := max(index(rows, c.at), 0)
	c.top = min(max(c.top, at-h+1), max(at-1, 0))
	if at <= 1 {
		c.top = 0
	}
	c.top = min(c.top, max(len(lines)-h, 0))
	end := min(c.top+max(h, 0), len(lines))
	c.rows = rows[c.top:end]
	return lines[c.top:end]
}

// row is an entry: its mark, number, title, and what there is to say of it.
// Under the cursor it has no colours of its own, so that it reads as one.
func (c *coursePage) row(i, w int) string {
	th, e := c.m.th, c.entries[i]
	paint := th.Paint
	cursor := "  "
	if i == c.at {
		paint = func(_ theme.Token, s string) string { return s }
		cursor = th.Glyphs().Cursor + " "
	}
	var left, right string
	if e.lesson != nil {
		mark, note, k := c.mark(e.lesson)
		if d := c.m.demo(e.lesson.Demo); d != nil {
			note = join(note, c.m.puzzleCount(d.Info()))
		}
		left = fmt.Sprintf("%s %2d  %s", paint(k, mark), e.lesson.Number, safe.Line(e.lesson.Title, 200))
		right = paint(k, note)
	} else {
		info := e.demo.Info()
		left = "      " + safe.Line(info.Title, 200)
		right = paint(theme.Muted, join(c.m.puzzleCount(info), info.Name))
	}
	line := sides(cursor+left, "  "+right+" ", w-2)
	if i == c.at {
		line = th.Paint(theme.Selection, line)
	}
	return " " + line
}

// mark says how far the learner is in a lesson: by sign, word and colour.
func (c *coursePage) mark(l *lessons.Lesson) (sign, note string, k theme.Token) {
	g := c.m.th.Glyphs()
	st := c.m.state.Lesson(l.ID)
	next := c.next() == l
	switch {
	case st.Done:
		return g.Check, "done", theme.Good
	case !st.First.IsZero():
		note = fmt.Sprintf("part %d of %d", min(st.Part+1, len(l.Parts)), len(l.Parts))
		if next {
			note = "go on: " + note
		}
		return g.Arrow, note, theme.Accent
	case next && c.m.state.Current == "":
		return g.Arrow, "begin here", theme.Accent
	case next:
		return g.Arrow, "next", theme.Accent
	}
	return g.Dot, fmt.Sprintf("%d min", l.Minutes), theme.Muted
}
