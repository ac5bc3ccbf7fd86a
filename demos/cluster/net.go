// Package cluster gives the nodes of a run addresses of their own, and links
// between them that can be delayed, throttled, cut and healed.
//
// A node is a process that shares nothing with the others but messages. Its
// address is 127.0.0.2, .3 and so on where the system has them (Linux), else
// 127.0.0.1: this is loopback, not the network, and nothing here calls it so. With
// --net namespaces each has a network namespace of its own (see [Elsewhere]).
//
// What one node sends to another goes through a proxy in the stage's process:
// [Net.Link] opens a door for one node to another and returns the address that
// the first is to dial. All that the proxy does beyond passing bytes on is
// injected, is an event of the log before it takes effect, and can be undone.
//
//   - A *cut* holds everything back, the end of a connection too, and tells
//     nobody. The connection stands, as it does when a cable is pulled; what was
//     sent is delivered after the heal, as TCP would deliver it. One thing differs:
//     who connects through a cut door gets a connection, since its own kernel
//     answers for the proxy, and then hears nothing.
//   - A *delay* holds each piece for that long, and longer by a random part of the
//     jitter, in order. A *rate* lets through so many bytes a second.
//   - A *drop* throws away one whole message, on a link whose proxy knows where a
//     message ends ([Frames]). TCP itself loses none; a lost message is what the
//     sender of a request sees when the other end dies with it.
//
// Datagrams have doors of their own ([Net.LinkDatagrams]): what UDP carries is not
// put on a TCP connection. A cut throws them away, since UDP promises nothing and
// nobody holds one back; the rest is as above.
//
// A node that ends closes its connections, and the proxy passes that on at once:
// its kernel lives, and says so. A machine that loses power says nothing; to see
// that, cut its links first.
package cluster

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"edu/procession/demos/demo"
	"edu/procession/demos/trace"
)

// Net is the nodes of a run and the links between them. It is safe for
// concurrent use. Close it before Play returns.
type Net struct {
	s         demo.Stage
	elsewhere Elsewhere // nil: nodes are on loopback
	hosts     []trace.ID

	mu     sync.Mutex
	links  map[[2]trace.ID]*link
	rnd    *rand.Rand
	closed bool
	opens  []io.Closer
	doors  []*door
	wg     sync.WaitGroup
	count  atomic.Int64 // messages, for their names
	ctx    context.Context
	cancel context.CancelFunc
}

var _ demo.Links = (*Net)(nil)

// Elsewhere is what a stage has besides, whose nodes are not on this machine's
// loopback but in network namespaces of their own.
type Elsewhere interface {
	// Apart says that they are: all else is only asked for then.
	Apart() bool
	// NodeHost is the address of a node, DoorHost that at which nodes reach the stage.
	NodeHost(node trace.ID) string
	DoorHost() string
	// Listen and Dial are those of package net, as seen from the stage's place
	// among the nodes.
	Listen(addr string) (net.Listener, error)
	Dial(ctx context.Context, addr string) (net.Conn, error)
}

// New names the nodes of the run. More can be added.
func New(s demo.Stage, nodes ...trace.ID) *Net {
	n := &Net{s: s, hosts: nodes, links: map[[2]trace.ID]*link{}, rnd: rand.New(rand.NewPCG(s.Seed(), 1))}
	n.ctx, n.cancel = context.WithCancel(context.Background())
	if e, ok := s.(Elsewhere); ok && e.Apart() {
		n.elsewhere = e
		for _, node := range nodes {
			e.NodeHost(node) // addresses are given in this order
		}
	}
	return n
}

// Add names one more node.
func (n *Net) Add(node trace.ID) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.hosts = append(n.hosts, node)
}

// Nodes are the names, in order.
func (n *Net) Nodes() []trace.ID {
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.Clone(n.hosts)
}

