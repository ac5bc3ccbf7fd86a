// Package nodepool is the demo "pool-of-workers" in a third place: on nodes.
//
// It is package pool's demo for processes and threads, and a play of its own for
// nodes, which has the same tasks from the same seed, the same two runs (all tasks
// by one worker, then by all) and the same gauges. The master, the broker and each
// worker are processes with an address of their own and share nothing but messages
// over loopback, through proxies that can cut them.
//
//	master ── put 4 ──▸ [broker] ── 4 ──▸ master ── task 4 ──▸ worker-1   R computes
//	                    [files]  ◂── ack ── master ◂── result 4 ──
//
// What differs is what lies between two tasks (the gauge handoff), and what a kill
// does: no kernel tells the master, nobody replaces the worker, and its task is
// handed out again when the lease is over (the gauge redelivery). A task that is
// only late is then done twice (the gauge duplicates), and none is lost.
//
// Package early has package pool's demo, whose workers need no net. This one takes
// its place in the registry, and its roles start from main: a worker on pipes
// starts as fast as before.
//
// The rules are:
//  1. The tasks and their results are those of the other places (TestPlacesDoTheSame).
//  2. The task of a killed worker is done by another when its lease is over (TestVictim).
//  3. Whoever is killed, worker, broker or master: each task has one result at the
//     end, and no more is counted (TestUnderFire).
package nodepool

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"edu/procession/demos/cluster/broker"
	"edu/procession/demos/demo"
	"edu/procession/demos/pool"
	"edu/procession/demos/trace"
)

// Demo is pool-of-workers with one place more.
type Demo struct{ pool.Demo }

var _ demo.Demo = Demo{}

// So much there may be on nodes: each worker is one, and each task is some twenty
// messages.
const (
	maxWorkers = 8
	maxTasks   = 1000
)

// Info implements demo.Demo.
func (d Demo) Info() demo.Info {
	i := d.Demo.Info()
	i.Doc += " On nodes the tasks go through a broker: kill a worker there, and its task comes back."
	i.Places, i.Namespaces = append(i.Places, demo.Nodes), true
	i.Params = append(i.Params,
		demo.Param{Name: "lease", Default: "auto", Check: auto(demo.Duration(200*time.Millisecond, time.Minute)),
			Doc: "on nodes: how long a worker has a task before it is handed out again; auto: 2s, 500ms with --pace fast, and at least twice the longest task"},
		demo.Param{Name: "nats", Doc: "on nodes: an existing NATS server with JetStream, nats://host:4222, in place of one on stage"},
		demo.Param{Name: "nats-creds", Doc: "on nodes: a file with credentials for that server"},
	)
	i.Actions = append(i.Actions,
		demo.Action{Name: "cut", Key: "d", Doc: "disconnect: cut the link between this node and the broker (injected)", Target: demo.ToProc, Only: demo.Nodes},
		demo.Action{Name: "heal", Key: "h", Doc: "heal the cut link of this node", Target: demo.ToProc, Only: demo.Nodes},
		demo.Action{Name: "start", Key: "b", Doc: "start the broker or the master again, whichever has ended", Target: demo.ToStage, Only: demo.Nodes},
	)
	i.Gauges = append(i.Gauges,
		demo.Gauge{Name: "duplicates", Doc: "on nodes: results for a task that had its result already; the first one counts"},
	)
	return i
}

func auto(check func(string) error) func(string) error {
	return func(s string) error {
		if s == "auto" {
			return nil
		}
		if err := check(s); err != nil {
			return fmt.Errorf("auto or %w", err)
		}
		return nil
	}
}

// Roles implements demo.Demo.
func (d Demo) Roles() map[string]demo.Role {
	r := d.Demo.Roles()
	r["broker"], r["master"], r["node"] = broker.Role, master, node
	return r
}

// Play implements demo.Demo.
func (d Demo) Play(ctx context.Context, s demo.Stage) error {
	if s.Place() == demo.Nodes {
		return onNodes(ctx, s)
	}
	return d.Demo.Play(ctx, s)
}

// call is the body of a task, product that of a result.
type call struct {
	Task  int  `json:"n"`
	Round int  `json:"round"`
	Bad   bool `json:"bad,omitempty"`
}

type product struct {
	Value uint64        `json:"value"`
	Gap   time.Duration `json:"gap_ns,omitempty"` // since the worker's last task of this round
}

// order is what the play tells the master, as a line: to put all tasks of a round,
// and to take care that they are done.
type order struct {
	Round, Tasks, Bad int
	Only              trace.ID // the worker that is to do it; empty: all
	Spoil             bool     // the next task that is given out gets a bad argument; nothing is put
}

func (o order) String() string { b, _ := json.Marshal(o); return string(b) }

