package tui

import (
	"fmt"
	"strings"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"edu/procession/demos/safe"
)

// View implements tea.Model. It draws when something has changed since the last
// time, and a fault in it ends the program.
func (m *Model) View() tea.View {
	if m.dirty {
		m.dirty = false
		m.draw()
	}
	v := tea.NewView(m.content)
	v.AltScreen = true
	v.WindowTitle = m.windowTitle()
	if !m.cfg.NoMouse {
		v.MouseMode = tea.MouseModeCellMotion // clicks and the wheel: the least there is
	}
	return v
}

func (m *Model) draw() {
	defer m.faults.catch("View")
	m.zones, m.barTop = nil, m.h
	if !m.roomy() {
		m.content = m.noRoom()
		return
	}
	rows := m.top().bar()
	if m.over != nil {
		rows = []barRow{{Items: m.over.bar()}}
	}
	bodyH := m.h - 1 - len(rows)
	m.barTop = m.h - len(rows)

	lines := make([]string, 0, m.h)
	lines = append(lines, m.titleLine())
	lines = append(lines, fill(m.top().draw(m.w, bodyH), m.w, bodyH)...)
	if m.over != nil {
		title, box := m.over.draw(min(m.w-4, maxBox), bodyH-2)
		lay(lines[1:], m.box(title, box), m.w)
	}
	if m.notice != "" {
		lines[len(lines)-1] = m.look.notice.on(fit(" ! "+safe.Line(m.notice, 500), m.w))
	}
	for i, r := range rows {
		last := i == len(rows)-1
		line, zones := m.barLine(r, last)
		lines = append(lines, line)
		m.zones = append(m.zones, zones)
	}
	m.content = strings.Join(lines, "\n")
}

// noRoom is the screen of a window that is too small.
func (m *Model) noRoom() string {
	if m.w < 1 || m.h < 1 {
		return ""
	}
	say := fmt.Sprintf("procession needs %dx%d; this window is %dx%d", minWidth, minHeight, m.w, m.h)
	lines := strings.Split(ansi.Wrap(say, m.w, ""), "\n")
	return strings.Join(lines[:min(len(lines), m.h)], "\n")
}

func (m *Model) windowTitle() string {
	crumbs := m.top().crumbs()
	if len(crumbs) == 0 {
		return "procession"
	}
	return safe.Line(crumbs[len(crumbs)-1], 100) + " - procession"
}

// titleLine says where the learner is and, on the right, how things are shown.
func (m *Model) titleLine() string {
	l := m.look
	left := l.brand.on(" procession ")
	for i, c := range m.top().crumbs() {
		left += l.dim.on(l.sep)
		if i == len(m.top().crumbs())-1 {
			left += l.title.on(safe.Line(c, 200))
		} else {
			left += l.dim.on(safe.Line(c, 200))
		}
	}
	right := ""
	if m.cfg.Look.Projector {
		right = l.dim.on("projector ")
	}
	return sides(left, right, m.w)
}

// barRow is a line of the key bar.
type barRow struct {
	Label string
	Items []Binding
}

// barLine draws a row of the key bar and says where its keys are. What does not
// fit is left out from the end; help, in the last row, never is.
func (m *Model) barLine(r barRow, last bool) (string, []zone) {
	l := m.look
	var zones []zone
	end, endW := "", 0
	if last && m.over == nil {
		help := m.keys.Help
		end = l.key.on(help.Show()) + " " + l.word.on(help.Word) + " "
		endW = width(help.Show()) + 1 + width(help.Word) + 1
		zones = append(zones, zone{m.w - endW, m.w, help.Keys[0]})
	}
	line, x := " ", 1
	if r.Label != "" {
		line += l.label.on(r.Label) + "  "
		x += width(r.Label) + 2
	}
	for _, b := range r.Items {
		if len(b.Keys) == 0 {
			continue
		}
		w := width(b.Show()) + 1 + width(b.Word)
		if x+w > m.w-endW-2 {
			break
		}
		zones = append(zones, zone{x, x + w, b.Keys[0]})
		line += l.key.on(b.Show()) + " " + l.word.on(b.Word) + "  "
		x += w + 2
	}
	return sides(line, end, m.w), zones
}

// maxBox is the widest that a box over the page gets: a line that reads well.
const maxBox = 96

// box frames what lies over the page.
func (m *Model) box(title string, lines []string) []string {
	l := m.look
	w := width(title) + 4
	for _, s := range lines {
		w = max(w, width(s))
	}
	b := l.box
	out := []string{l.frame.on(b.tl+b.h+" ") + l.title.on(title) + l.frame.on(" "+strings.Repeat(b.h, w-width(title)-1)+b.tr)}
	for _, s := range lines {
		out = append(out, l.frame.on(b.v)+" "+fit(s, w)+" "+l.frame.on(b.v))
	}
	return append(out, l.frame.on(b.bl+strings.Repeat(b.h, w+2)+b.br))
}

// width is how many cells a text takes.
func width(s string) int { return ansi.StringWidth(s) }

// fit cuts a text to w cells, or fills it up with spaces.
func fit(s string, w int) string {
	n := width(s)
	switch {
	case n > w:
		return ansi.Truncate(s, w, "…")
	case n < w:
		return s + strings.Repeat(" ", w-n)
	}
	return s
}

// sides sets one text to the left and one to the right of w cells. The right
// one stays whole.
func sides(left, right string, w int) string {
	return fit(left, max(w-width(right), 0)) + right
}

// fill makes exactly h lines of exactly w cells.
func fill(lines []string, w, h int) []string {
	out := make([]string, h)
	for i := range out {
		if i < len(lines) {
			out[i] = fit(lines[i], w)
		} else {
			out[i] = strings.Repeat(" ", w)
		}
	}
	return out
}

// lay puts a box into the middle of a page of lines w cells wide.
func lay(page, box []string, w int) {
	bw := 0
	for _, s := range box {
		bw = max(bw, width(s))
	}
	x, y := max((w-bw)/2, 0), max((len(page)-len(box))/2, 0)
	for i, s := range box {
		if y+i < len(page) {
			under := page[y+i]
			page[y+i] = fit(ansi.Truncate(under, x, ""), x) + fit(s, bw) + ansi.TruncateLeft(under, x+bw, "")
		}
	}
}

// wrap breaks prose into lines of at most w cells.
func wrap(s string, w int) []string {
	if w < 1 {
		return nil
	}
	return strings.Split(ansi.Wrap(s, w, ""), "\n")
}
