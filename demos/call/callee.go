package call

import (
	"context"
	"fmt"
	"time"

	"edu/procession/demos/demo"
	"edu/procession/demos/internal/sock"
	"edu/procession/demos/trace"
)

// How long the steps of a slow call take, at real pace, for eyes.
const (
	readTime  = 200 * time.Millisecond // from got to works
	workTime  = 100 * time.Millisecond // of CPU, from works to executed
	replyTime = 500 * time.Millisecond // from executed to replied
)

// callee is the role of the processes that are called. Its first file is the
// ledger; those of its connection follow.
func callee(_ context.Context, w *demo.Worker) error {
	ledger := w.File(0)
	by := way(w.Arg("way"))
	var c *sock.Conn
	switch by {
	case pipe:
		c = sock.Pipes(w.File(1), w.File(2))
	case unix:
		c = sock.Socket(w.File(1))
	default:
		at, err := sock.ParseAddr(w.Arg("at"))
		if err != nil {
			return err
		}
		l, err := sock.Listen(at)
		if err != nil {
			return err
		}
		fmt.Fprintf(ledger, "at %s\n", l.Addr())
		w.Logf("listens on %s", l.Addr())
		w.Block("the caller")
		if c, err = l.Accept(sock.Key(w.Arg("key"))); err != nil {
			return err
		}
		l.Close()
	}
	w.Block("a call")
	enter := func(s step, r request) { fmt.Fprintf(ledger, "%s %d\n", s, r.id) } // one write: whole or not at all
	stay := func(s step, r request, d time.Duration) {
		if r.hold == s {
			d = time.Hour
		}
		w.Sleep(d)
	}
	pace := w.Pace().Scale
	slow := func(r request) int64 {
		enter(got, r)
		m := message(trace.KindRecv, by, "call", r.id, w.Name())
		m.Took = time.Duration(demo.Mono() - r.sent)
		w.Report(m)
		w.Block(fmt.Sprintf("to begin call %d", r.id))
		stay(got, r, pace(readTime))

		enter(works, r)
		w.Block("")
		for w.Spin(pace(workTime)); r.hold == works; {
			w.Spin(time.Second)
		}
		y := square(r.x)

		enter(executed, r) // this line is the deed: it outlives us
		w.Logf("executed call %d: square(%d) = %d", r.id, r.x, y)
		w.Block(fmt.Sprintf("to reply to call %d", r.id))
		stay(executed, r, pace(replyTime))

		w.Report(message(trace.KindSend, by, "reply", r.id, w.Name()))
		return y
	}
	sent := func(r request) {
		enter(replied, r)
		w.Block("a call")
	}
	return serve(c, slow, sent)
}

// message is a call, or a reply, on its way between the caller and a callee.
func message(is trace.Kind, by way, what string, id uint64, callee trace.ID) trace.Msg {
	m := trace.Msg{Is: is, Msg: fmt.Sprintf("%s %s %d", by, what, id), From: "caller", To: callee,
		Text: fmt.Sprintf("%s %d", what, id), Bytes: requestLen}
	if what == "reply" {
		m.From, m.To, m.Bytes = callee, "caller", replyLen
	}
	return m
}
