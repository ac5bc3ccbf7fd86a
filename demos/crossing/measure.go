package crossing

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"edu/procession/demos/demo"
	"edu/procession/demos/trace"
)

// enough is how long a measurement may take where nobody is at the keys, who may
// have stopped somebody.
const enough = 60 * time.Second

// order gives the sender an order and waits for the fact that answers it; false
// where none came, or somebody was stopped or killed meanwhile.
func (pl *play) order(ctx context.Context, format string, args ...any) (ok bool, err error) {
	pl.fact, pl.stopped, pl.busy = nil, "", true
	defer func() { pl.busy = false }()
	if err := pl.sender.Send(fmt.Sprintf(format, args...)); err != nil {
		return false, nil // it has ended
	}
	wait := demo.ForEver
	if !pl.s.Attended() {
		wait = enough
	}
	if err := pl.until(ctx, func() bool { return pl.fact != nil || pl.ended != nil }, wait); err != nil {
		return false, err
	}
	pl.look()
	switch {
	case demo.Finished(pl.s) || pl.ended != nil:
		return false, nil
	case pl.fact == nil:
		return false, fmt.Errorf("the measurement is not over after %v", enough)
	}
	return pl.stopped == "" && pl.fact[0] != "disturbed", nil
}

func (pl *play) number(i int) float64 {
	v, _ := strconv.ParseFloat(pl.fact[i], 64)
	return v
}

// figure reports a number that no pace slows.
func (pl *play) figure(name string, v float64, unit, group, note string) {
	pl.s.Reported("sender", trace.Gauge{Name: name, Value: v, Unit: unit, Group: group, Log: unit == "µs", Note: note})
}

// shares is the group of the shares.
const shares = "a worker's time"

// bars is the group of the times. It says with which settings they were measured:
// those of others stay apart until they are replaced.
func (pl *play) bars() string {
	return fmt.Sprintf("µs a task: %s, work %d, %d bytes", demo.Plural(pl.workers, "worker"), pl.work, pl.payload)
}

// sweep measures the loop and every chunk, and the one that is set once more if
// it was not the last. A change of a setting cuts it short.
func (pl *play) sweep(ctx context.Context) error {
	s := pl.s
	pl.loop, pl.took = 0, map[int]float64{}
	s.Say("First a loop, in the sender itself: %d tasks, one after the other, and nothing crosses.", pl.n)
	ok, err := pl.order(ctx, "set %d %d %d", pl.work, pl.payload, pl.n)
	if !ok || err != nil {
		return err
	}
	pl.loop = pl.number(1)
	note := "no crossing"
	if had := pl.number(2); had < 0.9 {
		note = fmt.Sprintf("had a core for %.0f%% of its time", 100*had)
		s.Say("The machine is busy with other things: the loop had a core for %.0f%% of its time. Take what follows with care.", 100*had)
	}
	pl.figure("loop", pl.loop/1000, "µs", pl.bars(), note)
	for _, c := range chunks {
		if err := pl.until(ctx, func() bool { return pl.due == all || pl.ended != nil }, s.Pace().Scale(600*time.Millisecond)); err != nil {
			return err
		}
		if pl.due == all || pl.ended != nil || demo.Finished(s) {
			return nil
		}
		if mb := c * pl.payload; mb > largest {
			s.Say("%d tasks of %d bytes would make a message of %d MB: that is not measured.", c, pl.payload, mb/1_000_000)
			continue
		}
		s.Say("The same tasks by %s, %s in a message.", demo.Plural(pl.workers, "worker"), strconv.Itoa(c))
		if err := pl.measure(ctx, c); err != nil {
			return err
		}
	}
	pl.compare()
	return nil
}

// A measurement shorter than short is made a few times, and its median counts.
const (
	short = 50 * time.Millisecond
	times = 5
)

