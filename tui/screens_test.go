package tui

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/cockroachdb/datadriven"

	"edu/procession/lessons/progress"
)

// TestScreens plays learners at the keys: testdata/screens holds what they
// pressed and what they saw. Rewrite it with -rewrite, and read the difference.
//
//	open size=80x24 [demo=fake] [lesson=second] [step] [solved] [count] [review] [ascii]
//	press           keys, one after the other; @2s lets time pass, click:x:y clicks
//	screen          what is on it
func TestScreens(t *testing.T) {
	datadriven.Walk(t, "testdata/screens", func(t *testing.T, path string) {
		synctest.Test(t, func(t *testing.T) {
			var d *driver
			defer func() {
				if d != nil {
					d.close()
				}
			}()
			datadriven.RunTest(t, path, func(t *testing.T, td *datadriven.TestData) string {
				if td.Cmd == "open" {
					if d != nil {
						d.close()
					}
					cfg := testConfig()
					if td.HasArg("step") {
						cfg = stepConfig()
						cfg.Options.Step = true
					}
					if td.HasArg("count") {
						cfg, _ = countConfig(nil)
					}
					if td.HasArg("review") {
						cfg = reviewConfig()
					}
					if td.HasArg("solved") {
						cfg.Progress.Update(func(st *progress.State) { st.Solve("fake", "lose", progress.Solved{Moves: 6}) })
					}
					cfg.Look.Plain = td.HasArg("ascii")
					var size string
					td.ScanArgs(t, "size", &size)
					if td.HasArg("lesson") {
						td.ScanArgs(t, "lesson", &cfg.Open)
					}
					if td.HasArg("demo") {
						td.ScanArgs(t, "demo", &cfg.Demo)
					}
					cfg.Options.Seed = 42
					var w, h int
					fmt.Sscanf(size, "%dx%d", &w, &h)
					d = drive(t, cfg, w, h)
				}
				for _, k := range strings.Fields(td.Input) {
					var x, y int
					if after, ok := strings.CutPrefix(k, "@"); ok {
						wait, err := time.ParseDuration(after)
						if err != nil {
							t.Fatal(err)
						}
						d.pass(wait)
					} else if n, _ := fmt.Sscanf(k, "click:%d:%d", &x, &y); n == 2 {
						d.send(tea.MouseClickMsg{X: x, Y: y, Button: tea.MouseLeft})
					} else {
						d.press(k)
					}
				}
				if d.quit {
					return "left\n"
				}
				return d.screen() + "\n"
			})
		})
	})
}
