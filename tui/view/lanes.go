package view

import (
	"strconv"
	"time"

	"edu/procession/demos/board"
	"edu/procession/demos/trace"
)

// Lanes draws what each process did when, a lane each over one time axis.
//
// A cell shows what took most of its time; where a process both ran and waited
// in one cell, its texture says how much of it ran. Where there are tasks, each
// stretch of work begins with a bar and, if there is room, the task's number; a
// process without a task is idle, whatever it waits for. At the end of a lane
// stands how much of its life in the window the process ran, or was busy.
//
// With [Scene.Whole] the part after Now is drawn too, dimmed.
func Lanes(s *Scene, w, h int) []string { return lanes(s, w, h).close() }

// lanesPlan is where the parts of a lane are.
type lanesPlan struct {
	name   int // cells of the name
	at     int // first cell of the axis
	axis   axis
	remark int // cells after the percentage
	tasks  bool
	cursor int           // cell of the scrubber, or -1
	ahead  int           // first cell that is dimmed, axis.n if none
	now    time.Duration // up to which lanes are drawn
	shown  time.Duration // that the rest of the stage shows
	board  *board.Board
	cells  []cell
	used   [signState + signUse(classCount)]bool
}

// minAxis is the least number of cells in which lanes make sense.
const minAxis = 8

func lanes(s *Scene, w, h int) *page {
	p := newPage(s, w, h)
	b := s.board()
	now := s.now()
	if s.Whole != nil && s.Whole.At >= now {
		b = s.Whole
	}
	if len(b.Procs) == 0 {
		p.put(inkDim, "No process yet.")
		return p
	}
	pl := planLanes(s, b, w, now)
	p.axis, p.axisAt = pl.axis, pl.at
	foot := 0
	if h >= len(b.Procs)+2 && w >= 30 {
		foot = 1
	}
	if h > 1 {
		pl.head(p, s)
	}
	rows := p.left() - foot
	gap := rows >= 2*len(b.Procs) && len(b.Procs) <= 16
	order := orderOf(b, rows)
	sc := *s
	sc.Board = b
	first, last := visible(&sc, PanelLanes, order, rows)
	for _, i := range order[first:last] {
		pl.lane(p, s, &b.Procs[i])
		if gap {
			if pl.cursor >= 0 {
				p.to(pl.at + pl.cursor)
				p.glyph(inkCursor, p.p.sign.wall)
			}
			p.next()
		}
	}
	if last-first < len(order) {
		p.moreProcs(b, order[:first], order[last:])
	} else if foot > 0 {
		pl.foot(p)
	}
	return p
}

func planLanes(s *Scene, b *board.Board, w int, now time.Duration) *lanesPlan {
	pl := &lanesPlan{cursor: -1, board: b}
	for i := range b.Procs {
		pl.tasks = pl.tasks || len(b.Procs[i].Work) > 0
	}
	pl.name = nameWidth(b, w)
	end := 5 // " 100%"
	if w >= 70 {
		pl.remark = 12
	}
	if w < 40 {
		pl.name, end = min(pl.name, 8), 0
	}
	pl.at = pl.name + 4 // name, glyph, letter, and a blank at both sides
	n := w - pl.at - end - pl.remark
	if n < minAxis {
		pl.at, pl.name, pl.remark = 3, 0, 0
		n = max(w-pl.at, 0)
	}
	pl.axis = axisOf(s.window(), n)
	step := min(pl.axis.each, Grain)
	pl.now = max(now.Truncate(step), s.board().At)
	pl.ahead = n
	reach := pl.now
	if s.Whole != nil && b == s.Whole {
		pl.ahead = min(pl.axis.col(pl.now)+1, n)
		reach = max(b.At, pl.now)
	}
	if s.Scrubbed {
		if c := pl.axis.col(s.Cursor); c >= 0 && c < n {
			pl.cursor = c
		}
	}
	pl.shown, pl.now = pl.now, reach
	return pl
}

