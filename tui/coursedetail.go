package tui

import (
	"fmt"
	"strings"

	"edu/procession/demos/safe"
	"edu/procession/lessons"
	"edu/procession/lessons/progress"
	"edu/procession/tui/theme"
)

// detail describes the entry under the cursor.
func (c *coursePage) detail(w int) []string {
	th, g := c.m.th, c.m.th.Glyphs()
	e := c.entry()
	var out []string
	para := func(k theme.Token, s string) {
		for _, line := range wrap(safe.Line(s, 2000), w) {
			out = append(out, th.Paint(k, line))
		}
	}
	switch {
	case e.lesson != nil:
		l := e.lesson
		para(theme.Title, l.Title)
		para(theme.Text, l.Summary)
		para(theme.Muted, fmt.Sprintf("%d minutes, with the demo %s", l.Minutes, l.Demo))
		if len(l.Goals) > 0 {
			out = append(out, "", th.Paint(theme.Muted, "Afterwards you can"))
			for _, goal := range l.Goals {
				for i, line := range wrap(safe.Line(goal, 500), w-2) {
					mark := "  "
					if i == 0 {
						mark = th.Paint(theme.Muted, g.Bullet) + " "
					}
					out = append(out, mark+line)
				}
			}
		}
		if len(l.Terms) > 0 {
			out = append(out, "", th.Paint(theme.Muted, "Terms"))
			para(theme.Term, strings.Join(l.Terms, ", "))
		}
		out = append(out, c.predictions(c.m.state.Lesson(l.ID), l)...)
		if d := c.m.demo(l.Demo); d != nil {
			out = append(out, c.m.puzzleLines(d.Info(), w)...)
		}
	case e.demo != nil:
		info := e.demo.Info()
		para(theme.Title, info.Title)
		para(theme.Text, info.Doc)
		if len(info.Actions) > 0 {
			out = append(out, "", th.Paint(theme.Muted, "Its keys"))
			for _, a := range info.Actions {
				out = append(out, fit(th.Paint(theme.Key, safe.Line(keyName(a.Key), 20))+"  "+safe.Line(a.Doc, 200), w))
			}
		}
		out = append(out, c.m.puzzleLines(info, w)...)
	}
	return out
}

// predictions tells how the learner's answers came out.
func (c *coursePage) predictions(st progress.Lesson, l *lessons.Lesson) []string {
	right, made := 0, 0
	for _, q := range l.Questions {
		if p, ok := st.Prediction(q.ID); ok {
			made++
			if p.Right {
				right++
			}
		}
	}
	if made == 0 {
		return nil
	}
	return []string{"", c.m.th.Paint(theme.Muted, fmt.Sprintf("You predicted %d of %d rightly, and ran the demo %s.", right, made, times(len(st.Runs))))}
}

func times(n int) string {
	switch n {
	case 0:
		return "never"
	case 1:
		return "once"
	case 2:
		return "twice"
	}
	return fmt.Sprintf("%d times", n)
}
