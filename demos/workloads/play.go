package workloads

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"edu/procession/demos/demo"
	"edu/procession/demos/trace"
)

// play is the state of one run. Only the goroutine of Play touches it.
type play struct {
	s    demo.Stage
	loop demo.Loop[news]

	jobs   int
	work   time.Duration
	kind   string
	rounds float64 // of a job that computes
	tasks  int     // given out so far

	troupes, hired int // casts, and workers in all of them, so far
	crew           []demo.Proc
	gone           bool // one of the crew has ended
	files          []*os.File

	queue []asked
	now   *current
	done  map[asked]measured
	bad   bool // the caller said what cannot be
}

// asked is a way and a kind of work that are to be measured.
type asked struct {
	kind string
	way  string
}

// current is a measurement that is under way.
type current struct {
	asked
	way
	first   int
	open    map[int]bool
	trouble string
	over    bool
	got     measured
	lastHad time.Time // when a heartbeat was heard
	silent  bool      // and that it is not heard was said
	stopped time.Time
}

type measured struct{ makespan, gap time.Duration }

// news is what was heard: of a worker's reports, of the caller's pipe, or that one
// of the crew has ended.
type news struct {
	troupe int
	who    trace.ID
	data   trace.Data
	line   string
	ended  bool
}

var (
	errOver      = errors.New("the learner has finished")
	errDisturbed = errors.New("every measurement was disturbed: a process was killed or stopped")
)

// patience is how long a stopped process is waited for when nobody is at the keys.
const patience = 3 * time.Second

// longest is how long a measurement may take when nobody is at the keys.
const longest = 2 * time.Minute

// Play implements demo.Demo.
func (Demo) Play(ctx context.Context, s demo.Stage) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	pl := &play{s: s, jobs: demo.IntParam(s, "jobs"), work: demo.DurationParam(s, "work"), kind: s.Param("kind"), done: map[asked]measured{}}
	if s.Pace() == demo.Fast {
		pl.work /= 8
	}
	heard := make(chan news, 256)
	pl.loop = demo.Loop[news]{Stage: s, News: heard, Take: pl.take, Act: pl.act, Look: pl.look}
	tell := func(n news) {
		select {
		case heard <- n:
		case <-ctx.Done():
		}
	}
	defer func() { pl.release() }()
	kinds := []string{pl.kind}
	if pl.kind == "both" {
		kinds = []string{cpu, wait}
		pl.kind = cpu
		if s.Attended() {
			kinds = kinds[:1]
		}
	}
	for _, kind := range kinds {
		pl.ask(kind)
	}
	s.Gauge("cores", float64(cores()), "")
	err := pl.measure(ctx, tell)
	if s.Attended() && err == nil {
		s.Say("Your turn: i has the jobs %s; a g o w l h measure one way again.", otherWork(pl.kind))
		for err == nil {
			if err = pl.loop.Until(ctx, func() bool { return len(pl.queue) > 0 }, demo.ForEver); err == nil && demo.Finished(s) {
				err = errOver
			}
			if err == nil {
				err = pl.measure(ctx, tell)
			}
		}
	} else if err == nil && s.ScriptEnd() > 0 {
		for until := s.ScriptEnd() + s.Pace().Scale(time.Second); err == nil && (s.Now() < until || len(pl.queue) > 0); {
			if err = pl.loop.Until(ctx, func() bool { return len(pl.queue) > 0 }, max(until-s.Now(), 0)); err == nil {
				err = pl.measure(ctx, tell)
			}
		}
	}
	if err != nil && !errors.Is(err, errOver) {
		return err
	}
	pl.dismiss(ctx)
	pl.verdict()
	return nil
}

func otherWork(kind string) string {
	if kind == cpu {
		return "wait instead of compute"
	}
	return "compute instead of wait"
}

// ask queues the ways that the setting names.
func (pl *play) ask(kind string) {
	for _, w := range ways {
		if set := pl.s.Param("way"); set == "all" || w.name == set || w.name == "serial" {
			pl.queue = append(pl.queue, asked{kind, w.name})
		}
	}
}

// act is an action of the demo's own. What it asks for is measured once what was
// asked for before has been.
func (pl *play) act(a demo.Act) error {
	if a.Name == "kind" {
		if pl.kind == cpu {
			pl.kind = wait
		} else {
			pl.kind = cpu
		}
		pl.queue = nil
		for _, w := range ways {
			pl.queue = append(pl.queue, asked{pl.kind, w.name})
		}
		return nil
	}
	if len(pl.queue) < 2*len(ways) {
		pl.queue = append(pl.queue, asked{pl.kind, a.Name})
	}
	return nil
}

