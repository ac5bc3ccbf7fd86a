package tui

import (
	"slices"
	"time"

	tea "charm.land/bubbletea/v2"

	"edu/procession/demos/demo"
	"edu/procession/demos/safe"
	"edu/procession/tui/view"
)

// mine is a binding without the keys that the demo has taken: on the stage the
// demo's keys win.
func (s *stagePage) mine(b Binding) Binding {
	taken := map[string]bool{}
	for _, a := range s.info.Actions {
		taken[a.Key] = true
	}
	return b.without(taken)
}

// key gives a key to the demo, or else to what the stage itself can do.
func (s *stagePage) key(k string, _ tea.KeyPressMsg) (tea.Cmd, bool) {
	for _, a := range s.info.Actions {
		if a.Key == k {
			return s.act(a), true
		}
	}
	keys := s.m.keys
	switch {
	case keys.SelectNext.is(k):
		s.selectBy(1)
	case keys.SelectPrev.is(k):
		s.selectBy(-1)
	case keys.View.is(k):
		s.turn(1)
	case keys.ViewBack.is(k):
		s.turn(-1)
	case keys.Digit.is(k):
		if ps := view.Panels(s.player.board()); int(k[0]-'1') < len(ps) {
			s.main = ps[k[0]-'1']
		}
	case keys.Log.is(k):
		s.bigLog = !s.bigLog
	case keys.Zoom.is(k):
		s.recent = !s.recent
	case keys.Clocks.is(k):
		s.turnClocks()
	case keys.Beside.is(k):
		s.showText()
	case keys.Mark.is(k):
		return s.mark(), true
	case keys.LetGo.is(k) && s.stepping() && !s.over():
		return s.letGo(), true
	case keys.Undo.is(k):
		return s.undo(), true
	case keys.Redo.is(k):
		return s.redo(), true
	case keys.Schedule.is(k):
		return s.openSchedule(), true
	case keys.Explore.is(k):
		return s.explore(), true
	case keys.StepMode.is(k):
		return s.switchMode(), true
	case keys.Versus.is(k):
		return s.versus(), true
	case keys.Python.is(k) && s.demo != nil:
		return s.python(), true
	case keys.Go.is(k) && k == "enter":
		return s.goOn(), true
	case s.run == nil && s.demo != nil:
		return s.noRun(k)
	case keys.HoldAll.is(k):
		return s.everyone(demo.Stop.Name), true
	case keys.FreeAll.is(k):
		return s.everyone(demo.Cont.Name), true
	case keys.Finish.is(k):
		return s.finish(), true
	case keys.Again.is(k) && s.demo != nil:
		return s.restart(s.header.Seed), true
	case keys.Anew.is(k) && s.demo != nil:
		return s.restart(0), true
	default:
		return s.time(k)
	}
	return nil, true
}

// noRun is what keys do while there is no run: it is still starting, or could
// not be started.
func (s *stagePage) noRun(k string) (tea.Cmd, bool) {
	if s.failed != nil && (s.m.keys.Again.is(k) || s.m.keys.Anew.is(k)) {
		return s.restart(s.opt.Seed), true
	}
	return nil, false
}

// time takes the keys that move what is shown through the log.
func (s *stagePage) time(k string) (tea.Cmd, bool) {
	keys, p := s.m.keys, &s.player
	switch {
	case keys.Freeze.is(k):
		p.toggle()
	case keys.Backward.is(k):
		p.step(-1)
	case keys.Forward.is(k):
		if !p.atNow() {
			p.step(1)
		}
	case keys.SecondBackward.is(k):
		p.shift(-time.Second)
	case keys.SecondForward.is(k):
		if !p.atNow() {
			p.shift(time.Second)
		}
	case keys.Start.is(k):
		p.toStart()
	case keys.Live.is(k):
		p.toLive()
	case keys.Slower.is(k):
		s.pace(-1)
	case keys.Faster.is(k):
		s.pace(1)
	default:
		return nil, false
	}
	return tea.Batch(s.tick(), s.beat()), true
}

// pace changes the speed of playing back. A live run has its own.
func (s *stagePage) pace(by int) {
	if s.player.atNow() && !s.over() {
		s.m.notice = "A live run has its own speed. Go back in it (left, or home), and space plays it back at the speed that < and > set."
		return
	}
	s.player.faster(by)
	s.m.notice = "Played back at " + speeds[s.player.speed].word + ". space plays and pauses."
}

