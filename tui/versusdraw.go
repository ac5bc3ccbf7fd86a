package tui

import (
	"fmt"
	"runtime"
	"strings"

	"edu/procession/demos/demo"
	"edu/procession/demos/safe"
	"edu/procession/tui/theme"
	"edu/procession/tui/view"
)

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
		acts := v.actions()
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
	items = append(items, mine(k.View), mine(k.Log).as("", "all numbers"), k.Versus.as("", v.after()), k.Back, mine(k.HoldAll), mine(k.FreeAll))
	return append(rows, barRow{Items: items})
}

// actions are those of the side that has most: what one place alone can do is done
// there alone.
func (v *versusPage) actions() []Binding {
	most := v.sides[0]
	for _, s := range v.sides[1:] {
		if len(s.info.Actions) > len(most.info.Actions) {
			most = s
		}
	}
	return most.actions()
}

func (v *versusPage) help() (string, []Group) {
	about := fmt.Sprintf("The same demo with the same settings and the same seed, in %s and in %s. What you do is done in each of them, to the process or thread of that name. "+
		"Below are the numbers of both: the ratio is the last by the first.", v.places[0], v.places[len(v.places)-1])
	_, groups := v.sides[0].help()
	return about, groups
}
