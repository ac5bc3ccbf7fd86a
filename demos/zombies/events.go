package zombies

import (
	"context"
	"errors"
	"fmt"
	"time"

	"edu/procession/demos/demo"
	"edu/procession/demos/trace"
)

// patience is how long the play waits for a fact; the kernel needs
// milliseconds, unless the machine is very busy.
const patience = 10 * time.Second

// until takes what happens until ok says so, nil for never, or d has passed, or
// the learner has finished; the error is ctx's.
func (pl *play) until(ctx context.Context, ok func() bool, d time.Duration) error {
	return demo.Loop[news]{
		Stage: pl.s, News: pl.news, Take: func(n news) { pl.take(ctx, n) }, Look: pl.look,
		Act: pl.act,
	}.Until(ctx, ok, d)
}

// say captions what happened, where no script does.
func (pl *play) say(format string, args ...any) {
	if pl.tells {
		pl.s.Say(format, args...)
	}
}

func (pl *play) take(ctx context.Context, n news) {
	k := pl.kin[n.who]
	switch {
	case n.what == born && k == nil:
		if p, ok := pl.s.Proc(n.who); ok {
			pl.join(ctx, n.who, pl.births[n.who], p)
		}
	case k == nil:
		return
	case n.what == ended:
		x, _ := k.p.Wait(context.Background()) // it has ended: this does not wait
		k.exit, k.ended = &x, pl.s.Now()
		if !x.Untold {
			pl.s.Gauge("exit-code", float64(demo.PythonCode(x)), "")
		}
		pl.tellEnd(n.who, k)
	case n.what == reaped:
		k.reaped = true
		pl.s.Gauge("zombie-age", (pl.s.Now() - k.ended).Seconds(), "s")
		if pl.kin[k.of] != nil && pl.kin[k.of].exit == nil {
			pl.say("%s's parent has waited for it: the status (%s) was handed over, and the kernel has forgotten it.", n.who, *k.exit)
		}
	}
	pl.count()
}

// tellEnd says what an end means: a zombie, and orphans.
func (pl *play) tellEnd(name trace.ID, k *kin) {
	left := 0
	for _, c := range pl.kin {
		if c.of == name && !c.reaped {
			left++
		}
	}
	switch up := pl.kin[k.of]; {
	case pl.leaving && name == parent && k.exit.Signal == "":
		pl.say("The parent has waited for all its children and ended with %s: nothing is left over.", *k.exit)
	case pl.leaving && k.of == parent && up.exit == nil:
		pl.say("%s ended with %s, and its parent, which is about to leave, waits for it.", name, ending(*k.exit))
	case left > 0:
		pl.say("%s ended with %s and leaves %d behind. Who is their parent now? See the column PARENT.", name, ending(*k.exit), left)
	case up != nil && up.exit == nil && k.of != grandparent:
		pl.say("%s ended with %s. Its parent lives and has not waited: a zombie (Z). k sends it SIGKILL, r lets the parent wait.", name, ending(*k.exit))
	case up != nil && up.exit != nil:
		pl.say("%s ended with %s. It was an orphan: who inherited it waits at once.", name, ending(*k.exit))
	}
}

// look notices who has been inherited.
func (pl *play) look() {
	for _, name := range pl.names {
		k := pl.kin[name]
		up := pl.kin[k.of]
		if up == nil || up.exit == nil || k.exit != nil {
			continue
		}
		pid, id := k.p.Parent()
		if pid == up.p.PID() || pid == k.movedP {
			continue
		}
		k.moved, k.movedP = id, pid
		pl.count()
		pl.say("%s lives, and its parent is now %s (pid %d): %s.", name, orPID(id, pid), pid, why(id))
	}
}

// why is why an orphan got this parent.
func why(id trace.ID) string {
	switch id {
	case grandparent:
		return "its nearest ancestor that lives and has declared itself a subreaper"
	case "warden":
		return "the warden of this stage is a subreaper; else it would be process 1"
	}
	return "there was no subreaper to inherit it"
}

// act does the learner's actions that the stage leaves to the demo.
func (pl *play) act(a demo.Act) error {
	if a.Name == "leave" {
		a.Target = parent
	}
	k := pl.kin[a.Target]
	if k == nil && a.Name != "add" {
		pl.s.Say("There is nobody called %q in the family.", a.Target)
		return nil
	}
	switch a.Name {
	case "add":
		switch {
		case pl.added >= crowd:
			pl.s.Say("The parent has started %d more, which is as many as fit on stage.", pl.added)
		case pl.kin[parent].exit != nil:
			pl.s.Say("The parent has ended: nobody starts another child.")
		case !pl.reaches(parent):
			pl.unheard(parent)
		default:
			pl.added++
			pl.order(parent, trace.ID(fmt.Sprintf("child-%d", 2+pl.added)), "child")
		}
	case "fail", "leave":
		switch {
		case k.exit != nil:
			pl.s.Say("%s has ended: nobody is there to read a line.", a.Target)
		case !pl.reaches(a.Target):
			pl.unheard(a.Target)
		case a.Name == "leave":
			pl.leaving = true
			pl.ask(parent, "leave")
			pl.s.Say("The parent returns from its main, as at the end of a program: it terminates its daemons (SIGTERM) and waits for all others, as long as that takes.")
		default:
			pl.ask(a.Target, "fail")
			pl.s.Say("%s is asked, over its pipe, to exit with code %d. This is no signal.", a.Target, failing)
		}
	case "reap":
		switch {
		case k.reaped:
			pl.s.Say("%s has been waited for: the kernel has nothing of it any more.", a.Target)
		case k.exit == nil:
			pl.s.Say("%s has not ended: its parent would wait until it does. End it first (x, t or k).", a.Target)
		case pl.kin[k.of] == nil || pl.kin[k.of].exit != nil:
			pl.s.Say("%s is waited for by who inherited it.", a.Target)
		case !pl.reaches(k.of):
			pl.unheard(k.of)
		default:
			pl.ask(k.of, "reap %s", a.Target)
		}
	case "orphan":
		up := pl.kin[k.of]
		if up == nil || up.exit != nil {
			pl.s.Say("%s's parent has ended already, or is the warden: see the column PARENT.", a.Target)
			return nil
		}
		return gone(up.p.Signal(demo.SigKill))
	}
	return nil
}

// unheard says why no line gets to somebody.
func (pl *play) unheard(name trace.ID) {
	pl.s.Say("Somebody above %s has ended, and with it the way for a line to %s: only signals get there.", name, name)
}

// reaches says that a line can get there: all above it live.
func (pl *play) reaches(name trace.ID) bool {
	for k := pl.kin[name]; k != nil; k = pl.kin[k.of] {
		if up := pl.kin[k.of]; up != nil && up.exit != nil {
			return false
		}
	}
	return true
}

// gone takes the error of a signal that came too late for none.
func gone(err error) error {
	if errors.Is(err, demo.ErrNotHere) {
		return err
	}
	return nil
}

// ending is how one ended, with what Python makes of a signal.
func ending(x trace.Exit) string {
	if x.Signal != "" {
		return fmt.Sprintf("%s (exit code %d to Python)", x.String(), demo.PythonCode(x))
	}
	return x.String()
}
