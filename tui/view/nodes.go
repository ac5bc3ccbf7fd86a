package view

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"edu/procession/demos/board"
	"edu/procession/demos/trace"
)

// Nodes draws nodes as places: a box for each, with the addresses that it listens
// at, its network namespace where it has one of its own, and its processes inside, each with the kernel's letter for it and, in
// quotes, its own word on its part; below them what is on the stage itself, and
// the links. Where cuts have split the nodes, the first line tells into what: a *
// is on who says that it leads.
//
// Links with something to tell come first: cut, then tampered with. A round trip
// is the last that was measured; what the stage adds to a link is set beside it.
// In little room a node is a line.
func Nodes(s *Scene, w, h int) []string { return nodesPage(s, w, h).close() }

func nodesPage(s *Scene, w, h int) *page {
	p := newPage(s, w, h)
	b := s.board()
	at := placesOf(b)
	if len(at.all) == 0 {
		p.put(inkDim, "No node yet.")
		return p
	}
	now := max(s.now().Truncate(Grain), b.At)
	ps, _ := s.pairs()
	is := at.islands(b, ps)
	if len(is) > 1 && p.left() > 1 {
		p.splitNodes(b, &at, is)
	}
	lines := len(ps)
	if len(at.rest) > 0 {
		lines++
	}
	across, bands := at.cards(b, w)
	high := 0
	for _, n := range bands {
		high += n
	}
	if w >= cardLeast && p.left() >= high+min(lines, 3) {
		for i, n := range bands {
			p.band(s, b, at.all[i*across:min((i+1)*across, len(at.all))], across, n)
		}
	} else {
		p.nodeRows(s, b, &at, min(lines, 2))
	}
	if len(at.rest) > 0 && p.left() > 0 {
		p.onStage(b, at.rest)
	}
	p.linkLines(s, ranked(ps, &at, is), now)
	if p.left() > 1 {
		p.next()
		if slices.ContainsFunc(at.all, func(pl place) bool { return pl.part(b).Role == "leader" }) {
			p.say(inkDim, "* leads, by its own word, in the term after t. In quotes: its own word.", "* leads, by its own word.")
		} else {
			p.say(inkDim, "In quotes: its own word. The letters are the kernel's.", "In quotes: its own word.")
		}
		if apart(b) {
			p.say(inkDim, " net: its network namespace.", "")
		}
		p.next()
	}
	return p
}

// splitNodes is the line that tells into which islands the nodes have been cut.
func (p *page) splitNodes(b *board.Board, at *places, is [][]int) {
	g := p.p.sign
	of := "/" + strconv.Itoa(len(at.all))
	for i, ids := range is {
		if i > 0 {
			p.space(1)
			p.glyphs(inkBad, g.link, 2)
			p.glyph(inkBad, g.cross)
			p.glyphs(inkBad, g.link, 2)
			p.space(1)
		}
		p.put(inkStrong, "[")
		for j, n := range ids {
			if j > 0 {
				p.space(1)
			}
			pl := &at.all[n]
			from := p.w
			p.all(inkText, p.clean(string(pl.id)))
			if part := pl.part(b); part.Role != "" {
				if part.Role == "leader" {
					p.put(inkStrong, "*")
				}
				if part.Term > 0 {
					p.put(inkSaid, " t"+strconv.FormatUint(part.Term, 10))
				}
			}
			p.mark(b.Procs[pl.shown(b)[0]].ID, from, p.w)
		}
		p.put(inkStrong, "] "+strconv.Itoa(len(ids))+of)
	}
	p.say(inkBad, "  cut in "+strconv.Itoa(len(is))+" (injected)", "  cut in "+strconv.Itoa(len(is)))
	p.next()
}

// A box is as wide as its addresses ask for, within these bounds.
const (
	cardLeast = 20
	cardWidth = 26
	cardGap   = 1
)

