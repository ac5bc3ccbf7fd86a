package tui

import (
	"cmp"
	"fmt"
	"slices"

	tea "charm.land/bubbletea/v2"

	"edu/procession/demos/demo"
	"edu/procession/demos/safe"
)

// versus goes from the stage to two places side by side.
func (s *stagePage) versus() tea.Cmd {
	switch {
	case s.demo == nil:
		return s.m.say("A recording stands alone: open its demo to see it in two places.")
	case len(s.info.Places) < 2:
		return s.m.say(fmt.Sprintf("This demo runs in one place only: %s.", s.info.Places[0]))
	}
	o, place := s.opt, s.place()
	if s.header.Seed != 0 {
		o.Seed = s.header.Seed
	}
	pairs := pairsOf(s.info.Places, place)
	v := newVersus(s.m, s.demo, o, pairs[0], false, s.lesson)
	v.more, v.from = pairs[1:], place
	return s.m.replace(v)
}

// pairsOf are a demo's places two by two, those with this one in it first.
func pairsOf(places []demo.Place, first demo.Place) (pairs [][]demo.Place) {
	for i, a := range places {
		for _, b := range places[i+1:] {
			pairs = append(pairs, []demo.Place{a, b})
		}
	}
	slices.SortStableFunc(pairs, func(a, b []demo.Place) int {
		return cmp.Compare(slices.Index(b, first), slices.Index(a, first))
	})
	return pairs
}

// change goes on to the next pair of places, and after the last one to one place.
func (v *versusPage) change() tea.Cmd {
	o := v.opt
	o.Place, o.Seed = v.from, v.seed()
	if len(v.more) == 0 {
		return v.m.replace(newStage(v.m, v.demo, o, v.lesson))
	}
	next := newVersus(v.m, v.demo, o, v.more[0], v.turns, v.lesson)
	next.more, next.from = v.more[1:], v.from
	return v.m.replace(next)
}

// after is what comes next: another pair, or one place.
func (v *versusPage) after() string {
	if len(v.more) == 0 {
		return "one place"
	}
	return safe.Line(string(v.more[0][0]), 30) + " | " + safe.Line(string(v.more[0][1]), 30)
}
