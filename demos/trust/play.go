package trust

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"time"

	"edu/procession/demos/cluster"
	"edu/procession/demos/demo"
	"edu/procession/demos/internal/wire"
	"edu/procession/demos/trace"
)

// play is the state of one run. Only the goroutine of Play touches it; the
// others send facts.
type play struct {
	s     demo.Stage
	net   *cluster.Net
	facts chan fact
	over  chan struct{}
	procs map[trace.ID]demo.Proc
	key   []byte
	tells bool // captions follow what happens, rather than a script

	wire   string
	orders map[int]fact // of the client, whose payment has not been seen
	done   map[int]fact // whose payment has been seen
	kept   map[string]*ledger
	timed  int // protections that were measured
	failed string

	accepted, refused, strangers int
}

// ledger is what came of one protection.
type ledger struct {
	answered                     int // orders of the client's
	accepted, refused, strangers int
	read, passed                 int // bytes
}

// tried is how often the bank has said, in one way or another, what it thinks of
// something of eve's.
func (l *ledger) tried() int { return l.accepted + l.refused + l.strangers }

func newPlay(s demo.Stage) *play {
	pl := &play{s: s, net: cluster.New(s, client, eve, bank), facts: make(chan fact, 256), over: make(chan struct{}),
		procs: map[trace.ID]demo.Proc{}, wire: s.Param("wire"), orders: map[int]fact{}, done: map[int]fact{}, kept: map[string]*ledger{}}
	for _, p := range protections {
		pl.kept[p] = &ledger{}
	}
	return pl
}

func (pl *play) close() {
	close(pl.over)
	pl.net.Close()
}

func (pl *play) send(f fact) {
	select {
	case pl.facts <- f:
	case <-pl.over:
	}
}

// cast makes the key and the certificates, and brings the three on stage: the bank,
// eve with doors to the bank, and the client with doors to eve.
func (pl *play) cast(ctx context.Context) error {
	pl.key = nonce()
	ca, err := newAuthority()
	if err != nil {
		return fmt.Errorf("no certificates for this run: %w", err)
	}
	w, err := wire.Facts(pl.send, nil)
	if err != nil {
		return err
	}
	defer w.Close()
	at := map[trace.ID]map[string]string{}
	// spawn starts a node that listens for each protection, or for none.
	spawn := func(name trace.ID, role string, listens bool, args map[string]string) error {
		if name != eve {
			id, err := ca.issue(name, pl.key)
			if err != nil {
				return fmt.Errorf("no certificate for %s: %w", name, err)
			}
			b, _ := json.Marshal(id)
			args["id"] = string(b)
		}
		args["host"] = pl.net.Host(name)
		spec := demo.Spec{Role: role, Name: name, Node: string(name), Files: []*os.File{w}, Args: args}
		addrs := make([]chan string, len(protections))
		for i, p := range protections {
			addrs[i] = make(chan string, 1)
			spec.Heard = cluster.Announced(p, addrs[i], spec.Heard)
		}
		p, err := pl.s.Spawn(ctx, spec)
		if err != nil {
			return err
		}
		pl.procs[name] = p
		at[name] = map[string]string{}
		for i := range protections {
			if listens {
				if at[name][protections[i]], err = cluster.Await(ctx, p, addrs[i]); err != nil {
					return err
				}
			}
		}
		return nil
	}
	doors := func(from, to trace.ID, args map[string]string) error {
		for _, p := range protections {
			door, err := pl.net.Link(from, to, at[to][p], frames)
			if err != nil {
				return err
			}
			args["bank-"+p] = door
		}
		return nil
	}
	if err := spawn(bank, "bank", true, map[string]string{}); err != nil {
		return err
	}
	hers := map[string]string{}
	if err := doors(eve, bank, hers); err != nil {
		return err
	}
	if err := spawn(eve, "eve", true, hers); err != nil {
		return err
	}
	his := map[string]string{"wire": pl.wire, "every": pl.s.Pace().Scale(demo.DurationParam(pl.s, "every")).String()}
	if err := doors(client, eve, his); err != nil {
		return err
	}
	for p, a := range at[bank] {
		his["direct-"+p] = a
	}
	return spawn(client, "client", false, his)
}

