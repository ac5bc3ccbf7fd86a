package deadlock

import (
	"context"
	"fmt"
	"os"
	"strings"
	"time"

	"edu/procession/demos/demo"
	"edu/procession/demos/internal/share"
	"edu/procession/demos/trace"
)

// play is the state of one run.
type play struct {
	s     demo.Stage
	procs []demo.Proc
	graph *graph
}

// Play implements demo.Demo.
func (Demo) Play(ctx context.Context, s demo.Stage) error {
	if !share.Here {
		return fmt.Errorf("flock: %w", demo.ErrNotHere)
	}
	pl := &play{s: s, graph: newGraph(s)}
	if err := pl.cast(ctx); err != nil {
		return err
	}
	if s.Stepping() {
		return pl.stepped(ctx)
	}
	return pl.free(ctx)
}

// cast starts the workers. Each has the file of each lock opened anew: a flock
// belongs to the open file, not to the process.
func (pl *play) cast(ctx context.Context) error {
	n := demo.IntParam(pl.s, "workers")
	files := make([][]*os.File, n) // by worker
	defer func() {
		for _, all := range files {
			for _, f := range all {
				f.Close()
			}
		}
	}()
	for range n + 1 { // the last one is the gate
		opened, err := share.Lockable(n)
		if err != nil {
			return err
		}
		for i, f := range opened {
			files[i] = append(files[i], f)
		}
	}
	for i := range n {
		if err := pl.start(ctx, i, files[i]); err != nil {
			return err
		}
		for _, f := range files[i] {
			f.Close() // else its locks would outlive it
		}
	}
	return nil
}

func (pl *play) start(ctx context.Context, i int, files []*os.File) error {
	first, second := i, (i+1)%(len(files)-1)
	if pl.s.Param("order") == sorted && second < first {
		first, second = second, first
	}
	id := trace.ID(rune('A' + i))
	p, err := pl.s.Spawn(ctx, demo.Spec{
		Role: "mover", Name: id, Files: files,
		Args:  map[string]string{"order": pl.s.Param("order"), "gate": fmt.Sprint(len(files) - 1), "first": fmt.Sprint(first), "second": fmt.Sprint(second), "transfers": pl.s.Param("transfers")},
		Heard: func(d trace.Data) { pl.graph.hear(id, d) },
	})
	if err == nil {
		pl.procs = append(pl.procs, p)
	}
	return err
}

const (
	glance = 20 * time.Millisecond
	// stood is how long a circle has been seen unchanged before it is called one:
	// longer than the stage takes between two looks at a process.
	stood = 300 * time.Millisecond
	eyes  = 1500 * time.Millisecond
)

// free is a run without step mode. It ends when all have done their transfers, or
// some while after a circle was found with nobody at the keys.
func (pl *play) free(ctx context.Context) error {
	s := pl.s
	s.Gauge("circle", 0, "")
	s.Gauge("transfers", 0, "")
	s.Say("%d processes, each of %s transfers. For each it takes two locks, %s.", len(pl.procs), s.Param("transfers"),
		map[string]string{ring: "its own first", sorted: "the lower number first", gate: "both behind a gate", gateFirst: "the first behind a gate"}[s.Param("order")])
	for _, p := range pl.procs {
		p.Send("go")
	}
	look := time.NewTicker(glance)
	defer look.Stop()
	var seen, told string
	var since time.Duration
	for pl.alive() > 0 {
		select {
		case <-look.C:
		case <-s.Finished():
			pl.verdict()
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
		circle := pl.graph.circle()
		text := sentence(circle)
		switch {
		case text == told:
		case text == "":
			told = ""
			s.Gauge("circle", 0, "")
			s.Say("The circle is broken: the kernel freed the locks of the dead, and the others go on.")
		case text != seen:
			since = s.Now()
		case s.Now()-since > stood && pl.asleep(circle):
			told = text
			s.Gauge("circle", float64(len(circle)), "")
			s.Gauge("before-deadlock", pl.graph.since(circle).Seconds()*1000, "ms")
			s.Say("%s. None of them will go on. A kill frees what the killed one held.", text)
			if !s.Attended() {
				pl.rest(ctx, max(s.Pace().Scale(eyes), s.ScriptEnd()-s.Now()+eyes/10))
				if pl.graph.circle() != nil && pl.alive() == len(pl.procs) {
					pl.verdict()
					return nil
				}
			}
		}
		seen = text
	}
	pl.verdict()
	return nil
}

// rest waits for d, for eyes or for scripted actions that are to come.
func (pl *play) rest(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-pl.s.Finished():
	case <-ctx.Done():
	}
}

// alive counts who has not ended. Those who have are taken from the graph: the
// kernel has freed what they held.
func (pl *play) alive() (n int) {
	for _, p := range pl.procs {
		select {
		case <-p.Exited():
			pl.graph.leave(p.ID())
		default:
			n++
		}
	}
	return n
}

func (pl *play) asleep(circle []edge) bool {
	for _, e := range circle {
		for _, p := range pl.procs {
			if s := p.State(); p.ID() == e.who && s != trace.Asleep && s != trace.Untold {
				return false
			}
		}
	}
	return true
}

// verdict sums up, in words that are the same for the same outcome.
func (pl *play) verdict() {
	text, circle := pl.outcome()
	if circle && pl.s.Stepping() {
		pl.s.Broken("%s", text)
	} else {
		pl.s.Verdict(true, "%s", text)
	}
}

func (pl *play) outcome() (text string, circle bool) {
	done := pl.graph.transfers()
	text = fmt.Sprintf("%d transfers are done", done)
	if done == 1 {
		text = "1 transfer is done"
	}
	if c := pl.graph.circle(); len(c) > 0 {
		return text + "; " + sentence(c), true
	}
	return text, false
}

// stepped is a run in step mode.
func (pl *play) stepped(ctx context.Context) error {
	pl.s.Say("Each is held before its next step. Who goes?")
	for {
		end, err := pl.s.Watch(ctx)
		if err != nil {
			return err
		}
		pl.alive()
		if circle := pl.graph.circle(); end == demo.Stuck && len(circle) > 0 {
			pl.s.Gauge("circle", float64(len(circle)), "")
			if len(circle) == len(pl.procs) && pl.s.Param("order") == ring {
				pl.s.Solved("all-for-ever")
			}
		}
		pl.verdict()
		if !pl.s.Again(pl.graph.reset) {
			if end == demo.Stuck {
				demo.Linger(ctx, pl.s)
			}
			return nil
		}
	}
}

// sentence tells a circle: "A waits for lock-2 of B, B for lock-1 of A".
func sentence(circle []edge) string {
	var parts []string
	for i, e := range circle {
		waits := " waits for "
		if i > 0 {
			waits = " for "
		}
		parts = append(parts, fmt.Sprintf("%s%s%s of %s", e.who, waits, e.lock, e.holder))
	}
	return strings.Join(parts, ", ")
}