// Host is a node's own address, without a port: it listens at Host:0 and
// announces what it got with [Announce].
func (n *Net) Host(node trace.ID) string {
	if n.elsewhere != nil {
		return n.elsewhere.NodeHost(node)
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	return hostOf(slices.Index(n.hosts, node))
}

// DoorHost is the address at which nodes meet the stage, when that is not on
// loopback; else "".
func (n *Net) DoorHost() string {
	if n.elsewhere != nil {
		return n.elsewhere.DoorHost()
	}
	return ""
}

// listen opens a port for connections to a node.
func (n *Net) listen(to trace.ID) (net.Listener, error) {
	if n.elsewhere != nil {
		return n.elsewhere.Listen(net.JoinHostPort(n.elsewhere.DoorHost(), "0"))
	}
	return net.Listen("tcp", net.JoinHostPort(n.Host(to), "0"))
}

// Dial connects the stage itself to a node's address, past all doors.
func (n *Net) Dial(ctx context.Context, addr string) (net.Conn, error) {
	if n.elsewhere != nil {
		return n.elsewhere.Dial(ctx, addr)
	}
	return (&net.Dialer{}).DialContext(ctx, "tcp", addr)
}

func hostOf(i int) string {
	if i < 0 || runtime.GOOS != "linux" {
		return "127.0.0.1"
	}
	return fmt.Sprintf("127.0.%d.%d", (i+1)/250, (i+1)%250+1) // .0.1 is everybody's
}

// link is both directions between two nodes, each with its own state.
type link struct {
	ways  [2]way // from ends[0] to ends[1], and back
	ends  [2]trace.ID
	fault trace.LinkFault
}

// way is one direction.
type way struct {
	cut   bool
	drop  int           // messages to be thrown away
	moved chan struct{} // closed and replaced when any of this changes
}

func (n *Net) link(a, b trace.ID) *link { // with n.mu held
	if a > b {
		a, b = b, a
	}
	l := n.links[[2]trace.ID{a, b}]
	if l == nil {
		l = &link{ends: [2]trace.ID{a, b}}
		for i := range l.ways {
			l.ways[i].moved = make(chan struct{})
		}
		n.links[[2]trace.ID{a, b}] = l
	}
	return l
}

func (l *link) way(from trace.ID) *way {
	if l.ends[0] == from {
		return &l.ways[0]
	}
	return &l.ways[1]
}

func (w *way) change(f func()) {
	f()
	close(w.moved)
	w.moved = make(chan struct{})
}

// Frames is that of package demo.
type Frames = demo.Frames

// Link opens a door for from, behind which is to at the address target, and
// returns the address to dial. It stays open until Close. Two nodes have one
// link, whatever number of doors lead through it. A target without a port is a
// name for an address that is not known yet: who dials the door has a connection
// and hears nothing until [Net.Moved] tells where that is.
func (n *Net) Link(from, to trace.ID, target string, frames ...Frames) (string, error) {
	l, err := n.listen(to)
	if err != nil {
		return "", fmt.Errorf("no door from %s to %s: %w", from, to, err)
	}
	d := &door{n: n, from: from, to: to, target: target, known: make(chan struct{})}
	if strings.Contains(target, ":") {
		close(d.known)
	}
	if len(frames) > 0 {
		d.frames = &frames[0]
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.closed {
		l.Close()
		return "", errors.New("the run is over")
	}
	n.link(from, to)
	n.opens = append(n.opens, l)
	n.doors = append(n.doors, d)
	n.wg.Go(func() { d.serve(l) })
	return l.Addr().String(), nil
}

// Moved says that a node takes connections at another address from now on, as
// after a restart, or for the first time: doors that led to was lead to target.
func (n *Net) Moved(was, target string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, d := range n.doors {
		if d.target == was {
			d.target = target
			if !strings.Contains(was, ":") {
				close(d.known)
			}
		}
	}
}

// Cut holds back what a and b send to each other.
func (n *Net) Cut(a, b trace.ID) {
	n.s.Emit(a, trace.Link{Is: trace.KindCut, A: a, B: b})
	n.set(a, b, true, true)
}

// CutOneWay holds back what from sends to to.
func (n *Net) CutOneWay(from, to trace.ID) {
	n.s.Emit(from, trace.Link{Is: trace.KindCut, A: from, B: to, OneWay: true})
	n.set(from, to, true, false)
}

// Heal lets everything between a and b pass again, what was held back first.
func (n *Net) Heal(a, b trace.ID) {
	n.s.Emit(a, trace.Link{Is: trace.KindHeal, A: a, B: b})
	n.set(a, b, false, true)
}

func (n *Net) set(a, b trace.ID, cut, both bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	l := n.link(a, b)
	l.way(a).change(func() { l.way(a).cut = cut })
	if both {
		l.way(b).change(func() { l.way(b).cut = cut })
	}
}

// IsCut says whether what a sends to b is held back.
func (n *Net) IsCut(a, b trace.ID) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.link(a, b).way(a).cut
}

// Split cuts every link between a node of group and one that is not in it, and
// says how many.
func (n *Net) Split(group ...trace.ID) (cut int) {
	nodes := n.Nodes()
	for i, a := range nodes {
		for _, b := range nodes[i+1:] {
			if slices.Contains(group, a) != slices.Contains(group, b) && n.known(a, b) && !n.IsCut(a, b) {
				n.Cut(a, b)
				cut++
			}
		}
	}
	return cut
}

// HealAll heals whatever is cut, and says how much that was.
func (n *Net) HealAll() (healed int) {
	n.mu.Lock()
	var cut [][2]trace.ID
	for _, l := range n.links {
		if l.ways[0].cut || l.ways[1].cut {
			cut = append(cut, l.ends)
		}
	}
	n.mu.Unlock()
	slices.SortFunc(cut, func(x, y [2]trace.ID) int { return strings.Compare(string(x[0]+x[1]), string(y[0]+y[1])) })
	for _, e := range cut {
		n.Heal(e[0], e[1])
	}
	return len(cut)
}

// known says that there is a door between the two.
func (n *Net) known(a, b trace.ID) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.links[[2]trace.ID{min(a, b), max(a, b)}] != nil
}

