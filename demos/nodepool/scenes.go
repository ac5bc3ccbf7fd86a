package nodepool

import (
	"context"
	"fmt"
	"strings"
	"time"

	"edu/procession/demos/demo"
	"edu/procession/demos/trace"
)

// until takes what happens until ok says so, nil for never, or d has passed, or
// the learner has finished.
func (pl *play) until(ctx context.Context, ok func() bool, d time.Duration) error {
	var failed error
	err := demo.Loop[news]{
		Stage: pl, News: pl.news, Take: pl.take,
		Look: func() {
			if err := pl.look(ctx); err != nil && failed == nil {
				failed = err
			}
		},
		Act: func(a demo.Act) error { return pl.act(ctx, a) },
	}.Until(ctx, func() bool { return failed != nil || ok != nil && ok() }, d)
	if err == nil {
		err = failed
	}
	return err
}

// scenes are the tasks by one worker, the tasks by the pool, and what the learner
// makes of it.
func (pl *play) scenes(ctx context.Context) error {
	ready := func() bool {
		for _, w := range pl.live() {
			if !w.ready {
				return false
			}
		}
		return true
	}
	if err := pl.until(ctx, ready, demo.ForEver); err != nil || demo.Finished(pl) {
		return err
	}
	pl.Gauge("chunk", 1, "")
	if pl.Serial {
		pl.Say("First one worker does all %s, for comparison; the others wait for a message.", demo.Plural(pl.Tasks, "task"))
		if err := pl.do(ctx, pl.first()); err != nil || demo.Finished(pl) {
			return err
		}
		pl.serial = pl.round.took()
		pl.Gauge("serial", pl.serial.Seconds(), "s")
		if err := pl.until(ctx, nil, pl.Pace().Scale(600*time.Millisecond)); err != nil || demo.Finished(pl) {
			return err
		}
	}
	if err := pl.together(ctx); err != nil || demo.Finished(pl) {
		return err
	}
	switch end := pl.ScriptEnd(); {
	case pl.Attended():
		return pl.until(ctx, nil, demo.ForEver)
	case end > 0:
		wait := max(end-pl.Now(), 0) + 100*time.Millisecond + pl.Pace().Scale(500*time.Millisecond)
		return pl.until(ctx, nil, wait)
	}
	return nil
}

// first is who does all tasks alone: the first that is there.
func (pl *play) first() trace.ID {
	if live := pl.live(); len(live) > 0 {
		return live[0].id
	}
	return ""
}

// do has all tasks done once more, by one worker or, without one, by all.
func (pl *play) do(ctx context.Context, only trace.ID) error {
	pl.begin(only)
	return pl.until(ctx, func() bool { return !pl.round.running }, demo.ForEver)
}

// begin tells the master to have all tasks done.
func (pl *play) begin(only trace.ID) {
	pl.tasks = make([]task, pl.Tasks)
	for i := range pl.tasks {
		pl.tasks[i].state = trace.KindTaskNew
	}
	for _, w := range pl.workers {
		w.busy, w.did = 0, false
	}
	pl.round = round{order: order{Round: pl.round.Round + 1, Tasks: pl.Tasks, Bad: pl.Bad, Only: only}, began: pl.Now(), running: true, pooled: only == ""}
	pl.round.last = pl.round.began
	pl.master().p.Send(pl.round.order.String()) // fails only when it has ended, and then the next one is told
}

// together has the pool do all tasks.
func (pl *play) together(ctx context.Context) error {
	pl.Say("%s, the same %s: each asks for the next one when the broker has its result. Kill one in mid-task (k), or add one (+).",
		demo.Plural(len(pl.live()), "worker"), demo.Plural(pl.Tasks, "task"))
	return pl.do(ctx, "")
}

// ended measures a round of the pool.
func (pl *play) ended() {
	r := &pl.round
	took := r.took()
	pl.Gauge("makespan", took.Seconds(), "s")
	if pl.serial > 0 {
		pl.Gauge("speedup", pl.serial.Seconds()/took.Seconds(), "×")
	}
	var busy, span time.Duration
	for _, w := range pl.workers {
		from, to := max(w.came, r.began), r.last
		if w.exit != nil {
			to = min(to, w.died)
		}
		if to <= from {
			continue
		}
		busy += w.busy
		span += to - from
		pl.Emit("", trace.Gauge{Name: string(w.id), Value: percent(w.busy, to-from), Unit: "%", Group: "utilisation", Paced: pl.Pace() == demo.Slow})
	}
	pl.Gauge("utilisation", percent(busy, span), "%")
	pl.Gauge("tasks-per-second", float64(r.done+r.failed)/took.Seconds(), "/s")
	pl.Gauge("lost", float64(pl.Tasks-r.done-r.failed), "")
	pl.Gauge("failed", float64(r.failed), "")
	pl.Gauge("executions", float64(r.executions), "")
	pl.figure("duplicates", float64(pl.duplicates), "")
	text := fmt.Sprintf("Ended in the order %s: the master hands the results over in the order of the tasks.", list(r.sequence, pl.Tasks))
	if r.failed > 0 {
		text = fmt.Sprintf("All results are in the broker, and %s: whoever asks for that result learns of it.", demo.Plural(r.failed, "error"))
	}
	if again := r.executions - pl.Tasks; again > 0 {
		text += fmt.Sprintf(" %s handed out again, and nothing is lost.", demo.Plural(again, "task"))
	}
	if pl.Attended() {
		text += " Change the workers (+ -) and run again (r)."
	}
	pl.Say("%s", text)
}

func percent(part, whole time.Duration) float64 {
	if whole <= 0 {
		return 0
	}
	return 100 * float64(part) / float64(whole)
}

// list shows the begin of an order.
func list(order []int, all int) string {
	s := strings.Trim(fmt.Sprint(order), "[]")
	if all > len(order) {
		s += " and so on"
	}
	return s
}

// look notices that nobody is there, or that nothing comes.
func (pl *play) look(ctx context.Context) error {
	if !pl.round.running {
		pl.lonely = 0
		return nil
	}
	if len(pl.live()) > 0 {
		pl.lonely = 0
	} else if pl.lonely == 0 {
		pl.lonely = pl.Now()
		pl.Say("No worker is left. The broker keeps the tasks, and nobody waits in vain for ever: + adds a node.")
	} else if !pl.Attended() && pl.Now()-pl.lonely > pl.lease {
		w, err := pl.hire(ctx)
		if err != nil {
			return fmt.Errorf("no worker could be started: %w", err)
		}
		pl.Say("%s comes, on a node of its own. Nobody had to be told: it asks for work.", w.id)
	}
	patience := 2*time.Second + 2*pl.lease + 2*pl.Longest()*time.Duration(len(pl.live())+1)
	if quiet := pl.Now() - max(pl.round.last, pl.lonely); quiet < patience {
		pl.stalled = false
		return nil
	} else if !pl.stalled {
		pl.stalled = true
		pl.Say("No result for %.0f s. Silence has no reason: slow, stopped, cut off or gone? The tasks are in the broker.", quiet.Seconds())
	}
	if !pl.Attended() && pl.Now() > pl.ScriptEnd()+patience {
		return errStalled
	}
	return nil
}
