package payments

import (
	"context"
	"fmt"
	"os"
	"time"

	"edu/procession/demos/cluster"
	"edu/procession/demos/demo"
	"edu/procession/demos/internal/wire"
	"edu/procession/demos/trace"
)

// work is how long the bank takes for a payment, at real pace.
const work = 60 * time.Millisecond

// play is the state of one run. Only the goroutine of Play touches it; the
// others send facts.
type play struct {
	s      demo.Stage
	net    *cluster.Net
	file   *os.File
	facts  chan fact
	over   chan struct{}
	client demo.Proc
	bank   demo.Proc // the latest
	banks  int
	addr   string // of the bank, each of them
	tells  bool   // captions follow what happens, rather than a script
	still  bool   // no more payments

	ids, always bool // the bank looks at ids now; it has done so from the beginning
	stopped     bool // the bank, as the kernel said when we looked last
	dead        bool // the bank
	clientDead  bool
	amounts     []int        // of the payments, by number
	ack         map[int]bool // which were acknowledged
	done        map[int]bool // which the log has as done
	attempts    map[int]int  // of the payment that is under way, and of those before
	retries     int
	slowest     time.Duration
}

func newPlay(s demo.Stage) (*play, error) {
	f, err := newFile()
	if err != nil {
		return nil, err
	}
	ids := s.Param("ids") == "true"
	return &play{s: s, net: cluster.New(s, client, bank), file: f, facts: make(chan fact, 256), over: make(chan struct{}),
		ids: ids, always: ids, ack: map[int]bool{}, done: map[int]bool{}, attempts: map[int]int{}}, nil
}

func (pl *play) close() {
	close(pl.over)
	pl.net.Close()
	pl.file.Close()
	os.Remove(pl.file.Name()) // where it could not be removed while it was open
}

func (pl *play) send(f fact) {
	select {
	case pl.facts <- f:
	case <-pl.over:
	}
}

// cast brings the bank on stage, then the client.
func (pl *play) cast(ctx context.Context) error {
	if err := pl.open(ctx); err != nil {
		return err
	}
	door, err := pl.net.Link(client, bank, pl.addr, cluster.Frames{Split: wire.Split, Describe: wire.Describe[msg]})
	if err != nil {
		return err
	}
	pl.client, err = pl.spawn(ctx, demo.Spec{Role: "client", Name: client, Node: string(client), Args: map[string]string{
		"bank": door, "patience": pl.scaled("patience").String(), "pause": pl.scaled("pause").String()}})
	return err
}

func (pl *play) scaled(param string) time.Duration {
	return pl.s.Pace().Scale(demo.DurationParam(pl.s, param))
}

// open starts a bank, at the address of the one before.
func (pl *play) open(ctx context.Context) error {
	pl.banks++
	addr := make(chan string, 1)
	at := pl.addr
	if at == "" {
		at = pl.net.Host(bank) + ":0"
	}
	p, err := pl.spawn(ctx, demo.Spec{Role: "bank", Name: trace.ID(fmt.Sprintf("bank-%d", pl.banks)), Node: string(bank), Files: []*os.File{pl.file},
		Args:  map[string]string{"addr": at, "ids": fmt.Sprint(pl.ids), "work": pl.s.Pace().Scale(work).String()},
		Heard: cluster.Announced(string(bank), addr, nil)})
	if err != nil {
		return err
	}
	pl.bank, pl.dead, pl.stopped = p, false, false
	if at, err = cluster.Await(ctx, p, addr); err == nil {
		pl.addr = at
	}
	return err
}

// spawn starts a process and listens to what it tells, and to its end.
func (pl *play) spawn(ctx context.Context, spec demo.Spec) (demo.Proc, error) {
	w, err := wire.Facts(pl.send, func() { pl.send(fact{Is: exited, Who: spec.Name}) })
	if err != nil {
		return nil, err
	}
	defer w.Close()
	spec.Files = append([]*os.File{w}, spec.Files...)
	return pl.s.Spawn(ctx, spec)
}

// until takes what happens until ok says so, nil for never, or d has passed, or
// the learner has finished. The error is ctx's, or that of a bank that does not
// start.
func (pl *play) until(ctx context.Context, ok func() bool, d time.Duration) error {
	return demo.Loop[fact]{Stage: pl.s, News: pl.facts, Take: pl.take, Look: pl.look,
		Act: func(a demo.Act) error { return pl.act(ctx, a.Name) }}.Until(ctx, ok, d)
}

// act does one of the demo's own actions.
func (pl *play) act(ctx context.Context, name string) error {
	switch name {
	case dropAck:
		pl.net.DropNext(bank, client)
		pl.s.Say("The next acknowledgement will be dropped (injected), after the bank has done its work.")
	case dropReq:
		pl.net.DropNext(client, bank)
		pl.s.Say("The next request will be dropped (injected), before the bank has heard of it. To the client this looks the same.")
	case useIDs:
		pl.lookAtIDs(!pl.ids)
	case restart:
		if !pl.ended() {
			pl.s.Say("The bank is there. Kill it (k) before you start it again.")
			return nil
		}
		return pl.reopen(ctx)
	}
	return nil
}

