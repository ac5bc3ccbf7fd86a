package view

import (
	"slices"
	"time"

	"edu/procession/demos/board"
	"edu/procession/demos/trace"
)

// Beliefs sets side by side what each process takes to be so of another, of a
// lock or of a clock, in quotes and in its own words, and what the kernel says of
// that: its letter for each process there, or that it knows nothing of such a
// thing. The two are never joined: nobody but the kernel can say of a process
// that it has ended.
//
// Where there is room for the words it is a table, a row for each thing that a
// belief is about and a column for each who has one; else a list.
func Beliefs(s *Scene, w, h int) []string { return beliefs(s, w, h).close() }

// creed is all beliefs about one thing.
type creed struct {
	about trace.ID
	procs []int // that it is, in Board.Procs; none: the kernel knows nothing of it
	says  []*board.Belief
}

// rank puts processes first, and last those that are gone and of which nobody
// believes anything any more.
func (c creed) rank(b *board.Board) int {
	past := len(c.procs) > 0 &&
		!slices.ContainsFunc(c.procs, func(i int) bool { return b.Procs[i].Ended == 0 }) &&
		!slices.ContainsFunc(c.says, func(v *board.Belief) bool { return v.Is != "" })
	return 2*b2i(past) + b2i(len(c.procs) == 0)
}

// creedsOf sorts beliefs by what they are about, in order of first appearance but
// for those of the past, and lists who has any.
func creedsOf(b *board.Board) (all []creed, who []trace.ID) {
	at := placesOf(b)
	for i := range b.Beliefs {
		v := &b.Beliefs[i]
		n := slices.IndexFunc(all, func(c creed) bool { return c.about == v.About })
		if n < 0 {
			n = len(all)
			all = append(all, creed{about: v.About})
			c := &all[n]
			for j := range b.Procs {
				if pr := &b.Procs[j]; pr.PID != 0 && (pr.ID == v.About || at.of(pr.ID) == v.About && at.in != nil) {
					c.procs = append(c.procs, j)
				}
			}
		}
		all[n].says = append(all[n].says, v)
		if !slices.Contains(who, v.Who) {
			who = append(who, v.Who)
		}
	}
	nth := func(id trace.ID) int {
		if i := slices.IndexFunc(b.Procs, func(p board.Proc) bool { return p.ID == id }); i >= 0 {
			return i
		}
		return len(b.Procs)
	}
	slices.SortStableFunc(who, func(x, y trace.ID) int { return nth(x) - nth(y) })
	slices.SortStableFunc(all, func(x, y creed) int { return x.rank(b) - y.rank(b) })
	return all, who
}

const (
	truthWidth  = 16 // of the kernel's word
	beliefWidth = 36 // the most that a belief asks for
)

func beliefs(s *Scene, w, h int) *page {
	p := newPage(s, w, h)
	b := s.board()
	all, who := creedsOf(b)
	if len(all) == 0 {
		p.put(inkDim, "Nobody has said what it takes to be so.")
		return p
	}
	now := max(s.now().Truncate(Grain), b.At)
	wide := 5
	for _, c := range all {
		wide = max(wide, width(p.clean(string(c.about))))
	}
	wide = min(wide, 12, max(w/4, 1))
	longest := 0
	for i := range b.Beliefs {
		longest = max(longest, width(p.clean(b.Beliefs[i].Is)))
	}
	longest = min(longest+len(`"" `), beliefWidth)
	if each := (w - wide - 1 - truthWidth - 1) / len(who); each >= longest {
		p.creedTable(b, all, who, wide, each, now)
	} else {
		p.creedList(b, all, wide, longest, now)
	}
	if p.left() > 1 {
		p.next()
		p.say(inkDim, "In quotes: its own word, true or not. The kernel alone knows who has ended.",
			"In quotes: its own word, true or not.", "quoted: its own word")
		p.next()
	}
	return p
}

// creedTable has a column for each who believes.
func (p *page) creedTable(b *board.Board, all []creed, who []trace.ID, wide, each int, now time.Duration) {
	if p.left() > 1 {
		p.field(inkDim, "ABOUT", wide)
		p.space(1)
		p.field(inkDim, "THE KERNEL SAYS", truthWidth)
		p.space(1)
		for i, id := range who {
			p.believer(b, id, inkStrong, max(each-13, 1))
			p.put(inkDim, credo(b, id))
			p.to(wide + truthWidth + 2 + (i+1)*each)
		}
		p.next()
	}
	for n, c := range all {
		if p.moreCreeds(len(all)-n, 1) {
			return
		}
		p.aboutThing(c, wide)
		p.truth(b, c, truthWidth)
		for i, id := range who {
			p.to(wide + truthWidth + 2 + i*each)
			j := slices.IndexFunc(c.says, func(v *board.Belief) bool { return v.Who == id })
			if j < 0 {
				p.put(inkDim, "-")
			} else {
				p.belief(c.says[j], now, each-1)
			}
		}
		p.next()
	}
}

