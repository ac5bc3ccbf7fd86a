package view

import (
	"strings"
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"

	"edu/procession/demos/safe"
	"edu/procession/demos/trace"
)

// maxText bounds what is looked at of one text from outside, in bytes. No
// screen is wider.
const maxText = 4096

// clean makes text from outside drawable.
func clean(s string) string { return safe.Line(s, maxText) }

// clean is the same for the theme at hand: with plain glyphs, typographic signs
// are written in ASCII. Letters of other scripts stay.
func (r *row) clean(s string) string {
	if !r.p.ascii {
		return clean(s)
	}
	return plainText(s)
}

var typographic = strings.NewReplacer("→", "->", "←", "<-", "▸", ">", "–", "-", "—", "-", "−", "-", "×", "x", "µ", "u", "μ", "u",
	"“", `"`, "”", `"`, "‘", "'", "’", "'", "…", "...", "·", "-", "≥", ">=", "≤", "<=", "≈", "~", "\u00a0", " ")

// plainText is cleaned text with typographic signs in ASCII.
func plainText(s string) string {
	s = clean(s)
	if isASCII(s) {
		return s
	}
	return typographic.Replace(s)
}

// width is how many cells s takes; s holds no escapes.
func width(s string) int {
	if isASCII(s) {
		return len(s)
	}
	return ansi.StringWidth(s)
}

func isASCII(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// cut is as much of s as fits into w cells, and its width, which may be a cell
// less where a wide character would stand across the edge. tail, one cell wide,
// tells that something was cut.
func cut(s string, w int, tail string) (string, int) {
	if w <= 0 {
		return "", 0
	}
	if isASCII(s) {
		if len(s) <= w {
			return s, len(s)
		}
		return s[:w-1] + tail, w
	}
	n := ansi.StringWidth(s)
	if n <= w {
		return s, n
	}
	s = ansi.Truncate(s, w-1, "") + tail
	return s, ansi.StringWidth(s)
}

// row builds one line. It never grows over max cells: what does not fit is cut.
// Its own text is given with its width in cells or is ASCII; text from outside
// goes through text and field.
type row struct {
	p   *pens
	b   []byte
	w   int
	max int
	cur ink
}

// begin starts the next line in the same buffer.
func (r *row) begin(max int) {
	r.b, r.w, r.max, r.cur = r.b[:0], 0, max, inkNone
}

// room is how many cells are left.
func (r *row) room() int { return r.max - r.w }

func (r *row) ink(k ink) {
	if r.cur == k {
		return
	}
	r.b = append(r.b, r.p.pen[r.cur].post...)
	r.b = append(r.b, r.p.pen[k].pre...)
	r.cur = k
}

// put writes ASCII of ours.
func (r *row) put(k ink, s string) {
	if n := r.room(); len(s) > n {
		s = s[:max(n, 0)]
	}
	if s == "" {
		return
	}
	r.ink(k)
	r.b = append(r.b, s...)
	r.w += len(s)
}

func (r *row) bytes(k ink, b []byte) {
	if n := r.room(); len(b) > n {
		b = b[:max(n, 0)]
	}
	if len(b) == 0 {
		return
	}
	r.ink(k)
	r.b = append(r.b, b...)
	r.w += len(b)
}

// glyph writes a sign of one cell.
func (r *row) glyph(k ink, g string) {
	if r.room() <= 0 {
		return
	}
	r.ink(k)
	r.b = append(r.b, g...)
	r.w++
}

// glyphs writes a sign n times.
func (r *row) glyphs(k ink, g string, n int) {
	for range min(n, r.room()) {
		r.glyph(k, g)
	}
}

// text writes text from outside that was cleaned, cut to w cells at most.
func (r *row) text(k ink, s string, w int) {
	s, n := cut(s, min(w, r.room()), r.p.tail)
	if n == 0 {
		return
	}
	r.ink(k)
	r.b = append(r.b, s...)
	r.w += n
}

// all writes text from outside up to the end of the line.
func (r *row) all(k ink, s string) { r.text(k, s, r.room()) }

// say writes the first of several wordings of ours that fits, or nothing.
func (r *row) say(k ink, wordings ...string) {
	for _, s := range wordings {
		if len(s) <= r.room() {
			r.put(k, s)
			return
		}
	}
}

// field is text padded to exactly w cells.
func (r *row) field(k ink, s string, w int) {
	to := r.w + w
	r.text(k, s, w)
	r.to(to)
}

// right is ASCII of ours, set to the right of w cells.
func (r *row) right(k ink, s string, w int) {
	r.space(w - len(s))
	r.put(k, s)
}

const blanks = "                                                                "

// space writes n blanks.
func (r *row) space(n int) {
	n = min(n, r.room())
	if n <= 0 {
		return
	}
	if r.p.pen[r.cur].shows {
		r.ink(inkNone)
	}
	r.w += n
	for n > len(blanks) {
		r.b = append(r.b, blanks...)
		n -= len(blanks)
	}
	r.b = append(r.b, blanks[:n]...)
}

// to writes blanks up to a column.
func (r *row) to(col int) { r.space(col - r.w) }

// end fills the line and returns it.
func (r *row) end() string {
	r.to(r.max)
	r.ink(inkNone)
	return string(r.b)
}

// page collects the lines of a view, never more than its height, and where its
// processes are.
type page struct {
	row
	lines []string
	h     int
	hits  []hit

	axis   axis // of a view with a time axis that can be clicked
	axisAt int  // its first column
}

// hit is a place on a panel that stands for a process.
type hit struct {
	y, x0, x1 int
	who       trace.ID
}

func newPage(s *Scene, w, h int) *page {
	p := &page{h: max(h, 0)}
	p.p = s.pens()
	p.lines = make([]string, 0, p.h)
	p.b = make([]byte, 0, 4*max(w, 0)+64)
	p.begin(max(w, 0))
	return p
}

// left is how many lines are left.
func (p *page) left() int { return p.h - len(p.lines) }

// full says that no further line fits.
func (p *page) full() bool { return len(p.lines) >= p.h }

// next ends the line under way.
func (p *page) next() {
	if !p.full() {
		p.lines = append(p.lines, p.end())
	}
	p.begin(p.max)
}

// mark makes the line under way stand for a process.
func (p *page) mark(who trace.ID, x0, x1 int) {
	p.hits = append(p.hits, hit{len(p.lines), x0, x1, who})
}

// close fills up with blank lines.
func (p *page) close() []string {
	if p.w > 0 {
		p.next()
	}
	if !p.full() {
		blank := strings.Repeat(" ", p.max)
		for !p.full() {
			p.lines = append(p.lines, blank)
		}
	}
	return p.lines
}
