package remote

import (
	"context"
	"errors"
	"fmt"
	"time"

	"edu/procession/demos/cluster/broker"
	"edu/procession/demos/demo"
	"edu/procession/demos/trace"
)

// until takes what happens until ok says so, nil for never, or d has passed, or
// the learner has finished.
func (pl *play) until(ctx context.Context, ok func() bool, d time.Duration) error {
	return demo.Loop[news]{
		Stage: pl.s, News: pl.news, Take: pl.take, Look: func() {},
		Act: func(a demo.Act) error { return pl.act(ctx, a) },
	}.Until(ctx, ok, d)
}

// say captions what happened, where no script does.
func (pl *play) say(format string, args ...any) {
	if pl.tells {
		pl.s.Say(format, args...)
	}
}

func (pl *play) take(n news) {
	if n.exit != nil {
		pl.ended(n.who, n.exit)
		return
	}
	if n.came {
		if pl.joined[n.who] {
			return // a new master has heard of it
		}
		pl.joined[n.who] = true
		pl.say("%s has joined from elsewhere. It asks for work as the others do; its kernel is not ours to ask.", n.who)
		return
	}
	t := pl.tasks[n.task.Task]
	if t == nil {
		t = &task{}
		pl.tasks[n.task.Task] = t
	}
	w := pl.worker(n.task.Worker)
	switch n.task.Is {
	case trace.KindTaskRun:
		pl.executions++
		pl.figure("executions", float64(pl.executions), "")
		if pl.executions == 1 {
			pl.s.Gauge("first-task", float64(pl.s.Now())/1e6, "ms")
		}
		if old := pl.worker(t.worker); old != nil && old.task == n.task.Task {
			old.task = -1
		}
		if n.task.Attempt > 1 {
			pl.again(t, n.task)
		}
		t.worker, t.attempt, t.orphan = n.task.Worker, n.task.Attempt, 0
		if w != nil {
			w.task, w.since = n.task.Task, pl.s.Now()
		}
	case trace.KindTaskDone:
		if t.done {
			return
		}
		t.done = true
		pl.done++
		if w != nil && w.task == n.task.Task {
			w.task = -1
		}
		pl.figure("done", float64(pl.done), "")
		now := pl.s.Now()
		if pl.brokerBack > 0 && !pl.brokerDead {
			pl.s.Gauge("broker-back", float64(now-pl.brokerBack)/1e6, "ms")
			pl.say("%s has the tasks and results that %s left in its files: the work goes on.", pl.b.Proc().ID(), broker.Name)
			pl.brokerBack = 0
		}
		if pl.masterBack > 0 && n.who == pl.master().name {
			pl.s.Gauge("master-back", float64(now-pl.masterBack)/1e6, "ms")
			pl.masterBack = 0
		}
		if pl.done == pl.all {
			pl.say("%s. Press n for as many again.", pl.summary())
		}
	case trace.KindTaskDup:
		pl.duplicates++
		pl.figure("duplicates", float64(pl.duplicates), "")
		pl.say("%s comes with a result for task %d, which is done: its lease had ended, and somebody else did it. Counted, and thrown away.", n.task.Worker, n.task.Task)
	}
}

// again takes that a task was given out once more.
func (pl *play) again(t *task, n trace.Task) {
	pl.redelivered++
	pl.figure("redelivered", float64(pl.redelivered), "")
	old := pl.worker(t.worker)
	switch {
	case old != nil && old.exit != nil && t.orphan > 0:
		took := pl.s.Now() - t.orphan
		pl.s.Gauge("redelivery", float64(took)/1e6, "ms")
		pl.lastBack = fmt.Sprintf("%.1f s after %s had ended, its task %d was given to %s: the lease was over", took.Seconds(), old.name, n.Task, n.Worker)
		pl.say("%s.", pl.lastBack)
	case old != nil && old.exit == nil:
		pl.say("The lease of task %d was over, and %s got it too. %s may still be at it: it will be done twice.", n.Task, n.Worker, old.name)
	}
}

