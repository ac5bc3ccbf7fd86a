package tui

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"edu/procession/demos/demo"
	"edu/procession/demos/safe"
	"edu/procession/demos/trace"
	"edu/procession/lessons/progress"
	"edu/procession/tui/reader"
	"edu/procession/tui/theme"
)

// solved keeps the puzzles that events say are solved, at once: what an undo takes
// back was solved all the same.
func (m *Model) solved(demo string, events []trace.Event) tea.Cmd {
	var cmds []tea.Cmd
	for _, e := range events {
		if d, ok := e.Data.(trace.Solved); ok {
			s := progress.Solved{Moves: d.N, When: m.now()}
			cmds = append(cmds, m.save(func(st *progress.State) { st.Solve(demo, d.Puzzle, s) }))
		}
	}
	return tea.Batch(cmds...)
}

// mended keeps a puzzle that no schedule breaks any more: there is no move in that.
func (m *Model) mended(demo, puzzle string) tea.Cmd {
	s := progress.Solved{When: m.now()}
	return m.save(func(st *progress.State) { st.Solve(demo, puzzle, s) })
}

// puzzles counts a demo's puzzles, and those of them that are solved.
func (m *Model) puzzles(info demo.Info) (solved, all int) {
	for _, p := range info.Puzzles {
		if _, ok := m.state.Solved(info.Name, p.Name); ok {
			solved++
		}
	}
	return solved, len(info.Puzzles)
}

// puzzleCount is "2 of 3 puzzles" once one is solved; a newcomer is not counted.
func (m *Model) puzzleCount(info demo.Info) string {
	solved, all := m.puzzles(info)
	if solved == 0 {
		return ""
	}
	return fmt.Sprintf("%d of %s", solved, plural(all, "puzzle"))
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// join puts a comma between two remarks where there are two.
func join(a, b string) string {
	if a == "" || b == "" {
		return a + b
	}
	return a + ", " + b
}

// puzzle is a puzzle in words: its goal, what it is set to, how it was solved.
func (m *Model) puzzle(info demo.Info, p demo.Puzzle) (goal, state string, solved bool) {
	goal = safe.Line(p.Doc, 300)
	var set []string
	for _, k := range slices.Sorted(maps.Keys(p.Set)) {
		set = append(set, k+"="+p.Set[k])
	}
	if len(set) > 0 {
		goal += " With " + safe.Line(strings.Join(set, ", "), 100) + "."
	}
	s, solved := m.state.Solved(info.Name, p.Name)
	switch {
	case solved && p.Mend != "":
		return goal, "solved: no schedule breaks it", true
	case solved:
		return goal, "solved in " + steps(s.Moves), true
	}
	return goal, "not solved yet", false
}

// puzzleLines lists a demo's puzzles below what else is said of it.
func (m *Model) puzzleLines(info demo.Info, w int) []string {
	if len(info.Puzzles) == 0 {
		return nil
	}
	th, g := m.th, m.th.Glyphs()
	out := []string{"", th.Paint(theme.Muted, "Puzzles, in step mode")}
	for _, p := range info.Puzzles {
		goal, state, solved := m.puzzle(info, p)
		mark, k := th.Paint(theme.Muted, g.Dot), theme.Muted
		if solved {
			mark, k = th.Paint(theme.Good, g.Check), theme.Good
		}
		for i, line := range wrap(goal, w-2) {
			if i > 0 {
				mark = " "
			}
			out = append(out, mark+" "+line)
		}
		out = append(out, "  "+th.Paint(k, state))
	}
	return out
}

// puzzleBlock is the same for the page on which a lesson says what to do.
func (m *Model) puzzleBlock(info demo.Info) []reader.Block {
	if len(info.Puzzles) == 0 {
		return nil
	}
	solved, all := m.puzzles(info)
	var md strings.Builder
	for _, p := range info.Puzzles {
		goal, state, solved := m.puzzle(info, p)
		mark := m.th.Glyphs().Dot
		if solved {
			mark = m.th.Glyphs().Check
		}
		fmt.Fprintf(&md, "%s %s *%s*\n\n", mark, goal, state)
	}
	fmt.Fprintf(&md, "On stage, `%s` is step mode: you say who goes next.\n", m.keys.StepMode.Show())
	return []reader.Block{{Title: fmt.Sprintf("Puzzles, %d of %d solved", solved, all), Markdown: md.String()}}
}
