package zombies

import (
	"context"
	"time"

	"edu/procession/demos/demo"
	"edu/procession/demos/trace"
)

// script plays it all for somebody who only watches. Each caption that states a
// fact waits for it.
func (pl *play) script(ctx context.Context) error {
	var err error
	s := pl.s
	eyes := func(d time.Duration) {
		if err == nil {
			err = pl.until(ctx, nil, s.Pace().Scale(d))
		}
	}
	fact := func(ok func() bool) bool {
		if err == nil {
			err = pl.until(ctx, ok, patience)
		}
		return err == nil && ok()
	}
	over := func() bool { return err != nil || demo.Finished(s) } // nothing more is to be said
	of := func(name trace.ID) *kin { return pl.kin[name] }
	zombie := func(name trace.ID) func() bool { return func() bool { return of(name).exit != nil } }
	reaped := func(name trace.ID) func() bool { return func() bool { return of(name).reaped } }

	s.Say("A parent has three children, and waits for none of them. The column PARENT says whose child each is to the kernel.")
	eyes(2500 * time.Millisecond)
	if over() {
		return err
	}

	pl.ask(child1, "fail")
	if fact(zombie(child1)) {
		s.Say("child-1 ended with %s, and its parent has not waited: a zombie (Z). Its memory and files are gone; its status waits for the parent.", ending(*of(child1).exit))
	}
	eyes(2200 * time.Millisecond)
	if over() {
		return err
	}

	if e := of(child1).p.Signal(demo.SigKill); gone(e) != nil {
		return e
	}
	eyes(300 * time.Millisecond)
	if of(child1).p.State() == trace.Zombie && !over() {
		s.Say("child-1 was sent SIGKILL. It is Z as before: nothing is left that could end.")
	}
	eyes(2200 * time.Millisecond)
	pl.ask(parent, "reap %s", child1)
	if fact(reaped(child1)) {
		s.Say("The parent waited for child-1 (join in Python, Wait in Go). That, and no signal, makes the kernel forget it.")
	}
	eyes(2000 * time.Millisecond)
	if over() {
		return err
	}

	of(child2).p.Signal(demo.SigKill)
	if fact(zombie(child2)) {
		s.Say("child-2 was killed, ended with %s, and is a zombie too: how it ended makes no difference.", ending(*of(child2).exit))
	}
	eyes(1800 * time.Millisecond)
	if over() {
		return err
	}

	if s.Param("end") == "leave" {
		pl.ask(parent, "leave")
		if fact(reaped(parent)) && fact(zombie(daemon1)) {
			s.Say("The parent returned from its main: it terminated its daemon (%s), waited for all its children, and ended. Nothing is left over.", of(daemon1).exit)
		}
	} else {
		of(parent).p.Signal(demo.SigKill)
		moved := func() bool { return of(daemon1).movedP != 0 || of(daemon1).exit != nil }
		if fact(zombie(parent)) && fact(moved) && of(daemon1).exit == nil {
			k := of(daemon1)
			s.Say("The parent was killed (SIGKILL). daemon-1 lives all the same: its parent is now %s (pid %d): %s.", orPID(k.moved, k.movedP), k.movedP, why(k.moved))
		}
		eyes(3500 * time.Millisecond)
		if fact(reaped(child2)) && !over() {
			s.Say("child-2, the zombie, was inherited too, and its new parent waited for it at once: a zombie stays only as long as its parent lives and does not wait.")
		}
	}
	eyes(3000 * time.Millisecond)
	if err == nil {
		pl.count()
		pl.verdict()
	}
	return err
}