// creedList has a line for each thing and below it those who believe.
func (p *page) creedList(b *board.Board, all []creed, wide, longest int, now time.Duration) {
	for n, c := range all {
		if p.moreCreeds(len(all)-n, min(2, p.h)) {
			return
		}
		p.aboutThing(c, wide)
		p.put(inkDim, "kernel: ")
		p.truth(b, c, p.room())
		p.next()
		side, name := 1, 0 // what is believed of one thing stands side by side
		for _, v := range c.says {
			name = max(name, min(width(p.clean(string(v.Who))), 12))
		}
		if p.max-2 >= 2*(name+len("xS  believes ")+longest) {
			side = 2
		}
		each := (p.max - 2) / side
		for i, v := range c.says {
			if p.full() {
				return
			}
			p.to(2 + i%side*each)
			from := p.w
			p.believer(b, v.Who, inkText, min(12, each/2))
			if v.Is != "" && each >= name+len("xS  believes ")+longest {
				p.put(inkDim, credo(b, v.Who))
			}
			p.space(1)
			p.belief(v, now, from+each-1-p.w)
			if i%side == side-1 || i == len(c.says)-1 {
				p.next()
			}
		}
	}
}

// believer names who believes, after the kernel's letter for it: who is stopped
// believes on.
func (p *page) believer(b *board.Board, id trace.ID, in ink, w int) {
	from := p.w
	if pr := b.Proc(id); pr != nil && pr.PID != 0 {
		k := standing(pr)
		p.glyph(k.ink(), p.p.look[k].Glyph)
		p.put(k.ink(), p.p.look[k].Letter)
		p.space(1)
	}
	p.text(in, p.clean(string(id)), w)
	p.mark(id, from, p.w)
}

// belief writes what somebody takes to be so and since when, or that it no longer
// does.
func (p *page) belief(v *board.Belief, now time.Duration, w int) {
	end := p.w + w
	if v.Is == "" {
		p.text(inkDim, "no longer", w)
	} else {
		p.quote(v.Is, w)
	}
	if age := " (" + forSpan(now-v.At) + " ago)"; len(age) <= end-p.w {
		p.put(inkDim, age)
	}
}

// credo is what a process does with its beliefs: one that has ended has none.
func credo(b *board.Board, who trace.ID) string {
	if pr := b.Proc(who); pr != nil && pr.Ended != 0 {
		return " believed"
	}
	return " believes"
}

// moreCreeds counts what has no room any more.
func (p *page) moreCreeds(n, lines int) bool {
	if p.left() > lines || p.left() == lines && n == 1 {
		return false
	}
	p.glyph(inkDim, p.p.sign.more)
	p.put(inkDim, " and beliefs about ")
	p.all(inkDim, grouped(float64(n))+" more")
	p.next()
	return true
}

// aboutThing names what beliefs are about.
func (p *page) aboutThing(c creed, wide int) {
	from := p.w
	p.field(inkStrong, p.clean(string(c.about)), wide)
	p.mark(c.about, from, p.w)
	p.space(1)
}

// truth is the kernel's word on what beliefs are about, in at most w cells.
func (p *page) truth(b *board.Board, c creed, w int) {
	end := min(p.w+w, p.max)
	if len(c.procs) == 0 {
		p.text(inkDim, "knows no such thing", end-p.w)
		return
	}
	for i, n := range c.procs {
		pr := &b.Procs[n]
		if i > 0 {
			p.space(1)
		}
		k := standing(pr)
		if end-p.w < 2 {
			return
		}
		p.glyph(k.ink(), p.p.look[k].Glyph)
		p.put(k.ink(), p.p.look[k].Letter)
		word := p.p.look[k].Word
		if pr.Ended != 0 {
			word = ending(pr.Exit)
		}
		if len(c.procs) > 1 {
			word = p.clean(string(pr.ID))
		}
		if end-p.w > 3 {
			p.space(1)
			p.text(k.ink(), word, end-p.w)
		}
	}
}

// beliefsHeight is how many lines the beliefs need and would like.
func beliefsHeight(b *board.Board) (least, ideal int) {
	all, _ := creedsOf(b)
	n := len(all) + len(b.Beliefs) + 2
	return min(n, 6), n
}
