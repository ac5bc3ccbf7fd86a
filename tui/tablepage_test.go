package tui

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"edu/procession/lessons/progress"
	"edu/procession/lessons/table"
)

// TestTablePage shows what was measured and what was not, at every width, and all of
// it can be reached.
func TestTablePage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, w := range []int{80, 120, 200} {
			d := drive(t, testConfig(), w, 24)
			table.Note(&d.m.state, table.Run{Demo: "silent-peer", Place: "nodes", Seed: 77, When: time.Date(2026, 11, 28, 15, 40, 0, 0, time.Local),
				Gauges: map[string]progress.Gauge{"detection": {Value: 1040, Unit: "ms"}, "false-alarms": {Value: 1}, "suspicions": {Value: 3}}})
			d.press("t")
			d.sees("processes against nodes", "1 of 12 measured", "How long does a call", "not measured yet: run")
			all := d.screen()
			for range 12 {
				d.press("pgdown")
				all += d.screen()
			}
			for _, want := range []string{"suspected after 1.04 s", "1 of 3", "silent-peer, 2026-11-28 15:40, seed 77", "not measured yet: run whose-clock"} {
				if !strings.Contains(all, want) {
					t.Errorf("at %d, nowhere: %s", w, want)
				}
			}
			d.press("esc")
			d.sees("the course")
			d.close()
		}
	})
}
