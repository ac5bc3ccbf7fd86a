package trust

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"strings"
	"sync"
	"time"

	"edu/procession/demos/demo"
	"edu/procession/demos/trace"
)

// amount is what the client pays with each order.
const amount = 10

// payer is the client from the inside.
type payer struct {
	w     *demo.Worker
	id    identity
	every time.Duration

	mu         sync.Mutex
	protection string

	n, done int // orders
}

// order is the role of the client. Its orders are "wire tls" and "measure 100".
func order(_ context.Context, w *demo.Worker) error {
	p := &payer{w: w, every: w.DurationArg("every"), protection: w.Arg("wire")}
	if err := json.Unmarshal([]byte(w.Arg("id")), &p.id); err != nil {
		return err
	}
	for {
		line, err := w.Recv()
		if err != nil {
			return nil
		}
		switch verb, what, _ := strings.Cut(line, " "); verb {
		case measured:
			var n int
			fmt.Sscan(what, &n)
			go p.measure(n)
		case "wire":
			p.mu.Lock()
			p.protection = what
			p.mu.Unlock()
		case "begin":
			go p.run()
		}
	}
}

func (p *payer) wants() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.protection
}

// dial opens a connection with a protection, to the address that an argument names.
func (p *payer) dial(to, protection string) (*channel, error) {
	c, err := net.DialTimeout("tcp", p.w.Arg(to+protection), patience)
	if err != nil {
		return nil, err
	}
	ch, err := open(c, protection, p.id)
	if err != nil {
		c.Close()
	}
	return ch, err
}

// run orders payments, one after the other, for ever. A connection that ends in the
// middle of an order leaves open whether it was carried out: so the client asks.
func (p *payer) run() {
	for {
		protection := p.wants()
		p.w.Report(trace.Block{On: "a connection"})
		ch, err := p.dial("bank-", protection)
		if err == nil {
			p.w.Report(trace.Belief{About: bank, Is: trusts[protection]})
			err = p.orders(ch, protection)
			ch.conn.Close()
		}
		if err != nil {
			p.w.Report(trace.Belief{About: bank, Is: "the connection has ended: I open another"})
			p.w.Logf("the connection has ended: %v", err)
			time.Sleep(p.every / 4)
		}
	}
}

// trusts is what the client may take for granted.
var trusts = map[string]string{
	handshake: "knew the key when we began",
	signed:    "knows the key, in each message",
	sealed:    "has a certificate, and nobody reads along",
}

// orders uses a connection until another protection is wanted.
func (p *payer) orders(ch *channel, protection string) error {
	m, err := ch.call(msg{Op: last})
	if err != nil {
		return err
	}
	if m.N == p.n && p.done < p.n {
		p.through(protection)
	}
	for p.wants() == protection {
		if p.done == p.n {
			p.n++
		}
		m := msg{Op: pay, N: p.n, To: payees[0], Amount: amount}
		tell(p.w, fact{Is: ordered, Wire: protection, N: m.N, To: m.To, Amount: m.Amount})
		p.w.Report(trace.Block{On: "the bank"})
		reply, err := ch.call(m)
		if err != nil {
			return err
		}
		if reply.Op != paid || reply.N != m.N || reply.To != m.To || reply.Amount != m.Amount {
			return fmt.Errorf("the bank answers %q to order %d", reply, m.N)
		}
		p.through(protection)
		p.w.Report(trace.Block{On: "the next order"})
		time.Sleep(p.every)
	}
	return nil
}

func (p *payer) through(protection string) {
	p.done = p.n
	p.w.Report(trace.Belief{About: payees[0], Is: fmt.Sprintf("has had %d from me", p.done*amount)})
	tell(p.w, fact{Is: answered, Wire: protection, N: p.n})
}

// measure times connections and calls, straight to the bank.
func (p *payer) measure(n int) {
	us := func(since time.Time) float64 { return float64(time.Since(since)) / 1e3 }
	for _, protection := range protections {
		f := fact{Is: measured, Wire: protection}
		for range n {
			began := time.Now()
			ch, err := p.dial("direct-", protection)
			if err == nil {
				_, err = ch.call(msg{Op: last}) // TLS: only now it is known whether the bank took our certificate
			}
			f.Opens = append(f.Opens, us(began))
			for i := 0; err == nil && i < 10; i++ {
				began = time.Now()
				if _, err = ch.call(msg{Op: last}); err == nil {
					f.Calls = append(f.Calls, us(began))
				}
			}
			if err != nil {
				f.Why = err.Error()
				break
			}
			ch.conn.Close()
		}
		tell(p.w, f)
	}
}
