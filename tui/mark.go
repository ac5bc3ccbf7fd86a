package tui

import tea "charm.land/bubbletea/v2"

// recording is the id of the recording of the run, "" where there is none.
func (s *stagePage) recording() string {
	if s.run != nil && s.m.cfg.Kept != nil {
		return s.m.cfg.Kept(s.run)
	}
	return s.file
}

// mark marks the moment that is shown, in the recording of the run.
func (s *stagePage) mark() tea.Cmd {
	id, folder, at := s.recording(), s.m.cfg.Recordings, s.player.at
	switch {
	case s.demo == nil && id == "":
		return s.m.say("This is a file of your own; only what procession keeps can be marked. procession replay FILE --at TIME opens it at a moment.")
	case s.run == nil && s.demo != nil:
		return s.m.say("The run has not begun yet. A moment.")
	case id == "" || folder == "":
		return s.m.say("This run is not kept, so that there is no recording to mark.")
	}
	if s.marked && s.markedAt == at {
		at = -1
	}
	s.marked, s.markedAt = at >= 0, at
	return func() tea.Msg {
		if _, err := folder.Mark(id, at); err != nil {
			return noticeMsg(upper(sentence(err.Error())))
		}
		if at < 0 {
			return noticeMsg("The mark is gone: a replay of this run plays from its start.")
		}
		return noticeMsg("Marked at " + moment(at) + ": a replay opens here. Once more here takes the mark away.")
	}
}
