// Package shutdown is the demo shutdown: a server with workers is asked to end.
//
// The server is a worker of the stage and starts its own workers, in its own
// process group, as a pre-forking server does. The play is its client: it sends
// tasks all the time. Then a signal comes.
//
//   - SIGTERM, which the server handles: it takes no more tasks, lets what it has
//     accepted be finished, sends its workers SIGTERM, and waits for them. Who is
//     still there when the time of grace is over is sent SIGKILL: that is the
//     escalation. The server ends with 0, or with 1 if anything was lost.
//   - SIGTERM without a handler, or SIGKILL, which cannot have one: the server is
//     gone at once, what it had accepted is lost, and its workers are orphans. Each
//     finishes what it has in hand, finds that its pipe has ended, and ends.
//   - SIGINT to the whole process group, as a terminal sends it at Ctrl+C: the
//     workers get it too, and unless they ignore it they end in mid-task, however
//     well the server behaves.
//
// What is measured, and how:
//   - last-exit: from the signal, as the play sent it or as the server told that it
//     caught it, until the last of server and workers had ended.
//   - done, lost, refused: the client's count of its tasks. Lost is what was
//     accepted and never answered; what was not even accepted counts as refused.
//   - escalations: how often the server had to send SIGKILL.
//   - exit-code: of the server, by its wait status.
//
// The rules are:
//  1. Of the client's tasks each is done, lost or refused at the end, and each once (TestShutdowns).
//  2. A handled SIGTERM loses nothing, unless the time of grace is over (TestShutdowns).
//  3. Who ignores SIGTERM is ended by SIGKILL, and not before the time of grace (TestShutdowns).
package shutdown

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"edu/procession/demos/demo"
	"edu/procession/demos/trace"
)

// Demo is the demo shutdown.
type Demo struct{}

var _ demo.Demo = Demo{}

// Info implements demo.Demo.
func (Demo) Info() demo.Info {
	return demo.Info{
		Name:  "shutdown",
		Title: "A server is asked to end",
		Doc: "A server with workers takes tasks from a client. Send it SIGTERM and see it drain; send its whole group SIGINT, as Ctrl+C does; kill it. " +
			"One worker ignores SIGTERM: see how that ends. Count what was done, refused and lost.",
		Places: []demo.Place{demo.Processes},
		Params: []demo.Param{
			{Name: "workers", Default: "3", Check: demo.Int(1, 8), Doc: "processes that the server starts"},
			{Name: "work", Default: "auto", Check: orAuto(demo.Duration(time.Millisecond, time.Minute)), Doc: "how long a task takes; auto: 600ms for eyes, 60ms with --pace fast"},
			{Name: "handler", Default: "true", Check: demo.Bool(), Doc: "whether the server handles SIGTERM and SIGINT; else they end it"},
			{Name: "deaf", Default: "1", Check: demo.Int(0, 8), Doc: "how many of the workers ignore SIGTERM"},
			{Name: "shield", Default: "false", Check: demo.Bool(), Doc: "whether the workers ignore SIGINT and leave it to the server"},
			{Name: "grace", Default: "auto", Check: orAuto(demo.Duration(0, time.Minute)), Doc: "how long the server waits before it sends SIGKILL; auto: 2s, 200ms with --pace fast"},
			{Name: "by", Default: "term", Check: demo.Choice("term", "ctrl-c", "kill"), Doc: "what comes, with nobody at the keys: SIGTERM to the server, SIGINT to its whole group, or SIGKILL"},
		},
		Actions: []demo.Action{
			demo.Term, demo.Kill, demo.Stop, demo.Cont,
			{Name: "ctrl-c", Key: "i", Doc: "interrupt: SIGINT to the server's whole process group, as Ctrl+C in a terminal", Target: demo.ToStage},
			{Name: "again", Key: "r", Doc: "start another server, when all have ended", Target: demo.ToStage},
		},
		Gauges: []demo.Gauge{
			{Name: "last-exit", Unit: "s", Doc: "from the signal until the last of server and workers had ended"},
			{Name: "done", Doc: "tasks whose result the client got"},
			{Name: "lost", Doc: "tasks that the server had accepted, and whose result the client never got"},
			{Name: "refused", Doc: "tasks that the server did not accept, since it was shutting down or gone"},
			{Name: "escalations", Doc: "workers that the server sent SIGKILL, since they were there after the time of grace"},
			{Name: "exit-code", Doc: "of the server, in Python's count: its own code, or minus the number of the signal that ended it"},
		},
	}
}

func orAuto(check func(string) error) func(string) error {
	return func(s string) error {
		if s == "auto" {
			return nil
		}
		if err := check(s); err != nil {
			return fmt.Errorf("auto or %w", err)
		}
		return nil
	}
}

// length is a parameter that may be auto.
func length(s demo.Stage, name string, auto time.Duration) time.Duration {
	if s.Param(name) == "auto" {
		return s.Pace().Scale(auto)
	}
	return demo.DurationParam(s, name)
}

