package nodequeue

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"edu/procession/demos/cluster"
	"edu/procession/demos/cluster/broker"
	"edu/procession/demos/demo"
	"edu/procession/demos/trace"
)

// crowd is how many consumers fit on stage.
const crowd = 8

// waiters is how many wait for the event.
const waiters = 3

// play is one run on nodes. Only the goroutine of Play touches it; the others
// send news.
type play struct {
	demo.Stage
	size    int
	lease   time.Duration
	net     *cluster.Net
	b       *broker.Broker
	news    chan news
	over    chan struct{}
	members []*member // all but the broker, in the order in which they came
	serial  map[string]int
	items   map[int]*item
	shown   map[string]float64
	ending  bool

	depth, deepest   int                     // by the broker's count
	told             time.Duration           // when gauges were last reported
	blocked          [2]map[trace.ID]float64 // in put and in get, ms
	put, done, dups  int
	full, brokerDead bool
	event            event
	source           *member // of messages that are measured
}

// member is a process on a node of its own.
type member struct {
	id      trace.ID // of both
	role    string
	p       demo.Proc
	exit    *trace.Exit
	died    time.Duration
	ready   bool // it has said that it waits for something
	paused  bool
	leaving bool
	through bool // it has said its last word
	item    int  // in hand; -1 for none
}

func (m *member) is(role string) bool { return m.role == role && m.exit == nil }

// over says that it has ended, and that its last words were heard where it had
// some: the news of its end may come first.
func (m *member) over() bool {
	if m.exit == nil {
		return m.p == nil
	}
	cut := m.exit.Signal != "" || m.exit.Code != 0
	return cut || m.through || m.role != "producer" && m.role != "consumer"
}

// item is what the play has heard of one.
type item struct {
	put, done bool
	holder    trace.ID
	orphan    time.Duration // when its consumer ended; 0: it did not
}

// event is a message to all who wait.
type event struct {
	bell    *member
	waiting []*member
	woke    map[trace.ID]float64 // µs
	set     time.Duration        // when it was asked for; 0: it was not
	told    bool
}

// news is what a process reports, or what became of it.
type news struct {
	who  *member // nil: the broker
	fact trace.Data
	exit *trace.Exit
	id   trace.ID // with exit
}

func onNodes(ctx context.Context, s demo.Stage) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	pl := &play{Stage: s, size: demo.IntParam(s, "size"), news: make(chan news, 1024), over: make(chan struct{}),
		serial: map[string]int{}, items: map[int]*item{}, shown: map[string]float64{}, blocked: [2]map[trace.ID]float64{{}, {}}}
	defer close(pl.over)
	pl.lease = max(s.Pace().Scale(2*time.Second), 500*time.Millisecond, s.Pace().Scale(4*demo.DurationParam(s, "get-every")))
	if s.Param("lease") != "auto" {
		pl.lease = demo.DurationParam(s, "lease")
	}
	pl.net = cluster.New(s, broker.Name)
	defer pl.net.Close()
	if err := pl.open(ctx); err != nil {
		return err
	}
	if err := pl.scenes(ctx); err != nil {
		return err
	}
	return pl.end(ctx)
}

// open brings everybody on stage.
func (pl *play) open(ctx context.Context) error {
	p, c := demo.IntParam(pl, "producers"), demo.IntParam(pl, "consumers")
	pl.Say("%s put into the queue of a broker, which has %s; %s take from it. Each is a process with an address of its own, over loopback.",
		demo.Plural(p, "producer"), demo.Plural(pl.size, "place"), demo.Plural(c, "consumer"))
	var err error
	if pl.b, err = broker.Start(ctx, pl, pl.net, broker.Config{Lease: pl.lease, Heard: func(d trace.Data) { pl.send(news{fact: d}) }}); err != nil {
		return err
	}
	pl.watch(ctx, nil, pl.b.Proc())
	var starts []func() error
	for i := range max(p, c) {
		if i < c {
			starts = append(starts, pl.newMember(ctx, "consumer", nil))
		}
		if i < p {
			starts = append(starts, pl.newMember(ctx, "producer", map[string]string{"first": strconv.Itoa(i), "step": strconv.Itoa(p)}))
		}
	}
	if pl.all() {
		starts = append(starts, pl.arm(ctx)...)
	}
	return together(starts)
}

// together does things at once, and returns when all are done.
func together(starts []func() error) (err error) {
	done := make(chan error, len(starts))
	for _, start := range starts {
		go func() { done <- start() }()
	}
	for range starts {
		err = errors.Join(err, <-done)
	}
	return err
}

// all says that the event and the measurements are played too.
func (pl *play) all() bool { return pl.Param("acts") == "all" }

// newMember returns what starts one more node.
func (pl *play) newMember(ctx context.Context, role string, args map[string]string) (start func() error) {
	pl.serial[role]++
	m := &member{id: trace.ID(fmt.Sprintf("%s-%d", role, pl.serial[role])), role: role, item: -1}
	if role == "source" || role == "sink" || role == "bell" {
		m.id = trace.ID(role)
		if n := pl.serial[role]; n > 1 {
			m.id = trace.ID(fmt.Sprintf("%s-%d", role, n))
		}
	}
	pl.net.Add(m.id)
	pl.members = append(pl.members, m)
	return func() error {
		all, err := pl.b.PeerArgs(m.id)
		if err != nil {
			return err
		}
		for k, v := range args {
			all[k] = v
		}
		all["size"] = strconv.Itoa(pl.size)
		if every := map[string]string{"producer": "put-every", "consumer": "get-every"}[role]; every != "" {
			all["every"] = pl.Pace().Scale(demo.DurationParam(pl, every)).String()
		}
		m.p, err = pl.Spawn(ctx, demo.Spec{Role: "node-" + role, Name: m.id, Node: string(m.id), Args: all,
			Heard: func(d trace.Data) { pl.send(news{who: m, fact: d}) }})
		if err == nil {
			pl.watch(ctx, m, m.p)
		}
		return err
	}
}

// hire starts one more node, and forgets it when that cannot be.
func (pl *play) hire(ctx context.Context, role string, args map[string]string) (*member, error) {
	err := pl.newMember(ctx, role, args)()
	m := pl.members[len(pl.members)-1]
	if err != nil {
		m.exit = &trace.Exit{Code: -1}
	}
	return m, err
}

func (pl *play) watch(ctx context.Context, m *member, p demo.Proc) {
	go func() {
		select {
		case <-p.Exited():
			if x, err := p.Wait(ctx); err == nil {
				pl.send(news{who: m, exit: &x, id: p.ID()})
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

// live are the members of a role that have not ended.
func (pl *play) live(role string) (live []*member) {
	for _, m := range pl.members {
		if m.is(role) && !m.leaving {
			live = append(live, m)
		}
	}
	return live
}

// tell tells members a line; who has ended does not hear it.
func tell(line string, members ...*member) {
	for _, m := range members {
		if m.p != nil {
			m.p.Send(line)
		}
	}
}

// until takes what happens until ok says so, nil for never, or d has passed, or
// the learner has finished.
func (pl *play) until(ctx context.Context, ok func() bool, d time.Duration) error {
	return demo.Loop[news]{
		Stage: pl, News: pl.news, Take: pl.take, Look: pl.look,
		Act: func(a demo.Act) error {
			if pl.ending {
				return nil
			}
			return pl.act(ctx, a)
		},
	}.Until(ctx, ok, d)
}
