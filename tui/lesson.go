package tui

import (
	"fmt"
	"slices"

	tea "charm.land/bubbletea/v2"

	"edu/procession/demos/demo"
	"edu/procession/demos/safe"
	"edu/procession/lessons"
	"edu/procession/lessons/progress"
	"edu/procession/tui/reader"
)

// lessonPage is a lesson, leaf by leaf: the idea, the listings, a prediction,
// what to watch, what it means, and what changes across machines. Enter always
// does the next thing.
type lessonPage struct {
	m       *Model
	l       *lessons.Lesson
	leaves  []leaf
	at      int
	pane    *reader.Reader
	shown   string // what the pane's document was made from
	quiz    quiz
	skipped bool // the explanation was asked for without a prediction
	ran     bool // the stage was left by "read why"
	tabs    []zone
	first   int // line of the first thing to choose from
	rows    []int
}

// leaf is what is read at once: a part, or the two listings.
type leaf struct {
	title string
	parts []int // in lesson.Parts
	kind  lessons.PartKind
}

func newLesson(m *Model, l *lessons.Lesson) *lessonPage {
	p := &lessonPage{m: m, l: l, pane: reader.New(m.th), quiz: newQuiz(l.Questions)}
	for i, part := range l.Parts {
		if n := len(p.leaves); part.Kind == lessons.Go && n > 0 && p.leaves[n-1].kind == lessons.Python {
			p.leaves[n-1].parts = append(p.leaves[n-1].parts, i)
			p.leaves[n-1].title = "Python, Go"
			continue
		}
		p.leaves = append(p.leaves, leaf{safe.Line(part.Title, 60), []int{i}, part.Kind})
	}
	st := m.state.Lesson(l.ID)
	for i, q := range l.Questions {
		if a, ok := st.Prediction(q.ID); ok && fits(q, a) {
			p.quiz.answer[i] = answer{true, a.Choice, min(max(a.Confidence, 1), len(confidences)), a.Runs, a.Seen}
		}
	}
	for p.quiz.at < len(p.quiz.qs) && p.quiz.answer[p.quiz.at].given {
		p.quiz.ask(p.quiz.at + 1)
	}
	if !st.Done { // resume where the learner was
		for i, leaf := range p.leaves {
			if slices.Contains(leaf.parts, st.Part) && !p.locked(i) {
				p.at = i
			}
		}
	}
	return p
}

// fits says that an answer is one to the question as it is now.
func fits(q lessons.Question, a progress.Prediction) bool {
	return a.Choice >= 0 && a.Choice < q.Options() && (q.Forecast == nil || a.Runs == q.Forecast.Runs)
}

func (p *lessonPage) crumbs() []string {
	return []string{fmt.Sprintf("lesson %d", p.l.Number), p.l.Title}
}

func (p *lessonPage) corner() string {
	if p.m.state.Lesson(p.l.ID).Done {
		return p.m.th.Glyphs().Check + " done"
	}
	return fmt.Sprintf("%d min", p.l.Minutes)
}

func (p *lessonPage) update(tea.Msg) tea.Cmd { return nil }
func (p *lessonPage) leave() tea.Cmd         { return nil }

// front notes that the lesson is read, and goes on to the explanation when the
// learner comes from the stage to read why.
func (p *lessonPage) front() tea.Cmd {
	if p.ran {
		p.ran = false
		return p.show(lessons.Explain)
	}
	return p.goTo(p.at)
}

// show opens the leaf that holds a part of this kind.
func (p *lessonPage) show(kind lessons.PartKind) tea.Cmd {
	for i, leaf := range p.leaves {
		for _, part := range leaf.parts {
			if p.l.Parts[part].Kind == kind {
				return p.goTo(i)
			}
		}
	}
	return nil
}

// locked says that a leaf is the explanation and the learner has not predicted.
func (p *lessonPage) locked(i int) bool {
	return p.leaves[i].kind == lessons.Explain && !p.skipped && slices.ContainsFunc(p.quiz.answer, func(a answer) bool { return !a.given })
}

// goTo opens a leaf. The explanation stays shut until there is a prediction.
func (p *lessonPage) goTo(i int) tea.Cmd {
	if len(p.leaves) == 0 {
		return nil
	}
	i = min(max(i, 0), len(p.leaves)-1)
	if p.locked(i) {
		p.m.notice = "Predict first: what you expected makes what you see stick. Or press x to skip."
		for j, leaf := range p.leaves {
			if leaf.kind == lessons.Predict {
				i = j
			}
		}
	}
	p.at, p.shown = i, ""
	part := slices.Max(p.leaves[i].parts)
	id, now := p.l.ID, p.m.now()
	return p.m.save(func(st *progress.State) { st.Read(id, part, now) })
}

func (p *lessonPage) leaf() leaf {
	if p.at >= len(p.leaves) {
		return leaf{}
	}
	return p.leaves[p.at]
}

