package tui

import (
	"context"
	"fmt"
	"slices"
	"time"

	tea "charm.land/bubbletea/v2"

	"edu/procession/demos/board"
	"edu/procession/demos/demo"
	"edu/procession/demos/trace"
	"edu/procession/lessons"
	"edu/procession/lessons/progress"
	"edu/procession/lessons/table"
	"edu/procession/tui/tally"
	"edu/procession/tui/view"
)

// stagePage shows a run: live, frozen, scrubbed back, or a recording. They are
// one thing, a player on a log; only who may be acted on differs.
type stagePage struct {
	m      *Model
	demo   demo.Demo // nil: a recording
	info   demo.Info
	opt    demo.Options
	lesson *lessons.Lesson // whose demo it is; nil outside a lesson
	name   string          // of a recording's file
	file   string          // its id, where it is one of those that are kept

	marked   bool // a moment of the run, in its recording
	markedAt time.Duration

	id     int      // of the run, as messages name it
	run    demo.Run // nil before it has started, and for a recording
	header trace.Header
	failed error // why there is no run, or why it failed
	cancel context.CancelFunc
	ctx    context.Context

	player  player
	beating bool      // a heartMsg is on its way
	ticking bool      // a playMsg is on its way
	ticked  time.Time // when the last one came
	kept    bool      // the run's figures have been handed to progress

	stage    *view.Stage
	frame    *view.Frame
	left     int // column and row of the frame on the page
	head     int
	selected trace.ID
	chosen   bool // by the learner, who has selected it or acted on it
	main     view.Panel
	scroll   map[view.Panel]int
	bigLog   bool
	order    view.Order   // of the messages
	recent   bool         // time axes show the last seconds only
	bare     *board.Board // the end of the run without its verdict
	beside   bool         // the lesson's text stands beside the stage
	text     sideText

	back    *backStep            // the undo that led to this run
	settled map[int]*board.Board // by moves: the Board on which all had come to rest

	ahead    demo.Schedule // of which the run is a beginning: what was undone, or is to be shown
	going    int           // moves there will be when the one ahead that was asked for is made; 0: none is on its way
	explored *explorePage  // nil: nobody has explored yet
}

func newStage(m *Model, d demo.Demo, o demo.Options, l *lessons.Lesson) *stagePage {
	o.Attended = true
	m.nextID++
	s := &stagePage{m: m, demo: d, info: d.Info(), opt: o, lesson: l, id: m.nextID, beside: true,
		player: newPlayer(), stage: view.NewStage(), scroll: map[view.Panel]int{}}
	s.info.Actions = slices.DeleteFunc(slices.Clone(s.info.Actions), func(a demo.Action) bool { return !a.In(s.place()) })
	s.ctx, s.cancel = context.WithCancel(context.Background())
	return s
}

// place is where the workers of its runs are.
func (s *stagePage) place() demo.Place {
	if s.opt.Place == "" && len(s.info.Places) > 0 {
		return s.info.Places[0]
	}
	return s.opt.Place
}

// newReplay is the stage with a recording on it.
func newReplay(m *Model, r Replay) *stagePage {
	m.nextID++
	s := &stagePage{m: m, id: m.nextID, header: r.Header, name: r.Name, file: r.Kept, failed: r.Fault,
		marked: r.Marked, markedAt: r.At,
		player: newPlayer(), stage: view.NewStage(), scroll: map[view.Panel]int{}}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	s.info = demo.Info{Name: r.Header.Demo, Title: r.Header.Demo}
	if d := m.demo(r.Header.Demo); d != nil {
		s.info = d.Info()
	}
	s.info.Actions = nil
	s.player.extend(r.Events, 0)
	s.player.end()
	if r.Marked {
		s.player.seekTime(r.At)
		return s
	}
	s.player.toStart()
	s.player.play()
	return s
}

func (s *stagePage) crumbs() []string {
	switch {
	case s.name != "":
		return []string{"replay", s.name}
	case s.lesson != nil:
		return []string{fmt.Sprintf("lesson %d", s.lesson.Number), s.lesson.Title, "on stage"}
	}
	return []string{"demo", s.info.Title}
}

