package peers

import (
	"context"
	"fmt"
	"strings"
	"time"

	"edu/procession/demos/demo"
	"edu/procession/demos/trace"
)

// settle is how long a run with scripted actions goes on after the last of them,
// beyond the patience.
const settle = 1500 * time.Millisecond

// freely leaves the stage to the learner, or to a script of his actions.
func (pl *play) freely(ctx context.Context) error {
	pl.tells = true
	pl.s.Say("a, b and c share nothing but heartbeats. x cuts a link, d slows one, s stops a peer, k kills one: what do the others notice?")
	left := demo.ForEver
	if !pl.s.Attended() {
		pace := pl.s.Pace()
		left = pl.s.ScriptEnd() + pace.Scale(settle+demo.DurationParam(pl.s, "patience")) - pl.s.Now()
	}
	nobody := func() bool { return pl.alive() == 0 }
	if err := pl.until(ctx, nobody, left); err != nil {
		return err
	}
	pl.s.Verdict(true, "%s", pl.summary())
	return nil
}

func (pl *play) alive() (n int) {
	for _, p := range pl.peers {
		if p.exit == nil {
			n++
		}
	}
	return n
}

// summary is what came of a run, in the numbers that were counted.
func (pl *play) summary() string {
	var ends []string
	for _, p := range pl.peers {
		if p.exit != nil {
			ends = append(ends, string(p.name))
		}
	}
	text := fmt.Sprintf("%s, of which %d of a peer that was alive", demo.Plural(pl.suspicions, "suspicion"), pl.alarms)
	if pl.suspicions == 0 {
		text = "Nobody suspected anybody"
	}
	if ends != nil {
		text += "; ended: " + strings.Join(ends, ", ")
	}
	return text + ". What a peer knows of another, it knows from messages."
}

// enough is how long the script waits for a fact beyond the patience.
const enough = 10 * time.Second

// script plays for somebody who only watches: a cut, suspicion, a heal, a kill.
// Which link and which peer the seed decides. Each caption that states a fact
// waits for it.
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
			err = pl.until(ctx, ok, s.Pace().Scale(demo.DurationParam(s, "patience"))+enough)
		}
		return err == nil && ok()
	}
	// Each of them may be killed from outside while this goes on.
	i := s.Rand().IntN(len(pl.links))
	l := pl.links[i]
	x, y, z := l.a, l.b, pl.links[(i+1)%len(pl.links)].b
	lost := func() bool { return pl.alive() < len(pl.peers) }

	s.Say("a, b and c, three processes on one machine, stand in for three machines: heartbeats are all they share. No network is involved.")
	eyes(1300 * time.Millisecond)
	pl.cut(l, nil)
	s.Say("The link %s is cut (injected), and nobody is told. %s still hears both.", l, z.name)
	both := fact(func() bool { return lost() || x.views[y.name].suspected && y.views[x.name].suspected }) && !lost()
	if both {
		s.Say("%s and %s hear nothing of each other, and suspect. Both are wrong, and neither can know.", x.name, y.name)
	}
	eyes(1800 * time.Millisecond)
	pl.heal(l)
	s.Say("The link %s is whole again, and what was held back arrives, late.", l)
	again := fact(func() bool { return lost() || !x.views[y.name].suspected && !y.views[x.name].suspected }) && !lost() && both
	if again {
		s.Say("%s and %s hear each other again: a false alarm on both sides.", x.name, y.name)
	}
	eyes(1300 * time.Millisecond)
	told := false
	if err == nil && !demo.Finished(pl.s) {
		at := s.Now()
		if z.exit == nil {
			err = z.p.Signal(demo.SigKill)
		}
		told = fact(func() bool {
			return (x.exit != nil || x.views[z.name].gone) && (y.exit != nil || y.views[z.name].gone) && z.exit != nil
		})
		if told {
			if first := pl.firstGone(z.name); first > 0 {
				s.Gauge("end-of-file", float64(max(first-at, 0))/1e6, "ms")
			}
			s.Say("%s was killed, and its kernel, which lives, closed its sockets and so told %s and %s. A machine without power would leave silence.", z.name, x.name, y.name)
		}
	}
	eyes(2 * time.Second)
	switch {
	case err != nil:
		return err
	case demo.Finished(pl.s):
		s.Verdict(true, "%s", pl.summary())
	default:
		s.Verdict(both && again && told, "%s", pl.told(both, again, told, x, y, z))
	}
	return nil
}

// firstGone is when the first of the others read end of file from a peer, 0 for
// never.
func (pl *play) firstGone(id trace.ID) (at time.Duration) {
	for _, p := range pl.peers {
		if v := p.views[id]; v != nil && v.gone && (at == 0 || v.goneAt < at) {
			at = v.goneAt
		}
	}
	return at
}

func (pl *play) told(both, again, told bool, x, y, z *peerOnStage) string {
	switch {
	case !both:
		return fmt.Sprintf("The cut between %s and %s was not noticed as it should have been: %s", x.name, y.name, pl.summary())
	case !again:
		return fmt.Sprintf("%s and %s did not hear each other again: %s", x.name, y.name, pl.summary())
	case !told:
		return fmt.Sprintf("The end of %s was not told: %s", z.name, pl.summary())
	}
	return fmt.Sprintf("A cut told %s and %s nothing: they suspected each other, wrongly, after a silence. The death of %s was told at once, since the kernel that closes its sockets is the one that they run on too.",
		x.name, y.name, z.name)
}
