package stage

import (
	"time"

	"edu/procession/demos/trace"
)

// resting is what a worker is doing while the stage settles.
type resting uint8

const (
	moving  resting = iota // it runs, sleeps on a timer, or has not been heard out
	held                   // at a step, blocked in a read of its control pipe
	blocked                // in the kernel, on something that only another can give; or stopped
	ended                  // and heard out, or without another step in this round
)

// String is the word for it.
func (k resting) String() string { return [...]string{"moving", "held", "blocked", "ended"}[k] }

// settle waits until nobody moves. It looks at once when somebody is heard, and
// else at growing intervals. Before the cast is complete it does not look, and
// returns false when it is poked; so it does when the run is over.
func (g *gates) settle(open bool) (ready, stands []trace.ID, ok bool) {
	const first, longest = 100 * time.Microsecond, 5 * time.Millisecond
	wait := first
	again := false // the look before found everybody at rest
	t := time.NewTimer(0)
	defer t.Stop()
	for {
		select {
		case <-g.poke:
			if !open {
				return nil, nil, false
			}
			wait = first
		case <-t.C:
			wait = min(2*wait, longest)
		case <-g.r.ctx.Done():
			return nil, nil, false
		}
		if open {
			// Who is blocked may have been looked at just before another one, looked at
			// later, let it go: only a second look that finds it as it was can tell.
			ready, stands, ok = g.look()
			if ok && (again || len(stands) == 0) {
				return ready, stands, true
			}
			if again = ok; ok {
				wait = first
			}
			t.Reset(wait)
		}
	}
}

// look is one look at everybody.
func (g *gates) look() (ready, stands []trace.ID, ok bool) {
	if g.spawning.Load() > 0 {
		return nil, nil, false
	}
	ok = true
	for _, p := range g.r.all() {
		switch kind, id := p.rest(); kind {
		case moving:
			ok = false // the others are looked at too: who is blocked is seen to be at the second look
		case held:
			ready = append(ready, id)
		case blocked:
			stands = append(stands, id)
		}
	}
	return ready, stands, ok
}

const (
	sure    = time.Millisecond      // between two looks that find a process blocked and no time spent
	notSure = 20 * time.Millisecond // the same where the kernel does not tell on what
)

// rest finds out what a worker is doing. Blocked is what it is at two looks
// between which it did not run at all.
func (p *proc) rest() (resting, trace.ID) {
	if p.hasExited() {
		select {
		case <-p.heard:
			return ended, p.id
		default:
			return moving, p.id
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.exit.PID != 0 {
		return moving, p.id
	}
	if !p.events.drained() {
		return moving, p.id
	}
	if p.gated {
		if got, ok := p.look.look(p.state); ok && got.state == trace.Asleep && got.on == "pipe read" {
			p.observed(got.state, got.on, "sampled")
			return p.gate(), p.id
		}
	}
	got, stamp, ok := p.look.still()
	if !ok {
		p.stillAs = 0
		return moving, p.id
	}
	switch got.state {
	case trace.Stopped:
	case trace.Asleep:
		if got.on == "timer" {
			return moving, p.id
		}
		if stamp != p.stillAs {
			p.stillAs, p.stillAt = stamp, time.Now()
			return moving, p.id
		}
		if d := time.Since(p.stillAt); d < sure || got.on == "" && d < notSure {
			return moving, p.id
		}
	default:
		return moving, p.id
	}
	p.observed(got.state, got.on, "sampled")
	if p.gated && got.state == trace.Asleep {
		return p.gate(), p.id
	}
	return blocked, p.id
}

// gate is what a worker is at a gate: held, but not at one without a name.
func (p *proc) gate() resting {
	if p.next == "" {
		return ended
	}
	return held
}
