package peers

import (
	"context"
	"math"
	"strconv"
	"strings"
	"time"

	"edu/procession/demos/demo"
	"edu/procession/demos/trace"
)

const (
	least   = 80 * time.Millisecond // between two counts
	window  = time.Second           // in which heartbeats are counted
	figures = 250 * time.Millisecond
)

// until takes what happens until ok says so, nil for never, or d has passed, or
// the learner has finished; the error is ctx's.
func (pl *play) until(ctx context.Context, ok func() bool, d time.Duration) error {
	return demo.Loop[news]{
		Stage: pl.s, News: pl.news, Take: pl.take, Look: pl.look,
		Act: func(a demo.Act) error { pl.act(a); return nil },
	}.Until(ctx, ok, d)
}

// say captions what happened, where no script does.
func (pl *play) say(format string, args ...any) {
	if pl.tells {
		pl.s.Say(format, args...)
	}
}

// take takes a peer's word, or the kernel's on its end.
func (pl *play) take(n news) {
	p := pl.find(n.who)
	switch {
	case n.exit != nil:
		pl.ended(p, n.exit)
		return
	case n.words == nil:
		now := pl.s.Now()
		p.views[n.recv.From].last = now
		pl.recv = append(pl.recv, now)
		return
	case n.words[0] == "at":
		p.addr = n.words[1]
		return
	case n.words[0] == "met":
		p.met = true
		return
	}
	o := pl.find(trace.ID(n.words[1]))
	v := p.views[o.name]
	number := func(i int) time.Duration {
		ns, _ := strconv.ParseInt(n.words[i], 10, 64)
		return time.Duration(ns)
	}
	switch n.words[0] {
	case "suspect": // who, silent for, at
		v.suspected = true
		pl.suspects(p, o, number(2), number(3))
	case "heard": // who, after
		v.suspected = false
		pl.say("%s hears %s again after %s: its suspicion was wrong.", p.name, o.name, seconds(number(2)))
	case "gone": // who, at
		v.suspected, v.gone, v.goneAt = false, true, number(2)
		var told []string
		for _, q := range pl.peers {
			if v := q.views[o.name]; v != nil && v.gone {
				told = append(told, string(q.name))
			}
		}
		pl.say("%s has ended, and its kernel, which lives, closed its sockets and so told %s. To see a power cut instead, cut both links of a peer and then kill it.", o.name, strings.Join(told, " and "))
	}
}

// suspects counts a suspicion and sets the truth beside it.
func (pl *play) suspects(p, o *peerOnStage, silence, at time.Duration) {
	pl.suspicions++
	pl.figure("suspicions", float64(pl.suspicions), "")
	truth := "is alive and was slow"
	switch {
	case o.exit != nil || o.p.State() == trace.Zombie:
		truth = "has ended: right this time, and no more certain for that"
	case pl.link(p.name, o.name).holds(o):
		truth = "is alive, and the link is cut. Press h to heal it"
	case pl.link(p.name, o.name).slow > 0:
		truth = "is alive, and the link is slow: its heartbeats are on their way"
	case o.stopped:
		truth = "is alive, and stopped. Press c to let it go on"
	}
	if o.exit == nil && o.p.State() != trace.Zombie {
		pl.alarms++
	}
	pl.figure("false-alarms", float64(pl.alarms), "")
	for i := len(pl.faults) - 1; i >= 0; i-- {
		f := pl.faults[i]
		if !f.over && (f.b == "" && f.a == o.name || f.b != "" && (f.a == o.name || f.b == o.name) && (f.a == p.name || f.b == p.name)) {
			if !f.seen {
				f.seen = true
				pl.s.Gauge("detection", float64(at-f.at)/1e6, "ms")
			}
			break
		}
	}
	pl.say("%s suspects %s: silent for %s. In truth %s %s.", p.name, o.name, seconds(silence), o.name, truth)
}

// ended takes the kernel's word that a peer has ended.
func (pl *play) ended(p *peerOnStage, x *trace.Exit) {
	p.exit, p.stopped = x, false
	pl.mend(p.name, "")
	pl.faults = append(pl.faults, &fault{a: p.name, at: pl.s.Now()})
	open := 0 // doors that an end of file can get through
	for _, l := range pl.links {
		if (l.a == p && l.b.exit == nil || l.b == p && l.a.exit == nil) && !l.holds(p) {
			open++
		}
	}
	switch {
	case pl.alive() == 0:
		pl.say("%s has ended, and nobody is left to notice.", p.name)
	case open == 0:
		pl.say("%s has ended behind cut links, as if its machine had lost power: no end of file gets out, and the others can only wait.", p.name)
	}
}

