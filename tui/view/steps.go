package view

import (
	"slices"
	"strconv"

	"edu/procession/demos/board"
	"edu/procession/demos/trace"
)

// Stepped says that a run is in step mode: somebody is held at a step, or moves
// were made.
func Stepped(b *board.Board) bool {
	if b == nil {
		return false
	}
	if b.Step.On || len(b.Step.Schedule) > 0 {
		return true
	}
	for i := range b.Procs {
		if b.Procs[i].Held {
			return true
		}
	}
	return false
}

// Turn is where a process stands in step mode.
type Turn uint8

const (
	TurnHeld    Turn = iota // at a step: it may go
	TurnGoing               // it was let go, and has not come to rest
	TurnBlocked             // it waits, as the kernel says
	TurnStopped             // by a signal
	TurnThrough             // it has no more steps
	TurnStarts              // it has not come to its first step
	TurnEnded               // it is no more
)

// String is what a newcomer is told of it.
func (t Turn) String() string {
	return [...]string{"may go", "goes", "blocked", "stopped", "through", "starts", "ended"}[t]
}

// TurnOf says where a process stands. Between a move and the moment when all have
// come to rest, it is what was last heard of it.
func TurnOf(b *board.Board, p *board.Proc) Turn {
	st := &b.Step
	switch {
	case !p.Alive():
		return TurnEnded
	case p.State == trace.Stopped:
		return TurnStopped
	case p.Held:
		return TurnHeld
	case slices.Contains(st.Blocked, p.ID) || lockOf(b, p.ID) != nil:
		return TurnBlocked
	case st.Settled:
		return TurnThrough
	case len(st.Schedule) > 0 && st.Schedule[len(st.Schedule)-1] == p.ID:
		return TurnGoing
	case p.Steps > 0:
		return TurnThrough
	}
	return TurnStarts
}

// lockOf is the lock that a process asks for, nil for none.
func lockOf(b *board.Board, who trace.ID) *board.Lock {
	for i := range b.Locks {
		if slices.Contains(b.Locks[i].Waiters, who) {
			return &b.Locks[i]
		}
	}
	return nil
}

// Steps is who may go next in step mode: what each process is about to do, what
// it did, on what it is blocked; what they share; and who went when so far.
//
// In little room the shared state goes before the processes do, and of the
// schedule the last moves are kept.
func Steps(s *Scene, w, h int) []string { return steps(s, w, h).close() }

// stepped lists the indices of the processes that have steps: the warden has none.
func stepped(b *board.Board) []int {
	var is []int
	for i := range b.Procs {
		if b.Procs[i].Role != "warden" {
			is = append(is, i)
		}
	}
	return is
}

func steps(s *Scene, w, h int) *page {
	p := newPage(s, w, h)
	b := s.board()
	order := stepped(b)
	if len(order) == 0 {
		p.put(inkDim, "No process yet.")
		return p
	}
	shared := len(b.Cells) + len(b.Locks)
	below := min(shared, max(h-len(order)-2, 0)) // lines of what is shared
	rows := max(h-1-below-1, min(h, 1), 0)       // a heading, and the schedule
	t := stepColumns(b, w)
	if h > 1 {
		t.head(p)
	}
	first, last := visible(s, PanelSteps, order, rows)
	for _, i := range order[first:last] {
		t.row(p, s, &b.Procs[i])
	}
	if last-first < len(order) {
		p.moreProcs(b, order[:first], order[last:])
	}
	if p.left() >= below+3 {
		p.next()
	}
	for i := 0; i < below && !p.full(); i++ {
		switch {
		case i == below-1 && below < shared:
			p.to(2)
			p.glyph(inkDim, p.p.sign.more)
			p.put(inkDim, " and "+strconv.Itoa(shared-i)+" more that they share")
			p.next()
		case i < len(b.Cells):
			p.cell(b, i)
		default:
			p.lock(b, i-len(b.Cells))
		}
	}
	if below > 0 && p.left() >= 2 {
		p.next()
	}
	if !p.full() {
		p.schedule(b)
	}
	if circle := b.Circle(); circle != nil && !p.full() {
		p.circle(circle)
	}
	if b.Step.Stuck() && !p.full() {
		p.glyph(inkWarn, p.p.look[classWait].Glyph)
		p.to(2)
		p.say(inkWarn, "Nobody may go: all who are left wait.", "Nobody may go.")
		p.next()
	}
	for i := range b.Step.Solved {
		if p.left() == 0 {
			break
		}
		d := &b.Step.Solved[i]
		p.glyph(inkGood, p.p.sign.task[board.TaskDone])
		p.to(2)
		p.all(inkGood, p.clean(d.Puzzle)+": solved in "+strconv.Itoa(d.N)+" steps")
		p.next()
	}
	return p
}

