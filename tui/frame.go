package tui

import (
	"fmt"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"edu/procession/demos/safe"
	"edu/procession/tui/theme"
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
	bodyH := m.h - 1 - len(rows)
	m.barTop = m.h - len(rows)

	lines := make([]string, 0, m.h)
	lines = append(lines, m.titleLine())
	lines = append(lines, m.body.fill(m.top().draw(m.w, bodyH), m.w, bodyH)...)
	rows = fix(m.top().bar(), len(rows)) // what can be done may depend on what was drawn
	if m.over != nil {
		title, box := m.over.draw(min(m.w-4, maxBox), bodyH-2)
		lay(lines[1:], m.box(title, box), m.w)
		rows = fix([]barRow{{Items: m.over.bar()}}, len(rows))
	}
	if m.notice != "" {
		lines[len(lines)-1] = m.noticeLine()
	}
	for i, r := range rows {
		last := i == len(rows)-1
		line, zones := m.barLine(r, last)
		lines = append(lines, line)
		m.zones = append(m.zones, zones)
	}
	m.content = strings.Join(lines, "\n")
	if m.cfg.Look.Plain {
		m.content = strings.ReplaceAll(m.content, ellipsis, m.th.Glyphs().Ellipsis)
	}
}

// ellipsis tells that something was cut. A plain theme has another.
const ellipsis = "…"

// fix makes n rows, the last of which stays the last.
func fix(rows []barRow, n int) []barRow {
	for len(rows) < n {
		rows = append([]barRow{{}}, rows...)
	}
	return rows[len(rows)-n:]
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
	th := m.th
	left := th.Paint(theme.Accent, " procession")
	crumbs := m.top().crumbs()
	for i, c := range crumbs {
		k := theme.Muted
		if i == len(crumbs)-1 {
			k = theme.Title
		}
		left += th.Paint(theme.Muted, " "+th.Glyphs().Arrow+" ") + th.Paint(k, safe.Line(c, 200))
	}
	return sides(left, th.Paint(theme.Muted, m.top().corner()+" "), m.w)
}

// noticeLine is what has happened and what to do, over the last line of the page.
func (m *Model) noticeLine() string {
	return m.th.Paint(theme.Warn, fit(" ! "+safe.Line(m.notice, 500), m.w))
}

// relook makes the theme anew.
func (m *Model) relook() {
	m.th = theme.New(theme.Options{Dark: m.dark, Contrast: m.cfg.Look.Projector, Color: m.colour, Plain: m.cfg.Look.Plain})
}

// barRow is a line of the key bar. A binding without keys is a remark.
type barRow struct{ Items []Binding }

// barLine draws a row of the key bar and says where its keys are. What does not
// fit is left out from the end; help, in the last row, never is.
func (m *Model) barLine(r barRow, last bool) (string, []zone) {
	th := m.th
	var zones []zone
	end, endW := "", 0
	if last && m.over == nil {
		help := m.keys.Help
		end = th.Paint(theme.Key, help.Show()) + " " + help.Word + " "
		endW = width(help.Show()) + 1 + width(help.Word) + 1
		zones = append(zones, zone{m.w - endW, m.w, help.Keys[0]})
	}
	line, x := " ", 1
	for _, b := range r.Items {
		if len(b.Keys) == 0 { // a remark between the keys
			if n := width(b.Word); b.Word != "" && x+n < m.w-endW-2 {
				line += th.Paint(theme.Muted, b.Word) + "  "
				x += n + 2
			}
			continue
		}
		w := width(b.Show()) + 1 + width(b.Word)
		if x+w > m.w-endW-2 {
			break
		}
		zones = append(zones, zone{x, x + w, b.Keys[0]})
		line += th.Paint(theme.Key, b.Show()) + " " + b.Word + "  "
		x += w + 2
	}
	return sides(line, end, m.w), zones
}

// maxBox is the widest that a box over the page gets: a line that reads well.
const maxBox = 96

// box frames what lies over the page.
func (m *Model) box(title string, lines []string) []string {
	th, b := m.th, m.th.Box()
	w := width(title) + 4
	for _, s := range lines {
		w = max(w, width(s))
	}
	side := th.Paint(theme.Border, b.Vertical)
	out := []string{th.Paint(theme.Border, b.TopLeft+b.Horizontal+" ") + th.Paint(theme.Title, title) +
		th.Paint(theme.Border, " "+strings.Repeat(b.Horizontal, w-width(title)-1)+b.TopRight)}
	for _, s := range lines {
		out = append(out, side+" "+fit(s, w)+" "+side)
	}
	return append(out, th.Paint(theme.Border, b.BottomLeft+strings.Repeat(b.Horizontal, w+2)+b.BottomRight))
}

// width is how many cells a text takes.
func width(s string) int { return ansi.StringWidth(s) }

// fit cuts a text to w cells, or fills it up with spaces.
func fit(s string, w int) string {
	n := width(s)
	switch {
	case n > w:
		return ansi.Truncate(s, w, ellipsis)
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

// filler makes lines exactly as wide as the window. Measuring is what costs in
// a frame, so it remembers the lines of the frame before.
type filler struct {
	w       int
	in, out []string
}

// fill makes exactly h lines of exactly w cells. The result is good until the
// next call.
func (f *filler) fill(lines []string, w, h int) []string {
	if w != f.w {
		f.w, f.in, f.out = w, nil, nil
	}
	for len(f.in) < h {
		f.in, f.out = append(f.in, ""), append(f.out, strings.Repeat(" ", w))
	}
	for i := range h {
		if s := at(lines, i); s != f.in[i] {
			f.in[i], f.out[i] = s, fit(s, w)
		}
	}
	return f.out[:h]
}

// lay puts a box into the middle of a page of lines w cells wide. Left and right
// of it the page is blank: halves of words are noise.
func lay(page, box []string, w int) {
	bw := 0
	for _, s := range box {
		bw = max(bw, width(s))
	}
	x, y := max((w-bw)/2, 0), max((len(page)-len(box))/2, 0)
	for i, s := range box {
		if y+i < len(page) {
			page[y+i] = fit(strings.Repeat(" ", x)+s, w)
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

// rule is a line across the window.
func (m *Model) rule(w int) string {
	return m.th.Paint(theme.Border, strings.Repeat(m.th.Box().Horizontal, max(w, 0)))
}

// at is the i-th line, or an empty one.
func at(lines []string, i int) string {
	if i < 0 || i >= len(lines) {
		return ""
	}
	return lines[i]
}

// blanks are n lines on which no entry stands.
func blanks(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = -1
	}
	return out
}

// index is where n stands in a list, -1 when it does not.
func index(list []int, n int) int { return slices.Index(list, n) }
