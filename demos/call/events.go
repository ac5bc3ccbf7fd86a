package call

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"edu/procession/demos/demo"
	"edu/procession/demos/trace"
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

// log adds a line that the stage vouches for.
func (pl *play) log(of trace.ID, text string) {
	pl.s.Emit(of, trace.Say{Text: text, Stream: "log"})
}

// take takes what a process has said, or the kernel's word on its end.
func (pl *play) take(n news) {
	switch c := n.of; {
	case c == nil && n.exit != nil:
		pl.dead = n.exit
	case c == nil:
		pl.fact(n.words)
	case n.exit != nil:
		c.exit, c.stopped, c.ended = n.exit, false, pl.s.Now()
	case n.closed:
		c.closed = true
	case n.words[0] == "at":
		c.at = n.words[1]
	default: // the ledger
		c.step = stepOf(n.words[0])
		c.call, _ = strconv.ParseUint(n.words[1], 10, 64)
	}
	for _, l := range pl.lines {
		pl.quote(l)
	}
}

// fact takes a word of the caller.
func (pl *play) fact(w []string) {
	if w[0] == "measured" || w[0] == "failed" {
		pl.measured, pl.remeasures = w[1], false
		if w[0] == "measured" {
			pl.median[w[1]], _ = strconv.ParseFloat(w[2], 64)
		}
		return
	}
	var l *wire
	for _, x := range pl.lines {
		if string(x.by) == w[1] {
			l = x
		}
	}
	number := func(i int) uint64 {
		n, _ := strconv.ParseUint(w[i], 10, 64)
		return n
	}
	switch w[0] {
	case "took":
		l.taken = true
		return
	case "ended": // way, at, how
		l.taken = false
		pl.heard(l.callee, time.Duration(number(2)))
		return
	case "busy":
		return
	}
	call := l.call
	if call == nil || call.id != number(2) {
		return
	}
	switch w[0] {
	case "reply":
		call.view = replyIn
	case "late":
		call.view = late
		pl.say("%s replied after the caller had given up: the call had not failed. Whoever had repeated it would have had it executed twice.", l.callee.name)
	case "unsent":
		call.view = unsent
	case "lost": // way, id, at, how
		call.view, call.at, call.how = lost, time.Duration(number(3)), strings.Join(w[4:], " ")
		l.taken = false
		pl.unknownOutcome()
		pl.heard(call.callee, call.at)
	case "silent": // way, id, for
		call.view = silent
		pl.unknownOutcome()
		pl.log(call.callee.name, "ledger, call "+w[2]+", so far: "+call.ledger().truth())
		pl.say("The caller waited %s for %s: no error, no end of file. Stopped, slow or lost? It cannot know.", seconds(time.Duration(number(3))), l.callee.name)
	}
}

// figure reports a number that no pace slows: a count, or what ran at full speed.
func (pl *play) figure(name string, v float64, unit string) {
	pl.s.Emit("", trace.Gauge{Name: name, Value: v, Unit: unit})
}

func (pl *play) unknownOutcome() {
	pl.unknown++
	pl.figure("outcome-unknown", float64(pl.unknown), "")
}

// heard takes the time at which the caller knew of a callee's end.
func (pl *play) heard(c *calleeOnStage, at time.Duration) {
	if c.killed > 0 && at-c.killed > pl.told {
		pl.told = at - c.killed
		pl.figure("told", float64(pl.told)/1e6, "ms")
	}
}

// ledger is how far the call has come, to its callee's ledger.
func (c *slowCall) ledger() step {
	if c.callee.call != c.id {
		return unread
	}
	return c.callee.step
}

// quote shows both views of a call that was lost, once both are complete.
func (pl *play) quote(l *wire) {
	c := l.call
	if c == nil || c.view != lost && c.view != silent || c.quoted || !c.callee.closed || c.callee.exit == nil {
		return
	}
	c.quoted = true
	if c.ledger() == unread { // it lay in the kernel and was thrown away with its reader
		m := message(trace.KindDrop, l.by, "call", c.id, c.callee.name)
		m.Text = "never read"
		pl.s.Emit("caller", m)
	}
	pl.log(c.callee.name, "ledger, call "+strconv.FormatUint(c.id, 10)+": "+c.ledger().truth())
	how := c.how
	if c.view == silent {
		how = "nothing in time"
	}
	pl.lost++
	if c.ledger() >= executed {
		pl.ran++
	}
	if !slices.Contains(pl.views, how) {
		pl.views = append(pl.views, how)
	}
	knows := "It cannot know."
	if strings.Contains(how, "reset") {
		knows = "Here, a reset hints that something lay unread; across a network it need not."
	}
	pl.say("The caller got %s. Did call %d run? %s The ledger, which it cannot see, says: %s.", how, c.id, knows, c.ledger().truth())
}

// look notices who was stopped and who goes on.
func (pl *play) look() {
	held := pl.dead == nil && pl.caller.State() == trace.Stopped
	if held && !pl.held {
		pl.say("The caller is stopped (T): nobody calls, and its callees wait in their reads. Press c to let it go on.")
	}
	pl.held = held
	for _, l := range pl.lines {
		c := l.callee
		if c == nil || c.exit != nil {
			continue
		}
		is := c.p.State() == trace.Stopped
		if is && !c.stopped {
			pl.say("%s is stopped (T). The kernel tells the stage, not the caller: see how a call by %s ends. Press c to let it go on.", c.name, l.by.by())
		}
		c.stopped = is
	}
}

// distance injects a delay into the link to the node, each way.
func (pl *play) distance(d time.Duration) {
	pl.delay, pl.stale = min(max(d, nearest), farthest), true
	pl.net.Disturb(trace.LinkFault{A: "caller", B: node, Delay: pl.delay})
}

// farCalls is how many calls to the node are measured: one for forty of the others,
// and no more than take some four seconds.
func (pl *play) farCalls() int {
	most := int(pl.s.Pace().Scale(2*time.Second) / pl.delay)
	return max(min(demo.IntParam(pl.s, "calls")/40, most), 10)
}

// anew measures the node at another distance, when nothing else is under way.
func (pl *play) anew() {
	if l := pl.lines[len(pl.lines)-1]; !pl.stale || pl.held || !l.taken || l.callee.exit != nil {
		return
	}
	for _, l := range pl.lines {
		if l.taken && !l.free() {
			return
		}
	}
	pl.stale, pl.remeasures = false, true
	pl.order("forget %s", far)
	pl.order("measure %s %d", far, pl.farCalls())
}

// act does the learner's action that the stage leaves to the demo.
func (pl *play) act(a demo.Act) {
	switch a.Name {
	case farther:
		pl.distance(2 * pl.delay)
		pl.s.Say("The node is %s away from now on, each way (injected). It is measured anew.", pl.delay)
		return
	case nearer:
		pl.distance(pl.delay / 2)
		pl.s.Say("The node is %s away from now on, each way (injected). It is measured anew.", pl.delay)
		return
	}
	var free []*wire
	var busy []string
	for _, l := range pl.lines {
		if l.free() {
			free = append(free, l)
		} else {
			busy = append(busy, l.by.by())
		}
	}
	pl.round(free...)
	if busy != nil {
		pl.s.Say("Call %d goes out. Not by %s: a call is under way there, or there is nobody to answer it.", pl.calls, strings.Join(busy, ", "))
		return
	}
	pl.s.Say("Call %d goes out by every way. Press k now to kill a callee in the middle of it.", pl.calls)
}
