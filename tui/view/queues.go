package view

import (
	"strconv"
	"strings"
	"time"

	"edu/procession/demos/board"
	"edu/procession/demos/trace"
)

// Queues draws queues and pipes: who puts, what is in there, who gets, and who
// is blocked because it is full or empty. What has waited longest stands next
// to those who get. Pipes, which hold bytes, are a bar that fills.
//
// Each tells whose word its depth is. Who puts and who gets follows from what
// the processes say that they wait for, and from the names of their roles.
func Queues(s *Scene, w, h int) []string { return queues(s, w, h).close() }

func queues(s *Scene, w, h int) *page {
	p := newPage(s, w, h)
	b, now := s.board(), s.now()
	now = max(now.Truncate(Grain), b.At)
	if len(b.Queues) == 0 {
		p.put(inkDim, "No queue yet.")
		return p
	}
	each := max(h/len(b.Queues), 1)
	for i := range b.Queues {
		q := &b.Queues[i]
		if i > 0 && p.left() > (len(b.Queues)-i)*2 {
			p.next()
		}
		if len(b.Queues)-i > 1 && p.left() == 1 {
			p.glyph(inkDim, p.p.sign.more)
			p.put(inkDim, " and "+strconv.Itoa(len(b.Queues)-i)+" more queues")
			p.next()
			return p
		}
		room := max(min(each, p.left()), 1)
		if i == len(b.Queues)-1 {
			room = p.left()
		}
		p.queue(s, b, q, now, room)
	}
	return p
}

// party is a process at one side of a queue.
type party struct {
	pr      *board.Proc
	blocked bool
}

// parties finds who puts into a queue and who gets from it.
func parties(b *board.Board, q *board.Queue) (puts, gets []party) {
	for i := range b.Procs {
		pr := &b.Procs[i]
		if pr.Reaped != 0 {
			continue
		}
		if side, blocked := sideOf(b, pr, q); side > 0 {
			puts = append(puts, party{pr, blocked})
		} else if side < 0 {
			gets = append(gets, party{pr, blocked})
		}
	}
	return puts, gets
}

// sideOf tells whether a process puts into q (1), gets from it (-1) or has
// nothing to do with it (0), and whether it is blocked on it.
func sideOf(b *board.Board, pr *board.Proc, q *board.Queue) (side int, blocked bool) {
	says := strings.ToLower(pr.Says)
	names := says != "" && (q.ID == "" || strings.Contains(says, strings.ToLower(string(q.ID))))
	if says != "" && !names {
		for i := range b.Queues {
			if id := string(b.Queues[i].ID); id != "" && strings.Contains(says, strings.ToLower(id)) {
				return 0, false // it speaks of another queue
			}
		}
	}
	if names || says != "" && len(b.Queues) == 1 {
		if side = verb(says); side != 0 {
			k := standing(pr)
			return side, k == classWait || k == classUntold // it says so before it does
		}
	}
	if strings.HasPrefix(says, "paused") {
		return 0, false
	}
	role := strings.ToLower(pr.Role)
	bytes := q.Unit == "bytes"
	switch {
	case hasAny(role, "produc", "feeder", "putter"):
		side = 1
	case hasAny(role, "consum", "getter"):
		side = -1
	case hasAny(role, "writer", "filler", "sender"):
		side, bytes = 1, !bytes
	case hasAny(role, "reader", "drain", "receiver"):
		side, bytes = -1, !bytes
	default:
		return 0, false
	}
	if bytes && len(b.Queues) > 1 { // writers have to do with pipes, producers with queues
		return 0, false
	}
	on := strings.ToLower(pr.On)
	blocked = classOf(pr.State, pr.On) == classWait &&
		(names && says != "" || side > 0 && hasAny(on, "write") || side < 0 && hasAny(on, "read"))
	return side, blocked
}

func verb(says string) int {
	switch {
	case hasAny(says, "put", "write", "send", "full", "space"):
		return 1
	case hasAny(says, "get", "read", "recv", "receive", "take", "empty", "item"):
		return -1
	}
	return 0
}

