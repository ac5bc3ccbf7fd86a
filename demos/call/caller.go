package call

import (
	"context"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"edu/procession/demos/demo"
	"edu/procession/demos/internal/sock"
	"edu/procession/demos/trace"
)

// line is a way as the caller knows it: a connection, and the call under way.
type line struct {
	by      way
	callee  trace.ID
	conn    *sock.Conn // nil: there is no callee
	half    []byte     // of a reply whose rest is still to come
	call    uint64     // under way, 0 for none
	x       int64
	sent    time.Duration
	givenUp bool // its time is over; the reply may still come
}

// desk is the caller from the inside.
type desk struct {
	w       *demo.Worker
	orders  *sock.Lines // from the play: "take", "measure", "forget", "call", "here", "end"
	facts   *os.File    // to the play
	doors   *sock.Conn  // where connections are handed in; nil where they cannot be
	timeout time.Duration
	lines   []*line
	figures map[string]figures
	says    string
}

// caller is the role of the process that makes all calls.
func caller(_ context.Context, w *demo.Worker) error {
	d := &desk{w: w, orders: &sock.Lines{C: sock.Pipes(w.File(0), nil)}, facts: w.File(1), timeout: w.DurationArg("timeout"),
		figures: map[string]figures{}}
	if sock.Raw {
		d.doors = sock.Socket(w.File(2))
	}
	for _, by := range ways() {
		d.lines = append(d.lines, &line{by: by})
	}
	conns := make([]*sock.Conn, 1+len(d.lines))
	for {
		d.tellBlock()
		conns[0] = d.orders.C
		asOf := w.Now() // what arrives until now is read below, even if we are stopped in between
		rest := time.Duration(-1)
		for i, l := range d.lines {
			conns[1+i] = l.conn
			if l.waits() && (rest < 0 || l.sent+d.timeout-asOf < rest) {
				rest = max(l.sent+d.timeout-asOf, 0)
			}
		}
		ready, err := sock.Wait(rest, conns...)
		if err != nil {
			return fmt.Errorf("to wait for replies: %w", err)
		}
		for i, l := range d.lines {
			if ready[1+i] {
				if err := d.hear(l); err != nil {
					return err
				}
			}
		}
		d.giveUp(asOf)
		if ready[0] {
			if over, err := d.obey(); over || err != nil {
				return err
			}
		}
	}
}

// waits says that a reply is waited for.
func (l *line) waits() bool { return l.call != 0 && !l.givenUp }

func (d *desk) tell(format string, args ...any) { fmt.Fprintf(d.facts, format+"\n", args...) }

// tellBlock says what the caller waits for, when that has changed.
func (d *desk) tellBlock() {
	var by []string
	for _, l := range d.lines {
		if l.waits() {
			by = append(by, string(l.by))
		}
	}
	says := "the next call"
	if by != nil {
		says = "replies: " + strings.Join(by, ", ")
	}
	if says != d.says {
		d.says = says
		d.w.Block(says)
	}
}

// hear takes what came by a way: a reply, or the end.
func (d *desk) hear(l *line) error {
	var b [8 * replyLen]byte
	n, err := l.conn.Read(b[:])
	if err != nil {
		d.ended(l, err)
		return nil
	}
	l.half = append(l.half, b[:n]...)
	for ; len(l.half) >= replyLen; l.half = l.half[replyLen:] {
		a := replyOf(l.half)
		id, y := a.id, a.y
		if id != l.call || y != square(l.x) {
			return wrong(fmt.Sprintf("a wrong reply by %s to call %d: square(%d) = %d, said of call %d", l.by, l.call, l.x, y, id))
		}
		took := d.w.Now() - l.sent
		m := message(trace.KindRecv, l.by, "reply", id, l.callee)
		m.Took = time.Duration(demo.Mono() - a.sent)
		d.w.Report(m)
		if l.givenUp {
			d.tell("late %s %d %d", l.by, id, took)
			d.w.Logf("call %d by %s: the reply came after all, after %s", id, l.by.by(), seconds(took))
		} else {
			d.tell("reply %s %d %d", l.by, id, took)
			d.w.Logf("call %d by %s: square(%d) = %d", id, l.by.by(), l.x, y)
		}
		l.call, l.givenUp = 0, false
	}
	return nil
}

// ended takes the end of a connection: the kernel of the callee, which is also
// ours, has closed it.
func (d *desk) ended(l *line, err error) {
	how, at := "end of file", d.w.Now()
	if err != io.EOF {
		how = err.Error() // a reset, where the callee had left something unread
	}
	if l.waits() {
		d.tell("lost %s %d %d %s", l.by, l.call, at, how)
		d.w.Logf("call %d by %s: %s instead of a reply. Executed or not? Unknown.", l.call, l.by.by(), how)
	} else {
		d.tell("ended %s %d %s", l.by, at, how)
		d.w.Logf("%s by %s, and no call was waited for", how, l.by.by())
	}
	l.hangUp()
}

