package pool

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"edu/procession/demos/demo"
)

// Demo is pool-of-workers.
type Demo struct{}

var _ demo.Demo = Demo{}

// maxWorkers is how many workers the keys and the parameter allow.
const maxWorkers = 64

// grace is how long workers may take to leave at the end. One that is stopped
// never does.
const grace = 2 * time.Second

// maxAttempts is how often a task is handed out with retry.
const maxAttempts = 5

// Info implements demo.Demo.
func (Demo) Info() demo.Info {
	return demo.Info{
		Name:  "pool-of-workers",
		Title: "A pool of workers",
		Doc: "A master hands tasks to workers that it uses again and again, and gives the results back in the order of the tasks. " +
			"One worker does all tasks first, for comparison; then the whole pool does them. " +
			"Kill a worker in mid-task, stop one, poison a task, and change the number of workers. " +
			"In place threads the workers are threads of one Go process, which has no interpreter lock: they compute at once as processes do, and a kill ends them all.",
		Places:   []demo.Place{demo.Processes, demo.Threads},
		Computes: true,
		Params: []demo.Param{
			{Name: "workers", Default: "2", Check: demo.Int(1, maxWorkers), Doc: "processes in the pool"},
			{Name: "tasks", Default: "24", Check: demo.Int(1, 100_000), Doc: "calls of the function"},
			{Name: "work", Default: "auto", Check: orWord("auto", demo.Duration(0, 10*time.Second)),
				Doc: "how much work a task is, on average; auto: 250ms for eyes, 25ms with --pace fast; 0: a task that does nothing"},
			{Name: "kind", Default: "cpu", Check: demo.Choice("cpu", "wait"), Doc: "cpu: the work is CPU time; wait: it is waiting for a timer"},
			{Name: "spread", Default: "50", Check: demo.Int(0, 100), Doc: "percent by which a task may be more or less work; the seed says which"},
			{Name: "chunk", Default: "1", Check: demo.Int(1, maxChunk), Doc: "tasks that travel together"},
			{Name: "window", Default: "auto", Check: orWord("auto", demo.Int(1, 256)),
				Doc: "calls that a worker may hold unanswered; auto: 1, and more for tasks of under a millisecond"},
			{Name: "poison", Default: "none", Check: orWord("none", demo.Int(0, 99_999)), Doc: "the number of a task that fails"},
			{Name: "retry", Default: "false", Check: demo.Bool(), Doc: "whether the task of a killed worker is handed out again, five times at most"},
			{Name: "victim", Default: "none", Check: orWord("none", demo.Int(0, 99_999)), Doc: "the number of a task whose worker is killed (SIGKILL) when it has begun it, in the pool"},
			{Name: "kills", Default: "1", Check: demo.Int(1, maxAttempts), Doc: "how many workers the victim costs, one an attempt"},
			{Name: "serial", Default: "true", Check: demo.Bool(), Doc: "whether one worker does all tasks first"},
		},
		Actions: []demo.Action{
			{Name: "more", Key: "+", Doc: "one more worker"},
			{Name: "fewer", Key: "-", Doc: "one worker fewer: the last one leaves when it has answered"},
			{Name: "poison", Key: "x", Doc: "poison: the next task that is handed out fails"},
			{Name: "again", Key: "r", Doc: "run the same tasks again"},
			demo.Kill, demo.Stop, demo.Cont,
		},
		Gauges: []demo.Gauge{
			{Name: "serial", Unit: "s", Doc: "all tasks by one worker: from the call of map to the last result"},
			{Name: "makespan", Unit: "s", Doc: "all tasks by the pool: from the call of map to the last result"},
			{Name: "speedup", Unit: "×", Doc: "serial by makespan; measured only when neither lost a task"},
			{Name: "utilisation", Unit: "%", Doc: "of the workers' time in the pool's run, how much they spent on tasks, by their own clocks; also for each worker"},
			{Name: "tasks-per-second", Unit: "/s", Doc: "tasks done or failed by the makespan"},
			{Name: "lost", Doc: "tasks whose worker died and that nobody ran again"},
			{Name: "failed", Doc: "tasks that ran and returned an error"},
			{Name: "executions", Doc: "how often a task was begun in the pool's run; one that was killed in mid-task counts"},
			{Name: "chunk", Doc: "tasks that travelled together"},
			{Name: "handoff", Unit: "µs", Doc: "from the end of a task until the same worker began its next, by its own clock: the result goes out in between, and the task comes in; median of the pool's run, for tasks of a millisecond and more"},
			{Name: "redelivery", Unit: "ms", Doc: "from the end of a worker, as the kernel tells it, until its task was handed out again; only where it is"},
		},
	}
}