// Play implements demo.Demo.
func (Demo) Play(ctx context.Context, s demo.Stage) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	pl := &play{
		s: s, ctx: ctx, news: make(chan news, 256), tasks: map[int]*task{},
		work: length(s, "work", 600*time.Millisecond), grace: length(s, "grace", 2*time.Second),
		workers: demo.IntParam(s, "workers"),
	}
	for _, g := range []string{"done", "lost", "refused", "escalations"} {
		s.Gauge(g, 0, "")
	}
	if err := pl.open(); err != nil {
		return err
	}
	if s.Attended() || s.ScriptEnd() > 0 {
		left := demo.ForEver
		if !s.Attended() {
			left = max(s.ScriptEnd()-s.Now(), 0) + time.Second
		}
		err := pl.until(nil, left)
		if err == nil && pl.struck != 0 {
			err = pl.until(func() bool { return pl.over }, pl.patience())
		}
		if err != nil {
			return err
		}
		pl.verdict()
		return nil
	}
	atWork := func() bool {
		return len(pl.live) == pl.workers && pl.count(trace.KindTaskDone) > 0 && pl.count(0) == pl.workers+ahead
	}
	if err := pl.until(atWork, 10*time.Second+pl.work); err != nil {
		return err
	}
	if err := pl.until(nil, s.Pace().Scale(2500*time.Millisecond)); err != nil {
		return err
	}
	if demo.Finished(s) {
		pl.verdict()
		return nil
	}
	if err := pl.strike(s.Param("by")); err != nil {
		return err
	}
	if err := pl.until(func() bool { return pl.over }, pl.patience()); err != nil {
		return err
	}
	if !pl.over && !demo.Finished(s) {
		return fmt.Errorf("server and workers have not ended %v after the signal", pl.patience())
	}
	if err := pl.until(nil, s.Pace().Scale(2*time.Second)); err != nil {
		return err
	}
	pl.verdict()
	return nil
}

// play is the state of one run. Only the goroutine of Play touches it; the
// others send news.
type play struct {
	s       demo.Stage
	ctx     context.Context
	news    chan news
	work    time.Duration
	grace   time.Duration
	workers int

	server  demo.Proc
	serial  int // servers so far
	hired   int // workers so far, of all servers
	exit    *trace.Exit
	live    map[trace.ID]bool // workers that have not ended
	tasks   map[int]*task
	next    int
	struck  time.Duration // when the signal came; 0: not yet
	by      string        // which it was, in words
	last    time.Duration // when the last process ended
	settled int           // looks since
	orphans bool          // it was said what the server left behind
	over    bool          // server and workers have ended, and all is counted
	kills   int
	told    string // the sum, as the verdict says it
}

// task is a task as the client knows it.
type task struct {
	server   int // which one it was sent to
	accepted bool
	state    trace.Kind // 0: not answered
}

// news is what happened.
type news struct {
	who   trace.ID
	data  trace.Data // what somebody reported, nil when it has ended
	begun bool       // it is a worker, and there now
}

// open starts a server.
func (pl *play) open() error {
	pl.serial++
	name := trace.ID("server")
	if pl.serial > 1 {
		name = trace.ID(fmt.Sprint("server-", pl.serial))
	}
	tell := func(n news) {
		select {
		case pl.news <- n:
		case <-pl.ctx.Done():
		}
	}
	pl.exit, pl.live, pl.struck, pl.over, pl.kills, pl.by, pl.settled, pl.orphans = nil, map[trace.ID]bool{}, 0, false, 0, "", 0, false
	p, err := pl.s.Spawn(pl.ctx, demo.Spec{
		Role: "server", Name: name, Unreaped: true,
		Args: map[string]string{
			"workers": strconv.Itoa(pl.workers), "deaf": pl.s.Param("deaf"), "handler": pl.s.Param("handler"), "shield": pl.s.Param("shield"),
			"work": pl.work.String(), "grace": pl.grace.String(), "first": strconv.Itoa(pl.hired + 1),
		},
		Heard: func(d trace.Data) {
			switch d.(type) {
			case trace.Say, trace.Task, trace.Item:
				tell(news{name, d, false})
			}
		},
	})
	if err != nil {
		return err
	}
	pl.server = p
	pl.watch(name, p)
	pl.s.Say("A server starts %s, in its own process group. The client, which is this program, sends it tasks.", demo.Plural(pl.workers, "worker"))
	return nil
}

// watch hears of an end.
func (pl *play) watch(name trace.ID, p demo.Proc) {
	go func() {
		select {
		case <-p.Exited():
			select {
			case pl.news <- news{who: name}:
			case <-pl.ctx.Done():
			}
		case <-pl.ctx.Done():
		}
	}()
}

// patience is how long an end may take.
func (pl *play) patience() time.Duration { return pl.grace + pl.work + 10*time.Second }

// strike sends the server what is to end it.
func (pl *play) strike(by string) error {
	if pl.exit != nil || pl.struck != 0 {
		return nil
	}
	at := pl.s.Now()
	var err error
	switch by {
	case "term":
		err = pl.server.Signal(demo.SigTerm)
		pl.s.Say("SIGTERM was sent to %s, which %s.", pl.server.ID(), pl.handles())
	case "ctrl-c":
		err = interruptGroup(pl.server.PID())
		pl.s.Say("SIGINT was sent to the whole process group of %s, as a terminal does at Ctrl+C: it reached all %d processes of it.", pl.server.ID(), 1+len(pl.live))
	case "kill":
		err = pl.server.Signal(demo.SigKill)
		pl.s.Say("SIGKILL was sent to %s: no program can handle or ignore it.", pl.server.ID())
	}
	if errors.Is(err, demo.ErrNotHere) {
		return fmt.Errorf("this system has no such signal to send: %w", err)
	}
	pl.struck, pl.by = at, map[string]string{"term": "SIGTERM", "ctrl-c": "SIGINT to the group", "kill": "SIGKILL"}[by]
	return nil
}

func (pl *play) handles() string {
	if pl.s.Param("handler") == "true" {
		return "handles it"
	}
	return "has no handler: the default is to end"
}

// verdict says how it came out.
func (pl *play) verdict() {
	if pl.told == "" {
		pl.s.Verdict(true, "ended by the learner before the server had.")
		return
	}
	pl.s.Verdict(true, "%s", pl.told)
}
