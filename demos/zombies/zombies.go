// Package zombies is the demo zombies: ended is not reaped, and who outlives its
// parent gets another one.
//
// The grandparent starts the parent, and the parent two children and a daemon:
// all of them itself, so that the kernel's table has a family in it and not just
// children of the stage. Nobody in it waits for anybody but the grandparent. So
// an ended child stays a zombie (Z) until its parent is asked to wait for it, or
// ends; and what the parent leaves behind when it is killed is inherited: by the
// grandparent where that has declared itself a subreaper (the setting subreaper),
// else by the next ancestor that has, which is the warden of the stage. Were there
// none, it would be process 1. The daemon is what daemon=True makes of a process
// in Python: when the parent returns from its main (the action leave) it
// terminates its daemons and waits for all others. When the parent is killed, it
// does nothing any more, and its daemon lives.
//
// With nobody at the keys the play does all that by itself ([play.script]).
//
// All states, parents and endings are the kernel's: from /proc, from the status
// that it keeps of a zombie, and from the warden's wait; what the parent and the
// grandparent wait for themselves, they tell. The rules are:
//  1. A child that has ended is Z until its parent waits, whatever is sent to it (TestFamily).
//  2. Who outlives its parent has the parent on stage that /proc has (TestFamily, TestScript).
//  3. No zombie is left by a parent that ends: who inherits it waits (TestScript).
package zombies

import (
	"context"
	"fmt"
	"strings"
	"time"

	"edu/procession/demos/demo"
	"edu/procession/demos/trace"
)

// Demo is the demo zombies.
type Demo struct{}

var _ demo.Demo = Demo{}

// Those who are there from the beginning.
const (
	grandparent trace.ID = "grandparent"
	parent      trace.ID = "parent"
	child1      trace.ID = "child-1"
	child2      trace.ID = "child-2"
	daemon1     trace.ID = "daemon-1"
)

// crowd is how many children the parent may have been given.
const crowd = 8

// Info implements demo.Demo.
func (Demo) Info() demo.Info {
	return demo.Info{
		Name:  "zombies",
		Title: "A zombie, an orphan, a daemon",
		Doc: "A grandparent, a parent that waits for nobody, two children and a daemon. " +
			"End a child and send SIGKILL to what is left of it; let its parent wait. " +
			"Then kill the parent, and see in the column PARENT who inherits the others.",
		Places: []demo.Place{demo.Processes},
		Params: []demo.Param{
			{Name: "subreaper", Default: "false", Check: demo.Bool(), Doc: "whether the grandparent has asked the kernel to inherit orphans below it (Linux)"},
			{Name: "end", Default: "kill", Check: demo.Choice("kill", "leave"), Doc: "with nobody at the keys, how the parent ends: killed, or by returning from its main"},
		},
		Actions: []demo.Action{
			demo.Kill, demo.Term, demo.Stop, demo.Cont,
			{Name: "fail", Key: "x", Doc: "ask it, over its pipe, to exit with code 3", Target: demo.ToProc},
			{Name: "reap", Key: "r", Doc: "reap: its parent waits for it, so that the kernel forgets it", Target: demo.ToProc},
			{Name: "orphan", Key: "p", Doc: "kill its parent (SIGKILL)", Target: demo.ToProc},
			{Name: "leave", Key: "l", Doc: "the parent returns from its main: it terminates its daemons and waits for the others", Target: demo.ToStage},
			{Name: "add", Key: "a", Doc: "the parent starts another child", Target: demo.ToStage},
		},
		Gauges: []demo.Gauge{
			{Name: "zombies", Doc: "processes of the family that have ended and that nobody has waited for, now"},
			{Name: "zombie-age", Unit: "s", Doc: "how long the last one that was waited for had been a zombie: from the look at the kernel that found it so"},
			{Name: "orphans", Doc: "processes that are alive, now, though their parent has ended"},
			{Name: "inherited", Doc: "processes, zombies too, that have another parent to the kernel than the one that started them"},
			{Name: "exit-code", Doc: "of the last one that ended, in Python's count: its own code, or minus the number of the signal that ended it"},
		},
	}
}

// Play implements demo.Demo.
func (Demo) Play(ctx context.Context, s demo.Stage) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	pl := &play{s: s, news: make(chan news, 64), kin: map[trace.ID]*kin{}, births: map[trace.ID]trace.ID{}}
	if s.Param("subreaper") == "true" && !canAdopt {
		return fmt.Errorf("subreaper=true: only Linux has subreapers; here orphans go to process 1")
	}
	if err := pl.found(ctx); err != nil {
		return err
	}
	if pl.kin[daemon1] == nil { // the learner has finished already
		pl.verdict()
		return nil
	}
	if !s.Attended() && s.ScriptEnd() == 0 {
		return pl.script(ctx)
	}
	pl.tells = true
	s.Say("The parent waits for nobody. Select child-1 and let it end (x), send SIGKILL to what is left of it (k), reap it (r). Then kill its parent (p).")
	left := demo.ForEver
	if !s.Attended() {
		left = max(s.ScriptEnd()-s.Now(), 0) + time.Second
	}
	if err := pl.until(ctx, nil, left); err != nil {
		return err
	}
	pl.verdict()
	return nil
}

// play is the state of one run. Only the goroutine of Play touches it; the
// others send news.
type play struct {
	s       demo.Stage
	news    chan news
	top     demo.Proc // the grandparent
	kin     map[trace.ID]*kin
	births  map[trace.ID]trace.ID // who was asked to start whom
	names   []trace.ID            // in the order in which they were started
	added   int
	tells   bool // captions follow what happens, rather than a script
	leaving bool // the parent was asked to leave
}