// ended says that the bank has ended: its pipe has, or the kernel says so.
func (pl *play) ended() bool {
	select {
	case <-pl.bank.Exited():
		return true
	default:
		return pl.dead
	}
}

// lookAtIDs has the bank look at ids, or not.
func (pl *play) lookAtIDs(on bool) {
	pl.ids, pl.always = on, pl.always && on
	pl.bank.Send(fmt.Sprint(on))
	if on {
		pl.s.Say("From now on the bank looks whether it has done a payment of that id. The client does what it did before.")
	} else {
		pl.s.Say("From now on the bank does what it is asked, each time that it is asked.")
	}
}

// reopen starts the bank again, and tells the log what its file knows. A bank that
// does not come up is a dead one.
func (pl *play) reopen(ctx context.Context) error {
	all, _, err := entries(pl.file)
	if err != nil {
		return err
	}
	for _, e := range all {
		if !pl.done[e.id] {
			pl.done[e.id] = true
			pl.s.Emit(bank, trace.Task{Is: trace.KindTaskDone, Task: e.id, Worker: pl.bank.ID(), Attempt: e.attempt, Note: "it had not lived to say so: its file says it"})
		}
	}
	if err := pl.open(ctx); err != nil {
		if ctx.Err() != nil {
			return err
		}
		pl.dead = true // somebody was faster than it
		pl.s.Say("The bank did not come up: %v. r starts it again.", err)
	}
	return nil
}

// pay orders the next payment.
func (pl *play) pay() {
	if pl.still {
		return
	}
	id, amount := len(pl.amounts), 10*(1+pl.s.Rand().IntN(9))
	pl.amounts = append(pl.amounts, amount)
	pl.s.Emit(client, trace.Task{Is: trace.KindTaskNew, Task: id, Note: fmt.Sprintf("pay %d", amount)})
	pl.client.Send(fmt.Sprintf("%d %d", id, amount))
}

func (pl *play) say(format string, args ...any) {
	if pl.tells {
		pl.s.Say(format, args...)
	}
}

// take takes what a node tells, or the kernel of its end.
func (pl *play) take(f fact) {
	switch f.Is {
	case idle:
		pl.pay()
	case sent:
		pl.attempts[f.ID] = max(pl.attempts[f.ID], f.Attempt)
		if f.Attempt > 1 {
			pl.retries++
			pl.s.Gauge("retries", float64(pl.retries), "")
		}
	case unheard:
		pl.say("No answer to payment %d, attempt %d. Lost request, slow bank or lost answer? The client sends it again.", f.ID, f.Attempt)
	case acked:
		pl.ack[f.ID] = true
		pl.slowest = max(pl.slowest, f.Took)
		pl.s.Gauge("payments", float64(len(pl.ack)), "")
		pl.s.Gauge("slowest", float64(pl.slowest)/1e6, "ms")
		pl.count()
	case moved:
		pl.done[f.ID] = true
		b := pl.count()
		if b.pays[f.ID] > 1 {
			pl.say("Payment %d has moved money %d times: the bank was asked again, and did it again. i has it look at ids.", f.ID, b.pays[f.ID])
		}
	case again:
		pl.count()
		pl.say("Payment %d came again. The bank knows the id, counts a duplicate and moves nothing.", f.ID)
	case exited:
		if f.Who == client {
			pl.clientDead = true
			pl.say("The client has ended. Nobody else knows what it had still to pay.")
		} else if f.Who == pl.bank.ID() {
			pl.dead = true
			pl.count()
			pl.say("The bank has ended. What it had done is in its file. r starts it again.")
		}
	}
}

// look notices whether the bank was stopped or goes on.
func (pl *play) look() {
	is := pl.bank.State() == trace.Stopped
	switch {
	case is && !pl.stopped:
		pl.say("The bank is stopped (T). Its kernel still takes connections and requests: they wait, each attempt of them.")
	case !is && pl.stopped && !pl.dead:
		pl.say("The bank goes on, and finds all that was sent meanwhile.")
	}
	pl.stopped = is
}

// books is what the bank's file says.
type books struct {
	pays             map[int]int // how often each payment was made
	effects, dups    int
	moved, toBeMoved int // money
}

// read reads the bank's file.
func (pl *play) read() books {
	b := books{pays: map[int]int{}}
	all, _, err := entries(pl.file)
	if err != nil {
		pl.s.Say("The bank's file cannot be read: %v.", err)
		return b
	}
	for _, e := range all {
		if e.dup {
			b.dups++
			continue
		}
		b.effects++
		b.moved += e.amount
		if b.pays[e.id]++; b.pays[e.id] == 1 {
			b.toBeMoved += e.amount
		}
	}
	return b
}

// count shows what the bank's file says.
func (pl *play) count() books {
	b := pl.read()
	pl.s.Gauge("requests", float64(b.effects+b.dups), "")
	pl.s.Gauge("effects", float64(b.effects), "")
	pl.s.Gauge("duplicates", float64(b.dups), "")
	pl.s.Gauge("too-much", float64(b.moved-b.toBeMoved), "")
	return b
}