// ended takes the kernel's word that a process has ended.
func (pl *play) ended(id trace.ID, x *trace.Exit) {
	now := pl.s.Now()
	if pl.b.OnStage() && id == pl.b.Proc().ID() {
		pl.brokerDead = true
		pl.say("The broker has ended (%s). Its files remain. Workers finish what they have and keep the result; press b to start it again.", x)
		return
	}
	for _, m := range pl.masters {
		if m.name == id {
			m.exit, m.died = x, now
			pl.say("The master has ended (%s). Tasks and results are in the broker; press b for a new master, which takes over from there.", x)
		}
	}
	w := pl.worker(id)
	if w == nil {
		return
	}
	w.exit, w.died = x, now
	if w.task >= 0 {
		t := pl.tasks[w.task]
		t.orphan = now
		pl.s.Emit(id, trace.Task{Is: trace.KindTaskLost, Task: w.task, Worker: id, Attempt: t.attempt, Note: "its worker ended; the lease runs on"})
		pl.say("%s has ended (%s) with task %d in hand. Its kernel knows; the master does not. It hears nothing, and the lease of %s runs on.",
			id, x, w.task, pl.s.Param("lease"))
	} else {
		pl.say("%s has ended (%s), with no task in hand.", id, x)
	}
}

// figure reports a number when it is another than before.
func (pl *play) figure(name string, v float64, unit string) {
	if was, ok := pl.shown[name]; !ok || was != v {
		pl.shown[name] = v
		pl.s.Gauge(name, v, unit)
	}
}

// act does the learner's actions that the stage leaves to the demo.
func (pl *play) act(ctx context.Context, a demo.Act) error {
	switch a.Name {
	case "add":
		if pl.live() >= maxWorkers {
			pl.s.Say("There are %d workers already, as many as fit.", maxWorkers)
			return nil
		}
		if err := pl.newWorker(ctx)(); err != nil {
			return pl.grumble(ctx, "No worker was added", err)
		}
		pl.s.Say("%s has come. Nobody had to be told: it asks for work.", pl.workers[len(pl.workers)-1].name)
	case "invite":
		if at, token := pl.b.Invitation(); at != "" {
			pl.s.Say(invitation, at, token)
		} else {
			pl.s.Say("Nobody can join: start the demo with --listen 127.0.0.1:0 for other terminals, 0.0.0.0:0 for other machines, too.")
		}
	case "new":
		pl.all += demo.IntParam(pl.s, "tasks")
		pl.master().p.Send(fmt.Sprintf("put %d", pl.all))
		pl.s.Say("%d tasks in all.", pl.all)
	case "start":
		who, err := pl.restart(ctx)
		switch {
		case err != nil:
			return pl.grumble(ctx, "It was not started", err)
		case who == "":
			pl.s.Say("Broker and master are both alive. k kills the one that is selected.")
		default:
			pl.s.Say("%s has started.", who)
		}
	case "cut", "heal":
		at := pl.at(a.Target)
		switch {
		case at == "" || at == broker.Name:
			pl.s.Say("Choose the master or a worker: each has one link, to the broker.")
		case a.Name == "cut" && pl.net.IsCut(at, broker.Name):
			pl.s.Say("The link of %s is cut already. h heals it.", at)
		case a.Name == "heal" && !pl.net.IsCut(at, broker.Name):
			pl.s.Say("The link of %s is not cut. x cuts it.", at)
		case a.Name == "cut":
			pl.net.Cut(at, broker.Name)
			pl.s.Say("The link between %s and the broker is cut (injected), and neither is told.", at)
		default:
			pl.net.Heal(at, broker.Name)
			pl.s.Say("The link of %s is whole again.", at)
		}
	}
	return nil
}

// grumble captions what could not be done; a run that is over is no such thing.
func (pl *play) grumble(ctx context.Context, what string, err error) error {
	if ctx.Err() != nil || errors.Is(err, context.Canceled) {
		return err
	}
	pl.s.Say("%s: %v.", what, err)
	return nil
}

// at is the node of a process.
func (pl *play) at(id trace.ID) trace.ID {
	for _, n := range append(append([]*node(nil), pl.masters...), pl.workers...) {
		if n.name == id {
			return n.at
		}
	}
	return ""
}

func (pl *play) summary() string {
	return fmt.Sprintf("%d of %s done, in %s; given out again: %d, duplicates: %d",
		pl.done, demo.Plural(pl.all, "task"), demo.Plural(pl.executions, "execution"), pl.redelivered, pl.duplicates)
}
