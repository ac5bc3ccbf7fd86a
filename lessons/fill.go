package lessons

import (
	"regexp"
	"slices"
)

// NotMeasured stands where a gauge has no value yet.
const NotMeasured = "not measured yet"

var gaugeRE = regexp.MustCompile(`\{\{gauge "([a-z0-9-]+)"\}\}`)

// Fill replaces each {{gauge "x"}} in a part's body or a reply. look returns
// the measured value with its unit as text; where ok is false, or look is nil,
// the text reads "not measured yet". Anything else is left as it is.
func Fill(body string, look func(gauge string) (string, bool)) string {
	return gaugeRE.ReplaceAllStringFunc(body, func(s string) string {
		if look != nil {
			if v, ok := look(gaugeRE.FindStringSubmatch(s)[1]); ok {
				return v
			}
		}
		return NotMeasured
	})
}

// GaugesIn lists the gauges that a text names, in order, with repetitions.
func GaugesIn(text string) []string {
	var names []string
	for _, m := range gaugeRE.FindAllStringSubmatch(text, -1) {
		names = append(names, m[1])
	}
	return names
}

// gauges lists the gauges that a lesson names, once each.
func gauges(l *Lesson) []string {
	var names []string
	eachText(l, func(_, text string) {
		for _, g := range GaugesIn(text) {
			if !slices.Contains(names, g) {
				names = append(names, g)
			}
		}
	})
	return names
}

// eachText calls f with every piece of prose in a lesson and where it stands.
func eachText(l *Lesson, f func(where, text string)) {
	f("title", l.Title)
	f("summary", l.Summary)
	for _, g := range l.Goals {
		f("goals", g)
	}
	for _, p := range l.Parts {
		f(string(p.Kind), p.Title)
		f(string(p.Kind), p.Body)
		if p.Kind != Predict {
			continue
		}
		for _, q := range l.Questions {
			if q.Forecast != nil {
				f(q.ID, q.Forecast.Outcome)
				f(q.ID, q.Forecast.Why)
			}
			for _, v := range append([]Question{q}, q.Variants...) {
				f(q.ID, v.Text)
				for _, c := range v.Choices {
					f(q.ID, c.Text)
					f(q.ID, c.Why)
				}
			}
		}
	}
}
