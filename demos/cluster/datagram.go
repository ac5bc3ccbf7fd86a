package cluster

import (
	"errors"
	"fmt"
	"net"
	"time"

	"edu/procession/demos/trace"
)

// Datagrams says of the datagrams on a door what the proxy cannot know.
type Datagrams struct {
	// Describe returns the text of a datagram for the log, and false for one that is
	// not to be logged. Nil: none is.
	Describe func(b []byte) (text string, ok bool)
	// There says whether a process is left to take them: the kernel throws away what
	// is for nobody, and tells no proxy. Nil: there is.
	There func() bool
}

// longest is more than UDP can carry.
const longest = 64 << 10

// LinkDatagrams opens a door for what from sends to to by UDP, one way only, and
// returns the address to send to. It stays open until Close. Cuts, delays, rates
// and drops are those of the link that both nodes have.
//
// A datagram is "received" when it was handed to the receiver's kernel: a stopped
// process finds it when it goes on.
func (n *Net) LinkDatagrams(from, to trace.ID, target string, d Datagrams) (string, error) {
	c, err := net.ListenPacket("udp", net.JoinHostPort(n.Host(to), "0"))
	if err != nil {
		return "", fmt.Errorf("no door for datagrams from %s to %s: %w", from, to, err)
	}
	far, err := net.ResolveUDPAddr("udp", target)
	if err != nil {
		c.Close()
		return "", fmt.Errorf("no door for datagrams from %s to %s: %w", from, to, err)
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.closed {
		c.Close()
		return "", errors.New("the run is over")
	}
	n.link(from, to)
	n.opens = append(n.opens, c)
	f := &flight{door: door{n: n, from: from, to: to}, Datagrams: d, c: c, far: far, on: make(chan piece, held)}
	n.wg.Go(f.take)
	n.wg.Go(f.give)
	return c.LocalAddr().String(), nil
}

// flight is a door for datagrams.
type flight struct {
	door
	Datagrams
	c   net.PacketConn
	far net.Addr
	on  chan piece
}

// take takes what the sender sends until the socket is closed.
func (f *flight) take() {
	defer close(f.on)
	b := make([]byte, longest)
	for last := time.Now(); ; {
		size, _, err := f.c.ReadFrom(b)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			continue // on Windows: an earlier one met nobody
		}
		p := piece{b: append([]byte(nil), b[:size]...), sent: time.Now()}
		if f.Describe != nil {
			if text, ok := f.Describe(p.b); ok {
				p.msg = f.n.message(f.from, f.to, text, size)
				f.n.s.Emit(f.from, p.msg)
				p.drop = f.dropped(f.from, f.to)
			}
		}
		if p.drop || f.n.IsCut(f.from, f.to) {
			f.lose(p)
			continue
		}
		p.due = f.due(f.from, f.to, size, last)
		last = p.due
		select {
		case f.on <- p:
		default: // as a router does whose queue is full
			f.lose(p)
		}
	}
}

// give passes on what is due, in order.
func (f *flight) give() {
	for p := range f.on {
		if !f.until(p.due) {
			continue
		}
		if f.n.IsCut(f.from, f.to) || f.There != nil && !f.There() {
			f.lose(p)
			continue
		}
		if p.msg.Msg != "" {
			p.msg.Is, p.msg.Took = trace.KindRecv, time.Since(p.sent)
			f.n.s.Emit(f.to, p.msg)
		}
		f.c.WriteTo(p.b, f.far) // UDP tells nobody what becomes of it
	}
}

func (f *flight) lose(p piece) {
	if p.msg.Msg != "" {
		p.msg.Is = trace.KindDrop
		f.n.s.Emit(f.from, p.msg)
	}
}
