package life

import (
	"context"
	"errors"
	"slices"
	"time"

	"edu/procession/demos/demo"
	"edu/procession/demos/trace"
)

// measure starts and joins children that do nothing, one at a time.
func (pl *play) measure(ctx context.Context) error {
	n := 5
	if pl.s.Pace() == demo.Fast {
		n = 9
	}
	pl.s.Say("Three workers exist, and none runs its work yet: each waits for a line on its pipe (S). Meanwhile %d children with nothing to do are started and joined, to time it.", n)
	if err := pl.until(ctx, nil, pl.s.Pace().Scale(time.Second)); err != nil {
		return err
	}
	var start, join, both []time.Duration
	for range n {
		t0 := time.Now()
		p, err := pl.s.Spawn(ctx, demo.Spec{Role: "brief", Unreaped: true})
		if err != nil {
			return err
		}
		t1 := time.Now()
		p.CloseSend()
		if _, err := p.Reap(ctx); err != nil {
			return err
		}
		t2 := time.Now()
		start, join, both = append(start, p.Took()), append(join, t2.Sub(t1)), append(both, t2.Sub(t0))
	}
	for _, g := range []struct {
		name string
		of   []time.Duration
	}{{"start", start}, {"join", join}, {"start-join", both}} {
		pl.s.Gauge(g.name, median(g.of).Seconds()*1000, "ms")
	}
	pl.s.Gauge("unreaped", 0, "")
	pl.s.Say("The median child told us its first event %s after the call that started it; from that call until it was joined, %s passed.", ms(median(start)), ms(median(both)))
	return pl.until(ctx, nil, pl.s.Pace().Scale(1500*time.Millisecond))
}

func median(of []time.Duration) time.Duration {
	of = slices.Sorted(slices.Values(of))
	return of[len(of)/2]
}

// patience is how long the script waits for a fact; the kernel needs
// milliseconds, unless the machine is very busy.
const patience = 10 * time.Second

// script is a whole life, played for somebody who only watches. Each caption
// that states a fact waits for it.
func (pl *play) script(ctx context.Context) error {
	var err error
	s, w := pl.s, pl.workers
	eyes := func(d time.Duration) {
		if err == nil {
			err = pl.until(ctx, nil, s.Pace().Scale(d))
		}
	}
	fact := func(ok func() bool) bool {
		if err == nil {
			err = pl.until(ctx, ok, patience)
		}
		return err == nil && ok()
	}
	over := func() bool { // nothing more is to be said
		select {
		case <-s.Finished():
			return true
		default:
			return err != nil
		}
	}
	sends := func(w *worker, sig demo.Signal) bool {
		if over() || w.exit != nil {
			return false
		}
		e := w.p.Signal(sig)
		if errors.Is(e, demo.ErrNotHere) {
			s.Say("This system has no SIG%s to send.", sig)
		}
		return e == nil
	}
	has := func(w *worker) func() bool { return func() bool { return w.exit != nil } }
	left := func(w *worker) { // tells an end that came
		if fact(has(w)) {
			s.Say("%s ended with %s. Nobody has waited for it: it is a zombie (Z).", w.id(), ending(*w.exit))
		}
		eyes(1200 * time.Millisecond)
	}

	s.Say("Now they run: R computes, S waits for a timer or for a line on its pipe.")
	eyes(2200 * time.Millisecond)

	is := func(w *worker, stopped bool) func() bool {
		return func() bool { return w.exit != nil || (w.p.State() == trace.Stopped) == stopped }
	}
	if sends(w[0], demo.SigStop) {
		if fact(is(w[0], true)) && w[0].exit == nil {
			s.Say("%s was sent SIGSTOP and is stopped (T): alive, in memory, and not running.", w[0].id())
		}
		eyes(1500 * time.Millisecond)
		if sends(w[0], demo.SigCont) && fact(is(w[0], false)) && w[0].exit == nil {
			s.Say("%s was sent SIGCONT and goes on where it was stopped.", w[0].id())
		}
		eyes(1200 * time.Millisecond)
	}
	if sends(w[0], demo.SigTerm) {
		s.Say("%s was sent SIGTERM, which asks it to end.", w[0].id())
		left(w[0])
	}
	if sends(w[1], demo.SigKill) {
		s.Say("%s was sent SIGKILL, which does not ask.", w[1].id())
		left(w[1])
	}
	if !over() && w[2].exit == nil {
		w[2].p.Send(fail)
		s.Say("%s has a line on its pipe that asks it to exit with code %d. It reads it when it next looks.", w[2].id(), failing)
		left(w[2])
	}
	if _, zombies := pl.count(); !over() && zombies > 0 {
		s.Say("%s: no signal helps against what is dead already. Only waiting for it, join, makes the kernel forget it.", demo.Plural(zombies, "zombie"))
		eyes(1500 * time.Millisecond)
	}
	for _, w := range w {
		if over() || w.exit == nil {
			continue
		}
		if _, e := w.p.Reap(ctx); e != nil {
			return e
		}
		if fact(func() bool { return w.joined }) {
			s.Say("%s is joined: its status (%s) was handed over, and the kernel has forgotten it.", w.id(), *w.exit)
		}
		eyes(500 * time.Millisecond)
	}
	if err == nil {
		pl.verdict()
	}
	return err
}