// front starts the run, or the clock of the recording.
func (s *stagePage) front() tea.Cmd {
	if s.demo == nil {
		return s.tick()
	}
	if s.run == nil && s.failed == nil {
		return s.begin(nil)
	}
	return nil
}

// begin starts a run once the one before it is gone.
func (s *stagePage) begin(before demo.Run) tea.Cmd {
	id, d, o, start, runs, seed := s.id, s.demo, s.opt, s.m.cfg.Start, s.m.runs, s.m.seed
	return func() tea.Msg {
		if before != nil {
			runs.stop(before)
		}
		if o.Seed == 0 {
			o.Seed = seed()
		}
		run, err := runs.start(start, d, o)
		return startedMsg{id, run, err}
	}
}

// started takes the run that begin asked for.
func (s *stagePage) started(msg startedMsg) tea.Cmd {
	if msg.err != nil {
		s.failed = msg.err
		return nil
	}
	s.run, s.header = msg.what, msg.what.Log().Header()
	return tea.Batch(s.listen(), s.beat())
}

// restart plays the demo again, with this seed or, at 0, another.
func (s *stagePage) restart(seed uint64) tea.Cmd { return s.anew(seed, nil) }

// anew starts another run in place of this one, in step mode with the moves that
// are to be made first.
func (s *stagePage) anew(seed uint64, moves demo.Schedule) tea.Cmd {
	keep, before := s.keep(), s.run
	s.cancel()
	s.ctx, s.cancel = context.WithCancel(context.Background())
	s.m.nextID++
	s.id, s.run, s.failed, s.kept, s.beating, s.ticking = s.m.nextID, nil, nil, false, false, false
	s.player, s.stage, s.frame = newPlayer(), view.NewStage(), nil
	s.bare, s.marked = nil, false
	s.scroll, s.selected, s.chosen = map[view.Panel]int{}, "", false
	s.opt.Seed, s.opt.Schedule = seed, moves
	s.back, s.settled, s.ahead, s.going = nil, nil, nil, 0
	return tea.Batch(keep, s.begin(before))
}

// leave ends the run.
func (s *stagePage) leave() tea.Cmd {
	keep := s.keep()
	s.cancel()
	return tea.Batch(keep, s.m.stop(s.run))
}

func (s *stagePage) over() bool { return s.player.over }

// update takes what the run's log brings, and the clocks.
func (s *stagePage) update(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case eventsMsg:
		if msg.run == s.id {
			return s.take(msg)
		}
	case refusedMsg:
		if msg.run == s.id {
			s.going, s.m.notice = 0, msg.text
		}
	case heartMsg:
		if msg.run == s.id {
			s.beating = false
			s.player.tell(msg.clock)
			return s.beat()
		}
	case playMsg:
		if msg.run == s.id && s.ticking {
			s.ticking = false
			passed := frame
			if !s.ticked.IsZero() {
				passed = min(msg.at.Sub(s.ticked), time.Second)
			}
			s.ticked = msg.at
			s.player.advance(passed)
			return tea.Batch(s.tick(), s.beat())
		}
	}
	return nil
}

// take folds a batch of events and asks for the next.
func (s *stagePage) take(msg eventsMsg) tea.Cmd {
	if msg.over {
		if s.m.notice == askedToEnd {
			s.m.notice = ""
		}
		s.failed = msg.err
		s.player.end()
		if s.failed != nil && s.stepping() && len(s.opt.Schedule) > 0 {
			s.m.notice = s.m.keys.Schedule.Show() + " opens the schedule, to be mended; " + s.m.keys.Undo.Show() + " goes to where it could be played."
		}
		return s.keep()
	}
	s.player.extend(msg.events, msg.clock)
	s.heed()
	return tea.Batch(s.m.solved(s.info.Name, msg.events), s.listen())
}

// listen waits for events: often where they are watched, seldom where not.
func (s *stagePage) listen() tea.Cmd {
	gap := frame
	if !s.player.atNow() {
		gap = quiet
	}
	return feed(s.ctx, s.id, s.run, s.player.t.Len(), gap)
}