// cards is how many boxes stand side by side, and how high each row of them is.
func (at *places) cards(b *board.Board, w int) (across int, bands []int) {
	each := cardLeast
	for _, pl := range at.all {
		for _, l := range pl.lines(b, w) {
			if l.is == cardAt {
				each = max(each, width(clean(l.text))+4)
			}
		}
	}
	across = max(min((w+cardGap)/(min(each, cardWidth)+cardGap), len(at.all)), 1)
	for i := range at.all {
		if i%across == 0 {
			bands = append(bands, 0)
		}
		high := &bands[len(bands)-1]
		*high = max(*high, len(at.all[i].lines(b, (w+cardGap)/across-cardGap-4))+2)
	}
	return across, bands
}

// ink is that of a node's name: a process of that name is selected with it.
func (pl *place) ink(s *Scene) ink {
	if pl.id == s.Selected && s.Selected != "" {
		return inkSelect
	}
	return inkTitle
}

// cardLine is a line of a box.
type cardLine struct {
	is   cardPart
	proc int // in Board.Procs
	text string
}

type cardPart uint8

const (
	cardAt   cardPart = iota // where it listens
	cardProc                 // a process, as the kernel has it
	cardSays                 // its own word
)

// lines are what a box has inside, w cells wide.
func (pl *place) lines(b *board.Board, w int) (all []cardLine) {
	told := map[string]bool{}
	procs := pl.shown(b)
	for _, i := range procs {
		for _, l := range b.Procs[i].Listens {
			text := l.Addr
			if l.For != "" {
				text += " " + l.For
			}
			if b.Procs[i].Ended == 0 && !told[text] {
				told[text] = true
				all = append(all, cardLine{cardAt, i, text})
			}
		}
	}
	for _, i := range procs {
		if text := spaceOf(&b.Procs[i]); text != "" && !told[text] {
			told[text] = true
			all = append(all, cardLine{cardAt, i, text})
		}
	}
	for _, i := range procs {
		all = append(all, cardLine{is: cardProc, proc: i})
		says := saysOf(&b.Procs[i])
		if text := strings.Join(says, ", "); width(clean(text))+2 <= w && text != "" {
			says = []string{text}
		}
		for _, text := range says {
			all = append(all, cardLine{cardSays, i, text})
		}
	}
	return all
}

// spaceOf is a process's own network namespace as /proc has it, "" for none.
func spaceOf(pr *board.Proc) string {
	if pr.NetNS == 0 {
		return ""
	}
	return "net:[" + strconv.FormatUint(pr.NetNS, 10) + "]"
}

// apart says that nodes have network namespaces of their own.
func apart(b *board.Board) bool {
	return slices.ContainsFunc(b.Procs, func(p board.Proc) bool { return p.NetNS != 0 })
}

// band draws boxes side by side.
func (p *page) band(s *Scene, b *board.Board, all []place, across, high int) {
	box := s.Theme.Box()
	wide := (p.max - cardGap*(across-1)) / across
	edge := func(pl *place, from int, left, right string, name bool) {
		in := inkRule
		p.glyph(in, left)
		if name {
			p.glyph(in, box.Horizontal)
			p.space(1)
			x := p.w
			p.text(pl.ink(s), p.clean(string(pl.id)), wide-6)
			p.mark(b.Procs[pl.shown(b)[0]].ID, x, p.w)
			if part := pl.part(b); part.Role == "leader" {
				p.put(inkStrong, "*")
			}
			p.space(1)
		}
		p.glyphs(in, box.Horizontal, from+wide-1-p.w)
		p.glyph(in, right)
	}
	lines := make([][]cardLine, len(all))
	for i := range all {
		lines[i] = all[i].lines(b, wide-4)
	}
	for y := range high {
		for i := range all {
			from := i * (wide + cardGap)
			p.to(from)
			switch y {
			case 0:
				edge(&all[i], from, box.TopLeft, box.TopRight, true)
			case high - 1:
				edge(&all[i], from, box.BottomLeft, box.BottomRight, false)
			default:
				p.glyph(inkRule, box.Vertical)
				p.space(1)
				if y-1 < len(lines[i]) {
					p.cardLine(s, b, &all[i], lines[i][y-1], wide-4)
				}
				p.to(from + wide - 1)
				p.glyph(inkRule, box.Vertical)
			}
		}
		p.next()
	}
}

