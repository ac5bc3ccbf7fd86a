package board

import (
	"fmt"
	"slices"

	"edu/procession/demos/trace"
)

// Steps is where a run in step mode stands.
type Steps struct {
	On bool // the run has settled at least once: it is in step mode
	// Schedule is the moves so far: the name of who was let go, or an action of
	// the learner with its target, as in "kill:B". With the run's options it gives
	// the same run again, and without its last move the run one step before.
	Schedule []trace.ID
	Settled  bool       // nobody moves: Ready and Blocked are true now
	Ready    []trace.ID // held at a step: each of them could go
	Blocked  []trace.ID // alive, and blocked or stopped
	Solved   []trace.Solved
}

// Stuck says that nobody can go and somebody is not through.
func (s Steps) Stuck() bool { return s.Settled && len(s.Ready) == 0 && len(s.Blocked) > 0 }

// Cell is a named place in shared memory, as those who used it report.
type Cell struct {
	ID     trace.ID
	Value  string   // what was written last; before any write, what was read
	Writer trace.ID // of Value, "" where nobody has written
	Reads  int
	Writes int
}

// Lock is a lock with those who have it and those who ask for it.
type Lock struct {
	ID      trace.ID
	Holders []trace.ID // more than one for a semaphore; a dead one where the kernel does not free it
	Waiters []trace.ID // in the order in which they asked
	Freed   bool       // by the kernel, when its holder ends
}

// step folds what steps, memory and locks have to tell.
func (b *Board) step(e trace.Event) {
	switch d := e.Data.(type) {
	case trace.Cell:
		c := find(&b.Cells, func(c *Cell) bool { return c.ID == d.Cell }, Cell{ID: d.Cell})
		if d.Is == trace.KindWrite {
			c.Value, c.Writer, c.Writes = d.Value, e.Who, c.Writes+1
		} else if c.Reads++; c.Writer == "" {
			c.Value = d.Value
		}
	case trace.Lock:
		b.lock(e.Who, d)
	case trace.StepWait:
		p := b.proc(e.Who)
		p.Held, p.NextStep = d.Text != "", d.Text // without a text: the end of its steps
	case trace.StepGo:
		p := b.proc(e.Who)
		p.Held, p.NextStep, p.LastStep, p.Steps = false, "", d.Text, p.Steps+1
		b.moved(e.Who)
		b.line(e, fmt.Sprintf("step %d: %s", d.N, d.Text))
	case trace.Settled:
		if d.N == 0 { // the beginning, or that of another round
			b.Step.Schedule = nil
		}
		b.Step.On, b.Step.Settled, b.Step.Ready, b.Step.Blocked = true, true, d.Ready, d.Blocked
	case trace.Solved:
		b.Step.Solved = append(b.Step.Solved, d)
		b.line(e, fmt.Sprintf("%s: solved in %d steps", d.Puzzle, d.N))
	}
}

func (b *Board) moved(move trace.ID) {
	b.Step.Schedule = append(b.Step.Schedule, move)
	b.Step.Settled, b.Step.Ready, b.Step.Blocked = false, nil, nil
}

// lock takes a word on a lock. Two processes tell of one lock through two pipes,
// so that the next holder may be heard before the last one's farewell.
func (b *Board) lock(who trace.ID, d trace.Lock) {
	l := find(&b.Locks, func(l *Lock) bool { return l.ID == d.Lock }, Lock{ID: d.Lock})
	l.Waiters = without(l.Waiters, who)
	switch d.Is {
	case trace.KindWant:
		l.Waiters = append(l.Waiters, who)
	case trace.KindHold:
		l.Holders, l.Freed = append(l.Holders, who), d.Freed
	case trace.KindFree:
		l.Holders = without(l.Holders, who)
	}
}

// leaves takes an ended process from its gate and from the queues at locks. A
// lock that it holds it goes on holding, unless it is one that the kernel frees.
func (b *Board) leaves(p *Proc) {
	p.Held, p.NextStep = false, ""
	for i := range b.Locks {
		l := &b.Locks[i]
		l.Waiters = without(l.Waiters, p.ID)
		if l.Freed {
			l.Holders = without(l.Holders, p.ID)
		}
	}
}

// acted takes an action into the schedule, and out again if it was not done.
func (b *Board) acted(e trace.Event, d trace.Act) {
	move := trace.ID(d.Action) + ":" + d.Target
	s := b.Step.Schedule
	switch {
	case !b.Step.On || e.Source != trace.Learner || !moves[d.Action]:
	case d.Error == "":
		b.moved(move)
	case len(s) > 0 && s[len(s)-1] == move:
		b.Step.Schedule = slices.Clip(s[:len(s)-1])
	}
}

// moves are the actions that belong in a schedule: those of the stage itself.
var moves = map[string]bool{"kill": true, "term": true, "stop": true, "cont": true}

func without(ids []trace.ID, who trace.ID) []trace.ID {
	if i := slices.Index(ids, who); i >= 0 {
		return slices.Delete(ids, i, i+1)
	}
	return ids
}

// find is the entry that is satisfies, made where there is none.
func find[T any](all *[]T, is func(*T) bool, made T) *T {
	for i := range *all {
		if is(&(*all)[i]) {
			return &(*all)[i]
		}
	}
	*all = append(*all, made)
	return &(*all)[len(*all)-1]
}

// Lock finds a lock, nil when there is none.
func (b *Board) Lock(id trace.ID) *Lock {
	for i := range b.Locks {
		if b.Locks[i].ID == id {
			return &b.Locks[i]
		}
	}
	return nil
}

// Cell finds a cell of shared memory, nil when there is none.
func (b *Board) Cell(id trace.ID) *Cell {
	for i := range b.Cells {
		if b.Cells[i].ID == id {
			return &b.Cells[i]
		}
	}
	return nil
}