// beat keeps the clock of a live run going while somebody looks at it.
func (s *stagePage) beat() tea.Cmd {
	if s.run == nil || s.over() || s.beating || !s.player.atNow() {
		return nil
	}
	s.beating = true
	if s.player.clock-s.player.board().At > 2*time.Second {
		return beat(s.id, s.run, quiet)
	}
	return beat(s.id, s.run, heart)
}

// tick keeps a log that is played back going.
func (s *stagePage) tick() tea.Cmd {
	if s.ticking || s.player.mode != playing {
		return nil
	}
	s.ticking = true
	return playTick(s.id)
}

// keep hands the run's figures to progress, once: when it is over, or when it
// is left after it has measured something.
func (s *stagePage) keep() tea.Cmd {
	if s.run == nil || s.kept {
		return nil
	}
	b := s.player.t.At(s.player.t.Len())
	gauges := map[string]progress.Gauge{}
	for _, g := range b.Gauges {
		if !g.Paced {
			gauges[g.Name] = progress.Gauge{Value: g.Value, Unit: g.Unit}
		}
	}
	if b.Verdict == nil && len(gauges) == 0 {
		return nil
	}
	s.kept = s.over()
	r := progress.Run{Demo: lessons.Measured(s.info.Name, s.header.Params), When: s.m.now(), Seed: s.header.Seed, OK: b.Verdict != nil && b.Verdict.OK}
	id := ""
	if s.lesson != nil {
		id = s.lesson.ID
	}
	figures := tally.Figures(s.run.Log())
	return s.m.save(func(st *progress.State) {
		st.Ran(id, r, gauges)
		table.Note(st, figures)
	})
}

// act does what a demo's key says, to the selected process where it is meant
// for one.
func (s *stagePage) act(a demo.Action) tea.Cmd {
	target := s.selected
	switch {
	case s.run == nil && s.failed == nil:
		return s.m.say("The run has not begun yet. A moment.")
	case s.run == nil || s.over():
		return s.m.say("This run is over, so there is nobody to do that to. " + s.m.keys.Again.Show() + " runs it again.")
	case s.watchedOnly(a):
		return s.m.say("In step mode only you make moves. " + s.m.keys.StepMode.Show() + " lets the demo run freely, and then this key does something.")
	case a.Target == demo.ToStage:
		target = ""
	case target == "":
		return s.m.say("No process is selected yet: choose one with up and down, or with a click.")
	}
	s.chosen = s.chosen || target != ""
	return s.send(a.Name, target)
}

// everyone does something to all live processes.
func (s *stagePage) everyone(name string) tea.Cmd {
	if s.run == nil || s.over() {
		return s.act(demo.Action{})
	}
	return s.send(name, demo.Everyone)
}

func (s *stagePage) send(name string, target trace.ID) tea.Cmd {
	run := s.run
	return func() tea.Msg {
		if err := run.Act(name, target); err != nil {
			return noticeMsg(err.Error())
		}
		return nil
	}
}

// scene is what the views are to draw.
func (s *stagePage) scene(b *board.Board) *view.Scene {
	sc := &view.Scene{Board: b, Theme: s.m.th, Now: s.player.at, Sample: s.header.Sample, Selected: s.selected,
		Cursor: s.player.at, Scrubbed: !s.player.atNow(), Order: s.order}
	for i, id := range s.header.Clocks {
		if i > 0 {
			sc.Clocks += " "
		}
		sc.Clocks += string(id)
	}
	end := max(s.player.clock, s.player.at)
	if s.recent {
		sc.Window = view.Follow(s.player.at, recentSpan)
	} else if !s.player.atNow() {
		sc.Window = view.Fit(end) // the same picture, with the cursor in it
		if s.player.moved {
			sc.Whole = s.player.t.At(s.player.t.Len())
		}
	}
	for p, n := range s.scroll {
		sc.Scroll[p] = n
	}
	return sc
}

// recentSpan is how much of the run the time axes show when they follow it.
const recentSpan = 10 * time.Second

// first is the process to select when the learner has not: a worker that lives,
// not who started it; else who was selected.
func first(b *board.Board, was trace.ID) trace.ID {
	for i := range b.Procs {
		if p := &b.Procs[i]; !p.Keeper() && (p.Alive() || was == "") {
			return p.ID
		}
	}
	return was
}
