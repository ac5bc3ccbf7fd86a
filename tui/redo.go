package tui

import (
	"slices"
	"strconv"

	tea "charm.land/bubbletea/v2"

	"edu/procession/demos/board"
	"edu/procession/demos/demo"
	"edu/procession/demos/trace"
)

// What was undone, or is to be shown step by step, lies ahead: stagePage.ahead is
// the whole schedule of which the run is a beginning. A move of the learner's that
// is another than the one ahead makes it void (TestRedo).

// follow starts the run anew and leaves all moves of a schedule ahead, so that the
// learner goes through it step by step.
func (s *stagePage) follow(seed uint64, moves demo.Schedule) tea.Cmd {
	cmd := s.anew(seed, nil)
	s.ahead = moves
	return cmd
}

// next is the move ahead, "" where there is none: the run is at its end of it, or
// has gone another way.
func (s *stagePage) next() trace.ID {
	made := s.now().Step.Schedule
	if len(made) == len(s.ahead) || !begins(made, s.ahead) {
		return ""
	}
	return s.ahead[len(made)]
}

// begins says that all begins so.
func begins(so, all demo.Schedule) bool {
	return len(so) <= len(all) && slices.Equal(so, all[:len(so)])
}

// far is how many steps were done, and of how many, where more lie ahead.
func (s *stagePage) far(b *board.Board) string {
	if n := len(b.Step.Schedule); n < len(s.ahead) && begins(b.Step.Schedule, s.ahead) {
		return strconv.Itoa(n) + " of " + steps(len(s.ahead))
	}
	return steps(len(b.Step.Schedule))
}

// redo makes the move ahead.
func (s *stagePage) redo() tea.Cmd {
	who := s.next()
	switch {
	case !s.stepping():
		return s.m.say("Steps can be done again in step mode alone. " + s.m.keys.StepMode.Show() + " starts it, where a demo has steps.")
	case s.run == nil || s.back != nil && !s.back.over:
		return s.m.say("The run is not there yet. A moment.")
	case who == "":
		return s.m.say("There is nothing to do again: no step was taken back, or you have gone another way since.")
	case !s.player.atNow():
		return s.m.say("This is the past. " + s.m.keys.Live.Show() + " goes to now, where steps are done.")
	}
	if a, ok := demo.MoveAct(who); ok {
		if s.going > 0 {
			return nil
		}
		s.going = len(s.moves()) + 1
		run, id := s.run, s.id
		return func() tea.Msg {
			if err := run.Act(a.Name, a.Target); err != nil {
				return refusedMsg{id, sentence(err.Error())}
			}
			return nil
		}
	}
	if s.now().Proc(who) != nil {
		s.selected = who
	}
	return s.move(who)
}
