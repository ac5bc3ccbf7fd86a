package brokers

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"edu/procession/demos/demo"
	"edu/procession/demos/trace"
)

// until takes what happens until ok says so, nil for never, or d has passed, or
// the learner has finished.
func (pl *play) until(ctx context.Context, ok func() bool, d time.Duration) error {
	return demo.Loop[fact]{Stage: pl.s, News: pl.facts, Take: pl.take, Look: pl.look,
		Act: func(a demo.Act) error { return pl.act(ctx, a) }}.Until(ctx, ok, d)
}

// hear is until for the end of the run, which comes after the learner has finished.
func (pl *play) hear(ctx context.Context, ok func() bool, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	for !ok() {
		select {
		case f := <-pl.facts:
			pl.take(f)
		case <-t.C:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// figure reports a number when it is another than before.
func (pl *play) figure(name string, v float64, unit string) {
	if was, ok := pl.shown[name]; !ok || was != v {
		pl.shown[name] = v
		pl.s.Gauge(name, v, unit)
	}
}

// at is the node whose process that is or was.
func (pl *play) at(id trace.ID) *node {
	for _, n := range append(append([]*node(nil), pl.servers...), pl.others...) {
		if n.p != nil && n.p.ID() == id {
			return n
		}
	}
	return nil
}

// running is how many servers run; a stopped one does nothing.
func (pl *play) running() (n int) {
	for _, b := range pl.servers {
		if !b.gone && b.p != nil && b.p.State() != trace.Stopped {
			n++
		}
	}
	return n
}

// enough says that a majority of the servers runs.
func (pl *play) enough() bool { return pl.running() > len(pl.servers)/2 }

// look updates how long a task has been waiting.
func (pl *play) look() {
	if wait := pl.s.Now() - pl.waiting; pl.waiting > 0 && wait > pl.longest {
		pl.longest = wait
		pl.figure("longest-wait", float64(wait/(100*time.Millisecond))/10, "s")
	}
}

func (pl *play) take(f fact) {
	at := time.Duration(f.At)
	switch f.What {
	case ended:
		pl.ended(f.Who, f.exit)
	case is:
		pl.part(f)
	case lends:
		if n := pl.at(f.Who); n != nil {
			pl.lends = n.name
		}
	case sent:
		pl.all = max(pl.all, f.Task+1)
		pl.waiting, pl.tries = at, 1
	case again:
		pl.resent++
		pl.tries++
		pl.figure("sent-again", float64(pl.resent), "")
		if pl.tries == 2 {
			pl.s.Say("Task %d has no acknowledgement. The stream may have it, or not: the producer cannot know, and sends it again, with the same id.", f.Task)
		}
	case acked:
		pl.acknowledged(f, at)
	case took:
		pl.hand[f.Who] = f.Task
	case did:
		delete(pl.hand, f.Who)
		t := trace.Task{Is: trace.KindTaskDone, Task: f.Task, Worker: f.Who}
		if pl.results[f.Task] {
			t.Is = trace.KindTaskDup
			pl.duplicates++
			pl.figure("duplicates", float64(pl.duplicates), "")
			pl.s.Say("%s has done task %d, which has a result already: the word that it was done had not come through. Counted, and thrown away.", f.Who, f.Task)
		}
		pl.results[f.Task] = true
		pl.s.Emit(f.Who, t)
		pl.figure("done", float64(len(pl.results)), "")
	}
}

func (pl *play) acknowledged(f fact, at time.Duration) {
	pl.acked[f.Task] = true
	if wait := at - pl.waiting; wait > pl.longest {
		pl.longest = wait
		pl.figure("longest-wait", float64(wait.Milliseconds())/1e3, "s")
	}
	if pl.tries > 1 {
		what := "stored it now"
		if f.Dup {
			what = "had it already, by its id"
			pl.recognised++
			pl.figure("recognised", float64(pl.recognised), "")
		}
		pl.s.Say("Task %d is acknowledged after %.1f s and %d attempts. The stream %s.", f.Task, (at - pl.waiting).Seconds(), pl.tries, what)
	}
	pl.waiting = 0
	pl.figure("acknowledged", float64(len(pl.acked)), "")
}

// part takes a server's word on what it is in the stream.
func (pl *play) part(f fact) {
	n := pl.at(f.Who)
	if n == nil || f.Role != "leader" || f.Term < pl.above || pl.since == 0 && f.Term == pl.above {
		return
	}
	switch took := time.Duration(f.At) - pl.since; {
	case pl.since > 0 && pl.first && !pl.minority:
		pl.s.Gauge("new-leader", took.Seconds(), "s")
		pl.s.Say("%s leads the stream now, by its own word, %.1f s after the leader had ended. Until then nothing was acknowledged.", n.name, took.Seconds())
	default:
		pl.s.Say("%s leads the stream, by its own word: it takes tasks, and acknowledges one when another server has it too.", n.name)
	}
	pl.first, pl.minority, pl.leader, pl.since, pl.above = true, false, n.name, 0, f.Term
}

// ended takes the kernel's word that a process has ended.
func (pl *play) ended(id trace.ID, x *trace.Exit) {
	n := pl.at(id)
	if n == nil {
		return
	}
	n.gone = true
	switch n.role {
	case "server":
		pl.down(n, x)
	case "producer":
		if pl.ending {
			return
		}
		pl.s.Say("The producer has ended (%s). What was acknowledged is in the stream; the task that it was about to send it had in its memory alone. b starts it again.", x)
		pl.waiting = 0
	default:
		task, had := pl.hand[id]
		if !had {
			pl.s.Say("%s has ended (%s), with no task in hand.", id, x)
			return
		}
		delete(pl.hand, id)
		pl.s.Emit(id, trace.Task{Is: trace.KindTaskLost, Task: task, Worker: id, Note: "its worker ended; the lease runs on"})
		pl.s.Say("%s has ended (%s) with task %d in hand. It was lent, not removed: the stream gives it out again when the lease is over.", id, x, task)
	}
}

// down takes that a server has ended.
func (pl *play) down(n *node, x *trace.Exit) {
	left := pl.running()
	pl.minority = pl.minority || !pl.enough()
	led := pl.leader == n.name
	if led {
		pl.since = pl.s.Now()
	}
	switch {
	case len(pl.servers) == 1:
		pl.s.Say("The only server has ended (%s). Its files remain. Producer and workers wait; nobody else has the tasks. b starts it again.", x)
	case left == 0:
		pl.s.Say("%s has ended (%s), the last of the servers. Three copies lie in files, and nobody reads them.", n.name, x)
	case !pl.enough():
		pl.s.Say("%s has ended (%s). %d of 3 is no majority: what runs cannot acknowledge a task, and does not. b starts one again.", n.name, x, left)
	case led:
		pl.s.Say("%s, which led the stream, has ended (%s). The other two must notice, by silence, and elect; until then nothing is acknowledged.", n.name, x)
	case pl.lends == n.name:
		pl.s.Say("%s has ended (%s). Tasks are taken and acknowledged as before; but it gave them out, and the workers wait until another server does.", n.name, x)
	default:
		pl.s.Say("%s has ended (%s). It followed: the leader and one other are still a majority, and go on.", n.name, x)
	}
}

// act does the one action that the stage leaves to the demo.
func (pl *play) act(ctx context.Context, a demo.Act) error {
	if a.Name != "start" {
		return nil
	}
	n, err := pl.restart(ctx)
	switch {
	case err != nil && ctx.Err() != nil:
		return err
	case err != nil:
		pl.s.Say("It was not started: %v.", err)
	case n == nil:
		pl.s.Say("Nothing has ended. k kills what is selected.")
	}
	return nil
}

// restart starts the process again that has been gone for longest, a server before
// the others; nil: nobody has ended.
func (pl *play) restart(ctx context.Context) (*node, error) {
	all := append(append([]*node(nil), pl.servers...), pl.others...)
	i := slices.IndexFunc(all, func(n *node) bool { return n.gone })
	if i < 0 {
		return nil, nil
	}
	n := all[i]
	if n.role == "producer" {
		from := 0 // what was sent and not acknowledged is sent again, with its id
		for from < pl.all && pl.acked[from] {
			from++
		}
		n.args["from"] = strconv.Itoa(from)
	}
	if err := pl.start(ctx, n); err != nil {
		return n, err
	}
	if n.role == "server" && len(pl.servers) == 1 {
		pl.since = 0
		pl.s.Say("%s has started, from the files of the one before it.", n.p.ID())
	} else if n.role == "server" {
		pl.s.Say("%s has started, from its files: %d of 3 run. It hears from the others what it has missed.", n.p.ID(), pl.running())
	} else {
		pl.s.Say("%s has started.", n.p.ID())
	}
	return n, nil
}

func (pl *play) summary(missing int) string {
	return fmt.Sprintf("%s acknowledged, %d of them lost; sent again: %d, recognised by their id: %d; done twice: %d",
		demo.Plural(len(pl.acked), "task"), missing, pl.resent, pl.recognised, pl.duplicates)
}
