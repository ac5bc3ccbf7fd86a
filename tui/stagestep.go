package tui

import (
	"slices"
	"strconv"
	"strings"

	tea "charm.land/bubbletea/v2"

	"edu/procession/demos/board"
	"edu/procession/demos/demo"
	"edu/procession/demos/safe"
	"edu/procession/demos/trace"
	"edu/procession/tui/theme"
	"edu/procession/tui/view"
)

// backStep is an undo: a new run of the schedule without its last move. Until it
// has come there, what is shown is the Board from when the run was there first.
//
// The rules are (TestUndo):
//  1. A run that is not shown any more is stopped.
//  2. The learner is told if the new run did not come to the same Board.
type backStep struct {
	n    int          // moves after it
	was  *board.Board // nil: not known
	over bool         // it has come there
}

// stepping says that the learner is the scheduler of this run.
func (s *stagePage) stepping() bool { return s.demo != nil && s.opt.Step }

// letGo lets the selected process do its next step.
func (s *stagePage) letGo() tea.Cmd {
	if !s.chosen {
		s.selected = first(s.now(), s.selected)
	}
	switch {
	case s.run == nil:
		return s.m.say("The run has not begun yet. A moment.")
	case !s.player.atNow():
		return s.m.say("This is the past. " + s.m.keys.Live.Show() + " goes to now, where you can let somebody go; " + s.m.keys.Undo.Show() + " takes a step back.")
	case s.selected == "":
		return s.m.say("No process is selected yet: choose one with up and down, or with a click.")
	}
	return s.move(s.selected)
}

// move lets a process go, whichever is selected.
func (s *stagePage) move(who trace.ID) tea.Cmd {
	run, id := s.run, s.id
	s.chosen = true
	switch ahead := s.next(); {
	case ahead != "" && s.going > 0:
		return nil // a key that comes too soon must not leave the schedule
	case ahead == who:
		s.going = len(s.now().Step.Schedule) + 1
	}
	return func() tea.Msg {
		if err := run.Go(who); err != nil {
			return refusedMsg{id, sentence(err.Error())}
		}
		return nil
	}
}

// refusedMsg says why a move was not made.
type refusedMsg struct {
	run  int
	text string
}

// sentence makes a sentence of an error's text.
func sentence(text string) string {
	return strings.TrimSuffix(safe.Line(text, 300), ".") + "."
}

// undo takes the last step back: by a run of all the steps before it.
func (s *stagePage) undo() tea.Cmd {
	if !s.stepping() {
		return s.m.say("Steps can be taken back in step mode alone. " + s.m.keys.StepMode.Show() + " starts it, where a demo has steps.")
	}
	moves := s.moves()
	if s.run == nil || s.back != nil && !s.back.over { // undo upon undo: from where it is going
		moves = s.opt.Schedule
	}
	if len(moves) == 0 && s.failed == nil {
		return s.m.say("Nobody has done a step yet: there is nothing to take back.")
	}
	ahead := s.ahead
	if !begins(moves, ahead) {
		ahead = moves
	}
	if s.failed == nil || !begins(moves, s.opt.Schedule) { // else: to where the schedule could be played
		moves = moves.Back()
	}
	selected, settled := s.selected, s.settled
	cmd := s.anew(s.seed(), moves)
	s.selected, s.chosen, s.settled, s.ahead = selected, true, settled, ahead
	s.back = &backStep{n: len(moves)}
	if was := settled[len(moves)]; was != nil && slices.Equal(was.Step.Schedule, moves) {
		s.back.was = was
	}
	return cmd
}

// seed is that of the run, or the one that it is to have.
func (s *stagePage) seed() uint64 {
	if s.header.Seed != 0 {
		return s.header.Seed
	}
	return s.opt.Seed
}

// now is the Board at the end of the log.
func (s *stagePage) now() *board.Board { return s.player.t.At(s.player.t.Len()) }

// heed takes note of a Board on which all have come to rest, and whether an undo
// has come to where it was to go.
func (s *stagePage) heed() {
	b := s.now()
	if !s.stepping() || !b.Step.Settled {
		return
	}
	n := len(b.Step.Schedule)
	if n >= s.going {
		s.going = 0
	}
	if s.back != nil && !s.back.over && n >= s.back.n {
		s.back.over = true
		s.stage = view.NewStage() // it has drawn the run before
		if was := s.back.was; was != nil && n == s.back.n {
			if d := board.Same(b, was); d != "" {
				s.m.notice = "This is not as it was after " + steps(n) + ": " + safe.Line(d, 300) + "."
			}
		}
	}
	if s.settled == nil {
		s.settled = map[int]*board.Board{}
	}
	s.settled[n] = b.Clone()                                  // the one at the end of the log goes on
	if who := s.next(); s.back == nil && b.Proc(who) != nil { // after an undo another way is as likely
		s.selected, s.chosen = who, true
	}
}

// seen is the Board that is to be drawn: that of the player or, while an undo is
// on its way, the one that it leads to.
func (s *stagePage) seen() *board.Board {
	if s.back != nil && !s.back.over && s.back.was != nil && s.failed == nil && !s.over() && s.player.atNow() {
		return s.back.was
	}
	return s.player.board()
}

// steps counts steps in words.
func steps(n int) string {
	if n == 1 {
		return "1 step"
	}
	return strconv.Itoa(n) + " steps"
}

