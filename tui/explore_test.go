package tui

import (
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"edu/procession/demos/demo"
)

// TestExplore counts how all schedules come out, puts one on stage and goes through
// it step by step. None of the runs that explore is kept.
func TestExplore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := stepConfig()
		cfg.Unkept = cfg.Start
		var mu sync.Mutex
		kept := 0
		start := cfg.Start
		cfg.Start = func(d demo.Demo, o demo.Options) (demo.Run, error) {
			mu.Lock()
			kept++
			mu.Unlock()
			return start(d, o)
		}
		d := stepDrive(t, cfg)
		defer d.close()
		d.press("E")
		d.pass(time.Second)
		// By hand: two workers of three steps interleave in 6!/(3!3!) = 20 ways, and no
		// update is lost where one is through before the other begins.
		d.sees("EXPLORED  20 schedules, which are all", "18 of 20  the counter is 1", "2 of 20  the counter is 2")
		d.press("b")
		d.sees("Nobody has done a step on stage yet")
		d.press("+")
		d.sees("There are no others")
		d.press("down", "enter")
		d.pass(100 * time.Millisecond)
		d.sees("after 0 of 6 steps")
		d.press("enter", "enter", "U") // too quick: once is what counts
		for _, k := range []string{"U", "enter", "enter", "U", "enter"} {
			d.pass(100 * time.Millisecond)
			d.press(k)
		}
		d.pass(100 * time.Millisecond)
		d.sees("OVER", "the counter is 2")
		if kept != 2 {
			t.Errorf("%d runs are kept, of two that were on stage", kept)
		}
		d.press("E") // what was found is still there
		d.sees("18 of 20  the counter is 1")
	})
}

// TestExploreFromHere explores what can still become of the run on stage.
func TestExploreFromHere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := stepDrive(t, stepConfig())
		defer d.close()
		d.sees("STEP MODE")
		for _, k := range []string{"enter", "down", "enter", "E"} {
			d.press(k)
			d.pass(100 * time.Millisecond)
		}
		d.pass(time.Second)
		d.press("b")
		d.pass(time.Second)
		// Both have read 0: 4!/(2!2!) ways are left, and all lose.
		d.sees("All begin as the stage has: A B", "6 of 6  the counter is 1", "b from the start")
		d.press("b")
		d.pass(time.Second)
		d.sees("18 of 20  the counter is 1")
	})
}

// slowSteps starts runs that end only when they are stopped.
type slowSteps struct {
	mu   sync.Mutex
	runs []*fakeSteps
}

func (s *slowSteps) start(d demo.Demo, o demo.Options) (demo.Run, error) {
	o.Choose = nil
	run, err := startFakeSteps(d, o)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.runs = append(s.runs, run.(*fakeSteps))
	return run, err
}

func (s *slowSteps) alive() (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range s.runs {
		select {
		case <-r.done:
		default:
			n++
		}
	}
	return n
}

// TestExploreIsLeft: esc stops what explores and tells so; leaving the page, and the
// program, stop it too.
func TestExploreIsLeft(t *testing.T) {
	for _, how := range []string{"esc", "q", "close"} {
		synctest.Test(t, func(t *testing.T) {
			cfg := stepConfig()
			var slow slowSteps
			cfg.Unkept = slow.start
			d := stepDrive(t, cfg)
			d.press("E")
			d.pass(time.Second)
			d.sees("EXPLORING  0 schedules so far, at most 1000")
			if slow.alive() == 0 {
				t.Error("nobody explores")
			}
			switch how {
			case "esc":
				d.press("esc")
				d.sees("STOPPED  after 0 schedules", "Stopped: these are the runs")
			case "q":
				d.press("q")
				d.sees("STEP MODE")
			case "close":
				if err := d.m.Close(); err != nil {
					t.Error(err)
				}
				d.pass(time.Second)
			}
			if n := slow.alive(); n > 0 {
				t.Errorf("%s: %d runs go on", how, n)
			}
			d.close()
		})
	}
}

// TestExploreFails: a run that fails is told of.
func TestExploreFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := stepConfig()
		cfg.Unkept = func(d demo.Demo, o demo.Options) (demo.Run, error) {
			o.Schedule, o.Choose = demo.Schedule{"C"}, nil
			return startFakeSteps(d, o)
		}
		d := stepDrive(t, cfg)
		defer d.close()
		d.press("E")
		d.pass(time.Second)
		d.sees("FAILED  after 0 schedules", `step 1 of the schedule, C: there is no worker "C"`)
	})
}

// TestRedo: what was undone is done again, unless another way was taken since.
func TestRedo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := stepDrive(t, stepConfig())
		defer d.close()
		press := func(keys string) {
			for _, k := range strings.Fields(keys) {
				d.press(k)
				d.pass(100 * time.Millisecond)
			}
		}
		press("U")
		d.sees("There is nothing to do again")
		press("enter enter down enter u u")
		d.sees("undone to 1 of 3 steps", "U redo")
		press("U U")
		d.sees("So far (3): A A B")
		press("u u down enter")
		d.sees("So far (2): A B")
		press("U")
		d.sees("There is nothing to do again")
		press("u u U U")
		d.sees("So far (2): A B")
	})
}
