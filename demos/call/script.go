package call

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"edu/procession/demos/demo"
	"edu/procession/demos/internal/sock"
	"edu/procession/demos/trace"
)

const (
	period  = 1500 * time.Millisecond // between two rounds of slow calls
	renewal = 2500 * time.Millisecond // until a dead callee is replaced, for eyes
	enough  = 30 * time.Second        // for what takes a second, unless the machine is very busy
)

// measure has the caller time the six ways, in turn, some rounds long.
func (pl *play) measure(ctx context.Context) error {
	s, n := pl.s, demo.IntParam(pl.s, "calls")
	if !sock.Raw {
		pl.log("", "pipe and Unix socket: not on this system, where no connection can be handed to a process that is there already")
	}
	type act struct{ what, text string }
	acts := []act{
		{"function", "square(x) as a function: a call within the caller, timed by batches, for one is too short for the clock."},
		{"goroutine", "square(x) by a goroutine: a channel there and one back, and still the same memory."},
	}
	for _, l := range pl.lines {
		acts = append(acts, act{string(l.by), "square(x) by another process: " + map[way]string{
			pipe: "there and back through two pipes.",
			unix: "there and back over a Unix socket.",
			tcp:  "there and back over TCP on loopback, which is not the network.",
			far:  fmt.Sprintf("there and back over TCP to a node %s away, each way (injected).", pl.delay),
		}[l.by]})
	}
	pl.tells = s.Attended()
	wait := enough
	if s.Attended() {
		wait = demo.ForEver // a learner may have stopped the callee, or the caller
	}
	for round := range rounds {
		if round == 1 {
			s.Say("And again, in turn, so that what else the machine does hits all six alike.")
		}
		for _, a := range acts {
			if round == 0 {
				s.Say("%s", a.text)
			}
			pl.measured = ""
			calls := (n + rounds - 1) / rounds
			if a.what == string(far) {
				calls = (pl.farCalls() + rounds - 1) / rounds
				pl.stale = pl.stale && round > 0 // another delay since: these figures are to be replaced
			}
			pl.order("measure %s %d", a.what, calls)
			if err := pl.until(ctx, func() bool { return pl.measured == a.what || pl.dead != nil }, wait); err != nil {
				return err
			}
			switch {
			case demo.Finished(pl.s) || pl.dead != nil:
				return nil
			case pl.measured != a.what:
				return fmt.Errorf("the measurement of %s is not over after %v", a.what, enough)
			case round > 0:
				continue
			}
			if err := pl.until(ctx, pl.gone, s.Pace().Scale(500*time.Millisecond)); err != nil {
				return err
			}
		}
	}
	f, p, t := pl.median["function"], pl.median[string(pipe)], pl.median[string(tcp)]
	if f > 0 && p > 0 {
		pl.figure("pipe-vs-function", p/f, "×")
	}
	if f > 0 && t > 0 {
		s.Say("Out of the process is the large step: %.1f ns for a function, %.1f µs over TCP on loopback. Mind the scale: each mark is ten times the one before.", f, t/1000)
	}
	return pl.until(ctx, pl.gone, s.Pace().Scale(1800*time.Millisecond))
}

func (pl *play) gone() bool { return pl.dead != nil }

// freely leaves the stage to the learner, or to a script of his actions, while
// slow calls go out by every way.
func (pl *play) freely(ctx context.Context) error {
	s := pl.s
	pl.tells = true
	if !demo.Finished(pl.s) && pl.dead == nil {
		s.Say("Slow calls go out by every way. Kill a callee (k) in the middle of one: what does the caller see, and what does the ledger know?")
	}
	for {
		left := demo.ForEver
		if !s.Attended() {
			left = s.ScriptEnd() + pl.timeout() + s.Pace().Scale(time.Second) - s.Now()
		}
		if left <= 0 || demo.Finished(pl.s) || pl.dead != nil {
			break
		}
		for _, l := range pl.lines {
			settled := l.call == nil || l.call.quoted || l.call.view != pending && l.call.view != lost && l.call.view != silent
			if c := l.callee; c.exit != nil && c.closed && settled && s.Now()-c.ended > s.Pace().Scale(renewal) {
				if err := pl.engage(ctx, l); err != nil {
					return err
				}
				pl.say("%s takes the place of %s. The caller's old connection is of no use to it.", l.callee.name, c.name)
			}
		}
		var free []*wire
		for _, l := range pl.lines {
			if l.free() {
				free = append(free, l)
			}
		}
		pl.anew()
		if !pl.held && !pl.remeasures {
			pl.round(free...)
		}
		if err := pl.until(ctx, pl.gone, min(left, s.Pace().Scale(period))); err != nil {
			return err
		}
	}
	return pl.finish(ctx, true, pl.summary())
}

// summary is what came of a run, in the numbers that were counted.
func (pl *play) summary() string {
	if pl.unknown == 0 {
		return "No call was left without a reply. Kill or stop a callee in mid-call to see one."
	}
	text := demo.Plural(pl.unknown, "call") + " got no reply in time."
	if pl.lost > 0 {
		text += fmt.Sprintf(" Of %s whose callee was killed, %d had been executed; all that the caller got was: %s.",
			demo.Plural(pl.lost, "call"), pl.ran, strings.Join(pl.views, ", "))
	}
	return text + " A function cannot do that to its caller."
}

