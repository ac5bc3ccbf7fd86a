package tui

import (
	"fmt"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"edu/procession/lessons"
	"edu/procession/lessons/progress"
	"edu/procession/lessons/review"
	"edu/procession/tui/reader"
	"edu/procession/tui/theme"
)

// reviewPage asks what is due, question after question: an answer, how sure, and
// then why. Each answer is kept as it is given; the rest stays due.
type reviewPage struct {
	m        *Model
	items    []review.Item
	at       int
	quiz     quiz // of one question
	answered int
	right    int
	pane     *reader.Reader
	shown    int // items whose text is in the pane, and twice that once it is told
	first    int // line of the first choice
	rows     []int
}

func newReview(m *Model) *reviewPage {
	p := &reviewPage{m: m, items: m.due(), pane: reader.New(m.th)}
	p.ask()
	return p
}

// due is what is to be reviewed today.
func (m *Model) due() []review.Item { return review.Due(m.cfg.Course, m.state, m.now()) }

// review opens the review, if there is something in it.
func (m *Model) review() tea.Cmd {
	p := newReview(m)
	if len(p.items) == 0 {
		return m.say("Nothing is to be reviewed today. " + m.nextReview())
	}
	return m.push(p)
}

// nextReview says when something comes back.
func (m *Model) nextReview() string {
	next, ok := review.Next(m.cfg.Course, m.state, m.now())
	switch today := progress.DayOf(m.now()); {
	case !ok:
		return "Questions come back when you have predicted in a lesson: after 1, 3, 7 and 21 days."
	case next == today+1:
		return "The next question comes back tomorrow."
	default:
		return "The next question comes back on " + next.Time().Format("Monday, 2 January") + "."
	}
}

// ask turns to the question at hand.
func (p *reviewPage) ask() {
	p.quiz = newQuiz(nil)
	if p.at < len(p.items) {
		p.quiz = newQuiz([]lessons.Question{p.items[p.at].Question})
	}
	p.shown = 0
}

// over says that every question was asked.
func (p *reviewPage) over() bool { return p.at >= len(p.items) }

// told says that the question at hand has been answered.
func (p *reviewPage) told() bool { return !p.over() && p.quiz.done() }

func (p *reviewPage) crumbs() []string {
	if p.over() {
		return []string{"review"}
	}
	return []string{"review", fmt.Sprintf("lesson %d", p.items[p.at].Lesson.Number)}
}

func (p *reviewPage) corner() string {
	return fmt.Sprintf("%d of %d", min(p.at+1, len(p.items)), len(p.items))
}
func (p *reviewPage) update(tea.Msg) tea.Cmd { return nil }
func (p *reviewPage) leave() tea.Cmd         { return nil }

// front comes back from a count that was left before its end: nothing is known of
// that question, and it stays due.
func (p *reviewPage) front() tea.Cmd {
	if p.told() && p.items[p.at].Question.Forecast != nil {
		if p.quiz.answer[0].runs == 0 {
			p.m.notice = "That one was not counted to its end, so it stays due."
		}
		p.next()
	}
	return nil
}

func (p *reviewPage) next() {
	p.at++
	p.ask()
}

func (p *reviewPage) key(k string, _ tea.KeyPressMsg) (tea.Cmd, bool) {
	keys := p.m.keys
	switch {
	case p.over():
		if keys.Go.is(k) {
			return p.m.pop(), true
		}
		return nil, false
	case p.told():
		switch {
		case keys.Go.is(k) && p.pane.AtBottom():
			p.next()
		case keys.Go.is(k), keys.PageDown.is(k):
			p.pane.Page(1)
		case keys.PageUp.is(k):
			p.pane.Page(-1)
		case keys.Down.is(k):
			p.pane.ScrollBy(1)
		case keys.Up.is(k):
			p.pane.ScrollBy(-1)
		default:
			return nil, false
		}
	case k == "backspace":
		p.quiz.back()
	case p.quiz.counting() && p.quiz.key(keys, k):
	case keys.Choose.is(k):
		return p.choose(int(k[0] - '1')), true
	case keys.Go.is(k):
		return p.choose(p.quiz.cursor), true
	case keys.Down.is(k):
		p.quiz.move(1)
	case keys.Up.is(k):
		p.quiz.move(-1)
	default:
		return nil, false
	}
	return nil, true
}

