package remote

import (
	"context"
	"time"

	"edu/procession/demos/demo"
)

// enough is how long a script waits for a fact, beyond the lease.
const enough = 20 * time.Second

func (pl *play) allDone() bool { return pl.done >= pl.all }

// freely leaves the stage to the learner, or to a script of his actions.
func (pl *play) freely(ctx context.Context) error {
	pl.tells = true
	pl.s.Say("Tasks go from the master to the workers through the broker, over loopback. k kills what is selected, a adds a worker: what becomes of the tasks?")
	if pl.s.Attended() {
		if err := pl.until(ctx, nil, demo.ForEver); err != nil {
			return err
		}
	} else {
		over := func() bool { return pl.allDone() && pl.s.Now() > pl.s.ScriptEnd() }
		if err := pl.until(ctx, over, pl.s.ScriptEnd()+demo.DurationParam(pl.s, "lease")+enough-pl.s.Now()); err != nil {
			return err
		}
	}
	pl.s.Gauge("lost", float64(pl.all-pl.done), "")
	pl.s.Verdict(true, "%s.", pl.summary())
	return nil
}

// script plays for somebody who only watches: a worker is killed with a task in
// hand, then the broker, then the master. Each caption that states a fact waits
// for it.
func (pl *play) script(ctx context.Context) error {
	s := pl.s
	var err error
	eyes := func(d time.Duration) {
		if err == nil {
			err = pl.until(ctx, nil, s.Pace().Scale(d))
		}
	}
	fact := func(ok func() bool) bool {
		if err == nil {
			err = pl.until(ctx, ok, s.Pace().Scale(demo.DurationParam(s, "lease"))+enough)
		}
		return err == nil && ok()
	}
	kill := func(p demo.Proc) {
		if err == nil && !demo.Finished(s) {
			err = p.Signal(demo.SigKill)
		}
	}
	s.Say("A master, a broker and workers, each a process with an address of its own. They share nothing but messages, over loopback.")
	fact(func() bool { return pl.done > 0 })
	eyes(800 * time.Millisecond)

	var victim *node
	fact(func() bool {
		for i := range pl.workers {
			w := pl.workers[(i+int(s.Seed()%8))%len(pl.workers)]
			if w.exit == nil && w.task >= 0 && s.Now()-w.since < s.Pace().Scale(demo.DurationParam(s, "work"))/4 {
				victim = w
				return true
			}
		}
		return pl.allDone()
	})
	if victim != nil && err == nil {
		task := pl.tasks[victim.task]
		kill(victim.p)
		fact(func() bool { return victim.exit != nil })
		s.Say("%s was killed with a task in hand. The kernel knows; the master only hears nothing. The task's lease runs on.", victim.name)
		if err == nil && pl.live() == 0 {
			err = pl.newWorker(ctx)()
		}
		if fact(func() bool { return task.done || task.orphan == 0 }) && pl.lastBack != "" {
			s.Say("%s. No one had to notice that %s was dead.", pl.lastBack, victim.name)
		}
		eyes(1500 * time.Millisecond)
	}
	for _, who := range []string{"broker", "master"} {
		if err != nil || demo.Finished(s) || pl.allDone() {
			break
		}
		dead := func() bool { return pl.brokerDead }
		if who == "broker" && !pl.b.OnStage() {
			continue
		}
		if who == "broker" {
			kill(pl.b.Proc())
			fact(dead)
			s.Say("The broker was killed. Its files remain; so do the results that workers could not deliver.")
		} else {
			m := pl.master()
			kill(m.p)
			fact(func() bool { return m.exit != nil })
			s.Say("The master was killed. Tasks and results are in the broker, not in its memory.")
		}
		eyes(1200 * time.Millisecond)
		if err != nil {
			break
		}
		var name string
		if name, err = pl.restart(ctx); err != nil {
			break
		}
		s.Say("%s takes over from what is there.", name)
		done := pl.done
		if fact(func() bool { return pl.done > done || pl.allDone() }) {
			s.Say("Results come in again: %d of %d.", pl.done, pl.all)
		}
		eyes(800 * time.Millisecond)
	}
	fact(pl.allDone)
	if err != nil {
		return err
	}
	s.Gauge("lost", float64(pl.all-pl.done), "")
	pl.figure("duplicates", float64(pl.duplicates), "")
	pl.figure("redelivered", float64(pl.redelivered), "")
	s.Verdict(pl.allDone() || demo.Finished(s), "%s.", pl.summary())
	eyes(600 * time.Millisecond)
	return nil
}
