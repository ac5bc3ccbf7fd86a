package peers

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"strings"
	"sync"
	"time"

	"edu/procession/demos/demo"
	"edu/procession/demos/internal/sock"
	"edu/procession/demos/trace"
)

// play is the state of one run. Only the goroutine of Play touches it; the
// others send news.
type play struct {
	s      demo.Stage
	net    demo.Links
	news   chan news
	over   chan struct{}
	shut   sync.Once
	peers  []*peerOnStage
	links  []*link
	faults []*fault
	tells  bool // captions follow what happens, rather than a script

	suspicions, alarms int
	recv               []time.Duration // when heartbeats were received, in the last window
	gauged             time.Duration
	shown              map[string]float64
}

// peerOnStage is a peer as the play knows it.
type peerOnStage struct {
	name    trace.ID
	p       demo.Proc
	orders  *os.File
	addr    string
	met     bool
	exit    *trace.Exit
	stopped bool
	views   map[trace.ID]*view
}

// view is what a peer has told of another.
type view struct {
	last      time.Duration // when it reported a heartbeat
	suspected bool
	gone      bool
	goneAt    time.Duration
}

// link is the connection between a peer and its next neighbour.
type link struct {
	a, b *peerOnStage
	from *peerOnStage // cut one way: whose heartbeats are held back; nil for both
	cut  bool
	slow time.Duration // that is added each way
}

func (l *link) String() string { return string(l.a.name) + "–" + string(l.b.name) }

// fault is something that was done to a peer, or to the link between two.
type fault struct {
	a, b trace.ID // b is empty for a fault of a peer
	at   time.Duration
	seen bool // a peer has noticed
	over bool
}

// news is what a peer says to the play, or what became of it.
type news struct {
	who   trace.ID
	words []string  // a fact: "suspect b …"
	recv  trace.Msg // a heartbeat, where words are none and exit is nil
	exit  *trace.Exit
}

func newPlay(s demo.Stage) *play {
	return &play{s: s, net: s.Links(names[:]...), news: make(chan news, 256), over: make(chan struct{}), shown: map[string]float64{}}
}

// close ends the goroutines that send news, and the links.
func (pl *play) close() {
	pl.hush()
	pl.net.Close()
}

// hush ends the goroutines that send news, and the orders.
func (pl *play) hush() {
	pl.shut.Do(func() { close(pl.over) })
	for _, p := range pl.peers {
		p.orders.Close()
	}
}

func (pl *play) send(n news) {
	select {
	case pl.news <- n:
	case <-pl.over:
	}
}

func (pl *play) find(id trace.ID) *peerOnStage {
	for _, p := range pl.peers {
		if p.name == id {
			return p
		}
	}
	return nil
}

func (pl *play) link(a, b trace.ID) *link {
	for _, l := range pl.links {
		if l.a.name == a && l.b.name == b || l.a.name == b && l.b.name == a {
			return l
		}
	}
	return nil
}

// startup is how long the three may take to meet; it takes them milliseconds.
const startup = 10 * time.Second

// meet brings the three on stage and has them connect.
func (pl *play) meet(ctx context.Context) error {
	key := sock.NewKey()
	for _, name := range names {
		if err := pl.add(ctx, name, key); err != nil {
			return err
		}
	}
	for i, p := range pl.peers {
		pl.links = append(pl.links, &link{a: p, b: pl.peers[(i+1)%len(pl.peers)]})
	}
	all := func(ok func(*peerOnStage) bool) func() bool {
		return func() bool {
			for _, p := range pl.peers {
				if !ok(p) && p.exit == nil {
					return false
				}
			}
			return true
		}
	}
	if err := pl.until(ctx, all(func(p *peerOnStage) bool { return p.addr != "" }), startup); err != nil {
		return err
	}
	for i, p := range pl.peers { // each dials those that come after it, and waits for the others
		meet := "meet"
		for j, q := range pl.peers {
			door := ""
			if j > i && q.addr != "" {
				var err error
				if door, err = pl.net.Link(p.name, q.name, q.addr); err != nil {
					return err
				}
			}
			if j != i {
				meet += fmt.Sprintf(" %s=%s", q.name, door)
			}
		}
		p.order("%s", meet)
	}
	if err := pl.until(ctx, all(func(p *peerOnStage) bool { return p.met }), startup); err != nil {
		return err
	}
	for _, p := range pl.peers {
		if !p.met && !demo.Finished(pl.s) {
			return fmt.Errorf("%s did not get to meet the others", p.name)
		}
		for _, v := range p.views {
			v.last = pl.s.Now()
		}
	}
	return nil
}

