package view

import (
	"slices"
	"strings"
	"time"

	"edu/procession/demos/board"
	"edu/procession/demos/trace"
	"edu/procession/tui/theme"
)

// Stage puts panels together to frames and keeps those that have not changed.
// It is for one goroutine. Its cache changes no byte of what is drawn.
type Stage struct {
	kept  map[panelKey]drawn // of the last frame
	spare map[panelKey]drawn
	keep  keeper
	last  *Frame
	asked frameKey // for last
}

// frameKey is everything that decides how a frame is drawn.
type frameKey struct {
	scene  Scene
	layout Layout
	w, h   int
	pos    [2]int // of Board and Whole
}

// NewStage returns a Stage with nothing in its cache.
func NewStage() *Stage {
	return &Stage{kept: map[panelKey]drawn{}, spare: map[panelKey]drawn{}, keep: keeper{lanes: map[trace.ID]*laneKept{}}}
}

// panelKey is everything that decides how a panel is drawn. It holds its Board,
// so that no other can take its address.
type panelKey struct {
	panel            Panel
	w, h             int
	title, tabs      bool
	board, whole     *board.Board
	pos, wholePos    int
	now              time.Duration
	window           Window
	cursor           time.Duration
	scrubbed         bool
	selected, filter trace.ID
	scroll           int
	focus            bool
	main             Panel
	sample           time.Duration
	order            Order
	clocks           string
	theme            theme.Theme
}

// drawn is a panel as it was drawn.
type drawn struct {
	lines []string
	hits  []hit
	tabs  []tab
	axis  axis
	left  int // of the axis
}

// tab is where the title of the main view names another.
type tab struct {
	x0, x1 int
	panel  Panel
}

// Frame is the stage as it was drawn once.
type Frame struct {
	W, H   int
	Panels []Panel // as Panels, for the keys 1…n
	Main   Panel   // the main view that was drawn

	text   string
	placed []Placed
	parts  []drawn // of placed
	order  []trace.ID
	scroll [panelCount]int
}

// Draw draws the stage. The Frame stays as it is when the Board goes on.
func (st *Stage) Draw(scene *Scene, l Layout, w, h int) *Frame {
	w, h = max(w, 0), max(h, 0)
	sc := *scene
	s := &sc
	s.keep = &st.keep
	key := frameKey{sc, l, w, h, [2]int{}}
	key.scene.Now = s.now()
	if g := s.grain(PanelLanes, w); g > 0 {
		key.scene.Now = s.now().Truncate(g)
	}
	if s.Board != nil {
		key.pos[0] = s.Board.Pos
	}
	if s.Whole != nil {
		key.pos[1] = s.Whole.Pos
	}
	if st.last != nil && st.asked == key {
		return st.last
	}
	st.asked = key
	f := &Frame{W: w, H: h, Panels: Panels(s.Board), Main: l.Main, placed: Arrange(s, l, w, h)}
	f.Main = chosen(s.Board, f.Main)
	same := st.last != nil && st.last.W == w && st.last.H == h && len(st.last.placed) == len(f.placed)
	f.parts = make([]drawn, len(f.placed))
	for i, p := range f.placed {
		key := s.key(p, f.Main)
		d, ok := st.kept[key]
		if !ok {
			d = s.draw(p, f)
		}
		st.spare[key] = d
		f.parts[i] = d
		same = same && ok && st.last.placed[i] == p
		if n := s.scrollable(p); n > f.scroll[p.Panel] {
			f.scroll[p.Panel] = n
		}
	}
	st.kept, st.spare = st.spare, st.kept
	clear(st.spare)
	f.order = s.order(f.rowsOf(PanelProcs))
	if slices.ContainsFunc(f.placed, func(p Placed) bool { return p.Panel == PanelSteps }) {
		f.order = f.order[:0]
		for _, i := range stepped(s.Board) {
			f.order = append(f.order, s.Board.Procs[i].ID)
		}
	}
	if same {
		f.text = st.last.text
	} else {
		f.text = f.compose()
	}
	st.last = f
	return f
}

