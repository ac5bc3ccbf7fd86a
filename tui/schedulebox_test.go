package tui

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	tea "charm.land/bubbletea/v2"

	"edu/procession/demos/demo"
)

// TestSchedule: the schedule so far is shown and copied, and another is played at
// once or step by step. What is wrong with one is said, with the step.
func TestSchedule(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := stepDrive(t, stepConfig())
		defer d.close()
		press := func(keys ...string) {
			for _, k := range keys {
				d.press(k)
				d.pass(100 * time.Millisecond)
			}
		}
		press("W", "enter")
		d.sees("Nobody has moved yet", "there is no move in it")
		press("esc")
		d.sees("STEP MODE")
		press("enter", "enter", "W")
		d.sees("So far, in 2 steps", "procession demo fake --schedule 'A A'", "> A A_")
		for key, want := range map[string]string{"ctrl+y": "A A", "ctrl+o": "procession demo fake --schedule 'A A'"} {
			cmd, done := d.m.over.key(key, keyPress(key))
			if got := fmt.Sprint(cmd()); got != want || done {
				t.Errorf("%s copies %q", key, got)
			}
		}
		press("ctrl+u")
		d.send(tea.PasteMsg{Content: "A*2x"})
		press("enter")
		d.sees(`move 1 of the schedule, "A*2x": after * comes how often`)
		press("backspace", " ", "B", "enter")
		d.sees("after 3 steps", "So far (3): A A B")

		press("W", "ctrl+u")
		d.send(tea.PasteMsg{Content: "procession demo deadlock --set order=same --schedule 'A'"})
		press("enter")
		d.sees("that is for another run, procession demo deadlock --set order=same")
		press("ctrl+u")
		d.send(tea.PasteMsg{Content: "procession demo fake --schedule 'B A'\n"})
		press("tab")
		d.sees("after 0 of 2 steps", "enter: B does read counter")
		press("enter", "U")
		d.sees("So far (2): B A")
	})
}

// TestScheduleThatCannotBe: where a schedule cannot be played to its end, the step
// and the reason are told, and it can be mended, or gone on from.
func TestScheduleThatCannotBe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := stepConfig()
		cfg.Demo, cfg.Options = "fake", demo.Options{Seed: 42, Step: true, Schedule: demo.Schedule{"A", "A", "A", "A", "B"}}
		d := drive(t, cfg, 80, 24)
		defer d.close()
		d.pass(time.Second)
		d.sees("step 4 of the schedule, A: A has no more steps", "W opens the schedule, to be mended")
		d.press("W")
		d.sees("> A A A A B_", "step 4 of the schedule, A: A has no more steps.")
		d.press("esc", "u")
		d.pass(time.Second)
		d.sees("undone to 3 steps", "A: through")
	})
}

// TestCommand: the command has what differs from how the demo is without options.
func TestCommand(t *testing.T) {
	s := &stagePage{info: demo.Info{Name: "x", Places: []demo.Place{demo.Processes, demo.Nodes}, Params: []demo.Param{{Name: "a", Default: "1"}, {Name: "b", Default: "2"}}},
		opt: demo.Options{Place: demo.Nodes, Params: map[string]string{"a": "1", "b": "it's 3"}}}
	if got, want := s.command(demo.Schedule{"A", "kill:B"}), `procession demo x --place nodes --set b='it'\''s 3' --schedule 'A kill:B'`; got != want {
		t.Errorf("%s, not %s", got, want)
	}
}
