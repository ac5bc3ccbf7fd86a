package tui

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"edu/procession/demos/demo"
	"edu/procession/demos/trace"
)

// twoDemo is a fakeDemo that runs in two places.
type twoDemo struct{ fakeDemo }

func (d twoDemo) Info() demo.Info {
	info := d.fakeDemo.Info()
	info.Places = []demo.Place{demo.Processes, demo.Threads}
	return info
}

// starts are the runs that were started, those of one moment in any order.
type starts struct {
	mu  sync.Mutex
	all []demo.Options
}

func (s *starts) add(o demo.Options) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all = append(s.all, o)
}

// versusConfig opens two places.
func versusConfig(started *starts, turns bool) Config {
	cfg := testConfig()
	cfg.Demos = []demo.Demo{twoDemo{fakeDemo{"fake", 3, false}}}
	cfg.Start = func(d demo.Demo, o demo.Options) (demo.Run, error) {
		if started != nil {
			started.add(o)
		}
		return startFake(d.(twoDemo).fakeDemo, o)
	}
	cfg.Demo, cfg.Versus, cfg.Turns = "fake", []demo.Place{demo.Threads, demo.Processes}, turns
	return cfg
}

// acts lists what the log of a side has of the learner.
func acts(s *stagePage) (out []string) {
	for _, e := range s.run.Log().Events(0) {
		if a, ok := e.Data.(trace.Act); ok {
			out = append(out, a.Action+" "+string(a.Target))
		}
	}
	return out
}

func wants(t *testing.T, screen string, words ...string) {
	t.Helper()
	for _, w := range words {
		if !strings.Contains(screen, w) {
			t.Errorf("no %q on\n%s", w, screen)
		}
	}
}

// One key acts on both sides, which have one seed and one workload, and the
// numbers of both stand below, on the smallest window and on a wide one.
func TestVersus(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var started starts
		d := drive(t, versusConfig(&started, false), 80, 24)
		defer d.close()
		d.pass(time.Second)
		if len(started.all) != 2 || started.all[0].Place == started.all[1].Place || started.all[0].Seed != 42 || started.all[1].Seed != 42 {
			t.Fatalf("started: %+v", started.all)
		}
		wants(t, d.screen(), "versus", "seed 42 in each", "THREADS", "PROCESSES", "LIVE", "start of a worker", "ratio", "to worker-1 in each")
		d.press("down", "k")
		d.pass(time.Second)
		v := d.m.top().(*versusPage)
		for _, s := range v.sides {
			if got := acts(s); len(got) != 1 || got[0] != "kill worker-2" {
				t.Errorf("in %s: %q", s.opt.Place, got)
			}
		}
		wants(t, d.screen(), "worker-2")
		d.press("L")
		wants(t, d.screen(), "Side by side", "ended by a kill", "for each kill of yours")
		d.press("esc", "S", "f")
		d.pass(time.Second)
		for _, w := range []int{80, 120, 200} {
			d.m.w = w
			d.m.dirty = true
			wants(t, d.screen(), "OVER", "All tasks are done", "start of a worker")
		}
		d.press("R")
		d.pass(time.Second)
		if len(started.all) != 4 || started.all[2].Seed != 42 || started.all[3].Seed != 42 {
			t.Errorf("again: %+v", started.all)
		}
		if left := len(d.m.runs.alive); left != 2 {
			t.Errorf("%d runs are alive, not 2", left)
		}
		d.press("D") // back to one place
		d.pass(time.Second)
		if _, ok := d.m.top().(*stagePage); !ok || len(started.all) != 5 || len(d.m.runs.alive) != 1 {
			t.Errorf("one place: %T, %d started, %d alive", d.m.top(), len(started.all), len(d.m.runs.alive))
		}
		d.press("D") // and to both again, with the same seed
		d.pass(time.Second)
		wants(t, d.screen(), "seed 42 in each", "THREADS")
		if len(d.m.runs.alive) != 2 {
			t.Errorf("both again: %d alive", len(d.m.runs.alive))
		}
	})
}

