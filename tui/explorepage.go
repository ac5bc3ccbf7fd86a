package tui

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	tea "charm.land/bubbletea/v2"

	"edu/procession/demos/demo"
	"edu/procession/demos/safe"
	"edu/procession/tui/theme"
)

// explorePage lists how a demo comes out under all its schedules, and puts one of
// them on stage. It lies over the stage that opened it.
type explorePage struct {
	m     *Model
	stage *stagePage
	most  int
	after demo.Schedule // how all the schedules begin
	seed  uint64        // of all the runs

	x      *exploring // nil: none goes on
	begun  bool
	got    demo.Exploration
	failed error
	asked  bool // to end, by the learner
	at     int
	chosen string // the outcome under the cursor, when the learner has moved it
	top    int
	head   int // lines over the first outcome
}

// How many schedules are played at first; more are asked for by the learner.
const (
	exploreFirst = 1000
	exploreMore  = 10
	exploreMost  = 100_000
)

// explore opens what was explored, or begins to explore.
func (s *stagePage) explore() tea.Cmd {
	switch {
	case s.demo == nil:
		return s.m.say("This is a recording: what happened in it is settled.")
	case !s.info.Stepped():
		return s.m.say("The processes of this demo have no steps, so there are no schedules to explore.")
	case !s.stepping():
		return s.m.say("Exploring is for step mode: " + s.m.keys.StepMode.Show() + " starts it.")
	}
	if s.explored == nil {
		s.explored = &explorePage{m: s.m, stage: s, most: exploreFirst}
	}
	return s.m.push(s.explored)
}

func (p *explorePage) crumbs() []string { return append(p.stage.crumbs(), "explore") }
func (p *explorePage) corner() string   { return p.stage.corner() }

func (p *explorePage) front() tea.Cmd {
	if p.begun {
		return nil
	}
	return p.begin()
}

// begin explores anew, once what goes on is over.
func (p *explorePage) begin() tea.Cmd {
	before := p.leave()
	o := p.stage.opt
	p.seed = p.stage.seed()
	o.Seed, o.Schedule = p.seed, p.after
	p.begun, p.asked, p.failed, p.got, p.at, p.chosen = true, false, nil, demo.Exploration{}, 0, ""
	x, cmd := p.m.explore(p.stage.demo, o, p.most)
	p.x = x
	return func() tea.Msg {
		if before != nil {
			before()
		}
		return cmd()
	}
}

func (p *explorePage) leave() tea.Cmd {
	if p.x == nil {
		return nil
	}
	x := p.x
	p.x, p.asked = nil, true
	return x.stop()
}

func (p *explorePage) update(msg tea.Msg) tea.Cmd {
	e, ok := msg.(exploredMsg)
	if !ok || p.x == nil || e.id != p.x.id {
		return nil
	}
	p.got = e.got
	if i := slices.IndexFunc(p.got.Outcomes, func(o demo.Outcome) bool { return o.Text == p.chosen }); i >= 0 {
		p.at = i // where it has got to, as they are counted
	}
	if e.over {
		p.x = nil
		if p.asked = p.asked || stopped(e.err); !p.asked {
			p.failed = e.err
		}
		if e.err == nil && p.got.Solved != "" {
			return p.m.mended(p.stage.info.Name, p.got.Solved)
		}
		return nil
	}
	return p.x.wait
}

func (p *explorePage) move(n int) {
	p.at = min(max(p.at+n, 0), max(len(p.got.Outcomes)-1, 0))
	if p.at < len(p.got.Outcomes) {
		p.chosen = p.got.Outcomes[p.at].Text
	}
}

func (p *explorePage) key(k string, _ tea.KeyPressMsg) (tea.Cmd, bool) {
	keys := p.m.keys
	switch {
	case keys.Open.is(k):
		return p.show(), true
	case keys.Back.is(k) && k == "esc" && p.x != nil:
		p.asked = true
		p.m.notice = "Stopped: these are the runs that came to their end. " + keys.Again.Show() + " explores again."
		return p.x.stop(), true
	case keys.Again.is(k):
		return p.begin(), true
	case keys.More.is(k):
		return p.more(), true
	case keys.FromHere.is(k):
		return p.fromHere(), true
	case keys.Down.is(k):
		p.move(1)
	case keys.Up.is(k):
		p.move(-1)
	case keys.PageDown.is(k):
		p.move(8)
	case keys.PageUp.is(k):
		p.move(-8)
	case keys.Top.is(k):
		p.move(-len(p.got.Outcomes))
	case keys.Bottom.is(k):
		p.move(len(p.got.Outcomes))
	default:
		return nil, false
	}
	return nil, true
}

// show puts a schedule of the outcome under the cursor on stage.
func (p *explorePage) show() tea.Cmd {
	if p.at >= len(p.got.Outcomes) {
		return p.m.say("No run has come to its end yet. A moment.")
	}
	s := p.got.Outcomes[p.at].Schedule
	return tea.Batch(p.m.pop(), p.stage.follow(p.seed, s))
}

// more explores anew, with room for more schedules.
func (p *explorePage) more() tea.Cmd {
	switch {
	case p.got.All:
		return p.m.say("There are no others: these are all the schedules that there are.")
	case p.most >= exploreMost:
		return p.m.say(fmt.Sprintf("%d schedules are the most that are played here; procession demo %s --explore takes any number.", exploreMost, p.stage.info.Name))
	}
	p.most = min(p.most*exploreMore, exploreMost)
	return p.begin()
}

