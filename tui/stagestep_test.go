package tui

import (
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"edu/procession/demos/demo"
	"edu/procession/demos/trace"
)

// stepDrive opens the demo with steps, in step mode.
func stepDrive(t *testing.T, cfg Config) *driver {
	cfg.Demo, cfg.Options = "fake", demo.Options{Seed: 42, Step: true}
	d := drive(t, cfg, 80, 24)
	d.pass(100 * time.Millisecond)
	return d
}

func (d *driver) sees(texts ...string) {
	d.t.Helper()
	screen := d.screen()
	for _, text := range texts {
		if !strings.Contains(screen, text) {
			d.t.Errorf("%q is not on the screen:\n%s", text, screen)
		}
	}
}

// TestUndo: u is a run of the schedule without its last move, and what is shown
// is what was there before.
func TestUndo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := stepConfig()
		var mu sync.Mutex
		var asked []string
		var ran []demo.Run
		start := cfg.Start
		cfg.Start = func(d demo.Demo, o demo.Options) (demo.Run, error) {
			run, err := start(d, o)
			mu.Lock()
			defer mu.Unlock()
			asked, ran = append(asked, o.Schedule.String()), append(ran, run)
			return run, err
		}
		d := stepDrive(t, cfg)
		d.sees("after 0 steps", "enter: A does read counter")
		for _, k := range []string{"enter", "enter", "down", "enter", "u", "u"} {
			d.press(k)
			d.pass(100 * time.Millisecond)
		}
		d.sees("undone to 1 of 3 steps", "enter: B does read counter", "So far (1): A")
		if got := strings.Join(asked, "/"); got != "/A A/A" {
			t.Errorf("the runs had the schedules %q", got)
		}
		for i, run := range ran[:len(ran)-1] {
			select {
			case <-run.Done():
			default:
				t.Errorf("run %d goes on", i)
			}
		}
		d.press("u")
		d.pass(100 * time.Millisecond)
		d.press("u")
		d.sees("nothing to take back")
		d.close()
	})
}

// TestUndoThatDiffers: a run that does not come to where it was is told of.
func TestUndoThatDiffers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := stepConfig()
		start := cfg.Start
		cfg.Start = func(d demo.Demo, o demo.Options) (demo.Run, error) {
			run, err := start(d, o)
			if len(o.Schedule) > 0 {
				run.Log().Add(trace.Stage, "", trace.Say{Text: "Another caption.", Stream: "caption"})
			}
			return run, err
		}
		d := stepDrive(t, cfg)
		for _, k := range []string{"enter", "enter", "u"} {
			d.press(k)
			d.pass(100 * time.Millisecond)
		}
		d.sees("This is not as it was after 1 step")
		d.close()
	})
}

// TestWhoCannotGo: a key that can do nothing says so in a sentence.
func TestWhoCannotGo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := stepDrive(t, stepConfig())
		d.press("enter", "enter", "enter")
		d.pass(100 * time.Millisecond)
		d.sees("A: through. up/down select B, who may go")
		d.press("enter")
		d.sees("A has no more steps.")
		d.press("left", "enter")
		d.sees("This is the past.")
		d.press("end", "a")
		d.sees("In step mode only you make moves.")
		d.close()
	})
}

// TestStepModeKey: T goes to step mode and back, where a demo has steps.
func TestStepModeKey(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := stepConfig()
		cfg.Demo = "fake"
		d := drive(t, cfg, 80, 24)
		d.pass(100 * time.Millisecond)
		d.sees("LIVE")
		d.press("u")
		d.sees("in step mode alone")
		d.press("T")
		d.pass(100 * time.Millisecond)
		d.sees("STEP MODE", "Goal: Lose an update.")
		d.press("T")
		d.pass(100 * time.Millisecond)
		d.sees("LIVE")
		d.close()

		cfg = testConfig()
		cfg.Demo = "fake"
		d = drive(t, cfg, 80, 24)
		d.pass(100 * time.Millisecond)
		d.press("T")
		d.sees("have no steps to be held at")
		d.close()
	})
}
