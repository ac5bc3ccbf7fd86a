package reader

import (
	"strings"

	"edu/procession/tui/theme"
)

// Columns need this much to stand side by side: each of them, and the pane.
const (
	minColumn = 58
	minPane   = 120
)

// render draws a piece into the pane: margin, text of at most the measure,
// listings as wide as there is room.
func (r *Reader) render(p *piece) []row {
	m := 0
	if r.w >= 40 {
		m = 2 * r.th.Spacing()
	}
	w := r.w - 2*m
	if p.kind == columnsPiece {
		if rows := r.sideBySide(p.cols); rows != nil {
			return rows
		}
	}
	return indent(r.plain(p, w), m)
}

func indent(rows []row, m int) []row {
	if m == 0 {
		return rows
	}
	margin := plainRow(strings.Repeat(" ", m), "")
	for i, l := range rows {
		if len(l) > 0 {
			rows[i] = append(margin[:m:m], l...)
		}
	}
	return rows
}

// plain draws a piece in w cells.
func (r *Reader) plain(p *piece, w int) []row {
	switch p.kind {
	case titlePiece:
		return r.title(p.text, p.level, w)
	case codePiece:
		return r.listing(p.text, p.lang, w)
	case tablePiece:
		return tabular(p.text, w, r.th)
	case columnsPiece:
		var rows []row
		for i, c := range p.cols {
			if i > 0 {
				rows = append(rows, nil)
			}
			rows = append(rows, r.column(c, w, true)...)
		}
		return rows
	}
	return markdown(p.text, min(w, measure), r.th)
}

// title draws a title; that of a block has a rule after it.
func (r *Reader) title(text string, level, w int) []row {
	rows := wrap(plainRow(text, r.th.SGR(theme.Title)), min(w, measure))
	if level > 0 {
		return rows
	}
	last := &rows[len(rows)-1]
	if rest := min(w, measure) - last.width() - 1; rest > 0 {
		rule := strings.Repeat(r.th.Box().Horizontal, rest)
		*last = append(append(*last, blank), plainRow(rule, r.th.SGR(theme.Border))...)
	}
	return rows
}

// listing draws code behind a line that sets it apart from text.
func (r *Reader) listing(code, lang string, w int) []row {
	rows := r.code(code, lang, w-2)
	edge := row{{r.th.Box().Vertical, 1, r.th.SGR(theme.Border)}, blank}
	for i, l := range rows {
		rows[i] = append(edge[:2:2], l...)
	}
	return rows
}

// code draws code in w cells, moved by the pane's offset.
func (r *Reader) code(code, lang string, w int) []row {
	rows := highlight(code, lang, r.th)
	tail := cell{r.th.Glyphs().Ellipsis, 1, r.th.SGR(theme.Muted)}
	for i := range rows {
		rows[i] = cut(rows[i], r.x, max(w, 0), tail)
	}
	return rows
}

// column draws a Block of Columns in w cells.
func (r *Reader) column(b Block, w int, edged bool) []row {
	var rows []row
	if b.Title != "" {
		rows = r.title(b.Title, 1, w)
	}
	for _, p := range split(b.Markdown) {
		rows = append(rows, r.plain(&p, w)...)
	}
	for _, c := range b.Columns {
		rows = append(rows, r.column(c, w, edged)...)
	}
	if b.Code != "" && edged {
		rows = append(rows, r.listing(b.Code, b.Lang, w)...)
	} else if b.Code != "" {
		rows = append(rows, r.code(b.Code, b.Lang, w)...)
	}
	return rows
}

// sideBySide draws columns beside one another, or returns nil where there is
// no room. They may use the pane's margin.
func (r *Reader) sideBySide(cols []Block) []row {
	n := len(cols)
	if r.w < minPane || n < 2 {
		return nil
	}
	const between = 3 // blank, line, blank
	m := 2 * r.th.Spacing()
	w := (r.w - 2*m - between*(n-1)) / n
	if w < minColumn {
		m = 0
		w = (r.w - between*(n-1)) / n
	}
	if w < minColumn {
		return nil
	}
	parts := make([][]row, n)
	height := 0
	for i, c := range cols {
		parts[i] = r.column(c, w, false)
		height = max(height, len(parts[i]))
	}
	line := cell{r.th.Box().Vertical, 1, r.th.SGR(theme.Border)}
	rows := make([]row, height)
	for y := range rows {
		for i, part := range parts {
			if i > 0 {
				rows[y] = append(rows[y], blank, line, blank)
			}
			used := 0
			if y < len(part) {
				l := cut(part[y], 0, w, blank)
				rows[y] = append(rows[y], l...)
				used = l.width()
			}
			for i < n-1 && used < w {
				rows[y] = append(rows[y], blank)
				used++
			}
		}
	}
	return indent(rows, m)
}
