package brokers

import (
	"context"
	"fmt"
	"slices"
	"time"

	"edu/procession/demos/demo"
	"edu/procession/demos/trace"
)

// patience is how long a script waits for a fact: elections take up to 9 s each.
const patience = 60 * time.Second

// freely leaves the stage to the learner, or to a script of his actions.
func (pl *play) freely(ctx context.Context) error {
	d := demo.ForEver
	if !pl.s.Attended() {
		d = pl.s.ScriptEnd() - pl.s.Now() + pl.s.Pace().Scale(3*time.Second)
	}
	if err := pl.until(ctx, nil, d); err != nil {
		return err
	}
	return pl.end(ctx)
}

// missing is how many acknowledged tasks have no result.
func (pl *play) missing() (n int) {
	for t := range pl.acked {
		if !pl.results[t] {
			n++
		}
	}
	return n
}

// end has the producer stop, waits for the workers to do what was acknowledged, and
// gives the verdict.
func (pl *play) end(ctx context.Context) error {
	pl.ending = true
	for _, n := range pl.others {
		if n.role == "producer" && !n.gone {
			n.p.CloseSend()
		}
	}
	workers := 0
	for _, n := range pl.others {
		if n.role == "worker" && !n.gone && n.p.State() != trace.Stopped {
			workers++
		}
	}
	if pl.enough() && workers > 0 {
		settled := func() bool { return pl.missing() == 0 && (pl.waiting == 0 || pl.others[0].gone) }
		if err := pl.hear(ctx, settled, pl.grace); err != nil {
			return err
		}
	}
	missing := pl.missing()
	switch {
	case missing > 0 && !pl.enough():
		pl.s.Verdict(true, "%s acknowledged; %d of them have no result and lie in the files of servers: %d of %d run, too few to say more",
			demo.Plural(len(pl.acked), "task"), missing, pl.running(), len(pl.servers))
	case missing > 0 && workers == 0:
		pl.s.Verdict(true, "%s acknowledged; %d of them have no result, and no worker is left to do them", demo.Plural(len(pl.acked), "task"), missing)
	default:
		pl.figure("lost", float64(missing), "")
		pl.figure("duplicates", float64(pl.duplicates), "")
		pl.figure("sent-again", float64(pl.resent), "")
		pl.figure("recognised", float64(pl.recognised), "")
		pl.s.Verdict(missing == 0, "%s", pl.summary(missing))
	}
	return pl.leave(ctx)
}

// leave asks everybody to end and waits a while: who does not hear it is ended by
// the stage.
func (pl *play) leave(ctx context.Context) error {
	late := time.After(3 * time.Second)
	for _, group := range [][]*node{pl.others, pl.servers} {
		for _, n := range group {
			n.p.CloseSend()
		}
		for _, n := range group {
			if n.gone || n.p.State() == trace.Stopped {
				continue
			}
			select {
			case <-n.p.Exited():
			case <-late:
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		}
	}
	return nil
}

// script plays for somebody who only watches.
func (pl *play) script(ctx context.Context) error {
	var err error
	live := func() bool { return err == nil && !demo.Finished(pl.s) }
	eyes := func(d time.Duration) {
		if live() {
			err = pl.until(ctx, nil, pl.s.Pace().Scale(d))
		}
	}
	wait := func(what string, ok func() bool) {
		if live() {
			if err = pl.until(ctx, ok, patience); err == nil && !ok() && !demo.Finished(pl.s) {
				err = fmt.Errorf("%s did not come to be within %v", what, patience)
			}
		}
	}
	more := func(tasks int) {
		want := len(pl.acked) + tasks
		wait("an acknowledgement", func() bool { return len(pl.acked) >= want })
	}
	kill := func(which func(*node) bool) {
		if i := slices.IndexFunc(pl.servers, which); i >= 0 && live() {
			n := pl.servers[i]
			if err = n.p.Signal(demo.SigKill); err == nil {
				wait("the kernel's word", func() bool { return n.gone })
			}
		}
	}
	leading := func(n *node) bool { return n.name == pl.leader || len(pl.servers) == 1 }
	following := func(n *node) bool { return n.name != pl.leader && !n.gone }
	restart := func() {
		if live() {
			_, err = pl.restart(ctx)
		}
	}
	leads := func() { wait("a leader", func() bool { return pl.since == 0 && pl.first }) }

	if len(pl.servers) == 1 {
		more(4)
		kill(leading)
		wait("a task without an acknowledgement", func() bool { return pl.tries > 1 && pl.waiting > 0 })
		eyes(3 * time.Second)
		restart()
		more(3)
		eyes(2 * time.Second)
	} else {
		leads()
		more(4)
		kill(leading)
		leads()
		more(2)
		eyes(2500 * time.Millisecond)
		kill(following)
		wait("a task without an acknowledgement", func() bool { return pl.tries > 1 && pl.waiting > 0 })
		eyes(4 * time.Second)
		restart()
		leads()
		more(2)
		eyes(2500 * time.Millisecond)
		restart()
		more(2)
		eyes(2 * time.Second)
	}
	if err != nil {
		return err
	}
	return pl.end(ctx)
}