// fromHere explores what can still become of the run on stage; again: of any.
func (p *explorePage) fromHere() tea.Cmd {
	if p.after != nil {
		p.after = nil
		return p.begin()
	}
	moves := p.stage.moves()
	if len(moves) == 0 {
		return p.m.say("Nobody has done a step on stage yet: from there is from the beginning.")
	}
	p.after = slices.Clone(moves)
	return p.begin()
}

func (p *explorePage) click(_, y int) tea.Cmd {
	i := p.top + (y-p.head)/2
	if y < p.head || i >= len(p.got.Outcomes) {
		return nil
	}
	if i == p.at {
		return p.show()
	}
	p.move(i - p.at)
	return nil
}

func (p *explorePage) wheel(_, _, n int) tea.Cmd {
	p.move(n / wheelLines)
	return nil
}

func (p *explorePage) bar() []barRow {
	k := p.m.keys
	var items []Binding
	if len(p.got.Outcomes) > 0 {
		items = append(items, press("enter", "show one"), k.Down.as("up/down", "choose"))
	}
	if p.x != nil {
		return []barRow{{Items: append(items, press("esc", "stop"))}}
	}
	items = append(items, k.Again.as("", "again"))
	if !p.got.All && p.most < exploreMost {
		items = append(items, k.More)
	}
	from := k.FromHere
	if p.after != nil {
		from.Word = "from the start"
	}
	return []barRow{{Items: append(items, from, k.Back)}}
}

func (p *explorePage) help() (string, []Group) {
	return "Exploring plays one schedule after another, each on real processes that are held at every step, and counts how they came out. " +
			"No schedule is played twice. Where there are more than are played, those that are played are spread over all of them. " +
			"For each outcome the shortest schedule that was found is kept: enter puts it on stage, where you go through it step by step.",
		append([]Group{{"The outcomes", []Binding{
			{Keys: p.m.keys.Open.Keys, Doc: "put a schedule of the outcome under the cursor on stage, to go through it step by step"},
			{Keys: p.m.keys.Again.Keys, Doc: "explore again"},
			{Keys: []string{"esc"}, Doc: "stop exploring, and then: back to the stage"}}}},
			p.m.keys.groups("Exploring", "Moving", "Everywhere")...)
}

func (p *explorePage) draw(w, h int) []string {
	th, g := p.m.th, p.m.th.Glyphs()
	out := append([]string{p.status()}, p.begins(w)...)
	out = append(out, "")
	if p.failed != nil {
		for i, line := range wrap(sentence(p.failed.Error()), w-4) {
			mark := " "
			if i == 0 {
				mark = g.Cross
			}
			out = append(out, " "+th.Paint(theme.Bad, mark+" "+line))
		}
		out = append(out, "")
	}
	p.head = len(out)
	all := p.got.Outcomes
	fits := max((h-len(out))/2, 1)
	p.top = min(max(p.top, p.at-fits+1), p.at)
	of := " of " + strconv.Itoa(p.got.Ran)
	for i := p.top; i < min(p.top+fits, len(all)); i++ {
		o := all[i]
		cursor, k := "  ", theme.Text
		if i == p.at {
			cursor, k = th.Paint(theme.Accent, g.Cursor)+" ", theme.Title
		}
		text := th.Paint(k, safe.Line(o.Text, 300))
		if !o.OK {
			text = th.Paint(theme.Bad, g.Cross) + " " + text
		}
		count := fmt.Sprintf("%*d%s", len(strconv.Itoa(p.got.Ran)), o.Count, of)
		if w >= sideBySide {
			full := min(max(o.Count*shareBar/max(p.got.Ran, 1), 1), shareBar)
			count += "  " + th.Paint(theme.Accent, strings.Repeat(g.Full, full)) + th.Paint(theme.Muted, strings.Repeat(g.Rest, shareBar-full))
		}
		lead := 3 + width(count) + 2
		out = append(out, " "+cursor+count+"  "+fit(text, w-lead-1),
			strings.Repeat(" ", lead)+th.Paint(theme.Muted, fit(safe.Line(o.Schedule.String(), 2000), w-lead-1)))
	}
	return out
}

// shareBar is the width of the bar of an outcome's share.
const shareBar = 20

// status says how far it has got.
func (p *explorePage) status() string {
	th, g := p.m.th, p.m.th.Glyphs()
	ran := fmt.Sprintf("%d schedules", p.got.Ran)
	rate := ""
	if s := p.got.Took.Seconds(); s > 0.05 && p.got.Ran > 0 {
		rate = fmt.Sprintf(", %.0f a second", float64(p.got.Ran)/s)
	}
	switch {
	case p.x != nil:
		return " " + th.Paint(theme.Good, g.Arrow+" EXPLORING") + "  " + fmt.Sprintf("%s so far, at most %d%s", ran, p.most, rate)
	case p.asked && !p.got.All:
		return " " + th.Paint(theme.Warn, "STOPPED") + "  after " + ran + rate
	case p.failed != nil:
		return " " + th.Paint(theme.Bad, "FAILED") + "  after " + ran
	case p.got.All:
		return " " + th.Paint(theme.Title, "EXPLORED") + "  " + ran + ", which are all, on real processes" + rate
	}
	return " " + th.Paint(theme.Title, "EXPLORED") + "  " + ran + " of more, spread over all, on real processes" + rate
}

// begins says where the schedules begin.
func (p *explorePage) begins(w int) []string {
	say := "How they came out and, for each outcome, the shortest schedule found:"
	if len(p.after) > 0 {
		say = "All begin as the stage has: " + p.after.String()
	}
	return []string{fit(" "+p.m.th.Paint(theme.Muted, safe.Line(say, 2000)), w)}
}
