package life

import (
	"context"
	"fmt"
	"time"

	"edu/procession/demos/demo"
	"edu/procession/demos/trace"
)

// until takes what happens until ok says so, nil for never, or d has passed, or
// the learner has finished; the error is ctx's.
func (pl *play) until(ctx context.Context, ok func() bool, d time.Duration) error {
	return demo.Loop[news]{
		Stage: pl.s, News: pl.news, Take: pl.take, Look: pl.look,
		Act: func(a demo.Act) error { return pl.act(ctx, a) },
	}.Until(ctx, ok, d)
}

// say captions what happened, where no script does.
func (pl *play) say(format string, args ...any) {
	if pl.tells {
		pl.s.Say(format, args...)
	}
}

func (pl *play) take(n news) {
	w := pl.find(n.w)
	if w == nil {
		return
	}
	switch n.what {
	case waits:
		time.AfterFunc(beat(pl.s.Pace()), func() { w.p.Send(goOn) })
		return
	case ended:
		x, _ := w.p.Wait(context.Background()) // it has ended: this does not wait
		w.exit, w.stopped = &x, false
		pl.s.Gauge("exit-code", float64(demo.PythonCode(x)), "")
		pl.say("%s ended with %s. Nobody has waited for it, so it is a zombie (Z); j joins it.", w.id(), ending(x))
	case joined:
		w.joined = true
		alive, zombies := pl.count()
		switch {
		case alive+zombies == 0:
			pl.say("%s is joined and gone: now all have ended and been joined. a starts another.", w.id())
		case zombies > 0:
			pl.say("%s is joined: its status (%s) was handed over, and the kernel has forgotten it. %s left.", w.id(), *w.exit, demo.Plural(zombies, "zombie"))
		default:
			pl.say("%s is joined: its status (%s) was handed over, and the kernel has forgotten it.", w.id(), *w.exit)
		}
	}
	_, zombies := pl.count()
	pl.s.Gauge("unreaped", float64(zombies), "")
}

// look notices who was stopped and who goes on.
func (pl *play) look() {
	for _, w := range pl.workers {
		is := w.exit == nil && w.p.State() == trace.Stopped
		switch {
		case is && !w.stopped:
			pl.say("%s is stopped (T): alive, in memory, and not running. c lets it go on; try t first: a stopped process does not act on SIGTERM until then.", w.id())
		case !is && w.stopped && w.exit == nil && w.p.State() != trace.Zombie:
			pl.say("%s goes on where it was stopped.", w.id())
		}
		w.stopped = is
	}
}

// act does the learner's actions that the stage leaves to the demo.
func (pl *play) act(ctx context.Context, a demo.Act) error {
	switch a.Name {
	case "add":
		if alive, _ := pl.count(); alive >= crowd {
			pl.s.Say("%d are alive, which is as many as fit on stage. End one first.", alive)
			return nil
		}
		if err := pl.add(ctx); err != nil {
			return err
		}
		w := pl.workers[len(pl.workers)-1]
		w.p.Send(goOn)
		pl.s.Say("%s was started: its first event came after %s.", w.id(), ms(w.p.Took()))
	case "fail":
		var asked []*worker
		for _, w := range pl.workers {
			if w.exit == nil && (w.id() == a.Target || a.Target == demo.Everyone) {
				asked = append(asked, w)
			}
		}
		for _, w := range asked {
			w.p.Send(fail)
			pl.s.Say("%s has a line on its pipe that asks it to exit with code %d. It reads it when it next looks: this is no signal.", w.id(), failing)
		}
		if len(asked) == 0 {
			pl.s.Say("There is no live worker %q to ask.", a.Target)
		}
	}
	return nil
}

// ending is how a worker ended, with what Python makes of a signal.
func ending(x trace.Exit) string {
	if x.Signal != "" {
		return fmt.Sprintf("%s (exit code %d to Python)", x.String(), demo.PythonCode(x))
	}
	return x.String()
}

func ms(d time.Duration) string { return fmt.Sprintf("%.1f ms", d.Seconds()*1000) }
