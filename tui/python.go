package tui

import (
	tea "charm.land/bubbletea/v2"

	"edu/procession/demos/demo"
	"edu/procession/lessons"
)

// pythonDemo is the demo that plays the Python listing of a lesson.
const pythonDemo = "python"

// listing opens the stage with a lesson's Python listing on it.
func (m *Model) listing(l *lessons.Lesson, open func(page) tea.Cmd) tea.Cmd {
	d := m.demo(pythonDemo)
	if d == nil {
		return m.say("This build has no stage for Python.")
	}
	return open(newStage(m, d, demo.Options{Params: map[string]string{"lesson": l.ID}}, l))
}

// python goes from a lesson's demo to its Python listing and back.
func (s *stagePage) python() tea.Cmd {
	switch {
	case s.lesson == nil:
		return s.m.say("The Python listing belongs to a lesson: open one, and press " + s.m.keys.Python.Show() + ". Your own program: procession run FILE.py")
	case s.info.Name != pythonDemo:
		return s.m.listing(s.lesson, s.m.replace)
	}
	d := s.m.demo(s.lesson.Demo)
	if d == nil {
		return s.m.say("The demo " + s.lesson.Demo + " is not part of this build.")
	}
	return s.m.replace(newStage(s.m, d, demo.Options{Params: s.lesson.Set}, s.lesson))
}
