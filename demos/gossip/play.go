package gossip

import (
	"context"
	"fmt"
	"os"
	"slices"
	"time"

	"edu/procession/demos/cluster"
	"edu/procession/demos/demo"
	"edu/procession/demos/internal/wire"
	"edu/procession/demos/trace"
)

// play is the state of one run. Only the goroutine of Play touches it; the
// others send facts.
type play struct {
	s     demo.Stage
	net   *cluster.Net
	facts chan fact
	over  chan struct{}
	w     *os.File // where nodes tell their facts
	nodes []*peer

	enough time.Duration // how long something that must come to be is waited for

	asked                    int64
	falseSuspect, falseFails int
	rated                    time.Duration // when the rate of messages was last told
}

// peer is a node as the play knows it.
type peer struct {
	name trace.ID
	p    demo.Proc
	addr string
	is   map[trace.ID]string // what it believes

	sent, sentBefore int64 // by its word
	sentAt, sentLast time.Duration
	asked            int64
	refutes          int

	leaving   bool          // it said that it leaves
	again     bool          // it was in before, and joins again
	since     time.Duration // of the one thing that is being measured of it: when that began
	measuring string        // that thing: the gauge that all have to agree for, or ""
	suspected bool          // somebody has, since it was killed
	fails     bool          // somebody took it for failed, since it was killed
	told      string        // what the captions have said of it last
}

func (p *peer) gone() bool {
	select {
	case <-p.p.Exited():
		return true
	default:
		return false
	}
}

func (p *peer) runs() bool { return !p.gone() && p.p.State() != trace.Stopped }

func newPlay(s demo.Stage) *play {
	pl := &play{s: s, net: cluster.New(s), facts: make(chan fact, 256), over: make(chan struct{})}
	pl.enough = time.Duration(20+10*demo.IntParam(s, "suspicion"))*pl.probe() + 30*time.Second
	return pl
}

func (pl *play) close() {
	close(pl.over)
	if pl.w != nil {
		pl.w.Close()
	}
	pl.net.Close()
}

func (pl *play) send(f fact) {
	select {
	case pl.facts <- f:
	case <-pl.over:
	}
}

// probe is memberlist's probe time at this pace: at Fast not too short for a busy
// machine.
func (pl *play) probe() time.Duration {
	return max(pl.s.Pace().Scale(demo.DurationParam(pl.s, "probe")), 100*time.Millisecond)
}

func (pl *play) find(id trace.ID) *peer {
	for _, p := range pl.nodes {
		if p.name == id {
			return p
		}
	}
	return nil
}

// running are those whose process runs, but for one.
func (pl *play) running(but *peer) (all []*peer) {
	for _, p := range pl.nodes {
		if p != but && p.runs() && !p.leaving {
			all = append(all, p)
		}
	}
	return all
}

// agree says that all that run take somebody for one of these.
func (pl *play) agree(of *peer, is ...string) bool {
	all := pl.running(of)
	for _, p := range all {
		if !slices.Contains(is, p.is[of.name]) {
			return false
		}
	}
	return len(all) > 0
}

// whole says that all that run take each other for alive.
func (pl *play) whole() bool {
	for _, p := range pl.running(nil) {
		if !pl.agree(p, alive) {
			return false
		}
	}
	return true
}

// cast brings the first nodes on stage and has them join through the first.
func (pl *play) cast(ctx context.Context) (err error) {
	n := demo.IntParam(pl.s, "nodes")
	pl.s.Say("%s come on stage. Each knows one address: that of a member to join through.", demo.Plural(n, "node"))
	if pl.w, err = wire.Facts(pl.send, nil); err != nil {
		return err
	}
	if err := pl.bring(ctx, n); err != nil {
		return err
	}
	for _, p := range pl.nodes[1:] {
		if err := p.p.Send("join " + pl.nodes[0].addr); err != nil {
			return err
		}
	}
	return nil
}

// bring starts n more nodes, and gives them and the others doors to each other.
func (pl *play) bring(ctx context.Context, n int) error {
	more := make([]*peer, n)
	addr := make([]chan string, n)
	for i := range more { // one after the other, so that they stand in order on stage
		p := &peer{name: name(len(pl.nodes) + i), is: map[trace.ID]string{}}
		more[i], addr[i] = p, make(chan string, 1)
		pl.net.Add(p.name)
		var err error
		p.p, err = pl.s.Spawn(ctx, demo.Spec{Role: "node", Name: p.name, Node: string(p.name), Files: []*os.File{pl.w}, Heard: cluster.Announced("gossip", addr[i], nil),
			Args: map[string]string{"host": pl.net.Host(p.name), "probe": pl.probe().String(), "suspicion": pl.s.Param("suspicion")}})
		if err != nil {
			return err
		}
	}
	for i, p := range more {
		var err error
		if p.addr, err = cluster.Await(ctx, p.p, addr[i]); err != nil {
			return err
		}
	}
	for _, p := range more {
		for _, q := range pl.nodes {
			if err := pl.connect(p, q); err != nil {
				return err
			}
		}
		pl.nodes = append(pl.nodes, p)
		go func() {
			<-p.p.Exited()
			pl.send(fact{Node: p.name, What: ended, At: pl.s.Now()})
		}()
	}
	return nil
}