// until takes what happens until ok says so, nil for never, or d has passed, or
// the learner has finished. The error is ctx's.
func (pl *play) until(ctx context.Context, ok func() bool, d time.Duration) error {
	return demo.Loop[fact]{Stage: pl.s, News: pl.facts, Take: pl.take, Look: func() {},
		Act: func(a demo.Act) error { pl.act(a.Name); return nil }}.Until(ctx, ok, d)
}

// act does one of the demo's own actions.
func (pl *play) act(name string) {
	switch name {
	case protect:
		pl.protect(protections[(slices.Index(protections[:], pl.wire)+1)%len(protections)])
	case leaked:
		pl.procs[eve].Send(name + " " + pl.wire + " " + hex.EncodeToString(pl.key))
	default:
		pl.procs[eve].Send(name + " " + pl.wire)
	}
}

// about is a protection in a sentence.
var about = map[string]string{
	handshake: "Both ends prove once that they know the key. Then messages go as they are.",
	signed:    "After the handshake each message carries a number and a signature (HMAC). Anybody on the way can still read it.",
	sealed:    "TLS, and each end shows a certificate. What is on the way is encrypted, and a change to it is noticed.",
}

func (pl *play) protect(p string) {
	pl.wire = p
	pl.procs[client].Send("wire " + p)
	pl.s.Say("Protection %s. %s", p, about[p])
}

func (pl *play) say(format string, args ...any) {
	if pl.tells {
		pl.s.Say(format, args...)
	}
}

// take takes what a node tells.
func (pl *play) take(f fact) {
	l := pl.kept[f.Wire]
	if l == nil {
		return
	}
	switch f.Is {
	case measured:
		pl.timed++
		if f.Why != "" {
			pl.failed = f.Why
			return
		}
		pl.median("open-", "to connect, with the first reply", f.Wire, f.Opens)
		pl.median("call-", "a call", f.Wire, f.Calls)
	case ordered:
		pl.orders[f.N] = f
	case paid:
		if o, ok := pl.orders[f.N]; ok && o.To == f.To && o.Amount == f.Amount {
			delete(pl.orders, f.N)
			pl.done[f.N] = f
			return
		}
		l.accepted, pl.accepted = l.accepted+1, pl.accepted+1
		if o, again := pl.done[f.N]; again && f.To == o.To && f.Amount == o.Amount {
			pl.say("The bank paid %d to %s once more: the client ordered that once.", f.Amount, f.To)
		} else {
			pl.say("The bank paid %d to %s: the client has not ordered that.", f.Amount, f.To)
		}
	case answered:
		l.answered++
	case refused:
		l.refused, pl.refused = l.refused+1, pl.refused+1
		pl.say("The bank closed the connection: %s. It carried nothing out; the client connects anew.", f.Why)
	case stranger:
		l.strangers, pl.strangers = l.strangers+1, pl.strangers+1
		pl.say("The bank refused a stranger during the handshake: %s.", f.Why)
	case read, passed:
		l.passed += f.Bytes
		if f.Is == read {
			l.read += f.Bytes
		}
		pl.s.Emit(eve, trace.Gauge{Name: "read-" + f.Wire, Value: float64(l.read), Unit: "bytes", Group: "what eve can read", Note: fmt.Sprintf("of %d that passed", l.passed)})
		return
	case did:
		pl.say("eve %s.", f.Why)
		return
	default:
		return
	}
	pl.s.Gauge("forged-accepted", float64(pl.accepted), "")
	pl.s.Gauge("forged-refused", float64(pl.refused), "")
	pl.s.Gauge("strangers-refused", float64(pl.strangers), "")
}

func (pl *play) median(name, group, protection string, f []float64) {
	if len(f) == 0 {
		return
	}
	slices.Sort(f)
	pl.s.Emit(client, trace.Gauge{Name: name + protection, Value: f[len(f)/2], Unit: "µs", Group: group, Note: fmt.Sprintf("median of %d, over loopback, without eve", len(f))})
}
