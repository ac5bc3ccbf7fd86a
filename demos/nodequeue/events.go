package nodequeue

import (
	"context"
	"errors"
	"strconv"
	"time"

	"edu/procession/demos/cluster/broker"
	"edu/procession/demos/demo"
	"edu/procession/demos/trace"
)

// wait is until at the end of the run, when nothing is asked of the learner any
// more.
func (pl *play) wait(ctx context.Context, ok func() bool, d time.Duration) error {
	over := time.NewTimer(d)
	defer over.Stop()
	for !ok() {
		select {
		case n := <-pl.news:
			pl.take(n)
		case <-over.C:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

func (pl *play) take(n news) {
	m := n.who
	switch {
	case n.exit != nil:
		pl.gone(m, n.id, n.exit)
		return
	case m == nil:
		if d, ok := n.fact.(trace.Depth); ok && d.Queue == broker.QueueName {
			pl.depth = d.Depth
			pl.deepest = max(pl.deepest, d.Depth)
			if d.Depth == pl.size && !pl.full && !pl.ending {
				pl.full = true
				pl.Say("The broker has no place left: it refuses, and who puts has to ask again. That is backpressure. + adds a consumer, p pauses one.")
			}
		}
		return
	}
	switch f := n.fact.(type) {
	case trace.Block:
		m.ready, m.through = m.ready || f.On != "", f.On == lastWord
		if m.role == "sink" && pl.source != nil && f.On == "a message" {
			tell("next", pl.source)
		}
	case trace.Gauge:
		switch f.Group {
		case "blocked-put":
			pl.blocked[0][m.id] = f.Value
		case "blocked-get":
			pl.blocked[1][m.id] = f.Value
		case "event-release":
			pl.event.woke[m.id] = f.Value
			pl.woken()
		case "":
			pl.shown[f.Name] = f.Value
		}
	case trace.Item:
		if n, err := strconv.Atoi(f.Item); err == nil && f.Is == trace.KindPut && m.role == "producer" {
			pl.wasPut(pl.item(n))
		}
	case trace.Task:
		pl.fact(m, f)
	}
}

func (pl *play) item(n int) *item {
	if pl.items[n] == nil {
		pl.items[n] = &item{}
	}
	return pl.items[n]
}

// wasPut takes that an item is with the broker, as its producer says or as is plain
// when somebody gets it.
func (pl *play) wasPut(it *item) {
	if !it.put {
		it.put = true
		pl.put++
	}
}

// fact takes that a consumer has an item, or has done it.
func (pl *play) fact(m *member, f trace.Task) {
	it := pl.item(f.Task)
	pl.wasPut(it)
	switch f.Is {
	case trace.KindTaskRun:
		old := it.holder
		if it.orphan > 0 {
			took := pl.Now() - it.orphan
			pl.Gauge("redelivery", float64(took)/1e6, "ms")
			pl.Say("%.1f s after %s had ended, its item %d went to %s: the lease was over. Nothing is lost.", took.Seconds(), old, f.Task, m.id)
		} else if f.Attempt > 1 && old != m.id && !it.done {
			pl.Say("The lease of item %d was over, and %s has it now, too. If %s is only slow, it is done twice.", f.Task, m.id, old)
		}
		it.holder, it.orphan, m.item = m.id, 0, f.Task
	case trace.KindTaskDone:
		if m.item == f.Task {
			m.item = -1
		}
		if it.done {
			pl.dups++
			pl.figure("duplicates", float64(pl.dups), "")
			pl.Say("%s has done item %d, which was done: a broker that loses nothing makes some come twice.", m.id, f.Task)
			return
		}
		it.done = true
		pl.done++
	}
}

// gone takes the kernel's word that a process has ended.
func (pl *play) gone(m *member, id trace.ID, x *trace.Exit) {
	if m == nil {
		if id != pl.b.Proc().ID() {
			return // it was started again already
		}
		pl.brokerDead = true
		if !pl.ending {
			pl.Say("The broker has ended (%s). Its files remain, and with them all that was put; b starts it again.", x)
		}
		return
	}
	m.exit, m.died = x, pl.Now()
	if x.Signal == "" && x.Code == 0 {
		return
	}
	switch {
	case m.role == "producer":
		pl.Say("%s ended with %s. What it had put is in the broker's files: put returns no sooner than that.", m.id, x)
	case m.role == "consumer" && m.item >= 0 && !pl.item(m.item).done:
		pl.item(m.item).orphan = m.died
		pl.Say("%s ended with %s and item %d in hand. The broker was not told that it is done: it goes to another when the lease of %v is over.", m.id, x, m.item, pl.lease)
	case m.role == "consumer":
		pl.Say("%s ended with %s and no item in hand. The others go on: nobody holds a lock while it waits.", m.id, x)
	case m.role == "waiter":
		pl.woken()
	}
}

// look tells what has changed.
func (pl *play) look() {
	pl.woken()
	if now := pl.Now(); now-pl.told > 500*time.Millisecond {
		pl.told = now
		pl.gauges()
	}
}

// gauges reports what is known of the queue so far.
func (pl *play) gauges() {
	pl.figure("depth-max", float64(pl.deepest), "")
	for i, name := range [2]string{"blocked-put", "blocked-get"} {
		sum := 0.0
		for _, ms := range pl.blocked[i] {
			sum += ms
		}
		pl.figure(name, sum, "ms")
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
	consumers := pl.live("consumer")
	switch a.Name {
	case "pause":
		pl.pause(a.Target, consumers)
	case "add":
		if len(consumers) >= crowd {
			pl.Say("%d consumers are as many as fit on stage.", crowd)
			return nil
		}
		m, err := pl.hire(ctx, "consumer", nil)
		if err != nil {
			return pl.grumble(ctx, "No other consumer came", err)
		}
		pl.Say("%s came, on a node of its own: %s take now. The broker was not told; it was asked for an item.", m.id, demo.Plural(len(consumers)+1, "consumer"))
	case "remove":
		if len(consumers) == 0 {
			pl.Say("No consumer is left that could be asked to leave. + brings one.")
			return nil
		}
		m := consumers[len(consumers)-1]
		m.leaving = true
		tell(tellEnd, m)
		pl.Say("%s was asked to leave, and does so when it is through with its item.", m.id)
	case "event":
		pl.ring()
	case "start":
		err := pl.b.Restart(ctx)
		if err != nil {
			return pl.grumble(ctx, "It was not started", err)
		}
		pl.brokerDead = false
		pl.watch(ctx, nil, pl.b.Proc())
		pl.Say("%s has what %s left in its files. Who was refused or heard nothing asks again.", pl.b.Proc().ID(), broker.Name)
	case "cut", "heal":
		pl.link(a)
	}
	return nil
}

// pause lets one consumer pause, or all, or go on when they do pause.
func (pl *play) pause(target trace.ID, all []*member) {
	name := "All consumers"
	for _, m := range all {
		if m.id == target {
			all, name = []*member{m}, string(m.id)
		}
	}
	paused := false
	for _, m := range all {
		paused = paused || m.paused
	}
	for _, m := range all {
		m.paused = !paused
		tell(map[bool]string{true: tellPause, false: tellGo}[!paused], m)
	}
	switch {
	case len(all) == 0:
		pl.Say("There is no consumer that could pause. + brings one.")
	case paused:
		pl.Say("%s may take again.", name)
	default:
		pl.Say("%s will take nothing more until p is pressed again. Nobody was stopped: this is a polite request, served after the item in hand.", name)
	}
}

// link cuts or heals the link of a node.
func (pl *play) link(a demo.Act) {
	at := trace.ID("")
	for _, m := range pl.members {
		if m.id == a.Target {
			at = m.id
		}
	}
	switch cut := at != "" && pl.net.IsCut(at, broker.Name); {
	case at == "":
		pl.Say("Choose a producer, a consumer or a waiter: each has one link, to the broker.")
	case a.Name == "cut" && cut:
		pl.Say("The link of %s is cut already. h heals it.", at)
	case a.Name == "heal" && !cut:
		pl.Say("The link of %s is not cut. x cuts it.", at)
	case a.Name == "cut":
		pl.net.Cut(at, broker.Name)
		pl.Say("The link between %s and the broker is cut (injected), and neither is told.", at)
	default:
		pl.net.Heal(at, broker.Name)
		pl.Say("The link of %s is whole again: what was held back arrives now.", at)
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