func hasAny(s string, words ...string) bool {
	for _, w := range words {
		if strings.Contains(s, w) {
			return true
		}
	}
	return false
}

// queue draws one queue in at most room lines.
func (p *page) queue(s *Scene, b *board.Board, q *board.Queue, now time.Duration, room int) {
	until := len(p.lines) + room
	full, empty := q.Cap > 0 && q.Depth >= q.Cap, q.Depth == 0
	p.queueHead(s, q, now, full, empty)
	if len(p.lines) >= until {
		return
	}
	puts, gets := parties(b, q)
	sides := max(len(puts), len(gets), 1)
	if p.max < 56 {
		p.queueBody(q, p.max)
		p.next()
		for _, side := range [...][]party{puts, gets} {
			for _, pa := range side {
				if pa.blocked && len(p.lines) < until {
					p.blockedLine(pa, len(puts) > 0 && &side[0] == &puts[0], now)
				}
			}
		}
	} else {
		lines := min(sides, until-len(p.lines))
		for i := range lines {
			p.queueLine(q, puts, gets, i, lines, now, full, empty)
		}
	}
	if len(p.lines) < until && len(q.History) > 1 {
		p.depths(s, q, now)
	}
}

// queueHead is the first line: how much is in there, what went through, and
// whose word that is.
func (p *page) queueHead(s *Scene, q *board.Queue, now time.Duration, full, empty bool) {
	p.text(inkStrong, p.clean(string(q.ID)), 24)
	unit := q.Unit
	if unit == "" {
		unit = "items"
	}
	text := "  " + grouped(float64(q.Depth))
	if q.Cap > 0 {
		text += " of " + grouped(float64(q.Cap))
	}
	p.put(inkText, text+" ")
	p.all(inkText, p.clean(unit))
	if q.Cap > 64 {
		p.put(inkText, " ("+strconv.Itoa(int(float64(q.Depth)/float64(q.Cap)*100))+"%)")
	}
	if look := s.Theme.Source(themeSource(q.Source)); q.Source != 0 {
		p.put(sourceInk(q.Source), " "+look.Letter)
		p.glyph(sourceInk(q.Source), look.Glyph)
	}
	switch {
	case full:
		p.put(inkText, "  ")
		p.put(inkWarn, "FULL")
	case empty:
		p.put(inkText, "  ")
		p.put(inkWarn, "EMPTY")
	}
	through := ""
	if q.Puts > 0 || q.Gets > 0 {
		in, out, ok := rates(q, now)
		through = "  put " + grouped(float64(q.Puts)) + per(in, ok) + ", got " + grouped(float64(q.Gets)) + per(out, ok)
	}
	word := ""
	switch q.Source {
	case trace.Kernel:
		word = "  depth: the kernel's word"
	case trace.Worker:
		word = "  depth: the processes' own word"
	case trace.Stage:
		word = "  depth: counted by this program"
	}
	acked := ""
	if q.Acks > 0 {
		acked = ", acknowledged " + grouped(float64(q.Acks))
	}
	p.say(inkDim, through+acked, through)
	p.say(inkDim, word)
	p.next()
}

func per(n int, ok bool) string {
	if !ok {
		return ""
	}
	return " (" + grouped(float64(n)) + "/s)"
}

// rates counts what went in and out in the last second. It is known only where
// every change of the depth was reported.
func rates(q *board.Queue, now time.Duration) (in, out int, ok bool) {
	if q.Source == trace.Kernel || len(q.History) < 2 || now < time.Second {
		return 0, 0, false
	}
	for i := len(q.History) - 1; i > 0 && q.History[i].At > now-time.Second; i-- {
		if d := q.History[i].Depth - q.History[i-1].Depth; d > 0 {
			in += d
		} else {
			out -= d
		}
	}
	return in, out, true
}

