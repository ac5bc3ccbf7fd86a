package race

import (
	"context"
	"sync/atomic"
	"time"

	"edu/procession/demos/demo"
	"edu/procession/demos/trace"
)

const (
	glance = 20 * time.Millisecond
	// dull is how long nothing may happen, with everybody asleep, until the play
	// says that nothing will.
	dull = 1500 * time.Millisecond
)

// round lets all workers add. With a victim, that one takes the lock first and is
// killed with it, when the others wait for it.
func (pl *play) round(ctx context.Context, victim *worker) error {
	pl.page.resetCounts()
	if victim != nil {
		id := victim.p.ID()
		victim.p.Send(take)
		if ok, err := pl.until(ctx, func(n news) bool { return n.holds }); !ok || err != nil {
			return err
		}
		pl.s.Say("%s holds the lock and keeps it. The others want it.", id)
		pl.start(victim)
		if err := pl.asleep(ctx); err != nil {
			return err
		}
		pl.s.Sleep(ctx, time.Second)
		if err := victim.p.Signal(demo.SigKill); err != nil {
			return nil // somebody was quicker
		}
		if ok, err := pl.until(ctx, func(news) bool { return victim.dead }); !ok || err != nil {
			return err
		}
		pl.s.Say("%s was killed with the lock: SIGKILL gives it no time to give anything back.", id)
	} else {
		pl.start(nil)
	}
	stuck, err := pl.run(ctx)
	if err != nil {
		return err
	}
	pl.after(stuck, victim != nil)
	return nil
}

// start sends everybody into a round, but for one.
func (pl *play) start(but *worker) {
	for i, w := range pl.workers {
		if !w.dead && w != but {
			pl.s.Emit("", trace.Task{Is: trace.KindTaskNew, Task: i})
			w.busy, w.took = true, 0
		}
	}
	for _, w := range pl.workers {
		if w.busy {
			w.p.Send(goOn)
		}
	}
}

// until takes news until one is it, true, or the learner has finished, false.
func (pl *play) until(ctx context.Context, it func(news) bool) (bool, error) {
	for {
		select {
		case n := <-pl.news:
			pl.take(n)
			if it(n) {
				return true, nil
			}
		case <-pl.s.Finished():
			return false, nil
		case <-ctx.Done():
			return false, ctx.Err()
		}
	}
}

// still says that everybody in the round is asleep to the kernel, as far as it
// was sampled.
func (pl *play) still() bool {
	return pl.count(func(w *worker) bool { return w.busy && w.p.State() != trace.Asleep }) == 0
}

// asleep waits until all in the round have been seen to wait.
func (pl *play) asleep(ctx context.Context) error {
	look := time.NewTicker(glance)
	defer look.Stop()
	for end := time.Now().Add(dull); !pl.still() && time.Now().Before(end); {
		select {
		case <-look.C:
		case n := <-pl.news:
			pl.take(n)
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return ctx.Err()
}

// run waits, while actions wait too, until the round is over, or nobody in it will ever go on: all sleep,
// and for a while nothing has been added.
func (pl *play) run(ctx context.Context) (stuck bool, err error) {
	look := time.NewTicker(glance)
	defer look.Stop()
	last, since := int64(-1), time.Now()
	for pl.count(func(w *worker) bool { return w.busy }) > 0 {
		select {
		case n := <-pl.news:
			pl.take(n)
		case <-look.C:
			now := pl.page.finished()
			if now != last || !pl.still() {
				last, since = now, time.Now()
			}
			if time.Since(since) > max(pl.s.Pace().Scale(dull), dull/4) {
				return true, nil
			}
		case <-pl.s.Finished():
			return false, nil
		case <-ctx.Done():
			return false, ctx.Err()
		}
	}
	return false, nil
}

// after says how a round came out.
func (pl *play) after(stuck, killed bool) {
	counter, expected := pl.figures()
	var longest time.Duration
	for _, w := range pl.workers {
		longest = max(longest, w.took)
	}
	if longest > 0 {
		pl.s.Gauge("each", longest.Seconds()*1e6/float64(demo.IntParam(pl.s, "increments")), "µs")
	}
	waiting := 0
	if stuck {
		waiting = pl.count(func(w *worker) bool { return w.busy })
	}
	pl.s.Gauge("blocked", float64(waiting), "")
	switch lost := expected - counter; {
	case stuck:
		pl.s.Say("Nobody is left to give the lock back, and nothing has happened for a while: %s for ever.", plural(waiting, "worker waits", "workers wait"))
	case killed:
		pl.s.Say("The kernel took the lock from the dead: the others went on. The counter is %d, and %d additions were done.", counter, expected)
	case lost > 0:
		pl.s.Say("The counter is %d, and %d additions were done: %s written over.", counter, expected, plural(int(lost), "was", "were"))
	default:
		pl.s.Say("The counter is %d, and %d additions were done: none is lost.", counter, expected)
	}
}

// resetCounts makes the counts nought; the mutex stays as it is.
func (p *page) resetCounts() {
	atomic.StoreInt64(&p.counter, 0)
	for i := range p.done {
		atomic.StoreInt64(&p.done[i].n, 0)
	}
}
