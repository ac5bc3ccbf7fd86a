package queue

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"edu/procession/demos/demo"
	"edu/procession/demos/trace"
)

// patience is how long the play waits at its end for workers that have been asked
// to end.
const patience = 3 * time.Second

// end lets the producers end, then the consumers once the queue is empty, and
// says what became of every item.
func (pl *play) end(ctx context.Context) error {
	pl.ending = true
	pl.s.Say("The producers end, and the consumers take what is left.")
	for _, m := range pl.crew {
		if m.gone {
			continue
		}
		if m.produces {
			m.tell(tellEnd)
		} else {
			m.tell(tellHurry)
		}
		m.proc.Signal(demo.SigCont) // who was stopped is needed once more
		if m.paused {
			pl.resume(m)
		}
	}
	if err := pl.dismiss(ctx, producers); err != nil {
		return err
	}
	pl.items.w.Close() // the last write end: the consumers will see the end of the pipe
	if err := pl.dismiss(ctx, consumers); err != nil {
		return err
	}
	if err := pl.event.farewell(ctx, pl); err != nil {
		return err
	}
	var left []uint32
	if pl.count(func(*member) bool { return true }) == 0 {
		var err error
		if left, err = pl.leftover(); err != nil {
			pl.fault("what was left in the pipe: %v", err)
		}
	}
	pl.sync()

	dead := [2]map[uint16]bool{{}, {}}
	for _, m := range pl.crew {
		if m.died && m.produces {
			dead[0][m.who] = true
		} else if m.died {
			dead[1][m.who] = true
		}
	}
	t := pl.book.settle(dead[0], dead[1], left)
	for _, n := range t.unfed {
		pl.s.Emit("", trace.Task{Is: trace.KindTaskLost, Task: int(n), Note: "put, never fed"})
	}
	_, waited, _ := pl.book.counted()
	pl.gauges(waited)
	lost := len(t.held) + len(t.unfed)
	pl.s.Emit("", trace.Gauge{Name: "lost", Value: float64(lost), Note: fmt.Sprintf("%d with a consumer, %d unfed with a producer", len(t.held), len(t.unfed))})
	if wrong := append(t.wrong, pl.faults...); len(wrong) > 0 {
		pl.s.Verdict(false, "A rule of the queue was broken: %s.", strings.Join(wrong, "; "))
		return nil
	}
	text := fmt.Sprintf("%s put, %d got by one consumer each and done", demo.Plural(t.put, "item"), t.done)
	if lost > 0 {
		text += fmt.Sprintf(", %d lost with who was killed", lost)
	}
	if t.left > 0 {
		text += fmt.Sprintf(", %d left in the queue", t.left)
	}
	pl.s.Verdict(true, "%s.", text)
	return nil
}

// dismiss waits until those who were asked to end have ended, and ends by force
// who does not.
func (pl *play) dismiss(ctx context.Context, who func(*member) bool) error {
	ended := func() bool {
		if pl.count(consumers) == 0 && pl.slots.w != nil {
			pl.slots.w.Close() // nobody will give a slot back: who waits for one sees the end
			pl.slots.w = nil
		}
		return pl.count(who) == 0
	}
	if err := pl.until(ctx, ended, patience); err != nil {
		return err
	}
	for _, m := range pl.crew {
		if who(m) && !m.gone {
			m.proc.Signal(demo.SigKill)
		}
	}
	return pl.until(ctx, func() bool { return pl.count(who) == 0 }, patience)
}

// leftover takes out what is still in the pipe, once nobody else has an end of it.
func (pl *play) leftover() (items []uint32, err error) {
	q := single(pl.items.r)
	for {
		var f frame
		switch err := q.get(&f); {
		case err == io.EOF:
			return items, nil
		case err != nil:
			return items, err
		case f.check(pl.s.Seed()) != nil:
			return items, errTorn
		}
		items = append(items, f.item())
	}
}