// look notices who was stopped and who goes on, and counts.
func (pl *play) look() {
	for _, p := range pl.peers {
		if p.p == nil || p.exit != nil {
			continue
		}
		is := p.p.State() == trace.Stopped
		switch {
		case is && !p.stopped:
			pl.faults = append(pl.faults, &fault{a: p.name, at: pl.s.Now()})
			pl.say("%s is stopped (T), says the kernel, and its connections stand. Its peers just hear nothing: how long until they suspect?", p.name)
		case !is && p.stopped:
			pl.mend(p.name, "")
			pl.say("%s goes on and reads what came meanwhile. It does not know that it was away.", p.name)
		}
		p.stopped = is
	}
	pl.count()
}

// count shows the figures that always move.
func (pl *play) count() {
	now := pl.s.Now()
	if now-pl.gauged < max(pl.s.Pace().Scale(figures), least) || !pl.peers[len(pl.peers)-1].met {
		return
	}
	pl.gauged = now
	oldest, some := time.Duration(0), false
	for _, p := range pl.peers {
		for _, v := range p.views {
			if p.exit == nil && !v.gone {
				oldest, some = max(oldest, now-v.last), true
			}
		}
	}
	if some {
		pl.figure("last-heard", math.Round(float64(oldest)/1e6), "ms")
	}
	for len(pl.recv) > 0 && pl.recv[0] < now-window {
		pl.recv = pl.recv[1:]
	}
	pl.figure("answers", math.Round(float64(len(pl.recv))/min(window, max(now, least)).Seconds()), "/s")
}

// figure reports a number when it is another than before.
func (pl *play) figure(name string, v float64, unit string) {
	if was, ok := pl.shown[name]; !ok || was != v {
		pl.shown[name] = v
		pl.s.Gauge(name, v, unit)
	}
}

// most is the longest delay that the learner can add by a key.
const most = 10 * time.Second

// act does the learner's actions that the stage leaves to the demo.
func (pl *play) act(a demo.Act) {
	p := pl.find(a.Target)
	l := pl.choose(a, p)
	if l == nil {
		pl.s.Say("There is no link of %q: choose a, b or c.", string(a.Target))
		return
	}
	switch {
	case (a.Name == cut || a.Name == oneWay) && l.cut:
		pl.s.Say("The link %s is cut already. h heals it.", l)
	case a.Name == cut:
		pl.cut(l, nil)
		pl.s.Say("The link %s is cut (injected), and nobody is told. Watch what its two ends say.", l)
	case a.Name == oneWay:
		from, to := l.a, l.b
		if p == l.b {
			from, to = to, from
		}
		pl.cut(l, from)
		pl.s.Say("What %s sends to %s is held back (injected), the other direction is whole. Who suspects whom?", from.name, to.name)
	case a.Name == slow:
		pl.slow(l)
		pl.s.Say("Each heartbeat on the link %s takes %s longer, each way (injected). Watch its round trip in the view Nodes.", l, l.slow)
	case !l.cut && l.slow == 0:
		pl.s.Say("No link of %s is cut or slow. x cuts the one to its next peer.", a.Target)
	default:
		pl.heal(l)
		pl.s.Say("The link %s is whole again, and what was held back arrives, late.", l)
	}
}

// choose is the link that an action is done to: the one that was named, else that
// of the peer to its next, or, to be healed, the one of its own that needs it.
func (pl *play) choose(a demo.Act, p *peerOnStage) *link {
	if x, y, ok := strings.Cut(strings.ReplaceAll(string(a.Target), "–", "-"), "-"); ok { // "a-b", in a script
		return pl.link(trace.ID(x), trace.ID(y))
	}
	var next *link
	for _, l := range pl.links {
		if a.Name == heal && (l.a == p || l.b == p) && (l.cut || l.slow > 0) {
			return l
		}
		if l.a == p && p != nil {
			next = l
		}
	}
	return next
}
