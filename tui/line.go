package tui

import (
	"strings"

	tea "charm.land/bubbletea/v2"

	"edu/procession/demos/safe"
	"edu/procession/tui/theme"
)

// line is a line that the learner types, or pastes, into a box.
type line struct {
	text string
	max  int // bytes
}

// key takes a key, and reports whether it changed the line.
func (l *line) key(k string, msg tea.KeyPressMsg) bool {
	switch {
	case k == "backspace":
		r := []rune(l.text)
		l.text = string(r[:max(len(r)-1, 0)])
	case k == "ctrl+u":
		l.text = ""
	case msg.Text != "":
		return l.put(msg.Text)
	default:
		return false
	}
	return true
}

// put adds text at the end, line ends as spaces, if there is room.
func (l *line) put(text string) bool {
	text = safe.Line(strings.Join(strings.Split(text, "\n"), " "), l.max)
	if len(l.text)+len(text) > l.max {
		return false
	}
	l.text += text
	return true
}

// draw is the line with its caret: the end of it, where not all has room.
func (l *line) draw(th theme.Theme, w int) string {
	text, cut := []rune(l.text), ""
	for len(text) > 0 && width(string(text)) > w-2 {
		text, cut = text[1:], ellipsis
	}
	return cut + string(text) + th.Paint(theme.Accent, "_")
}

// paster is an overlay that takes what is pasted.
type paster interface{ paste(text string) }
