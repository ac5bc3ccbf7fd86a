package finite

import (
	"context"
	"os"
	"strconv"
	"time"

	"edu/procession/demos/demo"
	"edu/procession/demos/trace"
)

// itemSize is an item of the burst.
const itemSize = 1 << 20

// burst has a producer put many items at once, and a consumer get them slowly.
func (pl *play) burst(ctx context.Context, bounded bool) error {
	pl.bounded = bounded
	items, bound, name := demo.IntParam(pl.s, "items"), 0, "unbounded"
	args := map[string]string{"items": strconv.Itoa(items), "size": strconv.Itoa(itemSize), "stay": "yes"}
	room, back, err := os.Pipe()
	if err != nil {
		return err
	}
	defer room.Close()
	defer back.Close()
	if bounded {
		bound, name = demo.IntParam(pl.s, "maxsize"), "bounded"
		args["bound"] = strconv.Itoa(bound)
		if _, err := back.Write(make([]byte, bound)); err != nil {
			return err
		}
	}
	q, err := pl.open(ctx, args, room)
	if err != nil {
		return pl.absent(ctx, err)
	}
	defer q.close()
	c, err := pl.s.Spawn(ctx, demo.Spec{Role: "consumer", Files: []*os.File{q.r, back},
		Args: map[string]string{"every": pl.s.Pace().Scale(demo.DurationParam(pl.s, "get-every")).String()}})
	if err != nil {
		return pl.absent(ctx, err)
	}
	if bounded {
		pl.s.Say("The same burst into a queue with room for %d: put waits while there is none. Watch %s's memory.", bound, q.p.ID())
	} else {
		pl.s.Say("A burst of %d items of 1 MiB, a slow consumer, and a queue without a bound: put never waits. Where are the items?", items)
	}
	pl.s.Sleep(ctx, time.Second)
	before, _, told := resident(q.p.PID())
	began := time.Now()
	q.p.Send("go") // fails only when it has ended
	through := pl.look(ctx, q.r, q.size, q.p, func() bool {
		select {
		case <-q.through:
			return true
		case <-c.Exited():
			return true
		default:
			return false
		}
	})
	if pl.over(ctx) {
		return ctx.Err()
	}
	_, most, _ := resident(q.p.PID())
	if ended(c) || !through {
		q.r.Close() // the last read end: what is put now fails
		back.Close()
		pl.s.Say("Somebody was ended in mid-burst: what lay in the producer's memory is lost, and nothing was measured.")
		q.p.CloseSend()
		return nil
	}
	q.p.CloseSend()
	pl.look(ctx, q.r, q.size, c, func() bool { return false })
	if pl.over(ctx) || !ended(c) {
		return ctx.Err()
	}
	took := time.Since(began)
	if told {
		pl.s.Kernel("", trace.Gauge{Name: "grown-" + name, Value: float64(most - before), Unit: "bytes"})
	}
	pl.s.Gauge("took-"+name, took.Seconds(), "s")
	grew := "How much its memory grew is not told by this system."
	if told {
		grew = "Its memory grew by " + strconv.FormatInt((most-before)>>20, 10) + " MiB at the most."
	}
	if bounded {
		pl.s.Say("%s with the bound, and nothing was slower for it: the consumer sets the pace. %s", took.Round(10*time.Millisecond), grew)
	} else {
		pl.s.Say("Everything was got after %s. What the consumer had not taken lay in the producer. %s", took.Round(10*time.Millisecond), grew)
	}
	pl.s.Sleep(ctx, 2*time.Second)
	return ctx.Err()
}

func ended(p demo.Proc) bool {
	select {
	case <-p.Exited():
		return true
	default:
		return false
	}
}
