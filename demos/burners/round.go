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
	hired int

	workers int // the learner's setting
	pinned  bool
	touched bool // pinned at least once
	core    int  // where they are pinned to

	rounds int // of the whole job
	tasks  int // given out so far
	serial measured
	done   []measured // the latest of each kind, in the order of the first

	ours, theirs int // the COUNTs
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
	used   used // by all burners
	told   bool // the kernel told what was used
}

// used is what the kernel says of a process since it began.
type used struct {
	cpu  time.Duration // on a core
	wait time.Duration // ready, without one
}

var (
	errOver      = errors.New("the learner has finished")
	errDisturbed = errors.New("every measurement was disturbed: burners were killed or stopped")
)

// patience is how long a stopped burner is waited for when nobody is at the keys.
const patience = 3 * time.Second

// heard passes on what the play must know of a worker's reports, until the run
// is over.
func (pl *play) heard(ctx context.Context, id trace.ID) func(trace.Data) {
	return func(d trace.Data) {
		switch d := d.(type) {
		case nil, trace.Gauge:
		case trace.Task:
			if d.Is != trace.KindTaskDone {
				return
			}
		default:
			return
		}
		select {
		case pl.news <- news{id, time.Now(), d}:
		case <-ctx.Done():
		}
	}
}

// hire sees to it that n burners are there and allowed where they should be.
func (pl *play) hire(ctx context.Context, n int) error {
	for len(pl.crew) > n {
		last := pl.crew[len(pl.crew)-1]
		pl.crew = pl.crew[:len(pl.crew)-1]
		last.CloseSend()
	}
	for len(pl.crew) < n {
		pl.hired++
		name := trace.ID(fmt.Sprintf("burner-%d", pl.hired))
		tell := pl.heard(ctx, name)
		p, err := pl.s.Spawn(ctx, demo.Spec{Role: "burner", Name: name, Heard: tell})
		if err != nil {
			return err
		}
		pl.crew = append(pl.crew, p)
		go func() {
			<-p.Exited()
			tell(nil)
		}()
	}
	for _, p := range pl.crew {
		if err := pl.place(p.PID()); pl.touched && err != nil {
			pl.s.Say("%s could not be told on which cores it may run: %v.", p.ID(), err)
		}
	}
	return nil
}

// dismiss lets all burners end by themselves, except those that are stopped.
func (pl *play) dismiss(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for _, p := range pl.crew {
		p.CloseSend()
	}
	for _, p := range pl.crew {
		if p.State() != trace.Stopped {
			p.Reap(ctx)
		}
	}
}

// gone strikes a burner that has ended off the crew, and says whether it was on it.
func (pl *play) gone(id trace.ID) bool {
	n := len(pl.crew)
	pl.crew = slices.DeleteFunc(pl.crew, func(p demo.Proc) bool { return p.ID() == id })
	return len(pl.crew) < n
}

// take hears what happens between measurements.
func (pl *play) take(n news) {
	if n.data == nil && pl.gone(n.who) {
		pl.s.Say("%s has ended. The next measurement starts another in its place.", n.who)
	}
}

