package tui

import (
	"fmt"
	"slices"

	tea "charm.land/bubbletea/v2"

	"edu/procession/demos/board"
	"edu/procession/demos/demo"
	"edu/procession/demos/trace"
	"edu/procession/lessons"
	"edu/procession/tui/view"
)

// versusPage shows the same demo in two places, each on a stage of its own. What
// the learner does is done to both.
type versusPage struct {
	m      *Model
	demo   demo.Demo
	info   demo.Info
	opt    demo.Options
	places []demo.Place
	more   [][]demo.Place  // other pairs of places, which come next
	from   demo.Place      // and then this one alone
	turns  bool            // one place after the other
	lesson *lessons.Lesson // that it was opened from

	id       int
	sides    []*stagePage
	tallies  []*board.Tally
	did      []demo.Scripted // with turns: what was done to the first
	selected trace.ID
	picked   bool   // by the learner
	placed   []rect // of the sides' frames, as drawn last
}

// rect is where a side's frame stands on the page.
type rect struct{ x, y, w, h int }

// seededMsg brings the seed that both sides are played with.
type seededMsg struct {
	versus int
	seed   uint64
}

func newVersus(m *Model, d demo.Demo, o demo.Options, places []demo.Place, turns bool, l *lessons.Lesson) *versusPage {
	o.Step, o.Schedule = false, nil
	v := &versusPage{m: m, demo: d, info: d.Info(), opt: o, places: places, from: places[0], turns: turns, lesson: l}
	v.more = slices.DeleteFunc(pairsOf(v.info.Places, places[0]), func(p []demo.Place) bool {
		return slices.Contains(places, p[0]) && slices.Contains(places, p[1])
	})
	v.reset()
	return v
}

// reset puts empty stages there.
func (v *versusPage) reset() {
	v.m.nextID++
	v.id, v.sides, v.tallies, v.did, v.selected, v.picked = v.m.nextID, nil, nil, nil, "", false
	for _, p := range v.places {
		o := v.opt
		o.Place = p
		s := newStage(v.m, v.demo, o, nil)
		s.kept = true // the learner's figures are those of one run
		v.sides = append(v.sides, s)
		v.tallies = append(v.tallies, board.NewTally())
	}
}

func (v *versusPage) crumbs() []string {
	return []string{"versus", v.info.Title}
}

func (v *versusPage) corner() string { return v.sides[0].corner() }

// front starts the runs.
func (v *versusPage) front() tea.Cmd {
	if v.sides[0].run != nil || v.sides[0].failed != nil {
		return nil
	}
	return v.choose(v.opt.Seed, nil)
}

// choose ends the runs before these and finds the seed.
func (v *versusPage) choose(seed uint64, before []demo.Run) tea.Cmd {
	id, runs, anySeed := v.id, v.m.runs, v.m.seed
	return func() tea.Msg {
		for _, run := range before {
			runs.stop(run)
		}
		if seed == 0 {
			seed = anySeed()
		}
		return seededMsg{id, seed}
	}
}

// begin starts both sides, or the first.
func (v *versusPage) begin(seed uint64) tea.Cmd {
	var cmds []tea.Cmd
	for i, s := range v.sides {
		s.opt.Seed = seed
		if i == 0 || !v.turns {
			cmds = append(cmds, s.begin(nil))
		}
	}
	return tea.Batch(cmds...)
}

// restart plays both again, with this seed or, at 0, another.
func (v *versusPage) restart(seed uint64) tea.Cmd {
	before := v.end()
	v.opt.Script = nil
	v.reset()
	return v.choose(seed, before)
}

// end stops listening, and lists the runs that are to be stopped.
func (v *versusPage) end() (runs []demo.Run) {
	for _, s := range v.sides {
		s.cancel()
		if s.run != nil {
			runs = append(runs, s.run)
		}
	}
	return runs
}

func (v *versusPage) leave() tea.Cmd {
	var cmds []tea.Cmd
	for _, run := range v.end() {
		cmds = append(cmds, v.m.stop(run))
	}
	return tea.Batch(cmds...)
}

