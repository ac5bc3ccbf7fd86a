package clocks

import (
	"context"
	"time"

	"edu/procession/demos/demo"
)

// settle is how long a run with scripted actions goes on after the last of them.
const settle = 2500 * time.Millisecond

// enough is how long the script waits for a fact.
const enough = 30 * time.Second

// freely leaves the stage to the learner, or to a script of his actions.
func (pl *play) freely(ctx context.Context) error {
	pl.tells = true
	pl.s.Say("a writes, b reads that and writes after it. The store keeps the write with the latest stamp. Set b's clock behind (-).")
	left := demo.ForEver
	if !pl.s.Attended() {
		left = pl.s.ScriptEnd() + pl.s.Pace().Scale(settle) - pl.s.Now()
	}
	if err := pl.until(ctx, func() bool { return len(pl.gone()) > 0 }, left); err != nil {
		return err
	}
	early := pl.gone()
	pl.part(ctx)
	pl.s.Verdict(true, "%s", pl.summary(early))
	return nil
}

// script plays for somebody who only watches: clocks that agree, one that is
// behind, Lamport clocks, and two writes that do not know of each other.
func (pl *play) script(ctx context.Context) error {
	s := pl.s
	var err error
	good := true
	fact := func(ok func() bool) bool {
		if err == nil && good {
			err = pl.until(ctx, func() bool { return ok() || len(pl.gone()) > 0 }, enough)
			good = ok()
		}
		return err == nil && good
	}
	eyes := func(d time.Duration) {
		if err == nil {
			err = pl.until(ctx, nil, s.Pace().Scale(d))
		}
	}
	pairs := func(n int) {
		n += pl.pairs
		fact(func() bool { return pl.pairs >= n })
	}
	s.Say("a writes x; b reads that, and at once writes x after it. The store keeps the write with the latest stamp.")
	pairs(2)
	wall := pl.stamps == byWall
	pl.set("b", -demo.DurationParam(s, "offset"))
	if wall {
		// Between the two writes less time has to pass than the clock is behind. On a
		// busy machine that may take more than one pair.
		was := pl.lost
		if fact(func() bool { return pl.lost > was }) {
			s.Say("b had read what a wrote, and wrote after it. Its stamp is smaller, so the store keeps the older write. b is told that all is well: its write is lost.")
		}
		eyes(1800 * time.Millisecond)
		pl.goBy(byLamport)
		fact(func() bool { return !pl.pair && pl.hold == 0 }) // a pair that began before this does not count
	}
	lost := pl.lost
	pairs(2)
	if good && pl.lost == lost {
		s.Say("b's clock is behind as before, and nothing is lost: whoever has read goes on from a greater count.")
	}
	eyes(1500 * time.Millisecond)
	pl.want = true
	if fact(func() bool { return pl.concurrent > 0 }) {
		s.Say("Both wrote without knowing of each other. The Lamport clock orders them all the same; the vector clocks say that neither came first.")
	}
	eyes(1500 * time.Millisecond)
	if err != nil {
		return err
	}
	early := pl.gone()
	pl.part(ctx)
	text := pl.summary(early)
	switch {
	case demo.Finished(s) && early == nil:
		s.Verdict(true, "%s", text)
	case !good || pl.lost != lost:
		s.Verdict(false, "Not all of it happened as it should have: %s", text)
	case wall:
		s.Verdict(true, "With a clock that was behind, a later write had the smaller stamp and was lost. With Lamport clocks none was. Vector clocks tell what neither can: that two writes did not know of each other.")
	default:
		s.Verdict(true, "With a clock that was behind, no later write was lost: the store went by Lamport clocks.")
	}
	return nil
}