// kin is one of the family as the play knows it.
type kin struct {
	p      demo.Proc
	of     trace.ID // whose child it was born
	ended  time.Duration
	exit   *trace.Exit
	reaped bool
	moved  trace.ID // who has inherited it, by name
	movedP int      // and by pid
}

// news is what happened to one of the family.
type news struct {
	who  trace.ID
	what happening
}

// happening is what the play can hear.
type happening uint8

const (
	born   happening = iota // the kernel's table has it
	ended                   // it has ended
	reaped                  // somebody has waited for it
)

// String is the happening's word.
func (h happening) String() string { return [...]string{"born", "ended", "reaped"}[h] }

// found starts the family.
func (pl *play) found(ctx context.Context) error {
	tell := func(n news) {
		select {
		case pl.news <- n:
		case <-ctx.Done():
		}
	}
	p, err := pl.s.Spawn(ctx, demo.Spec{
		Role: "grandparent", Name: grandparent, Args: map[string]string{"subreaper": pl.s.Param("subreaper")},
		Heard: func(d trace.Data) {
			if say, ok := d.(trace.Say); ok && say.Stream == "log" {
				if name, ok := strings.CutPrefix(say.Text, started); ok {
					tell(news{trace.ID(name), born})
				}
			}
		},
	})
	if err != nil {
		return err
	}
	pl.top = p
	pl.join(ctx, grandparent, "warden", p)
	for _, c := range []struct{ of, name, role trace.ID }{
		{grandparent, parent, "parent"}, {parent, child1, "child"}, {parent, child2, "child"}, {parent, daemon1, "daemon"},
	} {
		if err := pl.start(ctx, c.of, c.name, c.role); err != nil {
			return err
		}
	}
	for _, name := range []trace.ID{parent, child1, child2, daemon1} {
		if pl.kin[name] == nil && !demo.Finished(pl.s) {
			return fmt.Errorf("%s was not started: one above it has ended; this demo needs a system on which a child can inherit pipes, such as Linux or macOS", name)
		}
	}
	pl.count()
	return nil
}

// start has one of the family start another and waits for its birth.
func (pl *play) start(ctx context.Context, of, name, role trace.ID) error {
	pl.order(of, name, role)
	dead := func() bool { return pl.kin[of] == nil || pl.kin[of].exit != nil }
	if err := pl.until(ctx, func() bool { return pl.kin[name] != nil || dead() }, patience); err != nil {
		return err
	}
	if pl.kin[name] == nil && !dead() && !demo.Finished(pl.s) {
		return fmt.Errorf("%s has not started %s for %v", of, name, patience)
	}
	return nil
}

// order has one of the family start another.
func (pl *play) order(of, name, role trace.ID) {
	pl.births[name] = of
	pl.ask(of, "start %s %s", name, role)
}

// join notes one of the family and hears of its end.
func (pl *play) join(ctx context.Context, name, of trace.ID, p demo.Proc) {
	pl.kin[name] = &kin{p: p, of: of}
	pl.names = append(pl.names, name)
	go func() {
		for _, h := range []happening{ended, reaped} {
			c := p.Exited()
			if h == reaped {
				c = p.Reaped()
			}
			select {
			case <-c:
			case <-ctx.Done():
				return
			}
			select {
			case pl.news <- news{name, h}:
			case <-ctx.Done():
				return
			}
		}
	}()
}

// ask writes a line to one of the family, which passes from parent to child.
func (pl *play) ask(name trace.ID, format string, args ...any) {
	line := fmt.Sprintf(format, args...)
	for k := pl.kin[name]; k != nil && name != grandparent; name, k = k.of, pl.kin[k.of] {
		line = "to " + string(name) + " " + line
	}
	pl.top.Send(line)
}

// count tells the zombies and the orphans that there are.
func (pl *play) count() {
	zombies, orphans, inherited := 0, 0, 0
	for _, k := range pl.kin {
		up := pl.kin[k.of]
		if pid, _ := k.p.Parent(); up != nil && pid != up.p.PID() {
			inherited++
		}
		switch {
		case k.exit != nil && !k.reaped:
			zombies++
		case k.exit == nil && up != nil && up.exit != nil:
			orphans++
		}
	}
	pl.s.Gauge("zombies", float64(zombies), "")
	pl.s.Gauge("orphans", float64(orphans), "")
	pl.s.Gauge("inherited", float64(inherited), "")
}

// verdict sums up the lives as they were.
func (pl *play) verdict() {
	var fates []string
	for _, name := range pl.names {
		k := pl.kin[name]
		fate := ""
		switch {
		case k.exit != nil && k.reaped:
			fate = "ended with " + ending(*k.exit)
		case k.exit != nil:
			fate = "ended with " + ending(*k.exit) + " and nobody has waited for it"
		case k.movedP != 0:
			fate = fmt.Sprintf("outlived its parent and is a child of %s (pid %d)", orPID(k.moved, k.movedP), k.movedP)
		case name == grandparent:
			continue
		default:
			fate = "is still alive"
		}
		fates = append(fates, string(name)+" "+fate)
	}
	pl.s.Verdict(true, "%s.", strings.Join(fates, "; "))
}

// orPID is a name where there is one on stage.
func orPID(name trace.ID, pid int) string {
	if name == "" {
		return fmt.Sprintf("process %d", pid)
	}
	return string(name)
}