// connect opens the doors between two nodes, both ways, and tells both.
func (pl *play) connect(a, b *peer) error {
	for _, way := range [][2]*peer{{a, b}, {b, a}} {
		from, to := way[0], way[1]
		packets, err := pl.net.LinkDatagrams(from.name, to.name, to.addr, cluster.Datagrams{Describe: describe, There: func() bool { return !to.gone() }})
		if err != nil {
			return err
		}
		streams, err := pl.net.Link(from.name, to.name, to.addr)
		if err != nil {
			return err
		}
		if !from.gone() {
			from.p.Send(fmt.Sprintf("know %s %s %s", to.addr, packets, streams)) // who has ended since needs no door
		}
	}
	return nil
}

func (pl *play) until(ctx context.Context, ok func() bool, d time.Duration) error {
	return demo.Loop[fact]{Stage: pl.s, News: pl.facts, Take: pl.take, Look: func() {},
		Act: func(a demo.Act) error { return pl.act(ctx, a) }}.Until(ctx, ok, d)
}

// act does one of the demo's own actions.
func (pl *play) act(ctx context.Context, a demo.Act) error {
	p := pl.find(a.Target)
	switch {
	case a.Name == heal:
		pl.heal()
	case a.Name == newOne:
		return pl.join(ctx)
	case p == nil:
		pl.s.Say("Choose one of the nodes.")
	case p.gone():
		pl.s.Say("%s has ended, as the kernel says: nothing more can be done to it.", p.name)
	case a.Name == leave:
		pl.leave(p)
	case a.Name == oneWay:
		pl.mute(p)
	case a.Name == pair:
		pl.part(p)
	}
	return nil
}

// mute loses all that a node sends.
func (pl *play) mute(p *peer) {
	for _, q := range pl.running(p) {
		pl.net.CutOneWay(p.name, q.name)
	}
	pl.s.Say("All that %s sends is lost from now on (injected). It lives, and hears the others. Whom will it accuse, and who will accuse it?", p.name)
}

// part loses what a node sends to the next one.
func (pl *play) part(p *peer) (next *peer) {
	all := pl.running(nil)
	i := slices.Index(all, p)
	if i < 0 || len(all) < 2 {
		pl.s.Say("%s has nobody to talk to just now.", p.name)
		return nil
	}
	next = all[(i+1)%len(all)]
	pl.net.CutOneWay(p.name, next.name)
	pl.s.Say("What %s sends to %s is lost (injected), all else gets through. %s will get no answer, and ask others to ping %s.", p.name, next.name, p.name, next.name)
	return next
}

// mend heals all links. Who takes another for failed does not probe it any more, so
// they have to join again, through one of those that they have given up.
func (pl *play) mend() (links, again int) {
	links = pl.net.HealAll()
	for _, p := range pl.running(nil) {
		for _, q := range pl.running(p) {
			if is := p.is[q.name]; is == failed || is == "" {
				p.p.Send("join " + q.addr)
				p.again = true
				again++
				break
			}
		}
	}
	return links, again
}

// heal mends and says so.
func (pl *play) heal() {
	switch n, again := pl.mend(); {
	case n == 0 && again == 0:
		pl.s.Say("No link is cut, and nobody who runs is given up.")
	case again == 0:
		pl.s.Say("%s whole again, before anybody was taken for failed.", demo.Plural(n, "link"))
	default:
		pl.s.Say("%s whole again. Nobody probes whom it takes for failed: the program has to join again, as %s now do.", demo.Plural(n, "link"), demo.Plural(again, "node"))
	}
}

func (pl *play) leave(p *peer) {
	if !p.runs() {
		pl.s.Say("%s is stopped: it cannot say that it leaves.", p.name)
		return
	}
	pl.s.Say("%s is asked to leave: it tells the others first, and then ends.", p.name)
	p.p.Send("leave")
}

// join brings one more node on stage.
func (pl *play) join(ctx context.Context) error {
	all := pl.running(nil)
	switch {
	case len(pl.nodes) == named || len(all) >= most:
		pl.s.Say("That is enough nodes for one stage.")
		return nil
	case len(all) == 0:
		pl.s.Say("Nobody runs whom a new node could join through.")
		return nil
	}
	if err := pl.bring(ctx, 1); err != nil {
		return err
	}
	p := pl.nodes[len(pl.nodes)-1]
	pl.s.Say("%s comes on stage and joins through %s, the one that it knows.", p.name, all[0].name)
	return p.p.Send("join " + all[0].addr)
}

// lately is what the kernel says of a node, for a caption.
func lately(p *peer) string {
	switch {
	case p.gone():
		return "The kernel: it has ended."
	case p.p.State() == trace.Stopped:
		return "The kernel: it is stopped, and lives."
	}
	return "The kernel: it lives."
}