// Roles implements demo.Demo.
func (Demo) Roles() map[string]demo.Role { return map[string]demo.Role{"worker": worker} }

func orWord(word string, check func(string) error) func(string) error {
	return func(s string) error {
		if s == word {
			return nil
		}
		if err := check(s); err != nil {
			return fmt.Errorf("%s or %w", word, err)
		}
		return nil
	}
}

// setting is what the parameters say.
type setting struct {
	job
	rules
	workers, tasks, bad int // bad: -1 for none
	victim, kills       int // victim: -1 for none
	serial              bool
}

func settings(s demo.Stage) (setting, error) {
	set := setting{
		job: job{
			seed: s.Seed(), spread: demo.IntParam(s, "spread"), wait: s.Param("kind") == "wait",
			work: demo.DurationParam(s, "work"),
		},
		rules:   rules{chunk: demo.IntParam(s, "chunk"), window: demo.IntParam(s, "window"), attempts: 1},
		workers: demo.IntParam(s, "workers"), tasks: demo.IntParam(s, "tasks"), bad: -1, victim: -1, kills: demo.IntParam(s, "kills"),
		serial: s.Param("serial") == "true",
	}
	if s.Param("work") == "auto" {
		set.work = s.Pace().Scale(250 * time.Millisecond)
	}
	if s.Param("window") == "auto" {
		set.window = autoWindow(set.work * time.Duration(set.chunk))
	}
	if s.Param("retry") == "true" {
		set.attempts = maxAttempts
	}
	if bad, err := strconv.Atoi(s.Param("poison")); err == nil {
		if set.bad = bad; bad >= set.tasks {
			return set, fmt.Errorf("poison=%d: the tasks are 0 to %d", bad, set.tasks-1)
		}
	}
	if victim, err := strconv.Atoi(s.Param("victim")); err == nil {
		if set.victim = victim; victim >= set.tasks {
			return set, fmt.Errorf("victim=%d: the tasks are 0 to %d", victim, set.tasks-1)
		}
	}
	return set, nil
}

// maxAutoWindow is for tasks that do nothing: enough that a worker seldom waits
// for the next call, and not so much that one of two gets all (BenchmarkWindow).
const maxAutoWindow = 64

// autoWindow is enough calls for a millisecond of work: 1 for tasks that can be
// seen, so that a killed worker loses what it worked on and nothing else.
func autoWindow(call time.Duration) int {
	if call <= eye/maxAutoWindow {
		return maxAutoWindow
	}
	return max(int(eye/call), 1)
}

// longest is the most work that a task can be.
func (j job) longest() time.Duration { return j.work + j.work*time.Duration(j.spread)/100 }

var (
	errFinished = errors.New("finished by the learner")
	errStalled  = errors.New("the pool waits for a worker that does not answer")
)

// Play implements demo.Demo.
func (Demo) Play(ctx context.Context, s demo.Stage) error {
	t, err := newPlay(ctx, s)
	if err != nil {
		return err
	}
	defer t.pool.close(ctx, grace)
	err = t.scenes(ctx)
	t.pool.close(ctx, grace)
	return t.verdict(err)
}