func (p *page) cardLine(s *Scene, b *board.Board, pl *place, l cardLine, w int) {
	pr := &b.Procs[l.proc]
	from := p.w
	switch l.is {
	case cardAt:
		p.text(inkDim, p.clean(l.text), w)
	case cardSays:
		p.quote(l.text, w)
	default:
		p.kernelOf(s, pr, pl.id, w)
	}
	p.mark(pr.ID, from, p.w)
}

// quote writes a process's own word in at most w cells.
func (p *page) quote(text string, w int) {
	if w < 3 {
		return
	}
	p.put(inkSaid, `"`)
	p.text(inkSaid, p.clean(text), w-2)
	p.put(inkSaid, `"`)
}

// kernelOf is a process as the kernel has it: its letter, what it waits for, its
// pid; its name where it is not that of its node.
func (p *page) kernelOf(s *Scene, pr *board.Proc, node trace.ID, w int) {
	end := min(p.w+w, p.max)
	k := standing(pr)
	if pr.Guest != "" {
		k = classUntold
	}
	p.glyph(k.ink(), p.p.look[k].Glyph)
	p.put(k.ink(), p.p.look[k].Letter)
	in := inkText
	if k == classDead {
		in = inkDead
	}
	if pr.ID == s.Selected && s.Selected != "" {
		in = inkSelect
	}
	if pr.ID != node {
		p.space(1)
		p.text(in, p.clean(string(pr.ID)), end-p.w)
	}
	pid := " pid " + strconv.Itoa(pr.PID)
	if pr.Guest != "" {
		pid = ""
	}
	word := p.p.look[k].Word
	switch on, _ := waits(pr, k); {
	case pr.Ended != 0:
		word, pid = ending(pr), ""
	case on != "":
		word = p.clean(on)
	case pr.Guest != "":
		word = p.clean(pr.Guest)
	}
	if n := end - p.w - len(pid); n >= 6 || n > width(word) {
		p.space(1)
		p.text(in, word, n-1)
		p.put(inkDim, pid)
	} else if end-p.w > 3 {
		p.space(1)
		p.text(in, word, end-p.w)
	}
}

// nodeRows is a line for each process of each node, spare lines left.
func (p *page) nodeRows(s *Scene, b *board.Board, at *places, spare int) {
	wide, addr := 4, 0
	n := 0
	for i := range at.all {
		pl := &at.all[i]
		wide = max(wide, width(p.clean(string(pl.id)))+1)
		n += len(pl.shown(b))
		for _, j := range pl.procs {
			for _, l := range b.Procs[j].Listens {
				addr = max(addr, width(p.clean(l.Addr)))
			}
		}
	}
	wide = min(wide, 12, max(p.max/4, 1))
	if addr = min(addr, 22); p.max < 60 {
		addr = 0
	}
	for i := range at.all {
		pl := &at.all[i]
		for j, k := range pl.shown(b) {
			pr := &b.Procs[k]
			if p.left() <= 1+spare && n > 1 {
				p.glyph(inkDim, p.p.sign.more)
				p.put(inkDim, " and "+strconv.Itoa(n)+" more processes of nodes")
				p.next()
				return
			}
			n--
			p.mark(pr.ID, 0, p.max)
			if j == 0 {
				p.text(pl.ink(s), p.clean(string(pl.id)), wide-1)
				if pl.part(b).Role == "leader" {
					p.put(inkStrong, "*")
				}
			}
			p.to(wide + 1)
			if addr > 0 {
				text := ""
				if len(pr.Listens) > 0 {
					text = pr.Listens[len(pr.Listens)-1].Addr
				}
				p.field(inkDim, p.clean(text), addr)
				p.space(1)
			}
			says := strings.Join(saysOf(pr), ", ")
			room := p.room()
			if says != "" {
				room = min(max(room/3, 14), 26)
			}
			to := p.w + room
			p.kernelOf(s, pr, pl.id, room)
			if says != "" {
				p.to(to + 1)
				p.quote(says, p.room())
			}
			p.next()
		}
	}
}

