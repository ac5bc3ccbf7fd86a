package view

import (
	"slices"
	"time"

	"edu/procession/demos/board"
	"edu/procession/demos/trace"
)

// Layout is what the learner has chosen of how the stage is put together.
type Layout struct {
	Main Panel // the main view where there is room for one; PanelNone: the steps in step mode, else the table
	Log  int   // lines of the log; 0: as fits, negative: none
	Solo bool  // the main view alone, however much room there is
}

// Rect is a place on the frame, in cells.
type Rect struct{ X, Y, W, H int }

// Has says that a cell is in it.
func (r Rect) Has(x, y int) bool {
	return x >= r.X && x < r.X+r.W && y >= r.Y && y < r.Y+r.H
}

// Placed is a panel and its place. The title, where there is one, is the first
// line of it.
type Placed struct {
	Panel Panel
	Rect
	Title bool // the first line is a title
	Tabs  bool // the title is that of the main view: it names all the others
}

// body is the place without the title.
func (p Placed) body() Rect {
	if p.Title {
		return Rect{p.X, p.Y + 1, p.W, p.H - 1}
	}
	return p.Rect
}

// From these widths on, the stage stands in two and in three columns, and from
// this height on a column holds more than one view.
const (
	twoColumns   = 100
	threeColumns = 160
	manyViews    = 30
	gutter       = 3
)

// Arrange lays the stage out: the caption on top, below it columns that are
// filled from top to bottom. At 80×24 there is one main view with three lines of
// log; with more room the other views stand beside and below it.
func Arrange(s *Scene, l Layout, w, h int) []Placed {
	if w <= 0 || h <= 0 {
		return nil
	}
	panels := Panels(s.Board)
	l.Main = chosen(s.Board, l.Main)
	var out []Placed
	y := 0
	if h >= 8 {
		most := 1
		switch {
		case h >= 40:
			most = 4
		case h >= 14:
			most = 2 + b2i(h >= 20 && s.board().Verdict != nil)
		}
		y = min(max(captionHeight(s, w), 1), most)
		out = append(out, Placed{Panel: PanelCaption, Rect: Rect{0, 0, w, y}})
		if h >= manyViews {
			y++ // a blank line
		}
	}
	area := Rect{0, y, w, h - y}
	switch {
	case l.Solo || w < twoColumns || h < 16:
		return append(out, s.oneColumn(l, panels, area)...)
	case w < threeColumns || !s.fillsThree(panels):
		return append(out, s.columns(l, panels, area, 2)...)
	}
	return append(out, s.columns(l, panels, area, 3)...)
}

// fillsThree says that there is enough on stage besides the table and the lanes
// for a column of its own.
func (s *Scene) fillsThree(panels []Panel) bool {
	for _, p := range panels {
		switch p {
		case PanelGrid, PanelQueues, PanelMessages, PanelNodes:
			return true
		case PanelGauges:
			if _, ideal := s.wants(p, twoColumns); ideal >= 8 {
				return true
			}
		}
	}
	return false
}

// oneColumn stacks the main view, as many others as fit, and the log.
func (s *Scene) oneColumn(l Layout, panels []Panel, area Rect) []Placed {
	log := l.Log
	if log == 0 {
		log = 3
	}
	if area.H < log+7 {
		log = min(log, area.H-7)
	}
	stack := []Panel{l.Main}
	if area.H+2 >= manyViews && !l.Solo {
		for _, p := range panels {
			if p != l.Main {
				stack = append(stack, p)
			}
		}
	}
	main := area
	if log > 0 {
		main.H -= log + 1
	}
	out := s.stack(stack, main, true, true)
	if log > 0 {
		out = append(out, Placed{PanelLog, Rect{area.X, area.Y + main.H, area.W, log + 1}, true, false})
	}
	return out
}

// columns puts the table left, in step mode the steps, the main view or the lanes beside it, the other
// views right of them or below, and the log where there is room.
func (s *Scene) columns(l Layout, panels []Panel, area Rect, n int) []Placed {
	rest := make([]Panel, 0, len(panels))
	left, parts := PanelProcs, []int{46, 54}
	if Stepped(s.Board) { // the learner's eye is on whose turn it is
		left, parts = PanelSteps, []int{56, 44}
	}
	if l.Main != left {
		rest = append(rest, l.Main)
	}
	for _, p := range panels {
		if p != left && p != l.Main {
			rest = append(rest, p)
		}
	}
	if n == 3 {
		parts = []int{39, 32, 29}
	}
	free := area.W - gutter*(n-1)
	cols := make([]Rect, n)
	x := area.X
	for i := range cols {
		cw := free * parts[i] / 100
		if i == n-1 {
			cw = area.X + area.W - x
		}
		cols[i] = Rect{x, area.Y, cw, area.H}
		x += cw + gutter
	}
	stacks := [][]Panel{{left}, rest}
	if n == 3 {
		stacks = [][]Panel{{left}, rest[:1:1], rest[1:]}
		if i := slices.Index(rest, PanelMessages); i > 0 && rest[0] != PanelGrid { // messages can use the width
			stacks[1] = append(stacks[1], PanelMessages)
			stacks[2] = slices.Delete(slices.Clone(rest[1:]), i-1, i)
		}
	}
	// The log stands under the table, unless that needs the room.
	_, ideal := s.wants(left, cols[0].W)
	at, log := 0, max(5, min(area.H-ideal-2, area.H/2))
	if area.H >= manyViews && area.H-ideal-2 < 5 {
		at, log = n-1, area.H/5
	}
	if l.Log != 0 {
		log = l.Log
	}
	var out []Placed
	for i, c := range cols {
		if i == at && log > 0 {
			lines := min(log, c.H/2)
			c.H -= lines + 1
			out = append(out, Placed{PanelLog, Rect{c.X, c.Y + c.H, c.W, lines + 1}, true, false})
		}
		out = append(out, s.stack(stacks[i], c, false, i == 0)...)
	}
	return out
}