// head draws the axis: a tick and its time where there is room, and the
// scrubber over it.
func (pl *lanesPlan) head(p *page, s *Scene) {
	p.to(pl.at)
	pl.axis.head(p, pl.cursor, s.Cursor)
	if p.room() >= 5 {
		if pl.tasks {
			p.put(inkDim, " busy")
		} else {
			p.put(inkDim, "  ran")
		}
	}
	p.next()
}

func (pl *lanesPlan) lane(p *page, s *Scene, pr *board.Proc) {
	p.mark(pr.ID, 0, p.max)
	then := pr // as it stands at the time that is shown
	if s.Whole != nil {
		if then = s.board().Proc(pr.ID); then == nil {
			then = &board.Proc{ID: pr.ID, State: trace.New, Task: -1}
		}
	}
	k := standing(then)
	in := inkText
	if k == classDead {
		in = inkDead
	}
	if pl.name > 0 {
		if pr.ID == s.Selected && s.Selected != "" {
			in = inkSelect
		}
		p.field(in, p.clean(string(pr.ID)), pl.name)
		p.space(1)
	}
	p.glyph(k.ink(), p.p.look[k].Glyph)
	p.put(k.ink(), p.p.look[k].Letter)
	p.to(pl.at)
	var marks []workMark
	pl.cells, marks = pl.axis.lane(pl.board, pr, pl.now, s.lane(pr.ID))
	pl.draw(p, pr, marks)
	if p.room() < 5 {
		p.next()
		return
	}
	if f, ok := share(pl.cells[:pl.ahead], len(pr.Work) > 0); ok {
		var buf [8]byte
		in := inkText
		if k == classDead {
			in = inkDead
		}
		p.num(in, append(strconv.AppendInt(buf[:0], int64(f*100+0.5), 10), '%'), 5)
	} else {
		p.space(5)
	}
	if pl.remark > 0 {
		p.space(1)
		pl.remarkOf(p, then, k)
	}
	p.next()
}

// draw draws the cells of a lane.
func (pl *lanesPlan) draw(p *page, pr *board.Proc, marks []workMark) {
	g := p.p.sign
	died := pl.axis.n
	if pr.Reaped != 0 {
		died = pl.axis.col(pr.Reaped)
	}
	for i := 0; i < pl.axis.n; i++ {
		for len(marks) > 0 && marks[0].col < i {
			marks = marks[1:]
		}
		k, _ := pl.cells[i].top()
		switch {
		case i == pl.cursor:
			p.glyph(inkCursor, g.wall)
		case len(marks) > 0 && marks[0].col == i && i < died:
			p.glyph(inkTaskNo, g.begins)
			pl.used[signTask] = true
			if marks[0].task >= 0 {
				n := strconv.Itoa(marks[0].task)
				if pl.cursor <= i || pl.cursor > i+len(n) {
					p.put(inkTaskNo, n)
					i += len(n)
				}
			}
		case k == classDead && i >= died:
			i = pl.grave(p, pr, i)
			died = pl.axis.n
		case k == classNone, k == classDead:
			p.space(1)
		default:
			in, sign := pl.glyphOf(g, i, k, len(pr.Work) > 0)
			if i >= pl.ahead {
				in = inkDim
			}
			p.glyph(in, sign)
		}
	}
}

// grave draws the cell in which a lane ends, and how it ended unless that is
// said at the end of the lane. It returns the last cell that it drew.
func (pl *lanesPlan) grave(p *page, pr *board.Proc, i int) int {
	p.glyph(inkDead, p.p.look[classDead].Glyph)
	if pl.remark > 0 {
		return i
	}
	text := p.clean(ending(pr))
	room := pl.axis.n - i - 1
	if pl.cursor > i {
		room = pl.cursor - i - 1
	}
	if n := width(text); n < room {
		p.space(1)
		p.text(inkDead, text, n)
		return i + 1 + n
	}
	return i
}

// signUse is what a lane can show, for the line that explains it.
type signUse uint8

const (
	signTask    signUse = iota // the bar of a task
	signHeld                   // waits with a task in hand
	signIdle                   // has none
	signPart                   // ran for a part of the cell
	signSeveral                // several states
	signState                  // and from here on a state, by class
)

