package lease

import (
	"context"
	"fmt"
	"time"

	"edu/procession/demos/demo"
	"edu/procession/demos/trace"
)

// settle is how long a run with scripted actions goes on after the last of them,
// beyond two leases.
const settle = 2 * time.Second

// freely leaves the stage to the learner, or to a script of his actions.
func (pl *play) freely(ctx context.Context) error {
	pl.tells = true
	pl.s.Say("A and B add to a counter in turns. Stop (s) the one that the locker has lent the lock, wait until the other has written, then let it go on (c).")
	left := demo.ForEver
	if !pl.s.Attended() {
		left = pl.s.ScriptEnd() + pl.s.Pace().Scale(settle+2*demo.DurationParam(pl.s, "lease")) - pl.s.Now()
	}
	pl.begin()
	over := func() bool {
		return pl.gone[locker] != nil || pl.gone[store] != nil || pl.gone[clients[0]] != nil && pl.gone[clients[1]] != nil
	}
	if err := pl.until(ctx, over, left); err != nil {
		return err
	}
	if err := pl.end(ctx); err != nil {
		return err
	}
	pl.s.Verdict(true, "%s", pl.summary())
	return nil
}

// begin gives both their first job.
func (pl *play) begin() {
	for _, id := range clients {
		pl.job(id)
	}
}

// end gives nobody another job, waits for what is under way of those who run, and
// lets the servers go.
func (pl *play) end(ctx context.Context) error {
	pl.still = true
	done := time.After(3 * time.Second)
	for _, id := range []trace.ID{clients[0], clients[1], locker, store} {
		p := pl.procs[id]
		p.CloseSend()
		for waiting := true; waiting && p.State() != trace.Stopped; {
			select {
			case f := <-pl.facts:
				pl.take(f)
			case <-p.Exited():
				waiting = false
			case <-done: // it waits for somebody who is stopped or gone: the stage ends it
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		}
	}
	return nil
}

// summary is what came of a run, in the numbers that were counted.
func (pl *play) summary() string {
	return fmt.Sprintf("The counter is at %d after %s that the store took; %d of them came too late, and %d more were refused.",
		pl.n, demo.Plural(pl.accepted, "write"), pl.staleIn, pl.staleOut)
}

// enough is how long the script waits for a fact, beyond the lease.
const enough = 20 * time.Second

// script plays for somebody who only watches: the holder is stopped for longer
// than its lease, first without fencing and then with it.
func (pl *play) script(ctx context.Context) error {
	s := pl.s
	s.Say("A locker lends A and B a lock, for %s at a time. Who has it reads the counter, works, and writes it back.", s.Param("lease"))
	pl.begin()
	if err := pl.until(ctx, func() bool { return pl.accepted >= 2 }, enough); err != nil {
		return err
	}
	took, fenced := true, true
	if !pl.fencing {
		f, err := pl.late(ctx)
		if err != nil {
			return err
		}
		took = f.Is == written && f.Stale
		if took {
			s.Say("The store took the write of %s: %s that it accepted, and the counter says %d.", f.By, demo.Plural(pl.accepted, "write"), pl.n)
		}
		if err := pl.until(ctx, nil, s.Pace().Scale(800*time.Millisecond)); err != nil {
			return err
		}
		pl.fence(true)
	}
	lost := pl.accepted - pl.n
	f, err := pl.late(ctx)
	if err != nil {
		return err
	}
	fenced = f.Is == refused && pl.accepted-pl.n == lost
	if fenced {
		s.Say("%s wrote with token %d, and the store refused: it had seen a higher one. The lease ran out just as unnoticed, and did no harm.", f.By, f.Token)
	}
	if err := pl.until(ctx, nil, s.Pace().Scale(800*time.Millisecond)); err != nil {
		return err
	}
	if err := pl.end(ctx); err != nil {
		return err
	}
	switch {
	case demo.Finished(s) || f.Is == "":
		s.Verdict(demo.Finished(s), "%s", pl.summary())
	case took && fenced && s.Param("fencing") == "true":
		s.Verdict(true, "The holder was stopped for longer than its lease and wrote all the same. The store's check refused it: no update was lost.")
	case took && fenced:
		s.Verdict(true, "Twice a holder was stopped for longer than its lease and wrote all the same. Without a check the store took it, and what the other had written was lost; with tokens it refused.")
	default:
		s.Verdict(false, "The late write was not dealt with as it should have been: %s", pl.summary())
	}
	return nil
}

// late stops a holder between its read and its write until its lease has run out
// and the other has written, lets it go on, and returns what came of its write. A
// holder that wrote before it was stopped is let go, and the next one taken.
func (pl *play) late(ctx context.Context) (f fact, err error) {
	wait := func(ok func() bool) bool {
		if err == nil {
			err = pl.until(ctx, ok, enough+demo.DurationParam(pl.s, "lease"))
		}
		return err == nil && ok() && !demo.Finished(pl.s)
	}
	for range 20 {
		var token uint64
		var who trace.ID
		if !wait(func() bool {
			token = pl.holder.Token
			who = pl.works[token]
			return who != "" && pl.ended[token].Is == "" && pl.wrote[token].Is == ""
		}) {
			return fact{}, err
		}
		p := pl.procs[who]
		if err := p.Signal(demo.SigStop); err != nil {
			return fact{}, err
		}
		has := func() bool { return pl.wrote[token].Is != "" }
		wait(func() bool { return p.State() == trace.Stopped })
		pl.s.Say("%s is stopped (T) in the middle of its work. Nobody is told; its lease runs on at the locker.", who)
		wait(func() bool { return has() || pl.ended[token].Is != "" })
		other := func() bool {
			for t, w := range pl.wrote {
				if t > token && w.Is == written && w.By != who {
					return true
				}
			}
			return false
		}
		if !has() && pl.ended[token].Is == expired {
			pl.s.Say("The lease has run out, and the locker lends the lock to the other. %s, if it ran, would still take it for its own.", who)
			wait(func() bool { return has() || other() })
		}
		late := !has()
		if err := p.Signal(demo.SigCont); err != nil {
			return fact{}, err
		}
		if late && wait(has) {
			wait(func() bool { return pl.learnt[token] || !pl.wrote[token].Stale })
			if pl.wrote[token].Stale {
				return pl.wrote[token], err
			}
		}
		if err != nil || demo.Finished(pl.s) {
			return fact{}, err
		}
	}
	return fact{}, nil
}
