package race

import (
	"context"
	"fmt"
	"strconv"
	"sync"

	"edu/procession/demos/demo"
	"edu/procession/demos/trace"
)

// steps is what the play knows of a run in step mode, from what it hears.
type steps struct {
	mu     sync.Mutex
	writes int
	value  int
	holder trace.ID
	solved bool
}

// step hears a worker. In step mode only one moves at a time, or two of whom one
// was waiting for the other.
func (pl *play) step(who trace.ID, d trace.Data) {
	st := &pl.steps
	st.mu.Lock()
	defer st.mu.Unlock()
	switch d := d.(type) {
	case trace.Cell:
		if d.Is != trace.KindWrite {
			return
		}
		st.writes++
		before := st.value
		st.value, _ = strconv.Atoi(d.Value)
		lost := max(st.writes-st.value, 0)
		pl.s.Gauge("counter", float64(st.value), "")
		pl.s.Gauge("expected", float64(st.writes), "")
		pl.s.Gauge("lost-updates", float64(lost), "")
		if st.value <= before {
			pl.s.Say("%s wrote %d, and %d was there: an update is lost.", who, st.value, before)
			if pl.lock == none && !st.solved {
				st.solved = true
				pl.s.Solved("lose-an-update")
			}
		}
	case trace.Lock:
		if d.Is == trace.KindHold {
			st.holder = who
		} else if d.Is == trace.KindFree && st.holder == who {
			st.holder = ""
		}
	}
}

// stepped is a run in step mode: the learner makes the moves, and the play says
// what came of them.
func (pl *play) stepped(ctx context.Context) error {
	reset := func() {
		pl.page.reset()
		pl.steps.mu.Lock()
		pl.steps.writes, pl.steps.value, pl.steps.holder, pl.steps.solved = 0, 0, "", false
		pl.steps.mu.Unlock()
	}
	pl.s.Say("Each is held before its next step. Who goes?")
	for {
		end, err := pl.s.Watch(ctx)
		if err != nil {
			return err
		}
		if text, broken := pl.outcome(end); broken {
			pl.s.Broken("%s", text)
		} else {
			pl.s.Verdict(true, "%s", text)
		}
		if !pl.s.Again(reset) {
			if end == demo.Stuck {
				demo.Linger(ctx, pl.s)
			}
			return nil
		}
	}
}

// outcome is the same text for the same outcome: exploring counts them by it. It is
// broken where an update is lost, or somebody waits for ever.
func (pl *play) outcome(end demo.Ending) (text string, broken bool) {
	st := &pl.steps
	st.mu.Lock()
	defer st.mu.Unlock()
	text = fmt.Sprintf("the counter is %d after %s: ", st.value, plural(st.writes, "addition", "additions"))
	if lost := st.writes - st.value; lost > 0 {
		text += plural(lost, "update is lost", "updates are lost")
	} else {
		text += "none is lost"
	}
	switch end {
	case demo.Stuck:
		text += ", and who is left waits for ever"
		if pl.lock == mutex && st.holder != "" {
			pl.s.Solved("wait-for-ever")
		}
	case demo.Cut:
		text += ", and not all is done"
	}
	return text, st.writes > st.value || end == demo.Stuck
}
