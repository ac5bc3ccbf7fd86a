package cli_test

import (
	"slices"
	"testing"

	"edu/procession/demos"
	"edu/procession/demos/demo"
	"edu/procession/lessons"
	"edu/procession/lessons/table"
)

// Every cell of the table names a lesson, its demo, a place of that demo and gauges
// that it has.
func TestTable(t *testing.T) {
	course, err := lessons.Load("en")
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range table.Rows() {
		for _, c := range row.Cells {
			l, ok := course.Lesson(c.Lesson)
			d, found := demos.Find(c.Demo)
			if !ok || !found || l.Demo != c.Demo {
				t.Errorf("%s: lesson %s %v, demo %s %v", c.ID, c.Lesson, ok, c.Demo, found)
				continue
			}
			if !slices.Contains(d.Info().Places, demo.Place(c.Place)) {
				t.Errorf("%s: %s does not run in %s", c.ID, c.Demo, c.Place)
			}
			for _, name := range lessons.GaugesIn(c.Text) {
				if !slices.ContainsFunc(d.Info().Gauges, func(g demo.Gauge) bool { return g.Name == name }) &&
					!slices.ContainsFunc(d.Info().Puzzles, func(p demo.Puzzle) bool { return p.Name == name }) {
					t.Errorf("%s: %s has no gauge and no puzzle %s", c.ID, c.Demo, name)
				}
			}
		}
	}
}
