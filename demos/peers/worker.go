package peers

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"strings"
	"time"

	"edu/procession/demos/demo"
	"edu/procession/demos/internal/sock"
	"edu/procession/demos/trace"
)

// frame is a heartbeat's length: its number, when it was sent, the same time of
// the latest heartbeat that came from the other, how long ago that came, and the
// sender's vector clock. The first time is read on the clock that all processes of
// one machine share, for the screen. A distributed system has no such clock, so no
// peer compares its clock with another's: from the second and third, each learns
// how long a round trip took, as TCP does by its timestamps.
const frame = 32 + 8*len(clock{})

// hiccup is what a busy machine may delay a heartbeat by before a peer mentions it.
const hiccup = 50 * time.Millisecond

// rttEvery is how many beats a peer lets pass between two round trips of one link
// that it reports.
const rttEvery = 5

// other is another peer, as this one knows it: by messages alone.
type other struct {
	name      trace.ID
	conn      *sock.Conn
	half      []byte        // of a frame whose rest is still to come
	last      time.Duration // when it was heard last
	suspected bool
	gone      string        // how its connection ended; empty while it stands
	theirs    int64         // when the heartbeat that came last was sent, by its sender's clock; 0 before
	rttAt     time.Duration // when a round trip was reported last
}

// node is a peer from the inside.
type node struct {
	w      *demo.Worker
	orders *sock.Lines // from the play: "meet", "end"
	facts  *os.File    // to the play
	door   *sock.Listener
	beat   time.Duration
	wait   time.Duration // the patience
	others []*other
	count  uint64
	clock  clock
	status string
}

// peer is the role of all three.
func peer(_ context.Context, w *demo.Worker) error {
	n := &node{w: w, orders: &sock.Lines{C: sock.Pipes(w.File(0), nil)}, facts: w.File(1),
		beat: w.DurationArg("beat"), wait: w.DurationArg("patience")}
	err := n.meet()
	if n.door != nil {
		defer n.door.Close()
	}
	if err != nil {
		return err
	}
	return n.live()
}

func (n *node) tell(format string, args ...any) { fmt.Fprintf(n.facts, format+"\n", args...) }

// meet listens, learns where the doors to the others are, and connects: to those
// with a later name, while those with an earlier one come here.
func (n *node) meet() error {
	at, err := sock.ParseAddr(n.w.Arg("at"))
	if err != nil {
		return err
	}
	l, err := sock.Listen(at)
	if err != nil {
		return err
	}
	n.door = l
	n.tell("at %s", l.Addr())
	n.w.Report(trace.Listen{Addr: l.Addr().String()})
	n.w.Block("the others' addresses")
	line, err := n.orders.Line()
	if err != nil {
		return ended(err)
	}
	key := sock.Key(n.w.Arg("key"))
	for _, word := range strings.Fields(line)[1:] { // "meet a= c=127.0.0.4:4711"
		name, at, _ := strings.Cut(word, "=")
		o := &other{name: trace.ID(name)}
		n.others = append(n.others, o)
		if at == "" {
			continue
		}
		addr, err := sock.ParseAddr(at)
		if err != nil {
			return err
		}
		if o.conn, err = sock.Dial(l.Addr(), addr, key); err != nil {
			return err
		}
		if _, err := o.conn.Write([]byte(n.w.Name()[:1])); err != nil {
			return fmt.Errorf("to greet %s: %w", o.name, err)
		}
	}
	for slices.ContainsFunc(n.others, func(o *other) bool { return o.conn == nil }) {
		n.w.Block("a peer's call")
		c, err := l.Accept(key)
		if err != nil {
			return err
		}
		var who [1]byte
		if err := c.ReadFull(who[:]); err != nil {
			return fmt.Errorf("to be greeted: %w", err)
		}
		for _, o := range n.others {
			if o.name == trace.ID(who[:]) {
				o.conn = c
			}
		}
	}
	n.tell("met")
	return nil
}

// ended makes the end of the orders, which is the end of the play, no error.
func ended(err error) error {
	if err == io.EOF {
		return nil
	}
	return err
}

// live sends heartbeats, takes those of the others and thinks about silence,
// until the play is over.
func (n *node) live() error {
	next := n.w.Now()
	for _, o := range n.others {
		o.last = next
	}
	conns := make([]*sock.Conn, 1+len(n.others))
	for {
		now := n.w.Now()
		if now >= next {
			n.send()
			next = max(next+n.beat, now) // a peer that was stopped makes up for nothing
		}
		n.tellStatus(now)
		conns[0] = n.orders.C
		for i, o := range n.others {
			conns[1+i] = o.conn
			if o.gone != "" {
				conns[1+i] = nil // an end of file stays ready for ever
			}
		}
		asOf := n.w.Now() // what arrives until now is read below, even if we are stopped in between
		ready, err := sock.Wait(max(min(next, n.deadline())-asOf, 0), conns...)
		if err != nil {
			return fmt.Errorf("to wait for messages: %w", err)
		}
		if ready[0] {
			if over, err := n.obey(); over || err != nil {
				return err
			}
		}
		for i, o := range n.others {
			if ready[1+i] {
				n.hear(o)
			}
		}
		n.judge(asOf)
	}
}

