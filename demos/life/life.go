// Package life is the demo process-life: start is not run, stopped is not ended,
// and ended is not gone.
//
// Three workers are started and wait, each in a read of its pipe, before they
// run anything. Then each goes round and round: it computes (R), sleeps on a
// timer (S), and waits for a line that the play sends a second later (S). They
// begin at different points, so that there is always something of each to see.
// A learner stops, continues, ends and kills them. One that has ended is a zombie
// (Z) until it is joined: the workers are spawned Unreaped, and nothing but the
// action join, or the end of the run, waits for them.
//
// With nobody at the keys the play does all that by itself ([play.script]); with
// scripted actions it does no signals of its own and lives until the last of
// them and a second more.
//
// What is measured, and how:
//   - start, join and start-join: some children that do nothing are started and
//     joined, one at a time, while the workers still wait; the medians count.
//   - exit-code: the wait status of whatever ended last, in Python's count.
//   - unreaped: how many have ended and not been waited for.
//
// All states and endings on stage are the kernel's; "a timer" and "a line" are
// the workers' own words. The rules are:
//  1. A worker that was stopped is T to the kernel before the play says so (TestScriptedLife).
//  2. An ended one is Z to the kernel until it is joined (TestZombieUntilJoined).
//  3. The exit code is that of the kernel, whoever sent the signal (TestKilledFromOutside).
package life

import (
	"context"
	"fmt"
	"strings"
	"time"

	"edu/procession/demos/demo"
	"edu/procession/demos/trace"
)

// Demo is the demo process-life.
type Demo struct{}

var _ demo.Demo = Demo{}

// failing is the exit code of a worker that was asked to fail.
const failing = 3

// crowd is how many workers may be alive at once.
const crowd = 12

// Info implements demo.Demo.
func (Demo) Info() demo.Info {
	return demo.Info{
		Name:  "process-life",
		Title: "The life of a process",
		Doc: "Three workers compute, sleep and wait for a line, each in its own phase. " +
			"Stop one and let it go on; end one, kill one, let one fail. An ended one stays a zombie until you join it.",
		Places: []demo.Place{demo.Processes},
		Actions: []demo.Action{
			demo.Stop, demo.Cont, demo.Term, demo.Kill, demo.Reap,
			{Name: "fail", Key: "x", Doc: "ask it, over its pipe, to exit with code 3", Target: demo.ToProc},
			{Name: "add", Key: "a", Doc: "start another worker", Target: demo.ToStage},
		},
		Gauges: []demo.Gauge{
			{Name: "start", Unit: "ms", Doc: "from the call that starts a child to the child's first event; median of several, one at a time"},
			{Name: "join", Unit: "ms", Doc: "from telling a waiting child to end, by closing its pipe, until it has been waited for; median of the same children"},
			{Name: "start-join", Unit: "ms", Doc: "the whole life of a child that does nothing: from the call that starts it until it has been waited for; median of the same children"},
			{Name: "exit-code", Doc: "of the worker that ended last, in Python's count: its own code, or minus the number of the signal that ended it"},
			{Name: "unreaped", Doc: "workers that have ended and that nobody has waited for, now"},
		},
	}
}

// Play implements demo.Demo.
func (Demo) Play(ctx context.Context, s demo.Stage) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	pl := &play{s: s, news: make(chan news, 64)}
	for range 3 {
		if err := pl.add(ctx); err != nil {
			return err
		}
	}
	if err := pl.measure(ctx); err != nil {
		return err
	}
	for _, w := range pl.workers {
		w.p.Send(goOn)
	}
	if !s.Attended() && s.ScriptEnd() == 0 {
		return pl.script(ctx)
	}
	pl.tells = true
	s.Say("Now they run: R computes, S waits for a timer or for a line on its pipe. Try s on one of them: it stops, but does not end.")
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
	workers []*worker
	tells   bool // captions follow what happens, rather than a script
}

// worker is a worker as the play knows it.
type worker struct {
	p       demo.Proc
	exit    *trace.Exit
	joined  bool
	stopped bool
}

func (w *worker) id() trace.ID { return w.p.ID() }

// news is what happened to a worker.
type news struct {
	w    trace.ID
	what happening
}

// happening is what the play can hear of a worker.
type happening uint8

const (
	waits  happening = iota // it says that it waits for a line
	ended                   // the kernel says that it has ended
	joined                  // somebody has waited for it
)

// String is the happening's word.
func (h happening) String() string { return [...]string{"waits", "ended", "joined"}[h] }

// add starts a worker, which waits for its first line.
func (pl *play) add(ctx context.Context) error {
	name := trace.ID(fmt.Sprintf("worker-%d", len(pl.workers)+1))
	tell := func(h happening) {
		select {
		case pl.news <- news{name, h}:
		case <-ctx.Done():
		}
	}
	p, err := pl.s.Spawn(ctx, demo.Spec{
		Role: "worker", Name: name, Unreaped: true,
		Args: map[string]string{"phase": fmt.Sprint(len(pl.workers))},
		Heard: func(d trace.Data) {
			if b, ok := d.(trace.Block); ok && b.On == onLine {
				tell(waits)
			}
		},
	})
	if err != nil {
		return err
	}
	pl.workers = append(pl.workers, &worker{p: p})
	go func() {
		for _, h := range []happening{ended, joined} {
			c := p.Exited()
			if h == joined {
				c = p.Reaped()
			}
			select {
			case <-c:
				tell(h)
			case <-ctx.Done():
				return
			}
		}
	}()
	return nil
}

func (pl *play) find(id trace.ID) *worker {
	for _, w := range pl.workers {
		if w.id() == id {
			return w
		}
	}
	return nil
}

// count tells the workers that are alive and those that are zombies.
func (pl *play) count() (alive, zombies int) {
	for _, w := range pl.workers {
		switch {
		case w.exit == nil:
			alive++
		case !w.joined:
			zombies++
		}
	}
	return alive, zombies
}

// verdict sums up the lives as they were.
func (pl *play) verdict() {
	var fates []string
	for _, w := range pl.workers {
		fate := "is still alive and is ended with the stage"
		switch {
		case w.exit != nil && w.joined:
			fate = "ended with " + ending(*w.exit)
		case w.exit != nil:
			fate = "ended with " + ending(*w.exit) + " and nobody joined it"
		}
		fates = append(fates, string(w.id())+" "+fate)
	}
	pl.s.Verdict(true, "%s.", strings.Join(fates, "; "))
}
