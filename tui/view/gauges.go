package view

import (
	"math"
	"slices"
	"strconv"

	"edu/procession/demos/board"
)

// Gauges draws what was measured: single numbers as a list, groups as bars on
// one scale. Numbers that the stage slowed are no measurements; they are counted
// and not shown.
func Gauges(s *Scene, w, h int) []string { return gauges(s, w, h).close() }

// gaugeGroup is the gauges that are drawn on one scale, in order of arrival.
type gaugeGroup struct {
	name string
	gs   []*board.Gauge
}

// ladder is 1 for a group with a logarithmic scale, else 0.
func (g gaugeGroup) ladder() int {
	if len(g.gs) > 0 && g.gs[0].Log {
		return 1
	}
	return 0
}

// groupsOf sorts gauges into groups; the first has no name and no bars. paced
// counts those that are hidden.
func groupsOf(b *board.Board) (groups []gaugeGroup, paced int) {
	groups = append(groups, gaugeGroup{})
	for i := range b.Gauges {
		g := &b.Gauges[i]
		if g.Paced {
			paced++
			continue
		}
		at := 0
		for j := range groups {
			if groups[j].name == g.Group {
				at = j
			}
		}
		if at == 0 && g.Group != "" {
			groups = append(groups, gaugeGroup{name: g.Group})
			at = len(groups) - 1
		}
		groups[at].gs = append(groups[at].gs, g)
	}
	return groups, paced
}

func gauges(s *Scene, w, h int) *page {
	p := newPage(s, w, h)
	groups, paced := groupsOf(s.board())
	if len(groups) == 1 && len(groups[0].gs) == 0 && paced == 0 {
		p.put(inkDim, "Nothing measured yet.")
		return p
	}
	wide := 0 // names are set to one width in the whole panel
	for _, g := range groups {
		for _, x := range g.gs {
			wide = max(wide, width(p.clean(x.Name)))
		}
	}
	wide = min(wide, max(w*2/5, 8))
	// A scale over orders of magnitude is what its run is about: it comes first.
	slices.SortStableFunc(groups, func(x, y gaugeGroup) int { return y.ladder() - x.ladder() })
	for _, g := range groups {
		switch {
		case len(g.gs) == 0:
			continue
		case g.name == "":
			p.numbers(g.gs, wide)
			continue
		case len(p.lines) > 0 && p.left() > len(g.gs)+2:
			p.next()
		}
		p.bars(g, wide)
	}
	if paced > 0 {
		n := strconv.Itoa(paced)
		p.say(inkDim, n+" more hidden: this run is slowed down, so they are no measurements",
			n+" more hidden: slowed down, so no measurements", n+" hidden: slowed down", n+" hidden")
		p.next()
	}
	return p
}

// numbers lists gauges, one a line.
func (p *page) numbers(gs []*board.Gauge, wide int) {
	for i, g := range gs {
		if p.left() == 1 && i < len(gs)-1 {
			p.glyph(inkDim, p.p.sign.more)
			p.put(inkDim, " and "+strconv.Itoa(len(gs)-i)+" more")
			p.next()
			return
		}
		p.field(inkText, p.clean(g.Name), wide)
		p.space(2)
		p.value(g)
		p.noteOf(g)
		p.next()
	}
}

// value writes a number right-aligned in ten cells.
func (p *page) value(g *board.Gauge) {
	v := p.clean(format(g.Gauge, p.p.ascii))
	p.space(10 - width(v))
	p.all(inkStrong, v)
}

func (p *page) noteOf(g *board.Gauge) {
	if g.Note != "" && p.room() > 8 {
		p.space(2)
		p.all(inkDim, p.clean(g.Note))
	}
}

// base is a gauge's value in a unit that its group shares where that is time.
func base(g *board.Gauge) float64 {
	if ns, ok := nanos(g.Unit); ok {
		return g.Value * ns
	}
	return g.Value
}