// switchMode starts the demo anew in step mode, or back to running freely.
func (s *stagePage) switchMode() tea.Cmd {
	switch {
	case s.demo == nil:
		return s.m.say("This is a recording: what happened in it is settled.")
	case !s.info.Stepped():
		return s.m.say("The processes of this demo have no steps to be held at: they run freely.")
	}
	s.opt.Step = !s.opt.Step
	s.main = view.PanelNone
	return s.anew(s.seed(), nil)
}

// watchedOnly says that an action is one of the demo's own in step mode, where a
// play only watches: it would never hear of it.
func (s *stagePage) watchedOnly(a demo.Action) bool {
	own := !slices.ContainsFunc([]demo.Action{demo.Kill, demo.Term, demo.Stop, demo.Cont, demo.Reap}, func(b demo.Action) bool { return a.Name == b.Name })
	return s.stepping() && own
}

// replayed says how to play the run again as it is so far.
func (s *stagePage) replayed() string {
	moves := s.moves()
	if len(moves) == 0 {
		return "Who went when is the schedule of the run: it is all that it takes to play it again."
	}
	return "What was done so far is played again by: " + safe.Line(s.command(moves), 500)
}

// turnLine says whose turn it is, and what the keys do now.
func (s *stagePage) turnLine(b *board.Board, w int) string {
	th, g, k := s.m.th, s.m.th.Glyphs(), s.m.keys
	left := " " + th.Paint(theme.Good, g.Arrow+" STEP MODE") + "  " + th.Paint(theme.Muted, "after "+s.far(b)) + "  "
	if s.back != nil && s.back.n == len(b.Step.Schedule) {
		left = " " + th.Paint(theme.Good, g.Arrow+" STEP MODE") + "  " + th.Paint(theme.Warn, "undone to "+s.far(b)) + "  "
	}
	who := safe.Line(string(s.selected), 20)
	p := b.Proc(s.selected)
	act, acts := demo.MoveAct(s.next())
	switch {
	case !b.Step.On:
		left += "they come to their first steps" + ellipsis
	case acts: // the key would let somebody go
		left += th.Paint(theme.Key, k.Redo.Show()) + ": " + th.Paint(theme.Accent, safe.Line(act.Name+" "+string(act.Target), 60)) + ", as the schedule has it"
	case b.Step.Stuck():
		left += th.Paint(theme.Warn, "Nobody may go.") + " " + th.Paint(theme.Key, k.Undo.Show()) + " takes the last step back."
	case len(b.Step.Ready) == 0 && b.Step.Settled:
		left += "All steps are done."
	case p == nil:
		left += "Select who goes: " + th.Paint(theme.Key, "up/down")
	case view.TurnOf(b, p) == view.TurnHeld:
		left += th.Paint(theme.Key, k.LetGo.Show()) + ": " + th.Paint(theme.Accent, who+" does "+safe.Line(p.NextStep, 100))
	case len(b.Step.Ready) > 0:
		other := safe.Line(string(b.Step.Ready[0]), 20)
		left += who + ": " + view.TurnOf(b, p).String() + ". " + th.Paint(theme.Key, "up/down") + " select " + other + ", who may go"
	}
	return s.withFacts(left, w)
}

// goal is the puzzle of the run as it is set, and whether it is solved.
func (s *stagePage) goal(b *board.Board) (demo.Puzzle, int, bool) {
	for _, p := range s.info.Puzzles {
		if !s.fits(p) {
			continue
		}
		for _, d := range b.Step.Solved {
			if d.Puzzle == p.Name {
				return p, d.N, true
			}
		}
		return p, 0, true
	}
	return demo.Puzzle{}, 0, false
}

// fits says that the run has the settings of a puzzle, in all that puzzles set.
func (s *stagePage) fits(p demo.Puzzle) bool {
	for _, q := range s.info.Puzzles {
		for name := range q.Set {
			if name == p.Mend {
				continue // any value may be tried
			}
			want, ok := p.Set[name]
			if !ok {
				want = s.defaultOf(name)
			}
			got, ok := s.opt.Params[name]
			if !ok {
				got = s.defaultOf(name)
			}
			if got != want {
				return false
			}
		}
	}
	return true
}

func (s *stagePage) defaultOf(name string) string {
	for _, p := range s.info.Params {
		if p.Name == name {
			return p.Default
		}
	}
	return ""
}

// goalLine is what to bring about, nil without a puzzle.
func (s *stagePage) goalLine(b *board.Board, w int) []string {
	p, n, ok := s.goal(b)
	if !ok {
		return nil
	}
	th, g := s.m.th, s.m.th.Glyphs()
	if n > 0 {
		return []string{fit(" "+th.Paint(theme.Good, g.Check+" Solved in "+steps(n)+": "+safe.Line(p.Doc, 300)), w)}
	}
	return []string{fit(" "+th.Paint(theme.Title, "Goal:")+" "+safe.Line(p.Doc, 300), w)}
}

// stepKeys are the keys of step mode that do something now.
func (s *stagePage) stepKeys() []Binding {
	k, b := s.m.keys, s.now()
	var out []Binding
	if p := b.Proc(s.selected); p != nil && !s.over() && view.TurnOf(b, p) == view.TurnHeld {
		out = append(out, k.LetGo.as("", "let "+safe.Line(string(s.selected), 12)+" go"))
	}
	if !s.over() {
		out = append(out, k.SelectNext.as("up/down", "who"))
	}
	if len(b.Step.Schedule) > 0 {
		out = append(out, k.Undo)
	}
	if s.next() != "" && !s.over() {
		out = append(out, k.Redo)
	}
	if b.Step.Stuck() && !s.over() {
		out = append(out, k.Finish)
	}
	return out
}
