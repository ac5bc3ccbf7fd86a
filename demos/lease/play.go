package lease

import (
	"context"
	"fmt"
	"os"
	"time"

	"edu/procession/demos/cluster"
	"edu/procession/demos/demo"
	"edu/procession/demos/internal/wire"
	"edu/procession/demos/trace"
)

// pause is how long a client rests after a job, at real pace.
const pause = 200 * time.Millisecond

// play is the state of one run. Only the goroutine of Play touches it; the
// others send facts.
type play struct {
	s     demo.Stage
	net   *cluster.Net
	facts chan fact
	over  chan struct{}
	procs map[trace.ID]demo.Proc
	tells bool // captions follow what happens, rather than a script
	still bool // no more jobs

	fencing bool
	holder  fact                     // the last loan
	ended   map[uint64]fact          // how a loan ended at the locker, by token
	wrote   map[uint64]fact          // written or refused, by token
	works   map[uint64]trace.ID      // who has read, and not yet written
	stopped map[trace.ID]bool        // as the kernel said when we looked last
	learnt  map[uint64]bool          // whose client has learnt that it was over
	gone    map[trace.ID]*trace.Exit // who has ended

	n, accepted, staleIn, staleOut int
}

func newPlay(s demo.Stage) *play {
	return &play{s: s, net: cluster.New(s, clients[0], clients[1], locker, store), facts: make(chan fact, 256), over: make(chan struct{}),
		procs: map[trace.ID]demo.Proc{}, ended: map[uint64]fact{}, wrote: map[uint64]fact{}, works: map[uint64]trace.ID{},
		stopped: map[trace.ID]bool{}, learnt: map[uint64]bool{}, gone: map[trace.ID]*trace.Exit{}, fencing: s.Param("fencing") == "true"}
}

func (pl *play) close() {
	close(pl.over)
	pl.net.Close()
}

func (pl *play) send(f fact) {
	select {
	case pl.facts <- f:
	case <-pl.over:
	}
}

// cast brings the four on stage, the servers first, and opens the doors.
func (pl *play) cast(ctx context.Context) error {
	scaled := func(d time.Duration) string { return pl.s.Pace().Scale(d).String() }
	doors := map[trace.ID]string{} // of the servers themselves
	for _, id := range []trace.ID{locker, store} {
		addr := make(chan string, 1)
		err := pl.spawn(ctx, demo.Spec{Role: string(id), Name: id, Heard: cluster.Announced(string(id), addr, nil), Args: map[string]string{
			"lease": scaled(demo.DurationParam(pl.s, "lease")), "fencing": pl.s.Param("fencing"), "host": pl.net.Host(id)}})
		if err != nil {
			return err
		}
		if doors[id], err = cluster.Await(ctx, pl.procs[id], addr); err != nil {
			return err
		}
	}
	frames := cluster.Frames{Split: wire.Split, Describe: wire.Describe[msg]}
	for _, id := range clients {
		args := map[string]string{"work": scaled(demo.DurationParam(pl.s, "work")), "pause": scaled(pause)}
		for to, at := range doors {
			door, err := pl.net.Link(id, to, at, frames)
			if err != nil {
				return err
			}
			args[string(to)] = door
		}
		if err := pl.spawn(ctx, demo.Spec{Role: "client", Name: id, Args: args}); err != nil {
			return err
		}
	}
	return nil
}

// spawn starts a node and listens to what it tells.
func (pl *play) spawn(ctx context.Context, spec demo.Spec) error {
	w, err := wire.Facts(pl.send, nil)
	if err != nil {
		return err
	}
	defer w.Close()
	spec.Node, spec.Files = string(spec.Name), []*os.File{w}
	p, err := pl.s.Spawn(ctx, spec)
	if err != nil {
		return err
	}
	pl.procs[spec.Name] = p
	return nil
}

// until takes what happens until ok says so, nil for never, or d has passed, or
// the learner has finished. The error is ctx's.
func (pl *play) until(ctx context.Context, ok func() bool, d time.Duration) error {
	return demo.Loop[fact]{Stage: pl.s, News: pl.facts, Take: pl.take, Look: pl.look,
		Act: func(demo.Act) error { pl.fence(!pl.fencing); return nil }}.Until(ctx, ok, d)
}

// fence has the store look at tokens, or not.
func (pl *play) fence(on bool) {
	pl.fencing = on
	pl.procs[store].Send(fmt.Sprint(on))
	if on {
		pl.s.Say("From now on the store refuses a token below the highest that it has seen. It asks neither the locker nor a clock.")
	} else {
		pl.s.Say("From now on the store takes whatever is written: it no longer looks at tokens.")
	}
}

// job gives a client something to do.
func (pl *play) job(id trace.ID) {
	if !pl.still {
		pl.procs[id].Send("job")
	}
}

func (pl *play) say(format string, args ...any) {
	if pl.tells {
		pl.s.Say(format, args...)
	}
}

// take takes what a node tells.
func (pl *play) take(f fact) {
	switch f.Is {
	case idle:
		pl.job(f.By)
	case granted:
		pl.holder = f
	case released, expired:
		pl.ended[f.Token] = f
		if f.Is == expired {
			pl.say("The lease of %s ran out: the locker has heard nothing, and lends the lock to the next who asks. %s has not been told.", f.By, f.By)
		}
	case working:
		pl.works[f.Token] = f.By
	case written:
		delete(pl.works, f.Token)
		pl.wrote[f.Token] = f
		pl.accepted, pl.n = pl.accepted+1, f.N
		pl.s.Gauge("accepted", float64(pl.accepted), "")
		pl.s.Gauge("counter", float64(pl.n), "")
		pl.s.Gauge("lost-updates", float64(pl.accepted-pl.n), "")
		if f.Stale {
			pl.staleIn++
			pl.say("%s wrote with token %d, and the store, which had seen a higher one, took it: what the other wrote meanwhile is lost. f turns the check on.", f.By, f.Token)
		}
		pl.s.Gauge("stale-accepted", float64(pl.staleIn), "")
	case refused:
		delete(pl.works, f.Token)
		pl.wrote[f.Token] = f
		pl.staleOut++
		pl.s.Gauge("stale-refused", float64(pl.staleOut), "")
		pl.say("%s wrote with token %d, and the store refused: it had seen a higher one. Nothing is lost.", f.By, f.Token)
	case learnt:
		pl.learnt[f.Token] = true
		if e, ok := pl.ended[f.Token]; ok && e.Is == expired {
			pl.s.Gauge("wrong-belief", float64(max(f.At-e.At, 0))/1e6, "ms")
		}
	}
}

// look notices who was stopped, who goes on and who has ended.
func (pl *play) look() {
	for id, p := range pl.procs {
		if pl.gone[id] != nil {
			continue
		}
		select {
		case <-p.Exited():
			x, _ := p.Wait(context.Background()) // it has ended: this does not wait
			pl.gone[id] = &x
			pl.say("%s has ended: %v. If it had the lock, the locker will know when the lease has run out, and not before.", id, x)
			continue
		default:
		}
		is := p.State() == trace.Stopped
		if is && !pl.stopped[id] {
			pl.say("%s is stopped (T), says the kernel. No message says it, and %s does not notice how the time goes by.", id, id)
		}
		pl.stopped[id] = is
	}
}