// update hands messages to the sides and counts for the pairs.
func (v *versusPage) update(msg tea.Msg) tea.Cmd {
	var cmds []tea.Cmd
	switch msg := msg.(type) {
	case seededMsg:
		if msg.versus == v.id {
			return v.begin(msg.seed)
		}
		return nil
	case eventsMsg:
		for i, s := range v.sides {
			if s.id != msg.run {
				continue
			}
			for _, e := range msg.events {
				v.tallies[i].Apply(e)
			}
			if msg.over && v.turns {
				cmds = append(cmds, v.next(i+1))
			}
		}
	}
	for _, s := range v.sides {
		cmds = append(cmds, s.update(msg))
	}
	return tea.Batch(cmds...)
}

// next starts the side whose turn it is: what was done to the first is done to
// it at the same times.
func (v *versusPage) next(i int) tea.Cmd {
	if i >= len(v.sides) {
		return nil
	}
	s := v.sides[i]
	s.opt.Script = append(slices.Clone(v.opt.Script), v.did...)
	return s.begin(nil)
}

// live lists the sides that play now.
func (v *versusPage) live() (live []int) {
	for i, s := range v.sides {
		if s.run != nil && !s.over() {
			live = append(live, i)
		}
	}
	return live
}

// act does what a demo's key says in each of the places.
func (v *versusPage) act(a demo.Action) tea.Cmd {
	target := v.selected
	switch {
	case a.Target == demo.ToStage:
		target = ""
	case target == "":
		return v.m.say("No worker is selected yet: choose one with up and down, or with a click.")
	}
	return v.send(a.Name, target)
}

// action is a demo's action by its name, nil for one of the stage's own.
func (v *versusPage) action(name string) *demo.Action {
	i := slices.IndexFunc(v.info.Actions, func(a demo.Action) bool { return a.Name == name })
	if i < 0 {
		return nil
	}
	return &v.info.Actions[i]
}

func (v *versusPage) send(name string, target trace.ID) tea.Cmd {
	live := v.live()
	if len(live) == 0 {
		return v.m.say("Nothing plays now. " + v.m.keys.Again.Show() + " runs both again.")
	}
	var cmds []tea.Cmd
	for _, i := range live {
		s, place := v.sides[i], v.places[i]
		if a := v.action(name); a != nil && !a.In(place) {
			continue
		}
		if v.turns && i == 0 {
			v.did = append(v.did, demo.Scripted{Act: demo.Act{Name: name, Target: target}, At: s.player.clock})
		}
		run := s.run
		cmds = append(cmds, func() tea.Msg {
			if err := run.Act(name, target); err != nil {
				return noticeMsg(fmt.Sprintf("In %s: %s", place, err.Error()))
			}
			return nil
		})
	}
	return tea.Batch(cmds...)
}

// workers lists who can be selected: each name that is on a stage, once.
func (v *versusPage) workers(alive bool) (ids []trace.ID) {
	for _, s := range v.sides {
		b := s.player.board()
		for i := range b.Procs {
			if p := &b.Procs[i]; !p.Keeper() && (p.Alive() || !alive) && !slices.Contains(ids, p.ID) {
				ids = append(ids, p.ID)
			}
		}
	}
	return ids
}

// choice is who is selected: whom the learner chose, while some side has it alive,
// else one that lives on each side, if there is one.
func (v *versusPage) choice() trace.ID {
	ids := v.workers(true)
	if len(ids) == 0 || v.picked && slices.Contains(ids, v.selected) {
		return v.selected
	}
	everywhere := func(id trace.ID) bool {
		return !slices.ContainsFunc(v.sides, func(s *stagePage) bool {
			p := s.player.board().Proc(id)
			return p == nil || !p.Alive()
		})
	}
	v.picked = false
	switch i := slices.IndexFunc(ids, everywhere); {
	case slices.Contains(ids, v.selected) && (everywhere(v.selected) || i < 0):
		return v.selected
	case i >= 0:
		return ids[i]
	}
	return ids[0]
}

