package tui

import (
	"context"
	"fmt"
	"strings"

	tea "charm.land/bubbletea/v2"

	"edu/procession/demos/demo"
	"edu/procession/demos/safe"
	"edu/procession/demos/trace"
	"edu/procession/lessons"
	"edu/procession/tui/reader"
	"edu/procession/tui/tally"
	"edu/procession/tui/theme"
	"edu/procession/tui/view"
)

// forecastPage plays the runs of a forecast, one after another, and counts them
// beside what the learner predicted. To leave it ends the run that is on; what was
// not counted to its end is not kept.
type forecastPage struct {
	m     *Model
	where []string
	q     lessons.Question
	f     *lessons.Forecast
	a     answer
	d     demo.Demo
	unit  string
	fill  func(string) string
	done  func(runs, seen int) tea.Cmd

	id     int
	begun  bool
	ctx    context.Context
	cancel context.CancelFunc
	values []float64
	seen   int
	failed string // why there will be no more runs
	pane   *reader.Reader
	told   bool
}

// forecast opens the page; done is told the count once all runs are over.
func (m *Model) forecast(where []string, q lessons.Question, a answer, fill func(string) string, done func(runs, seen int) tea.Cmd) tea.Cmd {
	m.nextID++
	p := &forecastPage{m: m, where: where, q: q, f: q.Forecast, a: a, fill: fill, done: done,
		d: m.demo(q.Forecast.Demo), id: m.nextID, pane: reader.New(m.th)}
	p.ctx, p.cancel = context.WithCancel(context.Background())
	if p.d == nil {
		p.failed = "The demo " + q.Forecast.Demo + " is not part of this build."
		return m.push(p)
	}
	for _, g := range p.d.Info().Gauges {
		if g.Name == p.f.Gauge {
			p.unit = g.Unit
		}
	}
	return m.push(p)
}

func (p *forecastPage) crumbs() []string { return append(p.where, fmt.Sprintf("%d runs", p.f.Runs)) }

func (p *forecastPage) corner() string { return fmt.Sprintf("%d of %d runs", len(p.values), p.f.Runs) }

func (p *forecastPage) over() bool { return p.failed != "" || len(p.values) == p.f.Runs }

func (p *forecastPage) front() tea.Cmd {
	if p.begun || p.failed != "" {
		return nil
	}
	p.begun = true
	return p.run()
}

// leave ends the run that is on: its Cmd does, which waits for this.
func (p *forecastPage) leave() tea.Cmd {
	p.cancel()
	if !p.over() {
		p.m.notice = "The runs were ended, and nothing of them is kept. To count anew, answer that question again."
	}
	return nil
}

// sampleMsg brings what came of a run.
type sampleMsg struct {
	page int
	got  tally.Result
	err  error
}

// run plays one run to its end, or ends it when the page is left.
func (p *forecastPage) run() tea.Cmd {
	ctx, id, d, runs, seed := p.ctx, p.id, p.d, p.m.runs, p.m.seed
	start := p.m.cfg.Unkept
	if start == nil {
		start = p.m.cfg.Start
	}
	o := demo.Options{Params: p.f.Set, Pace: demo.Fast}
	return func() tea.Msg {
		if ctx.Err() != nil {
			return nil
		}
		o.Seed = seed()
		run, err := runs.start(start, d, o)
		if err != nil {
			return sampleMsg{page: id, err: err}
		}
		select {
		case <-run.Done():
		case <-ctx.Done():
		}
		if err := runs.stop(run); err != nil {
			return noticeMsg(err.Error())
		}
		if ctx.Err() != nil {
			return nil
		}
		return sampleMsg{id, tally.Of(run.Log()), run.Err()}
	}
}

func (p *forecastPage) update(msg tea.Msg) tea.Cmd {
	s, ok := msg.(sampleMsg)
	if !ok || s.page != p.id {
		return nil
	}
	v, measured := s.got.Gauge(p.f.Gauge)
	switch {
	case s.err != nil:
		p.failed = "The runs ended early: " + s.err.Error()
		return nil
	case !measured || s.got.Verdict == nil:
		p.failed = "A run came to no verdict, so the runs were ended."
		return nil
	}
	p.values = append(p.values, v)
	if p.f.Counts(v, s.got.Verdict.Text) {
		p.seen++
	}
	if !p.over() {
		return p.run()
	}
	p.a.runs, p.a.seen = p.f.Runs, p.seen
	return p.done(p.f.Runs, p.seen)
}

func (p *forecastPage) key(k string, _ tea.KeyPressMsg) (tea.Cmd, bool) {
	keys := p.m.keys
	switch {
	case keys.Go.is(k) && !p.over():
		return p.m.say("The runs are not over yet. " + keys.Back.Show() + " ends them."), true
	case keys.Go.is(k) && p.pane.AtBottom():
		return p.m.pop(), true
	case keys.Go.is(k), keys.PageDown.is(k):
		p.pane.Page(1)
	case keys.PageUp.is(k):
		p.pane.Page(-1)
	case keys.Down.is(k):
		p.pane.ScrollBy(1)
	case keys.Up.is(k):
		p.pane.ScrollBy(-1)
	default:
		return nil, false
	}
	return nil, true
}

func (p *forecastPage) click(int, int) tea.Cmd { return nil }

func (p *forecastPage) wheel(_, _, n int) tea.Cmd {
	p.pane.ScrollBy(n)
	return nil
}

func (p *forecastPage) bar() []barRow {
	k := p.m.keys
	if !p.over() {
		return []barRow{{Items: []Binding{k.Back.as("", "end the runs")}}}
	}
	do := k.Go
	do.Word = "go on"
	if !p.pane.AtBottom() {
		do.Word = "read on"
	}
	return []barRow{{Items: []Binding{do, k.Back}}}
}

