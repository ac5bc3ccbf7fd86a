package demo

import (
	"fmt"
	"strings"

	"edu/procession/demos/trace"
)

// Schedule says who goes when in step mode: the moves of a run, in order. A move
// is the name of a worker that does its next step, or an action of the learner
// with its target, as in "kill:B".
//
// As text it is the moves with spaces between them, "A A B kill:A B", and that is
// all that it takes to show somebody else what happened.
type Schedule []trace.ID

// MaxSchedule is how many moves a schedule may have.
const MaxSchedule = 10_000

// ParseSchedule reads a schedule. Commas, arrows and line ends separate moves as
// spaces do; "A*3" is three moves of A.
func ParseSchedule(text string) (Schedule, error) {
	var s Schedule
	for _, m := range strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(" ,;\t\r\n→", r) }) {
		name, times, many := m, "", false
		if !strings.HasSuffix(m, ":"+string(Everyone)) {
			name, times, many = strings.Cut(m, "*")
		}
		n := 1
		if many {
			if _, err := fmt.Sscanf(times, "%d", &n); err != nil || n < 1 || fmt.Sprint(n) != times {
				return nil, fmt.Errorf("move %d of the schedule, %.40q: after * comes how often, as in A*3", len(s)+1, m)
			}
		}
		act, target, isAct := strings.Cut(name, ":")
		if name == "" || isAct && (act == "" || target == "") || strings.Count(name, ":") > 1 {
			return nil, fmt.Errorf("move %d of the schedule, %.40q: a move is a worker's name, or an action and its target as in kill:B", len(s)+1, m)
		}
		if len(name) > 60 || n > MaxSchedule || len(s)+n > MaxSchedule {
			return nil, fmt.Errorf("move %d of the schedule: a schedule has at most %d moves, and a name 60 bytes", len(s)+1, MaxSchedule)
		}
		for range n {
			s = append(s, trace.ID(name))
		}
	}
	return s, nil
}

// String is the schedule as text, which ParseSchedule reads back.
func (s Schedule) String() string {
	moves := make([]string, len(s))
	for i, m := range s {
		moves[i] = string(m)
	}
	return strings.Join(moves, " ")
}

// Back is the schedule without its last move: what to run for an undo.
func (s Schedule) Back() Schedule {
	if len(s) == 0 {
		return nil
	}
	return s[: len(s)-1 : len(s)-1]
}

// MoveAct splits a move that is an action.
func MoveAct(move trace.ID) (a Act, ok bool) {
	name, target, ok := strings.Cut(string(move), ":")
	return Act{Name: name, Target: trace.ID(target)}, ok
}

// Puzzle is a goal in step mode. Most are reached by a schedule: a demo reports
// Stage.Solved then. One to mend is reached by a setting: Explore finds that under
// every schedule there is the demo keeps what it is to keep. A demo has at most
// one of these.
type Puzzle struct {
	Name string
	Doc  string            // what to bring about: "make it lose an update, in the fewest steps"
	Set  map[string]string // the settings that it is played with, where not the defaults
	Mend string            // the setting that is to be chosen, of a puzzle to mend; else empty
}

// ToMend is the puzzle to mend that is played with these settings: those that it
// sets or that have their defaults, but for the one that is to be chosen.
func (i Info) ToMend(params map[string]string) (Puzzle, bool) {
	for _, z := range i.Puzzles {
		if z.Mend == "" {
			continue
		}
		fits := true
		for _, p := range i.Params {
			want, set := z.Set[p.Name]
			if !set {
				want = p.Default
			}
			got, given := params[p.Name]
			fits = fits && (p.Name == z.Mend || got == want || !given && p.Default == want)
		}
		return z, fits
	}
	return Puzzle{}, false
}
