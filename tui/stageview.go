package tui

import (
	"fmt"
	"strings"
	"time"

	"edu/procession/demos/board"
	"edu/procession/demos/safe"
	"edu/procession/lessons"
	"edu/procession/tui/reader"
	"edu/procession/tui/theme"
	"edu/procession/tui/view"
)

// sideText is the lesson's text beside the stage.
type sideText struct {
	pane *reader.Reader
	made bool
}

func (t *sideText) scroll(n int) {
	if t.pane != nil {
		t.pane.ScrollBy(n)
	}
}

// textFrom is the least width at which text and stage stand side by side.
const textFrom = 120

// textBeside says that the lesson's text has room beside the stage, and is wanted.
func (s *stagePage) textBeside() bool { return s.lesson != nil && s.beside && s.m.w >= textFrom }

// showText puts the lesson's text beside the stage or, where there is no room,
// over it.
func (s *stagePage) showText() {
	switch {
	case s.lesson == nil:
		s.m.notice = "This demo was opened by itself; it has no lesson's text."
	case s.m.w >= textFrom:
		s.beside = !s.beside
	default:
		pane := reader.New(s.m.th)
		pane.SetDoc(s.observe())
		s.m.over = &sheet{m: s.m, title: "What to do", lines: func(w int) []string {
			pane.SetTheme(s.m.th)
			pane.SetSize(w, 200)
			return strings.Split(strings.TrimRight(pane.View(), " \n"), "\n")
		}}
	}
}

// observe is what the lesson says about the run, or the listing that runs.
func (s *stagePage) observe() []reader.Block {
	if part, ok := s.lesson.Part(lessons.Python); ok && s.info.Name == pythonDemo {
		return []reader.Block{{Title: part.Title, Markdown: lessons.Fill(part.Body, s.figure), Code: part.Code, Lang: string(part.Kind)}}
	}
	part, _ := s.lesson.Part(lessons.Observe)
	blocks := []reader.Block{{Title: part.Title, Markdown: lessons.Fill(part.Body, s.figure)}}
	for i, q := range s.lesson.Questions {
		if a, ok := s.m.state.Lesson(s.lesson.ID).Prediction(q.ID); ok && fits(q, a) {
			title := ""
			if i == 0 {
				title = "What you expect"
			}
			blocks = append(blocks, reader.Block{Title: title, Markdown: fmt.Sprintf("%s\n\n*%s*", q.Text, q.Answer(a.Choice))})
		}
	}
	return blocks
}

// figure looks a gauge up in this run.
func (s *stagePage) figure(name string) (string, bool) {
	g, ok := s.player.board().Gauge(name)
	if !ok {
		return "", false
	}
	return view.Format(g.Gauge), true
}

func (s *stagePage) corner() string {
	if s.m.cfg.Look.Projector {
		return "projector"
	}
	return ""
}

// draw is the line that says what one sees, the lesson's text if there is room,
// and the stage.
func (s *stagePage) draw(w, h int) []string {
	b := s.seen()
	if !s.chosen {
		s.selected = first(b, s.selected)
	}
	head := s.status(b, w)
	s.left, s.head = 0, len(head)
	h -= len(head)
	var side []string
	if s.textBeside() {
		sw := min(max(w*32/100, 40), 64)
		side = s.side(sw, h)
		s.left = sw + 4 // a blank, the text, a blank, the line, a blank
	}
	s.frame = s.stage.Draw(s.scene(s.bareOf(b)), s.layout(), w-s.left, h)
	lines := s.frame.Lines()
	if side == nil {
		return append(head, lines...)
	}
	bar := s.m.th.Paint(theme.Border, s.m.th.Box().Vertical)
	for i := range lines {
		head = append(head, " "+at(side, i)+" "+bar+" "+lines[i])
	}
	return head
}

// bareOf is the board without its verdict where the verdict stands above it.
func (s *stagePage) bareOf(b *board.Board) *board.Board {
	if !s.over() || !s.player.atNow() || b.Verdict == nil {
		return b
	}
	if s.bare == nil {
		c := *b
		c.Verdict = nil
		s.bare = &c
	}
	return s.bare
}

func (s *stagePage) side(w, h int) []string {
	if s.text.pane == nil {
		s.text.pane = reader.New(s.m.th)
	}
	if !s.text.made || s.player.atNow() {
		s.text.pane.SetDoc(s.observe())
		s.text.made = true
	}
	s.text.pane.SetTheme(s.m.th)
	s.text.pane.SetSize(w, h)
	return strings.Split(s.text.pane.View(), "\n")
}

