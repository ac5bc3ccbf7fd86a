package nodequeue

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"edu/procession/demos/demo"
	"edu/procession/demos/trace"
)

// scenes are the queue, the event, the measuring, and what the learner makes of
// them.
func (pl *play) scenes(ctx context.Context) error {
	pause := func(alone, withLearner time.Duration) error {
		if pl.Attended() {
			alone = withLearner
		}
		return pl.until(ctx, nil, pl.Pace().Scale(alone))
	}
	if err := pl.until(ctx, pl.under, 20*time.Second); err != nil {
		return err
	}
	if err := pause(2500*time.Millisecond, 8*time.Second); err != nil {
		return err
	}
	if pl.all() && !demo.Finished(pl) {
		if err := pl.release(ctx); err != nil {
			return err
		}
		if err := pause(500*time.Millisecond, 4*time.Second); err != nil {
			return err
		}
		if err := pl.measure(ctx); err != nil {
			return err
		}
	}
	if pl.Attended() {
		pl.Say("The queue is yours: p pauses, + and - change the number of consumers, k kills the selected one, x cuts its link, e sets the event.")
		return pl.until(ctx, nil, demo.ForEver)
	}
	return pl.until(ctx, nil, max(pl.ScriptEnd()-pl.Now()+pl.Pace().Scale(time.Second), 0))
}

// under says that work is under way, or that somebody is missing for it.
func (pl *play) under() bool {
	return pl.done > 0 || pl.brokerDead || len(pl.live("producer"))*len(pl.live("consumer")) == 0
}

// arm returns what brings new waiters, and who sets the event.
func (pl *play) arm(ctx context.Context) (starts []func() error) {
	pl.event = event{woke: map[trace.ID]float64{}}
	for range waiters {
		starts = append(starts, pl.newMember(ctx, "waiter", nil))
		pl.event.waiting = append(pl.event.waiting, pl.members[len(pl.members)-1])
	}
	starts = append(starts, pl.newMember(ctx, "bell", nil))
	pl.event.bell = pl.members[len(pl.members)-1]
	return starts
}

// release has the event set, by the learner where there is one.
func (pl *play) release(ctx context.Context) error {
	e := &pl.event
	ready := func() bool {
		for _, m := range append([]*member{e.bell}, e.waiting...) {
			if !m.ready && m.exit == nil {
				return false
			}
		}
		return true
	}
	if err := pl.until(ctx, ready, 20*time.Second); err != nil {
		return err
	}
	if e.set == 0 && pl.Attended() {
		pl.Say("%d nodes wait for one event. It is a message to all who listen now; e sends it: how many will have it, and when?", waiters)
		if err := pl.until(ctx, func() bool { return e.set > 0 }, demo.ForEver); err != nil {
			return err
		}
	} else if e.set == 0 {
		pl.Say("%d nodes wait for one event: a message to all who listen now. Nobody keeps it for those who come later.", waiters)
		if err := pl.until(ctx, nil, pl.Pace().Scale(600*time.Millisecond)); err != nil {
			return err
		}
		pl.ring()
	}
	return pl.until(ctx, func() bool { return e.told }, 5*time.Second)
}

// ring sets the event.
func (pl *play) ring() {
	switch e := &pl.event; {
	case e.bell == nil:
		pl.Say("Nobody waits for an event in this run.")
	case e.set > 0:
		pl.Say("The event was set. A message is not kept: who comes now waits for the next one.")
	default:
		e.set = pl.Now()
		tell(tellGo, e.bell)
	}
}

// woken tells how long the release took, once all have the event who will.
func (pl *play) woken() {
	e := &pl.event
	if e.told || e.set == 0 {
		return
	}
	missing := 0
	for _, m := range e.waiting {
		if _, ok := e.woke[m.id]; !ok {
			missing++
		}
	}
	if missing > 0 && pl.Now()-e.set < time.Second {
		return
	}
	e.told = true
	last := 0.0
	for _, us := range e.woke {
		last = max(last, us)
	}
	if len(e.woke) > 0 {
		pl.Gauge("event-release", last, "µs")
	}
	if missing > 0 {
		pl.Say("The event was sent: %d of %d have it. Who is cut off or stopped may have it later; who has ended never will.", len(e.woke), len(e.waiting))
		return
	}
	pl.Say("One message went out, and all %d have it, the last after %.1f ms: each at a time of its own.", len(e.woke), last/1e3)
}

