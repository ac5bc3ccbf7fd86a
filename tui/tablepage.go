package tui

import (
	"fmt"
	"strings"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"edu/procession/demos/trace"
	"edu/procession/lessons"
	"edu/procession/lessons/progress"
	"edu/procession/lessons/table"
	"edu/procession/tui/theme"
	"edu/procession/tui/view"
)

// tablePage is the table with which the course ends: what the learner's own runs
// have measured of processes and of nodes, and what is still to be measured.
type tablePage struct {
	m          *Model
	top, lines int // first line shown, and how many there are
	high       int
}

func newTable(m *Model) *tablePage { return &tablePage{m: m} }

func (p *tablePage) crumbs() []string { return []string{"processes against nodes"} }

func (p *tablePage) corner() string {
	n, all := table.Measured(p.m.state)
	return fmt.Sprintf("%d of %d measured", n, all)
}

func (p *tablePage) front() tea.Cmd         { return nil }
func (p *tablePage) leave() tea.Cmd         { return nil }
func (p *tablePage) update(tea.Msg) tea.Cmd { return nil }
func (p *tablePage) click(_, _ int) tea.Cmd { return nil }
func (p *tablePage) wheel(_, _, n int) tea.Cmd {
	p.scroll(n)
	return nil
}

func (p *tablePage) scroll(n int) { p.top = max(min(p.top+n, p.lines-p.high), 0) }

func (p *tablePage) key(k string, _ tea.KeyPressMsg) (tea.Cmd, bool) {
	keys := p.m.keys
	switch {
	case keys.Down.is(k):
		p.scroll(1)
	case keys.Up.is(k):
		p.scroll(-1)
	case keys.PageDown.is(k):
		p.scroll(p.high)
	case keys.PageUp.is(k):
		p.scroll(-p.high)
	case keys.Top.is(k):
		p.scroll(-p.lines)
	case keys.Bottom.is(k):
		p.scroll(p.lines)
	default:
		return nil, false
	}
	return nil, true
}

// CellText is a cell of the course's table in words, and where it comes from; ok is
// false for one that is not measured yet. [Lines] breaks it.
func CellText(c table.Cell, st progress.State) (text, from string, ok bool) {
	m, ok := c.In(st)
	if !ok {
		return c.Missing(), "", false
	}
	text = lessons.Fill(c.Text, func(name string) (string, bool) {
		g, ok := m.Gauges[name]
		return view.Format(trace.Gauge{Value: g.Value, Unit: g.Unit}), ok
	})
	return text, fmt.Sprintf("%s, %s, seed %d", m.Demo, m.When.Local().Format("2006-01-02 15:04"), m.Seed), true
}

// Lines breaks a text at its spaces into lines of at most w cells, unless a word is
// longer. Names stay whole, with their hyphens: they are to be typed.
func Lines(text string, w int) (lines []string) {
	for _, word := range strings.Fields(text) {
		if n := len(lines) - 1; n >= 0 && ansi.StringWidth(lines[n]+" "+word) <= w {
			lines[n] += " " + word
		} else {
			lines = append(lines, word)
		}
	}
	return lines
}

// cell is a cell in lines of at most w cells.
func (p *tablePage) cell(c table.Cell, w int) (out []string) {
	text, from, ok := CellText(c, p.m.state)
	token := theme.Text
	if !ok {
		token = theme.Muted
	}
	for _, line := range Lines(text, w) {
		out = append(out, p.m.th.Paint(token, line))
	}
	for _, line := range Lines(from, w) {
		out = append(out, p.m.th.Paint(theme.Muted, line))
	}
	return out
}

// asked is how wide the questions are, where they have a column.
const asked = 24

func (p *tablePage) draw(w, h int) []string {
	th := p.m.th
	var head, out []string
	if w < sideBySide {
		const name = 12
		for _, row := range table.Rows() {
			out = append(out, "", " "+th.Paint(theme.Title, row.Question))
			for side, c := range row.Cells {
				for i, line := range p.cell(c, w-name-4) {
					left := ""
					if i == 0 {
						left = th.Paint(theme.Muted, table.Sides[side])
					}
					out = append(out, "   "+fit(left, name)+line)
				}
			}
		}
	} else {
		wide := min((w-asked-8)/2, 70)
		head = []string{"", " " + fit("", asked+2) + fit(th.Paint(theme.Muted, strings.ToUpper(table.Sides[0])), wide+3) + th.Paint(theme.Muted, strings.ToUpper(table.Sides[1]))}
		for _, row := range table.Rows() {
			q, left, right := wrap(row.Question, asked), p.cell(row.Cells[0], wide), p.cell(row.Cells[1], wide)
			for i := range max(len(q), len(left), len(right)) {
				out = append(out, " "+fit(th.Paint(theme.Title, at(q, i)), asked+2)+fit(at(left, i), wide+3)+at(right, i))
			}
			out = append(out, "")
		}
	}
	p.lines, p.high = len(out), max(h-len(head), 1)
	p.scroll(0)
	return append(head, out[p.top:min(p.top+p.high, len(out))]...)
}

func (p *tablePage) bar() []barRow {
	items := []Binding{p.m.keys.Back}
	if p.lines > p.high {
		items = append([]Binding{p.m.keys.Down.as("up/down", "read on")}, items...)
	}
	return []barRow{{Items: items}}
}

func (p *tablePage) help() (string, []Group) {
	return "The same questions, asked of processes and of nodes. Each answer has its figures from one run of yours, whose demo, date and seed stand below it; " +
			"the next run that measures it takes its place. A cell without says which lesson's demo measures it.",
		p.m.keys.groups("Moving", "Everywhere")
}
