package python

import (
	"fmt"
	"net"
	"time"

	"edu/procession/demos/trace"
)

// call is a call of a proxy on its way: a message to the manager's server, and one
// back. Each is sent by the word of the one and received by the word of the other.
type call struct {
	key      string
	msg      trace.Msg
	by       string // the address, and what the server calls the caller
	sent     int64  // by the clock that all processes of a machine have
	got      bool
	answered int64
}

// local is an address under one name, however this machine is called in it.
func local(addr string) string {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return addr
	}
	if ip := net.ParseIP(host); host == "" || host == "localhost" || ip != nil && (ip.IsLoopback() || ip.IsUnspecified()) {
		return "here:" + port
	}
	return addr
}

func (c *cast) call(who trace.ID, l line) {
	switch l.Kind {
	case "call":
		to, ok := c.listens[local(l.Queue)]
		if !ok {
			return // a server elsewhere
		}
		k := &call{key: fmt.Sprintf("%d.%d", l.PID, l.Index), by: local(l.Queue) + " " + l.Name, sent: l.Took}
		k.msg = trace.Msg{Is: trace.KindSend, Msg: k.key, From: who, To: to, Text: l.Text}
		c.calls[k.key] = k
		c.s.Reported(who, k.msg)
	case "got":
		if k := c.only(l, false); k != nil {
			k.got = true
			m := k.msg
			m.Is, m.Took = trace.KindRecv, time.Duration(l.Took-k.sent)
			c.s.Reported(who, m)
		}
	case "answer":
		if k := c.only(l, true); k != nil {
			k.answered = l.Took
			c.s.Reported(who, k.answer(trace.KindSend))
		}
	case "reply":
		key := fmt.Sprintf("%d.%d", l.PID, l.Index)
		k := c.calls[key]
		if k == nil {
			return
		}
		delete(c.calls, key)
		m := k.msg
		m.Is, m.Took = trace.KindRecv, time.Duration(l.Took-k.sent)
		switch {
		case k.answered > 0:
			m = k.answer(trace.KindRecv)
			m.Took = time.Duration(l.Took - k.answered)
		case k.got:
			return // the answer never came: the server has gone
		default: // the server is none of the run's Pythons, or cannot tell its callers apart
			m.Text += ", answered"
		}
		c.s.Reported(who, m)
		c.s.Reported(who, trace.RTT{A: k.msg.From, B: k.msg.To, Took: time.Duration(l.Took - k.sent)})
	}
}

// only finds the call that a server tells of: one by that caller under way, or none
// where two callers have the same name.
func (c *cast) only(l line, got bool) (one *call) {
	for _, k := range c.calls {
		if k.by == local(l.Queue)+" "+l.Name && k.answered == 0 {
			if one != nil {
				return nil
			}
			one = k
		}
	}
	if one == nil || one.got != got {
		return nil
	}
	return one
}

func (k *call) answer(is trace.Kind) trace.Msg {
	return trace.Msg{Is: is, Msg: k.key + "a", From: k.msg.To, To: k.msg.From, Text: "answer to " + k.msg.Text}
}
