package reader

import (
	"slices"
	"strings"
	"unicode"

	"edu/procession/demos/safe"
	"edu/procession/tui/theme"
)

// finder is a search in what is drawn. Its matches hold for one drawing of the
// document and are looked up again when that changes.
type finder struct {
	query   string
	known   bool
	matches []match
	at      int // the match that the learner stands on
}

// match is where the query stands; it may go over the end of a line.
type match struct {
	piece int
	spans []span
}

type span struct{ row, from, to int } // cells from to to, without the latter

// Find looks for a phrase, in any case, blanks and line ends alike, and goes to
// the first match from the place on. It returns how many there are; none for an
// empty phrase, which ends the search. What a cut listing hides is not found.
func (r *Reader) Find(phrase string) int {
	r.find = finder{query: strings.Join(strings.Fields(safe.Line(phrase, 200)), " ")}
	r.fresh = false
	if r.w == 0 {
		return 0
	}
	r.search()
	for i, m := range r.find.matches {
		if !before(place{m.piece, m.spans[0].row}, r.clamp(r.top)) {
			r.find.at = i
			break
		}
	}
	r.show()
	return len(r.find.matches)
}

// ClearFind ends the search.
func (r *Reader) ClearFind() { r.Find("") }

// FindNext goes to the match n further on, or back, and round at the ends. It
// reports whether there is any.
func (r *Reader) FindNext(n int) bool {
	if r.w == 0 {
		return false
	}
	r.search()
	if len(r.find.matches) == 0 {
		return false
	}
	count := len(r.find.matches)
	r.find.at = ((r.find.at+n)%count + count) % count
	r.show()
	return true
}

// Found returns the phrase, the number of the match the pane stands on, from 1,
// and how many there are.
func (r *Reader) Found() (phrase string, at, of int) {
	if r.w > 0 {
		r.search()
	}
	of = len(r.find.matches)
	if of > 0 {
		at = r.find.at + 1
	}
	return r.find.query, at, of
}

// show scrolls so that the match is seen, a few lines from the edge.
func (r *Reader) show() {
	r.fresh = false
	if len(r.find.matches) == 0 {
		return
	}
	m := r.find.matches[r.find.at]
	at := place{m.piece, m.spans[0].row}
	top := r.clamp(r.top)
	if end := r.forth(top, max(r.h-1, 0)); !before(at, top) && !before(end, at) {
		return
	}
	r.moved()
	r.top = r.clamp(r.back(at, r.h/3))
}

// search looks the matches up, if they are not known. It draws everything.
func (r *Reader) search() {
	f := &r.find
	if f.known {
		return
	}
	f.known, f.matches = true, nil
	if f.query == "" {
		return
	}
	want := fold(f.query)
	for i := range r.pieces {
		text, where := flatten(r.draw(i).rows)
		for from := 0; from+len(want) <= len(text); from++ {
			if !slices.Equal(text[from:from+len(want)], want) {
				continue
			}
			f.matches = append(f.matches, match{i, spans(where[from : from+len(want)])})
			from += len(want) - 1
		}
	}
	f.at = max(0, min(f.at, len(f.matches)-1))
}

func fold(s string) []rune {
	out := []rune(s)
	for i, c := range out {
		out[i] = unicode.ToLower(c)
	}
	return out
}

// flatten joins the rows of a piece as they would read unwrapped: a blank for
// any run of blanks and line ends, nothing between two ideographs. It tells for
// each rune on which row and cell it stands.
func flatten(rows []row) (text []rune, where []span) {
	gap := false
	for y, r := range rows {
		for x, c := range r {
			if c.s == " " || c.s == "│" {
				gap = true
				continue
			}
			runes := fold(c.s)
			if gap && len(text) > 0 && !(x == firstCell(r) && wide(runes[0]) && wide(text[len(text)-1])) {
				text = append(text, ' ')
				where = append(where, span{row: -1})
			}
			gap = false
			for _, u := range runes {
				text = append(text, u)
				where = append(where, span{y, x, x + 1})
			}
		}
		gap = true
	}
	return text, where
}

func firstCell(r row) int {
	for x, c := range r {
		if c.s != " " {
			return x
		}
	}
	return -1
}

// spans joins neighbours on one row.
func spans(cells []span) []span {
	var out []span
	for _, c := range cells {
		if c.row < 0 {
			continue
		}
		if n := len(out); n > 0 && out[n-1].row == c.row {
			out[n-1].to = c.to
			continue
		}
		out = append(out, c)
	}
	return out
}

// lit returns line j of piece i with the matches on it marked.
func (r *Reader) lit(i, j int, d *drawing) string {
	var marked row
	for n, m := range r.find.matches {
		if m.piece != i {
			continue
		}
		for _, s := range m.spans {
			if s.row != j {
				continue
			}
			if marked == nil {
				marked = append(marked, d.rows[j]...)
			}
			look := r.th.SGR(theme.Match)
			if n == r.find.at {
				look = r.th.SGR(theme.Selection)
			}
			for x := s.from; x < s.to; x++ {
				marked[x].sgr = look
			}
		}
	}
	if marked == nil {
		return d.lines[j]
	}
	return drawLine(marked, r.w)
}