// stepTable is the width of each column; 0 is one that is not drawn.
type stepTable struct{ name, next, last int }

const turnWidth = 9 // glyph, blank, "stopped"

func stepColumns(b *board.Board, w int) stepTable {
	t := stepTable{name: nameWidth(b, w)}
	rest := w - 2 - t.name - 1 - turnWidth - 1
	switch {
	case rest < 0:
		t.name = max(t.name+rest+1, 0)
	case rest < 36:
		t.next = rest
	default:
		t.last = min((rest-1)*3/8, 30)
		t.next = rest - 1 - t.last
	}
	return t
}

func (t *stepTable) head(p *page) {
	p.space(2)
	p.field(inkDim, "NAME", t.name)
	p.space(1)
	p.field(inkDim, "TURN", turnWidth)
	p.space(1)
	p.field(inkDim, "WHAT IT DOES NEXT", t.next)
	if t.last > 0 {
		p.space(1)
		p.text(inkDim, "WHAT IT DID LAST", t.last)
	}
	p.next()
}

func (t *stepTable) row(p *page, s *Scene, pr *board.Proc) {
	b := s.board()
	turn := TurnOf(b, pr)
	p.mark(pr.ID, 0, p.max)
	in := inkText
	if turn == TurnEnded {
		in = inkDead
	}
	if pr.ID == s.Selected && s.Selected != "" {
		p.glyph(inkStrong, p.p.sign.mark)
		in = inkSelect
	}
	p.to(2)
	p.field(in, p.clean(string(pr.ID)), t.name)
	p.space(1)
	to := p.w + turnWidth + 1
	in, sign := p.turn(turn, pr)
	p.glyph(in, sign)
	p.space(1)
	p.text(in, turn.String(), turnWidth-2)
	p.to(to)
	to += t.next
	switch turn {
	case TurnHeld:
		in = inkText
		if pr.ID == s.Selected {
			in = inkStrong
		}
		p.text(in, p.clean(pr.NextStep), t.next)
	case TurnBlocked:
		p.blocked(b, pr, to)
	case TurnStopped:
		p.text(inkStop, "nothing, until it is let go on", t.next)
	case TurnThrough:
		p.text(inkDim, "nothing more: its steps are done", t.next)
	case TurnGoing:
		p.text(inkRun, p.clean(pr.LastStep), t.next)
	case TurnEnded:
		p.text(inkDead, ending(pr), t.next)
	}
	if t.last > 0 {
		p.to(to + 1)
		p.text(inkDim, p.clean(pr.LastStep), t.last)
	}
	p.next()
}

// turn is the sign of a turn.
func (p *page) turn(t Turn, pr *board.Proc) (ink, string) {
	switch t {
	case TurnHeld:
		return inkGood, p.p.sign.may
	case TurnThrough:
		return inkDim, p.p.sign.task[board.TaskDone]
	case TurnEnded:
		return standing(pr).ink(), p.p.look[standing(pr)].Glyph
	}
	k := map[Turn]class{TurnGoing: classRun, TurnBlocked: classWait, TurnStopped: classStop, TurnStarts: classNew}[t]
	return k.ink(), p.p.look[k].Glyph
}

// blocked says what a process waits for: the kernel's word, then the lock and who
// has it, by the processes' own account.
func (p *page) blocked(b *board.Board, pr *board.Proc, to int) {
	put := func(in ink, text string) { p.text(in, text, to-p.w) }
	if pr.On != "" {
		put(inkWait, ":"+p.clean(pr.On)+" ")
	}
	l := lockOf(b, pr.ID)
	switch {
	case l != nil:
		put(inkText, "wants "+p.clean(string(l.ID)))
		if by := p.holders(b, l); by != "" {
			put(inkText, ", "+by)
		}
	case pr.Says != "":
		put(inkSaid, `"`+p.clean(pr.Says)+`"`)
	case pr.On == "":
		put(inkText, "waits, and does not say for what")
	}
}

