package pool

import (
	"testing"

	"edu/procession/demos/demo"
	"edu/procession/demos/trace"
)

// book is what a log says of the tasks of one run.
type book struct {
	tasks  int
	counts map[trace.Kind]int // ends
	ends   []trace.Task       // by task
}

// books folds the tasks of a log into its runs and checks rule 1 on the way: a
// task begins before it is done, ends once, and nothing comes after its end. In
// runs that are over, every task has ended.
func books(t testing.TB, events []trace.Event, over bool) (runs []*book) {
	t.Helper()
	type line struct {
		new, begun, ended bool
		attempt           int
	}
	var lines []line
	finish := func() {
		if over {
			for i, l := range lines {
				if !l.ended {
					t.Errorf("run %d: task %d never ended", len(runs), i)
				}
			}
		}
	}
	for _, e := range events {
		f, ok := e.Data.(trace.Task)
		if !ok {
			continue
		}
		if f.Is == trace.KindTaskNew {
			if f.Task == 0 {
				finish()
				lines = nil
				runs = append(runs, &book{counts: map[trace.Kind]int{}})
			}
			if f.Task != len(lines) {
				t.Fatalf("run %d: task %d is new after %d", len(runs), f.Task, len(lines))
			}
			lines = append(lines, line{new: true, attempt: 1})
			b := runs[len(runs)-1]
			b.tasks, b.ends = len(lines), append(b.ends, trace.Task{})
			continue
		}
		if f.Task >= len(lines) {
			t.Fatalf("%v of a task that does not exist: %+v", f.Is, f)
		}
		b, l := runs[len(runs)-1], &lines[f.Task]
		if l.ended {
			t.Errorf("run %d: %v of task %d after its end", len(runs), f.Is, f.Task)
		}
		if f.Worker == "" || f.Is != trace.KindTaskRetry && f.Attempt != l.attempt {
			t.Errorf("run %d: %+v, but attempt %d is under way", len(runs), f, l.attempt)
		}
		switch f.Is {
		case trace.KindTaskRun:
			if l.begun {
				t.Errorf("run %d: task %d began twice in attempt %d", len(runs), f.Task, f.Attempt)
			}
			l.begun = true
		case trace.KindTaskRetry:
			l.begun, l.attempt = false, l.attempt+1
			if f.Attempt != l.attempt {
				t.Errorf("run %d: %+v is no next attempt", len(runs), f)
			}
		case trace.KindTaskDone, trace.KindTaskFail:
			if !l.begun {
				t.Errorf("run %d: task %d ended without a begin", len(runs), f.Task)
			}
			fallthrough
		case trace.KindTaskLost:
			l.ended = true
			b.counts[f.Is]++
			b.ends[f.Task] = f
		}
	}
	finish()
	return runs
}

func (b *book) want(t testing.TB, done, failed, lost int) {
	t.Helper()
	if d, f, l := b.counts[trace.KindTaskDone], b.counts[trace.KindTaskFail], b.counts[trace.KindTaskLost]; d != done || f != failed || l != lost {
		t.Errorf("%d done, %d failed, %d lost; want %d, %d, %d", d, f, l, done, failed, lost)
	}
}

func fast(seed uint64, params ...string) demo.Options {
	o := demo.Options{Pace: demo.Fast, Seed: seed, Params: map[string]string{}}
	for i := 0; i < len(params); i += 2 {
		o.Params[params[i]] = params[i+1]
	}
	return o
}