// measure does all that is asked for.
func (pl *play) measure(ctx context.Context, tell func(news)) error {
	for len(pl.queue) > 0 {
		next := pl.queue[0]
		pl.queue = pl.queue[1:]
		for try := 0; ; try++ {
			if try == 3 && !pl.s.Attended() {
				return errDisturbed
			}
			if err := pl.hire(ctx, tell); err != nil {
				return err
			}
			trouble, err := pl.one(ctx, next)
			if err != nil {
				return err
			}
			if trouble == "" {
				break
			}
			pl.s.Say("%s: this measurement does not count.", trouble)
			pl.s.Sleep(ctx, time.Second)
		}
		if err := pl.loop.Until(ctx, nil, pl.s.Pace().Scale(1200*time.Millisecond)); err != nil {
			return err
		}
		if demo.Finished(pl.s) {
			return errOver
		}
	}
	return nil
}

// hire sees to it that caller and workers are there: all of them, or all anew.
func (pl *play) hire(ctx context.Context, tell func(news)) error {
	if len(pl.crew) > 0 && !pl.gone {
		return nil
	}
	pl.release()
	pl.troupes++
	troupe, offset := pl.troupes, pl.hired
	pl.gone, pl.rounds = false, 0
	pipe := func() (r, w *os.File, err error) {
		if r, w, err = os.Pipe(); err == nil {
			pl.files = append(pl.files, r, w)
		}
		return r, w, err
	}
	jobsR, jobsW, err1 := pipe()
	answersR, answersW, err2 := pipe()
	newsR, newsW, err3 := pipe()
	if err := errors.Join(err1, err2, err3); err != nil {
		return fmt.Errorf("no pipe for the jobs: %w", err)
	}
	spawn := func(spec demo.Spec) error {
		who := spec.Name
		spec.Heard = func(d trace.Data) {
			switch d := d.(type) {
			case trace.Gauge:
			case trace.Task:
				if d.Is != trace.KindTaskDone {
					return
				}
			default:
				return
			}
			tell(news{troupe: troupe, who: who, data: d})
		}
		p, err := pl.s.Spawn(ctx, spec)
		if err != nil {
			return err
		}
		pl.crew = append(pl.crew, p)
		go func() {
			select {
			case <-p.Exited():
				tell(news{troupe: troupe, who: who, ended: true})
			case <-ctx.Done():
			}
		}()
		return nil
	}
	caller := trace.ID("caller")
	if troupe > 1 {
		caller = trace.ID(fmt.Sprintf("caller-%d", troupe))
	}
	err := spawn(demo.Spec{Role: "caller", Name: caller, Files: []*os.File{jobsW, answersR, newsW},
		Args: map[string]string{"jobs": fmt.Sprint(pl.jobs), "hired": fmt.Sprint(offset)}})
	if err != nil {
		return err
	}
	for range pl.jobs {
		pl.hired++
		name := trace.ID(fmt.Sprintf("worker-%d", pl.hired))
		if err := spawn(demo.Spec{Role: "worker", Name: name, Files: []*os.File{jobsR, answersW}}); err != nil {
			return err
		}
	}
	for _, f := range []*os.File{jobsR, jobsW, answersR, answersW, newsW} {
		f.Close() // they have their own
	}
	go func() {
		for in := bufio.NewScanner(newsR); in.Scan(); {
			tell(news{troupe: troupe, who: caller, line: in.Text()})
		}
	}()
	if err := pl.loop.Until(ctx, func() bool { return pl.rounds > 0 || pl.gone }, demo.ForEver); err != nil {
		return err
	}
	if demo.Finished(pl.s) {
		return errOver
	}
	return nil
}

// release ends what is left of a cast.
func (pl *play) release() {
	for _, p := range pl.crew {
		p.Signal(demo.SigKill)
	}
	for _, f := range pl.files {
		f.Close()
	}
	pl.crew, pl.files = nil, nil
}

// dismiss lets all end by themselves, except who is stopped or busy.
func (pl *play) dismiss(ctx context.Context) {
	if pl.now != nil || len(pl.crew) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	pl.crew[0].CloseSend() // and with it the workers' pipe ends
	for _, p := range pl.crew {
		if p.State() != trace.Stopped {
			p.Reap(ctx)
		}
	}
}