// goOn is enter: when the run is over, on to what it means.
func (s *stagePage) goOn() tea.Cmd {
	switch {
	case s.lesson != nil && s.over():
		for _, p := range s.m.pages {
			if l, ok := p.(*lessonPage); ok && l.l == s.lesson {
				l.ran = true
			}
		}
		return s.m.pop()
	case s.stepping() && s.over(): // one enter too many must not cost the schedule
		s.m.notice = "All is done. " + s.m.keys.Undo.Show() + " takes the last step back, " + s.m.keys.Again.Show() + " starts from the beginning."
	case s.demo != nil && s.over():
		return s.restart(0)
	case s.demo == nil && s.player.atNow():
		s.player.toggle()
		return s.tick()
	case s.over():
		s.player.toLive()
	case s.run != nil:
		s.m.notice = "The run goes on until it comes to its end, or until you ask for it with " + s.mine(s.m.keys.Finish).Show() + "."
	}
	return nil
}

const askedToEnd = "Asked the demo to come to its end."

func (s *stagePage) finish() tea.Cmd {
	if s.over() {
		s.m.notice = "The run has come to its end already."
		return nil
	}
	run := s.run
	s.m.notice = askedToEnd
	return func() tea.Msg { run.Finish(); return nil }
}

func (s *stagePage) selectBy(n int) {
	if s.frame != nil {
		s.selected, s.chosen = s.frame.Next(s.selected, n), true
	}
}

// turn makes the next of the views the main one.
func (s *stagePage) turn(n int) {
	ps := view.Panels(s.player.board())
	i := slices.Index(ps, s.shownMain())
	s.main = ps[(i+n+len(ps))%len(ps)]
}

// turnClocks changes what stands left of the messages, and their order.
func (s *stagePage) turnClocks() {
	b := s.player.board()
	switch {
	case !slices.Contains(view.Panels(b), view.PanelMessages):
		s.m.notice = "There are no messages in this run so far."
		return
	case !b.Clocked:
		s.order = view.ByTime
		s.m.notice = "This run carries no clocks: its messages stand by the time in the log."
		return
	}
	s.order, s.main = s.order.Next(), view.PanelMessages
	s.m.notice = "Messages with " + s.order.String() + "."
}

func (s *stagePage) click(x, y int) tea.Cmd {
	x, y = x-s.left, y-s.head
	if s.frame == nil || x < 0 || y < 0 {
		return nil
	}
	if p, ok := s.frame.TabAt(x, y); ok {
		s.main = p
		return nil
	}
	if at, ok := s.frame.TimeAt(x, y); ok {
		if id, ok := s.frame.ProcAt(x, y); ok {
			s.selected, s.chosen = id, true
		}
		s.player.seekTime(at)
		return s.beat()
	}
	if id, ok := s.frame.ProcAt(x, y); ok {
		s.selected, s.chosen = id, true
		return nil
	}
	if p, ok := s.frame.PanelAt(x, y); ok && slices.Contains(view.Panels(s.player.board()), p) {
		s.main = p
	}
	return nil
}

func (s *stagePage) wheel(x, y, n int) tea.Cmd {
	if x < s.left {
		s.text.scroll(n)
		return nil
	}
	if s.frame == nil {
		return nil
	}
	p, ok := s.frame.PanelAt(x-s.left, y-s.head)
	if !ok {
		return nil
	}
	if p == view.PanelLog { // counted from the bottom
		n = -n
	}
	s.scroll[p] = min(max(s.scroll[p]+n, 0), s.frame.Scrollable(p))
	return nil
}

