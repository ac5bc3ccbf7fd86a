package pool

import (
	"slices"
	"time"

	"edu/procession/demos/demo"
)

// Work is the tasks of a run, for a place that has a play of its own. The same
// seed is the same tasks in each place.
type Work struct {
	Workers, Tasks int
	Bad            int // the task that fails; -1 for none
	Victim, Kills  int // the task whose worker is killed, and how many are; -1 for none
	Serial         bool
	job            job
}

// WorkOf is what the parameters of a run say.
func WorkOf(s demo.Stage) (Work, error) {
	set, err := settings(s)
	return Work{set.workers, set.tasks, set.bad, set.victim, set.kills, set.serial, set.job}, err
}

// Args carries the work to a worker, and to whoever checks results.
func (w Work) Args() map[string]string { return w.job.args() }

// Longest is the most work that a task can be.
func (w Work) Longest() time.Duration { return w.job.longest() }

// Value is the right result of a task.
func Value(w *demo.Worker, task int) uint64 { return jobOf(w).value(uint32(task)) }

// Do runs a task in a worker. Its error is that of a bad argument.
func Do(w *demo.Worker, task int, bad bool) (uint64, error) {
	arg := uint32(task)
	if bad {
		arg |= poisoned
	}
	j := jobOf(w)
	a := j.do(arg, j.by(w))
	if a.failed {
		return 0, errBad(a.text)
	}
	return a.value, nil
}

// errBad is the error of a task, as its words.
type errBad string

// Error implements error.
func (e errBad) Error() string { return string(e) }

// Median is the middle of some times in microseconds; there is none of none.
func Median(times []time.Duration) (us float64, ok bool) {
	if len(times) == 0 {
		return 0, false
	}
	s := slices.Sorted(slices.Values(times))
	return float64(s[len(s)/2]) / 1e3, true
}
