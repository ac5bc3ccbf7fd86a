package broker

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"edu/procession/demos/demo"
	"edu/procession/demos/trace"
)

// Result is what came of a task. It is stored when the master hears of it.
type Result struct {
	Task    int
	Attempt int
	Worker  trace.ID
	Value   json.RawMessage
	Err     string // why there is no Value
	Took    time.Duration
	Old     bool // it was stored when the queue was opened
}

// Queue is the master's side. Put may be called from any goroutine, Collect from
// one.
type Queue struct {
	a      Access
	tell   func(trace.Data)
	tc, rc *nats.Conn // to JetStream, and to the workers
	js     jetstream.JetStream
	ups    chan *nats.Msg

	// Check says what is wrong with a result; nil accepts all. What it refuses
	// counts for nothing, and the task is given out again after its lease.
	Check func(task int, value json.RawMessage) error
	// Last, if it is there, sees the body of a task each time before it is given out,
	// and returns what is given. It must not block.
	Last func(task int, body json.RawMessage) json.RawMessage

	asks   chan *nats.Msg        // from those who would join
	guests map[trace.ID]*visitor // who was let in
	demo   string
	args   map[string]string

	tasks   map[int]*task
	workers map[trace.ID]*worker
	asking  bool
	ask     chan struct{}
	got     chan jetstream.Msg // nil: none came
	kept    chan int           // a result is stored
	have    int
	were    int
	only    atomic.Pointer[trace.ID]
}

// task is what the master knows of one.
type task struct {
	attempt int
	worker  trace.ID        // who has it, or had it last
	msg     jetstream.Msg   // to be acknowledged
	done    string          // the token that its result came with; "" before
	late    map[string]bool // tokens of results that counted for nothing
	stored  bool
	result  stored
}

// worker is what the master knows of one: what it said.
type worker struct {
	heard   time.Time
	idle    bool
	gave    string    // the token of the task that it was given last
	until   time.Time // when that lease ends
	task    int
	silent  bool
	refused int
	budget  float64 // messages that it may still send
	filled  time.Time
}

// opening is how long the broker may take to make the streams.
const opening = 30 * time.Second

// Open connects the master, makes the streams where there are none, and reads
// which results are there already: a master before this one may have got them.
func Open(ctx context.Context, w *demo.Worker) (*Queue, error) {
	a, err := AccessOf(w)
	if err != nil {
		return nil, err
	}
	q := &Queue{
		a: a, tell: func(d trace.Data) { w.Report(inRound(d)) }, ups: make(chan *nats.Msg, 8192), tasks: map[int]*task{}, workers: map[trace.ID]*worker{},
		asks: make(chan *nats.Msg, 64), guests: map[trace.ID]*visitor{},
		ask: make(chan struct{}, 1), got: make(chan jetstream.Msg, 1), kept: make(chan int, 256),
	}
	if q.tc, err = dial(a, teacher, q.tell); err != nil {
		return nil, err
	}
	if q.rc, err = dial(a, relay, nil); err != nil {
		return nil, err
	}
	if q.js, err = jetstream.New(q.tc); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, opening)
	defer cancel()
	if err := q.streams(ctx); err != nil {
		return nil, err
	}
	if err := q.recall(ctx); err != nil {
		return nil, err
	}
	if _, err := q.rc.ChanSubscribe(a.Space+".up.>", q.ups); err != nil {
		return nil, err
	}
	return q, q.rc.FlushTimeout(5 * time.Second)
}

// Close ends the connections.
func (q *Queue) Close() {
	q.rc.Close()
	q.tc.Close()
}

// insist repeats f until it works or ctx is done: the broker may be busy, or dead
// for the moment.
func insist(ctx context.Context, f func(ctx context.Context) error) error {
	for {
		at, stop := context.WithTimeout(ctx, 2*time.Second)
		err := f(at)
		stop()
		if err == nil || ctx.Err() != nil || errors.Is(err, nats.ErrConnectionClosed) || errors.Is(err, jetstream.ErrJetStreamNotEnabled) {
			return err
		}
		t := time.NewTimer(50 * time.Millisecond)
		select {
		case <-t.C:
		case <-ctx.Done():
		}
	}
}