// layout is how the stage is put together.
func (s *stagePage) layout() view.Layout {
	l := view.Layout{Main: s.main}
	if s.bigLog {
		l.Log = s.m.h / 2
	}
	return l
}

// shownMain is the view that is the main one now.
func (s *stagePage) shownMain() view.Panel {
	if s.frame != nil {
		return s.frame.Main
	}
	return view.PanelProcs
}

// status says what is seen: the live run, the past or a recording; when it is
// over, how it came out and what can be done next.
func (s *stagePage) status(b *board.Board, w int) []string {
	th, g := s.m.th, s.m.th.Glyphs()
	switch {
	case s.failed != nil && s.run == nil && s.demo != nil:
		return []string{th.Paint(theme.Bad, " "+g.Cross+" It could not be started: "+safe.Line(s.failed.Error(), 500))}
	case s.run == nil && s.demo != nil && (s.back == nil || s.back.was == nil):
		return []string{" " + th.Paint(theme.Muted, "starting its processes"+ellipsis)}
	case !s.player.atNow():
		return []string{s.banner(b, w)}
	case s.over():
		return s.ending(b, w)
	case s.stepping():
		return append([]string{s.turnLine(b, w)}, s.goalLine(b, w)...)
	}
	return []string{s.withFacts(" "+th.Paint(theme.Good, g.Arrow+" LIVE")+" "+clock(s.player.at), w)}
}

// withFacts sets what the run was started with to the right of a line: as much
// as there is room for.
func (s *stagePage) withFacts(left string, w int) string {
	h := s.header
	facts := []string{fmt.Sprintf("seed %d", h.Seed)}
	if h.Place != "" {
		facts = append(facts, "in "+safe.Line(h.Place, 30))
	}
	if h.Pace != "" {
		facts = append(facts, safe.Line(h.Pace, 20)+" pace")
	}
	if h.Sample > 0 {
		facts = append(facts, fmt.Sprintf("kernel asked every %v", h.Sample))
	}
	right := ""
	for _, f := range facts {
		if width(left)+width(right)+width(f)+6 <= w {
			right += f + "  "
		}
	}
	return sides(left, s.m.th.Paint(theme.Muted, strings.TrimSuffix(right, " ")), w)
}

// banner is the line over a view that is not now. It cannot be mistaken for the
// live one: it is reversed, and says so in words.
func (s *stagePage) banner(b *board.Board, w int) string {
	p := &s.player
	var what, then string
	switch {
	case p.mode == playing:
		what, then = "PLAYING "+speeds[p.speed].sign, "space pauses"
	case !p.moved:
		what, then = "VIEW FROZEN", "space: now"
	case s.demo == nil:
		what, then = "PAUSED", "space plays"
	default:
		what, then = "LOOKING BACK", "end: now"
	}
	where := fmt.Sprintf("%s  event %d of %d", clock(p.at), b.Pos, p.t.Len())
	ahead := ""
	switch {
	case s.over():
	case !p.moved && p.mode == frozen:
		where = "at " + clock(p.at)
		ahead = fmt.Sprintf("  +%d events since; the processes go on", p.behind())
	default:
		ahead = fmt.Sprintf("  live is %d events ahead", p.behind())
	}
	return s.m.th.Paint(theme.Selection, sides(" "+what+"  "+where+ahead, "  "+then+" ", w))
}

// ending is how the run came out.
func (s *stagePage) ending(b *board.Board, w int) []string {
	th, g := s.m.th, s.m.th.Glyphs()
	k, mark, text := theme.Muted, g.Dot, "It ended without a verdict."
	if v := b.Verdict; v != nil {
		k, mark, text = theme.Good, g.Check, safe.Line(v.Text, 1000)
		if !v.OK {
			k, mark = theme.Bad, g.Cross
		}
	}
	if s.failed != nil {
		k, mark, text = theme.Bad, g.Cross, safe.Line(s.failed.Error(), 1000)
	}
	what := "OVER"
	if s.demo == nil {
		what = "RECORDING"
	}
	lines := []string{s.withFacts(" "+th.Paint(theme.Title, what)+" after "+clock(b.At), w)}
	for i, line := range wrap(text, w-4) {
		if i == 3 {
			break
		}
		lead := "   "
		if i == 0 {
			lead = " " + th.Paint(k, mark) + " "
		}
		lines = append(lines, lead+th.Paint(k, line))
	}
	return lines
}

// clock is a time in the run.
func clock(d time.Duration) string {
	if d < time.Minute {
		return fmt.Sprintf("%.1f s", d.Seconds())
	}
	return fmt.Sprintf("%d:%04.1f min", int(d.Minutes()), (d - d.Truncate(time.Minute)).Seconds())
}
