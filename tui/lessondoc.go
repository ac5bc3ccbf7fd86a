package tui

import (
	"fmt"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"edu/procession/demos/trace"
	"edu/procession/lessons"
	"edu/procession/lessons/progress"
	"edu/procession/tui/reader"
	"edu/procession/tui/theme"
	"edu/procession/tui/view"
)

// figure looks a gauge up in what the learner's last run of a demo measured.
func (m *Model) figure(demo, name string) (string, bool) {
	g, ok := m.state.Gauge(demo, name)
	if !ok {
		return "", false
	}
	return view.Format(trace.Gauge{Name: name, Value: g.Value, Unit: g.Unit}), true
}

func (p *lessonPage) figure(name string) (string, bool) { return p.m.figure(p.l.Measured(), name) }

func (p *lessonPage) fill(md string) string { return lessons.Fill(md, p.figure) }

// doc is the document of the leaf, and a key that names the leaf and, after a
// zero byte, everything else that decides it.
func (p *lessonPage) doc() ([]reader.Block, string) {
	leaf := p.leaf()
	var blocks []reader.Block
	if leaf.kind == lessons.Explain {
		blocks = p.answers()
	}
	var columns []reader.Block
	for _, i := range leaf.parts {
		part := p.l.Parts[i]
		b := reader.Block{Title: part.Title, Markdown: p.fill(part.Body), Code: part.Code, Lang: string(part.Kind)}
		if len(leaf.parts) > 1 {
			columns = append(columns, b)
		} else {
			if len(blocks) == 0 {
				b.Title = "" // the tab says it
			}
			blocks = append(blocks, b)
		}
	}
	if d := p.m.demo(p.l.Demo); d != nil && leaf.kind == lessons.Observe {
		blocks = append(blocks, p.m.puzzleBlock(d.Info())...)
	}
	if len(columns) > 0 {
		blocks = append(blocks, reader.Block{Columns: columns})
	}
	var key strings.Builder
	fmt.Fprintf(&key, "%s\x00", leaf.kind)
	for _, b := range blocks {
		key.WriteString(b.Title + "\x00" + b.Markdown + "\x00")
	}
	return blocks, key.String()
}

// answers sets what the learner predicted against what is right: the reply to
// the choice that was made comes first.
func (p *lessonPage) answers() []reader.Block {
	var out []reader.Block
	for i, q := range p.l.Questions {
		a := p.quiz.answer[i]
		if !a.given {
			continue
		}
		title := "Your prediction"
		if len(p.l.Questions) > 1 {
			title = fmt.Sprintf("Your prediction, question %d", i+1)
		}
		out = append(out, reader.Block{Title: title, Markdown: strings.TrimSpace(q.Text) + "\n\n" + reply(q, a, p.fill)})
	}
	if missing := p.unmeasured(); len(missing) > 0 {
		hint := "You have not run the demo yet, so its figures read *not measured yet*. Press `d` to run it."
		if len(missing) < len(p.l.Watch) {
			hint = "Some figures read *not measured yet*: what they measure did not happen in your last run, or it was left early. Press `d` to run the demo again, do what *Observe* says, and let it come to its end."
		}
		out = append(out, reader.Block{Markdown: "> " + hint})
	}
	return out
}

// reply sets an answer against what is right.
func reply(q lessons.Question, a answer, fill func(string) string) string {
	if q.Forecast != nil {
		return count(q.Forecast, a, fill)
	}
	var md strings.Builder
	mine := q.Choices[a.choice]
	verdict := "**Right.**"
	if !mine.Right {
		verdict = "**Not so.**"
	}
	fmt.Fprintf(&md, "You said: *%s*, %s. %s %s\n\n", strings.TrimSpace(mine.Text), confidences[a.sure-1], verdict, weigh(mine.Right, a.sure))
	fmt.Fprintf(&md, "%s\n\n", strings.TrimSpace(fill(mine.Why)))
	if r := right(q); !mine.Right && r >= 0 {
		fmt.Fprintf(&md, "What happens: **%s**. %s\n\n", strings.TrimSuffix(strings.TrimSpace(q.Choices[r].Text), "."), strings.TrimSpace(fill(q.Choices[r].Why)))
	}
	return md.String()
}

