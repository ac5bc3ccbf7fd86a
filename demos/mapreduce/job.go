package mapreduce

import (
	"slices"
	"time"

	"edu/procession/demos/trace"
)

// job is the coordinator's book of one job: who has which task. It does nothing
// itself and reads no clock. Tasks are numbered: first the maps, then the reduces.
//
// A task may be out in several copies. The first result counts; every other is a
// duplicate. That is harmless only since a task's result is the same whoever
// computes it, and since a result is there as a whole or not at all.
type job struct {
	maps    int
	tasks   []task
	backups bool // a straggler's task is given to a second worker
	took    []time.Duration
	n       numbers
}

// numbers are what a job has counted.
type numbers struct {
	Done         int `json:"done"`
	Executions   int `json:"executions"`   // copies that were given to a worker
	Reexecutions int `json:"reexecutions"` // of these, since the worker before had ended or was silent
	Backups      int `json:"backups"`      // of these, beside another that was still out
	Duplicates   int `json:"duplicates"`   // results for a task that had its result
}

type task struct {
	copies []copyOf
	done   bool
}

// copyOf is a task in the hands of one worker.
type copyOf struct {
	who      trace.ID
	since    time.Duration
	out      bool // nobody has given it up
	answered bool
}

func newJob(maps, reduces int, backups bool) *job {
	return &job{maps: maps, tasks: make([]task, maps+reduces), backups: backups}
}

func (j *job) over() bool { return j.n.Done == len(j.tasks) }

// mapped says that all maps are done. Before that no reduce can begin: it needs its
// share of every map's result.
func (j *job) mapped() bool {
	return !slices.ContainsFunc(j.tasks[:j.maps], func(t task) bool { return !t.done })
}

func (t *task) outs() (n int, first *copyOf) {
	for i := range t.copies {
		if c := &t.copies[i]; c.out {
			if n++; first == nil {
				first = c
			}
		}
	}
	return n, first
}

// A task is a straggler's when it is out for longer than tardy times the median of
// those that are done, and longer than hasty.
const (
	tardy = 2
	hasty = 100 * time.Millisecond
	some  = 3 // results that a median takes
)

// next gives a worker that is free a task: the first one that nobody has, else,
// with backups, a copy of the one that is out for longest. It is false when there is
// nothing to do for now.
func (j *job) next(now time.Duration, who trace.ID) (n, attempt int, backup, ok bool) {
	from, to := 0, j.maps
	if j.mapped() {
		from, to = j.maps, len(j.tasks)
	}
	late, since := -1, time.Duration(0)
	for i := from; i < to; i++ {
		t := &j.tasks[i]
		outs, first := t.outs()
		switch {
		case t.done:
		case outs == 0:
			if len(t.copies) > 0 {
				j.n.Reexecutions++
			}
			return i, j.give(i, now, who), false, true
		case outs == 1 && first.who != who && j.tardy(now-first.since) && (late < 0 || first.since < since):
			late, since = i, first.since
		}
	}
	if late < 0 || !j.backups {
		return 0, 0, false, false
	}
	j.n.Backups++
	return late, j.give(late, now, who), true, true
}

func (j *job) tardy(age time.Duration) bool {
	if len(j.took) < some {
		return false
	}
	took := slices.Sorted(slices.Values(j.took))
	return age > max(hasty, tardy*took[len(took)/2])
}

func (j *job) give(i int, now time.Duration, who trace.ID) (attempt int) {
	t := &j.tasks[i]
	t.copies = append(t.copies, copyOf{who: who, since: now, out: true})
	j.n.Executions++
	return len(t.copies)
}

// outcome is what a result is worth.
type outcome uint8

const (
	nothing   outcome = iota // it was not asked for, or said before
	first                    // the task is done by it
	duplicate                // the task was done already
)

// result takes a worker's result of a task.
func (j *job) result(now time.Duration, who trace.ID, n, attempt int) outcome {
	if n < 0 || n >= len(j.tasks) || attempt < 1 || attempt > len(j.tasks[n].copies) {
		return nothing
	}
	t := &j.tasks[n]
	c := &t.copies[attempt-1]
	if c.who != who || c.answered {
		return nothing
	}
	c.out, c.answered = false, true
	if t.done {
		j.n.Duplicates++
		return duplicate
	}
	t.done = true
	j.took = append(j.took, now-c.since)
	j.n.Done++
	return first
}

// giveUp puts back what a worker has, since it has ended or is silent: the tasks
// that nobody else has a copy of wait again. A result that comes all the same is
// taken.
func (j *job) giveUp(who trace.ID) (back []int) {
	for i := range j.tasks {
		t := &j.tasks[i]
		for k := range t.copies {
			if c := &t.copies[k]; c.who == who && c.out {
				c.out = false
				if outs, _ := t.outs(); outs == 0 && !t.done {
					back = append(back, i)
				}
			}
		}
	}
	return back
}
