package pool

import (
	"context"
	"fmt"
	"os"
	"strings"
	"time"

	"edu/procession/demos/demo"
	"edu/procession/demos/trace"
)

// play is one run of the demo: its scenes are the tasks on one worker, the tasks
// on the pool, and what the learner makes of it.
type play struct {
	demo.Stage
	setting
	pool *pool
	size int  // workers that there are to be
	one  *run // by one worker
	last *run // by the pool

	stalled bool // the caption says that nothing comes

	// With the pool locked:
	killers map[trace.ID]func()   // how to kill a worker
	pooled  bool                  // it is the pool's run, not that of one worker
	begun   int                   // tasks, in that run
	orphans map[int]time.Duration // tasks that wait again, and when their worker ended
}

// newPlay has a pool that is to be closed, and no workers in it yet.
func newPlay(ctx context.Context, s demo.Stage) (*play, error) {
	set, err := settings(s)
	if err != nil {
		return nil, err
	}
	t := &play{Stage: s, setting: set, size: set.workers, killers: map[trace.ID]func(){}, orphans: map[int]time.Duration{}}
	t.pool = newPool(set.rules, hooks{task: t.fact, gone: t.gone}, t.hire(ctx))
	return t, nil
}

func (t *play) scenes(ctx context.Context) error {
	t.pool.resize(t.size)
	if err := t.pool.ready(ctx); err != nil {
		return err
	}
	t.Gauge("chunk", float64(t.chunk), "")
	if t.serial {
		t.Say("First one worker does all %s, for comparison; the others wait in a read of their pipes.", demo.Plural(t.tasks, "task"))
		if err := t.alone(ctx); err != nil {
			return err
		}
		if err := t.linger(ctx, t.Pace().Scale(600*time.Millisecond)); err != nil {
			return err
		}
	}
	if err := t.together(ctx); err != nil {
		return err
	}
	return t.rest(ctx)
}

// alone has one worker do all tasks.
func (t *play) alone(ctx context.Context) error {
	r := t.pool.mapTasks(t.tasks, 1, t.bad)
	if err := t.serve(ctx, r.over, nil); err != nil {
		return err
	}
	t.one = r
	t.Gauge("serial", r.took.Seconds(), "s")
	return r.err
}

// together has the pool do all tasks, measures, and asks for the results.
func (t *play) together(ctx context.Context) error {
	if err := t.pool.ready(ctx); err != nil {
		return err
	}
	t.Say("%s, the same %s: each takes the next one as soon as it is free. Kill one in mid-task (k), or add one (+).", demo.Plural(t.size, "worker"), demo.Plural(t.tasks, "task"))
	t.pool.mu.Lock()
	t.pooled, t.begun = true, 0
	t.pool.mu.Unlock()
	r := t.pool.mapTasks(t.tasks, maxWorkers, t.bad)
	if err := t.serve(ctx, r.over, nil); err != nil {
		return err
	}
	if r.err != nil {
		return r.err
	}
	t.last = r
	t.Gauge("makespan", r.took.Seconds(), "s")
	if t.one != nil && t.one.counts[lost]+r.counts[lost] == 0 {
		t.Gauge("speedup", t.one.took.Seconds()/r.took.Seconds(), "×")
	}
	t.Gauge("utilisation", r.utilisation(), "%")
	for _, s := range r.shares {
		t.Emit("", trace.Gauge{Name: string(s.who), Value: percent(s.busy, s.span), Unit: "%",
			Group: "utilisation", Paced: t.Pace() == demo.Slow})
	}
	t.Gauge("tasks-per-second", float64(r.counts[done]+r.counts[failed])/r.took.Seconds(), "/s")
	t.Gauge("lost", float64(r.counts[lost]), "")
	t.Gauge("failed", float64(r.counts[failed]), "")
	t.pool.mu.Lock()
	begun := t.begun
	t.pool.mu.Unlock()
	t.Gauge("executions", float64(begun), "")
	if us, ok := Median(r.gaps); ok {
		t.Gauge("handoff", us, "µs")
	}
	return t.ask(r)
}

