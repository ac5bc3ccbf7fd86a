package nodepool

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"edu/procession/demos/cluster"
	"edu/procession/demos/cluster/broker"
	"edu/procession/demos/demo"
	"edu/procession/demos/pool"
	"edu/procession/demos/trace"
)

// play is one run on nodes. Only the goroutine of Play touches it; the others
// send news.
type play struct {
	demo.Stage
	pool.Work
	lease   time.Duration
	net     *cluster.Net
	b       *broker.Broker
	news    chan news
	over    chan struct{}
	masters []*member
	workers []*member // in the order in which they came
	tasks   []task    // of the round
	round   round
	shown   map[string]float64
	serial  time.Duration // all tasks by one worker; 0: not done

	duplicates int
	lonely     time.Duration // since when no worker is there; 0: there is one
	stalled    bool          // the caption says that nothing comes
}

// member is a process on a node of its own.
type member struct {
	id    trace.ID // of both
	at    trace.ID
	p     demo.Proc
	exit  *trace.Exit
	ready bool // it has said that it waits for a task
	asked bool // to leave

	task  int           // in hand, as the master says; -1 for none
	since time.Duration // it has had that
	begun bool          // it has begun what it got last, as it says
	came  time.Duration
	died  time.Duration
	busy  time.Duration // in the round, by its own clock
	did   bool          // something, in the round
}

// task is what the play has heard of one in this round.
type task struct {
	worker  trace.ID
	attempt int
	state   trace.Kind    // KindTaskNew, KindTaskDone or KindTaskFail
	orphan  time.Duration // when its worker ended; 0: it did not
}

// round is all tasks once: by one worker, or by all.
type round struct {
	order
	began, last     time.Duration // last: of the last result
	done, failed    int
	executions      int
	running, pooled bool
	sequence        []int // the first tasks that ended
}

func (r round) took() time.Duration { return r.last - r.began }

// news is what a process reports, or what became of it.
type news struct {
	who   trace.ID
	task  *trace.Task
	block *trace.Block
	exit  *trace.Exit
}

var errStalled = errors.New("the tasks wait for workers that are silent")

func onNodes(ctx context.Context, s demo.Stage) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	pl := &play{Stage: s, news: make(chan news, 1024), over: make(chan struct{}), shown: map[string]float64{}}
	defer close(pl.over)
	var err error
	if pl.Work, err = pool.WorkOf(s); err != nil {
		return err
	}
	if err := pl.fits(); err != nil {
		return err
	}
	pl.round.Round = -1
	pl.net = cluster.New(s, broker.Name, "master")
	defer pl.net.Close()
	if err := pl.open(ctx); err != nil {
		return err
	}
	if err := pl.scenes(ctx); err != nil && err != errStalled {
		return err
	} else if err != nil {
		pl.Verdict(true, "the tasks still waited for workers that are silent or gone: the broker keeps them")
	} else if pl.round.running || !pl.round.pooled {
		pl.Verdict(true, "ended by the learner before the pool had done its tasks")
	} else {
		pl.Verdict(true, "%s: %d done, %d failed, 0 lost", demo.Plural(pl.Tasks, "task"), pl.round.done, pl.round.failed)
	}
	return pl.close(ctx)
}

// fits says what of the settings is not for nodes.
func (pl *play) fits() error {
	switch {
	case pl.Workers > maxWorkers:
		return fmt.Errorf("workers=%d: %d are the most on nodes, where each is a node", pl.Workers, maxWorkers)
	case pl.Tasks > maxTasks:
		return fmt.Errorf("tasks=%d: %d are the most on nodes, where each is some twenty messages", pl.Tasks, maxTasks)
	case pl.Param("chunk") != "1":
		return fmt.Errorf("chunk=%s: on nodes tasks travel one at a time; leave the chunk at 1", pl.Param("chunk"))
	case pl.Param("window") != "auto" && pl.Param("window") != "1":
		return fmt.Errorf("window=%s: on nodes a worker has one task at a time; leave the window at auto", pl.Param("window"))
	}
	pl.lease = max(2*pl.Longest(), 2*time.Second)
	if pl.Pace() == demo.Fast {
		pl.lease = max(2*pl.Longest(), 500*time.Millisecond)
	}
	if pl.Param("lease") != "auto" {
		pl.lease = demo.DurationParam(pl, "lease")
	}
	return nil
}

