package view

import (
	"bytes"
	"strconv"
	"time"

	"edu/procession/demos/board"
)

// column is a column of the table. Its width grows in the steps of [growth].
type column uint8

const (
	colName column = iota
	colPID
	colParent
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
	{colPID, 6}, {colState, 16}, {colCPU, 4}, {colStrip, 10}, {colNote, 12}, {colState, 22}, {colFor, 5},
	{colNote, 16}, {colState, 24}, {colStrip, 12}, {colNote, 20}, {colRSS, 5}, {colStrip, 24}, {colCore, 4}, {colState, 34},
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
	if n := pidWidth(b); n > 0 && n+1 <= left-16 { // pid and tid, where they leave room for a word or two
		t[colPID] = n
		left -= n + 1
	}
	if n := parentWidth(b); n > 0 && n+1 <= left-16 {
		t[colParent] = n
		left -= n + 1
	}
	for _, g := range growth {
		if g.col == colCPU && t[colParent] > 0 && w < 90 {
			continue // whose child it is matters more than how much it computes
		}
		cost := g.to - t[g.col]
		if t[g.col] == 0 {
			cost++
		}
		if cost <= left && cost > 0 {
			left -= cost
			t[g.col] = g.to
		}
	}
	return t
}

// pidWidth is the room for pid and tid of threads, 0 where there are none.
func pidWidth(b *board.Board) (n int) {
	for i := range b.Procs {
		if p := &b.Procs[i]; p.TID != 0 {
			var buf [24]byte
			n = max(n, len(appendPID(buf[:0], p)))
		}
	}
	return n
}

// parentWidth is the room for the parents' names, 0 where all have the same one.
func parentWidth(b *board.Board) int {
	if !b.Family {
		return 0
	}
	n := len("PARENT")
	for i := range b.Procs {
		n = max(n, width(clean(string(b.Procs[i].Parent))))
	}
	return min(n, 12)
}

// appendPID writes the number of a process, or those of a thread: "4711/4713".
func appendPID(b []byte, p *board.Proc) []byte {
	if p.PID == 0 {
		return append(b, '-') // of another machine, or not heard of
	}
	b = strconv.AppendInt(b, int64(p.PID), 10)
	if p.TID != 0 {
		b = strconv.AppendInt(append(b, '/'), int64(p.TID), 10)
	}
	return b
}

// nameWidth is the room for names, from what is on stage and the width.
func nameWidth(b *board.Board, w int) int {
	n := 4
	for i := range b.Procs {
		n = max(n, width(clean(string(b.Procs[i].ID))))
	}
	switch {
	case w < 50:
		return min(n, 10)
	case w < 60:
		return min(n, 12)
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
			word := "PID"
			if t[c] >= len("PID/TID") {
				word = "PID/TID"
			}
			p.right(inkDim, word, t[c])
		case colParent:
			p.text(inkDim, "PARENT", t[c])
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
			num := appendPID(buf[:0], pr)
			if len(num) > t[c] && pr.TID != 0 {
				num = num[bytes.IndexByte(num, '/'):]
			}
			p.num(base, num, t[c])
		case colParent:
			switch {
			case k == classDead:
				p.text(base, "-", t[c])
			case pr.Parent != "":
				p.text(base, p.clean(string(pr.Parent)), t[c])
			default:
				p.num(base, strconv.AppendInt(buf[:0], int64(pr.PPID), 10), t[c])
			}
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
	if pr.Guest != "" {
		k = classUntold
	}
	in := k.ink()
	p.glyph(in, p.p.look[k].Glyph)
	p.put(in, p.p.look[k].Letter)
	on, says := waits(pr, k)
	on, says = p.clean(on), p.clean(says)
	word := p.p.look[k].Word
	switch {
	case pr.Left != "":
		word = "has left"
	case pr.Guest != "":
		word = "elsewhere"
	}
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
	if says != "" && end-p.w >= min(7, 3+width(says)) {
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
	a := axis{from, Grain, w, whole / float64(Grain)}
	cells := room[:w]
	a.states(pr, from, max(now, from), cells)
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
		b = append(append(b, ending(pr)...), ", parent "...)
		b = strconv.AppendInt(b, int64(pr.PPID), 10)
		if w >= len(b)+len(" has not waited") {
			b = append(b, " has not waited"...)
		}
		if len(b) > w {
			b = append(buf[:0], "parent "...)
			b = strconv.AppendInt(b, int64(pr.PPID), 10)
		}
		p.text(inkText, string(b), end-p.w)
	case k == classDead, pr.Left != "":
		p.text(inkDead, ending(pr), end-p.w)
	case pr.Task >= 0:
		b = strconv.AppendInt(append(b, "task "...), int64(pr.Task), 10)
		if at := len(b); pr.TaskDone > 0 {
			b = append(strconv.AppendInt(append(b, ", "...), int64(pr.TaskDone), 10), " done"...)
			if len(b) > w {
				b = b[:at]
			}
		}
		p.text(inkText, string(b), end-p.w)
	case len(pr.Work) > 0:
		b = append(strconv.AppendInt(append(b, "idle, "...), int64(pr.TaskDone), 10), " done"...)
		p.text(inkDim, string(b), end-p.w)
	case k == classRun && pr.Share < 0.7 && now-since(pr) >= 3*Grain && pr.CPU > 0:
		// R all the while, and not on a core all the while: it was ready.
		if w >= len("waits for a core") {
			p.text(inkDim, "waits for a core", end-p.w)
		} else {
			p.text(inkDim, "wants a core", end-p.w)
		}
	case pr.Took == 0 && k == classNew:
		p.text(inkDim, "not heard of yet", end-p.w)
	}
}
