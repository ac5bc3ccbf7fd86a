package view

import (
	"time"

	"edu/procession/demos/board"
)

// queueBody draws what a queue holds in at most w cells.
func (p *page) queueBody(q *board.Queue, w int) {
	if w < 4 {
		return
	}
	if q.Unit == "bytes" || q.Cap > w-2 {
		p.level(q, min(w, 66))
		return
	}
	slots := q.Cap
	if slots <= 0 {
		slots = max(q.Depth, len(q.Items))
	}
	slot := 2
	for _, it := range q.Items {
		slot = max(slot, width(p.clean(it)))
	}
	slot = max(min(slot, 6, (w-1)/max(slots, 1)-1), 0)
	if q.Cap <= 0 {
		slot = max(min(slot, 6), 2)
		slots = min(slots, max((w-4)/(slot+1), 0))
	}
	if slot < 2 {
		p.level(q, min(w, slots+2))
		return
	}
	g := p.p.sign
	pad := w - slots*(slot+1) - 1
	if q.Cap > 0 {
		p.space(pad - 1)
		p.put(inkStrong, "[")
	} else {
		p.space(pad - 2)
		if q.Depth > slots {
			p.glyph(inkDim, g.more)
		} else {
			p.space(1)
		}
		p.space(1)
	}
	for i := slots - 1; i >= 0; i-- {
		switch {
		case i >= q.Depth && (q.Source != 0 || i >= len(q.Items)):
			p.put(inkDim, "______"[:slot])
		case i < len(q.Items):
			name, n := tailOf(p.clean(q.Items[i]), slot)
			p.space(slot - n)
			p.text(inkText, name, slot)
		default:
			p.glyphs(inkBar, g.rest, slot)
		}
		if i > 0 {
			p.space(1)
		}
	}
	p.put(inkStrong, "]")
}

// endOf is a name that is cut at its begin where it does not fit: names in a row
// differ at their ends.
func (r *row) endOf(s string, w int) string {
	if width(s) <= w || w < 2 {
		return s
	}
	end, _ := tailOf(s, w-1)
	return r.p.tail + end
}

// tailOf is the end of a name, which tells items apart.
func tailOf(s string, w int) (string, int) {
	n := width(s)
	for n > w && s != "" {
		_, size := firstRune(s)
		s = s[size:]
		n = width(s)
	}
	return s, n
}

// level is a bar that fills towards those who get.
func (p *page) level(q *board.Queue, w int) {
	n := w - 2
	if n < 1 {
		return
	}
	filled := 0
	if q.Cap > 0 {
		filled = int(float64(min(max(q.Depth, 0), q.Cap)) / float64(q.Cap) * float64(n))
		if q.Depth > 0 {
			filled = max(filled, 1)
		}
		filled = min(filled, n)
	} else if q.Depth > 0 {
		filled = min(q.Depth, n)
	}
	p.put(inkStrong, "[")
	p.glyphs(inkDim, p.p.sign.rest, n-filled)
	p.glyphs(inkBar, p.p.sign.fill, filled)
	p.put(inkStrong, "]")
}

// blockedLine says in words who is blocked.
func (p *page) blockedLine(pa party, puts bool, now time.Duration) {
	k := standing(pa.pr)
	p.mark(pa.pr.ID, 0, p.max)
	p.put(inkText, "  ")
	p.glyph(k.ink(), p.p.look[k].Glyph)
	p.put(k.ink(), p.p.look[k].Letter+" ")
	p.text(inkText, p.clean(string(pa.pr.ID)), 16)
	word := " waits to get"
	if puts {
		word = " waits to put"
	}
	p.put(inkWarn, word)
	p.put(inkDim, " "+forSpan(now-since(pa.pr)))
	p.next()
}

// depths draws the depth over time, in the Scene's window.
func (p *page) depths(s *Scene, q *board.Queue, now time.Duration) {
	n := min(p.max-12, 60)
	if n < 4 {
		return
	}
	win := s.window()
	win.To = min(win.To, now)
	if win.To <= win.From {
		return
	}
	a := axisOf(win, n)
	peak := q.Cap
	heights := make([]int, a.n)
	for i := range heights {
		heights[i] = -1
	}
	for i := len(q.History) - 1; i >= 0; i-- {
		m := q.History[i]
		c := a.col(m.At)
		if c < a.n {
			peak = max(peak, m.Depth)
			at := max(c, 0)
			heights[at] = max(heights[at], m.Depth)
		}
		if c < 0 {
			break
		}
	}
	p.put(inkDim, "  depth  ")
	top := len(p.p.sign.spark) - 1
	last, end := 0, min(a.col(now), a.n-1)
	for i := range heights {
		if i > end {
			break
		}
		if heights[i] < 0 {
			heights[i] = last
		}
		last = heights[i]
		lv := 0
		if last > 0 && peak > 0 {
			lv = max(min(int(float64(last)/float64(peak)*float64(top)+0.999), top), 1)
		}
		if lv == 0 {
			p.glyph(inkDim, "_")
		} else {
			p.glyph(inkBar, p.p.sign.spark[lv])
		}
	}
	p.next()
}
