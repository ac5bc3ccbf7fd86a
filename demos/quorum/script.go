package quorum

import (
	"context"
	"fmt"
	"slices"
	"time"

	"edu/procession/demos/demo"
	"edu/procession/demos/trace"
)

func (pl *play) freely(ctx context.Context) error {
	if pl.rule == half {
		pl.s.Say("The four elect a leader. Write (w), cut it and one other off (x), write to the leaders of both sides, heal (h), and finish (f).")
	} else {
		pl.s.Say("The five elect a leader. Then write (w), cut the leader and one other off (x), write on both sides, heal (h), kill (k), start again (b).")
	}
	d := demo.ForEver
	if !pl.s.Attended() {
		d = pl.s.ScriptEnd() - pl.s.Now() + pl.s.Pace().Scale(3*time.Second)
	}
	if err := pl.until(ctx, nil, d); err != nil {
		return err
	}
	return pl.end(ctx)
}

// enough is how long the script waits for a fact; an election takes a few times
// Raft's own time.
const enough = 60 * time.Second

// script plays for somebody who only watches. Its first error ends all that follows.
type script struct {
	*play
	ctx context.Context
	err error
}

// on says that there is nothing to stop for.
func (sc *script) on() bool { return sc.err == nil && !demo.Finished(sc.s) }

// eyes gives somebody who watches the time to.
func (sc *script) eyes(d time.Duration) { sc.rest(sc.s.Pace().Scale(d)) }

func (sc *script) rest(d time.Duration) {
	if sc.on() {
		sc.err = sc.until(sc.ctx, nil, d)
	}
}

func (sc *script) wait(what string, ok func() bool) bool {
	if sc.err == nil {
		sc.err = sc.until(sc.ctx, ok, enough)
	}
	if sc.on() && !ok() {
		sc.err = fmt.Errorf("%s did not come to be within %v", what, enough)
	}
	return sc.on()
}

func (sc *script) through() bool {
	return sc.wait("an answer to each write", func() bool { return len(sc.open) == 0 })
}

func (sc *script) leads() bool {
	return sc.wait("a leader", func() bool { return sc.since == 0 && sc.leader() != nil })
}

// agree has whoever leads write, until one write is acknowledged: a leader may be
// followed by another at any moment.
func (sc *script) agree() {
	for before := len(sc.acked); len(sc.acked) == before && sc.leads(); {
		sc.write(sc.leader())
		sc.through()
	}
}

// agreeIn is agree for one side of a cut, where the rule is a half.
func (sc *script) agreeIn(side func(*member) bool) {
	var leads *member
	found := func() bool {
		i := slices.IndexFunc(sc.nodes, func(m *member) bool { return side(m) && m.role == "leader" })
		if i >= 0 {
			leads = sc.nodes[i]
		}
		return i >= 0
	}
	for before := len(sc.acked); len(sc.acked) == before && sc.wait("a leader on this side", found); {
		sc.write(leads)
		sc.through()
	}
}

func (sc *script) kill(m *member) bool {
	if sc.on() {
		sc.err = m.p.Signal(demo.SigKill)
	}
	if sc.on() {
		<-m.p.Exited()
	}
	return sc.on()
}