// script plays for somebody who only watches: a round of calls, a callee that is
// stopped, and a kill at each step of a call, in an order that the seed decides.
// Each caption that states a fact waits for it.
func (pl *play) script(ctx context.Context) error {
	s := pl.s
	var err error
	eyes := func(d time.Duration) {
		if err == nil {
			err = pl.until(ctx, pl.gone, s.Pace().Scale(d))
		}
	}
	fact := func(ok func() bool) bool {
		if err == nil {
			err = pl.until(ctx, func() bool { return pl.dead != nil || ok() }, enough)
		}
		return err == nil && ok()
	}
	var missing []string
	miss := func(what string, args ...any) { missing = append(missing, fmt.Sprintf(what, args...)) }

	s.Say("Now slowly. A function and a goroutine live and die with the caller: there is no process to kill. A callee can die alone.")
	pl.round(pl.lines...)
	fact(func() bool {
		return !slices.ContainsFunc(pl.lines, func(l *wire) bool { return l.call.view == pending || l.call.view == silent && l.callee.exit == nil })
	})
	for _, l := range pl.lines {
		if l.call.view != replyIn && l.call.view != late {
			miss("a reply by %s", l.by.by())
		}
	}
	eyes(900 * time.Millisecond)

	l := pl.lines[s.Rand().IntN(len(pl.lines))]
	if stop := pl.stop(l); err == nil && stop == nil {
		s.Say("%s is stopped (T), and called. The kernel tells the stage that it is stopped; whom does it tell besides?", l.callee.name)
		fact(func() bool { return l.callee.exit != nil || l.callee.p.State() == trace.Stopped })
		pl.call(unread, l)
		if fact(func() bool { return l.call.view != pending }) && l.call.view == silent {
			s.Say("The caller gave up after %s of silence: no error, no end of file. Stopped, slow or lost? It cannot know.", seconds(pl.timeout()))
			eyes(1300 * time.Millisecond)
		} else {
			miss("silence from the stopped callee")
		}
		l.callee.p.Signal(demo.SigCont)
		if fact(func() bool { return l.callee.exit != nil || l.call.view == late }) && l.call.view == late {
			s.Say("%s goes on and replies, after the caller had given up. Whoever had repeated the call would have had it executed twice.", l.callee.name)
			eyes(1400 * time.Millisecond)
		} else {
			miss("the late reply")
		}
	} else if !errors.Is(stop, demo.ErrNotHere) {
		miss("a callee to stop")
	}

	when := []step{got, works, executed}
	s.Rand().Shuffle(len(when), func(i, j int) { when[i], when[j] = when[j], when[i] })
	first := s.Rand().IntN(len(pl.lines))
	for i, hold := range when {
		l := pl.lines[(first+i)%len(pl.lines)]
		if err == nil && l.callee.exit != nil {
			err = pl.engage(ctx, l)
		}
		fact(func() bool { return l.free() || l.callee.exit != nil })
		if err != nil || pl.dead != nil || demo.Finished(pl.s) {
			break
		}
		c := l.callee
		pl.call(hold, l)
		if !fact(func() bool { return c.exit != nil || l.call.ledger() == hold }) || c.exit != nil {
			miss("call %d by %s", pl.calls, l.by.by())
			continue
		}
		s.Say("%s has call %d and is held %s, to be killed there.", c.name, l.call.id, map[step]string{
			got: "before it executes", works: "in the middle of it", executed: "after it has executed, before it replies"}[hold])
		eyes(700 * time.Millisecond)
		if demo.Finished(pl.s) || pl.dead != nil {
			break
		}
		c.killed = s.Now()
		c.p.Signal(demo.SigKill)
		if !fact(func() bool { return l.call.quoted }) {
			miss("the caller's view of call %d", l.call.id)
			continue
		}
		s.Say("The caller got %s. Did call %d run? It cannot know. The ledger, which it cannot see, says: %s.", l.call.how, l.call.id, l.call.ledger().truth())
		eyes(1700 * time.Millisecond)
	}
	if err != nil {
		return err
	}
	if missing != nil && !demo.Finished(pl.s) {
		return pl.finish(ctx, false, "Not as it should be: missing "+strings.Join(missing, ", ")+".")
	}
	return pl.finish(ctx, true, pl.summary())
}

// stop stops a callee that is free to be called.
func (pl *play) stop(l *wire) error {
	if !l.free() {
		return errors.New("it is not free")
	}
	return l.callee.p.Signal(demo.SigStop)
}

// finish gives the verdict and lets the processes go: the caller first, whose end
// the callees read.
func (pl *play) finish(ctx context.Context, ok bool, text string) error {
	s := pl.s
	if x := pl.dead; x != nil && x.Signal == "" {
		return fmt.Errorf("the caller ended with exit code %d: its last line says why", x.Code)
	} else if x != nil {
		ok, text = true, "The caller ended, and with it the function, the goroutine and all that it knew of its calls. The callees read end of file and ended too."
		s.Say("The caller ended (signal %s), and with it the function, the goroutine and all that it knew. Its callees read end of file.", x.Signal)
	} else {
		pl.order("end")
	}
	if err := pl.until(ctx, func() bool {
		for _, l := range pl.lines {
			if c := l.callee; c != nil && c.exit == nil && c.p.State() != trace.Stopped {
				return false
			}
		}
		return pl.dead != nil || pl.caller.State() == trace.Stopped
	}, 3*time.Second); err != nil {
		return err
	}
	s.Verdict(ok, "%s", text)
	return nil
}
