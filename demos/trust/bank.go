package trust

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"time"

	"edu/procession/demos/cluster"
	"edu/procession/demos/demo"
	"edu/procession/demos/trace"
)

// till is the bank from the inside.
type till struct {
	id   identity
	tell func(fact)
	note func(who trace.ID, is string) // what it believes

	mu   sync.Mutex
	last int              // the number of the latest order
	got  map[trace.ID]int // by whom
}

// most is the greatest payment, crowd how many connections the bank has at a time.
const (
	most  = 10_000
	crowd = 64
)

// keep is the role of the bank: it listens for each protection at an address of its
// own, of which the client uses one.
func keep(_ context.Context, w *demo.Worker) error {
	t := &till{tell: func(f fact) { tell(w, f) }, note: func(who trace.ID, is string) { w.Report(trace.Belief{About: who, Is: is}) }, got: map[trace.ID]int{}}
	if err := json.Unmarshal([]byte(w.Arg("id")), &t.id); err != nil {
		return err
	}
	for _, to := range payees {
		t.note(to, has(0))
	}
	for _, p := range protections {
		l, err := net.Listen("tcp", w.Arg("host")+":0")
		if err != nil {
			return err
		}
		go t.listen(l, p)
		cluster.Announce(w, l.Addr().String(), p)
	}
	for {
		w.Block("orders")
		if _, err := w.Recv(); err != nil {
			return nil
		}
	}
}

func has(n int) string { return fmt.Sprintf("has got %d", n) }

// payees are those who can get something.
var payees = [...]trace.ID{"shop", eve}

func (t *till) listen(l net.Listener, protection string) {
	room := make(chan struct{}, crowd)
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		select {
		case room <- struct{}{}:
		default:
			c.Close() // too many: the others go on
			continue
		}
		go func() {
			defer func() { <-room }()
			t.serve(c, protection)
		}()
	}
}

// serve is one connection. What is not as it should be closes it, without a word
// to the other end: a reply would be the bank's signature under something that it
// does not know the sender of.
func (t *till) serve(c net.Conn, protection string) {
	defer c.Close()
	ch, err := accept(c, protection, t.id)
	if err != nil {
		t.refuse(protection, err, true)
		return
	}
	defer ch.conn.Close()
	t.note(client, ch.vouched(protection))
	for {
		ch.conn.SetDeadline(time.Time{})
		var m msg
		err := ch.request(&m)
		if err == nil {
			m, err = t.do(protection, m)
		}
		if err != nil {
			t.refuse(protection, err, false)
			return
		}
		if ch.reply(m) != nil {
			return
		}
	}
}

// do carries out a request and returns the reply.
func (t *till) do(protection string, m msg) (msg, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch m.Op {
	case last:
		return msg{Op: last, N: t.last}, nil
	case pay:
		if m.Amount < 1 || m.Amount > most || m.N < 0 || m.To != payees[0] && m.To != payees[1] {
			return msg{}, errPay
		}
		t.last = max(t.last, m.N)
		t.got[m.To] += m.Amount
		t.note(m.To, has(t.got[m.To]))
		t.tell(fact{Is: paid, Wire: protection, N: m.N, To: m.To, Amount: m.Amount})
		return msg{Op: paid, N: m.N, To: m.To, Amount: m.Amount}, nil
	}
	return msg{}, errWhat
}

// refuse tells why a connection is closed, unless the other end closed it. What
// comes before the end of the handshake is a stranger's, but for what was changed on
// its way.
func (t *till) refuse(protection string, err error, early bool) {
	why, ok := reason(err)
	if !ok {
		return
	}
	is := refused
	if early && !strings.Contains(why, "bad record MAC") {
		is = stranger
	}
	t.tell(fact{Is: is, Wire: protection, Why: why})
}

// reason is what was wrong with what came, and false where nothing came any more.
func reason(err error) (string, bool) {
	var op *net.OpError
	for _, own := range []error{errKey, errMAC, errSeq, errWhat, errPay} {
		if errors.Is(err, own) {
			return own.Error(), true
		}
	}
	switch {
	case errors.As(err, new(tls.RecordHeaderError)):
		return "that is no record of TLS", true
	case errors.As(err, new(*tls.CertificateVerificationError)):
		return "its certificate is not from our authority", true
	case errors.As(err, &op) && op.Op == "local error": // of crypto/tls: it has sent an alert
		return strings.TrimPrefix(op.Err.Error(), "tls: "), true
	case errors.As(err, &op), errors.Is(err, io.EOF), errors.Is(err, net.ErrClosed), errors.Is(err, io.ErrUnexpectedEOF):
		return "", false
	}
	return strings.TrimPrefix(err.Error(), "tls: "), strings.HasPrefix(err.Error(), "tls: ")
}