// story is what there is to see, once.
func (sc *script) story() {
	if sc.leads() {
		sc.eyes(1500 * time.Millisecond)
		for range 2 {
			sc.agree()
			sc.eyes(800 * time.Millisecond)
		}
	}
	sc.leads()
	old := sc.leader()
	if !sc.on() || old == nil {
		return
	}
	side := sc.cut(old)
	if sc.rule == half {
		sc.halves(side)
		return
	}
	sc.s.Say("%s, which leads, and %s are cut off from the other three (injected). %s does not know it, and takes a write.", side[0], side[1], old.name)
	sc.write(old)
	sc.leads()
	sc.eyes(1200 * time.Millisecond)
	sc.agree()
	sc.through()
	sc.eyes(1500 * time.Millisecond)
	sc.net.HealAll()
	sc.s.Say("The links are whole. %s hears of a later term and follows; what only it and its side had is thrown away.", old.name)
	sc.wait("that the old leader follows", func() bool { return old.role == "follower" })
	sc.eyes(1500 * time.Millisecond)
	m := sc.leader()
	if !sc.on() || m == nil {
		return
	}
	if sc.lost(); sc.kill(m) {
		sc.s.Say("%s, which leads, is killed. Four are left, and three of five are still a majority.", m.name)
		sc.leads()
		sc.eyes(800 * time.Millisecond)
		sc.agree()
		sc.eyes(1200 * time.Millisecond)
	}
	sc.again(m)
	sc.eyes(1500 * time.Millisecond)
}

// halves is the rest of the story where a half is enough, once one is cut off from
// the other.
func (sc *script) halves(side []trace.ID) {
	here := func(m *member) bool { return slices.Contains(side, m.name) }
	sc.s.Say("%s, which leads, and %s are cut off from the other two (injected). They take a write, and are a half of the nodes.", side[0], side[1])
	sc.agreeIn(here)
	sc.eyes(1500 * time.Millisecond)
	sc.agreeIn(func(m *member) bool { return !here(m) })
	sc.s.Say("Both sides have acknowledged, each with a half of the nodes. The one log is two.")
	sc.eyes(1500 * time.Millisecond)
	sc.net.HealAll()
	sc.s.Say("The links are whole. Who leads in an earlier term follows, and takes the log of the other: what its side had acknowledged is gone.")
	sc.wait("one leader", func() bool {
		n := 0
		for _, m := range sc.nodes {
			if m.role == "leader" {
				n++
			}
		}
		return n == 1
	})
	sc.eyes(1500 * time.Millisecond)
}

// again starts a node again that has ended, and waits until it has caught up.
func (sc *script) again(m *member) {
	if sc.on() {
		sc.err = sc.restart(sc.ctx, m)
	}
	sc.wait("that "+string(m.name)+" catches up", func() bool { return sc.back == nil })
}

// chance cuts the nodes so many times somewhere, writes to whoever says that it
// leads and to others, and, where the log is kept, kills a node now and then.
func (sc *script) chance(cuts int) {
	rnd := sc.s.Rand()
	some := func() { sc.rest(time.Duration(rnd.Float64() * 2 * float64(sc.election()))) }
	sc.leads()
	for range cuts {
		if !sc.on() {
			return
		}
		var side []trace.ID
		for _, i := range rnd.Perm(len(sc.nodes))[:1+rnd.IntN(len(sc.nodes)-1)] {
			side = append(side, sc.nodes[i].name)
		}
		if rnd.IntN(2) == 0 {
			sc.net.HealAll() // else one cut becomes another
		}
		sc.net.Split(side...)
		sc.s.Say("Cut off from the others, at random (injected): %v.", side)
		var killed *member
		for range 3 {
			for _, m := range sc.nodes {
				if m.role == "leader" && !m.gone() || rnd.IntN(8) == 0 {
					sc.write(m)
				}
			}
			some()
			if killed == nil && sc.rule == byRaft && rnd.IntN(4) == 0 {
				if m := sc.nodes[rnd.IntN(len(sc.nodes))]; sc.kill(m) {
					killed = m
				}
			}
		}
		if killed != nil && sc.on() {
			sc.err = sc.restart(sc.ctx, killed)
		}
	}
	sc.through()
	sc.net.HealAll()
	sc.wait("a leader", func() bool { return sc.leader() != nil })
	sc.since = 0
	sc.agree()
}

func (pl *play) scripted(ctx context.Context, cuts int) error {
	sc := &script{play: pl, ctx: ctx}
	if cuts > 0 {
		sc.chance(cuts)
	} else {
		sc.story()
	}
	if sc.err != nil {
		return sc.err
	}
	return pl.end(ctx)
}