// calibrate sizes the job.
func (pl *play) calibrate(ctx context.Context) error {
	s := pl.s
	work := demo.DurationParam(s, "work")
	if s.Pace() == demo.Fast {
		work /= 8
	}
	for again := 0; again < 3 || pl.s.Attended(); again++ {
		if err := pl.hire(ctx, 1); err != nil {
			return err
		}
		s.Say("%s finds out how fast it computes, so that the job gets the right size.", pl.crew[0].ID())
		pl.crew[0].Send(try)
		select {
		case n := <-pl.news:
			if g, ok := n.data.(trace.Gauge); ok {
				pl.rounds = max(int(g.Value*work.Seconds()), crowd)
				return nil
			}
			pl.gone(n.who)
		case <-s.Finished():
			return errOver
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return errDisturbed
}

// step measures with n burners, again if it is disturbed, and reports.
func (pl *play) step(ctx context.Context, n int) error {
	for again := 0; again < 3 || pl.s.Attended(); again++ {
		if err := pl.hire(ctx, n); err != nil {
			return err
		}
		pl.announce(n)
		m, trouble, err := pl.measure(ctx)
		if err != nil {
			return err
		}
		if trouble == "" {
			pl.report(m)
			return nil
		}
		pl.s.Say("%s: this measurement does not count.", trouble)
		pl.s.Sleep(ctx, time.Second)
	}
	return errDisturbed
}

// shares splits a job evenly.
func shares(rounds, n int) []int {
	of := make([]int, n)
	for i := range of {
		of[i] = rounds / n
		if i < rounds%n {
			of[i]++
		}
	}
	return of
}

// measure has the job done once by the crew. trouble says what disturbed it.
func (pl *play) measure(ctx context.Context) (m measured, trouble string, err error) {
	s, crew := pl.s, slices.Clone(pl.crew)
	m = measured{n: len(crew), pinned: pl.pinned, told: true}
	before := make([]used, m.n)
	hand := map[trace.ID]int{} // who has which task
	for i, p := range crew {
		hand[p.ID()] = pl.tasks
		s.Emit("", trace.Task{Is: trace.KindTaskNew, Task: pl.tasks, Worker: p.ID()})
		pl.tasks++
		u, ok := usage(p.PID())
		before[i], m.told = u, m.told && ok
	}
	began := time.Now()
	for i, rounds := range shares(pl.rounds, m.n) {
		crew[i].Send(fmt.Sprintf("%s %d %d", share, hand[crew[i].ID()], rounds))
	}
	look := time.NewTicker(10 * time.Millisecond)
	defer look.Stop()
	var stopped time.Time // since when one is
	for len(hand) > 0 {
		select {
		case n := <-pl.news:
			task, has := hand[n.who]
			switch d := n.data.(type) {
			case nil:
				pl.gone(n.who)
				if has {
					trouble = fmt.Sprintf("%s ended in the middle, and its share is lost", n.who)
					s.Emit("", trace.Task{Is: trace.KindTaskLost, Task: task, Worker: n.who, Attempt: 1})
					delete(hand, n.who)
				}
			case trace.Task:
				if has && d.Task == task {
					delete(hand, n.who)
					m.wall = n.at.Sub(began)
				}
			}
		case <-look.C:
			is := false
			for _, p := range crew {
				if _, has := hand[p.ID()]; has && p.State() == trace.Stopped {
					is = true
					trouble = fmt.Sprintf("%s was stopped in the middle", p.ID())
				}
			}
			switch {
			case !is:
				stopped = time.Time{}
			case stopped.IsZero():
				stopped = time.Now()
				s.Say("%s: the clock runs on, so this measurement will not count. c lets it go on.", trouble)
			case !s.Attended() && time.Since(stopped) > patience && s.Now() > s.ScriptEnd()+time.Second:
				return m, trouble, errDisturbed
			}
		case <-s.Finished():
			return m, "", errOver
		case <-ctx.Done():
			return m, "", ctx.Err()
		}
	}
	for i, p := range crew {
		u, ok := usage(p.PID())
		m.told = m.told && ok
		m.used.cpu += u.cpu - before[i].cpu
		m.used.wait += u.wait - before[i].wait
	}
	return m, trouble, nil
}

// pin changes between one core and all, and says whether that is possible here.
func (pl *play) pin() bool {
	if !pl.pinned {
		core, err := firstCore()
		if err != nil {
			pl.s.Say("Pinning is %v.", demo.ErrNotHere)
			return false
		}
		pl.core = core
	}
	pl.pinned, pl.touched = !pl.pinned, true
	return true
}

// place lets a process run where the setting says.
func (pl *play) place(pid int) error {
	switch {
	case !pl.touched:
		return nil
	case pl.pinned:
		return allow(pid, only(pl.core))
	}
	return allowOurs(pid)
}
