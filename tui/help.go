package tui

import (
	tea "charm.land/bubbletea/v2"

	"edu/procession/demos/safe"
	"edu/procession/lessons"
	"edu/procession/tui/theme"
)

// sheet is an overlay of lines that can be scrolled.
type sheet struct {
	m     *Model
	title string
	lines func(w int) []string
	top   int
	h     int // lines shown last
	all   int // lines there are
}

func (s *sheet) key(k string, _ tea.KeyPressMsg) (tea.Cmd, bool) {
	keys := s.m.keys
	switch {
	case keys.Dismiss.is(k), keys.Help.is(k):
		return nil, true
	case keys.Down.is(k):
		s.top++
	case keys.Up.is(k):
		s.top--
	case keys.PageDown.is(k), k == "space":
		s.top += max(s.h-1, 1)
	case keys.PageUp.is(k):
		s.top -= max(s.h-1, 1)
	case keys.Top.is(k):
		s.top = 0
	case keys.Bottom.is(k):
		s.top = s.all
	}
	s.top = min(max(s.top, 0), max(s.all-s.h, 0))
	return nil, false
}

func (s *sheet) wheel(n int) { s.top = min(max(s.top+n, 0), max(s.all-s.h, 0)) }

func (s *sheet) draw(w, h int) (string, []string) {
	lines := s.lines(w - 4)
	s.all, s.h = len(lines), min(h-2, len(lines))
	s.top = min(max(s.top, 0), max(s.all-s.h, 0))
	title := s.title
	if s.all > s.h {
		title += ", " + part(s.top, s.h, s.all)
	}
	return title, lines[s.top : s.top+max(s.h, 0)]
}

// part says which part of something long is seen.
func part(top, shown, all int) string {
	switch {
	case top == 0:
		return "more below"
	case top+shown >= all:
		return "the end"
	}
	return "more above and below"
}

func (s *sheet) bar() []Binding {
	k := s.m.keys
	if s.all > s.h {
		return []Binding{k.Dismiss, k.Down.as("up/down", "scroll"), k.PageDown.as("space", "page on")}
	}
	return []Binding{k.Dismiss}
}

// newHelp is the help of the page on top.
func newHelp(m *Model) *sheet {
	about, groups := m.top().help()
	return &sheet{m: m, title: "Help", lines: func(w int) []string {
		var out []string
		out = append(out, wrap(about, w)...)
		for _, g := range groups {
			out = append(out, "", m.th.Paint(theme.Title, g.Title))
			for _, b := range g.Bindings {
				if len(b.Keys) > 0 {
					out = append(out, m.helpLines(b, w)...)
				}
			}
		}
		return append(out, "", m.th.Paint(theme.Muted, "Everything at the foot of the window can be clicked. To select text for copying, hold shift."))
	}}
}

// keyCol is the width of the column of keys in the help.
const keyCol = 22

func (m *Model) helpLines(b Binding, w int) []string {
	keys := ""
	for i, k := range b.Keys {
		if i == 1 && len(b.Keys) > 4 { // 1 to 9
			keys += " to " + keyName(b.Keys[len(b.Keys)-1])
			break
		}
		if i > 0 {
			keys += "  "
		}
		keys += safe.Line(keyName(k), 20)
	}
	var out []string
	for i, line := range wrap(safe.Line(b.Doc, 500), max(w-keyCol, 20)) {
		left := ""
		if i == 0 {
			left = m.th.Paint(theme.Key, keys)
		}
		out = append(out, fit(left, keyCol)+line)
	}
	return out
}

// newGlossary explains terms.
func newGlossary(m *Model, terms []lessons.Term, title string) *sheet {
	return &sheet{m: m, title: title, lines: func(w int) []string {
		var out []string
		for i, t := range terms {
			if i > 0 {
				out = append(out, "")
			}
			name := m.th.Paint(theme.Term, safe.Line(t.Name, 100))
			if t.Also != "" {
				name += "  " + m.th.Paint(theme.Muted, safe.Line(t.Also, 100))
			}
			out = append(out, name)
			for _, line := range wrap(safe.Line(t.Text, 2000), w-2) {
				out = append(out, "  "+line)
			}
		}
		if len(out) == 0 {
			out = []string{"There are no terms here."}
		}
		return out
	}}
}
