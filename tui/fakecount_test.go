package tui

import (
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"edu/procession/demos/demo"
	"edu/procession/demos/trace"
	"edu/procession/lessons"
	"edu/procession/lessons/progress"
)

// counting is a demo whose unattended runs take 100 ms each and lose, in turn, what
// lost says.
type counting struct {
	mu   sync.Mutex
	lost []float64
	runs []*fakeRun
	most int // runs at once
}

func (c *counting) start(d demo.Demo, o demo.Options) (demo.Run, error) {
	if o.Attended {
		return startFake(d, o)
	}
	r := &fakeRun{log: trace.NewRecorder(trace.Header{Demo: d.Info().Name, Seed: o.Seed, Pace: string(o.Pace)}),
		stop: make(chan struct{}), finish: make(chan struct{}), done: make(chan struct{})}
	c.mu.Lock()
	defer c.mu.Unlock()
	n := len(c.runs)
	c.runs = append(c.runs, r)
	alive := 0
	for _, other := range c.runs {
		select {
		case <-other.done:
		default:
			alive++
		}
	}
	c.most = max(c.most, alive)
	go func() {
		defer close(r.done)
		defer r.log.Close()
		select {
		case <-r.stop:
			return
		case <-time.After(100 * time.Millisecond):
		}
		if n == 5 && o.Params["fail"] != "" {
			r.err = fmt.Errorf("a worker said nothing")
			return
		}
		r.log.Add(trace.Stage, "", trace.Gauge{Name: "lost", Value: c.lost[n%len(c.lost)]})
		r.log.Add(trace.Stage, "", trace.Verdict{OK: true, Text: "over"})
	}()
	return r, nil
}

// countConfig is a course whose lessons ask for a count as well.
func countConfig(set map[string]string) (Config, *counting) {
	c := &counting{lost: []float64{0, 12, 0, 350, 7, 40}}
	cfg := testConfig()
	cfg.Start = c.start
	for _, l := range cfg.Course.Lessons() {
		l.Questions = append(l.Questions, lessons.Question{ID: "lost", Text: "Two add, without a lock. In how many of 12 runs is an update lost?",
			Forecast: &lessons.Forecast{Outcome: "lost an update", Why: "It depends on who is at it *when*.", Demo: "fake", Set: set, Runs: 12, Gauge: "lost"}})
	}
	return cfg, c
}

// reviewConfig is a learner who has predicted, and comes back a week later.
func reviewConfig() Config {
	cfg, _ := countConfig(nil)
	for _, l := range cfg.Course.Lessons() {
		other := l.Questions[0]
		other.Text = "Two children are stopped with SIGSTOP. What does `is_alive()` say of each?"
		l.Questions[0].Variants = []lessons.Question{other}
	}
	then := time.Date(2026, 3, 1, 22, 0, 0, 0, time.UTC)
	cfg.Now = func() time.Time { return then.AddDate(0, 0, 7) }
	cfg.Progress.Update(func(st *progress.State) {
		st.Predict("second", progress.Prediction{Question: "alive", Choice: 0, Confidence: 3, When: then})
		st.Predict("first", progress.Prediction{Question: "alive", Choice: 1, Confidence: 1, Right: true, When: then.AddDate(0, 0, -1)})
		st.Predict("second", progress.Prediction{Question: "lost", Choice: 3, Confidence: 2, Runs: 12, Seen: 8, When: then})
	})
	return cfg
}

// TestForecast: runs go one after another, fast and unattended; the answer is kept
// when all are counted, and is not when they are left.
func TestForecast(t *testing.T) {
	ask := func(t *testing.T, set map[string]string) (*driver, *counting) {
		cfg, c := countConfig(set)
		cfg.Open = "second"
		d := drive(t, cfg, 80, 24)
		d.press("enter", "enter", "1", "1", "1", "2")
		if d.press("enter"); len(c.runs) > 0 {
			t.Error("runs before it is said how sure")
		}
		d.press("3")
		return d, c
	}
	predicted := func(d *driver) (progress.Prediction, bool) {
		p, ok := d.m.cfg.Progress.State().Lesson("second").Prediction("lost")
		return p, ok
	}
	synctest.Test(t, func(t *testing.T) {
		d, c := ask(t, nil)
		defer d.close()
		d.pass(time.Second)
		if _, ok := predicted(d); ok {
			t.Error("kept before it was counted")
		}
		d.pass(time.Second)
		if p, ok := predicted(d); !ok || p.Choice != 12 || p.Runs != 12 || p.Seen != 8 || p.Right || p.Confidence != 3 {
			t.Errorf("kept %+v, %v", p, ok)
		}
		if len(c.runs) != 12 || c.most != 1 {
			t.Errorf("%d runs, %d at once", len(c.runs), c.most)
		}
		for _, r := range c.runs {
			if h := r.log.Header(); h.Pace != "fast" {
				t.Errorf("a run at %s pace", h.Pace)
			}
		}
		if n := len(d.m.cfg.Progress.State().Lesson("second").Runs); n > 0 {
			t.Errorf("%d runs were noted in the lesson", n)
		}
	})
	synctest.Test(t, func(t *testing.T) { // left
		d, c := ask(t, nil)
		defer d.close()
		d.pass(450 * time.Millisecond)
		d.press("esc")
		d.pass(time.Second)
		if len(c.runs) != 5 {
			t.Errorf("%d runs", len(c.runs))
		}
		for i, r := range c.runs {
			select {
			case <-r.done:
			default:
				t.Errorf("run %d goes on", i+1)
			}
		}
		if _, ok := predicted(d); ok {
			t.Error("kept what was not counted")
		}
		if p := d.m.top().(*lessonPage); p.locked(4) {
			t.Error("who has predicted may read why")
		}
	})
	synctest.Test(t, func(t *testing.T) { // a run fails
		d, c := ask(t, map[string]string{"fail": "yes"})
		defer d.close()
		d.pass(3 * time.Second)
		if _, ok := predicted(d); ok || len(c.runs) != 6 {
			t.Errorf("%d runs, kept: %v", len(c.runs), ok)
		}
	})
}
