package view

import "time"

// axis is a stretch of time cut into cells.
type axis struct {
	from, each time.Duration
	n          int
	inv        float64 // parts of a cell in a nanosecond
}

// axisOf cuts a window into n cells that begin at multiples of their length, so
// that a window that moves with time does not make the cells flicker.
func axisOf(w Window, n int) axis {
	if n <= 0 {
		return axis{each: 1, inv: whole}
	}
	each := max((w.To-w.From+time.Duration(n)-1)/time.Duration(n), 1)
	from := w.From
	if from > 0 {
		from = (from + each - 1) / each * each
	}
	return axis{from, each, n, whole / float64(each)}
}

// col is the cell of a time; it may be outside.
func (a axis) col(t time.Duration) int {
	if t < a.from {
		return -1
	}
	return int(min((t-a.from)/a.each, 1<<30))
}

// at is the middle of a cell.
func (a axis) at(col int) time.Duration { return a.from + a.each*time.Duration(col) + a.each/2 }

func (a axis) end() time.Duration { return a.from + a.each*time.Duration(a.n) }

// begin is the begin of a cell.
func (a axis) begin(col int) time.Duration { return a.from + a.each*time.Duration(col) }

// part is a time in parts of a cell, at least one.
func (a axis) part(d time.Duration) uint32 { return max(uint32(float64(d)*a.inv), 1) }

// spread adds a stretch to the class of the cells that it covers.
func (a axis) spread(from, to time.Duration, cells []cell, k class) {
	from, to = max(from, a.from), min(to, a.end())
	if from >= to {
		return
	}
	i := int((from - a.from) / a.each)
	for next := a.begin(i + 1); next < to; next += a.each {
		cells[i].part[k] += a.part(next - from)
		from = next
		i++
	}
	cells[i].part[k] += a.part(to - from)
}

const (
	tickByte = 1 // stands for the tick on an axis under way
	hereByte = 2 // and for the scrubber
)

// head writes the axis's n cells; cursor is the scrubber's cell or -1.
func (a axis) head(p *page, cursor int, at time.Duration) {
	b := make([]byte, a.n)
	for i := range b {
		b[i] = ' '
	}
	step := stepFor(a.each * 10)
	for t := (a.from + step - 1) / step * step; ; t += step {
		c := a.col(t)
		label := tickLabel(t, step)
		if c < 0 || c+1+len(label) > a.n {
			break
		}
		b[c] = tickByte
		copy(b[c+1:], label)
	}
	from, to := -1, -1
	if cursor >= 0 {
		label := " " + tickLabel(at.Truncate(10*time.Millisecond), 10*time.Millisecond)
		from, to = cursor, cursor+1+len(label)
		if to > a.n {
			from, to = cursor-len(label), cursor+1
			label = label[1:] + " "
		}
		from = max(from, 0)
		copy(b[from:], blanks[:min(to+1, a.n)-from])
		if from == cursor {
			copy(b[from+1:], label)
		} else {
			copy(b[from:], label)
		}
		b[cursor] = hereByte
	}
	for i, c := range b {
		in := inkDim
		if i >= from && i < to {
			in = inkCursor
		}
		switch c {
		case tickByte:
			p.glyph(in, p.p.sign.tick)
		case hereByte:
			p.glyph(in, p.p.sign.here)
		case ' ':
			if in == inkCursor && i != cursor {
				in = inkText
			}
			p.glyph(in, " ")
		default:
			p.bytes(in, b[i:i+1])
		}
	}
}