// weigh says what an answer is worth, given how sure the learner was.
func weigh(right bool, sure int) string {
	switch {
	case right && sure == 1:
		return "A good guess: read why it is so."
	case !right && sure == len(confidences):
		return "You were certain, so this is the one to remember."
	}
	return ""
}

// unmeasured are the gauges of the lesson that no run has measured yet.
func (p *lessonPage) unmeasured() []string {
	return slices.DeleteFunc(slices.Clone(p.l.Watch), func(name string) bool {
		_, ok := p.figure(name)
		return ok
	})
}

// predict takes the keys of a question.
func (p *lessonPage) predict(k string) (tea.Cmd, bool) {
	keys := p.m.keys
	switch {
	case k == "backspace":
		return nil, p.quiz.back()
	case p.quiz.done():
		return nil, false
	case p.quiz.counting() && p.quiz.key(keys, k):
	case keys.Choose.is(k):
		return p.choose(int(k[0] - '1')), true
	case k == "enter" || k == "space":
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

// choose answers, and keeps a completed answer.
func (p *lessonPage) choose(i int) tea.Cmd {
	asked, complete := p.quiz.choose(i)
	if !complete {
		return nil
	}
	q, a, id := p.quiz.qs[asked], p.quiz.answer[asked], p.l.ID
	made := progress.Prediction{Question: q.ID, Choice: a.choice, Confidence: a.sure, When: p.m.now()}
	keep := func() tea.Cmd { return p.m.save(func(st *progress.State) { st.Predict(id, made) }) }
	if q.Forecast == nil {
		made.Right = q.Choices[a.choice].Right
		return keep()
	}
	return p.m.forecast(p.crumbs(), q, a, p.fill, func(runs, seen int) tea.Cmd {
		p.quiz.answer[asked].runs, p.quiz.answer[asked].seen = runs, seen
		p.shown = ""
		made.Runs, made.Seen, made.Right = runs, seen, q.Forecast.Right(a.choice, seen)
		return keep()
	})
}

// drawPredict is the question: its text in the pane, what there is to choose
// from right below.
func (p *lessonPage) drawPredict(w, h, top int) []string {
	choices, rows := p.m.quizLines(&p.quiz, w)
	lead := ""
	if part, ok := p.l.Part(lessons.Predict); ok {
		lead = part.Body
	}
	blocks := []reader.Block{{Markdown: p.fill(lead)}}
	if p.quiz.done() {
		blocks = []reader.Block{{Title: "What you expect"}}
	}
	key := fmt.Sprintf("%s\x00%d", lessons.Predict, p.quiz.at)
	if !p.quiz.done() {
		title := "What do you expect?"
		if len(p.quiz.qs) > 1 {
			title = fmt.Sprintf("What do you expect? Question %d of %d", p.quiz.at+1, len(p.quiz.qs))
		}
		if p.quiz.at > 0 {
			blocks = nil
		}
		blocks = append(blocks, reader.Block{Title: title, Markdown: p.quiz.qs[p.quiz.at].Text})
	}
	p.setDoc(blocks, key)
	lines := append(fitPane(p.pane, w, max(h-len(choices)-1, 1)), "")
	p.first, p.rows = top+len(lines), rows
	return append(lines, choices...)
}

// fitPane draws a pane as high as its text, so that what follows does so at once,
// and no higher than room.
func fitPane(pane *reader.Reader, w, room int) []string {
	pane.SetSize(w, room)
	for n := 1; n < room; n++ {
		pane.SetSize(w, n)
		if pane.AtBottom() && pane.AtTop() {
			break
		}
		pane.SetSize(w, room)
	}
	return strings.Split(pane.View(), "\n")
}

// inline paints the code in a line of Markdown.
func (m *Model) inline(s string) string {
	parts := strings.Split(s, "`")
	for i := range parts {
		if i%2 == 1 {
			parts[i] = m.th.Paint(theme.Code, parts[i])
		}
	}
	return strings.Join(parts, "")
}
