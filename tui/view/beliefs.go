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

// past says that it is of processes that are gone and that nobody believes
// anything of them any more.
func (c creed) past(b *board.Board) bool {
	return len(c.procs) > 0 &&
		!slices.ContainsFunc(c.procs, func(i int) bool { return b.Procs[i].Ended == 0 }) &&
		!slices.ContainsFunc(c.says, func(v *board.Belief) bool { return v.Is != "" })
}

// creedsOf sorts beliefs by what they are about, processes in order of their start,
// then the rest in order of first appearance and last what is past, and lists who
// has any.
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
	slices.SortStableFunc(all, func(x, y creed) int {
		if p, q := x.past(b), y.past(b); p != q {
			return b2i(p) - b2i(q)
		}
		if len(x.procs) == 0 || len(y.procs) == 0 {
			return b2i(len(x.procs) == 0) - b2i(len(y.procs) == 0)
		}
		return x.procs[0] - y.procs[0]
	})
	return all, who
}

const (
	truthWidth  = 19 // the most that the kernel's word asks for
	letterWidth = 6  // of the kernel's letter alone, under its head
	beliefWidth = 36 // the most that a belief asks for
)

const kernelSays = "THE KERNEL SAYS"

// creedForm is how beliefs are set out.
type creedForm struct {
	wide    int        // of the names of what they are about
	longest int        // of a belief, with quotes and a space
	who     []trace.ID // of the table: who has a column; nil: there is no room for one
	truth   int        // of the kernel's word in it
	each    int        // of each column
}

// form chooses a table where there is room: with the kernel's word, else with its
// letter; with all who believe, else with those that have not ended.
func (p *page) form(b *board.Board, all []creed, who []trace.ID) creedForm {
	f := creedForm{wide: 5}
	truth := 0
	for _, c := range all {
		f.wide = max(f.wide, width(p.clean(string(c.about))))
		truth = max(truth, p.truthNeeds(b, c))
	}
	truth = min(truth, truthWidth)
	f.wide = min(f.wide, 12, max(p.max/4, 1))
	for i := range b.Beliefs {
		f.longest = max(f.longest, width(p.clean(b.Beliefs[i].Is)))
	}
	f.longest = min(f.longest+len(`"" `), beliefWidth)
	name := 0
	for _, id := range who {
		name = max(name, min(width(p.clean(string(id))), 12))
	}
	left := slices.DeleteFunc(slices.Clone(who), func(id trace.ID) bool { pr := b.Proc(id); return pr != nil && pr.Ended != 0 })
	for _, who := range [][]trace.ID{who, left} {
		for _, truth := range []int{max(truth, len(kernelSays)), truth, letterWidth} {
			if len(who) == 0 {
				continue
			}
			f.who, f.truth, f.each = who, truth, (p.max-f.wide-1-truth-1)/len(who)
			if f.each >= max(f.longest, len("xS ")+name+1) {
				return f
			}
		}
	}
	f.who = nil
	return f
}

func beliefs(s *Scene, w, h int) *page {
	p := newPage(s, w, h)
	b := s.board()
	all, who := creedsOf(b)
	if len(all) == 0 {
		p.put(inkDim, "Nobody has said what it takes to be so.")
		return p
	}
	now := max(s.now().Truncate(Grain), b.At)
	f := p.form(b, all, who)
	if f.who != nil {
		p.creedTable(b, all, f, now)
	} else {
		p.creedList(b, all, f, now)
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
func (p *page) creedTable(b *board.Board, all []creed, f creedForm, now time.Duration) {
	column := func(i int) int { return f.wide + f.truth + 2 + i*f.each }
	if p.left() > 1 {
		head := kernelSays
		if f.truth < len(head) {
			head = "KERNEL"
		}
		p.field(inkDim, "ABOUT", f.wide)
		p.space(1)
		p.field(inkDim, head, f.truth)
		for i, id := range f.who {
			p.to(column(i))
			p.believer(b, id, inkStrong, f.each-len("xS  "))
			if does := credo(b, id); p.w+len(does) < column(i+1) {
				p.put(inkDim, does)
			}
		}
		p.next()
	}
	for n, c := range all {
		if p.moreCreeds(len(all)-n, 1) {
			return
		}
		p.aboutThing(c, f.wide)
		if f.truth > letterWidth || len(c.procs) > 1 {
			p.truth(b, c, f.truth)
		} else {
			p.truth(b, c, 3) // the letter
		}
		for i, id := range f.who {
			p.to(column(i))
			j := slices.IndexFunc(c.says, func(v *board.Belief) bool { return v.Who == id })
			if j < 0 {
				p.put(inkDim, "-")
			} else {
				p.belief(c.says[j], now, f.each-1)
			}
		}
		p.next()
	}
}

// creedList has a line for each thing and below it those who believe.
func (p *page) creedList(b *board.Board, all []creed, f creedForm, now time.Duration) {
	longest := f.longest
	for n, c := range all {
		if p.moreCreeds(len(all)-n, min(2, p.h)) {
			return
		}
		p.aboutThing(c, f.wide)
		p.put(inkDim, "kernel: ")
		p.truth(b, c, p.room())
		p.next()
		side, name := p.abreast(c, longest)
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

// abreast is how many beliefs about a thing stand side by side, and how long the
// longest name is of those who have them.
func (p *page) abreast(c creed, longest int) (side, name int) {
	for _, v := range c.says {
		name = max(name, min(width(p.clean(string(v.Who))), 12))
	}
	if p.max-2 >= 2*(name+len("xS  believes ")+longest) {
		return 2, name
	}
	return 1, name
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

// truthNeeds is how wide the kernel's word on what beliefs are about is.
func (p *page) truthNeeds(b *board.Board, c creed) int {
	switch len(c.procs) {
	case 0:
		return len("knows no such thing")
	case 1:
		pr := &b.Procs[c.procs[0]]
		if pr.Ended != 0 {
			return len("xS ") + width(ending(pr))
		}
		return len("xS ") + width(p.p.look[standing(pr)].Word)
	}
	return truthWidth
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
			word = ending(pr)
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
func beliefsHeight(s *Scene, w int) (least, ideal int) {
	b := s.board()
	all, who := creedsOf(b)
	p := newPage(s, w, 1)
	f := p.form(b, all, who)
	if f.who != nil {
		return min(len(all)+1, 8), len(all) + 3
	}
	n := len(all) + 2
	for _, c := range all {
		side, _ := p.abreast(c, f.longest)
		n += (len(c.says) + side - 1) / side
	}
	return min(n, 6), n
}
