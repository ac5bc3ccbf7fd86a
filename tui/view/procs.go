package view

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	"edu/procession/demos/board"
)

// Procs is the table of processes: who there is, what the kernel says of each,
// what each says of itself, and how it went in the last seconds.
//
// Rows stay in the order in which the processes started, the dead as dim
// tombstones, as long as there is room; then the living come first, and what
// does not fit is counted. The selected row is always in sight. As the width
// shrinks, columns go, the state last.
func Procs(s *Scene, w, h int) []string { return procs(s, w, h).close() }

func procs(s *Scene, w, h int) *page {
	p := newPage(s, w, h)
	b, now := s.board(), s.now().Truncate(Grain)
	now = max(now, b.At)
	if len(b.Procs) == 0 {
		p.put(inkDim, "No process yet.")
		return p
	}
	t := tableFor(b, w)
	if h > 1 {
		t.head(p, s)
	}
	rows := p.left()
	order := orderOf(b, rows)
	first, last := visible(s, PanelProcs, order, rows)
	for _, i := range order[first:last] {
		t.row(p, s, &b.Procs[i], now)
	}
	if last-first < len(order) {
		p.moreProcs(b, order[:first], order[last:])
	} else if p.left() >= 2 && w >= 30 {
		p.next()
		p.whoseWord(s)
	}
	return p
}

// orderOf lists the indices of processes as they are drawn in so many rows: as
// they started, or, if they are too many, the living first and of the dead
// those first that ended last.
func orderOf(b *board.Board, rows int) []int {
	order := make([]int, 0, len(b.Procs))
	if len(b.Procs) <= rows {
		for i := range b.Procs {
			order = append(order, i)
		}
		return order
	}
	for i := range b.Procs {
		if b.Procs[i].Reaped == 0 {
			order = append(order, i)
		}
	}
	dead := len(order)
	for i := range b.Procs {
		if b.Procs[i].Reaped != 0 {
			order = append(order, i)
		}
	}
	slices.SortStableFunc(order[dead:], func(i, j int) int {
		return cmp.Compare(b.Procs[j].Reaped, b.Procs[i].Reaped)
	})
	return order
}

// visible is the part of order that is drawn in so many rows: where it is
// scrolled to, moved so that the selected process is in sight. One row is left
// for the count of what is not drawn.
func visible(s *Scene, panel Panel, order []int, rows int) (first, last int) {
	if len(order) <= rows {
		return 0, len(order)
	}
	n := max(rows-1, 0)
	if n == 0 {
		n = rows
	}
	first = min(max(s.Scroll[panel], 0), len(order)-n)
	for at, i := range order {
		if s.Board.Procs[i].ID == s.Selected && s.Selected != "" {
			first = min(first, at)
			first = max(first, at-n+1)
		}
	}
	return first, first + n
}

// moreProcs counts the processes that are above and below those that were drawn.
func (p *page) moreProcs(b *board.Board, above, below []int) {
	if p.full() {
		return
	}
	dead := 0
	for _, is := range [...][]int{above, below} {
		for _, i := range is {
			if b.Procs[i].Reaped != 0 {
				dead++
			}
		}
	}
	p.put(inkDim, "  ")
	p.glyph(inkDim, p.p.sign.more)
	n := len(above) + len(below)
	p.say(inkDim, " and "+strconv.Itoa(n)+" more", " "+strconv.Itoa(n), "")
	if dead > 0 {
		p.say(inkDim, ", "+strconv.Itoa(dead)+" of them dead", ", "+strconv.Itoa(dead)+" dead")
	}
	if len(above) > 0 {
		p.say(inkDim, " ("+strconv.Itoa(len(above))+" above)")
	}
	p.next()
}

// whoseWord tells the two kinds of "waits for" apart, and how often the kernel
// was asked.
func (p *page) whoseWord(s *Scene) {
	p.put(inkDim, "  kernel's word: ")
	p.glyph(inkWait, p.p.look[classWait].Glyph)
	p.put(inkWait, "S:pipe read")
	p.put(inkDim, "  its own word: ")
	p.put(inkSaid, `"jobs"`)
	if s.Sample > 0 && p.room() > 24 {
		p.put(inkDim, "  kernel asked every "+short(s.Sample))
		if p.room() > 36 {
			p.put(inkDim, ": shorter states can be missed")
		}
	}
	p.next()
}

// short writes a length of time with at most two digits: 111ms reads 110ms.
func short(d time.Duration) string {
	return strings.ReplaceAll(nanoseconds(float64(d.Round(max(d/50, 1))), true), " ", "")
}

// ending is how a process ended, made drawable.
func ending(pr *board.Proc) string {
	if pr.Left != "" {
		return clean(pr.Left)
	}
	return clean(pr.Exit.String())
}