// bar has the demo's keys in the first row, the stage's in the second.
func (s *stagePage) bar() []barRow {
	k := s.m.keys
	var rows []barRow
	if len(s.info.Actions) > 0 && !s.over() && s.failed == nil {
		rows = append(rows, barRow{append(s.actions(), s.tools()...)})
	}
	var items []Binding
	add := func(bs ...Binding) {
		for _, b := range bs {
			items = append(items, s.mine(b))
		}
	}
	freeze := k.Freeze.as("", "freeze")
	switch {
	case s.player.mode == playing:
		freeze.Word = "pause"
	case s.over() || s.player.mode == frozen && s.player.moved:
		freeze.Word = "play"
	case s.player.mode == frozen:
		freeze.Word = "unfreeze"
	}
	step := s.mine(k.Backward).as("left/right", "step")
	if s.stepping() {
		step.Word = "event" // a step is somebody's there
	}
	switch {
	case s.failed != nil && s.run == nil && s.demo != nil:
		add(k.Again)
	case s.demo != nil && s.over():
		if s.lesson != nil {
			add(press("enter", "read why"))
		}
		if s.stepping() {
			add(s.stepKeys()...)
			add(k.Explore, k.Schedule)
		}
		add(k.Again, k.Anew, freeze, step)
	case s.demo == nil:
		add(freeze, step, k.Faster.as("< >", "speed"), k.Mark)
	case !s.player.atNow():
		add(freeze, step, k.Live, k.Mark, k.Faster.as("< >", "speed"))
	case s.stepping():
		add(s.stepKeys()...)
		add(k.StepMode.as("", "free run"), k.Back, k.Again.as("", "restart"))
	default:
		add(k.SelectNext.as("up/down", "select"), freeze, k.Finish)
		if s.info.Stepped() {
			add(k.StepMode)
		}
	}
	if s.player.board().Clocked && s.shownMain() == view.PanelMessages {
		add(k.Clocks)
	}
	if s.lesson != nil && !s.textBeside() && !s.over() {
		add(k.Beside)
	}
	if !s.stepping() || s.over() || !s.player.atNow() {
		add(k.Back)
	}
	if s.demo != nil && !s.over() && s.player.atNow() {
		items = append(items, step)
		add(k.View, k.HoldAll, k.FreeAll)
	} else {
		add(k.View)
	}
	add(k.Log, k.Zoom)
	return append(rows, barRow{Items: items})
}

// tools are the keys for schedules in step mode.
func (s *stagePage) tools() []Binding {
	if !s.stepping() {
		return nil
	}
	return []Binding{{Word: "|"}, s.mine(s.m.keys.Explore), s.mine(s.m.keys.Schedule)}
}

// actions are the demo's keys: those to the selected process, then those to the
// stage.
func (s *stagePage) actions() []Binding {
	to := "to nobody yet"
	if s.selected != "" {
		to = "to " + safe.Line(string(s.selected), 30)
	}
	if !s.player.atNow() { // the past cannot be changed: what is done is done now
		to = "live, " + to
	}
	mine, all := []Binding{{Word: to}}, []Binding{{Word: "to all"}}
	for _, a := range s.info.Actions {
		if s.watchedOnly(a) {
			continue
		}
		b := Binding{Keys: []string{a.Key}, Word: safe.Line(a.Name, 30)}
		if a.Target == demo.ToStage {
			all = append(all, b)
		} else {
			mine = append(mine, b)
		}
	}
	switch {
	case len(mine) == 1:
		return all[1:]
	case len(all) == 1:
		return mine
	}
	all[0].Word = "|"
	return append(mine, all...)
}

func (s *stagePage) help() (string, []Group) {
	about := safe.Line(s.info.Doc, 2000)
	if s.demo == nil {
		about = "This is a recording: what is on the stage happened, and is played back. Nobody can be acted on."
	}
	if s.stepping() {
		about += " You are the scheduler: every process is held before each of its steps, really blocked, until you let it go. " +
			s.replayed()
	}
	var acts []Binding
	for _, a := range s.info.Actions {
		if s.watchedOnly(a) {
			continue
		}
		acts = append(acts, Binding{Keys: []string{a.Key}, Word: a.Name, Doc: safe.Line(a.Doc, 300)})
	}
	titles := []string{"The stage: processes", "The stage: step mode", "The stage: time", "The stage: what is shown", "Everywhere"}
	if s.stepping() {
		titles[0], titles[1] = titles[1], titles[0]
	}
	groups := s.m.keys.groups(titles...)
	for i := range groups {
		bs := slices.Clone(groups[i].Bindings)
		for j := range bs {
			bs[j] = s.mine(bs[j])
		}
		groups[i].Bindings = bs
	}
	if len(acts) > 0 {
		groups = append([]Group{{"This demo", acts}}, groups...)
	}
	return about, groups
}
