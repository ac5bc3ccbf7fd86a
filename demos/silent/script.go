package silent

import (
	"context"
	"fmt"
	"strings"
	"time"

	"edu/procession/demos/demo"
	"edu/procession/demos/trace"
)

// settle is how long a run with scripted actions goes on after the last of them,
// beyond the patience.
const settle = 1500 * time.Millisecond

// freely leaves the stage to the learner, or to a script of his actions.
func (pl *play) freely(ctx context.Context) error {
	pl.tells = true
	pl.s.Say("The watcher pings b, c and d. Stop one (s), cut off another (x), slow the third (d), kill one (k). What can the watcher know?")
	left := demo.ForEver
	if !pl.s.Attended() {
		left = pl.s.ScriptEnd() + pl.s.Pace().Scale(settle+demo.DurationParam(pl.s, "patience")) - pl.s.Now()
	}
	over := func() bool {
		select {
		case <-pl.watcher.Exited():
			return true
		default:
			return false
		}
	}
	if err := pl.until(ctx, over, left); err != nil {
		return err
	}
	pl.part(ctx)
	pl.s.Verdict(true, "%s", pl.summary())
	return nil
}

// part lets the nodes go, the watcher first, so that it takes no end for news.
func (pl *play) part(ctx context.Context) {
	t := time.NewTimer(3 * time.Second)
	defer t.Stop()
	all := []demo.Proc{pl.watcher}
	for _, p := range pl.peers {
		all = append(all, p.p)
	}
	for _, p := range all {
		p.CloseSend()
		if p.State() == trace.Stopped { // it cannot hear us: the stage ends it
			continue
		}
		select {
		case <-p.Exited():
		case <-t.C:
			return
		case <-ctx.Done():
			return
		}
	}
}

// summary is what came of a run, in the numbers that were counted.
func (pl *play) summary() string {
	var ends []string
	for _, p := range pl.peers {
		if p.ended {
			ends = append(ends, string(p.name))
		}
	}
	text := fmt.Sprintf("%s, of which %d of a peer that had not ended", demo.Plural(pl.suspicions, "suspicion"), pl.alarms)
	if pl.suspicions == 0 {
		text = "Nobody was suspected"
	}
	if ends != nil {
		text += "; told by a kernel that the connection ended: " + strings.Join(ends, ", ")
	}
	return text + "."
}

// enough is how long the script waits for a fact beyond the patience.
const enough = 30 * time.Second

// script plays for somebody who only watches: one peer is stopped, one cut off and
// one slow at the same time, all are mended, one is killed, and one is cut off and
// killed. Each caption that states a fact waits for it.
func (pl *play) script(ctx context.Context) error {
	s := pl.s
	b, c, d := pl.peers[0], pl.peers[1], pl.peers[2]
	var err error
	eyes := func(d time.Duration) {
		if err == nil {
			err = pl.until(ctx, nil, s.Pace().Scale(d))
		}
	}
	good := true
	fact := func(ok func() bool) bool {
		if err == nil && good {
			err = pl.until(ctx, ok, pl.patience+enough)
			good = ok()
		}
		return err == nil && good
	}
	signal := func(p *peer, sig demo.Signal) {
		if err == nil && good && !demo.Finished(s) {
			err = pl.signal(p, sig)
		}
	}

	s.Say("The watcher pings b, c and d, and each answers. What it knows of them, it knows from the answers.")
	fact(func() bool { return b.local != "" && c.local != "" && d.local != "" })
	eyes(900 * time.Millisecond)
	signal(b, demo.SigStop)
	if err == nil && good {
		pl.cut(c)
		pl.slow(d)
	}
	s.Say("b is stopped (SIGSTOP), the link to c is cut, that to d is slow (both injected). Three causes, one silence.")
	if fact(func() bool { return b.seen && c.seen && d.seen }) {
		s.Say("All three are suspected. The kernel says of each connection: %s.", b.kernel)
	}
	eyes(700 * time.Millisecond)
	if err == nil && good {
		pl.connect(b)
		fact(func() bool { return b.tries > 0 })
	}
	eyes(800 * time.Millisecond)
	signal(b, demo.SigCont)
	pl.heal(c)
	pl.heal(d)
	if fact(func() bool { return b.heards > 0 && c.heards > 0 && d.heards > 0 }) {
		s.Say("All three answer again. They had been alive all the time: three false alarms.")
	}
	eyes(800 * time.Millisecond)
	signal(b, demo.SigKill)
	if fact(func() bool { return b.ended }) {
		s.Say("b is killed. Its kernel lives, and closed its connection at once: no waiting, no guess.")
	}
	eyes(800 * time.Millisecond)
	if err == nil && good {
		pl.cut(c)
	}
	signal(c, demo.SigKill)
	if fact(func() bool { return c.gone() && c.suspected && !c.ended }) {
		s.Say("c is cut off and then killed, as if its machine had lost power. Nothing tells: the same silence, and this time it has ended.")
	}
	eyes(900 * time.Millisecond)
	if err != nil {
		return err
	}
	pl.part(ctx)
	switch {
	case demo.Finished(s):
		s.Verdict(true, "%s", pl.summary())
	case good:
		s.Verdict(true, "Stopped, cut off, slow, and gone without a word: one silence, and only patience to tell them apart. The one that was killed on a living kernel was told of at once.")
	default:
		s.Verdict(false, "Not all of it happened as it should have: %s %s", pl.summary(), pl.where())
	}
	return nil
}

// where is how the peers stand, for a run that went wrong.
func (pl *play) where() string {
	var all []string
	for _, p := range pl.peers {
		all = append(all, fmt.Sprintf("%s: %s, suspected %d times, heard again %d times, ended %v", p.name, p.p.State(), p.suspicions, p.heards, p.ended))
	}
	return strings.Join(all, "; ") + "."
}