// streams makes what holds the tasks and the results.
func (q *Queue) streams(ctx context.Context) error {
	make := func(c jetstream.StreamConfig) error {
		c.Storage, c.Duplicates = jetstream.FileStorage, 10*time.Minute
		return insist(ctx, func(ctx context.Context) error {
			s, err := q.js.CreateOrUpdateStream(ctx, c)
			if err == nil && c.Retention == jetstream.WorkQueuePolicy {
				q.were = int(s.CachedInfo().State.LastSeq)
			}
			return err
		})
	}
	if err := make(jetstream.StreamConfig{Name: q.stream("tasks"), Subjects: []string{q.a.Space + ".task.*"}, Retention: jetstream.WorkQueuePolicy}); err != nil {
		return noJetStream(q.a.URL, err)
	}
	if err := make(jetstream.StreamConfig{Name: q.stream("results"), Subjects: []string{q.a.Space + ".result.*"}}); err != nil {
		return noJetStream(q.a.URL, err)
	}
	return insist(ctx, func(ctx context.Context) error {
		_, err := q.js.CreateOrUpdateConsumer(ctx, q.stream("tasks"), jetstream.ConsumerConfig{
			Durable: "master", AckPolicy: jetstream.AckExplicitPolicy, AckWait: q.a.Lease, MaxDeliver: -1, MaxAckPending: 1024,
		})
		return err
	})
}

func (q *Queue) stream(what string) string { return streamOf(q.a.Space, what) }

// recall reads the results that are stored.
func (q *Queue) recall(ctx context.Context) error {
	return insist(ctx, func(ctx context.Context) error {
		s, err := q.js.Stream(ctx, q.stream("results"))
		if err != nil {
			return err
		}
		st := s.CachedInfo().State
		for seq := st.FirstSeq; seq <= st.LastSeq && st.Msgs > 0; seq++ {
			m, err := s.GetMsg(ctx, seq)
			if errors.Is(err, jetstream.ErrMsgNotFound) {
				continue
			}
			if err != nil {
				return err
			}
			var r stored
			if json.Unmarshal(m.Data, &r) == nil {
				t := q.task(r.Task)
				if !t.stored {
					q.have++
				}
				t.attempt, t.worker, t.stored, t.result = r.Attempt, trace.ID(r.Worker), true, r
				t.done = q.a.Secret.token(t.worker, r.Task, r.Attempt)
			}
		}
		return nil
	})
}

// PerRound is how many numbers of tasks a round has. A demo that does its tasks
// more than once adds PerRound to their numbers each time; the log has them
// without, so that a task has the same number in each round.
const PerRound = 1_000_000

// inRound is a fact with the number that a task has in its round.
func inRound(d trace.Data) trace.Data {
	switch t := d.(type) {
	case trace.Task:
		t.Task %= PerRound
		return t
	case trace.Item:
		if n, err := strconv.Atoi(t.Item); err == nil {
			t.Item = strconv.Itoa(n % PerRound)
		}
		return t
	}
	return d
}

// Only gives tasks to this worker alone from now on, "" to all. It may be called
// from any goroutine.
func (q *Queue) Only(who trace.ID) { q.only.Store(&who) }

// Were is how many tasks had been put when the queue was opened.
func (q *Queue) Were() int { return q.were }

func (q *Queue) task(n int) *task {
	t := q.tasks[n]
	if t == nil {
		t = &task{}
		q.tasks[n] = t
	}
	return t
}

// Put puts a task into the queue and returns when the broker has it in its files.
// One that a master before this one has put already is not put twice; where tasks
// are put in the order of their numbers, those below Were need not be put again.
func (q *Queue) Put(ctx context.Context, n int, body any) error {
	b, err := json.Marshal(body)
	if err != nil {
		return err
	}
	if len(b) > MaxPayload/2 {
		return fmt.Errorf("task %d has %d bytes; %d are the most", n, len(b), MaxPayload/2)
	}
	q.tell(trace.Task{Is: trace.KindTaskNew, Task: n})
	q.item(trace.KindPut, n)
	err = insist(ctx, func(ctx context.Context) error {
		_, err := q.js.Publish(ctx, q.a.Space+".task."+strconv.Itoa(n), b, jetstream.WithMsgID("task-"+strconv.Itoa(n)))
		return err
	})
	if err != nil {
		return fmt.Errorf("task %d was not put: %w", n, err)
	}
	return nil
}

func (q *Queue) item(is trace.Kind, n int) {
	q.tell(trace.Item{Is: is, Queue: "tasks", Item: strconv.Itoa(n), Depth: -1})
}

// End tells all workers that there are no more tasks, and leaves nothing on a
// server that is not of this stage.
func (q *Queue) End() error {
	if err := q.rc.Publish(q.a.ctl(), []byte(ended)); err != nil {
		return err
	}
	err := q.rc.FlushTimeout(5 * time.Second)
	for id := range q.guests {
		q.tell(trace.Leave{Node: id, Why: "the work was over"})
	}
	if q.a.Guest {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		err = errors.Join(err, q.js.DeleteStream(ctx, q.stream("tasks")), q.js.DeleteStream(ctx, q.stream("results")))
	}
	return err
}