// open brings everybody on stage.
func (pl *play) open(ctx context.Context) error {
	pl.Say("A master, a broker and %s, each a process with an address of its own: they share nothing but messages, over loopback.", demo.Plural(pl.Workers, "worker"))
	var err error
	if pl.b, err = broker.Start(ctx, pl, pl.net, broker.Config{Lease: pl.lease, URL: pl.Param("nats"), Creds: pl.Param("nats-creds")}); err != nil {
		return err
	}
	if pl.b.OnStage() {
		pl.watch(ctx, pl.b.Proc())
	}
	starts := []func() error{pl.newMaster(ctx)}
	for range pl.Workers {
		starts = append(starts, pl.newWorker(ctx))
	}
	done := make(chan error, len(starts)) // nobody waits for anybody
	for _, start := range starts {
		go func() { done <- start() }()
	}
	for range starts {
		err = errors.Join(err, <-done)
	}
	return err
}

// spawn starts a process and listens to what becomes of it.
func (pl *play) spawn(ctx context.Context, role string, n *member, args map[string]string) error {
	p, err := pl.Spawn(ctx, demo.Spec{
		Role: role, Name: n.id, Node: string(n.at), Args: args,
		Heard: func(d trace.Data) {
			switch d := d.(type) {
			case trace.Task:
				pl.send(news{who: n.id, task: &d})
			case trace.Block:
				pl.send(news{who: n.id, block: &d})
			}
		},
	})
	if err == nil {
		n.p = p
		pl.watch(ctx, p)
	}
	return err
}

func (pl *play) watch(ctx context.Context, p demo.Proc) {
	go func() {
		select {
		case <-p.Exited():
			if x, err := p.Wait(ctx); err == nil {
				pl.send(news{who: p.ID(), exit: &x})
			}
		case <-pl.over:
		}
	}()
}

func (pl *play) send(n news) {
	select {
	case pl.news <- n:
	case <-pl.over:
	}
}

// newMaster returns what starts a master, which finds in the broker what one
// before it left.
func (pl *play) newMaster(ctx context.Context) (start func() error) {
	var known []string
	for n, t := range pl.tasks {
		if t.state != trace.KindTaskNew {
			known = append(known, strconv.Itoa(n))
		}
	}
	m := &member{id: "master", at: "master", task: -1}
	if len(pl.masters) > 0 {
		m.id = trace.ID(fmt.Sprintf("master-%d", len(pl.masters)+1))
	}
	pl.masters = append(pl.masters, m)
	now := pl.round.order
	return func() error {
		args, err := pl.b.MasterArgs(m.at)
		if err != nil {
			return err
		}
		for k, v := range pl.Args() {
			args[k] = v
		}
		args["known"] = strings.Join(known, " ")
		if err := pl.spawn(ctx, "master", m, args); err != nil || now.Round < 0 {
			return err
		}
		return m.p.Send(now.String())
	}
}

func (pl *play) master() *member { return pl.masters[len(pl.masters)-1] }

// newWorker returns what starts one more worker.
func (pl *play) newWorker(ctx context.Context) (start func() error) {
	w := &member{id: trace.ID(fmt.Sprintf("worker-%d", len(pl.workers)+1)), task: -1, came: pl.Now()}
	w.at = w.id
	pl.net.Add(w.at)
	pl.workers = append(pl.workers, w)
	return func() error {
		args, err := pl.b.Args(w.at)
		if err != nil {
			return err
		}
		for k, v := range pl.Args() {
			args[k] = v
		}
		return pl.spawn(ctx, "node", w, args)
	}
}

// hire starts one more worker and waits until it is there.
func (pl *play) hire(ctx context.Context) (*member, error) {
	err := pl.newWorker(ctx)()
	w := pl.workers[len(pl.workers)-1]
	if err != nil { // it was killed before its first word, or the system allows no more
		w.exit, w.died = &trace.Exit{}, pl.Now()
		return nil, err
	}
	return w, nil
}

func (pl *play) worker(id trace.ID) *member {
	for _, w := range pl.workers {
		if w.id == id {
			return w
		}
	}
	return nil
}

// live are the workers that have not ended and were not asked to leave.
func (pl *play) live() (live []*member) {
	for _, w := range pl.workers {
		if w.exit == nil && !w.asked {
			live = append(live, w)
		}
	}
	return live
}

// close tells everybody that it is over and waits for those who can hear it.
func (pl *play) close(ctx context.Context) error {
	pl.net.HealAll()
	if m := pl.master(); m.p != nil {
		m.p.CloseSend()
	}
	over := time.NewTimer(2 * time.Second)
	defer over.Stop()
	for _, n := range append([]*member{pl.master()}, pl.workers...) {
		if n.p == nil {
			continue
		}
		select {
		case <-n.p.Exited():
		case <-over.C:
			return nil // it is stopped, or cut off: the stage ends it
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	pl.b.Stop(ctx)
	return nil
}
