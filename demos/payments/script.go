package payments

import (
	"context"
	"fmt"
	"time"

	"edu/procession/demos/demo"
	"edu/procession/demos/trace"
)

// settle is how long a run with scripted actions goes on after the last of them.
const settle = time.Second

// enough is how long the play waits for a fact.
const enough = 30 * time.Second

// freely leaves the stage to the learner, or to a script of his actions.
func (pl *play) freely(ctx context.Context) error {
	pl.tells = true
	pl.s.Say("The client pays, and sends again what is not acknowledged. d drops the next acknowledgement. Then look at the balance.")
	left := demo.ForEver
	if !pl.s.Attended() {
		left = pl.s.ScriptEnd() + pl.s.Pace().Scale(settle) - pl.s.Now()
	}
	pl.pay()
	if err := pl.until(ctx, func() bool { return pl.clientDead }, left); err != nil {
		return err
	}
	return pl.end(ctx)
}

// end orders no more payments, undoes what was done to the nodes, waits for the
// acknowledgement of the last payment, and closes the books.
func (pl *play) end(ctx context.Context) error {
	pl.still = true
	last := len(pl.amounts) - 1
	pl.client.CloseSend()
	done := time.After(enough)
	for !pl.clientDead && !pl.ack[last] {
		for _, p := range []demo.Proc{pl.bank, pl.client} { // a stop may be on its way while we look
			if p.State() == trace.Stopped {
				p.Signal(demo.SigCont)
			}
		}
		if pl.ended() {
			pl.s.Say("The bank is started again, to close the books.")
			if err := pl.reopen(ctx); err != nil {
				return err
			}
		}
		select {
		case f := <-pl.facts:
			pl.take(f)
		case <-time.After(50 * time.Millisecond):
		case <-done:
			pl.s.Verdict(false, "Payment %d was not acknowledged within %v, although the bank is there.", last, enough)
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	pl.bank.CloseSend()
	for _, p := range []demo.Proc{pl.client, pl.bank} {
		select {
		case <-p.Exited():
		case <-time.After(3 * time.Second): // it is stopped: the stage ends it
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	pl.verdict()
	return nil
}

// verdict compares what was acknowledged with what is in the file.
func (pl *play) verdict() {
	b := pl.count()
	lost := 0
	for id := range pl.ack {
		if b.pays[id] == 0 {
			lost++
		}
	}
	sums := fmt.Sprintf("%s acknowledged, %s of %s that reached the bank moved money", demo.Plural(len(pl.ack), "payment"), fmt.Sprint(b.effects), demo.Plural(b.effects+b.dups, "request"))
	switch over := b.moved - b.toBeMoved; {
	case lost > 0:
		pl.s.Verdict(false, "%s that was acknowledged is not in the bank's file: %s.", demo.Plural(lost, "payment"), sums)
	case over != 0 && pl.always:
		pl.s.Verdict(false, "With ids, and still %d too much was moved: %s.", over, sums)
	case over != 0:
		pl.s.Verdict(true, "%s. While the bank did not look at ids, it moved %d too much; the %s that it recognised moved nothing.", sums, over, demo.Plural(b.dups, "duplicate"))
	case b.dups > 0:
		pl.s.Verdict(true, "%s. The %s moved nothing: the balance is exact.", sums, demo.Plural(b.dups, "duplicate"))
	default:
		pl.s.Verdict(true, "%s. Nothing came twice: the balance is exact.", sums)
	}
}

// script plays for somebody who only watches: a lost acknowledgement without ids
// and with them, a kill after the deed and before the answer, and a stop.
func (pl *play) script(ctx context.Context) error {
	s := pl.s
	var err error
	fact := func(ok func() bool) bool {
		if err == nil {
			err = pl.until(ctx, ok, enough)
		}
		return err == nil && ok()
	}
	eyes := func(d time.Duration) {
		if err == nil {
			err = pl.until(ctx, nil, s.Pace().Scale(d))
		}
	}
	// acks waits for so many acknowledgements more.
	acks := func(n int) {
		n += len(pl.ack)
		fact(func() bool { return len(pl.ack) >= n || pl.clientDead })
	}
	s.Say("A client pays through a bank that writes down what it does. What is not acknowledged within %s is sent again.", s.Param("patience"))
	pl.pay()
	acks(2)
	if !pl.ids {
		before := pl.read()
		pl.net.DropNext(bank, client)
		s.Say("The next acknowledgement is dropped (injected). The bank has done its work; the client hears nothing.")
		if twice := func() bool { b := pl.read(); return b.effects-len(b.pays) > before.effects-len(before.pays) }; fact(twice) {
			b := pl.read()
			s.Say("The client sent the payment again, and the bank did it again: %d too much.", b.moved-b.toBeMoved)
		}
		eyes(900 * time.Millisecond)
		pl.lookAtIDs(true)
		acks(1)
	}
	dups := pl.read().dups
	pl.net.DropNext(bank, client)
	s.Say("With ids, the next acknowledgement is dropped (injected).")
	if fact(func() bool { return pl.read().dups > dups }) {
		s.Say("The client sent it again. The bank knew the id: one duplicate counted, nothing moved.")
	}
	acks(1)
	eyes(500 * time.Millisecond)

	dups, was := pl.read().dups, pl.read().effects
	pl.net.DropNext(bank, client)
	if fact(func() bool { return pl.read().effects > was }) && !pl.dead {
		if err := pl.bank.Signal(demo.SigKill); err != nil {
			return err
		}
		s.Say("The bank is killed after the deed, and before its answer got through.")
		fact(func() bool { return pl.dead })
		eyes(500 * time.Millisecond)
		if err == nil && pl.dead {
			err = pl.reopen(ctx)
		}
		if fact(func() bool { return pl.read().dups > dups }) {
			s.Say("The new bank read the file of the old one, and so knew the payment when it came again.")
		}
	}
	eyes(600 * time.Millisecond)
	if err == nil {
		err = pl.freeze(ctx)
	}
	if err != nil {
		return err
	}
	return pl.end(ctx)
}

// freeze stops the bank until two attempts wait at its door.
func (pl *play) freeze(ctx context.Context) error {
	if pl.dead || demo.Finished(pl.s) {
		return nil
	}
	if err := pl.bank.Signal(demo.SigStop); err != nil {
		return err
	}
	pl.s.Say("The bank is stopped (T). Requests go on arriving at its kernel, and wait there.")
	tries := pl.retries
	if err := pl.until(ctx, func() bool { return pl.retries >= tries+2 || pl.clientDead }, enough); err != nil {
		return err
	}
	if err := pl.bank.Signal(demo.SigCont); err != nil {
		return err
	}
	dups := pl.read().dups
	if err := pl.until(ctx, func() bool { return pl.read().dups > dups || pl.clientDead }, enough); err != nil {
		return err
	}
	pl.s.Say("It goes on and finds them all: one payment, and the others are duplicates.")
	return pl.until(ctx, nil, pl.s.Pace().Scale(700*time.Millisecond))
}