// Collect hands out tasks and takes results until all of so many are stored, 0
// for ever. Results that were there when the queue was opened count, and are
// told first.
func (q *Queue) Collect(ctx context.Context, all int, each func(Result)) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	for _, t := range q.tasks {
		if t.stored {
			r := t.result.result()
			r.Old = true
			each(r)
		}
	}
	go q.pull(ctx)
	tick := time.NewTicker(beat / 2)
	defer tick.Stop()
	for all == 0 || q.have < all {
		select {
		case m := <-q.ups:
			q.hear(ctx, m)
		case m := <-q.asks:
			q.welcome(m)
		case m := <-q.got:
			q.asking = false
			if m != nil {
				q.give(ctx, m)
			}
		case n := <-q.kept:
			q.have++
			t := q.tasks[n]
			t.stored = true
			q.item(trace.KindAck, n)
			is := trace.KindTaskDone
			if t.result.Error != "" {
				is = trace.KindTaskFail
			}
			q.tell(trace.Task{Is: is, Task: n, Worker: t.worker, Attempt: t.result.Attempt, Took: t.result.Took, Note: t.result.Error})
			q.over(t.worker, t.done)
			each(t.result.result())
		case <-tick.C:
			q.look()
		case <-ctx.Done():
			return ctx.Err()
		}
		q.want()
	}
	return nil
}

func (s stored) result() Result {
	return Result{s.Task, s.Attempt, trace.ID(s.Worker), s.Result, s.Error, s.Took, false}
}

// want asks for a task, when somebody is free.
func (q *Queue) want() {
	if !q.asking && q.free() != "" {
		q.asking = true
		q.ask <- struct{}{}
	}
}

// free is who has been free and was heard of late, "" for nobody.
func (q *Queue) free() (id trace.ID) {
	var best *worker
	only := q.only.Load()
	for n, w := range q.workers {
		if only != nil && *only != "" && *only != n {
			continue
		}
		if w.idle && time.Since(w.heard) < silence && (best == nil || w.heard.After(best.heard)) {
			id, best = n, w
		}
	}
	return id
}

// pull takes a task from JetStream each time when it is asked to.
func (q *Queue) pull(ctx context.Context) {
	var c jetstream.Consumer
	for {
		select {
		case <-q.ask:
		case <-ctx.Done():
			return
		}
		var m jetstream.Msg
		var err error
		if c == nil {
			at, cancel := context.WithTimeout(ctx, 2*time.Second)
			c, err = q.js.Consumer(at, q.stream("tasks"), "master")
			cancel()
		}
		if err == nil {
			at, cancel := context.WithTimeout(ctx, time.Second)
			m, err = c.Next(jetstream.FetchContext(at))
			cancel()
		}
		if err != nil && !errors.Is(err, nats.ErrTimeout) && !errors.Is(err, context.DeadlineExceeded) && !errors.Is(err, jetstream.ErrNoMessages) {
			t := time.NewTimer(100 * time.Millisecond)
			select {
			case <-t.C:
			case <-ctx.Done():
				t.Stop()
				return
			}
		}
		if err != nil {
			m = nil
		}
		q.got <- m
	}
}

// give gives a task to somebody who is free.
func (q *Queue) give(ctx context.Context, m jetstream.Msg) {
	n, err := strconv.Atoi(m.Subject()[strings.LastIndexByte(m.Subject(), '.')+1:])
	if err != nil {
		m.Term()
		return
	}
	t := q.task(n)
	if t.stored { // its result came while nobody could acknowledge it
		go insist(ctx, func(ctx context.Context) error { return m.DoubleAck(ctx) })
		return
	}
	t.msg = m
	if t.done != "" {
		return // its result is being stored
	}
	to := q.free()
	if to == "" {
		m.Nak()
		return
	}
	w := q.workers[to]
	if meta, err := m.Metadata(); err == nil {
		t.attempt = max(t.attempt, int(meta.NumDelivered)-1)
	}
	if t.attempt > 0 {
		q.tell(trace.Task{Is: trace.KindTaskRetry, Task: n, Worker: t.worker, Attempt: t.attempt + 1})
		q.item(trace.KindPut, n) // it had gone back when the lease ended
	}
	t.attempt++
	t.worker = to
	token := q.a.Secret.token(to, n, t.attempt)
	body := json.RawMessage(m.Data())
	if q.Last != nil {
		body = q.Last(n, body)
	}
	b, _ := json.Marshal(down{Task: n, Attempt: t.attempt, Token: token, Lease: q.a.Lease, Body: body})
	q.item(trace.KindGet, n)
	q.tell(trace.Task{Is: trace.KindTaskRun, Task: n, Worker: to, Attempt: t.attempt})
	w.idle, w.gave, w.task, w.until = false, token, n, time.Now().Add(q.a.Lease)
	q.rc.Publish(q.a.down(to), b)
}