// measure has two fresh nodes pass messages through the broker.
func (pl *play) measure(ctx context.Context) error {
	if demo.Finished(pl) {
		return nil
	}
	pl.Say("Measured now, between two fresh nodes through the broker: how many messages pass, and how soon is one there?")
	many, one := 20_000, 1000
	if pl.Pace() == demo.Fast {
		many, one = 2000, 100
	}
	args := map[string]string{"many": strconv.Itoa(many), "one": strconv.Itoa(one)}
	sink, err := pl.hire(ctx, "sink", args)
	if err != nil {
		return err
	}
	source, err := pl.hire(ctx, "source", args)
	if err != nil {
		return err
	}
	if err := pl.until(ctx, func() bool { return sink.ready && source.ready || sink.exit != nil || source.exit != nil }, 20*time.Second); err != nil {
		return err
	}
	pl.source = source
	tell("many", source)
	limit := 20 * time.Second
	if pl.Attended() {
		limit = 10 * time.Minute
	}
	measured := func() bool { _, ok := pl.shown["handoff-p99"]; return ok }
	failed := func(m *member) bool { return m.exit != nil && (m.exit.Code != 0 || m.exit.Signal != "") }
	if err := pl.until(ctx, func() bool { return measured() || failed(sink) || failed(source) }, limit); err != nil {
		return err
	}
	if !measured() && !demo.Finished(pl) {
		pl.Say("Not everything was measured: a process ended, or the broker did.")
	}
	for _, m := range []*member{source, sink} {
		if m.exit == nil && !measured() {
			m.p.Signal(demo.SigKill)
		}
	}
	return nil
}

// end lets the producers end, then the consumers once all is done, and says what
// became of every item.
func (pl *play) end(ctx context.Context) error {
	pl.ending = true
	pl.net.HealAll()
	pl.Say("The producers end, and the consumers take what is left.")
	for _, m := range pl.members {
		if m.exit != nil || m.p == nil {
			continue
		}
		m.p.Signal(demo.SigCont) // who was stopped is needed once more
		switch m.role {
		case "producer":
			tell(tellEnd, m)
		case "consumer":
			tell(tellGo, m)
			tell(tellHurry, m)
		}
	}
	gone := func(role string) func() bool {
		return func() bool {
			for _, m := range pl.members {
				if m.is(role) {
					return false
				}
			}
			return true
		}
	}
	if err := pl.wait(ctx, gone("producer"), 3*time.Second); err != nil {
		return err
	}
	drained := func() bool { return pl.done == pl.put || pl.brokerDead || gone("consumer")() }
	if err := pl.wait(ctx, drained, 2*pl.lease+3*time.Second); err != nil {
		return err
	}
	for _, m := range pl.members {
		if m.exit == nil {
			tell(tellEnd, m)
		}
	}
	everybody := func() bool {
		for _, m := range pl.members {
			if !m.over() {
				return false
			}
		}
		return true
	}
	if err := pl.wait(ctx, everybody, 2*time.Second); err != nil {
		return err
	}
	pl.gauges()
	pl.figure("duplicates", float64(pl.dups), "")
	left, lost := pl.put-pl.done, 0
	text := []string{fmt.Sprintf("%s put, %d done", demo.Plural(pl.put, "item"), pl.done)}
	if pl.brokerDead {
		text = append(text, fmt.Sprintf("%d in the files of the broker, which has ended", left))
	} else {
		if err := pl.wait(ctx, func() bool { return pl.depth == left }, time.Second); err != nil { // it tells a few times a second
			return err
		}
		lost = max(left-pl.depth, 0)
		pl.Gauge("lost", float64(lost), "")
		if left > lost {
			text = append(text, fmt.Sprintf("%d left with the broker", left-lost))
		}
	}
	if pl.dups > 0 {
		text = append(text, fmt.Sprintf("%d done twice", pl.dups))
	}
	ok := pl.deepest <= pl.size && lost == 0
	if !ok {
		text = append(text, fmt.Sprintf("and a rule was broken: %d lost, %d in a queue of %d", lost, pl.deepest, pl.size))
	}
	pl.Verdict(ok, "%s.", strings.Join(text, ", "))
	pl.b.Stop(ctx)
	return nil
}
