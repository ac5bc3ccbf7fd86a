package tui

import (
	"fmt"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"edu/procession/lessons"
	"edu/procession/tui/reader"
	"edu/procession/tui/theme"
)

func (p *lessonPage) draw(w, h int) []string {
	p.pane.SetTheme(p.m.th)
	lines := []string{p.tabLine(w), p.m.rule(w)}
	h -= len(lines)
	if p.leaf().kind == lessons.Predict {
		return append(lines, p.drawPredict(w, h, len(lines))...)
	}
	doc, key := p.doc()
	p.setDoc(doc, key)
	p.pane.SetSize(w, h)
	lines = append(lines, strings.Split(p.pane.View(), "\n")...)
	if !p.pane.AtBottom() || !p.pane.AtTop() {
		where := fmt.Sprintf(" %d%% ", p.pane.Percent())
		if !p.pane.AtBottom() {
			where = " more below," + where
		}
		lines[1] = p.m.rule(w-width(where)-2) + p.m.th.Paint(theme.Muted, where) + p.m.rule(2)
	}
	return lines
}

// setDoc gives the pane a document, at its top if it is another than before.
func (p *lessonPage) setDoc(doc []reader.Block, key string) {
	if p.shown == key {
		return
	}
	other, _, _ := strings.Cut(p.shown, "\x00")
	this, _, _ := strings.Cut(key, "\x00")
	p.shown = key
	p.pane.SetDoc(doc)
	if other != this {
		p.pane.Top()
	}
}

// tabLine names the leaves; where the learner is stands out by a mark as well,
// and one that is locked by its brackets.
func (p *lessonPage) tabLine(w int) string {
	th, g := p.m.th, p.m.th.Glyphs()
	titles := make([]string, len(p.leaves))
	for i, leaf := range p.leaves {
		titles[i] = leaf.title
		if p.locked(i) {
			titles[i] = "(" + leaf.title + ")"
		}
	}
	shorten(titles, w-1-3*len(titles))
	line, x := " ", 1
	p.tabs = p.tabs[:0]
	for i, title := range titles {
		s := "  " + th.Paint(theme.Muted, title)
		if i == p.at {
			s = th.Paint(theme.Focus, g.Cursor+" "+title)
		}
		n := width(title) + 2
		line += s + " "
		p.tabs = append(p.tabs, zone{x0: x, x1: x + n})
		x += n + 1
	}
	return line
}

// shorten cuts the longest of some titles until all fit into w cells.
func shorten(titles []string, w int) {
	for {
		all, longest := 0, 0
		for i, t := range titles {
			all += width(t)
			if width(t) > width(titles[longest]) {
				longest = i
			}
		}
		if all <= w || len(titles) == 0 || width(titles[longest]) < 4 {
			return
		}
		titles[longest] = ansi.Truncate(titles[longest], width(titles[longest])-1, ellipsis)
	}
}
