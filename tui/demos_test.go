package tui_test

import (
	"testing"

	"edu/procession/demos"
	"edu/procession/tui"
)

// TestDemosLeaveTheStageItsKeys: on the stage a demo's keys win, so no demo may
// take the last key of anything that the stage can do.
func TestDemosLeaveTheStageItsKeys(t *testing.T) {
	for _, d := range demos.All {
		taken := map[string]string{}
		for _, a := range d.Info().Actions {
			taken[a.Key] = a.Name
		}
		for _, g := range tui.DefaultKeys().Groups() {
			switch g.Title {
			case "Everywhere", "The stage: processes", "The stage: step mode", "The stage: time", "The stage: what is shown":
			default:
				continue
			}
			for _, b := range g.Bindings {
				left := 0
				for _, k := range b.Keys {
					if taken[k] == "" {
						left++
					}
				}
				if left == 0 {
					t.Errorf("%s takes every key of %q", d.Info().Name, b.Doc)
				}
			}
		}
	}
}