// send sends the next heartbeat to every other. Who is cut off does not know it.
func (n *node) send() {
	n.count++
	var b [frame]byte
	binary.LittleEndian.PutUint64(b[:], n.count)
	for _, o := range n.others {
		if o.gone != "" {
			continue
		}
		m := n.msg(trace.KindSend, n.w.Name(), o.name, n.count)
		n.note(m)
		n.clock.put(b[32:])
		binary.LittleEndian.PutUint64(b[16:], uint64(o.theirs))
		binary.LittleEndian.PutUint64(b[24:], uint64(n.w.Now()-o.last))
		binary.LittleEndian.PutUint64(b[8:], uint64(demo.Mono()))
		switch err := o.conn.TryWrite(b[:]); {
		case err == nil:
		case errors.Is(err, sock.ErrFull):
			m.Is, m.Text = trace.KindDrop, "no room: it does not read"
			n.note(m)
		default: // the connection is broken, as the next read will tell
			m.Is, m.Text = trace.KindDrop, "not sent: "+err.Error()
			n.note(m)
		}
	}
}

func (n *node) msg(is trace.Kind, from, to trace.ID, count uint64) trace.Msg {
	return trace.Msg{Is: is, Msg: fmt.Sprintf("%s>%s %d", from, to, count), From: from, To: to,
		Text: fmt.Sprintf("beat %d", count), Bytes: frame}
}

// hear takes what another has sent.
func (n *node) hear(o *other) {
	var b [256 * frame]byte
	m, err := o.conn.Read(b[:])
	if err != nil {
		how := "end of file"
		if err != io.EOF {
			how = err.Error()
		}
		n.gone(o, how)
		return
	}
	got := append(o.half, b[:m]...)
	for ; len(got) >= frame; got = got[frame:] {
		number := func(i int) int64 { return int64(binary.LittleEndian.Uint64(got[i:])) }
		sent, back, held := number(8), number(16), time.Duration(number(24))
		msg := n.msg(trace.KindRecv, o.name, n.w.Name(), uint64(number(0)))
		msg.Took = time.Duration(demo.Mono() - sent)
		n.clock.merge(got[32:])
		n.note(msg)
		now := n.w.Now()
		o.theirs = sent
		if rtt := time.Duration(demo.Mono()-back) - held; back != 0 && now-o.rttAt >= rttEvery*n.beat {
			o.rttAt = now
			n.w.Report(trace.RTT{A: n.w.Name(), B: o.name, Took: rtt})
		}
		if silence := now - o.last; o.suspected {
			o.suspected = false
			n.tell("heard %s %d", o.name, silence)
			n.note(trace.Belief{About: o.name})
			n.w.Logf("hears %s again after %s: the suspicion was wrong", o.name, seconds(silence))
		}
		o.last = now
	}
	o.half = append(o.half[:0], got...)
}

// gone takes an end of file, or a reset where the dead peer had left something
// unread: either way its kernel has closed the connection.
func (n *node) gone(o *other, how string) {
	o.gone, o.suspected = how, false
	o.conn.Close()
	n.tell("gone %s %d", o.name, n.w.Now())
	n.note(trace.Belief{About: o.name, Is: "told by its kernel: " + how})
	n.w.Logf("told by %s's kernel: %s. This is no guess.", o.name, how)
}

// deadline is when the next suspicion is due.
func (n *node) deadline() time.Duration {
	at := time.Duration(math.MaxInt64)
	for _, o := range n.others {
		if o.gone == "" && !o.suspected {
			at = min(at, o.last+n.wait+1)
		}
	}
	return at
}

// judge suspects whoever has been silent for longer than the patience. asOf is a
// time until which all that had arrived has been read. With the time of now, a
// peer that was stopped between reading and judging would accuse others whose
// heartbeats lie at its door.
func (n *node) judge(asOf time.Duration) {
	for _, o := range n.others {
		if silence := asOf - o.last; o.gone == "" && !o.suspected && silence > n.wait {
			o.suspected = true
			n.tell("suspect %s %d %d", o.name, silence, n.w.Now())
			n.note(trace.Belief{About: o.name, Is: "silent for " + seconds(silence)})
			n.w.Logf("suspects %s: silent for %s. Crashed, slow or cut off? There is no telling.", o.name, seconds(silence))
		}
	}
}

// obey takes an order from the play: there is one only, to end. The others are
// about to leave, and that is no news.
func (n *node) obey() (over bool, err error) {
	err = n.orders.Fill()
	for line, ok := n.orders.Next(); ok; line, ok = n.orders.Next() {
		if line == "end" {
			for err == nil {
				_, err = n.orders.Line()
			}
		}
	}
	return err != nil, ended(err)
}

// tellStatus says what the peer believes, when that has changed: first whom it
// misses, and since when, then whom it hears.
func (n *node) tellStatus(now time.Duration) {
	var hears, parts []string
	for _, o := range n.others {
		switch silence := now - o.last; {
		case o.gone != "":
			parts = append(parts, string(o.name)+" gone")
		case silence > 2*n.beat+hiccup || o.suspected:
			step := 2 * n.beat
			parts = append(parts, fmt.Sprintf("%s? %s", o.name, seconds(silence/step*step)))
		default:
			hears = append(hears, string(o.name))
		}
	}
	if hears != nil {
		parts = append(parts, "hears "+strings.Join(hears, ", "))
	}
	if s := strings.Join(parts, "; "); s != n.status {
		n.status = s
		n.w.Block(s)
	}
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.1f s", d.Seconds()) }