// measure measures with one chunk, and does not count what was disturbed.
func (pl *play) measure(ctx context.Context, c int) error {
	var facts [][]string
	wall := func(fact []string) float64 {
		v, _ := strconv.ParseFloat(fact[1], 64)
		return v
	}
	for try := 0; try < 2*times && pl.ended == nil && !demo.Finished(pl.s); try++ {
		crew, err := pl.hire(ctx)
		if err != nil {
			return err
		}
		if len(crew) == 0 {
			pl.s.Say("No worker is left. R runs it again.")
			return nil
		}
		ok, err := pl.order(ctx, "run %d %s", c, strings.Trim(fmt.Sprint(crew), "[]"))
		if err != nil {
			return err
		}
		if ok {
			facts = append(facts, pl.fact)
			if len(facts) == times || wall(pl.fact) > float64(short) {
				slices.SortFunc(facts, func(a, b []string) int { return cmp.Compare(wall(a), wall(b)) })
				pl.fact = facts[len(facts)/2]
				pl.report(c)
				return nil
			}
		}
		for pl.stopped != "" && pl.anyStopped() && pl.ended == nil && !demo.Finished(pl.s) {
			if err := pl.until(ctx, func() bool { return !pl.anyStopped() }, time.Second); err != nil {
				return err
			}
			if !pl.s.Attended() {
				break
			}
		}
	}
	return nil
}

func (pl *play) anyStopped() bool {
	for _, p := range append(pl.procs(), pl.sender) {
		if p.State() == trace.Stopped {
			return true
		}
	}
	return false
}

// report reports the measurement that the last fact tells of.
func (pl *play) report(c int) {
	wall, compute, encode, wait := pl.number(1), pl.number(2), pl.number(3), pl.number(4)
	code, messages, asleep := pl.number(5), pl.number(6), pl.number(7)
	took := wall / float64(pl.n)
	pl.took[c] = took
	pl.figure(bar(c), took/1000, "µs", pl.bars(), fmt.Sprintf("%.0f messages", messages))
	if best := pl.best(); best > 0 {
		pl.figure("best-vs-loop", pl.took[best]/pl.loop, "×", "", fmt.Sprintf("chunk %d", best))
	}
	whole := compute + encode + wait
	pl.s.Emit("", trace.Say{Stream: "log", Text: fmt.Sprintf("chunk %d: %s a task, %.0f messages; workers compute %.1f %%, encode %.1f %%, wait %.1f %%",
		c, micro(took), messages, 100*compute/whole, 100*encode/whole, 100*wait/whole)})
	if c != pl.chunk {
		return
	}
	note := fmt.Sprintf("chunk %d", c)
	pl.figure("compute", 100*compute/whole, "%", shares, note)
	pl.figure("encode", 100*encode/whole, "%", shares, note)
	pl.figure("wait", 100*wait/whole, "%", shares, note)
	pl.figure("vs-loop", took/pl.loop, "×", "", note)
	pl.figure("messages", messages, "", "", note)
	pl.figure("sender-encode", 100*code/wall, "%", "", note)
	if asleep > 0 {
		pl.figure("sleeps", 1000*asleep/float64(pl.n), "", "", "for 1,000 tasks, "+note)
	}
}

// best is the chunk that took the least time; 0 where none was measured.
func (pl *play) best() (best int) {
	for c, t := range pl.took {
		if best == 0 || t < pl.took[best] {
			best = c
		}
	}
	return best
}

// compare says how the chunk that is set does against the loop.
func (pl *play) compare() {
	took, ok := pl.took[pl.chunk]
	if !ok || pl.loop == 0 {
		return
	}
	with := fmt.Sprintf("%s by %s with %d in a message, %s in the loop", micro(took), demo.Plural(pl.workers, "worker"), pl.chunk, micro(pl.loop))
	if took < pl.loop {
		pl.s.Say("%s: %.1f times as fast. A task is long enough to be worth its crossing.", with, pl.loop/took)
	} else {
		pl.s.Say("%s: %.0f times as long. Doing a task costs less than sending it.", with, took/pl.loop)
	}
}

// curve is what was measured, by chunk.
func (pl *play) curve() string {
	var parts []string
	for _, c := range chunks {
		if t, ok := pl.took[c]; ok {
			parts = append(parts, fmt.Sprintf("%s with %d in a message", micro(t), c))
		}
	}
	return strings.Join(parts, ", ")
}

// micro is nanoseconds as people read them.
func micro(ns float64) string { return fmt.Sprintf("%.3g µs", ns/1000) }
