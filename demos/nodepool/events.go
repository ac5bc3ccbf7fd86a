package nodepool

import (
	"context"
	"errors"

	"edu/procession/demos/cluster/broker"
	"edu/procession/demos/demo"
	"edu/procession/demos/trace"
)

// keepOrder is how many ends a round remembers in their order.
const keepOrder = 8

func (pl *play) take(n news) {
	switch {
	case n.exit != nil:
		pl.gone(n.who, n.exit)
	case n.block != nil:
		if w := pl.worker(n.who); w != nil {
			w.ready, w.begun = true, n.block.On == ""
			pl.strike(w)
		}
	case n.task != nil && n.task.Task < len(pl.tasks):
		pl.fact(*n.task)
	}
}

// fact takes what the master says of a task.
func (pl *play) fact(f trace.Task) {
	t, w := &pl.tasks[f.Task], pl.worker(f.Worker)
	switch f.Is {
	case trace.KindTaskRun:
		pl.round.executions++
		if f.Attempt > 1 {
			pl.again(t, f)
		}
		t.worker, t.attempt, t.orphan = f.Worker, f.Attempt, 0
		if w != nil {
			w.task, w.since, w.did = f.Task, pl.Now(), true
			pl.strike(w)
		}
	case trace.KindTaskDone, trace.KindTaskFail:
		if t.state != trace.KindTaskNew {
			return
		}
		t.state = f.Is
		if f.Is == trace.KindTaskDone {
			pl.round.done++
		} else {
			pl.round.failed++
		}
		pl.round.last = pl.Now()
		if len(pl.round.sequence) < keepOrder {
			pl.round.sequence = append(pl.round.sequence, f.Task)
		}
		pl.through(w, f)
		if pl.round.done+pl.round.failed == pl.Tasks {
			pl.round.running = false
			if pl.round.pooled {
				pl.ended()
			}
		}
	case trace.KindTaskDup:
		pl.duplicates++
		pl.figure("duplicates", float64(pl.duplicates), "")
		pl.through(w, f)
		pl.Say("%s comes with a result for task %d, which is done: its lease had ended, and somebody else did it. Counted, and thrown away.", f.Worker, f.Task)
	}
}

// through takes that a worker has computed something, whatever it counts for.
func (pl *play) through(w *member, f trace.Task) {
	if w == nil {
		return
	}
	w.busy += f.Took
	if w.task == f.Task {
		w.task = -1
	}
}

// again takes that a task is handed out once more.
func (pl *play) again(t *task, f trace.Task) {
	old := pl.worker(t.worker)
	if old != nil && old.task == f.Task {
		old.task = -1
	}
	switch {
	case old != nil && t.orphan > 0:
		took := pl.Now() - t.orphan
		pl.Gauge("redelivery", float64(took)/1e6, "ms")
		pl.Say("%.1f s after %s had ended, its task %d was given to %s: the lease was over. The task is not lost.", took.Seconds(), old.id, f.Task, f.Worker)
	case old != nil && old.exit == nil && old.id != f.Worker:
		pl.Say("The lease of task %d was over, and %s got it too. %s may still be at it: then it is done twice.", f.Task, f.Worker, old.id)
	}
}

// strike kills the worker that has begun the task that is to cost workers.
func (pl *play) strike(w *member) {
	if !pl.round.pooled || !w.begun || w.task < 0 || w.task != pl.Victim || pl.tasks[w.task].attempt > pl.Kills || w.exit != nil {
		return
	}
	pl.Say("%s has begun task %d, and is killed (SIGKILL).", w.id, w.task)
	w.p.Signal(demo.SigKill)
}

// gone takes the kernel's word that a process has ended.
func (pl *play) gone(id trace.ID, x *trace.Exit) {
	if pl.b.OnStage() && id == pl.b.Proc().ID() {
		pl.Say("The broker has ended (%s). Its files remain, and workers keep what they cannot deliver; b starts it again.", x)
		return
	}
	for _, m := range pl.masters {
		if m.id == id {
			m.exit = x
			pl.Say("The master has ended (%s). Tasks and results are in the broker; b starts a new master.", x)
		}
	}
	w := pl.worker(id)
	if w == nil || w.exit != nil {
		return
	}
	w.exit, w.died = x, pl.Now()
	switch t := w.task; {
	case t >= 0 && pl.tasks[t].state == trace.KindTaskNew:
		w.busy += w.died - max(w.since, pl.round.began)
		pl.tasks[t].orphan = w.died
		pl.Emit(id, trace.Task{Is: trace.KindTaskRetry, Task: t, Worker: id, Attempt: pl.tasks[t].attempt + 1, Note: "its worker ended; the lease runs on"})
		pl.Say("%s ended with %s and task %d in hand. Its kernel knows; the master hears nothing, and the lease of %v runs on. Nobody replaces it: + adds a node.", id, x, t, pl.lease)
	case w.asked:
		pl.Say("%s has left, as it was asked to.", id)
	default:
		pl.Say("%s ended with %s while it held no task: nobody is told, and nobody replaces it (+ adds a node).", id, x)
	}
	if pl.round.running && pl.round.Only == id { // another does the rest alone
		pl.round.Only = pl.first()
		pl.master().p.Send(pl.round.order.String())
	}
}

