package tui

import (
	"fmt"
	"slices"
	"sync"
	"time"

	"edu/procession/demos/demo"
	"edu/procession/demos/trace"
)

// fakeSteps is a run in step mode: two workers each read, add and write, and are
// held before each step. What happens does so in Go, and in no goroutine.
type fakeSteps struct {
	mu      sync.Mutex
	log     *trace.Recorder
	done    chan struct{}
	over    bool
	moves   int
	counter int
	at      map[trace.ID]int
	has     map[trace.ID]int
	err     error
}

var fakeWorkers = []trace.ID{"A", "B"}

const fakeStepsEach = 3

func startFakeSteps(d demo.Demo, o demo.Options) (demo.Run, error) {
	r := &fakeSteps{log: trace.NewRecorder(trace.Header{Demo: d.Info().Name, Place: "processes", Seed: o.Seed, Pace: "real", Sample: 125 * time.Millisecond}),
		done: make(chan struct{}), at: map[trace.ID]int{}, has: map[trace.ID]int{}}
	for i, id := range fakeWorkers {
		r.log.Add(trace.Stage, id, trace.Start{PID: 100 + i, PPID: 99, Role: "adder"})
		r.log.Add(trace.Worker, id, trace.Ready{PID: 100 + i, Took: 5 * time.Millisecond})
		r.log.Add(trace.Worker, id, trace.StepWait{Text: r.next(id)})
	}
	r.log.Add(trace.Stage, "", trace.Say{Text: "Who goes?", Stream: "caption"})
	r.settle()
	for _, who := range o.Schedule {
		if err := r.Go(who); err != nil {
			r.err = fmt.Errorf("step %d of the schedule, %s: %w", r.moves+1, who, err)
			r.Stop()
			break
		}
	}
	for o.Choose != nil && !r.over {
		var moves []trace.ID
		for _, e := range r.log.Events(0) {
			if _, ok := e.Data.(trace.StepGo); ok {
				moves = append(moves, e.Who)
			}
		}
		r.Go(o.Choose(moves, r.ready()))
	}
	return r, nil
}

func (r *fakeSteps) next(id trace.ID) string {
	switch r.at[id] {
	case 0:
		return "read counter"
	case 1:
		return fmt.Sprintf("add: %d + 1", r.has[id])
	case 2:
		return fmt.Sprintf("write counter = %d", r.has[id])
	}
	return ""
}

func (r *fakeSteps) ready() (ready []trace.ID) {
	for _, id := range fakeWorkers {
		if r.at[id] < fakeStepsEach {
			ready = append(ready, id)
		}
	}
	return ready
}

func (r *fakeSteps) settle() {
	ready := r.ready()
	r.log.Add(trace.Stage, "", trace.Settled{N: r.moves, Ready: ready})
	if len(ready) == 0 {
		r.log.Add(trace.Stage, "", trace.Verdict{OK: true, Text: fmt.Sprintf("the counter is %d", r.counter)})
		r.end()
	}
}

func (r *fakeSteps) end() {
	if !r.over {
		r.over = true
		r.log.Close()
		close(r.done)
	}
}

func (r *fakeSteps) Go(who trace.ID) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case r.over:
		return fmt.Errorf("the run is over")
	case !slices.Contains(fakeWorkers, who):
		return fmt.Errorf("there is no worker %q; A or B could go", who)
	case r.at[who] == fakeStepsEach:
		return fmt.Errorf("%s has no more steps", who)
	}
	r.moves++
	r.log.Add(trace.Learner, who, trace.StepGo{N: r.moves, Text: r.next(who)})
	switch r.at[who] {
	case 0:
		r.has[who] = r.counter
		r.log.Add(trace.Worker, who, trace.Cell{Is: trace.KindRead, Cell: "counter", Value: fmt.Sprint(r.counter)})
	case 1:
		r.has[who]++
	case 2:
		lost := r.has[who] <= r.counter
		r.counter = r.has[who]
		r.log.Add(trace.Worker, who, trace.Cell{Is: trace.KindWrite, Cell: "counter", Value: fmt.Sprint(r.counter)})
		if lost {
			r.log.Add(trace.Stage, "", trace.Solved{Puzzle: "lose", N: r.moves})
		}
	}
	r.at[who]++
	r.log.Add(trace.Worker, who, trace.StepWait{Text: r.next(who)})
	r.settle()
	return nil
}

func (r *fakeSteps) Act(name string, target trace.ID) error {
	r.log.Add(trace.Learner, "", trace.Act{Action: name, Target: target, Error: "not in a fake"})
	return fmt.Errorf("not in a fake")
}
func (r *fakeSteps) Log() *trace.Recorder  { return r.log }
func (r *fakeSteps) Done() <-chan struct{} { return r.done }
func (r *fakeSteps) Err() error            { return r.err }
func (r *fakeSteps) Finish()               { r.Stop() }
func (r *fakeSteps) Stop() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.end()
}

// stepConfig is a course whose demo has steps.
func stepConfig() Config {
	cfg := testConfig()
	cfg.Demos = []demo.Demo{fakeDemo{"fake", 3, true}}
	cfg.Start = func(d demo.Demo, o demo.Options) (demo.Run, error) {
		if o.Step {
			return startFakeSteps(d, o)
		}
		return startFake(d, o)
	}
	return cfg
}
