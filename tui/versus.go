package tui

import (
	"fmt"
	"runtime"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"edu/procession/demos/board"
	"edu/procession/demos/demo"
	"edu/procession/demos/safe"
	"edu/procession/demos/trace"
	"edu/procession/lessons"
	"edu/procession/tui/theme"
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
	turns  bool            // one place after the other
	lesson *lessons.Lesson // that it was opened from

	id       int
	sides    []*stagePage
	tallies  []*board.Tally
	did      []demo.Scripted // with turns: what was done to the first
	selected trace.ID
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
	v := &versusPage{m: m, demo: d, info: d.Info(), opt: o, places: places, turns: turns, lesson: l}
	v.reset()
	return v
}

// reset puts empty stages there.
func (v *versusPage) reset() {
	v.m.nextID++
	v.id, v.sides, v.tallies, v.did, v.selected = v.m.nextID, nil, nil, nil, ""
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

func (v *versusPage) send(name string, target trace.ID) tea.Cmd {
	live := v.live()
	if len(live) == 0 {
		return v.m.say("Nothing plays now. " + v.m.keys.Again.Show() + " runs both again.")
	}
	var cmds []tea.Cmd
	for _, i := range live {
		s, place := v.sides[i], v.places[i]
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

// choice is who is selected: whoever was, while some side has it alive, else one
// that lives on each side, if there is one.
func (v *versusPage) choice() trace.ID {
	ids := v.workers(true)
	if len(ids) == 0 || slices.Contains(ids, v.selected) {
		return v.selected
	}
	everywhere := func(id trace.ID) bool {
		return !slices.ContainsFunc(v.sides, func(s *stagePage) bool {
			p := s.player.board().Proc(id)
			return p == nil || !p.Alive()
		})
	}
	if i := slices.IndexFunc(ids, everywhere); i >= 0 {
		return ids[i]
	}
	return ids[0]
}

func (v *versusPage) selectBy(n int) {
	ids := v.workers(len(v.live()) > 0)
	if len(ids) > 0 {
		i := slices.Index(ids, v.selected)
		v.selected = ids[((i+n)%len(ids)+len(ids))%len(ids)]
	}
}

func (v *versusPage) key(k string, _ tea.KeyPressMsg) (tea.Cmd, bool) {
	for _, a := range v.info.Actions {
		if a.Key == k {
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
		o := v.opt
		o.Place, o.Seed = v.places[0], v.seed()
		return v.m.replace(newStage(v.m, v.demo, o, v.lesson)), true
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
			v.selected = id
		}
	}
	return nil
}

func (v *versusPage) wheel(int, int, int) tea.Cmd { return nil }

// besideFrom is the least width at which two stages stand side by side.
const besideFrom = 110

// draw is a line on how the two are run, the two stages beside or above each
// other, and the pairs.
func (v *versusPage) draw(w, h int) []string {
	v.selected = v.choice()
	for _, s := range v.sides {
		s.selected, s.chosen = v.selected, true
	}
	lines := []string{v.how(w)}
	pairs := v.pairs(w, h)
	h -= len(lines) + len(pairs)
	v.placed = v.placed[:0]
	if w >= besideFrom {
		sw := (w - 3*(len(v.sides)-1)) / len(v.sides)
		bar := " " + v.m.th.Paint(theme.Border, v.m.th.Box().Vertical) + " "
		rows := make([]string, h)
		for i, s := range v.sides {
			part := v.side(s, i, i*(sw+3), len(lines), sw, h)
			for y := range rows {
				if i > 0 {
					rows[y] += bar
				}
				rows[y] += fit(at(part, y), sw)
			}
		}
		lines = append(lines, rows...)
	} else {
		for i, s := range v.sides {
			part := h / len(v.sides)
			if i == 0 {
				part += h % len(v.sides)
			}
			drawn := v.side(s, i, 0, len(lines), w, part)
			for len(drawn) < part {
				drawn = append(drawn, "")
			}
			lines = append(lines, drawn...)
		}
	}
	return append(lines, pairs...)
}

// side draws one of the stages, under a line that says where it is and what
// happens there.
func (v *versusPage) side(s *stagePage, i, x, y, w, h int) []string {
	th := v.m.th
	head := " " + th.Paint(theme.Title, strings.ToUpper(safe.Line(string(v.places[i]), 30))) + "  "
	b := s.player.board()
	small := h < 10
	switch {
	case s.failed != nil && s.run == nil:
		return append([]string{fit(head+th.Paint(theme.Bad, "could not be started:"), w)}, wrap(" "+safe.Line(s.failed.Error(), 500), w-1)...)
	case s.run == nil && v.turns && i > 0:
		return []string{fit(head+th.Paint(theme.Muted, "its turn comes when the one before is over ("+v.m.keys.Finish.Show()+" ends it)"), w)}
	case s.run == nil:
		return []string{head + th.Paint(theme.Muted, "starting"+ellipsis)}
	case !s.player.atNow():
		head += th.Paint(theme.Selection, " NOT NOW, BUT AT "+clock(s.player.at)+" ")
	case s.over():
		head += "OVER after " + clock(b.At) + "  "
		switch {
		case s.failed != nil:
			head += th.Paint(theme.Bad, th.Glyphs().Cross+" "+safe.Line(s.failed.Error(), 300))
		case b.Verdict != nil && b.Verdict.OK:
			head += th.Paint(theme.Good, th.Glyphs().Check+" "+safe.Line(b.Verdict.Text, 300))
		case b.Verdict != nil:
			head += th.Paint(theme.Bad, th.Glyphs().Cross+" "+safe.Line(b.Verdict.Text, 300))
		}
	default:
		head += th.Paint(theme.Good, th.Glyphs().Arrow+" LIVE") + " " + clock(s.player.at) + "  "
		if small {
			head += safe.Line(b.Caption, 300)
		}
	}
	v.placed = append(v.placed, rect{x, y + 1, w, h - 1})
	if small {
		b = s.bareOf(b)
	}
	s.frame = s.stage.Draw(s.scene(b), view.Layout{Main: s.main, Log: -1, Solo: h < 16}, w, h-1)
	return append([]string{fit(head, w)}, s.frame.Lines()...)
}

// how says what is compared, and what stands against comparing it.
func (v *versusPage) how(w int) string {
	th := v.m.th
	text := fmt.Sprintf(" seed %d in each", v.seed())
	if v.seed() == 0 {
		text = " the same seed in each"
	}
	switch {
	case v.turns:
		text += "; in turns: what you do to the first is done to the next, too"
	case v.info.Computes:
		text += fmt.Sprintf("; both at once, sharing %s (--turns: in turns)", demo.Plural(runtime.NumCPU(), "core"))
	default:
		text += "; both at once"
	}
	return fit(th.Paint(theme.Muted, text), w)
}

// compared is what there is to compare, now.
func (v *versusPage) compared() []view.Side {
	sides := make([]view.Side, len(v.sides))
	for i, s := range v.sides {
		sides[i] = view.Side{Name: string(v.places[i]), Board: s.player.t.At(s.player.t.Len()), Tally: v.tallies[i]}
	}
	return sides
}

// allPairs are all of them, and what those that every demo has mean.
func (v *versusPage) allPairs(w int) []string {
	sides := v.compared()
	out := view.PairLines(sides, v.m.th, w, 1000)
	for _, p := range view.Pairs(sides) {
		if p.Doc != "" {
			out = append(out, "")
			out = append(out, wrap(v.m.th.Paint(theme.Term, p.Name)+": "+p.Doc, w)...)
		}
	}
	return out
}

// pairs are the lines of what was measured on each side.
func (v *versusPage) pairs(w, h int) []string {
	most := 6
	if h > 24 {
		most = h / 3
	}
	return append([]string{v.m.rule(w)}, view.PairLines(v.compared(), v.m.th, w, most-1)...)
}

func (v *versusPage) bar() []barRow {
	k := v.m.keys
	mine := func(b Binding) Binding { return v.sides[0].mine(b) }
	over := len(v.live()) == 0
	var rows []barRow
	if len(v.info.Actions) > 0 {
		acts := v.sides[0].actions()
		if len(acts) > 0 && len(acts[0].Keys) == 0 && v.selected != "" {
			acts[0].Word = "to " + safe.Line(string(v.selected), 30)
			if !v.turns {
				acts[0].Word += " in each"
			}
		}
		if over {
			acts = nil
		}
		rows = append(rows, barRow{acts})
	}
	items := []Binding{mine(k.SelectNext).as("up/down", "select"), mine(k.Freeze), mine(k.Finish)}
	if over {
		items = []Binding{mine(k.Again), mine(k.Anew)}
	}
	items = append(items, mine(k.View), mine(k.Log).as("", "all numbers"), k.Versus.as("", "one place"), k.Back, mine(k.HoldAll), mine(k.FreeAll))
	return append(rows, barRow{Items: items})
}

func (v *versusPage) help() (string, []Group) {
	about := fmt.Sprintf("The same demo with the same settings and the same seed, in %s and in %s. What you do is done in each of them, to the process or thread of that name. "+
		"Below are the numbers of both: the ratio is the last by the first.", v.places[0], v.places[len(v.places)-1])
	_, groups := v.sides[0].help()
	return about, groups
}

// versus goes from the stage to two places side by side.
func (s *stagePage) versus() tea.Cmd {
	switch {
	case s.demo == nil:
		return s.m.say("A recording stands alone: open its demo to see it in two places.")
	case len(s.info.Places) < 2:
		return s.m.say(fmt.Sprintf("This demo runs in one place only: %s.", s.info.Places[0]))
	}
	o := s.opt
	if s.header.Seed != 0 {
		o.Seed = s.header.Seed
	}
	return s.m.replace(newVersus(s.m, s.demo, o, s.info.Places[:2], false, s.lesson))
}

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