// Disturb injects a delay, jitter or rate into the link of a and b from now on,
// for each direction; the zero fault ends that.
func (n *Net) Disturb(f trace.LinkFault) {
	n.s.Emit(f.A, f)
	n.mu.Lock()
	defer n.mu.Unlock()
	n.link(f.A, f.B).fault = f
}

// DropNext throws away the next message from one node to another, on a door
// with Frames.
func (n *Net) DropNext(from, to trace.ID) {
	n.mu.Lock()
	defer n.mu.Unlock()
	w := n.link(from, to).way(from)
	w.change(func() { w.drop++ })
}

// Close closes all doors and connections and waits for the proxy's goroutines.
func (n *Net) Close() {
	n.mu.Lock()
	n.closed = true
	opens := n.opens
	n.opens = nil
	n.mu.Unlock()
	n.cancel()
	for _, c := range opens {
		c.Close()
	}
	n.wg.Wait()
}

// keep closes c when the net closes; false when it has.
func (n *Net) keep(c io.Closer) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	if !n.closed {
		n.opens = append(n.opens, c)
	}
	return !n.closed
}

func (n *Net) drop(c io.Closer) {
	c.Close()
	n.mu.Lock()
	defer n.mu.Unlock()
	if i := slices.Index(n.opens, c); i >= 0 {
		n.opens = slices.Delete(n.opens, i, i+1)
	}
}

// Announce says, in a node, where it takes connections; [Announced] hears it.
func Announce(w *demo.Worker, addr, what string) { w.Report(trace.Listen{Addr: addr, For: what}) }

// Announced wraps a Heard of demo.Spec: the first address that the node announces
// for what is sent to the channel, which must have room for it.
func Announced(what string, to chan<- string, heard func(trace.Data)) func(trace.Data) {
	var once sync.Once
	return func(d trace.Data) {
		if l, ok := d.(trace.Listen); ok && l.For == what {
			once.Do(func() { to <- l.Addr })
		}
		if heard != nil {
			heard(d)
		}
	}
}

// Await waits for an announced address. Its error says who did not announce.
func Await(ctx context.Context, p demo.Proc, addr <-chan string) (string, error) {
	select {
	case a := <-addr:
		return a, nil
	case <-p.Exited():
		select {
		case a := <-addr:
			return a, nil
		default:
			return "", fmt.Errorf("%s ended before it took connections; its output says why", p.ID())
		}
	case <-time.After(20 * time.Second):
		return "", fmt.Errorf("%s took no connections within 20 s", p.ID())
	case <-ctx.Done():
		return "", ctx.Err()
	}
}
