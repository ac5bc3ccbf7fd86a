package view

import (
	"strconv"
	"time"

	"edu/procession/demos/board"
)

// Grid draws the tasks: how many stand where, a cell each in groups of ten, and
// below, where there is room, those that are in hand and those that went wrong.
//
// When there are more tasks than cells, a cell stands for several and the grid
// says for how many. Such a cell shows the worst: lost, failed, then how much of
// it is done.
func Grid(s *Scene, w, h int) []string { return grid(s, w, h).close() }

func grid(s *Scene, w, h int) *page {
	p := newPage(s, w, h)
	b := s.board()
	n := len(b.Tasks)
	if n == 0 {
		p.put(inkDim, "No task yet.")
		return p
	}
	p.taskCounts(b)
	g, rows := gridRows(b, w, min(p.left(), numbered))
	per := 1
	if room := p.left(); rows > room {
		room = max(room-1, 1) // a line tells what a cell stands for
		per = bucket(n, g.perRow*room)
	}
	for from := 0; from < n && !p.full(); from += per * g.perRow {
		if per > 1 && p.left() <= 1 {
			break
		}
		p.taskRow(b, from, per, g)
	}
	if per > 1 {
		p.put(inkDim, "a cell = "+strconv.Itoa(per)+" tasks; ")
		p.glyph(inkDoing, p.p.sign.spark[3])
		p.put(inkDim, " how much of it is done")
		p.next()
		return p
	}
	p.tasksInHand(b, max(s.now().Truncate(Grain), b.At))
	return p
}

// numbered is the most rows in which each task has its number.
const numbered = 12

// gridShape is how the cells of a grid stand.
type gridShape struct {
	label  int // cells of the number at the begin of a row, 0 for none
	cell   int // cells of a task: 1, or more where each has its number
	perRow int // tasks
}

// gridRows is the shape of a grid and how many rows it takes. Each task has its
// number where that takes at most so many rows.
func gridRows(b *board.Board, w, room int) (gridShape, int) {
	n := len(b.Tasks)
	digits := len(strconv.Itoa(max(n-1, 0)))
	g := gridShape{cell: digits + 2}
	g.perRow = min(max(w/g.cell, 1), 20)
	if g.perRow >= 10 {
		g.perRow = g.perRow / 10 * 10
	} else if g.perRow >= 5 {
		g.perRow = 5
	}
	if rows := (n + g.perRow - 1) / g.perRow; rows <= room && w >= g.cell {
		return g, rows
	}
	g = gridShape{label: digits + 1, cell: 1}
	if w < g.label+10 {
		g.label = 0
	}
	g.perRow = gridColumns(w - g.label)
	return g, (n + g.perRow - 1) / g.perRow
}

// gridColumns is how many cells, in groups of ten with a blank between, fit.
func gridColumns(w int) int {
	if w < 10 {
		return max(w, 1)
	}
	return (w + 1) / 11 * 10
}

// bucket is the least handy number of tasks for a cell so that n of them fit.
func bucket(n, cells int) int {
	for unit := 1; ; unit *= 10 {
		for _, m := range [...]int{1, 2, 5} {
			if k := unit * m; k > 1 && (n+k-1)/k <= max(cells, 1) {
				return k
			}
		}
		if unit > n {
			return max(n, 1)
		}
	}
}

func taskInk(t board.TaskState) ink {
	switch t {
	case board.TaskRunning:
		return inkDoing
	case board.TaskDone:
		return inkDone
	case board.TaskFailed:
		return inkFailed
	case board.TaskLost:
		return inkLost
	}
	return inkTodo
}

// taskCounts is the first line: how many tasks stand where.
func (p *page) taskCounts(b *board.Board) {
	var buf [32]byte
	total := taskTotal(b)
	p.bytes(inkStrong, append(strconv.AppendInt(buf[:0], int64(total), 10), " tasks"...))
	for _, st := range [...]board.TaskState{board.TaskDone, board.TaskRunning, board.TaskWaiting, board.TaskFailed, board.TaskLost} {
		c := b.Counts[st]
		if c < 0 || c == 0 && st >= board.TaskFailed {
			continue
		}
		in := taskInk(st)
		text := strconv.AppendInt(buf[:0], int64(c), 10)
		if p.max >= 44 {
			text = append(append(text, ' '), st.String()...)
		}
		if p.room() < len(text)+3 {
			break
		}
		p.space(2)
		p.glyph(in, p.p.sign.task[st])
		p.bytes(in, text)
	}
	if n := retried(b); n > 0 && p.room() >= 14 {
		p.space(2)
		p.glyph(inkAgain, p.p.sign.again)
		p.bytes(inkLost, append(strconv.AppendInt(buf[:0], int64(n), 10), " retried"...))
	}
	if n := duplicates(b); n > 0 {
		p.say(inkLost, "  "+strconv.Itoa(n)+" done again, in vain", "  "+strconv.Itoa(n)+" in vain")
	}
	p.next()
}

// taskTotal is how many tasks there are; a number that no task has had is none.
func taskTotal(b *board.Board) int {
	n := 0
	for st := board.TaskWaiting; st < board.TaskNone; st++ {
		n += b.Counts[st]
	}
	return n
}

