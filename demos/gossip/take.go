package gossip

import (
	"time"

	"edu/procession/demos/demo"
)

// take takes what a node tells.
func (pl *play) take(f fact) {
	p := pl.find(f.Node)
	if p == nil {
		return
	}
	switch f.What {
	case believes:
		if about := pl.find(f.About); about != nil {
			p.is[f.About] = f.Is
			pl.believed(p, about, f)
			pl.settle(about, f.At)
		}
		pl.settle(p, f.At) // it may be the last that a joiner waited for
	case counts:
		p.sentBefore, p.sentLast = p.sent, p.sentAt
		p.sent, p.sentAt = f.Sent, f.At
		pl.asked, p.asked = pl.asked+f.Asked-p.asked, f.Asked
		pl.rate()
	case refutes:
		p.refutes++
		if p.measuring == "" && !pl.agree(p, alive) {
			p.measuring, p.since = "refuted", f.At
		}
		pl.say(p, refutes, "%s hears that it is suspected, or taken for failed, and refutes it, with a higher incarnation.", p.name)
	case leaves:
		p.leaving, p.measuring, p.since = true, "left-known", f.At
	case joins:
		p.measuring, p.since = "joined", f.At
	case cannotJoin:
		p.measuring = ""
		pl.s.Say("%s could not join: whom it knew did not answer.", p.name)
	case ended:
		if !p.leaving {
			p.measuring = ""
			if pl.agree(p, alive) {
				p.measuring, p.since = "all-failed", f.At
			}
		}
		for _, q := range pl.nodes { // who waited for its opinion waits no longer
			pl.settle(q, f.At)
		}
	}
}

// believed counts and measures a change of mind of p about another.
func (pl *play) believed(p, about *peer, f fact) {
	if f.Is != suspect && f.Is != failed {
		return
	}
	lives := !about.gone()
	if lives && !about.leaving {
		if f.Is == suspect {
			pl.falseSuspect++
			pl.s.Gauge("false-suspicions", float64(pl.falseSuspect), "")
		} else {
			pl.falseFails++
			pl.s.Gauge("false-failed", float64(pl.falseFails), "")
		}
	}
	ms := float64(f.At-about.since) / 1e6
	if ms < 0 && about.measuring == "all-failed" {
		about.measuring = "" // it was suspected before, and the news of that came late
	}
	if about.measuring == "all-failed" {
		if !about.suspected {
			about.suspected = true
			pl.s.Gauge("first-suspicion", ms, "ms")
		}
		if f.Is == failed && !about.fails {
			about.fails = true
			pl.s.Gauge("first-failed", ms, "ms")
		}
	}
	if f.Is == suspect {
		pl.say(about, suspect, "%s is the first to suspect %s. %s", p.name, about.name, lately(about))
	} else {
		pl.say(about, failed, "%s is the first to take %s for failed; the news spreads by gossip. %s", p.name, about.name, lately(about))
	}
}

// settle ends what is measured of a node when all agree about it.
func (pl *play) settle(p *peer, at time.Duration) {
	ms := float64(at-p.since) / 1e6
	switch {
	case p.measuring == "all-failed" && pl.agree(p, failed, ""):
		pl.s.Say("All that run take %s for failed, %.1f s after the kernel knew.", p.name, ms/1e3)
	case p.measuring == "left-known" && pl.agree(p, left):
		pl.s.Say("All that run take %s for left: it said so itself. Nobody had to suspect it.", p.name)
	case p.measuring == "refuted" && pl.agree(p, alive):
		pl.s.Say("All that run take %s for alive again.", p.name)
	case p.measuring == "joined" && pl.agree(p, alive) && pl.knows(p):
		pl.isIn(p)
	default:
		return
	}
	pl.s.Gauge(p.measuring, ms, "ms")
	p.measuring, p.told = "", ""
}

// isIn says that a node is in, once for all that joined together.
func (pl *play) isIn(p *peer) {
	for _, q := range pl.nodes {
		if q != p && q.measuring == "joined" {
			return
		}
	}
	if p.again {
		pl.s.Say("All that run take each other for alive again.")
		return
	}
	pl.s.Say("%s is in: all %s that run take each other for alive. There is no master list, each keeps its own.", p.name, demo.Plural(len(pl.running(nil)), "node"))
}

// knows says that a node takes all others that run for alive.
func (pl *play) knows(p *peer) bool {
	for _, q := range pl.running(p) {
		if p.is[q.name] != alive {
			return false
		}
	}
	return true
}

// say tells what has come to be of a node, once.
func (pl *play) say(of *peer, what, format string, args ...any) {
	if of.told != what {
		of.told = what
		pl.s.Say(format, args...)
	}
}

// rate tells how much the nodes send, no more often than once a second.
func (pl *play) rate() {
	now := pl.s.Now()
	if now < pl.rated+pl.s.Pace().Scale(time.Second) {
		return
	}
	sum, n := 0.0, 0
	for _, p := range pl.running(nil) {
		if p.sentAt > p.sentLast && p.sentLast > 0 {
			sum += float64(p.sent-p.sentBefore) / (p.sentAt - p.sentLast).Seconds()
			n++
		}
	}
	if n > 0 {
		pl.rated = now
		pl.s.Gauge("messages", sum/float64(n), "/s")
		pl.s.Gauge("indirect-pings", float64(pl.asked), "")
	}
}