// stack fills a column with the panels that fit, the first first. Each gets what
// it needs; what is left over goes to those that can use it, and then, with signs,
// to the legend.
func (s *Scene) stack(panels []Panel, area Rect, tabs, signs bool) []Placed {
	type share struct {
		panel    Panel
		h, ideal int // with the title
	}
	shares := make([]share, 0, len(panels))
	used := 0
	for i, p := range panels {
		least, ideal := s.wants(p, area.W)
		least, ideal = least+1, max(ideal, least)+1
		if i > 0 && used+least > area.H {
			break
		}
		sh := share{p, min(least, area.H-used), ideal}
		used += sh.h
		shares = append(shares, sh)
	}
	left := max(area.H-used, 0)
	for i := range shares {
		more := min(max(shares[i].ideal-shares[i].h, 0), left)
		shares[i].h += more
		left -= more
	}
	if !tabs { // what can always use more stands last
		slices.SortStableFunc(shares, func(x, y share) int { return b2i(greedy(x.panel)) - b2i(greedy(y.panel)) })
	}
	gap := 0
	if n := len(shares) - 1; n > 0 && left >= n && area.H >= manyViews {
		gap = 1
		left -= n
	}
	out := make([]Placed, 0, len(shares)+1)
	y := area.Y
	for i, sh := range shares {
		if i == len(shares)-1 {
			sh.h = area.Y + area.H - y
			full := legendHeight(area.W) + 1
			spare := min(sh.h-sh.ideal-gap, full)
			if signs && states(sh.panel) && spare >= min(full, 4) {
				sh.h -= spare
				out = append(out, Placed{PanelLegend, Rect{area.X, y + sh.h, area.W, spare}, true, false})
			}
		}
		out = append(out, Placed{sh.panel, Rect{area.X, y, area.W, sh.h}, true, tabs && i == 0})
		y += sh.h + gap
	}
	return out
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

// greedy says that a panel can always use more lines.
func greedy(p Panel) bool { return p == PanelMessages || p == PanelLog }

// states says that a panel shows signs that the legend explains.
func states(p Panel) bool {
	return p == PanelProcs || p == PanelLanes || p == PanelQueues || p == PanelNodes
}

// wants is how many lines a panel needs and would like, without its title.
func (s *Scene) wants(p Panel, w int) (least, ideal int) {
	b := s.board()
	switch n := len(b.Procs); p {
	case PanelProcs:
		return min(n+1, 5), n + 3
	case PanelSteps:
		return stepsHeight(b)
	case PanelLanes:
		if n <= 6 {
			return min(n+2, 6), 2*n + 2
		}
		return min(n+2, 6), n + 2
	case PanelGrid:
		_, rows := gridRows(b, w, numbered)
		hand := b.Counts[board.TaskRunning] + b.Counts[board.TaskFailed] + b.Counts[board.TaskLost]
		return 1 + min(rows, 4), 1 + min(rows, 20) + min(hand, 6) + 1
	case PanelQueues:
		n := 0
		for i := range b.Queues {
			puts, gets := parties(b, &b.Queues[i])
			n += 3 + max(len(puts), len(gets), 1)
		}
		return min(4, n), n
	case PanelGauges:
		groups, _ := groupsOf(b)
		n := len(groups[0].gs) + 1
		for _, g := range groups[1:] {
			n += len(g.gs) + 3
		}
		return min(n, 6), n
	case PanelMessages:
		return 6, min(2*len(b.Msgs)+2, 24)
	case PanelLinks:
		ps, _ := s.pairs()
		return min(len(ps)+1, 4), len(ps) + 1
	case PanelNodes:
		return s.nodesHeight(w)
	case PanelBeliefs:
		return beliefsHeight(s, w)
	}
	return 3, 8
}

// order lists the processes as the table draws them, for the keys up and down.
func (s *Scene) order(rows int) []trace.ID {
	b := s.board()
	is := orderOf(b, rows)
	ids := make([]trace.ID, len(is))
	for i, at := range is {
		ids[i] = b.Procs[at].ID
	}
	return ids
}

// counts says how many processes there are, by what has become of them.
func counts(b *board.Board) (live, zombies, dead int) {
	for i := range b.Procs {
		switch standing(&b.Procs[i]) {
		case classDead:
			dead++
		case classZombie:
			zombies++
		default:
			live++
		}
	}
	return live, zombies, dead
}

// grain is the step in which a panel looks at time. 0 is every moment.
func (s *Scene) grain(p Panel, w int) time.Duration {
	if win := s.window(); p == PanelLanes && (win.To-win.From)/time.Duration(max(w, 1)) < Grain {
		return 0
	}
	return Grain
}
