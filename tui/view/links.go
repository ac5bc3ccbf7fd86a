package view

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"edu/procession/demos/board"
	"edu/procession/demos/trace"
)

// Links draws who is connected: a line for each two places that have a link or
// have exchanged messages, a cut one broken. Where cuts have split the stage, the
// first line tells into what.
func Links(s *Scene, w, h int) []string { return links(s, w, h).close() }

// pair is two places and what has gone between them.
type pair struct {
	a, b          trace.ID
	cut           bool
	there, back   int // messages from a to b and from b to a
	lost          int
	last          time.Duration // when one last arrived
	heard, isLink bool
	from          trace.ID // of one that is cut one way: whose messages are lost
	fault         trace.LinkFault
	rtt, rttAt    time.Duration
	over          trace.ID // an end that is a node without a living process
}

// recentPairs is how many messages back Links counts.
const recentPairs = 1024

func pairsOf(b *board.Board) (ps []pair, whole bool) {
	last := 0
	at := placesOf(b)
	find := func(x, y trace.ID) *pair {
		x, y = at.of(x), at.of(y)
		if last < len(ps) && (ps[last].a == x && ps[last].b == y || ps[last].a == y && ps[last].b == x) {
			return &ps[last]
		}
		for i := range ps {
			if p := &ps[i]; p.a == x && p.b == y || p.a == y && p.b == x {
				last = i
				return p
			}
		}
		ps = append(ps, pair{a: x, b: y})
		return &ps[len(ps)-1]
	}
	for _, l := range b.Links {
		p := find(l.A, l.B)
		p.cut, p.from, p.isLink = p.cut || l.Cut, at.of(l.From), true
		if l.Fault.Delay > 0 || l.Fault.Jitter > 0 || l.Fault.Rate > 0 {
			p.fault = l.Fault
		}
		if l.RTT > 0 {
			p.rtt, p.rttAt = l.RTT, l.RTTAt
		}
	}
	from := max(len(b.Msgs)-recentPairs, 0)
	for i := from; i < len(b.Msgs); i++ {
		m := &b.Msgs[i]
		if m.From == "" || m.To == "" || m.From == m.To {
			continue
		}
		p := find(m.From, m.To)
		switch {
		case m.Dropped:
			p.lost++
		case m.Received != 0:
			if p.a == at.of(m.From) {
				p.there++
			} else {
				p.back++
			}
			p.last, p.heard = max(p.last, m.Received), true
		}
	}
	for i := range at.all {
		if !at.all[i].lives(b) {
			for j := range ps {
				if ps[j].a == at.all[i].id || ps[j].b == at.all[i].id {
					ps[j].over = at.all[i].id
				}
			}
		}
	}
	slices.SortFunc(ps, func(x, y pair) int {
		if c := strings.Compare(string(x.a), string(y.a)); c != 0 {
			return c
		}
		return strings.Compare(string(x.b), string(y.b))
	})
	return ps, from == 0
}

// islands are the places that can still reach one another, in order of name.
func islands(ps []pair) [][]trace.ID {
	group := map[trace.ID]int{}
	for i, p := range ps {
		for j, id := range [...]trace.ID{p.a, p.b} {
			if _, ok := group[id]; !ok {
				group[id] = 2*i + j
			}
		}
	}
	for range ps { // few places: join until nothing changes
		for _, p := range ps {
			if x, y := group[p.a], group[p.b]; !p.cut && x != y {
				for id, g := range group {
					if g == max(x, y) {
						group[id] = min(x, y)
					}
				}
			}
		}
	}
	by := map[int][]trace.ID{}
	for id, g := range group {
		by[g] = append(by[g], id)
	}
	out := make([][]trace.ID, 0, len(by))
	for _, ids := range by {
		slices.Sort(ids)
		out = append(out, ids)
	}
	slices.SortFunc(out, func(x, y []trace.ID) int { return strings.Compare(string(x[0]), string(y[0])) })
	return out
}

func links(s *Scene, w, h int) *page {
	p := newPage(s, w, h)
	b := s.board()
	ps, whole := s.pairs()
	if len(ps) == 0 {
		p.put(inkDim, "Nothing is connected yet.")
		return p
	}
	now := max(s.now().Truncate(Grain), b.At)
	if is := islands(ps); len(is) > 1 && p.left() > 1 {
		p.split(is)
	}
	wide := 0
	for _, x := range ps {
		wide = max(wide, width(p.clean(string(x.a))), width(p.clean(string(x.b))))
	}
	wide = min(wide, 16, max((w-9)/2, 1))
	for i := range ps {
		if p.left() == 1 && i < len(ps)-1 {
			p.glyph(inkDim, p.p.sign.more)
			p.put(inkDim, " and "+strconv.Itoa(len(ps)-i)+" more links")
			p.next()
			return p
		}
		p.linkLine(s, &ps[i], wide, now)
	}
	if !whole && p.left() > 0 {
		p.say(inkDim, "counted: the last "+grouped(recentPairs)+" messages", "of "+grouped(recentPairs)+" messages")
		p.next()
	}
	return p
}