// queueLine is one line of the picture: the i-th of those who put, the queue
// itself on the middle line, the i-th of those who get.
func (p *page) queueLine(q *board.Queue, puts, gets []party, i, lines int, now time.Duration, full, empty bool) {
	left, right := p.sideWidth(puts), p.sideWidth(gets)
	if over := left + right + 2 + bodyWidth(q, p.max) - p.max; over > 0 {
		left, right = left-over/2, right-(over+1)/2
		if len(puts) == 0 || len(gets) == 0 {
			left, right = max(left-over, 0), max(right-over, 0)
		}
	}
	if left < 14 {
		left = 0
	}
	if right < 14 {
		right = 0
	}
	if left > 0 {
		if pa, more, ok := nth(puts, i, lines); ok {
			p.party(pa, more, left-8, now)
			p.to(left - 7)
			p.arrow("put", pa.blocked, full && pa.blocked, true)
		}
		p.to(left)
		p.space(1)
	}
	body := p.max - left - right - 2
	if i == (lines-1)/2 {
		p.queueBody(q, body)
	}
	p.to(p.max - right)
	if right > 0 {
		if pa, more, ok := nth(gets, i, lines); ok {
			p.arrow("get", pa.blocked, empty && pa.blocked, false)
			p.space(1)
			p.party(pa, more, right-8, now)
		}
	}
	p.next()
}

// sideWidth is the room for those at one side: name, state, time, arrow.
func (p *page) sideWidth(ps []party) int {
	n := 0
	for _, pa := range ps {
		n = max(n, width(p.clean(string(pa.pr.ID))))
	}
	if n == 0 {
		return 0
	}
	return min(n, 20) + 3 + 5 + 8
}

// bodyWidth is the least room for a queue itself.
func bodyWidth(q *board.Queue, w int) int {
	switch {
	case q.Unit == "bytes" || q.Cap > w/3:
		return min(w/4, 20)
	case q.Cap > 0 && 3*q.Cap+1 <= w/3:
		return 3*q.Cap + 1
	case q.Cap > 0:
		return q.Cap + 2
	}
	return 12
}

// nth is the party of a line. The last line stands for all that are left.
func nth(ps []party, i, lines int) (pa party, more int, ok bool) {
	if i >= len(ps) {
		return party{}, 0, false
	}
	if i == lines-1 {
		more = len(ps) - lines
	}
	return ps[i], max(more, 0), true
}

// party writes a process, how long it has been blocked, and how many others
// there are.
func (p *page) party(pa party, more, w int, now time.Duration) {
	k := standing(pa.pr)
	end := min(p.w+w, p.max)
	name := p.clean(string(pa.pr.ID))
	tail := ""
	if pa.blocked {
		tail = " " + forSpan(now-since(pa.pr))
		if w-3-len(tail) < width(name) {
			tail = ""
		}
	}
	if more > 0 {
		tail = " +" + strconv.Itoa(more)
	}
	from := p.w
	p.text(inkText, name, w-3-len(tail))
	p.space(1)
	p.glyph(k.ink(), p.p.look[k].Glyph)
	p.put(k.ink(), p.p.look[k].Letter)
	if p.w+len(tail) <= end {
		p.put(inkDim, tail)
	}
	p.mark(pa.pr.ID, from, p.w)
}

// arrow is six or seven cells: into the queue or out of it, open, or stopped at
// its wall.
func (p *page) arrow(word string, blocked, stopped, in bool) {
	g := p.p.sign
	k := inkDim
	if blocked {
		k = inkWarn
	}
	switch {
	case stopped && in:
		p.glyph(k, g.line)
		p.put(k, word)
		p.glyph(k, g.line)
		p.glyph(k, g.stopR)
	case stopped:
		p.glyph(k, g.stopL)
		p.glyph(k, g.line)
		p.put(k, word)
		p.glyph(k, g.line)
	default:
		p.glyph(k, g.line)
		p.put(k, word)
		p.glyph(k, g.line)
		p.glyph(k, g.right)
	}
}
