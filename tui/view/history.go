package view

import (
	"sort"
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

// cell is one cell of a time axis: how much of it was spent in what.
type cell struct {
	part   [classCount]uint32 // in 1/65536 of the cell
	starts bool               // the process started in it
	busy   uint32             // with a task in hand, in 1/65536
	tasks  uint16             // begun in it
}

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

// states fills cells with what p did up to now. Cells are cleared first.
func (a axis) states(p *board.Proc, now time.Duration, cells []cell) {
	clear(cells)
	a.eachState(p, now, func(k class, from, to time.Duration) {
		a.spread(from, to, func(i int, part uint32) {
			cells[i].part[k] += max(part, 1)
		})
	})
	if i := a.col(p.Started); p.PID != 0 && i >= 0 && i < a.n && p.Started <= now {
		cells[i].starts = true
	}
}

// eachState calls f for every stretch of p that touches the axis, up to now.
func (a axis) eachState(p *board.Proc, now time.Duration, f func(k class, from, to time.Duration)) {
	end := min(now, a.end())
	ended := end // the kernel's marks count until here
	if p.Ended != 0 {
		ended = min(p.Ended, end)
	}
	i := sort.Search(len(p.States), func(i int) bool { return p.States[i].At > a.from })
	for i = max(i-1, 0); i < len(p.States); i++ {
		m := &p.States[i]
		if m.At >= ended {
			break
		}
		to := ended
		if i+1 < len(p.States) {
			to = min(p.States[i+1].At, ended)
		}
		f(classOf(m.State, m.On), m.At, to)
	}
	if p.Ended == 0 || p.Ended >= end {
		return
	}
	reaped := end
	if p.Reaped != 0 {
		reaped = min(p.Reaped, end)
	}
	f(classZombie, p.Ended, reaped)
	f(classDead, reaped, end)
}

// stretch is a stretch of work on one task.
type stretch struct {
	task     int
	from, to time.Duration
	open     bool // it is in hand still
}

// work fills in how busy the cells are and calls f for each stretch that
// touches the axis.
func (a axis) work(p *board.Proc, now time.Duration, cells []cell, f func(stretch)) {
	end := min(now, a.end())
	i := sort.Search(len(p.Work), func(i int) bool { return p.Work[i].At > a.from })
	for i = max(i-1, 0); i < len(p.Work); i++ {
		m := &p.Work[i]
		if m.At >= end {
			break
		}
		if m.Task < 0 {
			continue
		}
		st := stretch{m.Task, m.At, end, i+1 == len(p.Work)}
		if !st.open {
			st.to = min(p.Work[i+1].At, end)
		}
		a.spread(st.from, st.to, func(i int, part uint32) { cells[i].busy += max(part, 1) })
		if c := a.col(st.from); c >= 0 && c < a.n && cells[c].tasks < 1<<15 {
			cells[c].tasks++
		}
		f(st)
	}
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
			busy += uint64(c.busy)
		} else {
			busy += uint64(c.part[classRun])
		}
	}
	if life == 0 {
		return 0, false
	}
	return min(float64(busy)/float64(life), 1), true
}
