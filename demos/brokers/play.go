package brokers

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"edu/procession/demos/cluster"
	"edu/procession/demos/cluster/broker"
	"edu/procession/demos/demo"
	"edu/procession/demos/internal/wire"
	"edu/procession/demos/trace"
)

// play is the state of one run. Only the goroutine of Play touches it; the
// others send facts.
type play struct {
	s      demo.Stage
	net    *cluster.Net
	facts  chan fact
	over   chan struct{}
	tell   *os.File // where processes tell facts
	secret string
	dir    string

	servers []*node
	others  []*node // the producer, then the workers

	leader trace.ID      // the node that led last
	lends  trace.ID      // the node that gave out tasks last
	above  uint64        // a new leader has a later term than this
	since  time.Duration // when the leader, or the only server, ended; 0: one leads
	first  bool          // there has been a leader
	// minority says that too few have run since the leader ended to elect another.
	minority bool

	all        int           // tasks that were sent
	waiting    time.Duration // since when the latest has had no acknowledgement; 0: it has it
	longest    time.Duration
	tries      int // of the latest
	acked      map[int]bool
	results    map[int]bool
	hand       map[trace.ID]int // what a worker has
	resent     int
	recognised int
	duplicates int
	shown      map[string]float64
	ending     bool          // the producer was told to end
	grace      time.Duration // how long the workers may take then for what was acknowledged
}

// node is a place for one process at a time.
type node struct {
	name   trace.ID
	role   string
	p      demo.Proc
	starts int
	gone   bool
	args   map[string]string
	addr   map[string]string // what its latest process announced; before, a name for it
}

func newPlay(s demo.Stage) *play {
	pl := &play{s: s, facts: make(chan fact, 1024), over: make(chan struct{}), secret: string(broker.NewSecret()),
		acked: map[int]bool{}, results: map[int]bool{}, hand: map[trace.ID]int{}, shown: map[string]float64{}, grace: patience}
	var names []trace.ID
	add := func(to *[]*node, role, name string) {
		*to = append(*to, &node{name: trace.ID(name), role: role, addr: map[string]string{"nats": name, "servers": name + "'s"}})
		names = append(names, trace.ID(name))
	}
	for i := range demo.IntParam(s, "servers") {
		add(&pl.servers, "server", fmt.Sprintf("b%d", i+1))
	}
	add(&pl.others, "producer", "producer")
	for i := range demo.IntParam(s, "workers") {
		add(&pl.others, "worker", fmt.Sprintf("w%d", i+1))
	}
	pl.net = cluster.New(s, names...)
	return pl
}

func (pl *play) close() {
	close(pl.over)
	if pl.tell != nil {
		pl.tell.Close()
	}
	pl.net.Close()
}

func (pl *play) send(f fact) {
	select {
	case pl.facts <- f:
	case <-pl.over:
	}
}

// scaled is a time of this pace, and not too short for a busy machine.
func (pl *play) scaled(param string, least time.Duration) string {
	return max(pl.s.Pace().Scale(demo.DurationParam(pl.s, param)), least).String()
}

// cast brings everybody on stage. Who connects to whom is settled before: a door
// can be opened before what it leads to is there.
func (pl *play) cast(ctx context.Context) (err error) {
	if len(pl.servers) == 1 {
		pl.s.Say("One server keeps the stream of tasks. A producer puts a task, waits for the acknowledgement, and sends it again if none comes.")
	} else {
		pl.s.Say("Three servers keep one stream of tasks in three copies. A producer puts a task, waits for the acknowledgement, and sends it again if none comes.")
	}
	if pl.dir, err = pl.s.Dir(); err != nil {
		return err
	}
	if pl.tell, err = wire.Facts(pl.send, nil); err != nil {
		return err
	}
	all := append(append([]*node(nil), pl.servers...), pl.others...)
	for _, n := range all {
		if n.args, err = pl.args(n); err != nil {
			return err
		}
	}
	pl.since = pl.s.Now()
	starts := make(chan error, len(all))
	for _, n := range all {
		go func() { starts <- pl.start(ctx, n) }()
	}
	for range all {
		err = errors.Join(err, <-starts)
	}
	return err
}

// args opens the doors of a node and says what its process is told.
func (pl *play) args(n *node) (map[string]string, error) {
	a := map[string]string{"node": string(n.name), "host": pl.net.Host(n.name), "secret": pl.secret, "copies": strconv.Itoa(len(pl.servers)),
		"every": pl.scaled("every", 0), "work": pl.scaled("work", 0), "patience": pl.scaled("patience", 300*time.Millisecond), "lease": pl.scaled("lease", 500*time.Millisecond)}
	kind, frames, user := "nats", []cluster.Frames{broker.Frames()}, ""
	if n.role == "server" {
		kind, frames, user = "servers", nil, "node:"+pl.secret+"@"
		a["dir"] = filepath.Join(pl.dir, string(n.name))
	}
	var urls []string
	for _, to := range pl.servers {
		if to == n {
			continue
		}
		door, err := pl.net.Link(n.name, to.name, to.addr[kind], frames...)
		if err != nil {
			return nil, err
		}
		urls = append(urls, "nats://"+user+door)
	}
	if n.role == "server" {
		a["others"] = strings.Join(urls, ",")
	} else {
		a["servers"] = strings.Join(urls, ",")
	}
	return a, nil
}

// start starts a node's process. The doors lead to a server as soon as it says
// where it is.
func (pl *play) start(ctx context.Context, n *node) error {
	n.starts++
	name := n.name
	if n.starts > 1 {
		name = trace.ID(fmt.Sprintf("%s-%d", n.name, n.starts))
	}
	p, err := pl.s.Spawn(ctx, demo.Spec{Role: n.role, Name: name, Node: string(n.name), Args: n.args, Files: []*os.File{pl.tell},
		Heard: func(d trace.Data) {
			if l, ok := d.(trace.Listen); ok {
				pl.net.Moved(n.addr[l.For], l.Addr)
				n.addr[l.For] = l.Addr
			}
		}})
	if err != nil {
		return err
	}
	n.p, n.gone = p, false
	go func() {
		select {
		case <-p.Exited():
			if x, err := p.Wait(ctx); err == nil {
				pl.send(fact{Who: p.ID(), What: ended, exit: &x})
			}
		case <-pl.over:
		}
	}()
	return nil
}