// hear takes what a worker says, who is whom its subject names: only that worker
// may publish there. Where it wants a reply to go is ignored.
func (q *Queue) hear(ctx context.Context, m *nats.Msg) {
	who, verb, ok := strings.Cut(strings.TrimPrefix(m.Subject, q.a.Space+".up."), ".")
	if !ok || !isWorker(who) {
		return
	}
	id := trace.ID(who)
	w := q.workers[id]
	now := time.Now()
	if w == nil {
		if len(q.workers) >= 256 {
			return
		}
		w = &worker{budget: flood, filled: now}
		q.workers[id] = w
		if verb != byes {
			q.came(id)
		}
	}
	w.budget = min(flood, w.budget+flood*now.Sub(w.filled).Seconds())
	w.filled = now
	if w.budget < 1 {
		return // the broker cuts it off
	}
	w.budget--
	if verb == byes {
		delete(q.workers, id)
		q.left(id)
		return
	}
	var u up
	if json.Unmarshal(m.Data, &u) != nil {
		q.refuse(id, "what it says is no message of this protocol")
		return
	}
	w.heard = now
	if w.silent {
		w.silent = false
		q.tell(trace.Belief{About: id})
		q.tell(trace.Say{Text: fmt.Sprintf("hears %s again", id), Stream: "log"})
	}
	switch verb {
	case wants, beats:
		if u.Idle && (u.Seen == w.gave || w.gave == "") {
			w.idle = true
		} else if !u.Idle {
			w.idle = false
		}
	case dones:
		q.done(ctx, id, u)
	}
}

// over tells a worker that its result need not be said again.
func (q *Queue) over(id trace.ID, token string) {
	b, _ := json.Marshal(down{Over: token})
	q.rc.Publish(q.a.down(id), b)
}

// refuse tells of what a worker said that counts for nothing, ten times at most.
func (q *Queue) refuse(id trace.ID, why string) {
	w := q.workers[id]
	if w.refused++; w.refused > 10 {
		return
	}
	q.tell(trace.Say{Text: fmt.Sprintf("refused from %s: %s", id, why), Stream: "log"})
}

// done takes a result, where the token shows that its sender was given the task.
func (q *Queue) done(ctx context.Context, id trace.ID, u up) {
	switch {
	case u.Task < 0 || !q.a.Secret.holds(u.Token, id, u.Task, u.Attempt):
		q.refuse(id, fmt.Sprintf("a result for task %d, which it was not given", u.Task))
		return
	case u.Error == "" && q.Check != nil:
		if err := q.Check(u.Task, u.Result); err != nil {
			q.refuse(id, fmt.Sprintf("a wrong result for task %d: %v", u.Task, err))
			q.over(id, u.Token)
			return
		}
	}
	t := q.task(u.Task)
	if t.done != "" {
		if t.done != u.Token && !t.late[u.Token] {
			if t.late == nil {
				t.late = map[string]bool{}
			}
			t.late[u.Token] = true
			q.tell(trace.Task{Is: trace.KindTaskDup, Task: u.Task, Worker: id, Attempt: u.Attempt, Took: u.Took})
		}
		if t.stored {
			q.over(id, u.Token)
		}
		return
	}
	t.done, t.worker = u.Token, id
	t.attempt = max(t.attempt, u.Attempt)
	t.result = stored{u.Task, u.Attempt, string(id), u.Result, u.Error, u.Took}
	b, _ := json.Marshal(t.result)
	msg := t.msg
	go func() {
		err := insist(ctx, func(ctx context.Context) error {
			_, err := q.js.Publish(ctx, q.a.Space+".result."+strconv.Itoa(u.Task), b, jetstream.WithMsgID("result-"+strconv.Itoa(u.Task)))
			return err
		})
		if err != nil {
			return
		}
		if msg != nil { // else it comes again, and is acknowledged then
			msg.Ack()
		}
		select {
		case q.kept <- u.Task:
		case <-ctx.Done():
		}
	}()
}

// look notices silence and leases that have ended.
func (q *Queue) look() {
	now := time.Now()
	for id, w := range q.workers {
		if !w.idle && w.gave != "" && now.After(w.until) {
			w.gave = "" // it may have the task, or be free, as it says
		}
		if quiet := now.Sub(w.heard); quiet > silence {
			if !w.silent {
				w.silent = true
				q.tell(trace.Belief{About: id, Is: fmt.Sprintf("silent for %.1f s", quiet.Seconds())})
				q.tell(trace.Say{Text: fmt.Sprintf("has heard nothing of %s for %.1f s: it gets no more tasks for now", id, quiet.Seconds()), Stream: "log"})
			}
			w.idle = false
		}
	}
}