func (v *versusPage) selectBy(n int) {
	ids := v.workers(len(v.live()) > 0)
	if len(ids) > 0 {
		v.picked = true
		i := slices.Index(ids, v.selected)
		v.selected = ids[((i+n)%len(ids)+len(ids))%len(ids)]
	}
}

func (v *versusPage) key(k string, _ tea.KeyPressMsg) (tea.Cmd, bool) {
	for _, a := range v.info.Actions {
		if a.Key == k && slices.ContainsFunc(v.places, a.In) {
			return v.act(a), true
		}
	}
	keys := v.m.keys
	switch {
	case keys.SelectNext.is(k):
		v.selectBy(1)
	case keys.SelectPrev.is(k):
		v.selectBy(-1)
	case keys.View.is(k), keys.ViewBack.is(k), keys.Digit.is(k), keys.Zoom.is(k):
		v.look(k)
	case keys.Log.is(k):
		v.m.over = &sheet{m: v.m, title: "Side by side", lines: v.allPairs}
	case keys.HoldAll.is(k):
		return v.send(demo.Stop.Name, demo.Everyone), true
	case keys.FreeAll.is(k):
		return v.send(demo.Cont.Name, demo.Everyone), true
	case keys.Finish.is(k):
		return v.finish(), true
	case keys.Again.is(k):
		return v.restart(v.seed()), true
	case keys.Anew.is(k):
		return v.restart(0), true
	case keys.Versus.is(k):
		return v.change(), true
	case keys.Freeze.is(k), keys.SecondBackward.is(k), keys.SecondForward.is(k), keys.Start.is(k), keys.Live.is(k),
		keys.Slower.is(k), keys.Faster.is(k):
		var cmds []tea.Cmd
		for _, s := range v.sides {
			if s.run != nil {
				cmd, _ := s.time(k)
				cmds = append(cmds, cmd)
			}
		}
		return tea.Batch(cmds...), true
	default:
		return nil, false
	}
	return nil, true
}

// seed is that of the runs, or the one that they are to have.
func (v *versusPage) seed() uint64 { return v.sides[0].opt.Seed }

// look changes the main view of both sides to the same one.
func (v *versusPage) look(k string) {
	keys, s := v.m.keys, v.sides[0]
	switch {
	case keys.View.is(k):
		s.turn(1)
	case keys.ViewBack.is(k):
		s.turn(-1)
	case keys.Zoom.is(k):
		s.recent = !s.recent
	default:
		if ps := view.Panels(s.player.board()); int(k[0]-'1') < len(ps) {
			s.main = ps[k[0]-'1']
		}
	}
	for _, o := range v.sides[1:] {
		o.main, o.recent = s.main, s.recent
	}
}

func (v *versusPage) finish() tea.Cmd {
	live := v.live()
	if len(live) == 0 {
		return v.m.say("Both runs have come to their end already.")
	}
	var cmds []tea.Cmd
	for _, i := range live {
		run := v.sides[i].run
		cmds = append(cmds, func() tea.Msg { run.Finish(); return nil })
	}
	v.m.notice = askedToEnd
	return tea.Batch(cmds...)
}

func (v *versusPage) click(x, y int) tea.Cmd {
	for i, r := range v.placed {
		f := v.sides[i].frame
		if f == nil || x < r.x || x >= r.x+r.w || y < r.y || y >= r.y+r.h {
			continue
		}
		if p, ok := f.TabAt(x-r.x, y-r.y); ok {
			for _, s := range v.sides {
				s.main = p
			}
		} else if id, ok := f.ProcAt(x-r.x, y-r.y); ok && slices.Contains(v.workers(false), id) {
			v.selected, v.picked = id, true
		}
	}
	return nil
}

func (v *versusPage) wheel(int, int, int) tea.Cmd { return nil }

// replace puts a page in place of the one on top.
func (m *Model) replace(p page) tea.Cmd {
	leave := m.top().leave()
	m.pages[len(m.pages)-1] = p
	return tea.Batch(leave, p.front())
}

// stagesOf lists the stages on a page.
func stagesOf(p page) []*stagePage {
	switch p := p.(type) {
	case *stagePage:
		return []*stagePage{p}
	case *versusPage:
		return p.sides
	}
	return nil
}