// ask takes the results in the order of the tasks, which is when their caller
// learns of errors. Its error is a result that is wrong.
func (t *play) ask(r *run) error {
	raised, missing := -1, -1
	for i, o := range r.tasks {
		switch {
		case o.state == done && o.value != t.value(uint32(i)):
			return fmt.Errorf("task %d came back with a wrong result", i)
		case o.state == failed && raised < 0:
			raised = i
		case o.state == lost && missing < 0:
			missing = i
		}
	}
	switch {
	case missing >= 0 && t.attempts > 1:
		t.Say("The caller asks for the results: task %d was given up, and that is its result. Nobody waits for it.%s", missing, t.hint())
	case missing >= 0:
		t.Say("The caller asks for the results: task %d never gets one. Python's map would wait for it for ever.%s", missing, t.hint())
	case raised >= 0:
		t.Say("The caller asks for the results: only now task %d raises %q.%s", raised, r.tasks[raised].text, t.hint())
	default:
		t.Say("Ended in the order %s, handed over in the order %s.%s", first(r.order, t.tasks), first(numbers(len(r.order)), t.tasks), t.hint())
	}
	return nil
}

func (t *play) hint() string {
	if !t.Attended() {
		return ""
	}
	return " Change the workers (+ -) and run again (r)."
}

// rest goes on until the learner has had enough, or until a while after the last
// scripted action.
func (t *play) rest(ctx context.Context) error {
	if t.Attended() {
		return t.serve(ctx, nil, nil)
	}
	if end := t.ScriptEnd(); end > 0 {
		if err := t.linger(ctx, end-t.Now()+100*time.Millisecond+t.Pace().Scale(500*time.Millisecond)); err != nil {
			return err
		}
		return t.pool.ready(ctx)
	}
	return nil
}

// linger serves the learner's actions for a time.
func (t *play) linger(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	return t.serve(ctx, nil, timer.C)
}