// one measures a way; trouble says what disturbed it.
func (pl *play) one(ctx context.Context, a asked) (trouble string, err error) {
	if pl.gone {
		return "A process ended", nil
	}
	s := pl.s
	how, _ := wayOf(a.way)
	c := &current{asked: a, way: how, first: pl.tasks, open: map[int]bool{}, lastHad: time.Now()}
	what, amount := "compute", int64(max(pl.rounds*pl.work.Seconds(), 1))
	if a.kind == wait {
		what, amount = "wait", int64(pl.work)
	}
	s.Say("%s. %s that %s.", how.title, demo.Plural(pl.jobs, "job"), what)
	for range pl.jobs {
		s.Emit("", trace.Task{Is: trace.KindTaskNew, Task: pl.tasks})
		c.open[pl.tasks] = true
		pl.tasks++
	}
	pl.now = c
	pl.crew[0].Send(fmt.Sprint(how.name, " ", a.kind, " ", c.first, " ", pl.jobs, " ", amount))
	most := demo.ForEver
	if !s.Attended() {
		most = longest
	}
	err = pl.loop.Until(ctx, func() bool { return c.over && (len(c.open) == 0 || c.trouble != "") }, most)
	switch {
	case err != nil:
		return "", err
	case !c.over && demo.Finished(s):
		return "", errOver
	case !c.over:
		return "", errDisturbed
	case pl.bad:
		return "", errors.New("the caller said what cannot be")
	}
	pl.now = nil
	if c.trouble == "" {
		pl.report(c)
		return "", nil
	}
	for task := range c.open {
		s.Emit("", trace.Task{Is: trace.KindTaskLost, Task: task, Attempt: 1})
	}
	return c.trouble, nil
}

// take hears what happens.
func (pl *play) take(n news) {
	c := pl.now
	switch {
	case n.troupe != pl.troupes: // of a cast that is no more
	case n.ended:
		first := !pl.gone
		pl.gone = true
		if c != nil && !c.over {
			c.trouble, c.over = string(n.who)+" ended in the middle", true
		} else if c == nil && first {
			pl.s.Say("%s has ended. The next measurement starts all of them anew.", n.who)
		}
	case n.data != nil:
		switch d := n.data.(type) {
		case trace.Gauge:
			pl.rounds = max(d.Value, 1)
		case trace.Task:
			if c != nil {
				delete(c.open, d.Task)
			}
		}
	default:
		pl.said(n.line)
	}
}

// said is a line of the caller's.
func (pl *play) said(line string) {
	c := pl.now
	word, rest, _ := strings.Cut(line, " ")
	switch {
	case word == saysThread:
		var name string
		var tid int
		if _, err := fmt.Sscan(rest, &name, &tid); err == nil && tid != 0 {
			pl.s.Adopt(demo.Guest{PID: pl.crew[0].PID(), TID: tid, Name: trace.ID(name), Role: "goroutine"})
		}
	case c == nil || c.over:
	case word == saysBeat:
		c.lastHad = time.Now()
	case word == saysDone:
		_, err := fmt.Sscan(rest, (*int64)(&c.got.makespan), (*int64)(&c.got.gap))
		pl.bad = err != nil || c.got.makespan <= 0 || c.got.gap < 0 || c.got.gap > c.got.makespan+time.Second
		c.over = true
	}
}

// look notices what nobody tells: a heart that is not heard, a process that was stopped.
func (pl *play) look() {
	c := pl.now
	if c == nil || c.over {
		return
	}
	stopped := slices.IndexFunc(pl.crew, func(p demo.Proc) bool { return p.State() == trace.Stopped })
	switch silent := time.Since(c.lastHad); {
	case stopped >= 0 && c.stopped.IsZero():
		c.stopped = time.Now()
		c.trouble = fmt.Sprintf("%s was stopped in the middle", pl.crew[stopped].ID())
		pl.s.Say("%s: the clock runs on, so this will not count. c lets it go on.", c.trouble)
	case stopped >= 0 && !pl.s.Attended() && time.Since(c.stopped) > patience && pl.s.Now() > pl.s.ScriptEnd()+time.Second:
		c.over, pl.gone = true, true
	case !c.silent && silent > 15*beatEvery && c.trouble == "" && c.name == "loop" && c.kind == cpu:
		c.silent = true // elsewhere it may be that we are late to hear
		pl.s.Say("No heartbeat heard for %d ms: the loop has not come back from its jobs.", silent.Milliseconds())
	}
}
