package tui

import (
	"fmt"

	"edu/procession/tui/theme"
)

// quizLines draws what can be chosen now, and says which line is which.
func (m *Model) quizLines(q *quiz, w int) (lines []string, rows []int) {
	th, g := m.th, m.th.Glyphs()
	put := func(s string, row int) { lines, rows = append(lines, s), append(rows, row) }
	if q.done() {
		for i, a := range q.answer {
			if i > 0 {
				put("", -1)
			}
			for _, line := range wrap(q.qs[i].Text, min(w-6, 92)) {
				put("  "+m.inline(line), -1)
			}
			mine := "You expect: " + q.qs[i].Answer(a.choice) + ", " + confidences[a.sure-1]
			if a.runs > 0 {
				mine += fmt.Sprintf("; measured: %d of %d", a.seen, a.runs)
			}
			for _, line := range wrap(mine, min(w-6, 92)) {
				put("  "+th.Over(theme.Muted, m.inline(line)), -1)
			}
		}
		put("", -1)
		put("  "+th.Paint(theme.Good, g.Check)+" Now see what really happens: "+th.Paint(theme.Key, "enter")+". To change your mind: "+
			th.Paint(theme.Key, "backspace")+".", -1)
		return lines, rows
	}
	if f := q.qs[q.at].Forecast; f != nil {
		n := q.cursor
		if q.sure {
			n = q.answer[q.at].choice
		}
		put("  "+m.countBar(n, f.Runs)+"  "+th.Paint(theme.Title, fmt.Sprintf("%d of %d", n, f.Runs))+" "+m.inline(f.Outcome), -1)
		if !q.sure {
			put("", -1)
			put("  "+th.Paint(theme.Muted, "left and right say fewer or more; or type the number"), -1)
		}
	}
	for i, c := range q.qs[q.at].Choices {
		mark, k := "  ", theme.Key
		if !q.sure && i == q.cursor || q.sure && i == q.answer[q.at].choice {
			mark = th.Paint(theme.Accent, g.Cursor) + " "
		}
		for j, line := range wrap(c.Text, min(w-8, 92)) {
			s := "     " + m.inline(line)
			if j == 0 {
				s = fmt.Sprintf("%s%s  %s", mark, th.Paint(k, fmt.Sprint(i+1)), m.inline(line))
			}
			row := i
			if q.sure {
				row = -1
			}
			put(s, row)
		}
	}
	put("", -1)
	if q.sure {
		put("  "+th.Paint(theme.Title, "How sure are you?"), -1)
		for i, word := range confidences {
			mark := "  "
			if i == q.cursor {
				mark = th.Paint(theme.Accent, g.Cursor) + " "
			}
			put(fmt.Sprintf("%s%s  %s", mark, th.Paint(theme.Key, fmt.Sprint(i+1)), word), i)
		}
	}
	return lines, rows
}