// onStage lists the processes that no node holds.
func (p *page) onStage(b *board.Board, rest []int) {
	p.put(inkDim, "on the stage itself:")
	for n, i := range rest {
		pr := &b.Procs[i]
		name := p.clean(string(pr.ID))
		if width(name)+12 > p.room() && n < len(rest)-1 {
			p.say(inkDim, " +"+strconv.Itoa(len(rest)-n)+" more")
			break
		}
		p.space(1)
		from := p.w
		k := standing(pr)
		p.glyph(k.ink(), p.p.look[k].Glyph)
		p.put(k.ink(), p.p.look[k].Letter+" ")
		p.all(inkText, name)
		p.mark(pr.ID, from, p.w)
	}
	p.next()
}

// ranked are the links in the order in which they tell something: those that are
// tampered with, or cut though their ends can reach one another by another way;
// those that are cut between islands, as the line above them says; the others.
func ranked(ps []pair, at *places, is [][]int) []pair {
	island := map[trace.ID]int{}
	for n, ids := range is {
		for _, i := range ids {
			island[at.all[i].id] = n + 1
		}
	}
	rank := func(x pair) int {
		a, b := island[x.a], island[x.b]
		switch {
		case x.cut && (a == 0 || b == 0 || a == b), x.fault != trace.LinkFault{}:
			return 0
		case x.cut:
			return 1
		}
		return 2
	}
	ps = slices.Clone(ps)
	slices.SortStableFunc(ps, func(x, y pair) int { return rank(x) - rank(y) })
	return ps
}

// linkLines lists links.
func (p *page) linkLines(s *Scene, order []pair, now time.Duration) {
	if p.full() {
		return
	}
	if len(order) == 0 {
		p.put(inkDim, "No link is known yet.")
		p.next()
		return
	}
	wide := 0
	for _, x := range order {
		wide = max(wide, width(p.clean(string(x.a))), width(p.clean(string(x.b))))
	}
	wide = min(wide, 16, max((p.max-9)/2, 1))
	for i := range order {
		if p.left() == 1 && i < len(order)-1 {
			p.glyph(inkDim, p.p.sign.more)
			p.put(inkDim, " and "+strconv.Itoa(len(order)-i)+" more links")
			cut := 0
			for _, x := range order[i:] {
				cut += b2i(x.cut)
			}
			if cut > 0 {
				p.say(inkDim, ", "+strconv.Itoa(cut)+" of them cut")
			}
			p.next()
			return
		}
		p.linkLine(s, &order[i], wide, now)
	}
}

// nodesHeight is how many lines the nodes need and would like.
func (s *Scene) nodesHeight(w int) (least, ideal int) {
	b := s.board()
	at := placesOf(b)
	ps, _ := s.pairs()
	_, bands := at.cards(b, w)
	for _, n := range bands {
		ideal += n
	}
	ideal += len(ps) + 4
	least = len(at.all) + min(len(ps), 3) + 1
	return min(least, 9), ideal
}

// loopback says that all addresses that were told are on loopback. Where it is not known, nothing is said of it.
func loopback(b *board.Board) bool {
	some := false
	for i := range b.Procs {
		for _, l := range b.Procs[i].Listens {
			some = true
			if !strings.HasPrefix(l.Addr, "127.") && !strings.HasPrefix(l.Addr, "[::1]") && !strings.HasPrefix(l.Addr, "localhost:") {
				return false
			}
		}
	}
	return some
}