func (s *Scene) key(p Placed, main Panel) panelKey {
	now := s.now()
	if g := s.grain(p.Panel, p.W); g > 0 {
		now = now.Truncate(g)
	}
	k := panelKey{panel: p.Panel, w: p.W, h: p.H, title: p.Title, tabs: p.Tabs, board: s.Board, now: now,
		window: s.window(), cursor: s.Cursor, scrubbed: s.Scrubbed, selected: s.Selected, filter: s.Filter,
		scroll: s.Scroll[p.Panel], focus: s.Focus == p.Panel, sample: s.Sample, order: s.Order, clocks: s.Clocks, theme: s.Theme, whole: s.Whole}
	if p.Tabs {
		k.main = main
	}
	if s.Board != nil {
		k.pos = s.Board.Pos
	}
	if s.Whole != nil {
		k.wholePos = s.Whole.Pos
	}
	return k
}

// draw draws a panel with its title.
func (s *Scene) draw(p Placed, f *Frame) drawn {
	var d drawn
	body := p.body()
	var pg *page
	switch p.Panel {
	case PanelProcs:
		pg = procs(s, body.W, body.H)
	case PanelSteps:
		pg = steps(s, body.W, body.H)
	case PanelLanes:
		pg = lanes(s, body.W, body.H)
	case PanelGrid:
		pg = grid(s, body.W, body.H)
	case PanelQueues:
		pg = queues(s, body.W, body.H)
	case PanelGauges:
		pg = gauges(s, body.W, body.H)
	case PanelMessages:
		pg = messages(s, body.W, body.H)
	case PanelLinks:
		pg = links(s, body.W, body.H)
	case PanelNodes:
		pg = nodesPage(s, body.W, body.H)
	case PanelBeliefs:
		pg = beliefs(s, body.W, body.H)
	case PanelLog:
		pg = logPage(s, body.W, body.H)
	case PanelLegend:
		pg = legend(s, body.W, body.H)
	default:
		pg = caption(s, body.W, body.H)
	}
	lines := pg.close()
	d.axis, d.left = pg.axis, pg.axisAt
	for _, h := range pg.hits {
		if h.y < body.H && h.who != "" {
			h.y += p.H - body.H
			d.hits = append(d.hits, h)
		}
	}
	if !p.Title {
		d.lines = lines
		return d
	}
	d.lines = make([]string, 0, p.H)
	t := newPage(s, p.W, 1)
	if p.Tabs {
		d.tabs = t.tabs(s, f)
	} else {
		t.title(s, p.Panel)
	}
	d.lines = append(append(d.lines, t.close()...), lines...)
	d.lines = d.lines[:max(p.H, 0)]
	return d
}

// scrollable is how many lines a panel can be scrolled.
func (s *Scene) scrollable(p Placed) int {
	body := p.body()
	switch p.Panel {
	case PanelLog:
		return max(logLines(s)-max(body.H, 0), 0)
	case PanelProcs, PanelLanes:
		if rows := body.H - 1; len(s.board().Procs) > rows {
			return len(s.board().Procs) - max(rows-1, 0)
		}
	}
	return 0
}

// compose puts the panels' lines side by side.
func (f *Frame) compose() string {
	if f.H == 0 {
		return ""
	}
	var out strings.Builder
	size := f.H * (f.W + 1)
	for _, d := range f.parts {
		for _, l := range d.lines {
			size += len(l)
		}
	}
	out.Grow(size)
	for y := range f.H {
		if y > 0 {
			out.WriteByte('\n')
		}
		x := 0
		for {
			next, line := f.W, ""
			for i, p := range f.placed { // a handful: the leftmost that covers this line
				if p.X >= x && p.X < next && y >= p.Y && y < p.Y+p.H && p.W > 0 {
					next, line = p.X, f.parts[i].lines[y-p.Y]
				}
			}
			spaces(&out, next-x)
			if line == "" {
				break
			}
			out.WriteString(line)
			for _, p := range f.placed {
				if p.X == next && y >= p.Y && y < p.Y+p.H {
					x = next + p.W
				}
			}
		}
	}
	return out.String()
}

func spaces(out *strings.Builder, n int) {
	for n > len(blanks) {
		out.WriteString(blanks)
		n -= len(blanks)
	}
	if n > 0 {
		out.WriteString(blanks[:n])
	}
}
