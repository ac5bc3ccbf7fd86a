package board

import (
	"slices"
	"time"

	"edu/procession/demos/trace"
)

// Tally is what the kernel and the stage have to tell of a whole run, whatever
// the demo: what two places are compared by. It is a fold of the log, as the
// Board is.
type Tally struct {
	starts  []time.Duration // spawn call to first word, of each worker
	Host    time.Duration   // the same of the first host of threads; 0 without
	Memory  int64           // the most that all processes but the warden had in memory at once, as sampled
	Kills   int             // that the learner, or the script, has done
	KillFor []time.Duration // from each of them to the end of its target
	Ended   int             // workers that a signal ended before the verdict
	Lost    int             // tasks

	board  *Board
	killed map[trace.ID]time.Duration
}

// NewTally is that of an empty log.
func NewTally() *Tally { return &Tally{board: New(), killed: map[trace.ID]time.Duration{}} }

// Apply takes the next event.
func (t *Tally) Apply(e trace.Event) {
	t.board.Apply(e)
	switch d := e.Data.(type) {
	case trace.Ready:
		switch p := t.board.Proc(e.Who); {
		case p.Role == "host" && t.Host == 0:
			t.Host = d.Took
		case !p.Keeper():
			t.starts = append(t.starts, d.Took)
		}
	case trace.Usage:
		var sum int64
		for i := range t.board.Procs {
			if p := &t.board.Procs[i]; p.TID == 0 && p.Role != "warden" && p.Alive() {
				sum += p.RSS
			}
		}
		t.Memory = max(t.Memory, sum)
	case trace.Act:
		if d.Action != "kill" {
			return
		}
		if d.Error == "" {
			t.Kills++
			t.killed[d.Target] = e.At
		} else if _, ok := t.killed[d.Target]; ok { // tried, and not done
			t.Kills--
			delete(t.killed, d.Target)
		}
	case trace.Exit:
		p := t.board.Proc(e.Who)
		if at, ok := t.killed[e.Who]; ok && d.Signal == "KILL" {
			t.KillFor = append(t.KillFor, e.At-at)
			delete(t.killed, e.Who)
		}
		if d.Signal != "" && !p.Keeper() && t.board.Verdict == nil { // after it, the stage clears
			t.Ended++
		}
	case trace.Task:
		if d.Is == trace.KindTaskLost {
			t.Lost++
		}
	}
}

// CPU is what all processes but the warden have used: as sampled, and exact for
// those that have been waited for.
func (t *Tally) CPU() (sum time.Duration) {
	for i := range t.board.Procs {
		if p := &t.board.Procs[i]; p.TID == 0 && p.Role != "warden" {
			sum += p.CPU
		}
	}
	return sum
}

// Workers is how many have said their first word.
func (t *Tally) Workers() int { return len(t.starts) }

// Start is the median time from the spawn call to a worker's first word.
func (t *Tally) Start() time.Duration { return median(t.starts) }

// Kill is the median time from a kill to the end of its target.
func (t *Tally) Kill() time.Duration { return median(t.KillFor) }

func median(of []time.Duration) time.Duration {
	if len(of) == 0 {
		return 0
	}
	s := slices.Sorted(slices.Values(of))
	return s[len(s)/2]
}
