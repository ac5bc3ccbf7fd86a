package pool

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"time"

	"edu/procession/demos/demo"
)

// eye is what is long enough to be seen: tasks of so much work, on average, are
// announced when they begin.
const eye = time.Millisecond

// job is the function that the tasks are calls of. The code of it is in the
// worker already; only the number of the task crosses.
type job struct {
	seed   uint64
	work   time.Duration // of a task, on average
	spread int           // percent by which a task may take less or more
	wait   bool          // for a timer, instead of computing
}

// args and jobOf carry a job to a worker.
func (j job) args() map[string]string {
	return map[string]string{
		"seed": strconv.FormatUint(j.seed, 10), "work": j.work.String(),
		"spread": strconv.Itoa(j.spread), "wait": strconv.FormatBool(j.wait),
	}
}

func jobOf(w *demo.Worker) job {
	seed, _ := strconv.ParseUint(w.Arg("seed"), 10, 64)
	return job{seed, w.DurationArg("work"), w.IntArg("spread"), w.Arg("wait") == "true"}
}

// mix is the finaliser of splitmix64: a number that looks like chance.
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// value is the result of a task.
func (j job) value(task uint32) uint64 { return mix(j.seed ^ mix(uint64(task))) }

// effort is how much work a task is: the same in every run with the seed.
func (j job) effort(task uint32) time.Duration {
	if j.spread == 0 || j.work == 0 {
		return j.work
	}
	chance := mix(j.value(task)) % 2001 // 0…2000 is -spread…+spread
	return j.work + j.work*time.Duration(j.spread)*(time.Duration(chance)-1000)/100_000
}

// do runs a task. A bad argument fails after the same work.
func (j job) do(task uint32, work func(time.Duration)) answer {
	bad := task&poisoned != 0
	task &^= poisoned
	began := time.Now()
	if d := j.effort(task); d > 0 {
		work(d)
	}
	a := answer{task: task, value: j.value(task), took: time.Since(began)}
	if bad {
		a.failed, a.text = true, fmt.Sprintf("bad input %d", task)
	}
	return a
}

// serve answers calls until the end of the stream. It writes when there is
// nothing more to read, and before each task of a job that announces them.
func (j job) serve(calls io.Reader, answers io.Writer, work func(time.Duration)) error {
	in := inbox{from: calls}
	var out []byte
	var tasks []uint32
	var done []answer
	var ended time.Time // the last task
	for {
		kind, body, ok, err := in.next()
		if err != nil {
			return err
		}
		if !ok {
			if len(out) > 0 {
				if _, err := answers.Write(out); err != nil {
					return fmt.Errorf("answer: %w", err)
				}
				out = out[:0]
			}
			switch err := in.fill(); err {
			case nil:
				continue
			case io.EOF: // no more calls: that is how a pool says goodbye
				return nil
			default:
				return fmt.Errorf("next call: %w", err)
			}
		}
		if kind != kindCall {
			return fmt.Errorf("%w: %q to a worker", errFrame, kind)
		}
		if tasks, err = parseTasks(body, tasks[:0]); err != nil {
			return err
		}
		done = done[:0]
		for _, task := range tasks {
			if j.work >= eye { // all of a job, or none: the master counts on it
				var gap time.Duration
				if !ended.IsZero() {
					gap = time.Since(ended)
				}
				out = appendBegan(out, task&^poisoned, gap)
				if _, err := answers.Write(out); err != nil {
					return fmt.Errorf("began: %w", err)
				}
				out = out[:0]
			}
			done = append(done, j.do(task, work))
			if j.work >= eye {
				ended = time.Now()
			}
		}
		out = appendAnswer(out, done)
	}
}

// worker is the role: file 0 brings calls, file 1 takes answers.
func worker(_ context.Context, w *demo.Worker) error {
	j := jobOf(w)
	return j.serve(w.File(0), w.File(1), j.by(w))
}

// by is how a worker spends the time of a task.
func (j job) by(w *demo.Worker) func(time.Duration) {
	if j.wait {
		return w.Sleep
	}
	return func(d time.Duration) { w.Spin(d) }
}