// glyphOf is the sign of a cell.
func (pl *lanesPlan) glyphOf(g *signs, i int, k class, works bool) (ink, string) {
	c := &pl.cells[i]
	_, mixed := c.top()
	if r := c.rare(); mixed && r != classNone && r != k && !pl.shows(i-1, r) && !pl.shows(i+1, r) {
		pl.used[signSeveral] = true
		return r.ink(), g.several
	}
	run := c.part[classRun]
	if works && run == 0 && (k == classWait || k == classTimer) {
		if c.part[classBusy] == 0 {
			pl.used[signIdle] = true
			return inkDim, g.idle
		}
		pl.used[signHeld] = true
		return k.ink(), g.held
	}
	if !mixed || run == 0 || k == classStop || k == classZombie || k == classDisk {
		pl.used[signState+signUse(k)] = true
		return k.ink(), g.lane[k]
	}
	life := run + c.part[classWait] + c.part[classTimer] + c.part[classUntold]
	switch {
	case run*10 >= life*9:
		return inkRun, g.lane[classRun]
	case run*2 >= life:
		pl.used[signPart] = true
		return inkRun, g.most
	}
	pl.used[signPart] = true
	return k.ink(), g.part
}

// shows says that a cell is drawn as this state.
func (pl *lanesPlan) shows(i int, k class) bool {
	if i < 0 || i >= len(pl.cells) {
		return false
	}
	top, _ := pl.cells[i].top()
	return top == k
}

// remarkOf is what should be known of a lane at its end.
func (pl *lanesPlan) remarkOf(p *page, pr *board.Proc, k class) {
	var buf [32]byte
	b := buf[:0]
	in := inkDim
	switch {
	case k == classDead:
		in, b = inkDead, append(b, p.clean(ending(pr))...)
	case k == classZombie:
		in, b = inkZombie, append(b, "unreaped"...)
	case k == classStop && pr.Task >= 0:
		in, b = inkStop, strconv.AppendInt(append(b, "holds "...), int64(pr.Task), 10)
	case k == classStop:
		in, b = inkStop, append(b, "stopped"...)
	case pr.Task >= 0:
		b = strconv.AppendInt(append(b, "task "...), int64(pr.Task), 10)
	case len(pr.Work) > 0 && pl.shown-pr.Work[len(pr.Work)-1].At >= time.Second:
		b = appendFor(append(b, "idle "...), pl.shown-pr.Work[len(pr.Work)-1].At)
	}
	p.text(in, string(b), pl.remark-1)
}

// foot tells what the signs mean that were drawn.
func (pl *lanesPlan) foot(p *page) {
	g := p.p.sign
	part := []string{g.most, g.part}
	for _, e := range [...]struct {
		use  signUse
		in   ink
		sign []string
		word string
	}{
		{signTask, inkTaskNo, []string{g.begins, "7"}, "task 7 begins"},
		{signState + signUse(classRun), inkRun, []string{g.lane[classRun]}, "running"},
		{signState + signUse(classWait), inkWait, []string{g.lane[classWait]}, "blocked"},
		{signIdle, inkDim, []string{g.idle}, "idle: no task"},
		{signState + signUse(classTimer), inkTimer, []string{g.lane[classTimer]}, "sleeping"},
		{signState + signUse(classStop), inkStop, []string{g.lane[classStop]}, "stopped"},
		{signState + signUse(classZombie), inkZombie, []string{g.lane[classZombie]}, "zombie"},
		{signHeld, inkWait, []string{g.held}, "waits, task in hand"},
		{signPart, inkRun, part, "ran part of the time"},
		{signSeveral, inkStop, []string{g.several}, "stopped in between"},
		{signState + signUse(classDisk), inkDisk, []string{g.lane[classDisk]}, "uninterruptible"},
		{signState + signUse(classNew), inkNew, []string{g.lane[classNew]}, "new"},
	} {
		if !pl.used[e.use] || p.room() < len(e.sign)+1+len(e.word) {
			continue
		}
		for _, sg := range e.sign {
			p.glyph(e.in, sg)
		}
		p.put(inkDim, " "+e.word)
		p.space(2)
	}
	p.next()
}
