package cluster

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"sync"
	"time"

	"edu/procession/demos/trace"
)

// door is where one node dials another.
type door struct {
	n        *Net
	from, to trace.ID
	target   string        // with n.mu held
	known    chan struct{} // closed once target is an address
	frames   *Frames
}

// piece is some bytes, or one message, on its way.
type piece struct {
	b    []byte
	due  time.Time
	msg  trace.Msg // where it is to be logged
	sent time.Time
	drop bool
}

// held is how many pieces a direction holds before the sender has to wait.
const held = 4096

func (d *door) serve(l net.Listener) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		if !d.n.keep(c) {
			c.Close()
			return
		}
		d.n.wg.Go(func() { d.pass(c) })
	}
}

// pass joins a connection to the target. The target is dialled only while what
// the dialler sends gets through: a connection is a message, too.
func (d *door) pass(near net.Conn) {
	defer d.n.drop(near)
	select {
	case <-d.known:
	case <-d.n.ctx.Done():
		return
	}
	var tell func(frame []byte, back bool) (string, bool)
	switch f := d.frames; {
	case f != nil && f.Talk != nil:
		tell = f.Talk()
	case f != nil:
		tell = func(frame []byte, _ bool) (string, bool) { return f.Describe(frame) }
	}
	var sent <-chan piece
	if d.n.IsCut(d.from, d.to) { // what is sent now is on its way, though nobody takes it yet
		sent = d.pieces(near, d.from, d.to, tell)
	}
	if !d.open(d.from, d.to) {
		return
	}
	far, err := d.n.Dial(d.n.ctx, d.leadsTo())
	if err != nil || !d.n.keep(far) {
		near.Close() // nobody is there: the dialler sees its connection end
		for sent != nil {
			p, ok := <-sent
			if !ok {
				break
			}
			d.lose(p, d.from)
		}
		return
	}
	defer d.n.drop(far)
	if sent == nil {
		sent = d.pieces(near, d.from, d.to, tell)
	}
	var wg sync.WaitGroup
	wg.Go(func() { d.flow(sent, near, far, d.from, d.to) })
	wg.Go(func() { d.flow(d.pieces(far, d.to, d.from, tell), far, near, d.to, d.from) })
	wg.Wait()
}

func (d *door) leadsTo() string {
	d.n.mu.Lock()
	defer d.n.mu.Unlock()
	return d.target
}

// open waits until nothing is cut between from and to, and is false when the
// net was closed.
func (d *door) open(from, to trace.ID) bool {
	for {
		d.n.mu.Lock()
		w := d.n.link(from, to).way(from)
		cut, moved := w.cut, w.moved
		d.n.mu.Unlock()
		if !cut {
			return d.n.ctx.Err() == nil
		}
		select {
		case <-moved:
		case <-d.n.ctx.Done():
			return false
		}
	}
}

// pieces reads what src says.
func (d *door) pieces(src net.Conn, from, to trace.ID, tell func([]byte, bool) (string, bool)) <-chan piece {
	pieces := make(chan piece, held)
	d.n.wg.Go(func() {
		defer close(pieces)
		d.read(src, from, to, tell, pieces)
	})
	return pieces
}

// lose tells of a message that is thrown away.
func (d *door) lose(p piece, from trace.ID) {
	if p.msg.Msg != "" {
		p.msg.Is = trace.KindDrop
		d.n.s.Emit(from, p.msg)
	}
}

// flow passes on the pieces of what src says, as the link from one node to the other
// lets it, and its end.
func (d *door) flow(pieces <-chan piece, src, dst net.Conn, from, to trace.ID) {
	broken := false
	for p := range pieces {
		if broken || !d.wait(p, from, to) {
			broken = true
			continue
		}
		if p.drop {
			d.lose(p, from)
			continue
		}
		if p.msg.Msg != "" {
			p.msg.Is, p.msg.Took = trace.KindRecv, time.Since(p.sent)
			d.n.s.Emit(to, p.msg)
		}
		if len(p.b) == 0 {
			break
		}
		if _, err := dst.Write(p.b); err != nil {
			src.Close() // nobody takes it: the sender is to know
			broken = true
		}
	}
	if !broken && d.open(from, to) { // the end is passed on as everything is
		if c, ok := dst.(*net.TCPConn); ok {
			c.CloseWrite()
		}
	}
}

// wait holds a piece until it is due and the link is whole.
func (d *door) wait(p piece, from, to trace.ID) bool { return d.until(p.due) && d.open(from, to) }

// until waits for a time, and is false when the net was closed.
func (d *door) until(due time.Time) bool {
	if wait := time.Until(due); wait > 0 {
		t := time.NewTimer(wait)
		defer t.Stop()
		select {
		case <-t.C:
		case <-d.n.ctx.Done():
		}
	}
	return d.n.ctx.Err() == nil
}

// message names a message that leaves now.
func (n *Net) message(from, to trace.ID, text string, size int) trace.Msg {
	return trace.Msg{Is: trace.KindSend, Msg: fmt.Sprintf("%s-%s-%d", from, to, n.count.Add(1)), From: from, To: to, Text: text, Bytes: size}
}

func (d *door) read(src net.Conn, from, to trace.ID, tell func([]byte, bool) (string, bool), out chan<- piece) {
	last := time.Now() // when the last piece is due: they keep their order
	send := func(p piece) bool {
		p.due = d.due(from, to, len(p.b), last)
		last = p.due
		select {
		case out <- p:
			return true
		case <-d.n.ctx.Done():
			return false
		}
	}
	defer send(piece{}) // the end takes as long as what came before it
	if d.frames == nil {
		for {
			b := make([]byte, 16<<10)
			n, err := src.Read(b)
			if n > 0 && !send(piece{b: b[:n]}) || err != nil {
				return
			}
		}
	}
	most := d.frames.Max
	if most == 0 {
		most = 64 << 10
	}
	sc := bufio.NewScanner(src)
	sc.Buffer(make([]byte, 0, min(most, 4<<10)), most)
	sc.Split(d.frames.Split)
	for sc.Scan() {
		p := piece{b: append([]byte(nil), sc.Bytes()...), sent: time.Now()}
		if text, ok := tell(p.b, from != d.from); ok {
			p.msg = d.n.message(from, to, text, len(p.b))
			d.n.s.Emit(from, p.msg)
			p.drop = d.dropped(from, to)
		}
		if !send(p) {
			return
		}
	}
	if sc.Err() != nil {
		io.Copy(io.Discard, src) // no message of this protocol: nothing of it gets through
	}
}

// due is when a piece of so many bytes may go on.
func (d *door) due(from, to trace.ID, size int, last time.Time) time.Time {
	d.n.mu.Lock()
	defer d.n.mu.Unlock()
	f := d.n.link(from, to).fault
	due := time.Now().Add(f.Delay)
	if f.Jitter > 0 {
		due = due.Add(time.Duration(d.n.rnd.Int64N(int64(f.Jitter))))
	}
	if due.Before(last) {
		due = last
	}
	if f.Rate > 0 {
		due = due.Add(time.Duration(size) * time.Second / time.Duration(f.Rate))
	}
	return due
}

// dropped takes one of the drops that were asked for.
func (d *door) dropped(from, to trace.ID) bool {
	d.n.mu.Lock()
	defer d.n.mu.Unlock()
	w := d.n.link(from, to).way(from)
	if w.drop == 0 {
		return false
	}
	w.drop--
	return true
}