// master is the role of the master. The end of its orders is the end of the work.
func master(ctx context.Context, w *demo.Worker) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	w.Block("the broker")
	q, err := broker.Open(ctx, w)
	if err != nil {
		return err
	}
	defer q.Close()
	m := &mapper{w: w, q: q, now: order{Round: -1}, known: map[string]bool{}, spoilt: map[int]bool{}}
	for n := range strings.FieldsSeq(w.Arg("known")) {
		m.known[n] = true
	}
	q.Check, q.Last = m.check, m.last
	first := make(chan struct{}, 1)
	go func() {
		for {
			line, err := w.Recv()
			var o order
			if err == nil {
				err = json.Unmarshal([]byte(line), &o)
			}
			if err != nil {
				cancel(errEnd)
				return
			}
			if err := m.obey(ctx, o, first); err != nil && ctx.Err() == nil {
				cancel(err)
				return
			}
		}
	}()
	select { // what is in the broker's files is told when it is known what it is about
	case <-first:
	case <-ctx.Done():
	}
	w.Block("workers")
	err = q.Collect(ctx, 0, m.take)
	switch cause := context.Cause(ctx); {
	case cause == errEnd:
		return q.End()
	case cause != nil:
		return cause
	}
	return err
}

var errEnd = demo.ExitCode(0)

// mapper is a master at work.
type mapper struct {
	w     *demo.Worker
	q     *broker.Queue
	known map[string]bool // results of this round that the play has heard of

	mu     sync.Mutex
	now    order
	spoil  int          // so many of the next tasks get a bad argument
	spoilt map[int]bool // these got one
	ended  int          // tasks of this round
	gaps   []time.Duration
	every  bool // this round is not one worker's
}

func (m *mapper) obey(ctx context.Context, o order, first chan<- struct{}) error {
	m.mu.Lock()
	if o.Spoil {
		m.spoil++
		m.mu.Unlock()
		return nil
	}
	was := m.now.Round
	m.now = o
	if was != o.Round {
		m.ended, m.gaps, m.every = 0, nil, o.Only == ""
	}
	m.mu.Unlock()
	m.q.Only(o.Only)
	if was == o.Round {
		return nil
	}
	select {
	case first <- struct{}{}:
	default:
	}
	for n := max(m.q.Were()-o.Round*o.Tasks, 0); n < o.Tasks; n++ {
		if err := m.q.Put(ctx, o.Round*broker.PerRound+n, call{n, o.Round, n == o.Bad}); err != nil {
			return err
		}
	}
	return nil
}

// check compares a result with that of a loop.
func (m *mapper) check(n int, v json.RawMessage) error {
	var p product
	if err := json.Unmarshal(v, &p); err != nil {
		return err
	}
	if p.Value != pool.Value(m.w, n%broker.PerRound) {
		return fmt.Errorf("%d is not what comes out", p.Value)
	}
	return nil
}

// last spoils the argument of a task, and spoils it again when the task is handed
// out again: that is what it was called with.
func (m *mapper) last(n int, body json.RawMessage) json.RawMessage {
	m.mu.Lock()
	defer m.mu.Unlock()
	var c call
	if json.Unmarshal(body, &c) != nil {
		return body
	}
	if m.spoil > 0 && !c.Bad && !m.spoilt[n] {
		m.spoil--
		m.spoilt[n] = true
	}
	if !m.spoilt[n] {
		return body
	}
	c.Bad = true
	b, _ := json.Marshal(c)
	return b
}

// take takes a result that is stored.
func (m *mapper) take(r broker.Result) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if r.Task/broker.PerRound != m.now.Round {
		return
	}
	task := r.Task % broker.PerRound
	if r.Old && !m.known[strconv.Itoa(task)] { // its predecessor did not come to say so
		is := trace.KindTaskDone
		if r.Err != "" {
			is = trace.KindTaskFail
		}
		m.w.Report(trace.Task{Is: is, Task: task, Worker: r.Worker, Attempt: r.Attempt, Took: r.Took, Note: r.Err})
	}
	var p product
	if json.Unmarshal(r.Value, &p) == nil && p.Gap > 0 {
		m.gaps = append(m.gaps, p.Gap)
	}
	if m.ended++; m.ended == m.now.Tasks && m.every {
		if us, ok := pool.Median(m.gaps); ok {
			m.w.Gauge("handoff", us, "µs")
		}
	}
}

// node is the role of a worker on a node of its own. The end of what it is told is
// a request to leave.
func node(ctx context.Context, w *demo.Worker) error {
	ctx, leave := context.WithCancel(ctx)
	defer leave()
	go func() {
		w.Recv()
		leave()
	}()
	a, err := broker.AccessOf(w)
	if err != nil {
		return err
	}
	round, ended := -1, time.Time{}
	return broker.Work(ctx, w.Name(), a, w.Report, func(_ context.Context, t broker.Task) (any, error) {
		var c call
		if err := json.Unmarshal(t.Body, &c); err != nil {
			return nil, err
		}
		var gap time.Duration
		if c.Round == round {
			gap = time.Since(ended)
		}
		v, err := pool.Do(w, c.Task, c.Bad)
		round, ended = c.Round, time.Now()
		if err != nil {
			return nil, err
		}
		return product{v, gap}, nil
	})
}
