package remote

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
	"edu/procession/demos/trace"
)

// play is the state of one run. Only the goroutine of Play touches it; the
// others send news.
type play struct {
	s       demo.Stage
	net     *cluster.Net
	b       *broker.Broker
	news    chan news
	over    chan struct{}
	tells   bool // captions follow what happens, rather than a script
	masters []*node
	workers []*node
	all     int // tasks that the master was told to put
	tasks   map[int]*task
	joined  map[trace.ID]bool
	shown   map[string]float64

	executions, redelivered, duplicates, done int

	brokerBack, masterBack time.Duration // when a new one was started; 0: none was, or it works
	brokerDead             bool
	lastBack               string
}

// invitation is what somebody types elsewhere.
const invitation = "procession join %s --token %s"

// node is a process on a node of its own.
type node struct {
	name  trace.ID // the process's
	at    trace.ID // the node's
	p     demo.Proc
	exit  *trace.Exit
	died  time.Duration
	task  int           // in hand, as the master says; -1 for none
	since time.Duration // it has had that
}

// task is what the play has heard of one.
type task struct {
	worker  trace.ID
	attempt int
	done    bool
	orphan  time.Duration // when its worker ended; 0: it did not
}

// news is what a process reports, or what became of it.
type news struct {
	who  trace.ID
	task trace.Task
	exit *trace.Exit
	came bool // it has joined from elsewhere
}

// Play implements demo.Demo.
func (Demo) Play(ctx context.Context, s demo.Stage) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	pl := &play{s: s, news: make(chan news, 1024), over: make(chan struct{}), tasks: map[int]*task{}, joined: map[trace.ID]bool{}, shown: map[string]float64{}}
	defer close(pl.over)
	pl.net = cluster.New(s, broker.Name, "master")
	defer pl.net.Close()
	if err := pl.open(ctx); err != nil {
		return err
	}
	var err error
	if !s.Attended() && s.ScriptEnd() == 0 {
		err = pl.script(ctx)
	} else {
		err = pl.freely(ctx)
	}
	if err != nil {
		return err
	}
	return pl.close(ctx)
}

// open brings the broker, the master and the workers on stage, and puts the tasks.
func (pl *play) open(ctx context.Context) error {
	lease := pl.s.Pace().Scale(demo.DurationParam(pl.s, "lease"))
	var err error
	if pl.b, err = broker.Start(ctx, pl.s, pl.net, broker.Config{Lease: lease, URL: pl.s.Param("nats"), Creds: pl.s.Param("nats-creds"), Listen: pl.s.Param("listen")}); err != nil {
		return err
	}
	if pl.b.OnStage() {
		pl.watch(ctx, pl.b.Proc())
	}
	if at, token := pl.b.Invitation(); at != "" {
		pl.s.Emit("", trace.Say{Text: fmt.Sprintf(invitation, at, token), Stream: "log"})
	}
	pl.all = demo.IntParam(pl.s, "tasks")
	starts := []func() error{pl.newMaster(ctx)}
	for range demo.IntParam(pl.s, "workers") {
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
func (pl *play) spawn(ctx context.Context, role string, n *node, args map[string]string) (err error) {
	n.p, err = pl.s.Spawn(ctx, demo.Spec{
		Role: role, Name: n.name, Node: string(n.at), Args: args,
		Heard: func(d trace.Data) {
			switch d := d.(type) {
			case trace.Task:
				pl.send(news{who: n.name, task: d})
			case trace.Join:
				pl.send(news{who: d.Node, came: true})
			}
		},
	})
	if err == nil {
		pl.watch(ctx, n.p)
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
		if t.done {
			known = append(known, strconv.Itoa(n))
		}
	}
	m := &node{name: "master", at: "master", task: -1}
	if len(pl.masters) > 0 {
		m.name = trace.ID(fmt.Sprintf("master-%d", len(pl.masters)+1))
	}
	pl.masters = append(pl.masters, m)
	all := pl.all
	return func() error {
		args, err := pl.b.MasterArgs(m.at)
		if err != nil {
			return err
		}
		args["work"] = pl.s.Pace().Scale(demo.DurationParam(pl.s, "work")).String()
		args["seed"], args["known"] = fmt.Sprint(pl.s.Seed()), strings.Join(known, " ")
		if err := pl.spawn(ctx, "master", m, args); err != nil {
			return err
		}
		return m.p.Send(fmt.Sprintf("put %d", all))
	}
}

func (pl *play) master() *node { return pl.masters[len(pl.masters)-1] }

// newWorker returns what starts one more worker.
func (pl *play) newWorker(ctx context.Context) (start func() error) {
	w := &node{name: trace.ID(fmt.Sprintf("w%d", len(pl.workers)+1)), task: -1}
	w.at = w.name
	pl.net.Add(w.at)
	pl.workers = append(pl.workers, w)
	return func() error {
		args, err := pl.b.Args(w.at)
		if err != nil {
			return err
		}
		args["work"] = pl.s.Pace().Scale(demo.DurationParam(pl.s, "work")).String()
		return pl.spawn(ctx, "worker", w, args)
	}
}

func (pl *play) worker(id trace.ID) *node {
	for _, w := range pl.workers {
		if w.name == id {
			return w
		}
	}
	return nil
}

func (pl *play) live() (n int) {
	for _, w := range pl.workers {
		if w.exit == nil {
			n++
		}
	}
	return n
}

// exited says that a process has ended, which the play may not have taken yet.
func exited(p demo.Proc) bool {
	select {
	case <-p.Exited():
		return true
	default:
		return false
	}
}

// restart starts again whichever of broker and master has ended.
func (pl *play) restart(ctx context.Context) (who string, err error) {
	if pl.b.OnStage() && exited(pl.b.Proc()) {
		pl.brokerBack = pl.s.Now()
		if err := pl.b.Restart(ctx); err != nil {
			return "", err
		}
		pl.brokerDead = false
		pl.watch(ctx, pl.b.Proc())
		who = string(pl.b.Proc().ID())
	}
	if exited(pl.master().p) {
		pl.masterBack = pl.s.Now()
		if err := pl.newMaster(ctx)(); err != nil {
			return "", err
		}
		if who != "" {
			who += " and "
		}
		who += string(pl.master().name)
	}
	return who, nil
}

// close tells everybody that it is over and waits for those who can hear it.
func (pl *play) close(ctx context.Context) error {
	pl.net.HealAll()
	if m := pl.master(); m.exit == nil {
		m.p.Send("end")
	}
	over := time.NewTimer(2 * time.Second)
	defer over.Stop()
	for _, n := range append([]*node{pl.master()}, pl.workers...) {
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
