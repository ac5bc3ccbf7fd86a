package mapreduce

import (
	"context"
	"time"

	"edu/procession/demos/demo"
	"edu/procession/demos/trace"
)

// enough is how long a script waits for a fact, beyond what tasks take.
const enough = 20 * time.Second

// freely leaves the stage to the learner, or to a script of his actions.
func (pl *play) freely(ctx context.Context) error {
	pl.tells = true
	pl.intro()
	if pl.s.Attended() {
		return pl.until(ctx, nil, demo.ForEver)
	}
	over := func() bool { return !pl.running && pl.s.Now() > pl.s.ScriptEnd() }
	all := time.Duration(pl.Maps+pl.Reduces) * pl.Work * straggling
	return pl.until(ctx, over, pl.s.ScriptEnd()+all+enough-pl.s.Now())
}

func (pl *play) intro() {
	if pl.shares() {
		pl.s.Say("A book in %d chunks: maps count words, then %d reduces add up. The data lie in files that all share. Kill a worker (k) that has a task.", pl.Maps, pl.Reduces)
	} else {
		pl.s.Say("A book in %d chunks: maps count words, then %d reduces add up. Nodes share nothing: all data travel. Kill a worker (k) that has a task.", pl.Maps, pl.Reduces)
	}
}

// script plays for somebody who only watches: a worker is killed with a map in hand,
// another comes, and one becomes a straggler with a reduce in hand. Each caption that
// states a fact waits for it.
func (pl *play) script(ctx context.Context) error {
	s := pl.s
	var err error
	fact := func(ok func() bool) bool {
		if err == nil {
			err = pl.until(ctx, ok, straggling*pl.Work+enough)
		}
		return err == nil && ok()
	}
	eyes := func(d time.Duration) {
		if err == nil {
			err = pl.until(ctx, nil, s.Pace().Scale(d))
		}
	}
	// busy waits for a worker in the midst of a map or a reduce.
	busy := func(reduce bool) (w *node) {
		fact(func() bool {
			for i := range pl.workers {
				n := pl.workers[(i+int(s.Seed()%maxWorkers))%len(pl.workers)]
				if n.exit == nil && n.task >= 0 && (n.task >= pl.Maps) == reduce && s.Now()-n.since > pl.Work*3/10 && s.Now()-n.since < pl.Work*6/10 {
					w = n
					return true
				}
			}
			return !pl.running
		})
		return w
	}
	pl.intro()
	fact(func() bool { return pl.numbers.Done >= min(4, pl.Maps/2) || !pl.running })
	if w := busy(false); w != nil && err == nil && !demo.Finished(s) {
		task := w.task
		if err := w.p.Signal(demo.SigKill); err != nil {
			return err
		}
		fact(func() bool { return w.exit != nil })
		if pl.shares() {
			s.Say("%s is killed with %s in hand. Its files have no names yet: nobody reads them. The task waits again.", w.name, pl.name(task))
		} else {
			s.Say("%s is killed with %s in hand. It had sent nothing yet. The task waits again.", w.name, pl.name(task))
		}
		fact(func() bool { return pl.numbers.Reexecutions > 0 || !pl.running || pl.live() == 0 })
		if pl.numbers.Reexecutions > 0 {
			s.Say("%s was given out again, from its beginning. It asks for nothing but its chunk, so anybody can do it.", pl.name(task))
		}
		eyes(time.Second)
	}
	if err == nil && !demo.Finished(s) {
		if err := pl.hire(ctx); err != nil {
			return err
		}
		s.Say("%s has come, and takes what is next.", pl.workers[len(pl.workers)-1].name)
	}
	if w := busy(true); w != nil && err == nil && !demo.Finished(s) {
		task := w.task
		pl.drag(w, true)
		s.Say("%s becomes a straggler with %s in hand: it waits eight times as long (injected).", w.name, pl.name(task))
		if pl.backups && fact(func() bool { return pl.numbers.Backups > 0 || !pl.running }) && pl.numbers.Backups > 0 {
			s.Say("Nothing else waits, and %s is late: another worker gets a backup copy. Whoever is first counts.", pl.name(task))
		}
	}
	if fact(func() bool { return !pl.running }) && pl.sum != nil {
		s.Say("%s.", pl.summary())
		eyes(1500 * time.Millisecond)
		if n := pl.numbers; n.Backups > n.Duplicates && fact(func() bool { return pl.numbers.Duplicates > n.Duplicates || pl.live() == 0 }) {
			s.Say("The straggler comes with its result after all: a duplicate, counted and thrown away.")
			eyes(time.Second)
		}
	}
	return err
}

// settle ends the coordinator and takes what it has still told, so that the numbers
// are those of the log.
func (pl *play) settle(ctx context.Context) error {
	pl.tells, pl.settling = false, true
	late := time.NewTimer(time.Second)
	defer late.Stop()
	for _, p := range pl.place.cast() {
		wake(p)
	}
	for pl.place.halt(); !pl.ended; {
		select {
		case f := <-pl.facts:
			if f.Is == isEnd {
				return nil
			}
			pl.take(f)
		case <-late.C:
			return nil // it was stopped just now
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// verdict says how it came out. What a learner did to the stage is no failure.
func (pl *play) verdict() {
	switch {
	case pl.lost != "":
		pl.s.Verdict(false, "The job broke off: %s.", pl.lost)
	case pl.wrong > 0:
		pl.s.Verdict(false, "%s.", pl.summary())
	case pl.sum != nil:
		pl.s.Verdict(true, "%s.", pl.summary())
	case pl.ended:
		pl.s.Verdict(true, "The coordinator ended before the job was done, and nobody else knows how far it was.")
	default:
		pl.s.Verdict(true, "%d of %d tasks were done when it was ended.", pl.numbers.Done, pl.Maps+pl.Reduces)
	}
}

// leave tells everybody that it is over, and waits for those who can hear it.
func (pl *play) leave(ctx context.Context) error {
	var all []demo.Proc
	for _, w := range pl.workers {
		all = append(all, w.p)
	}
	for _, p := range append(all, pl.place.cast()...) {
		p.CloseSend()
		wake(p)
	}
	late := time.NewTimer(time.Second)
	defer late.Stop()
	for _, p := range append(all, pl.place.cast()...) {
		select {
		case <-p.Exited():
		case <-late.C:
			return nil // the stage ends it
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// wake lets a process go on that is stopped, so that it hears of the end.
func wake(p demo.Proc) {
	if p.State() == trace.Stopped {
		p.Signal(demo.SigCont)
	}
}
