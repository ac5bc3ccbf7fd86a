package view

import (
	"sort"
	"strconv"
	"time"

	"edu/procession/demos/board"
	"edu/procession/demos/trace"
)

// class is what a process does in a stretch of time, as the views tell it.
type class uint8

const (
	classNone   class = iota // it does not exist yet, or the time has not come
	classNew                 // started, not yet seen
	classRun                 // R
	classWait                // S
	classTimer               // S on a timer: nothing but time is waited for
	classDisk                // D
	classStop                // T
	classZombie              // Z
	classDead                // X
	classUntold              // ?
	classCount
)

func classOf(l trace.Letter, on string) class {
	switch l {
	case trace.New:
		return classNew
	case trace.Running:
		return classRun
	case trace.Asleep:
		if on == "timer" {
			return classTimer
		}
		return classWait
	case trace.Disk:
		return classDisk
	case trace.Stopped:
		return classStop
	case trace.Zombie:
		return classZombie
	case trace.Dead:
		return classDead
	}
	return classUntold
}

// standing is the state of a process now. One that has ended and was not
// reaped is a zombie by definition, whether or not a sample has seen it.
func standing(p *board.Proc) class {
	switch {
	case p.Reaped != 0:
		return classDead
	case p.Ended != 0:
		return classZombie
	}
	return classOf(p.State, p.On)
}

// since is when the standing state began.
func since(p *board.Proc) time.Duration {
	switch n := len(p.States); {
	case p.Reaped != 0:
		return p.Reaped
	case p.Ended != 0:
		return p.Ended
	case n > 0:
		return p.States[n-1].At
	}
	return p.Started
}

// cell is one cell of a time axis: how much of it was spent in what, in parts.
// What it was busy with a task counts apart, as classBusy.
type cell struct{ part [classCount + 1]uint32 }

// classBusy is the place of busyness in a cell; it is no state.
const classBusy = classCount

// whole is how many parts a cell has.
const whole = 1 << 16

// top is what took most of the cell, and whether a process did several things
// in it: that it began or ended in it does not count.
func (c *cell) top() (class, bool) {
	best, n := classNone, 0
	for k := classNew; k < classCount; k++ {
		if c.part[k] == 0 {
			continue
		}
		if k != classNew && k != classDead {
			n++
		}
		if best == classNone || c.part[k] > c.part[best] {
			best = k
		}
	}
	return best, n > 1
}

// rare is a state in the cell that must not go unseen, however short it was. A
// short zombie is none: everything that ends is one for a moment.
func (c *cell) rare() class {
	for _, k := range [...]class{classStop, classDisk} {
		if c.part[k] > 0 {
			return k
		}
	}
	return classNone
}

// states adds to cells what p did from a time up to now.
func (a axis) states(p *board.Proc, start, now time.Duration, cells []cell) {
	end := min(now, a.end())
	ended := end // the kernel's marks count until here
	if p.Ended != 0 {
		ended = min(p.Ended, end)
	}
	for i := stateAt(p, start); i < len(p.States); i++ {
		m := &p.States[i]
		if m.At >= ended {
			break
		}
		to := ended
		if i+1 < len(p.States) {
			to = min(p.States[i+1].At, ended)
		}
		a.spread(max(m.At, start), to, cells, classOf(m.State, m.On))
	}
	if p.Ended == 0 || p.Ended >= end {
		return
	}
	reaped := end
	if p.Reaped != 0 {
		reaped = min(p.Reaped, end)
	}
	a.spread(max(p.Ended, start), reaped, cells, classZombie)
	a.spread(max(reaped, start), end, cells, classDead)
}

// stateAt is the index of the state that p was in at a time, 0 before all.
func stateAt(p *board.Proc, t time.Duration) int {
	return max(sort.Search(len(p.States), func(i int) bool { return p.States[i].At > t })-1, 0)
}