func (p *forecastPage) help() (string, []Group) {
	return "One run may come out either way. So many are played, fast and one after another, on real processes, and counted " +
			"beside what you predicted. To leave ends them; none of them is kept.",
		p.m.keys.groups("Moving", "Everywhere")
}

// most is how many bars there are besides that of the runs which do not count.
const most = 5

func (p *forecastPage) draw(w, h int) []string {
	th := p.m.th
	out := []string{""}
	for _, line := range wrap(strings.TrimSpace(p.q.Text), min(w-4, 100)) {
		out = append(out, "  "+p.m.inline(line))
	}
	row := func(what string, n, of int, note string) {
		out = append(out, fit(fmt.Sprintf("  %-10s", what)+p.m.countBar(n, p.f.Runs)+"  "+th.Paint(theme.Title, fmt.Sprintf("%d of %d", n, of))+note, w))
	}
	out = append(out, "")
	row("you said", p.a.choice, p.f.Runs, ", "+confidences[p.a.sure-1])
	note := ""
	if left := p.f.Runs - len(p.values); left > 0 {
		note = fmt.Sprintf(", %d to go", left)
	}
	row("measured", p.seen, len(p.values), note)
	legend := ", run by run"
	if p.f.Verdict == "" {
		legend += "   " + th.Glyphs().Full + " " + p.f.Outcome + "  " + th.Glyphs().Half + " did not"
	}
	out = append(out, "", fit("  "+th.Paint(theme.Title, safe.Line(p.f.Gauge, 60))+th.Paint(theme.Muted, legend), w))
	out = append(out, p.histogram(w)...)
	if p.failed != "" {
		out = append(out, "")
		for _, line := range wrap(safe.Line(p.failed, 500), min(w-6, 92)) {
			out = append(out, "  "+th.Paint(theme.Bad, th.Glyphs().Cross)+" "+line)
		}
		return out
	}
	if !p.over() {
		return out
	}
	p.pane.SetTheme(th)
	if !p.told {
		p.told = true
		p.pane.SetDoc([]reader.Block{{Markdown: count(p.f, p.a, p.fill)}})
		p.pane.Top()
	}
	p.pane.SetSize(w, max(h-len(out)-1, 1))
	return append(append(out, ""), strings.Split(p.pane.View(), "\n")...)
}

// histogram draws the values, those that do not count apart from the others.
func (p *forecastPage) histogram(w int) []string {
	th, g := p.m.th, p.m.th.Glyphs()
	if len(p.values) == 0 {
		return []string{"  " + th.Paint(theme.Muted, "No run is over yet.")}
	}
	var out []string
	for i, b := range tally.Bins(p.values, p.f.Above, most) {
		to := view.Format(trace.Gauge{Value: b.To, Unit: p.unit})
		sign := g.Full
		switch {
		case i == 0 && p.f.Verdict == "":
			sign = g.Half
			if b.To != 0 {
				to = "up to " + to
			}
		default:
			to = "up to " + to
		}
		bar := strings.Repeat(sign, b.Count*perRun(p.f.Runs))
		out = append(out, fit(fmt.Sprintf("  %16s %s%s %d", to, th.Paint(theme.Border, p.m.th.Box().Vertical), th.Paint(theme.Gauge, bar), b.Count), w))
	}
	return out
}

// perRun is how many cells a run has in a bar.
func perRun(runs int) int {
	if runs <= 20 {
		return 2
	}
	return 1
}

// countBar is n of some runs.
func (m *Model) countBar(n, of int) string {
	g, cells := m.th.Glyphs(), perRun(of)
	n = min(max(n, 0), of)
	return m.th.Paint(theme.Gauge, strings.Repeat(g.Full, n*cells)) + m.th.Paint(theme.GaugeRest, strings.Repeat(g.Rest, (of-n)*cells))
}

// key takes the keys of a question that asks for a number of runs.
func (q *quiz) key(keys KeyMap, k string) bool {
	switch {
	case len(k) == 1 && k[0] >= '0' && k[0] <= '9':
		q.digit(int(k[0] - '0'))
	case k == "left" || keys.Down.is(k) && k != "j":
		q.count(-1)
	case k == "right" || keys.Up.is(k) && k != "k":
		q.count(1)
	case keys.PageDown.is(k):
		q.count(-5)
	case keys.PageUp.is(k):
		q.count(5)
	case keys.Top.is(k):
		q.count(-q.options())
	case keys.Bottom.is(k):
		q.count(q.options())
	default:
		return false
	}
	return true
}

// count sets a predicted count against the measured one, and says what the
// difference is worth.
func count(f *lessons.Forecast, a answer, fill func(string) string) string {
	said := fmt.Sprintf("You said: *%d of %d*, %s. ", a.choice, f.Runs, confidences[a.sure-1])
	why := "\n\n" + strings.TrimSpace(fill(f.Why)) + "\n\n"
	if a.runs == 0 {
		return said + "It was not measured: the runs did not come to their end. Ask the question again with `backspace`." + why
	}
	margin := f.Margin(a.choice)
	said += fmt.Sprintf("Measured: **%d of %d** %s. ", a.seen, a.runs, f.Outcome)
	switch off := max(a.choice-a.seen, a.seen-a.choice); {
	case off == 0:
		said += "**Right**, to the run. " + weigh(true, a.sure)
	case f.Right(a.choice, a.seen):
		said += fmt.Sprintf("**Right**, as far as so few runs can tell: chance alone moves such a count by up to %d. ", margin) + weigh(true, a.sure)
	default:
		said += fmt.Sprintf("**Not so**: were it as you said, chance would hardly move the count by more than %d. ", margin) + weigh(false, a.sure)
	}
	return said + why
}
