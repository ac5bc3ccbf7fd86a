package view

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	"edu/procession/demos/board"
	"edu/procession/demos/trace"
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
	text := " and " + strconv.Itoa(len(above)+len(below)) + " more"
	if dead > 0 {
		text += ", " + strconv.Itoa(dead) + " of them dead"
	}
	if len(above) > 0 {
		text += " (" + strconv.Itoa(len(above)) + " above)"
	}
	p.put(inkDim, text)
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

// column is a column of the table. Its width grows in the steps of [growth].
type column uint8

const (
	colName column = iota
	colPID
	colState
	colStrip
	colCPU
	colRSS
	colCore
	colFor
	colNote
	colCount
)

// growth is how the table spends width, in this order.
var growth = [...]struct {
	col column
	to  int
}{
	{colPID, 6}, {colState, 18}, {colCPU, 4}, {colStrip, 12}, {colNote, 12}, {colFor, 5},
	{colNote, 16}, {colState, 24}, {colStrip, 16}, {colNote, 20}, {colRSS, 5}, {colStrip, 24}, {colState, 34}, {colCore, 4},
	{colNote, 30}, {colStrip, 32}, {colNote, 44}, {colStrip, 40},
}

// table is the width of each column; 0 is a column that is not drawn.
type table [colCount]int

func tableFor(b *board.Board, w int) table {
	var t table
	t[colName] = nameWidth(b, w)
	t[colState] = 12
	left := w - 2 - t[colName] - 1 - t[colState]
	if left < 0 { // hardly anything fits: a short name and the state
		t[colName] = max(t[colName]+left, min(4, w-6))
		t[colName] = max(t[colName], 0)
		t[colState] = max(w-2-t[colName]-1, 0)
		return t
	}
	for _, g := range growth {
		cost := g.to - t[g.col]
		if t[g.col] == 0 {
			cost++
		}
		if cost <= left {
			left -= cost
			t[g.col] = g.to
		}
	}
	return t
}

// nameWidth is the room for names, from what is on stage and the width.
func nameWidth(b *board.Board, w int) int {
	n := 4
	for i := range b.Procs {
		n = max(n, width(clean(string(b.Procs[i].ID))))
	}
	switch {
	case w < 60:
		return min(n, 10)
	case w < 140:
		return min(n, 14)
	}
	return min(n, 20)
}

func (t *table) head(p *page, s *Scene) {
	strip := "LAST " + strconv.Itoa(t[colStrip]/10) + "." + strconv.Itoa(t[colStrip]%10) + "s"
	if t[colStrip] >= 24 {
		strip += ", 0.1s a letter"
	}
	p.space(2)
	for c := colName; c < colCount; c++ {
		if t[c] == 0 {
			continue
		}
		to := p.w + t[c]
		switch c {
		case colName:
			p.text(inkDim, "NAME", t[c])
		case colPID:
			p.right(inkDim, "PID", t[c])
		case colState:
			p.text(inkDim, "STATE", t[c])
		case colStrip:
			p.text(inkDim, strip, t[c])
		case colCPU:
			p.right(inkDim, "CPU", t[c])
		case colRSS:
			p.right(inkDim, "MEM", t[c])
		case colCore:
			p.right(inkDim, "CORE", t[c])
		case colFor:
			p.right(inkDim, "FOR", t[c])
		case colNote:
			p.text(inkDim, "NOTE", t[c])
		}
		p.to(to + 1)
	}
	p.next()
}

func (t *table) row(p *page, s *Scene, pr *board.Proc, now time.Duration) {
	k := standing(pr)
	base := inkText
	if k == classDead {
		base = inkDead
	}
	p.mark(pr.ID, 0, p.max)
	selected := pr.ID == s.Selected && s.Selected != ""
	if selected {
		p.glyph(inkStrong, p.p.sign.mark)
	}
	p.to(2)
	var buf [24]byte
	for c := colName; c < colCount; c++ {
		if t[c] == 0 {
			continue
		}
		to := p.w + t[c]
		switch c {
		case colName:
			in := base
			if selected {
				in = inkSelect
			}
			p.text(in, p.clean(string(pr.ID)), t[c])
		case colPID:
			p.num(base, strconv.AppendInt(buf[:0], int64(pr.PID), 10), t[c])
		case colState:
			p.state(pr, k, t[c])
		case colStrip:
			p.strip(pr, now, t[c])
		case colCPU:
			if pr.Ended == 0 {
				p.num(base, append(strconv.AppendInt(buf[:0], int64(pr.Share*100+0.5), 10), '%'), t[c])
			} else {
				p.right(base, "-", t[c])
			}
		case colRSS:
			if pr.Ended == 0 && pr.RSS > 0 {
				p.num(base, appendBytes(buf[:0], pr.RSS), t[c])
			} else {
				p.right(base, "-", t[c])
			}
		case colCore:
			if pr.Ended == 0 && pr.Core >= 0 {
				p.num(base, strconv.AppendInt(buf[:0], int64(pr.Core), 10), t[c])
			} else {
				p.right(base, "-", t[c])
			}
		case colFor:
			p.num(base, appendFor(buf[:0], now-since(pr)), t[c])
		case colNote:
			p.note(pr, k, now, t[c])
		}
		p.to(to + 1)
	}
	p.next()
}