// add starts a peer and listens to what it says.
func (pl *play) add(ctx context.Context, name trace.ID, key sock.Key) error {
	theirs, orders, err := os.Pipe()
	if err != nil {
		return err
	}
	defer theirs.Close()
	facts, theirFacts, err := os.Pipe()
	if err != nil {
		orders.Close()
		return err
	}
	defer theirFacts.Close()
	w := &peerOnStage{name: name, orders: orders, views: map[trace.ID]*view{}}
	pl.peers = append(pl.peers, w)
	for _, n := range names {
		if n != name {
			w.views[n] = &view{}
		}
	}
	go func() {
		defer facts.Close()
		for sc := bufio.NewScanner(facts); sc.Scan(); {
			pl.send(news{who: name, words: strings.Fields(sc.Text())})
		}
	}()
	pace := func(param string) string { return pl.s.Pace().Scale(demo.DurationParam(pl.s, param)).String() }
	w.p, err = pl.s.Spawn(ctx, demo.Spec{
		Role: "peer", Name: name, Node: string(name), Files: []*os.File{theirs, theirFacts},
		Args: map[string]string{"at": pl.net.Host(name) + ":0", "key": string(key), "beat": pace("beat"), "patience": pace("patience")},
		Heard: func(d trace.Data) {
			if m, ok := d.(trace.Msg); ok && m.Is == trace.KindRecv {
				pl.send(news{who: name, recv: m})
			}
		},
	})
	if err != nil {
		return err
	}
	go func() {
		select {
		case <-w.p.Exited():
			x, _ := w.p.Wait(ctx)
			pl.send(news{who: name, exit: &x})
		case <-pl.over:
		}
	}()
	return nil
}

// order writes a line to a peer. One that is dead takes none.
func (p *peerOnStage) order(format string, args ...any) {
	fmt.Fprintf(p.orders, format+"\n", args...)
}

// cut holds back what passes on a link: from one end, or, where that is nil, from
// both.
func (pl *play) cut(l *link, from *peerOnStage) {
	pl.faults = append(pl.faults, &fault{a: l.a.name, b: l.b.name, at: pl.s.Now()})
	l.cut, l.from = true, from
	switch from {
	case nil:
		pl.net.Cut(l.a.name, l.b.name)
	case l.a:
		pl.net.CutOneWay(l.a.name, l.b.name)
	default:
		pl.net.CutOneWay(l.b.name, l.a.name)
	}
}

// slow delays what passes on a link, each way, and the second time twice as long.
func (pl *play) slow(l *link) {
	if l.slow = min(2*l.slow, most); l.slow == 0 {
		l.slow = pl.s.Pace().Scale(demo.DurationParam(pl.s, "delay"))
	}
	pl.faults = append(pl.faults, &fault{a: l.a.name, b: l.b.name, at: pl.s.Now()})
	pl.net.Disturb(trace.LinkFault{A: l.a.name, B: l.b.name, Delay: l.slow})
}

// heal makes a link whole.
func (pl *play) heal(l *link) {
	if l.cut {
		pl.net.Heal(l.a.name, l.b.name)
	}
	if l.slow > 0 {
		pl.net.Disturb(trace.LinkFault{A: l.a.name, B: l.b.name})
	}
	l.cut, l.slow, l.from = false, 0, nil
	pl.mend(l.a.name, l.b.name)
}

// holds says that what p sends on this link is held back.
func (l *link) holds(p *peerOnStage) bool { return l.cut && (l.from == nil || l.from == p) }

// mend ends a fault.
func (pl *play) mend(a, b trace.ID) {
	for _, f := range pl.faults {
		f.over = f.over || f.a == a && f.b == b
	}
}

// part lets the peers go, without one taking the end of another for news.
func (pl *play) part(ctx context.Context) {
	for _, p := range pl.peers {
		p.order("end")
	}
	pl.hush()
	ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	for _, p := range pl.peers {
		if !p.met || p.p.State() == trace.Stopped { // it does not hear us: the stage ends it
			continue
		}
		select {
		case <-p.p.Exited():
		case <-ctx.Done():
		}
	}
}
