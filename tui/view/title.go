package view

import (
	"strconv"

	"edu/procession/demos/board"
	"edu/procession/tui/theme"
)

// title writes a panel's name and what should be known of it.
func (p *page) title(s *Scene, panel Panel) {
	g := p.p.sign
	p.glyph(inkRule, g.rule)
	in := inkTitle
	if s.Focus == panel && panel != PanelNone {
		in = inkFocus
		p.glyph(in, g.mark)
	} else {
		p.space(1)
	}
	p.put(in, panel.String())
	p.space(1)
	p.about(s, panel, 0)
	p.glyphs(inkRule, g.rule, p.room())
}

// about is the remark of a title, left out where less than so many cells would
// be left.
func (p *page) about(s *Scene, panel Panel, spare int) {
	b := s.board()
	var buf [64]byte
	t := buf[:0]
	switch panel {
	case PanelProcs:
		t = countWords(t, b)
	case PanelLog:
		if s.Filter != "" {
			t = append(append(t, "only "...), p.clean(string(s.Filter))...)
		}
		if n := s.Scroll[PanelLog]; n > 0 {
			if len(t) > 0 {
				t = append(t, ", "...)
			}
			t = append(strconv.AppendInt(t, int64(n), 10), " newer below"...)
		}
		if b.Dropped > 0 {
			t = append(strconv.AppendInt(append(t, " dropped: "...), int64(b.Dropped), 10), ' ')
		}
	case PanelGauges:
		t = append(t, "measured in this run"...)
	case PanelMessages:
		t = append(t, "time goes down"...)
	case PanelNodes:
		switch {
		case apart(b):
			t = append(t, "each in a network namespace of its own"...)
		case loopback(b):
			t = append(t, "on this machine, over loopback"...)
		}
	case PanelBeliefs:
		t = append(t, "what each takes to be so, true or not"...)
	case PanelSteps:
		t = append(t, "you say who goes next"...)
	case PanelLanes:
		t = append(t, "time goes right"...)
	}
	if n := width(string(t)); n > 0 && n+2+spare <= p.room() {
		p.space(1)
		p.all(inkDim, string(t))
		p.space(1)
	}
	if panel == PanelLog && p.room() >= 62 {
		for _, src := range [...]theme.Source{theme.SourceKernel, theme.SourceWorker, theme.SourceStage, theme.SourceLearner} {
			l := s.Theme.Source(src)
			p.space(1)
			p.put(inkOf(src), l.Letter)
			p.glyph(inkOf(src), l.Glyph)
			p.put(inkDim, " "+sourceWord(src)+" ")
		}
	}
}

// sourceWord is who a source is, to a newcomer.
func sourceWord(src theme.Source) string {
	switch src {
	case theme.SourceKernel:
		return "kernel"
	case theme.SourceWorker:
		return "process, of itself"
	case theme.SourceStage:
		return "this program"
	}
	return "you"
}

// inkOf is the ink of a source as the theme knows it.
func inkOf(src theme.Source) ink {
	switch src {
	case theme.SourceKernel:
		return inkKernel
	case theme.SourceWorker:
		return inkWorker
	case theme.SourceStage:
		return inkStage
	}
	return inkLearner
}

func countWords(t []byte, b *board.Board) []byte {
	live, zombies, dead := counts(b)
	t = append(strconv.AppendInt(t, int64(live), 10), " alive"...)
	if zombies > 0 {
		t = append(strconv.AppendInt(append(t, ", "...), int64(zombies), 10), " zombies"[:7+b2i(zombies > 1)]...)
	}
	if dead > 0 {
		t = append(strconv.AppendInt(append(t, ", "...), int64(dead), 10), " dead"...)
	}
	return t
}

// tabs writes the names of all views with their keys, the main one marked.
func (p *page) tabs(s *Scene, f *Frame) []tab {
	var tabs []tab
	g := p.p.sign
	p.glyph(inkRule, g.rule)
	for i, panel := range f.Panels {
		name := strconv.Itoa(i+1) + " " + panel.String()
		if p.room() < len(name)+3 {
			if name = strconv.Itoa(i + 1); panel != f.Main && p.room() < len(name)+3 {
				continue
			}
		}
		from := p.w
		if panel == f.Main {
			p.put(inkFocus, "["+name+"]")
		} else {
			p.space(1)
			p.put(inkKey, name[:1])
			p.put(inkDim, name[1:])
			p.space(1)
		}
		tabs = append(tabs, tab{from, p.w, panel})
		p.glyph(inkRule, g.rule)
	}
	if f.Main == PanelProcs {
		var buf [64]byte
		if t := countWords(buf[:0], s.board()); len(t)+4 <= p.room() {
			p.glyphs(inkRule, g.rule, p.room()-len(t)-3)
			p.space(1)
			p.bytes(inkDim, t)
			p.space(1)
		}
	}
	p.glyphs(inkRule, g.rule, p.room())
	return tabs
}