// retried counts the tasks that were tried more than once.
func retried(b *board.Board) int {
	n := 0
	for i := range b.Tasks {
		if b.Tasks[i].Attempt > 1 {
			n++
		}
	}
	return n
}

// duplicates counts the runs of tasks that had been run.
func duplicates(b *board.Board) int {
	n := 0
	for i := range b.Procs {
		n += b.Procs[i].Dups
	}
	return n
}

func (p *page) taskRow(b *board.Board, from, per int, g gridShape) {
	var buf [12]byte
	if g.label > 0 {
		p.num(inkDim, strconv.AppendInt(buf[:0], int64(from), 10), g.label-1)
		p.space(1)
	}
	for i := 0; i < g.perRow && from < len(b.Tasks); i++ {
		switch {
		case g.cell > 1:
			p.to(i * g.cell)
			if b.Tasks[from].State == board.TaskNone {
				break
			}
			p.task(&b.Tasks[from])
			p.bytes(inkDim, strconv.AppendInt(buf[:0], int64(from), 10))
			from++
			continue
		case i > 0 && i%10 == 0:
			p.space(1)
		}
		if per == 1 {
			p.task(&b.Tasks[from])
		} else {
			p.taskBucket(b.Tasks[from:min(from+per, len(b.Tasks))])
		}
		from += per
	}
	p.next()
}

// task is a cell for one task. A task that was done at a later attempt than the
// first shows which one it took.
func (p *page) task(t *board.Task) {
	in, g := taskInk(t.State), p.p.sign.task[t.State]
	switch {
	case t.State == board.TaskDone && t.Attempt > 1:
		g = "23456789"[min(t.Attempt, 9)-2 : min(t.Attempt, 9)-1]
	case t.State == board.TaskWaiting && t.Attempt > 0:
		in, g = inkAgain, p.p.sign.again
	case t.State == board.TaskNone:
		p.space(1)
		return
	}
	p.glyph(in, g)
}

func (p *page) taskBucket(ts []board.Task) {
	var n [6]int
	for i := range ts {
		n[ts[i].State]++
	}
	total := len(ts) - n[board.TaskNone]
	g := p.p.sign
	switch {
	case total == 0:
		p.space(1)
	case n[board.TaskLost] > 0:
		p.glyph(inkLost, g.task[board.TaskLost])
	case n[board.TaskFailed] > 0:
		p.glyph(inkFailed, g.task[board.TaskFailed])
	case n[board.TaskDone] == total:
		p.glyph(inkDone, g.task[board.TaskDone])
	case n[board.TaskDone] == 0 && n[board.TaskRunning] == 0:
		p.glyph(inkTodo, g.task[board.TaskWaiting])
	case n[board.TaskDone] == 0:
		p.glyph(inkDoing, g.task[board.TaskRunning])
	default:
		top := len(g.spark) - 1
		p.glyph(inkDoing, g.spark[1+n[board.TaskDone]*(top-1)/total])
	}
}

// tasksInHand lists, in the lines that are left, what went wrong and what is
// being worked on, two blanks in.
func (p *page) tasksInHand(b *board.Board, now time.Duration) {
	if p.left() < 3 {
		return
	}
	p.next()
	left := b.Counts[board.TaskLost] + b.Counts[board.TaskFailed] + b.Counts[board.TaskRunning]
	for _, want := range [...]board.TaskState{board.TaskLost, board.TaskFailed, board.TaskRunning} {
		for i := range b.Tasks {
			if b.Tasks[i].State != want {
				continue
			}
			if p.left() == 1 && left > 1 {
				p.glyph(inkDim, p.p.sign.more)
				p.put(inkDim, " and "+strconv.Itoa(left)+" more")
				p.next()
			}
			if p.full() {
				return
			}
			p.taskLine(&b.Tasks[i], i, now)
			left--
		}
	}
}

func (p *page) taskLine(t *board.Task, i int, now time.Duration) {
	in := taskInk(t.State)
	p.glyph(in, p.p.sign.task[t.State])
	p.put(in, " task "+strconv.Itoa(i))
	switch t.State {
	case board.TaskRunning:
		p.put(inkText, " in the hands of ")
		p.all(inkText, p.clean(string(t.Worker)))
		p.put(inkDim, " for "+forSpan(now-t.Began))
	case board.TaskLost:
		p.put(in, " lost")
		if t.Worker != "" {
			p.put(inkText, " with ")
			p.all(inkText, p.clean(string(t.Worker)))
		}
	case board.TaskFailed:
		p.put(in, " failed")
		if t.Worker != "" {
			p.put(inkText, " in ")
			p.all(inkText, p.clean(string(t.Worker)))
		}
	}
	if t.Attempt > 1 {
		p.put(inkLost, ", attempt "+strconv.Itoa(t.Attempt))
	}
	if t.Note != "" && p.room() > 6 {
		p.put(inkText, ": ")
		p.all(inkSaid, p.clean(t.Note))
	}
	p.next()
}
