package view

import (
	"strings"

	"edu/procession/demos/board"
	"edu/procession/demos/trace"
	"edu/procession/tui/theme"
)

// Log draws what was said, done and decided, the latest at the bottom: the time,
// whose word it is, whom it is about, and the text. [Scene.Filter] keeps to one
// process; [Scene.Scroll] goes back.
func Log(s *Scene, w, h int) []string { return logPage(s, w, h).close() }

func logPage(s *Scene, w, h int) *page {
	p := newPage(s, w, h)
	b := s.board()
	if h <= 0 {
		return p
	}
	picked := make([]int, 0, h)
	skip := min(max(s.Scroll[PanelLog], 0), max(logLines(s)-h, 0))
	for i := len(b.Lines) - 1; i >= 0 && len(picked) < h; i-- {
		if s.Filter != "" && b.Lines[i].Who != s.Filter {
			continue
		}
		if skip > 0 {
			skip--
			continue
		}
		picked = append(picked, i)
	}
	if len(picked) == 0 {
		p.put(inkDim, "Nothing yet.")
		return p
	}
	name := 4
	for _, i := range picked {
		name = max(name, width(p.clean(string(b.Lines[i].Who))))
	}
	name = min(name, 14, max(w/4, 4))
	for i := len(picked) - 1; i >= 0; i-- {
		p.logLine(s, &b.Lines[picked[i]], name)
	}
	return p
}

// logLines is how many lines the log has.
func logLines(s *Scene) int {
	b := s.board()
	if s.Filter == "" {
		return len(b.Lines)
	}
	n := 0
	for i := range b.Lines {
		if b.Lines[i].Who == s.Filter {
			n++
		}
	}
	return n
}

// sourceInk is the ink of a source.
func sourceInk(src trace.Source) ink {
	switch src {
	case trace.Kernel:
		return inkKernel
	case trace.Worker:
		return inkWorker
	case trace.Learner:
		return inkLearner
	}
	return inkStage
}

// themeSource is a source as the theme knows it.
func themeSource(src trace.Source) theme.Source {
	switch src {
	case trace.Kernel:
		return theme.SourceKernel
	case trace.Worker:
		return theme.SourceWorker
	case trace.Learner:
		return theme.SourceLearner
	}
	return theme.SourceStage
}

func (p *page) logLine(s *Scene, l *board.Line, name int) {
	if p.max >= 40 {
		p.stamp(l.At)
	}
	in := sourceInk(l.Source)
	look := s.Theme.Source(themeSource(l.Source))
	p.put(in, look.Letter)
	p.glyph(in, look.Glyph)
	p.space(1)
	who := p.clean(string(l.Who))
	if l.Source == trace.Learner && (who == "" || l.Kind == trace.KindAct) {
		who = "you"
	}
	p.mark(l.Who, 0, p.max)
	nameInk := inkDim
	if l.Who == s.Selected && l.Who != "" {
		nameInk = inkStrong
	}
	p.field(nameInk, who, name)
	p.space(1)
	text := strings.TrimRight(p.clean(l.Text), " ")
	switch {
	case l.Kind == trace.KindVerdict:
		p.put(inkStrong, "verdict: ")
		p.all(inkText, text)
	case l.Stream == "caption":
		p.all(inkText, text)
	case l.Stream == "stderr":
		p.put(inkWarn, "err: ")
		p.all(inkSaid, text)
	case l.Stream == "stdout":
		p.put(inkDim, "out: ")
		p.all(inkSaid, text)
	case l.Source == trace.Worker:
		p.all(inkSaid, text)
	case l.Kind == trace.KindDropped || l.Kind == trace.KindTaskLost || l.Kind == trace.KindTaskFail:
		p.all(inkBad, text)
	default:
		p.all(inkText, text)
	}
	p.next()
}