// holders says who has a lock, the dead among them too.
func (p *page) holders(b *board.Board, l *board.Lock) string {
	text := ""
	for i, id := range l.Holders {
		if i > 0 {
			text += ", "
		}
		text += p.clean(string(id))
		if h := b.Proc(id); h != nil && h.Ended > 0 {
			text += " (dead)"
		}
	}
	if text != "" {
		text = "held by " + text
	}
	return text
}

func (p *page) cell(b *board.Board, i int) {
	c := &b.Cells[i]
	p.to(2)
	p.text(inkText, p.clean(string(c.ID))+" = ", p.room())
	p.text(inkStrong, p.clean(c.Value), p.room())
	if c.Writer != "" {
		p.all(inkDim, "  written by "+p.clean(string(c.Writer)))
	} else {
		p.all(inkDim, "  not written yet")
	}
	p.next()
}

func (p *page) lock(b *board.Board, i int) {
	l := &b.Locks[i]
	p.to(2)
	p.all(inkText, p.clean(string(l.ID))+": ")
	if by := p.holders(b, l); by != "" {
		p.all(inkStrong, by)
	} else {
		p.all(inkDim, "held by nobody")
	}
	for i, id := range l.Waiters {
		lead := ", "
		if i == 0 {
			lead = ", waited for by "
		}
		p.all(inkWarn, lead+p.clean(string(id)))
	}
	p.next()
}

// schedule writes the moves so far, the last ones where not all fit.
func (p *page) schedule(b *board.Board) {
	moves := b.Step.Schedule
	p.to(2)
	if len(moves) == 0 {
		p.all(inkDim, "So far nobody has moved.")
		p.next()
		return
	}
	p.put(inkDim, "So far ("+strconv.Itoa(len(moves))+"):")
	first, room := len(moves), p.room()-2
	for first > 0 {
		n := 1 + width(p.clean(string(moves[first-1])))
		if n > room {
			break
		}
		first, room = first-1, room-n
	}
	if first > 0 {
		p.space(1)
		p.glyph(inkDim, p.p.sign.more)
	}
	for i := first; i < len(moves); i++ {
		p.space(1)
		in := inkText
		if i == len(moves)-1 {
			in = inkStrong
		}
		p.text(in, p.clean(string(moves[i])), p.room())
	}
	p.next()
}

// circle writes a circle of the wait-for graph: each waits for the next.
func (p *page) circle(waits []board.Wait) {
	g := p.p.sign
	arrow := func(word string) {
		p.space(1)
		p.glyph(inkWarn, g.line)
		p.put(inkWarn, word)
		p.glyph(inkWarn, g.right)
		p.space(1)
	}
	p.glyph(inkBad, g.task[board.TaskFailed])
	p.to(2)
	long := width(p.clean(string(waits[0].Who)))
	for _, w := range waits {
		long += width(p.clean(string(w.Who))) + width(p.clean(string(w.Lock))) + len(" -wants> ") + len(" -held by> ")
	}
	if word := "Deadlock: "; long+len(word) <= p.room() {
		p.put(inkBad, word)
	}
	for _, w := range waits {
		p.text(inkStrong, p.clean(string(w.Who)), p.room())
		arrow("wants")
		p.text(inkText, p.clean(string(w.Lock)), p.room())
		arrow("held by")
	}
	p.text(inkStrong, p.clean(string(waits[0].Who)), p.room())
	p.next()
}

// stepsHeight is how many lines all of it takes.
func stepsHeight(b *board.Board) (least, ideal int) {
	n, shared := len(stepped(b)), len(b.Cells)+len(b.Locks)
	least = 1 + min(n, 5) + min(shared, 3) + 1
	return least, 1 + n + 1 + shared + 2 + b2i(b.Step.Stuck()) + b2i(b.Circle() != nil) + len(b.Step.Solved)
}