// num writes a number to the right of w cells.
func (p *page) num(k ink, b []byte, w int) {
	p.space(w - len(b))
	p.bytes(k, b)
}

// state writes glyph, letter and word, and what the process waits for: the
// kernel's word after a colon, its own in quotes. In little room the word goes
// first: the glyph and the letter stand for it.
func (p *page) state(pr *board.Proc, k class, w int) {
	end := min(p.w+w, p.max)
	in := k.ink()
	p.glyph(in, p.p.look[k].Glyph)
	p.put(in, p.p.look[k].Letter)
	on, says := waits(pr, k)
	on, says = p.clean(on), p.clean(says)
	word := p.p.look[k].Word
	need := 2 + 1 + len(word)
	if on != "" {
		need += 1 + width(on)
	}
	if says != "" {
		need += 3 + width(says)
	}
	if need <= w || on == "" && says == "" {
		p.space(1)
		p.text(in, word, end-p.w)
	}
	if on != "" && p.w < end {
		p.put(in, ":")
		p.text(in, on, end-p.w)
	}
	if says != "" && end-p.w >= 4 {
		p.space(1)
		p.put(inkSaid, `"`)
		p.text(inkSaid, says, end-p.w-1)
		p.put(inkSaid, `"`)
	}
}

// waits is what a process waits for, in the kernel's word and in its own.
func waits(pr *board.Proc, k class) (on, says string) {
	switch k {
	case classWait, classDisk:
		return pr.On, pr.Says
	case classTimer, classRun, classNew, classStop, classUntold:
		return "", pr.Says
	}
	return "", ""
}

// strip is the last w tenths of a second, a letter each.
func (p *page) strip(pr *board.Proc, now time.Duration, w int) {
	var room [48]cell
	w = min(w, len(room), p.room())
	if w <= 0 {
		return
	}
	from := now.Truncate(Grain) - Grain*time.Duration(w-1)
	a := axis{from, Grain, w}
	cells := room[:w]
	a.states(pr, max(now, from), cells)
	died := -1
	if pr.Reaped != 0 {
		died = a.col(pr.Reaped)
	}
	for i := range cells {
		k, _ := cells[i].top()
		switch {
		case k == classNone, k == classDead && i != died:
			p.space(1)
		default:
			p.put(k.ink(), p.p.look[k].Letter)
		}
	}
}

// note is the remark of a row: how it ended and who has not waited for it, or
// what it has in hand.
func (p *page) note(pr *board.Proc, k class, now time.Duration, w int) {
	end := min(p.w+w, p.max)
	var buf [64]byte
	b := buf[:0]
	switch {
	case k == classZombie:
		b = append(append(b, ending(pr.Exit)...), ", parent "...)
		b = strconv.AppendInt(b, int64(pr.PPID), 10)
		if w >= len(b)+len(" has not waited") {
			b = append(b, " has not waited"...)
		}
		if len(b) > w {
			b = append(buf[:0], "parent "...)
			b = strconv.AppendInt(b, int64(pr.PPID), 10)
		}
		p.text(inkText, string(b), end-p.w)
	case k == classDead:
		p.text(inkDead, ending(pr.Exit), end-p.w)
	case pr.Task >= 0:
		b = strconv.AppendInt(append(b, "task "...), int64(pr.Task), 10)
		if pr.TaskDone > 0 {
			b = append(strconv.AppendInt(append(b, ", "...), int64(pr.TaskDone), 10), " done"...)
		}
		p.text(inkText, string(b), end-p.w)
	case len(pr.Work) > 0:
		b = append(strconv.AppendInt(append(b, "idle, "...), int64(pr.TaskDone), 10), " done"...)
		p.text(inkDim, string(b), end-p.w)
	case k == classRun && pr.Share < 0.7 && now-since(pr) >= 3*Grain && pr.CPU > 0:
		// R all the while, and not on a core all the while: it was ready.
		p.text(inkDim, "waits for a core", end-p.w)
	case pr.Took == 0 && k == classNew:
		p.text(inkDim, "not heard of yet", end-p.w)
	}
}

// ending is how a process ended, made drawable.
func ending(x trace.Exit) string { return clean(board.Ending(x)) }
