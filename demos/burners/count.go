package burners

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"edu/procession/demos/demo"
	"edu/procession/demos/trace"
)

// count is the global variable of the COUNT experiment. "Global" is within a
// process: the program sets its own to ours, and never to anything else; a child
// finds a fresh one, since it is the program executed anew, is told ours as
// bytes, and sets its own to theirs.
var count atomic.Int64

const ours, theirs = 42, 999

func address() string { return fmt.Sprintf("%p", &count) }

// counter is the child of the COUNT experiment.
func counter(_ context.Context, w *demo.Worker) error {
	where := "at address " + address() + ", where the parent's lies too"
	if there := w.Arg("address"); address() != there {
		where = fmt.Sprintf("at address %s, the parent's at %s", address(), there)
	}
	w.Logf("my COUNT lies %s; I find %d in it: I am the program executed anew", where, count.Load())
	count.Store(int64(w.IntArg("count")))
	w.Logf("the value came as bytes: now my COUNT is %d", count.Load())
	count.Store(theirs)
	w.Logf("I set my COUNT to %d", count.Load())
	w.Gauge("count-child", float64(count.Load()), "")
	return nil
}

// count plays the COUNT experiment.
func (pl *play) count(ctx context.Context) error {
	s := pl.s
	count.Store(ours)
	s.Say("Whose is a global variable? COUNT is %d in this program. A child is started, is told %d, and sets its COUNT to %d.", ours, ours, theirs)
	s.Sleep(ctx, 1200*time.Millisecond)
	p, err := s.Spawn(ctx, demo.Spec{
		Role: "counter", Name: "counter", Heard: pl.heard(ctx, "counter"),
		Args: map[string]string{"count": fmt.Sprint(count.Load()), "address": address()},
	})
	if err != nil {
		return err
	}
	if _, err := p.Reap(ctx); err != nil {
		return err
	}
	pl.ours = int(count.Load())
	select {
	case n := <-pl.news:
		pl.theirs = int(n.data.(trace.Gauge).Value)
	case <-time.After(time.Second):
		return errors.New("the child of the COUNT experiment ended without a word")
	case <-ctx.Done():
		return ctx.Err()
	}
	s.Gauge("count-parent", float64(pl.ours), "")
	s.Say("The child's COUNT was %d in the end, the parent's is %d: two address spaces, two variables.", pl.theirs, pl.ours)
	s.Sleep(ctx, 2*time.Second)
	return nil
}