// serve carries out actions until over or the timer. With over, which is that of
// a run, it looks after that run.
func (t *play) serve(ctx context.Context, over <-chan struct{}, timer <-chan time.Time) error {
	look := time.NewTicker(200 * time.Millisecond)
	defer look.Stop()
	for {
		select {
		case <-over:
			return nil
		case <-timer:
			return nil
		case a := <-t.Actions():
			if err := t.act(ctx, a.Name, over != nil); err != nil {
				return err
			}
		case <-look.C:
			if err := t.look(); over != nil && err != nil {
				return err
			}
		case <-t.Finished():
			return errFinished
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// act does what a key asks for.
func (t *play) act(ctx context.Context, name string, running bool) error {
	switch name {
	case "more":
		if t.size == maxWorkers {
			t.Say("%d workers are all that this pool takes.", maxWorkers)
			return nil
		}
		t.size++
		t.pool.resize(t.size)
		t.Say("One more: %s from now on.", demo.Plural(t.size, "worker"))
	case "fewer":
		if t.size == 1 {
			t.Say("A pool needs at least one worker.")
			return nil
		}
		t.size--
		t.pool.resize(t.size)
		t.Say("One fewer: the last worker gets no more tasks, answers what it holds, and leaves.")
	case "poison":
		t.pool.spoilNext()
		t.Say("The next task that is handed out has a bad argument: watch where its error goes.")
	case "again":
		if running {
			t.Say("Not yet: the tasks are still under way.")
			return nil
		}
		return t.together(ctx)
	}
	return nil
}

// look notices that nothing has come for longer than the tasks can take. Alone,
// without a learner, the play ends then.
func (t *play) look() error {
	quiet, held := t.pool.quiet()
	patience := 2*time.Second + 2*t.longest()*time.Duration(t.chunk*max(t.size, 1))
	if quiet < patience || len(held) == 0 {
		t.stalled = false
		return nil
	}
	if !t.stalled {
		t.stalled = true
		h := held[0]
		t.Say("Nothing for %.0f s: %s has task %d. Slow, or stopped? The pipe cannot tell, and the pool waits.", quiet.Seconds(), h.who, h.task)
	}
	if !t.Attended() && t.Now() > t.ScriptEnd()+patience {
		return errStalled
	}
	return nil
}

// verdict says how it came out. What a learner did to the pool is no failure.
func (t *play) verdict(err error) error {
	r := t.last
	switch err {
	case nil, errFinished:
	case errStalled:
		t.Verdict(true, "the pool still waited for a worker that did not answer: without a timeout, it would for ever")
		return nil
	default:
		return err
	}
	if r == nil {
		t.Verdict(true, "ended by the learner before the pool had done its tasks")
		return nil
	}
	t.Verdict(true, "%s: %d done, %d failed, %d lost", demo.Plural(len(r.tasks), "task"), r.counts[done], r.counts[failed], r.counts[lost])
	return nil
}

// fact and gone are the pool's hooks.
func (t *play) fact(who trace.ID, f trace.Task) {
	t.Emit(who, f)
	if died, ok := t.orphans[f.Task]; ok && f.Is == trace.KindTaskRun {
		delete(t.orphans, f.Task)
		t.Gauge("redelivery", float64(t.Now()-died)/1e6, "ms")
	}
	if !t.pooled || f.Is != trace.KindTaskRun {
		return
	}
	t.begun++
	if kill := t.killers[who]; kill != nil && f.Task == t.victim && f.Attempt <= t.kills {
		t.Say("%s has begun task %d, and is killed (SIGKILL).", who, f.Task)
		kill()
	}
}

func (t *play) gone(d departure) {
	if d.closing {
		return
	}
	for _, task := range d.retried {
		t.orphans[task] = t.Now()
	}
	what := fmt.Sprintf("%s ended with %s", d.who, d.how)
	if d.fault != nil {
		what = fmt.Sprintf("%s was ended, for it said what is wrong (%v)", d.who, d.fault)
	}
	comes := "a new worker comes"
	if d.asked {
		comes = "it was asked to leave"
	}
	switch {
	case len(d.lost) > 0 && t.attempts > 1:
		t.Say("%s: %s given up after %s, which cost as many workers; %s.", what, list(d.lost, "is", "are"), demo.Plural(t.attempts, "attempt"), comes)
	case len(d.lost) > 0:
		t.Say("%s: %s lost, and nobody retries; %s, which brings no task back.", what, list(d.lost, "is", "are"), comes)
	case len(d.retried) > 0:
		t.Say("%s: %s handed out again, and may so run twice; %s.", what, list(d.retried, "is", "are"), comes)
	default:
		t.Say("%s while it held no task: nothing is lost; %s.", what, comes)
	}
}

// hire starts a worker with a pipe each way.
func (t *play) hire(ctx context.Context) func(context.Context) (conn, error) {
	return func(hiring context.Context) (conn, error) {
		calls, callsW, err := os.Pipe()
		if err != nil {
			return conn{}, err
		}
		answers, answersW, err := os.Pipe()
		if err != nil {
			calls.Close()
			callsW.Close()
			return conn{}, err
		}
		p, err := t.Spawn(hiring, demo.Spec{Role: "worker", Args: t.args(), Files: []*os.File{calls, answersW}})
		calls.Close()
		answersW.Close()
		if err != nil {
			callsW.Close()
			answers.Close()
			return conn{}, err
		}
		kill := func() { p.Signal(demo.SigKill) }
		t.pool.mu.Lock()
		t.killers[p.ID()] = kill
		t.pool.mu.Unlock()
		return conn{
			id: p.ID(), calls: callsW, answers: answers,
			kill:   kill,
			ending: func() string { return ending(ctx, p) },
		}, nil
	}
}

// ending waits for the end of a process whose pipe has ended already.
func ending(ctx context.Context, p demo.Proc) string {
	select {
	case <-p.Exited():
	case <-ctx.Done():
	case <-time.After(2 * time.Second): // it closed its pipe, but lives
		p.Signal(demo.SigKill)
	}
	x, err := p.Wait(ctx)
	if err != nil {
		return "the run"
	}
	return x.String()
}

// list names tasks and gives their verb: "task 7 is", "tasks 7, 8 and 31 more are".
func list(of []int, one, many string) string {
	if len(of) == 1 {
		return fmt.Sprintf("task %d %s", of[0], one)
	}
	const most = 3
	s := "tasks " + strings.Trim(strings.Join(strings.Fields(fmt.Sprint(of[:min(len(of), most)])), ", "), "[]")
	if n := len(of) - most; n > 0 {
		s += fmt.Sprintf(" and %d more", n)
	}
	return s + " " + many
}

// first shows the begin of an order.
func first(order []int, all int) string {
	const most = 8
	s := strings.Trim(fmt.Sprint(order[:min(len(order), most)]), "[]")
	if all > most {
		s += " and so on"
	}
	return s
}

func numbers(n int) []int {
	s := make([]int, n)
	for i := range s {
		s[i] = i
	}
	return s
}