// split is the line that tells into which islands the stage has been cut.
func (p *page) split(is [][]trace.ID) {
	g := p.p.sign
	for i, ids := range is {
		if i > 0 {
			p.space(1)
			p.glyphs(inkBad, g.link, 2)
			p.glyph(inkBad, g.cross)
			p.glyphs(inkBad, g.link, 2)
			p.space(1)
		}
		p.put(inkStrong, "[")
		for j, id := range ids {
			if j > 0 {
				p.space(1)
			}
			from := p.w
			p.all(inkText, p.clean(string(id)))
			p.mark(id, from, p.w)
		}
		p.put(inkStrong, "]")
	}
	p.put(inkBad, "  cut in "+strconv.Itoa(len(is)))
	p.next()
}

func (p *page) linkLine(s *Scene, x *pair, wide int, now time.Duration) {
	g := p.p.sign
	name := func(id trace.ID) {
		in := inkText
		if id == s.Selected && id != "" {
			in = inkSelect
		}
		from := p.w
		p.field(in, p.clean(string(id)), wide)
		p.mark(id, from, p.w)
	}
	name(x.a)
	p.space(1)
	n := 5
	if p.max >= 60 {
		n = 11
	}
	p.shaft(x, n)
	p.space(1)
	name(x.b)
	switch {
	case x.cut && x.from != "":
		p.say(inkBad, "  CUT one way (injected)", "  CUT one way")
	case x.cut:
		p.say(inkBad, "  CUT (injected)", "  CUT")
	}
	if x.rtt > 0 {
		p.all(inkText, "  "+p.clean(nanoseconds(float64(x.rtt), p.p.ascii))+" there and back")
		if old := now - x.rttAt; x.cut || old > 5*time.Second {
			p.say(inkDim, " "+forSpan(old)+" ago")
		}
	}
	p.faultWords(x.fault)
	if x.there+x.back > 0 && p.room() > 16 {
		p.put(inkText, "  "+grouped(float64(x.there)))
		p.glyph(inkDim, g.right)
		p.space(1)
		p.glyph(inkDim, g.left)
		p.put(inkText, grouped(float64(x.back)))
	}
	if x.lost > 0 {
		p.put(inkBad, "  "+grouped(float64(x.lost))+" lost")
	}
	if x.over != "" && p.room() > 12 {
		p.text(inkDim, "  "+p.clean(string(x.over))+" has ended", p.room())
	}
	if x.heard {
		p.say(inkDim, "  last heard "+forSpan(now-x.last)+" ago")
	}
	p.next()
}

// shaft draws a link in n cells: whole, broken, or, cut one way, an arrow in the
// way in which messages still pass.
func (p *page) shaft(x *pair, n int) {
	g := p.p.sign
	switch {
	case x.cut && x.from == "":
		p.glyphs(inkBad, g.link, n/2)
		p.glyph(inkBad, g.cross)
		p.glyphs(inkBad, g.link, n-n/2-1)
	case x.cut && x.from == x.a: // what b sends arrives
		p.glyph(inkGood, g.left)
		p.glyphs(inkGood, g.line, n-2)
		p.glyph(inkBad, g.cross)
	case x.cut:
		p.glyph(inkBad, g.cross)
		p.glyphs(inkGood, g.line, n-2)
		p.glyph(inkGood, g.right)
	case x.over != "":
		p.glyphs(inkDim, g.dash, n)
	default:
		p.glyphs(inkGood, g.link, n)
	}
}

// faultWords says what the stage does to a link, short of cutting it.
func (p *page) faultWords(f trace.LinkFault) {
	var what []string
	if f.Delay > 0 || f.Jitter > 0 {
		text := "+" + nanoseconds(float64(f.Delay), p.p.ascii)
		if f.Jitter > 0 {
			text += " to " + nanoseconds(float64(f.Delay)+float64(f.Jitter), p.p.ascii)
		}
		what = append(what, text+" each way")
	}
	if f.Rate > 0 {
		var buf [16]byte
		what = append(what, "at most "+string(appendBytes(buf[:0], int64(f.Rate)))+"/s")
	}
	if what != nil {
		p.all(inkWarn, "  "+p.clean(strings.Join(what, ", "))+" (injected)")
	}
}
