package payments

import (
	"context"
	"fmt"
	"net"
	"sync"
	"time"

	"edu/procession/demos/cluster"
	"edu/procession/demos/demo"
	"edu/procession/demos/internal/wire"
	"edu/procession/demos/trace"
)

// msg is a request or its acknowledgement.
type msg struct {
	ID      int  `json:"id"`
	Amount  int  `json:"amount,omitempty"`
	Attempt int  `json:"attempt,omitempty"`
	Ack     bool `json:"ack,omitempty"`
	Before  bool `json:"before,omitempty"` // it had been done before
}

// String is the message for the log.
func (m msg) String() string {
	switch {
	case m.Before:
		return fmt.Sprintf("payment %d was done before", m.ID)
	case m.Ack:
		return fmt.Sprintf("payment %d is done", m.ID)
	case m.Attempt > 1:
		return fmt.Sprintf("payment %d: %d, attempt %d", m.ID, m.Amount, m.Attempt)
	}
	return fmt.Sprintf("payment %d: %d", m.ID, m.Amount)
}

// fact is what a node tells the play.
type fact struct {
	Is      string        `json:"is"`
	ID      int           `json:"id,omitempty"`
	Attempt int           `json:"attempt,omitempty"`
	Took    time.Duration `json:"took,omitempty"` // acked: since the first attempt
	Who     trace.ID      `json:"who,omitempty"`  // exited
}

// What a fact is.
const (
	sent    = "sent"    // by the client
	unheard = "unheard" // the client has given this attempt up
	acked   = "acked"
	idle    = "idle"   // the client waits for the next payment
	moved   = "moved"  // the bank has moved money, and is about to say so
	again   = "again"  // the bank has recognised a duplicate
	exited  = "exited" // a process has ended: its pipe has
)

// till is the bank from the inside.
type till struct {
	w    *demo.Worker
	work time.Duration

	mu      sync.Mutex
	ids     bool
	done    map[int]bool
	balance int
}

// rebind is how long a bank tries to get its address back.
const rebind = 10 * time.Second

// keep is the role of the bank. Its orders are "true" and "false": ids.
func keep(_ context.Context, w *demo.Worker) error {
	t := &till{w: w, work: w.DurationArg("work"), ids: w.Arg("ids") == "true", done: map[int]bool{}}
	all, whole, err := entries(w.File(1))
	if err != nil {
		return err
	}
	if err := w.File(1).Truncate(whole); err != nil {
		return fmt.Errorf("to cut off a half-written line: %w", err)
	}
	for _, e := range all {
		if !e.dup {
			t.done[e.id] = true
			t.balance += e.amount
		}
	}
	if len(all) > 0 {
		w.Logf("has read its file: %s, balance %d", demo.Plural(len(t.done), "payment"), t.balance)
	}
	w.Write("balance", t.balance)
	l, err := listen(w.Arg("addr"))
	if err != nil {
		return err
	}
	go wire.Serve(l, t.answer)
	cluster.Announce(w, l.Addr().String(), string(bank))
	for {
		order, err := w.Recv()
		if err != nil {
			return nil
		}
		t.mu.Lock()
		t.ids = order == "true"
		t.mu.Unlock()
	}
}

// listen takes an address, of which the last holder may have been killed just now.
func listen(addr string) (l net.Listener, err error) {
	for end := time.Now().Add(rebind); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if l, err = net.Listen("tcp", addr); err == nil {
			return l, nil
		}
	}
	return nil, err
}

func (t *till) answer(m msg) (msg, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	task := trace.Task{Task: m.ID, Attempt: m.Attempt}
	e := entry{m.ID, m.Amount, m.Attempt, t.ids && t.done[m.ID]}
	if e.dup {
		if err := appendEntry(t.w.File(1), e); err != nil {
			return msg{}, false
		}
		task.Is = trace.KindTaskDup
		t.w.Report(task)
		wire.Tell(t.w.File(0), fact{Is: again, ID: m.ID, Attempt: m.Attempt})
		return msg{ID: m.ID, Ack: true, Before: true}, true
	}
	began := time.Now()
	task.Is = trace.KindTaskRun
	t.w.Report(task)
	time.Sleep(t.work)
	if err := appendEntry(t.w.File(1), e); err != nil { // the deed and its mark, in one
		t.w.Logf("could not write to its file: %v", err)
		return msg{}, false
	}
	t.done[m.ID] = true
	t.balance += m.Amount
	t.w.Write("balance", t.balance)
	task.Is, task.Took = trace.KindTaskDone, time.Since(began)
	t.w.Report(task)
	wire.Tell(t.w.File(0), fact{Is: moved, ID: m.ID, Attempt: m.Attempt})
	return msg{ID: m.ID, Ack: true}, true
}

// pay is the role of the client. Its orders are payments: "id amount".
func pay(_ context.Context, w *demo.Worker) error {
	for {
		w.Block("a payment to make")
		order, err := w.Recv()
		if err != nil {
			return nil
		}
		var m msg
		if _, err := fmt.Sscan(order, &m.ID, &m.Amount); err != nil {
			return err
		}
		payOne(w, m)
		w.Block("a pause")
		w.Sleep(w.DurationArg("pause"))
		wire.Tell(w.File(0), fact{Is: idle})
	}
}

// payOne sends a payment until it is acknowledged.
func payOne(w *demo.Worker, m msg) {
	patience := w.DurationArg("patience")
	began := w.Now()
	for m.Attempt = 1; ; m.Attempt++ {
		at := w.Now()
		w.Block(fmt.Sprintf("the answer to payment %d", m.ID))
		wire.Tell(w.File(0), fact{Is: sent, ID: m.ID, Attempt: m.Attempt})
		reply, err := wire.Call(w.Arg("bank"), m, patience)
		if err == nil && reply.ID == m.ID && reply.Ack {
			w.Report(trace.Belief{About: bank, Is: reply.String()})
			wire.Tell(w.File(0), fact{Is: acked, ID: m.ID, Attempt: m.Attempt, Took: w.Now() - began})
			return
		}
		w.Report(trace.Belief{About: bank, Is: fmt.Sprintf("payment %d: %s without an answer; done or not, I cannot know", m.ID, demo.Plural(m.Attempt, "attempt"))})
		if rest := patience - (w.Now() - at); rest > 0 { // the connection ended: that is no answer either
			w.Block("before it tries again")
			w.Sleep(rest)
		}
		wire.Tell(w.File(0), fact{Is: unheard, ID: m.ID, Attempt: m.Attempt})
	}
}