// figure reports a number when it is another than before.
func (pl *play) figure(name string, v float64, unit string) {
	if was, ok := pl.shown[name]; !ok || was != v {
		pl.shown[name] = v
		pl.Gauge(name, v, unit)
	}
}

// act does the learner's actions that the stage leaves to the demo.
func (pl *play) act(ctx context.Context, a demo.Act) error {
	live := pl.live()
	switch a.Name {
	case "more":
		if len(live) >= maxWorkers {
			pl.Say("%d workers are all that this stage takes.", maxWorkers)
			return nil
		}
		w, err := pl.hire(ctx)
		if err != nil {
			return pl.grumble(ctx, "No worker was added", err)
		}
		if pl.round.running && !pl.round.pooled && pl.round.Only == "" { // it comes to do it alone
			pl.round.Only = w.id
			pl.master().p.Send(pl.round.order.String())
		}
		pl.Say("%s has come. Nobody had to be told: it asks for work.", w.id)
	case "fewer":
		if len(live) <= 1 {
			pl.Say("A pool needs at least one worker.")
			return nil
		}
		w := live[len(live)-1]
		w.asked = true
		w.p.CloseSend()
		pl.Say("One fewer: %s finishes what it holds, says goodbye, and leaves.", w.id)
	case "poison":
		pl.master().p.Send(order{Spoil: true}.String())
		pl.Say("The next task that is handed out has a bad argument: watch where its error goes.")
	case "again":
		if pl.round.running || pl.round.Round < 0 {
			pl.Say("Not yet: the tasks are still under way.")
			return nil
		}
		pl.Say("%s, the same %s again.", demo.Plural(len(live), "worker"), demo.Plural(pl.Tasks, "task"))
		pl.begin("")
	case "start":
		who, err := pl.restart(ctx)
		switch {
		case err != nil:
			return pl.grumble(ctx, "It was not started", err)
		case who == "":
			pl.Say("Broker and master are both alive. k kills the one that is selected.")
		default:
			pl.Say("%s has started, and takes over from what is in the broker's files.", who)
		}
	case "cut", "heal":
		pl.link(a)
	}
	return nil
}

// link cuts or heals the link of a process's node.
func (pl *play) link(a demo.Act) {
	var at trace.ID
	for _, n := range append(append([]*member(nil), pl.masters...), pl.workers...) {
		if n.id == a.Target {
			at = n.at
		}
	}
	switch cut := at != "" && pl.net.IsCut(at, broker.Name); {
	case at == "":
		pl.Say("Choose the master or a worker: each has one link, to the broker.")
	case a.Name == "cut" && cut:
		pl.Say("The link of %s is cut already. h heals it.", at)
	case a.Name == "heal" && !cut:
		pl.Say("The link of %s is not cut. d cuts it.", at)
	case a.Name == "cut":
		pl.net.Cut(at, broker.Name)
		pl.Say("The link between %s and the broker is cut (injected), and neither is told.", at)
	default:
		pl.net.Heal(at, broker.Name)
		pl.Say("The link of %s is whole again: what was held back arrives now.", at)
	}
}

// restart starts again whichever of broker and master has ended.
func (pl *play) restart(ctx context.Context) (who string, err error) {
	if pl.b.OnStage() && ended(pl.b.Proc()) {
		if err := pl.b.Restart(ctx); err != nil {
			return "", err
		}
		pl.watch(ctx, pl.b.Proc())
		who = string(pl.b.Proc().ID())
	}
	if ended(pl.master().p) {
		if err := pl.newMaster(ctx)(); err != nil {
			return "", err
		}
		if who != "" {
			who += " and "
		}
		who += string(pl.master().id)
	}
	return who, nil
}

// ended says that a process has ended, which the play may not have taken yet.
func ended(p demo.Proc) bool {
	select {
	case <-p.Exited():
		return true
	default:
		return false
	}
}

// grumble captions what could not be done; a run that is over is no such thing.
func (pl *play) grumble(ctx context.Context, what string, err error) error {
	if ctx.Err() != nil || errors.Is(err, context.Canceled) {
		return err
	}
	pl.Say("%s: %v.", what, err)
	return nil
}
