// Package reader is a pane that shows a lesson: text, listings side by side
// where there is room, scrolling, sections, search. It is a component with
// plain methods, for a root model to call from its Update:
//
//	r := reader.New(th)
//	r.SetSize(80, 20)
//	r.SetDoc([]reader.Block{
//		{Title: "The idea", Markdown: idea},
//		{Title: "The listing", Columns: []reader.Block{
//			{Title: "Python", Code: py, Lang: "python"},
//			{Title: "Go", Code: goCode, Lang: "go"},
//		}},
//	})
//	r.ScrollBy(1); r.HalfPage(1); r.NextSection(); r.Find("pipe")
//	content := r.View()                 // 20 lines of exactly 80 cells
//	status := fmt.Sprintf("%s %d%%", r.Title(), r.Percent())
//
// A section begins with a Block that has a title, or with a heading of level 1
// to 3 in its Markdown. Sections are rendered when they come into view and kept
// until their content, the width or the theme changes, so a new document that
// shares text with the old one (a measured number was filled in) costs what
// changed. Listings are never wrapped: they are cut, and ScrollX moves them.
//
// The rules are:
//
//  1. View returns exactly h lines of exactly w cells, whatever the document;
//     nothing at 0×0 (TestSizes, FuzzView).
//  2. The same document, size, theme and position give the same View, and View
//     costs nothing while they stay (TestViewIsPure, BenchmarkScroll).
//  3. Nothing in a document reaches the terminal but text: it passes package
//     safe (FuzzView).
//  4. Ideographs wrap between any two, but no line begins with their closing
//     marks or ends with an opening one; items hang (TestWrap).
//  5. Columns stand side by side where each has 58 cells and the pane 120, else
//     one after another (TestColumns).
//  6. A change of size or text keeps the first line shown in its section
//     (TestResizeKeepsThePlace).
package reader

import (
	"slices"
	"strings"

	"edu/procession/demos/safe"
	"edu/procession/tui/theme"
)

// Block is a part of a document. What is empty is not shown; Columns stand for
// the listing and come after Markdown and before Code.
type Block struct {
	Title    string
	Markdown string
	Columns  []Block
	Code     string
	Lang     string // python, go, … as Markdown names it
}

const (
	prosePiece = iota
	titlePiece
	codePiece
	tablePiece
	columnsPiece
)

// piece is what is rendered at once.
type piece struct {
	kind  int
	text  string
	lang  string  // of code
	level int     // of a title: 0 is a block's, 1 to 3 a heading's
	cols  []Block // of columns
	block int     // which Block it is of
	gap   int     // blank lines before it

	drawn *drawing
}

// drawing is a piece for one width, theme and column offset.
type drawing struct {
	w, x  int
	theme theme.Options
	rows  []row
	lines []string
}

// place is a line of the document: sections that were not drawn yet have no
// numbers, so places are counted from the start of a piece.
type place struct{ piece, row int }

// maxText is far beyond a lesson; what lies after is cut.
const maxText = 1 << 20

// measure is how long a line of prose may be: longer ones are hard to read.
const measure = 92

// Reader is the pane. Make it with New.
type Reader struct {
	th   theme.Theme
	w, h int
	x    int // columns that listings are moved by

	pieces []piece
	heads  []int // pieces that begin a section
	widest int   // line of code
	top    place
	jumped int // section that was jumped to, while it is so; else -1

	find  finder
	view  string
	fresh bool
}

// New returns an empty pane.
func New(th theme.Theme) *Reader { return &Reader{th: th, jumped: -1} }

// SetTheme changes how everything looks.
func (r *Reader) SetTheme(th theme.Theme) {
	if th.Options() != r.th.Options() {
		r.th = th
		r.changed()
	}
}

// SetSize changes the size in cells. Less than nothing is nothing.
func (r *Reader) SetSize(w, h int) {
	if w, h = max(w, 0), max(h, 0); w != r.w || h != r.h {
		narrow := r.w != w
		was := 0
		if narrow && r.top.row > 0 && r.w > 0 {
			was = r.height(r.top.piece)
		}
		r.w, r.h = w, h
		r.changed()
		if was > 0 && w > 0 { // the same share of the text is above the first line
			r.top.row = r.top.row * r.height(r.top.piece) / was
		}
	}
}

// SetDoc shows a document. The place is kept if the new one has the same
// pieces, as when a number in it changed; Top goes to its start.
func (r *Reader) SetDoc(blocks []Block) {
	old := r.pieces
	r.pieces, r.heads, r.widest = nil, nil, 0
	for i, b := range blocks {
		r.add(i, b)
	}
	for i := range r.pieces {
		p := &r.pieces[i]
		if p.kind == titlePiece {
			r.heads = append(r.heads, i)
		}
		p.drawn = drawn(old, i, p)
		r.widest = max(r.widest, p.codeWidth())
	}
	if len(old) != len(r.pieces) {
		r.top = place{}
	}
	r.find.at = 0
	r.changed()
}

