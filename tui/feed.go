package tui

import (
	"context"
	"errors"
	"sync"
	"time"

	tea "charm.land/bubbletea/v2"

	"edu/procession/demos/demo"
	"edu/procession/demos/trace"
)

// How often a screen changes. LIBRARIES.md and RELIABILITY.md say why.
const (
	frame    = time.Second / 30     // events are gathered for so long before they become a message
	heart    = time.Second / 5      // the clock of a live run
	quiet    = time.Second / 2      // that clock when nothing has happened for a while, and how often a frozen view counts what it misses
	gather   = 5 * time.Millisecond // what happens seldom happens in bursts: wait for the rest of it
	maxBatch = 50_000               // events folded in one Update: about 50 ms of work
	patience = 5 * time.Second      // for a run to end after Stop
)

// eventsMsg brings what a run's log has gained.
type eventsMsg struct {
	run    int
	events []trace.Event
	clock  time.Duration
	over   bool // the log is closed and this was the rest of it
	err    error
}

// feed waits for the log to grow past from and brings what is new, not sooner
// than gap after it was called. It is the one Cmd that waits for events: its
// message asks for the next.
func feed(ctx context.Context, id int, run demo.Run, from int, gap time.Duration) tea.Cmd {
	return func() tea.Msg {
		called := time.Now()
		log := run.Log()
		if !log.Wait(ctx, from) {
			if ctx.Err() != nil {
				return nil
			}
			select {
			case <-run.Done():
			case <-ctx.Done():
				return nil
			}
			return eventsMsg{run: id, over: true, clock: log.Now(), err: run.Err()}
		}
		select {
		case <-time.After(max(gap-time.Since(called), gather)):
		case <-ctx.Done():
			return nil
		}
		events := log.Events(from)
		if len(events) > maxBatch {
			events = events[:maxBatch:maxBatch]
		}
		return eventsMsg{run: id, events: events, clock: log.Now()}
	}
}

// heartMsg is the clock of a live run.
type heartMsg struct {
	run   int
	clock time.Duration
}

func beat(id int, run demo.Run, d time.Duration) tea.Cmd {
	return tea.Tick(d, func(time.Time) tea.Msg { return heartMsg{id, run.Log().Now()} })
}

// playMsg moves a log that is played back.
type playMsg struct {
	run int
	at  time.Time
}

func playTick(id int) tea.Cmd {
	return tea.Tick(frame, func(t time.Time) tea.Msg { return playMsg{id, t} })
}

// startedMsg brings a run that was asked for.
type startedMsg struct {
	run  int
	what demo.Run
	err  error
}

// runs knows every run that is alive, so that none outlives the program. Runs
// are started and stopped in Cmds, which Bubble Tea abandons when it quits:
// the register is outside of the model.
type runs struct {
	mu     sync.Mutex
	alive  map[demo.Run]bool
	closed bool
}

var errLeaving = errors.New("procession is being left")

// start starts a run and keeps it. It may be called in a Cmd only.
func (r *runs) start(s demo.Starter, d demo.Demo, o demo.Options) (demo.Run, error) {
	if s == nil {
		return nil, errors.New("there is no stage here to run a demo on")
	}
	run, err := s(d, o)
	if err != nil {
		return nil, err
	}
	r.mu.Lock()
	late := r.closed
	if !late {
		if r.alive == nil {
			r.alive = map[demo.Run]bool{}
		}
		r.alive[run] = true
	}
	r.mu.Unlock()
	if late {
		run.Stop()
		return nil, errLeaving
	}
	return run, nil
}

// stop ends a run and waits for its processes to be gone, so long as patience
// lasts. It may be called in a Cmd only.
func (r *runs) stop(run demo.Run) error {
	run.Stop()
	defer func() {
		r.mu.Lock()
		delete(r.alive, run)
		r.mu.Unlock()
	}()
	select {
	case <-run.Done():
		return nil
	case <-time.After(patience):
		return errors.New("the processes of the last run did not end in time; they are being ended in the background")
	}
}

// close stops every run that is left, all at once, and refuses new ones.
func (r *runs) close() error {
	r.mu.Lock()
	r.closed = true
	var left []demo.Run
	for run := range r.alive {
		left = append(left, run)
	}
	r.mu.Unlock()
	errs := make(chan error, len(left))
	for _, run := range left {
		go func() { errs <- r.stop(run) }()
	}
	var err error
	for range left {
		err = errors.Join(err, <-errs)
	}
	return err
}
