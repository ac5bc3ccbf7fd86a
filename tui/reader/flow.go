package reader

import (
	"strings"
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"

	"edu/procession/tui/theme"
)

// cell is one character as the screen counts them: a grapheme, its width of 1
// or 2, and the escape that begins its look.
type cell struct {
	s   string
	w   int
	sgr string
}

// row is a line taken apart. Rows are cut, wrapped and joined by cells, so no
// escape is ever split and no wide character halved.
type row []cell

var blank = cell{s: " ", w: 1}

func (r row) width() int {
	n := 0
	for _, c := range r {
		n += c.w
	}
	return n
}

func (r row) text() string {
	var b strings.Builder
	for _, c := range r {
		b.WriteString(c.s)
	}
	return b.String()
}

// parse takes drawn text apart. It keeps colours and attributes and drops every
// other escape.
func parse(s string) []row {
	rows := []row{nil}
	look := ""
	for len(s) > 0 {
		switch b := s[0]; {
		case b == '\n':
			rows = append(rows, nil)
			s = s[1:]
		case b < 0x20 || b == 0x7f:
			_, _, n, _ := ansi.DecodeSequence(s, ansi.NormalState, nil)
			n = max(n, 1)
			if seq := s[:n]; b == 0x1b && n > 2 && seq[1] == '[' && seq[n-1] == 'm' {
				if seq == "\x1b[m" || seq == "\x1b[0m" {
					look = ""
				} else {
					look += seq
				}
			} else if b == '\t' {
				last := &rows[len(rows)-1]
				*last = append(*last, cell{" ", 1, look})
			}
			s = s[n:]
		default:
			last := &rows[len(rows)-1]
			n := 0
			*last, n = grapheme(*last, s, look)
			s = s[n:]
		}
	}
	return rows
}

// grapheme appends the first character of s and returns its length.
func grapheme(r row, s, look string) (row, int) {
	if s[0] < 0x80 && (len(s) == 1 || s[1] < 0x80) {
		return append(r, cell{s[:1], 1, look}), 1
	}
	g, w := ansi.FirstGraphemeCluster(s, ansi.GraphemeWidth)
	if w < 1 {
		return r, len(g)
	}
	return append(r, cell{g, min(w, 2), look}), len(g)
}

// plainRow is one line of text in one look.
func plainRow(s, look string) row {
	r := make(row, 0, len(s))
	for len(s) > 0 {
		n := 0
		r, n = grapheme(r, s, look)
		s = s[n:]
	}
	return r
}

// trim removes blanks at the end: none of our looks can be seen on them.
func trim(r row) row {
	for len(r) > 0 && r[len(r)-1].s == " " {
		r = r[:len(r)-1]
	}
	return r
}

// emit writes exactly w cells of r, blanks at the end, with as few escapes as
// do.
func emit(b *strings.Builder, r row, w int) {
	look := ""
	for _, c := range r {
		if c.w > w {
			break
		}
		if c.sgr != look {
			if look != "" {
				b.WriteString(theme.Reset)
			}
			b.WriteString(c.sgr)
			look = c.sgr
		}
		b.WriteString(c.s)
		w -= c.w
	}
	if look != "" {
		b.WriteString(theme.Reset)
	}
	for range w {
		b.WriteByte(' ')
	}
}

// cut returns w cells of r from column x on, with tail where something is
// hidden at either end.
func cut(r row, x, w int, tail cell) row {
	if x == 0 && r.width() <= w {
		return r
	}
	var out row
	at, used := 0, 0
	for _, c := range r {
		at += c.w
		if at <= x || used == w {
			continue
		}
		if at-c.w < x || used+c.w > w { // half of a wide character
			c = blank
		}
		out = append(out, c)
		used += c.w
	}
	if len(out) > 0 && at > x+w {
		out = swap(out, len(out)-1, tail)
	}
	if len(out) > 0 && x > 0 {
		out = swap(out, 0, tail)
	}
	return out
}

// swap puts c in the place of a cell, and a blank beside it if that was wide.
func swap(r row, i int, c cell) row {
	wide := r[i].w == 2
	r[i] = c
	if wide {
		r = append(r[:i+1], append(row{blank}, r[i+1:]...)...)
	}
	return r
}

// wrap breaks r into rows of at most w cells: between words, and between
// ideographs but for the places that their typography forbids; a word longer
// than w is broken anywhere. Further rows of an item or a quotation hang under
// its text.
func wrap(r row, w int) []row {
	r = trim(r)
	if w < 1 || r.width() <= w {
		return []row{r}
	}
	hang := hanging(r)
	if hang.width() > w/2 {
		hang = nil
	}
	var out []row
	first := true
	for len(r) > 0 {
		room, skip := w, 0
		if !first {
			room -= hang.width()
		} else {
			skip = len(hang) // a break inside the marker helps nobody
		}
		n := fit(r, room, skip)
		line := trim(r[:n:n])
		if !first {
			line = append(hang[:len(hang):len(hang)], line...)
		}
		out = append(out, line)
		r = r[n:]
		for len(r) > 0 && r[0].s == " " {
			r = r[1:]
		}
		first = false
	}
	return out
}

// fit returns how many cells of r go on a line of w cells: at least one.
func fit(r row, w, skip int) int {
	used, best := 0, 0
	for i, c := range r {
		if used+c.w > w && c.s != " " {
			if best > skip {
				return best
			}
			return max(i, 1)
		}
		used += c.w
		if i+1 < len(r) && breakable(r, i) {
			best = i + 1
		}
	}
	return len(r)
}

// Characters that do not begin a line, and that do not end one.
const (
	notFirst = "、。，．・：；？！）」』】》〉〕］｝”’…‥ー々〜～％‰℃.,:;?!)]}%"
	notLast  = "（「『【《〈〔［｛“‘￥＄([{$"
)

// breakable reports whether a line may end after cell i.
func breakable(r row, i int) bool {
	a, b := r[i], r[i+1]
	switch {
	case b.s == " ":
		return false // blanks end the line, not begin the next
	case a.s == " ":
		return true
	case a.w == 2 || b.w == 2:
		return !strings.Contains(notLast, a.s) && !strings.Contains(notFirst, b.s)
	case a.s == "-":
		return i > 0 && letter(r[i-1]) && letter(b)
	}
	return false
}

func letter(c cell) bool {
	b := c.s[0] | 0x20
	return b >= 'a' && b <= 'z' || b >= utf8.RuneSelf
}

// hanging returns what stands before the further rows of r: the bars of a
// quotation and blanks under the marker of an item.
func hanging(r row) row {
	i := 0
	for i < len(r) && (r[i].s == " " || bar(r, i)) {
		i++
	}
	i += marker(r[i:])
	hang := make(row, i)
	for j := range hang {
		hang[j] = blank
		if bar(r, j) {
			hang[j] = r[j]
		}
	}
	return hang
}

func bar(r row, i int) bool {
	return (r[i].s == "│" || r[i].s == "|") && i+1 < len(r) && r[i+1].s == " "
}

// marker returns the length of "• ", "12. ", "[x] " at the start of r.
func marker(r row) int {
	at := func(i int) string {
		if i < len(r) {
			return r[i].s
		}
		return ""
	}
	switch {
	case (at(0) == "•" || at(0) == "*") && at(1) == " ":
		return 2
	case at(0) == "[" && at(2) == "]" && at(3) == " ":
		return 4
	}
	n := 0
	for d := at(n); d >= "0" && d <= "9" && len(d) == 1; d = at(n) {
		n++
	}
	if n > 0 && n < 4 && at(n) == "." && at(n+1) == " " {
		return n + 2
	}
	return 0
}
