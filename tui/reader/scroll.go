package reader

// WheelLines is how far one notch of a mouse wheel goes.
const WheelLines = 3

// clamp returns the place nearest to at from which the pane is full, or the
// start if the document is shorter. A section that was jumped to stays at the
// top.
func (r *Reader) clamp(at place) place {
	if len(r.pieces) == 0 {
		return place{}
	}
	if at.piece >= len(r.pieces) {
		at = place{len(r.pieces) - 1, 1 << 30}
	}
	if last := r.height(at.piece) - 1; at.row > last {
		at.row = max(last, 0)
	}
	if r.jumped >= 0 {
		return at
	}
	have := r.height(at.piece) - at.row
	for i := at.piece + 1; i < len(r.pieces) && have < r.h; i++ {
		have += r.height(i)
	}
	return r.back(at, r.h-have)
}

// back returns the place n lines before at, the start at most.
func (r *Reader) back(at place, n int) place {
	for n > 0 {
		if at.row >= n {
			at.row -= n
			return at
		}
		n -= at.row
		if at.piece == 0 {
			return place{}
		}
		at.piece--
		at.row = r.height(at.piece)
	}
	return at
}

// forth returns the place n lines after at, the last line at most.
func (r *Reader) forth(at place, n int) place {
	for n > 0 {
		left := r.height(at.piece) - at.row
		if n < left {
			at.row += n
			return at
		}
		if at.piece == len(r.pieces)-1 {
			return place{at.piece, max(r.height(at.piece)-1, 0)}
		}
		n -= left
		at = place{at.piece + 1, 0}
	}
	return at
}

// ScrollBy moves n lines down, or up if n is negative.
func (r *Reader) ScrollBy(n int) {
	if len(r.pieces) == 0 || r.w == 0 || n == 0 {
		return
	}
	at := r.clamp(r.top)
	jumped := r.jumped >= 0
	if n > 0 {
		at = r.forth(at, n)
	} else {
		at = r.back(at, -n)
	}
	r.moved()
	next := r.clamp(at)
	if jumped && n > 0 && before(next, r.top) {
		next = r.top // down never goes up
		r.jumped = r.section(r.top)
	}
	r.top = next
}

func before(a, b place) bool { return a.piece < b.piece || a.piece == b.piece && a.row < b.row }

// HalfPage moves n halves of the pane; Page moves n panes, less a line that
// both show; Wheel moves n notches of a mouse wheel.
func (r *Reader) HalfPage(n int) { r.ScrollBy(n * max(r.h/2, 1)) }
func (r *Reader) Page(n int)     { r.ScrollBy(n * max(r.h-1, 1)) }
func (r *Reader) Wheel(n int)    { r.ScrollBy(n * WheelLines) }

// Top goes to the start.
func (r *Reader) Top() {
	r.top = place{}
	r.moved()
}

// Bottom goes to the end.
func (r *Reader) Bottom() {
	r.moved()
	if len(r.pieces) > 0 && r.w > 0 {
		r.top = r.clamp(place{len(r.pieces) - 1, 1 << 30})
	}
}

// ScrollX moves the listings by n columns to the left, or back if n is
// negative, no further than their longest line.
func (r *Reader) ScrollX(n int) {
	if x := min(max(r.x+n, 0), max(r.widest-8, 0)); x != r.x {
		r.x = x
		r.changed()
	}
}

// Sections returns the titles of the document.
func (r *Reader) Sections() []string {
	out := make([]string, len(r.heads))
	for i, p := range r.heads {
		out[i] = r.pieces[p].text
	}
	return out
}

// Section returns the number of the section at the top, or -1 before the first.
func (r *Reader) Section() int {
	if r.jumped >= 0 {
		return r.jumped
	}
	return r.section(r.top)
}

func (r *Reader) section(at place) int {
	n := -1
	for i, p := range r.heads {
		if p <= at.piece {
			n = i
		}
	}
	return n
}

// Title returns the title of the section at the top, or "".
func (r *Reader) Title() string {
	if n := r.Section(); n >= 0 {
		return r.pieces[r.heads[n]].text
	}
	return ""
}

// GoToSection puts the title of section n on the first line. It reports
// whether there is such a section.
func (r *Reader) GoToSection(n int) bool {
	if n < 0 || n >= len(r.heads) {
		return false
	}
	r.goTo(r.heads[n])
	r.jumped = n
	return true
}

// GoToBlock puts the start of block n of the document on the first line, as
// near as the text goes.
func (r *Reader) GoToBlock(n int) bool {
	for i, p := range r.pieces {
		if p.block != n {
			continue
		}
		if p.kind == titlePiece {
			return r.GoToSection(r.section(place{i, 0}))
		}
		r.moved()
		r.goTo(i)
		return true
	}
	return false
}

func (r *Reader) goTo(i int) {
	r.top = place{i, r.pieces[i].gap}
	if i < len(r.pieces) && r.pieces[i].kind == titlePiece && r.pieces[i].level == 0 {
		r.top.row *= r.th.Spacing()
	}
	r.fresh = false
}

// NextSection and PrevSection go to the title after and before. They report
// whether there is one. In mid-section PrevSection goes to its own title.
func (r *Reader) NextSection() bool { return r.GoToSection(r.Section() + 1) }

func (r *Reader) PrevSection() bool {
	n := r.Section()
	if n >= 0 && r.jumped < 0 {
		if p := r.heads[n]; r.top.piece > p || r.top.row > r.height(p)-1 {
			return r.GoToSection(n)
		}
	}
	return r.GoToSection(n - 1)
}

// Seen returns the number of the last block of which a line is shown: how far
// the learner has come. It is -1 for an empty document.
func (r *Reader) Seen() int {
	if len(r.pieces) == 0 || r.w == 0 || r.h == 0 {
		return -1
	}
	at := r.clamp(r.top)
	return r.pieces[r.forth(at, r.h-1).piece].block
}

// AtTop reports whether the first line is shown, AtBottom whether the last is.
func (r *Reader) AtTop() bool { return r.clamped() == place{} }

func (r *Reader) AtBottom() bool {
	if len(r.pieces) == 0 || r.w == 0 {
		return true
	}
	at := r.clamped()
	have := r.height(at.piece) - at.row
	for i := at.piece + 1; i < len(r.pieces) && have <= r.h; i++ {
		have += r.height(i)
	}
	return have <= r.h
}

func (r *Reader) clamped() place {
	if r.w == 0 {
		return r.top
	}
	return r.clamp(r.top)
}

// Percent tells how much of the document is above the last line shown. Sections
// that were not drawn yet are estimated.
func (r *Reader) Percent() int {
	if r.AtBottom() {
		return 100
	}
	at := r.clamped()
	above, all := 0, 0
	for i := range r.pieces {
		n := r.guess(i)
		if i < at.piece {
			above += n
		}
		all += n
	}
	above += at.row + r.h
	return max(0, min(99, above*100/max(all, 1)))
}

// guess is the height of a piece without drawing it.
func (r *Reader) guess(i int) int {
	p := &r.pieces[i]
	if d := p.drawn; d != nil && d.w == r.w {
		return len(d.lines)
	}
	n := p.gap
	count := func(s string, wrapped bool) {
		for _, c := range []byte(s) {
			if c == '\n' {
				n++
			}
		}
		if wrapped {
			n += len(s) / max(min(r.w, measure), 1)
		}
		n++
	}
	count(p.text, p.kind == prosePiece)
	for _, c := range p.cols {
		count(c.Code, false)
		count(c.Markdown, true)
	}
	return n
}
