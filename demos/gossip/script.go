package gossip

import (
	"context"
	"fmt"
	"time"

	"edu/procession/demos/demo"
	"edu/procession/demos/trace"
)

// tries is in how many parts play.enough is waited for.
const tries = 5

func (pl *play) freely(ctx context.Context) error {
	if err := pl.until(ctx, pl.whole, 20*pl.probe()); err != nil {
		return err
	}
	pl.s.Say("Each has an opinion of each other. Now kill one (k), stop one (s), mute one (x) or have one leave (l): who believes what, and since when?")
	d := demo.ForEver
	if !pl.s.Attended() {
		d = pl.s.ScriptEnd() - pl.s.Now() + pl.s.Pace().Scale(3*time.Second)
	}
	if err := pl.until(ctx, nil, d); err != nil {
		return err
	}
	return pl.end(ctx)
}

// script plays for somebody who only watches.
func (pl *play) script(ctx context.Context) error {
	var err error
	on := func() bool { return err == nil && !demo.Finished(pl.s) }
	eyes := func(d time.Duration) {
		if on() {
			err = pl.until(ctx, nil, pl.s.Pace().Scale(d))
		}
	}
	wait := func(what string, ok func() bool) {
		for try := 0; on() && !ok(); try++ {
			if try == tries {
				err = fmt.Errorf("%s did not come to be within %v", what, pl.enough)
				return
			}
			if try > 0 {
				pl.mend() // on a busy machine two can give each other up for good
			}
			err = pl.until(ctx, ok, pl.enough/tries)
		}
	}
	together := func() { wait("that all take each other for alive", pl.whole) }
	signal := func(p *peer, sig demo.Signal) {
		if on() {
			err = p.p.Signal(sig)
		}
	}
	n := len(pl.nodes)
	first, second, third, last := pl.nodes[0], pl.nodes[1], pl.nodes[2], pl.nodes[n-1]

	together()
	eyes(2500 * time.Millisecond) // the rate of messages while nothing happens
	if on() {
		asked := pl.asked
		pl.part(first)
		wait("that others are asked", func() bool { return pl.asked > asked })
		eyes(1500 * time.Millisecond)
		pl.heal()
	}
	eyes(1500 * time.Millisecond)
	together()
	if on() {
		pl.s.Say("%s is killed (kill -9). The kernel knows at once, and its parent. No other node does.", last.name)
	}
	signal(last, demo.SigKill)
	wait("that all take the killed node for failed", func() bool { return last.gone() && pl.agree(last, failed, "") })
	eyes(3 * time.Second)
	if on() {
		pl.s.Say("%s is stopped (SIGSTOP). It lives, and answers nobody.", third.name)
	}
	signal(third, demo.SigStop)
	wait("that all take the stopped node for failed", func() bool { return third.p.State() == trace.Stopped && pl.agree(third, failed, "") })
	eyes(2500 * time.Millisecond)
	if on() {
		pl.s.Say("%s goes on (SIGCONT). It does not know that it was away.", third.name)
	}
	signal(third, demo.SigCont)
	wait("that the node goes on", func() bool { return third.p.State() != trace.Stopped && third.refutes > 0 })
	together()
	eyes(2500 * time.Millisecond)
	if on() {
		pl.leave(second)
	}
	wait("that the node left", func() bool { return second.gone() && pl.agree(second, left, failed, "") })
	eyes(2500 * time.Millisecond)
	if on() {
		err = pl.join(ctx)
	}
	wait("that the new node is in", func() bool {
		p := pl.nodes[len(pl.nodes)-1]
		return pl.agree(p, alive) && pl.knows(p)
	})
	eyes(2 * time.Second)
	if err != nil {
		return err
	}
	return pl.end(ctx)
}

// settled says that everybody who runs is right about everybody, as far as the
// kernel can tell.
func (pl *play) settled() bool {
	for _, p := range pl.nodes {
		switch {
		case p.gone() && !pl.agree(p, failed, left, ""), p.runs() && !p.leaving && !pl.agree(p, alive):
			return false
		}
	}
	return true
}

// end heals everything, waits until those who run agree, and gives the verdict.
func (pl *play) end(ctx context.Context) error {
	pl.net.HealAll()
	all := pl.running(nil)
	if len(all) < 2 {
		pl.s.Verdict(true, "%s runs: nobody is left to have an opinion", demo.Plural(len(all), "node"))
		return nil
	}
	if !pl.settled() {
		pl.s.Say("The end, once those who run agree.")
	}
	agree := false
	for try := 0; try < tries && !agree; try++ {
		var err error
		pl.mend()
		if agree, err = pl.hear(ctx, pl.settled, pl.enough/tries); err != nil {
			return err
		}
	}
	pl.s.Gauge("false-suspicions", float64(pl.falseSuspect), "")
	pl.s.Gauge("false-failed", float64(pl.falseFails), "")
	pl.s.Gauge("indirect-pings", float64(pl.asked), "")
	pl.s.Verdict(agree, "%s run and %s about who does; on the way %s and %s for failed that had not ended",
		demo.Plural(len(pl.running(nil)), "node"), map[bool]string{true: "agree", false: "do not agree"}[agree],
		was(pl.falseSuspect, "suspected"), was(pl.falseFails, "taken"))
	for _, p := range pl.nodes {
		p.p.CloseSend()
	}
	late := time.After(3 * time.Second)
	for _, p := range pl.nodes {
		if p.p.State() == trace.Stopped {
			continue
		}
		select {
		case <-p.p.Exited():
		case <-late:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

func was(n int, what string) string {
	if n == 1 {
		return "1 time one was " + what
	}
	return fmt.Sprintf("%d times one was %s", n, what)
}

// hear takes facts until ok says so or d has passed; also after the learner has
// asked for the end.
func (pl *play) hear(ctx context.Context, ok func() bool, d time.Duration) (bool, error) {
	t := time.NewTimer(d)
	defer t.Stop()
	look := time.NewTicker(20 * time.Millisecond)
	defer look.Stop()
	for !ok() {
		select {
		case f := <-pl.facts:
			pl.take(f)
		case <-look.C: // what the kernel says may have changed
		case <-t.C:
			return false, nil
		case <-ctx.Done():
			return false, ctx.Err()
		}
	}
	return true, nil
}
