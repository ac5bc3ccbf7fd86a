package starts

import (
	"context"
	"fmt"
	"os"
	"time"

	"edu/procession/demos/demo"
	"edu/procession/demos/trace"
)

func (pl *play) act(ctx context.Context, a demo.Act) error {
	if err := pl.through(ctx, time.Second); err != nil { // the log, which the learner sees, may be ahead of us
		return err
	}
	switch {
	case pl.gone:
		pl.s.Say("There is no sender any more, so nobody wants anything done. R begins anew.")
		return nil
	case !pl.idle:
		pl.s.Say("The sender still waits for a reply: somebody is stopped. Try again when it goes on.")
		return nil
	}
	switch a.Name {
	case "job":
		return pl.job(ctx)
	case "function":
		return pl.function(ctx)
	case "number":
		return pl.number(ctx)
	case "heir":
		return pl.heir(ctx)
	case "old":
		return pl.old(ctx)
	}
	return nil
}

// ready sees to it that there is a worker; false when there can be none.
func (pl *play) ready(ctx context.Context) (bool, error) {
	if pl.worker >= 0 {
		return true, nil
	}
	if full, err := pl.full(); full {
		return false, err
	}
	err := pl.hire(ctx, release)
	return pl.worker >= 0, err
}

func (pl *play) full() (bool, error) {
	if pl.made < crowd {
		return false, nil
	}
	pl.s.Say("This run has started the %d workers that it has pipes for. R begins anew.", crowd)
	return true, nil
}

// ask has the sender do something with a worker, and tells what it said of it.
func (pl *play) ask(ctx context.Context, about trace.ID, format string, args ...any) (string, error) {
	delete(pl.last, about)
	pl.order(format, args...)
	err := pl.through(ctx, demo.ForEver)
	return pl.last[about], err
}

func (pl *play) job(ctx context.Context) error {
	fresh := pl.worker < 0
	ok, err := pl.ready(ctx)
	if !ok || err != nil {
		return err
	}
	said, err := pl.ask(ctx, "last job", "job square %d", pl.jobs%90+2)
	if err != nil || said == "" {
		return err
	}
	if fresh {
		pl.s.Say("%s was started first, and had to be told anew what a job looks like: %s.", pl.procs[pl.worker].ID(), said)
		return nil
	}
	pl.s.Say("A job crossed as a name and a number: %s. The code of the function did not: the worker has it.", said)
	return nil
}

func (pl *play) function(ctx context.Context) error {
	ok, err := pl.ready(ctx)
	if !ok || err != nil {
		return err
	}
	said, err := pl.ask(ctx, "last job", "function")
	if err != nil || said == "" {
		return err
	}
	pl.s.Say("By itself: %q. In a field it is left out without an error: %s.", pl.last["function"], said)
	return nil
}

func (pl *play) number(ctx context.Context) error {
	ok, err := pl.ready(ctx)
	if !ok || err != nil {
		return err
	}
	said, err := pl.ask(ctx, "last job", "number")
	if err != nil || said == "" {
		return err
	}
	pl.s.Say("Only the number crossed: %s. A descriptor is an entry in a table of one process.", said)
	return nil
}

func (pl *play) heir(ctx context.Context) error {
	if pl.heirs >= crowd {
		pl.s.Say("The file is read to its end. R begins anew.")
		return nil
	}
	pl.heirs++
	name := trace.ID(fmt.Sprintf("heir-%d", pl.heirs))
	p, err := pl.spawn(ctx, demo.Spec{Role: "heir", Name: name, Files: []*os.File{pl.notes}})
	if err != nil {
		return err
	}
	pl.procs = append(pl.procs, p)
	if err := pl.hear(ctx, func() bool { return pl.last[name] != "" || exited(p) }, demo.ForEver); err != nil {
		return err
	}
	said, err := pl.ask(ctx, "file", "read")
	if err != nil {
		return err
	}
	pl.s.Say("%s inherited the open file: %s. Then the sender: %s. One open file, one place in it.", name, pl.last[name], said)
	return nil
}

func exited(p demo.Proc) bool {
	select {
	case <-p.Exited():
		return true
	default:
		return false
	}
}

func (pl *play) old(ctx context.Context) error {
	if full, err := pl.full(); full {
		return err
	}
	if err := pl.hire(ctx, release-1); err != nil {
		return err
	}
	p := pl.procs[len(pl.procs)-1]
	pl.s.Say("%s speaks as release %d did, as a program elsewhere may: %s. Here both run one file, so it does not happen by itself.",
		p.ID(), release-1, pl.last[p.ID()])
	return nil
}

// attended plays what the keys ask for.
func (pl *play) attended(ctx context.Context) error {
	left := demo.ForEver
	if !pl.s.Attended() {
		left = pl.s.ScriptEnd() - pl.s.Now() + pl.s.Pace().Scale(3*time.Second)
	}
	pl.told()
	if err := pl.until(ctx, nil, left); err != nil {
		return err
	}
	return pl.close(ctx)
}

func (pl *play) told() {
	if pl.jobs == 0 {
		return // it was disturbed, and that was told
	}
	pl.s.Say("%d jobs have crossed, a name and numbers each; the first told what a job looks like, too. x tries to send a function.", pl.jobs)
}

// alone plays everything once.
func (pl *play) alone(ctx context.Context) error {
	pl.told()
	if err := pl.rest(ctx, 2*time.Second); err != nil {
		return err
	}
	for _, do := range []func(context.Context) error{pl.job, pl.function, pl.number, pl.heir, pl.old, pl.kill, pl.job} {
		if demo.Finished(pl.s) {
			break
		}
		if err := do(ctx); err != nil {
			return err
		}
		if err := pl.rest(ctx, 3*time.Second); err != nil {
			return err
		}
	}
	return pl.close(ctx)
}

// kill ends the worker.
func (pl *play) kill(ctx context.Context) error {
	if pl.worker < 0 {
		return nil
	}
	pl.procs[pl.worker].Signal(demo.SigKill)
	return pl.hear(ctx, func() bool { return pl.worker < 0 }, demo.ForEver)
}

// close lets the sender end, with it the workers, and the heirs; who cannot, since
// it is stopped, is ended by the stage.
func (pl *play) close(ctx context.Context) error {
	text := demo.Plural(pl.jobs, "job") + " crossed as bytes"
	if pl.last["function"] != "" {
		text += "; a function did not"
	}
	if pl.heirs > 0 {
		text += "; an open file was inherited"
	}
	if pl.refused > 0 {
		text += fmt.Sprintf("; %s of an older release refused", demo.Plural(pl.refused, "worker"))
	}
	pl.s.Verdict(true, "%s", text)
	pl.sender.CloseSend()
	late := time.After(2 * time.Second)
	for _, p := range append([]demo.Proc{pl.sender}, pl.procs...) {
		p.CloseSend()
		select {
		case <-p.Exited():
		case <-late:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}
