package cli

import (
	"fmt"
	"time"

	"edu/procession/demos/demo"
	"edu/procession/demos/safe"
	"edu/procession/demos/trace"
	"edu/procession/lessons/progress"
)

// solved keeps the puzzles that a run has solved, as the stage does: a schedule
// that is handed in, and an undone step, count like any other. Where they cannot
// be kept, the reason is told and the run is none the worse.
func (a *app) solved(d demo.Demo, run demo.Run) {
	var got []trace.Solved
	for _, e := range run.Log().Events(0) {
		if s, ok := e.Data.(trace.Solved); ok {
			got = append(got, s)
		}
	}
	if len(got) > 0 {
		a.note(d.Info().Name, got)
	}
}

// note keeps solved puzzles of a demo.
func (a *app) note(name string, got []trace.Solved) {
	store, err := progress.Open(progress.Path())
	if err == nil {
		defer store.Close()
		err = store.Update(func(st *progress.State) {
			for _, s := range got {
				st.Solve(name, s.Puzzle, progress.Solved{Moves: s.N, When: time.Now()})
			}
		})
	}
	if err != nil {
		text := err.Error()
		if store != nil && store.Notice() != "" {
			text = store.Notice()
		}
		fmt.Fprintln(a.Err, "procession: the puzzle is solved and not noted:", safe.Line(text, 500))
	}
}

// solvedOf counts the puzzles of a demo that are solved.
func solvedOf(st progress.State, info demo.Info) int {
	n := 0
	for _, p := range info.Puzzles {
		if _, ok := st.Solved(info.Name, p.Name); ok {
			n++
		}
	}
	return n
}
