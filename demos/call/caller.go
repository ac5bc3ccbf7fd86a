package call

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"

	"edu/procession/demos/demo"
	"edu/procession/demos/sock"
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
	orders  *sock.Lines // from the play: "take", "measure", "call", "end"
	facts   *os.File    // to the play
	doors   *sock.Conn  // where connections are handed in; nil where they cannot be
	timeout time.Duration
	lines   []*line
	says    string
}

// caller is the role of the process that makes all calls.
func caller(_ context.Context, w *demo.Worker) error {
	d := &desk{w: w, orders: &sock.Lines{C: sock.Pipes(w.File(0), nil)}, facts: w.File(1), timeout: w.DurationArg("timeout")}
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
		left := time.Duration(-1)
		asOf := w.Now() // what has arrived until now is read before a call is given up
		for i, l := range d.lines {
			conns[1+i] = l.conn
			if l.call != 0 && !l.givenUp {
				rest := max(l.sent+d.timeout-asOf, 0)
				left = min(uint(left), uint(rest)).duration()
			}
		}
		ready, err := sock.Wait(left, conns...)
		if err != nil {
			return fmt.Errorf("to wait for replies: %w", err)
		}
		for i, l := range d.lines {
			if ready[1+i] && l.conn == conns[1+i] {
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