func (p *lessonPage) key(k string, _ tea.KeyPressMsg) (tea.Cmd, bool) {
	keys := p.m.keys
	if p.leaf().kind == lessons.Predict {
		if cmd, ok := p.predict(k); ok {
			return cmd, true
		}
	}
	switch {
	case keys.Go.is(k):
		return p.goOn(), true
	case keys.NextPart.is(k):
		if p.at < len(p.leaves)-1 {
			return p.goTo(p.at + 1), true
		}
		p.m.notice = "This is the last part. Enter finishes the lesson."
	case keys.PrevPart.is(k):
		return p.goTo(p.at - 1), true
	case keys.Demo.is(k):
		return p.run(), true
	case keys.Python.is(k):
		return p.m.listing(p.l, p.m.push), true
	case keys.Skip.is(k) && !p.skipped:
		p.skipped = true
		return p.show(lessons.Explain), true
	case keys.Terms.is(k):
		p.m.over = p.terms()
	case keys.Search.is(k):
		return p.m.push(newSearch(p.m)), true
	case keys.NextLesson.is(k):
		return p.next(), true
	case keys.Down.is(k):
		p.pane.ScrollBy(1)
	case keys.Up.is(k):
		p.pane.ScrollBy(-1)
	case keys.PageDown.is(k):
		p.pane.Page(1)
	case keys.PageUp.is(k):
		p.pane.Page(-1)
	case keys.Top.is(k):
		p.pane.Top()
	case keys.Bottom.is(k):
		p.pane.Bottom()
	case keys.Wider.is(k):
		p.pane.ScrollX(8)
	case keys.Narrower.is(k):
		p.pane.ScrollX(-8)
	default:
		return nil, false
	}
	return nil, true
}

// goOn is enter: the next thing to do.
func (p *lessonPage) goOn() tea.Cmd {
	switch {
	case !p.pane.AtBottom():
		p.pane.Page(1)
	case p.leaf().kind == lessons.Observe:
		return p.run()
	case p.at == len(p.leaves)-1:
		id := p.l.ID
		done := p.m.save(func(st *progress.State) { st.Finish(id) })
		return tea.Batch(done, p.next())
	default:
		return p.goTo(p.at + 1)
	}
	return nil
}

// next puts the lesson after this one in its place.
func (p *lessonPage) next() tea.Cmd {
	all := p.m.cfg.Course.Lessons()
	for i, l := range all {
		if l == p.l && i+1 < len(all) {
			p.m.pages = p.m.pages[:len(p.m.pages)-1]
			return p.m.push(newLesson(p.m, all[i+1]))
		}
	}
	if p.m.state.Lesson(p.l.ID).Done {
		cmd := p.m.pop()
		p.m.notice = "That was the last lesson there is. The demos can be run with other settings, too: procession demo --help."
		return cmd
	}
	p.m.notice = "This is the last lesson."
	return nil
}

// run opens the stage with the lesson's demo.
func (p *lessonPage) run() tea.Cmd {
	d := p.m.demo(p.l.Demo)
	if d == nil {
		return p.m.say("The demo " + p.l.Demo + " is not part of this build.")
	}
	return p.m.push(newStage(p.m, d, demo.Options{Params: p.l.Set}, p.l))
}

// terms explains the words that the lesson uses.
func (p *lessonPage) terms() *sheet {
	var terms []lessons.Term
	for _, name := range p.l.Terms {
		if t, ok := p.m.cfg.Course.Term(name); ok {
			terms = append(terms, t)
		}
	}
	if len(terms) == 0 {
		terms = p.m.cfg.Course.Terms
	}
	return newGlossary(p.m, terms, "Terms of this lesson")
}

func (p *lessonPage) click(x, y int) tea.Cmd {
	if y == 0 {
		for i, z := range p.tabs {
			if x >= z.x0 && x < z.x1 {
				return p.goTo(i)
			}
		}
	}
	if i := y - p.first; p.leaf().kind == lessons.Predict && i >= 0 && i < len(p.rows) && p.rows[i] >= 0 {
		return p.choose(p.rows[i])
	}
	return nil
}

func (p *lessonPage) wheel(_, _, n int) tea.Cmd {
	p.pane.ScrollBy(n)
	return nil
}

func (p *lessonPage) bar() []barRow {
	k := p.m.keys
	var items []Binding
	do := k.Go
	leaf := p.leaf()
	switch {
	case leaf.kind == lessons.Predict && !p.quiz.done():
		do.Word = "take it"
		if p.quiz.counting() {
			items = append(items, k.Down.as("left/right", "fewer or more"), do)
		} else {
			items = append(items, k.Down.as(fmt.Sprintf("1-%d", p.quiz.options()), "choose"), do)
		}
		if p.quiz.sure || p.quiz.at > 0 {
			items = append(items, press("backspace", "change"))
		}
		items = append(items, k.Skip)
	case !p.pane.AtBottom():
		do.Word = "read on"
		items = append(items, do)
	case leaf.kind == lessons.Observe:
		do.Word = "run the demo"
		items = append(items, do)
	case p.at == len(p.leaves)-1:
		do.Word = "finish the lesson"
		items = append(items, do)
	default:
		do.Word = "next: " + p.leaves[p.at+1].title
		items = append(items, do)
	}
	if leaf.kind != lessons.Observe || !p.pane.AtBottom() {
		items = append(items, k.Demo)
	}
	parts := "left/right"
	if leaf.kind == lessons.Predict && p.quiz.counting() {
		parts = "tab"
	}
	items = append(items, k.NextPart.as(parts, "parts"))
	listings := leaf.kind == lessons.Python
	if listings {
		items = append(items, k.Python)
	}
	if len(p.l.Terms) > 0 {
		items = append(items, k.Terms)
	}
	items = append(items, k.Back)
	if !listings {
		items = append(items, k.Python)
	}
	return []barRow{{Items: append(items, k.Search)}}
}

func (p *lessonPage) help() (string, []Group) {
	return "Read, predict, run, and compare. Enter always does the next thing. The explanation opens once you " +
			"have said what you expect; it uses the figures of your own run.",
		p.m.keys.groups("A lesson", "Moving", "Everywhere")
}