// workMark is the begin of a stretch of work in a lane: its bar and, unless it
// is -1, the number that stands in the cells after it.
type workMark struct {
	col, task int
	end       time.Duration // of the stretch
	open      bool          // it goes on
}

// work adds to cells how busy p was from a time up to now, and to marks the
// stretches of work of more than a cell that were not over by then.
func (a axis) work(p *board.Proc, start, now time.Duration, cells []cell, marks []workMark) []workMark {
	end := min(now, a.end())
	i := sort.Search(len(p.Work), func(i int) bool { return p.Work[i].At > start })
	for i = max(i-1, 0); i < len(p.Work); i++ {
		m := &p.Work[i]
		if m.At >= end {
			break
		}
		to := end
		if i+1 < len(p.Work) {
			to = min(p.Work[i+1].At, end)
		}
		if m.Task < 0 || to <= start {
			continue
		}
		a.spread(max(m.At, start), to, cells, classBusy)
		if to-m.At < a.each || m.At < a.from {
			continue
		}
		from, last := a.col(m.At), a.col(to-1)
		if last > from {
			task := m.Task
			if last-from < len(strconv.Itoa(task)) {
				task = -1
			}
			marks = append(marks, workMark{from, task, to, i+1 == len(p.Work)})
		}
	}
	return marks
}

// laneKept is a lane's cells as far as they cannot change any more.
type laneKept struct {
	axis    axis
	pid     int
	started time.Duration
	at      time.Duration   // of the Board that they are from
	open    board.StateMark // the state that the first cell left out begins in
	cells   []cell          // of the axis; those from upto on are to be filled
	upto    int
	marks   []workMark // of the stretches that were over by then
}

// lane fills the cells of a process's lane and finds its stretches of work.
// What happened before b.At is known for good and comes from kept; nil keeps
// nothing. The cells are good until the next call with the same kept.
func (a axis) lane(b *board.Board, p *board.Proc, now time.Duration, kept *laneKept) ([]cell, []workMark) {
	if kept == nil {
		kept = &laneKept{}
	}
	if kept.axis != a || kept.pid != p.PID || kept.started != p.Started || b.At < kept.at || kept.upto > 0 && kept.open != openAt(p, a.begin(kept.upto)) {
		*kept = laneKept{axis: a, pid: p.PID, started: p.Started, cells: kept.cells, marks: kept.marks[:0]}
		if cap(kept.cells) < a.n {
			kept.cells = make([]cell, a.n)
		}
		kept.cells = kept.cells[:a.n]
	}
	start := a.begin(kept.upto)
	clear(kept.cells[kept.upto:])
	a.states(p, start, now, kept.cells)
	marks := a.work(p, start, now, kept.cells, kept.marks)

	kept.at = b.At
	kept.upto = max(min(a.col(b.At), a.n), kept.upto)
	start = a.begin(kept.upto)
	kept.open = openAt(p, start)
	over := len(kept.marks)
	for over < len(marks) && marks[over].end <= start && !marks[over].open {
		over++
	}
	kept.marks = marks[:over]
	return kept.cells, marks
}

// openAt is the state that p was in at a time.
func openAt(p *board.Proc, t time.Duration) board.StateMark {
	if i := stateAt(p, t); i < len(p.States) {
		return p.States[i]
	}
	return board.StateMark{}
}

// share is how much of its life within the axis p spent running, or with a task
// in hand where it has tasks: 0…1, and false where it was not there.
func share(cells []cell, tasks bool) (float64, bool) {
	var busy, life uint64
	for i := range cells {
		c := &cells[i]
		for k := classRun; k < classZombie; k++ { // new is not life yet: nobody has seen it
			life += uint64(c.part[k])
		}
		life += uint64(c.part[classUntold])
		if tasks {
			busy += uint64(c.part[classBusy])
		} else {
			busy += uint64(c.part[classRun])
		}
	}
	if life == 0 {
		return 0, false
	}
	return min(float64(busy)/float64(life), 1), true
}