// choose answers, and keeps a completed answer; a count is measured first.
func (p *reviewPage) choose(i int) tea.Cmd {
	if _, complete := p.quiz.choose(i); !complete {
		return nil
	}
	it, a := p.items[p.at], &p.quiz.answer[0]
	if it.Question.Forecast == nil {
		return p.keep(it.Question.Choices[a.choice].Right, func(st *progress.State, now time.Time) { it.Answer(st, a.choice, a.sure, now) })
	}
	return p.m.forecast(p.crumbs(), it.Question, *a, p.fill, func(runs, seen int) tea.Cmd {
		a.runs, a.seen = runs, seen
		return p.keep(it.Question.Forecast.Right(a.choice, seen), func(st *progress.State, now time.Time) { it.Count(st, a.choice, seen, a.sure, now) })
	})
}

func (p *reviewPage) keep(right bool, note func(*progress.State, time.Time)) tea.Cmd {
	p.answered++
	if right {
		p.right++
	}
	now := p.m.now()
	return p.m.save(func(st *progress.State) { note(st, now) })
}

func (p *reviewPage) fill(md string) string {
	return lessons.Fill(md, func(g string) (string, bool) { return p.m.figure(p.items[p.at].Lesson.Measured(), g) })
}

func (p *reviewPage) click(_, y int) tea.Cmd {
	if i := y - p.first; !p.over() && !p.told() && i >= 0 && i < len(p.rows) && p.rows[i] >= 0 {
		return p.choose(p.rows[i])
	}
	return nil
}

func (p *reviewPage) wheel(_, _, n int) tea.Cmd {
	p.pane.ScrollBy(n)
	return nil
}

func (p *reviewPage) draw(w, h int) []string {
	p.pane.SetTheme(p.m.th)
	if p.over() {
		return p.end(w)
	}
	it := p.items[p.at]
	title := fmt.Sprintf("From lesson %d, %s", it.Lesson.Number, it.Lesson.Title)
	if p.told() {
		if p.shown != 2 {
			p.shown = 2
			p.pane.SetDoc([]reader.Block{{Title: title, Markdown: strings.TrimSpace(it.Question.Text) + "\n\n" + reply(it.Question, p.quiz.answer[0], p.fill)}})
			p.pane.Top()
		}
		p.pane.SetSize(w, h)
		return strings.Split(p.pane.View(), "\n")
	}
	if p.shown != 1 {
		p.shown = 1
		p.pane.SetDoc([]reader.Block{{Title: title, Markdown: it.Question.Text}})
		p.pane.Top()
	}
	choices, rows := p.m.quizLines(&p.quiz, w)
	lines := append(fitPane(p.pane, w, max(h-len(choices)-1, 1)), "")
	p.first, p.rows = len(lines), rows
	return append(lines, choices...)
}

// end sums up.
func (p *reviewPage) end(w int) []string {
	th := p.m.th
	out := []string{"", "  " + th.Paint(theme.Title, fmt.Sprintf("You knew %d of %d.", p.right, p.answered)), ""}
	say := "What you knew comes back later, each time; what you did not know, tomorrow. "
	if left := len(p.items) - p.answered; left > 0 {
		say += plural(left, "question") + " stayed open. "
	}
	for _, line := range wrap(say+p.m.nextReview(), min(w-4, 92)) {
		out = append(out, "  "+line)
	}
	return out
}

func (p *reviewPage) bar() []barRow {
	k := p.m.keys
	do := k.Go
	switch {
	case p.over():
		do.Word = "done"
		return []barRow{{Items: []Binding{do, k.Back}}}
	case p.told():
		do.Word = "next question"
		if !p.pane.AtBottom() {
			do.Word = "read on"
		} else if p.at == len(p.items)-1 {
			do.Word = "go on"
		}
		return []barRow{{Items: []Binding{do, k.Back}}}
	}
	do.Word = "take it"
	choose := k.Down.as(fmt.Sprintf("1-%d", p.quiz.options()), "choose")
	if p.quiz.counting() {
		choose = k.Down.as("left/right", "fewer or more")
	}
	items := []Binding{choose, do}
	if p.quiz.sure {
		items = append(items, press("backspace", "change"))
	}
	return []barRow{{Items: append(items, k.Back)}}
}

func (p *reviewPage) help() (string, []Group) {
	return "Questions that you have answered in a lesson come back after 1, 3, 7 and 21 days, often with other numbers. " +
			"A wrong answer brings one back tomorrow. To leave early loses nothing: the rest stays due.",
		p.m.keys.groups("A lesson", "Moving", "Everywhere")
}
