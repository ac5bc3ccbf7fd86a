package queue

import (
	"context"
	"slices"

	"edu/procession/demos/demo"
	"edu/procession/demos/trace"
)

// bury takes the end of a producer or a consumer.
func (pl *play) bury(m *member) {
	m.gone = true
	x, _ := m.proc.Wait(context.Background())
	if x.Code == 0 && x.Signal == "" {
		if m.leaving {
			pl.s.Say("%s has left. %s go on.", m.id, demo.Plural(pl.count(consumers), "consumer"))
		}
		return
	}
	m.died = true
	pl.deaths++
	pl.sync()
	if m.produces {
		n := pl.book.unfedOf(m.who)
		switch {
		case n > 0:
			pl.s.Say("%s died with %s that it had put and not yet fed into the pipe: put() was done, and they are lost.", m.id, demo.Plural(n, "item"))
		default:
			pl.s.Say("%s died, and all that it had put was in the pipe already. What the kernel has is not lost.", m.id)
		}
		return
	}
	if n, ok := pl.book.holds(m.who); ok {
		pl.s.Emit("", trace.Task{Is: trace.KindTaskLost, Task: int(n), Worker: m.id, Note: "taken out, never done"})
		pl.s.Say("%s died with item %d in its hands: it was taken out, so nobody else will get it. A broker between machines would hand it out again.", m.id, n)
		return
	}
	if m.paused {
		pl.s.Say("%s died while it paused, with nothing in its hands: nothing was lost.", m.id)
		return
	}
	pl.s.Say("%s died in get. The others go on: here nobody holds a lock while it waits. In Python it may die with the lock of all readers, and they wait for ever.", m.id)
}

// act does the learner's actions.
func (pl *play) act(ctx context.Context, a demo.Act) {
	switch a.Name {
	case "pause":
		pl.pause(a.Target)
	case "add":
		if pl.count(consumers) >= crowd {
			pl.s.Say("%d consumers are as many as fit on stage.", crowd)
		} else if err := pl.hire(ctx, "consumer", nil); err != nil {
			pl.s.Say("No other consumer came: %v", err)
		} else {
			pl.s.Say("%s came: %s take now. Who is blocked in the end, those who put or those who get?", pl.crew[len(pl.crew)-1].id, demo.Plural(pl.count(consumers), "consumer"))
		}
	case "remove":
		for i := len(pl.crew) - 1; i >= 0; i-- {
			if m := pl.crew[i]; !m.produces && !m.gone && !m.leaving {
				m.leaving = true
				m.tell(tellEnd)
				if m.paused {
					pl.resume(m)
				}
				pl.s.Say("%s was asked to leave, and does so when it is through with its item.", m.id)
				return
			}
		}
		pl.s.Say("No consumer is left that could be asked to leave. + brings one.")
	case "event":
		pl.event.ring(pl)
	case "fill":
		select {
		case pl.refill <- struct{}{}:
		default:
		}
	}
}

// pause lets one consumer pause, or all, or go on when they do pause.
func (pl *play) pause(target trace.ID) {
	var all, chosen []*member
	for _, m := range pl.crew {
		if m.produces || m.gone || m.leaving {
			continue
		}
		all = append(all, m)
		if m.id == target {
			chosen = []*member{m}
		}
	}
	if chosen == nil {
		chosen = all
	}
	name := "All consumers"
	if len(chosen) == 1 {
		name = string(chosen[0].id)
	}
	switch {
	case len(chosen) == 0:
		pl.s.Say("There is no consumer that could pause. + brings one.")
	case slices.ContainsFunc(chosen, func(m *member) bool { return m.paused }):
		for _, m := range chosen {
			if m.paused {
				pl.resume(m)
			}
		}
		pl.s.Say("%s may take again.", name)
	default:
		for _, m := range chosen {
			m.paused = true
			m.tell(tellPause)
		}
		pl.s.Say("%s will take nothing more until p is pressed again. Nobody was stopped: this is a polite request, served after the item in hand.", name)
	}
}

func (pl *play) resume(m *member) {
	m.paused = false
	m.proc.Send("go on") // fails only when it has ended
}
