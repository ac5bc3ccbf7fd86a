package tui

import (
	"context"
	"errors"
	"sync"
	"time"

	tea "charm.land/bubbletea/v2"

	"edu/procession/demos/demo"
)

// exploring is many runs of one demo, each under a schedule of its own, while they
// go on in the background.
//
// The rules are:
//  1. There is one Cmd that waits for its news (TestExplore).
//  2. When stop's Cmd has returned, none of its runs is left (TestExploreIsLeft).
type exploring struct {
	id     int
	cancel context.CancelFunc
	news   chan struct{} // something has come since the last message
	done   chan struct{} // closed when all its runs are over

	mu  sync.Mutex
	got demo.Exploration
	err error
}

// exploredMsg brings what came of the runs so far.
type exploredMsg struct {
	id   int
	got  demo.Exploration
	over bool
	err  error // why it ended early
}

// explore begins to play up to most schedules. Its runs are not kept as recordings.
func (m *Model) explore(d demo.Demo, o demo.Options, most int) (*exploring, tea.Cmd) {
	m.nextID++
	ctx, cancel := context.WithCancel(context.Background())
	x := &exploring{id: m.nextID, cancel: cancel, news: make(chan struct{}, 1), done: make(chan struct{})}
	start := m.cfg.Unkept
	if start == nil {
		start = m.cfg.Start
	}
	o.Pace, o.Script = demo.Fast, nil
	runs, seed := m.runs, m.seed
	return x, func() tea.Msg {
		if o.Seed == 0 {
			o.Seed = seed()
		}
		go func() {
			defer close(x.done)
			got, err := demo.Explore(ctx, runs.starter(start), d, o, most, x.tell)
			x.mu.Lock()
			defer x.mu.Unlock()
			x.got, x.err = got, err
		}()
		return x.wait()
	}
}

// tell takes what came of the runs so far. Runs end several at once: what is older
// than what is known is dropped.
func (x *exploring) tell(got demo.Exploration) {
	x.mu.Lock()
	if got.Ran > x.got.Ran {
		x.got = got
	}
	x.mu.Unlock()
	select {
	case x.news <- struct{}{}:
	default:
	}
}

// wait returns the next message, a few times a second.
func (x *exploring) wait() tea.Msg {
	select {
	case <-x.news:
	case <-x.done:
	}
	select {
	case <-time.After(heart):
	case <-x.done:
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	msg := exploredMsg{id: x.id, got: x.got}
	select {
	case <-x.done:
		msg.over, msg.err = true, x.err
	default:
	}
	return msg
}

// stop ends all its runs and waits for them to be gone, as long as patience lasts.
func (x *exploring) stop() tea.Cmd {
	x.cancel()
	return func() tea.Msg {
		select {
		case <-x.done:
			return nil
		case <-time.After(patience):
			return noticeMsg("The processes of the runs do not end in time; they are being ended in the background.")
		}
	}
}

// starter is start for runs that somebody else than a page waits for: they are
// stopped too, should the program end before them.
func (r *runs) starter(start demo.Starter) demo.Starter {
	return func(d demo.Demo, o demo.Options) (demo.Run, error) {
		run, err := r.start(start, d, o)
		if err == nil {
			go func() {
				<-run.Done()
				r.forget(run)
			}()
		}
		return run, err
	}
}

func (r *runs) forget(run demo.Run) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.alive, run)
}

// stopped says that an exploration ended because it was asked to.
func stopped(err error) bool { return errors.Is(err, context.Canceled) || errors.Is(err, errLeaving) }