func (l *line) hangUp() {
	if l.conn != nil {
		l.conn.Close()
	}
	l.conn, l.half, l.call, l.givenUp = nil, nil, 0, false
}

// giveUp ends the waiting for what has not come by now.
func (d *desk) giveUp(asOf time.Duration) {
	for _, l := range d.lines {
		if silence := asOf - l.sent; l.waits() && silence >= d.timeout {
			l.givenUp = true
			d.tell("silent %s %d %d", l.by, l.call, silence)
			d.w.Logf("call %d by %s: silent for %s. No error, no end of file. Executed or not? Unknown.", l.call, l.by.by(), seconds(silence))
		}
	}
}

// obey takes orders from the play.
func (d *desk) obey() (over bool, err error) {
	err = d.orders.Fill()
	for {
		order, ok := d.orders.Next()
		switch {
		case !ok && err == io.EOF:
			return true, nil
		case !ok:
			return err != nil, err
		}
		w := strings.Fields(order)
		switch w[0] {
		case "take": // way, callee, address
			if err := d.take(d.line(way(w[1])), trace.ID(w[2]), w[3]); err != nil {
				return true, err
			}
		case "forget": // what was measured
			delete(d.figures, w[1])
		case "measure": // what, how often
			n, _ := strconv.Atoi(w[2])
			if err := d.measure(w[1], n); err != nil {
				return true, err
			}
		case "call": // id, x, step to hold it at, ways
			id, _ := strconv.ParseUint(w[1], 10, 64)
			x, _ := strconv.ParseInt(w[2], 10, 64)
			for _, by := range w[4:] {
				d.call(d.line(way(by)), request{id: id, x: x, slow: true, hold: stepOf(w[3])})
			}
		case "here": // id, x
			x, _ := strconv.ParseInt(w[2], 10, 64)
			if err := d.here(w[1], x); err != nil {
				return true, err
			}
		case "end":
			return true, nil
		}
	}
}

func (d *desk) line(by way) *line {
	for _, l := range d.lines {
		if l.by == by {
			return l
		}
	}
	return &line{by: by}
}

// take takes the connection to a callee.
func (d *desk) take(l *line, callee trace.ID, at string) error {
	l.hangUp()
	l.callee = callee
	if l.by.dials() {
		addr, err := sock.ParseAddr(at)
		if err != nil {
			return err
		}
		if l.conn, err = sock.Dial(sock.Addr{Host: 1, Apart: addr.Apart}, addr, sock.Key(d.w.Arg("key"))); err != nil {
			d.tell("ended %s %d %v", l.by, d.w.Now(), err) // it did not live long enough to be called
			return nil
		}
	} else {
		files, err := sock.RecvFiles(d.doors)
		switch {
		case err != nil:
			return fmt.Errorf("to take the %s: %w", l.by, err)
		case l.by == pipe && len(files) == 2:
			l.conn = sock.Pipes(files[0], files[1])
		case l.by == unix && len(files) == 1:
			l.conn = sock.Socket(files[0])
		default:
			return fmt.Errorf("%d files for the %s", len(files), l.by)
		}
	}
	d.tell("took %s", l.by)
	return nil
}

// call sends a slow call. The wait for its reply is that of the caller's loop.
func (d *desk) call(l *line, r request) {
	switch {
	case l.conn == nil:
		d.tell("unsent %s %d", l.by, r.id)
		d.w.Logf("call %d by %s was not sent: there is no callee. Not executed, for sure.", r.id, l.by.by())
		return
	case l.call != 0:
		d.tell("busy %s %d", l.by, r.id)
		d.w.Logf("call %d by %s was not sent: call %d has not been answered", r.id, l.by.by(), l.call)
		return
	}
	m := message(trace.KindSend, l.by, "call", r.id, l.callee)
	d.w.Report(m)
	var b [requestLen]byte
	r.sent = demo.Mono()
	r.put(&b)
	l.call, l.x, l.sent = r.id, r.x, d.w.Now()
	if _, err := l.conn.Write(b[:]); err != nil {
		m.Is, m.Text = trace.KindDrop, "not sent: "+err.Error()
		d.w.Report(m)
		l.call = 0
		d.tell("unsent %s %d", l.by, r.id)
		d.w.Logf("call %d by %s could not be sent: %v. Not executed, for sure.", r.id, l.by.by(), err)
	}
}

// here makes the call in the two ways that stay in this process.
func (d *desk) here(id string, x int64) error {
	calls, replies := make(chan int64), make(chan int64)
	go func() { replies <- square(<-calls) }()
	y := square(x)
	calls <- x
	if z := <-replies; y != x*x || z != y {
		return wrongResult(x, z)
	}
	d.w.Logf("call %s as a function and to a goroutine: square(%d) = %d, twice, and no message on stage", id, x, y)
	return nil
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.1f s", d.Seconds()) }