// drawn returns the drawing of an old piece with the content of p.
func drawn(old []piece, near int, p *piece) *drawing {
	same := func(q piece) bool {
		return q.kind == p.kind && q.level == p.level && q.gap == p.gap && q.lang == p.lang && q.text == p.text &&
			slices.EqualFunc(q.cols, p.cols, equal)
	}
	if near < len(old) && same(old[near]) {
		return old[near].drawn
	}
	if i := slices.IndexFunc(old, same); i >= 0 {
		return old[i].drawn
	}
	return nil
}

func equal(a, b Block) bool {
	return a.Title == b.Title && a.Markdown == b.Markdown && a.Code == b.Code && a.Lang == b.Lang &&
		slices.EqualFunc(a.Columns, b.Columns, equal)
}

func (r *Reader) add(block int, b Block) {
	put := func(p piece) {
		p.block = block
		if n := len(r.pieces); n > 0 && r.pieces[n-1].kind != titlePiece {
			p.gap = 1
		}
		r.pieces = append(r.pieces, p)
	}
	if b.Title != "" {
		put(piece{kind: titlePiece, text: safe.Line(b.Title, 200)})
	}
	for _, p := range split(safe.Text(b.Markdown, maxText)) {
		put(p)
	}
	if len(b.Columns) > 0 {
		put(piece{kind: columnsPiece, cols: clean(b.Columns)})
	}
	if b.Code != "" {
		put(piece{kind: codePiece, text: safe.Text(b.Code, maxText), lang: b.Lang})
	}
}

func clean(cols []Block) []Block {
	out := slices.Clone(cols)
	for i := range out {
		c := &out[i]
		c.Title, c.Markdown, c.Code = safe.Line(c.Title, 200), safe.Text(c.Markdown, maxText), safe.Text(c.Code, maxText)
		c.Columns = clean(c.Columns)
	}
	return out
}

// codeWidth is the width of the widest line of code in p.
func (p *piece) codeWidth() int {
	if p.kind == codePiece {
		return codeWidth(p.text)
	}
	n := 0
	for _, c := range p.cols {
		n = max(n, codeWidth(c.Code))
		for _, q := range split(c.Markdown) {
			n = max(n, q.codeWidth())
		}
	}
	return n
}

func (r *Reader) changed() {
	r.fresh = false
	r.find.known = false
}

// moved is called after the place changed by anything but a jump.
func (r *Reader) moved() {
	r.jumped = -1
	r.fresh = false
}

// draw returns the drawing of a piece, making it if need be.
func (r *Reader) draw(i int) *drawing {
	p := &r.pieces[i]
	if d := p.drawn; d != nil && d.w == r.w && d.x == r.x && d.theme == r.th.Options() {
		return d
	}
	d := &drawing{w: r.w, x: r.x, theme: r.th.Options()}
	gap := p.gap
	if p.kind == titlePiece && p.level == 0 {
		gap *= r.th.Spacing()
	}
	d.rows = append(make([]row, gap), r.render(p)...)
	d.lines = make([]string, len(d.rows))
	for j, line := range d.rows {
		d.lines[j] = drawLine(line, r.w)
	}
	p.drawn = d
	return d
}

// drawLine returns a row as w cells.
func drawLine(l row, w int) string {
	var b strings.Builder
	emit(&b, l, w)
	return b.String()
}

// height is how many lines a piece has, one at least while anything is shown.
func (r *Reader) height(i int) int { return len(r.draw(i).lines) }

// View returns h lines of w cells, joined by newlines.
func (r *Reader) View() string {
	if r.fresh {
		return r.view
	}
	if r.w == 0 || r.h == 0 {
		r.view, r.fresh = "", true
		return ""
	}
	r.top = r.clamp(r.top)
	r.search()
	lines := make([]string, 0, r.h)
	for i, from := r.top.piece, r.top.row; i < len(r.pieces) && len(lines) < r.h; i, from = i+1, 0 {
		d := r.draw(i)
		for j := from; j < len(d.lines) && len(lines) < r.h; j++ {
			lines = append(lines, r.lit(i, j, d))
		}
	}
	for empty := strings.Repeat(" ", r.w); len(lines) < r.h; {
		lines = append(lines, empty)
	}
	r.view, r.fresh = strings.Join(lines, "\n"), true
	return r.view
}
