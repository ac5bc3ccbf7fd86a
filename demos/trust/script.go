package trust

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"edu/procession/demos/demo"
	"edu/procession/demos/trace"
)

// settle is how long a run with scripted actions goes on after the last of them.
const settle = 2 * time.Second

// enough is how long a play waits for a fact.
const enough = 30 * time.Second

// begin times connections and calls, while nothing else happens, and then has the
// client begin.
func (pl *play) begin(ctx context.Context) error {
	rounds := 30
	if pl.s.Pace() == demo.Fast {
		rounds = 5
	}
	pl.procs[client].Send(fmt.Sprint(measured, " ", rounds))
	if err := pl.until(ctx, func() bool { return pl.timed == len(protections) }, enough); err != nil {
		return err
	}
	if pl.failed != "" {
		return fmt.Errorf("the client did not get through to the bank: %s", pl.failed)
	}
	pl.procs[client].Send("begin")
	return nil
}

// gone is who has ended; "" while all are there.
func (pl *play) gone() trace.ID {
	for _, id := range []trace.ID{client, eve, bank} {
		select {
		case <-pl.procs[id].Exited():
			return id
		default:
		}
	}
	return ""
}

// freely leaves the stage to the learner, or to a script of his actions.
func (pl *play) freely(ctx context.Context) error {
	pl.tells = true
	pl.s.Say("The client pays %d to the shop, again and again, and everything goes through eve's hands. w, a, i, r: what she tries. p: the next protection.", amount)
	left := demo.ForEver
	if !pl.s.Attended() {
		left = pl.s.ScriptEnd() + pl.s.Pace().Scale(settle) - pl.s.Now()
	}
	if err := pl.begin(ctx); err != nil {
		return err
	}
	if err := pl.until(ctx, func() bool { return pl.gone() != "" }, left); err != nil {
		return err
	}
	if who := pl.gone(); who != "" {
		pl.s.Verdict(false, "%s has ended, and nothing gets through any more. Run it again.", who)
		return nil
	}
	pl.s.Verdict(true, "%s", pl.summary())
	return nil
}

// summary is what came of a run, in the numbers that were counted.
func (pl *play) summary() string {
	answered, read := 0, 0
	for _, l := range pl.kept {
		answered += l.answered
		read += l.read
	}
	return fmt.Sprintf("The bank carried out %s of the client's and %s that he had not given so; it closed %s over a message and refused %s. Eve read %d bytes.",
		demo.Plural(answered, "order"), demo.Plural(pl.accepted, "payment"), demo.Plural(pl.refused, "connection"), demo.Plural(pl.strangers, "stranger"), read)
}

// script plays for somebody who only watches: everything that eve can do, under one
// protection after the other.
func (pl *play) script(ctx context.Context) error {
	pl.s.Say("A client pays %d to the shop, again and again. All that it sends to the bank goes through the hands of eve.", amount)
	if err := pl.begin(ctx); err != nil {
		return err
	}
	var wrong []string
	for i, p := range protections[slices.Index(protections[:], pl.wire):] {
		if i > 0 {
			pl.protect(p)
		} else {
			pl.s.Say("Protection %s. %s", p, about[p])
		}
		if err := pl.trial(ctx, p); err != nil {
			return err
		}
		if demo.Finished(pl.s) {
			pl.s.Verdict(true, "%s", pl.summary())
			return nil
		}
		if who := pl.gone(); who != "" {
			pl.s.Verdict(false, "%s has ended, and nothing gets through any more. Run it again.", who)
			return nil
		}
		if w := pl.judge(p); w != "" {
			wrong = append(wrong, w)
		}
	}
	if len(wrong) > 0 {
		pl.s.Verdict(false, "Not as it should be: %s.", strings.Join(wrong, "; "))
		return nil
	}
	pl.s.Verdict(true, "%s", pl.outcome())
	return nil
}

// trial lets eve do what she can under a protection, one thing after the other, and
// the client's next order get through after each.
func (pl *play) trial(ctx context.Context, p string) error {
	l := pl.kept[p]
	wait := func(ok func() bool) error {
		return pl.until(ctx, func() bool { return ok() || pl.gone() != "" }, enough)
	}
	ordered := func(n int) error {
		n += l.answered
		return wait(func() bool { return l.answered >= n })
	}
	if err := ordered(2); err != nil {
		return err
	}
	for _, try := range [...]struct{ act, say string }{
		{wrong, "Eve connects to the bank herself, with what she has: no key, no certificate."},
		{alter, "Eve alters the client's next order: 500, to herself."},
		{inject, "Eve sends an order of her own, in the client's connection."},
		{replay, "Eve sends what the client sent last once more."},
	} {
		if pl.gone() != "" || demo.Finished(pl.s) {
			return nil
		}
		before, accepted := l.tried(), l.accepted
		pl.s.Say("%s", try.say)
		pl.act(try.act)
		if err := wait(func() bool { return l.tried() > before }); err != nil {
			return err
		}
		switch {
		case l.accepted > accepted:
			pl.s.Say("The bank has carried it out. It cannot tell it from an order of the client's.")
		case l.tried() > before:
			pl.s.Say("The bank has refused it, and closed the connection.")
		}
		// The first may have been under way on a connection that is closed now.
		if err := ordered(2); err != nil {
			return err
		}
	}
	return nil
}

// judge says what is not as it should be under a protection; "" when all is.
func (pl *play) judge(p string) string {
	l := pl.kept[p]
	switch {
	case l.strangers != 1:
		return fmt.Sprintf("%s: %d strangers were refused, and one came", p, l.strangers)
	case l.answered < 6:
		return fmt.Sprintf("%s: the client had %d answers", p, l.answered)
	case p == sealed && l.read > 0:
		return fmt.Sprintf("%s: eve decoded %d bytes", p, l.read)
	case p != sealed && l.read == 0:
		return fmt.Sprintf("%s: eve decoded nothing", p)
	case p == handshake && (l.accepted != 3 || l.refused != 0):
		return fmt.Sprintf("%s: of three messages of eve's the bank accepted %d and refused %d", p, l.accepted, l.refused)
	case p != handshake && (l.accepted != 0 || l.refused != 3):
		return fmt.Sprintf("%s: of three messages of eve's the bank accepted %d and refused %d", p, l.accepted, l.refused)
	}
	return ""
}

// outcome is what was seen of each protection that was played.
func (pl *play) outcome() string {
	var s []string
	for _, p := range protections {
		if l := pl.kept[p]; l.answered > 0 {
			s = append(s, fmt.Sprintf("%s: eve read %d of %d bytes, and got %d of %d messages through", p, l.read, l.passed, l.accepted, l.accepted+l.refused))
		}
	}
	return strings.Join(s, ". ") + ". With none of them did she get in herself."
}