// scale turns values into lengths of bars.
type scale struct {
	log    bool
	lo, hi float64 // powers of ten if log
}

func scaleOf(gs []*board.Gauge) scale {
	sc := scale{lo: math.Inf(1)}
	for _, g := range gs {
		v := base(g)
		if math.IsNaN(v) || math.IsInf(v, 0) || v <= 0 {
			continue
		}
		sc.log = sc.log || g.Log
		sc.lo, sc.hi = min(sc.lo, v), max(sc.hi, v)
	}
	if sc.hi == 0 {
		return scale{lo: 0, hi: 1}
	}
	if !sc.log {
		sc.lo = 0
		return sc
	}
	sc.lo = math.Floor(math.Log10(sc.lo) + 1e-9)
	sc.hi = math.Ceil(math.Log10(sc.hi) - 1e-9)
	if sc.hi <= sc.lo {
		sc.hi = sc.lo + 1
	}
	return sc
}

// length is a value's place on n cells, in eighths of a cell.
func (sc scale) length(v float64, n int) int {
	if math.IsNaN(v) || v <= 0 {
		return 0
	}
	f := v / sc.hi
	if sc.log {
		f = (math.Log10(v) - sc.lo) / (sc.hi - sc.lo)
	}
	return max(int(min(max(f, 0), 1)*float64(n)*8+0.5), 1)
}

// bars draws a group: its name and scale, a bar and its number a line, and on a
// logarithmic scale an axis.
func (p *page) bars(g gaugeGroup, wide int) {
	sc := scaleOf(g.gs)
	n := p.max - wide - 1 - 11
	if p.left() > len(g.gs) || p.left() > 1 {
		p.all(inkStrong, p.clean(g.name))
		if sc.log && n >= 8 {
			p.say(inkDim, "  (log scale: each mark is ten times the one before)", "  (log scale: each mark is 10 times the last)", "  (log scale)")
		}
		p.next()
	}
	for i, x := range g.gs {
		if p.left() == 1 && i < len(g.gs)-1 {
			p.glyph(inkDim, p.p.sign.more)
			p.put(inkDim, " and "+strconv.Itoa(len(g.gs)-i)+" more")
			p.next()
			return
		}
		p.field(inkText, p.clean(x.Name), wide)
		p.space(1)
		if n >= 8 {
			p.bar(sc.length(base(x), n), n)
		}
		v := p.clean(format(x.Gauge, p.p.ascii))
		p.space(max(11-width(v), 1))
		p.all(inkStrong, v)
		p.noteOf(x)
		p.next()
	}
	if sc.log && n >= 8 && !p.full() {
		p.decades(sc, g.gs[0], wide+1, n)
	}
}

// bar draws a bar of so many eighths, padded to n cells.
func (p *page) bar(eighths, n int) {
	g := p.p.sign
	top := len(g.bar) - 1
	full := eighths / 8
	p.glyphs(inkBar, g.bar[top], full)
	if part := eighths % 8 * top / 8; part > 0 && full < n {
		p.glyph(inkBar, g.bar[part])
		full++
	} else if full == 0 && n > 0 {
		p.glyph(inkBar, g.bar[1])
		full++
	}
	p.space(n - full)
}

// decades labels the powers of ten on a logarithmic axis.
func (p *page) decades(sc scale, like *board.Gauge, at, n int) {
	unit := like.Unit
	if _, ok := nanos(unit); ok {
		unit = "ns"
	}
	for e := int(sc.lo); e <= int(sc.hi); e++ {
		g := like.Gauge
		g.Value, g.Unit = math.Pow(10, float64(e)), unit
		label := format(g, p.p.ascii)
		col := at + int((float64(e)-sc.lo)/(sc.hi-sc.lo)*float64(n)+0.5)
		if col < p.w+1 && e > int(sc.lo) || col+1+width(label) > at+n+10 {
			continue
		}
		p.to(col)
		p.glyph(inkDim, p.p.sign.tick)
		p.all(inkDim, label)
	}
	p.next()
}
