package burners

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"edu/procession/demos/demo"
	"edu/procession/demos/trace"
)

// play is the state of one run. Only the goroutine of Play touches it.
type play struct {
	s     demo.Stage
	news  chan news
	cores int
	crew  []demo.Proc // burners alive, in the order in which they were started

	workers int // the learner's setting
	pinned  bool
	core    int // where they are pinned to

	rounds int // of the whole job
	tasks  int // given out so far
	serial time.Duration
	done   []measured

	ours, theirs int
}

// news is what a burner reported, and when that was heard; nil data is its end.
type news struct {
	who  trace.ID
	at   time.Time
	data trace.Data
}

// measured is one measurement.
type measured struct {
	n      int
	pinned bool
	wall   time.Duration
	used   used
	told   bool // the kernel told what was used
}

// used is what the kernel says of a process since it began.
type used struct{ cpu, wait time.Duration }

func (pl *play) factor(m measured) float64 { return pl.serial.Seconds() / m.wall.Seconds() }

// best is the latest measurement of each kind, in the order in which they were first made.
func (pl *play) best() (of []measured) {
	for _, m := range pl.done {
		same := func(o measured) bool { return o.n == m.n && o.pinned == m.pinned }
		if i := slices.IndexFunc(of, same); i >= 0 {
			of[i] = m
		} else {
			of = append(of, m)
		}
	}
	return of
}

// count plays the COUNT experiment.
func (pl *play) count(ctx context.Context) error {
	s := pl.s
	count.Store(ours)
	s.Say("Whose is a global variable? COUNT is %d in this program. A child is started, is told %d, and sets its COUNT to %d.", count.Load(), count.Load(), theirs)
	s.Sleep(ctx, time.Second)
	p, err := s.Spawn(ctx, demo.Spec{Role: "counter",
		Args: map[string]string{"count": fmt.Sprint(count.Load()), "address": address()},
		Heard: func(d trace.Data) {
			if g, ok := d.(trace.Gauge); ok {
				pl.heardOf(ctx, "counter-1")(g)
			}
		},
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
	s.Say("The child's COUNT was %d in the end, the parent's is still %d: two address spaces, two variables.", pl.theirs, pl.ours)
	s.Sleep(ctx, 2*time.Second)
	return nil
}

// hire sees to it that n burners are there, idle, and allowed where they should be.
func (pl *play) hire(ctx context.Context, n int) error {
	for len(pl.crew) > n {
		last := pl.crew[len(pl.crew)-1]
		pl.crew = pl.crew[:len(pl.crew)-1]
		last.CloseSend()
	}
	for len(pl.crew) < n {
		name := trace.ID(fmt.Sprintf("burner-%d", pl.hired()+1))
		p, err := pl.s.Spawn(ctx, demo.Spec{Role: "burner", Name: name, Heard: pl.heardOf(ctx, name)})
		if err != nil {
			return err
		}
		pl.crew = append(pl.crew, p)
		pl.names = append(pl.names, name)
		go func() {
			<-p.Exited()
			pl.heardOf(ctx, name)(nil)
		}()
	}
	for _, p := range pl.crew {
		if err := pl.place(p.PID()); err != nil && !errors.Is(err, demo.ErrNotHere) {
			return fmt.Errorf("%s could not be pinned: %w", p.ID(), err)
		}
	}
	return nil
}