// In turns, the second begins when the first is over, and has done to it what
// was done to the first, at the same time.
func TestVersusInTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var started starts
		d := drive(t, versusConfig(&started, true), 120, 40)
		defer d.close()
		d.pass(time.Second)
		wants(t, d.screen(), "in turns", "its turn comes")
		if len(started.all) != 1 {
			t.Fatalf("%d started", len(started.all))
		}
		d.press("k")
		at := d.m.top().(*versusPage).sides[0].player.clock
		d.pass(time.Second)
		d.press("f")
		d.pass(time.Second)
		if len(started.all) != 2 {
			t.Fatalf("%d started", len(started.all))
		}
		if s := started.all[1].Script; len(s) != 1 || s[0].Name != "kill" || s[0].Target != "worker-1" || s[0].At != at {
			t.Errorf("what is done to the second: %+v, not at %v", s, at)
		}
		if started.all[0].Seed != started.all[1].Seed {
			t.Error("two seeds")
		}
		wants(t, d.screen(), "OVER", "LIVE")
	})
}

// threeDemo is a fakeDemo that runs in three places, and can be cut in one of them.
type threeDemo struct{ fakeDemo }

func (d threeDemo) Info() demo.Info {
	info := d.fakeDemo.Info()
	info.Places = []demo.Place{demo.Processes, demo.Threads, demo.Nodes}
	info.Actions = append(info.Actions, demo.Action{Name: "cut", Key: "d", Target: demo.ToProc, Only: demo.Nodes})
	return info
}

// Of three places, D shows two after two, and then the one that it came from; what
// only one of them can do is done there alone.
func TestVersusOfThree(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var started starts
		cfg := testConfig()
		cfg.Demos = []demo.Demo{threeDemo{fakeDemo{"fake", 3, false}}}
		cfg.Start = func(d demo.Demo, o demo.Options) (demo.Run, error) {
			started.add(o)
			return startFake(d.(threeDemo).fakeDemo, o)
		}
		cfg.Demo, cfg.Options.Place = "fake", demo.Threads
		d := drive(t, cfg, 80, 24)
		defer d.close()
		d.pass(time.Second)
		if s := d.m.top().(*stagePage); slices.ContainsFunc(s.info.Actions, func(a demo.Action) bool { return a.Name == "cut" }) {
			t.Error("a link can be cut between threads")
		}
		for _, want := range []string{"processes threads", "threads nodes", "processes nodes"} {
			d.press("D")
			d.pass(time.Second)
			v, ok := d.m.top().(*versusPage)
			if got := strings.Trim(fmt.Sprint(v.places), "[]"); !ok || got != want {
				t.Fatalf("%s, not %s", got, want)
			}
			d.screen() // somebody is selected
			d.press("d")
			d.pass(time.Second)
			for i, s := range v.sides {
				if did := len(acts(s)); (v.places[i] == demo.Nodes) != (did == 1) {
					t.Errorf("in %s and %s: %d cuts in %s", v.places[0], v.places[1], did, v.places[i])
				}
			}
		}
		d.press("D")
		d.pass(time.Second)
		if s, ok := d.m.top().(*stagePage); !ok || s.place() != demo.Threads || len(d.m.runs.alive) != 1 {
			t.Errorf("in the end: %T, %d alive", d.m.top(), len(d.m.runs.alive))
		}
		for _, o := range started.all {
			if o.Seed != started.all[0].Seed && o.Seed != 42 {
				t.Errorf("another seed: %+v", o)
			}
		}
	})
}

// A demo with one place says so, and goes on.
func TestVersusOfOnePlace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := testConfig()
		cfg.Demo = "fake"
		d := drive(t, cfg, 80, 24)
		defer d.close()
		d.pass(time.Second)
		d.press("D")
		wants(t, d.screen(), "one place only: processes", "LIVE")
	})
}

// A place that is not there is said on its side, and the other plays.
func TestVersusNotHere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := versusConfig(nil, false)
		start := cfg.Start
		cfg.Start = func(d demo.Demo, o demo.Options) (demo.Run, error) {
			if o.Place == demo.Threads {
				return nil, demo.ErrNotHere
			}
			return start(d, o)
		}
		d := drive(t, cfg, 80, 24)
		defer d.close()
		d.pass(time.Second)
		wants(t, d.screen(), "could not be started", "not possible on this system", "LIVE")
		d.press("k", "f", "L", "esc", "space", "R")
		d.pass(time.Second)
		d.screen()
	})
}

// TestMashVersus is TestMash on two stages.
func TestMashVersus(t *testing.T) {
	strokes := 5_000
	if testing.Short() {
		strokes = 500
	}
	synctest.Test(t, func(t *testing.T) { mash(t, 4, strokes, func() Config { return versusConfig(nil, false) }) })
	synctest.Test(t, func(t *testing.T) { mash(t, 5, strokes, func() Config { return versusConfig(nil, true) }) })
}
