package broker

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/nats-io/nats.go"

	"edu/procession/demos/trace"
)

// Task is a piece of work as a worker gets it.
type Task struct {
	Task    int
	Attempt int
	Lease   time.Duration
	Body    json.RawMessage
}

// ErrCutOff is that the broker lets a worker in no more.
var ErrCutOff = errors.New("the broker has cut this worker off")

// Work does tasks, one at a time, until the master says that there are no more, or
// ctx is done between two tasks. It returns nil then, and ErrCutOff when the broker refuses this worker. While
// there is no broker it waits for one. Facts about the worker go to tell, from
// several goroutines; do is called from the one that called Work.
func Work(ctx context.Context, name trace.ID, a Access, tell func(trace.Data), do func(context.Context, Task) (any, error)) error {
	gone := make(chan struct{})
	nc, err := dial(a, string(name), tell, nats.ClosedHandler(func(*nats.Conn) { close(gone) }))
	if err != nil {
		return err
	}
	defer nc.Close()
	tasks, words := make(chan *nats.Msg, 64), make(chan *nats.Msg, 16)
	if _, err := nc.ChanSubscribe(a.down(name), tasks); err != nil {
		return err
	}
	if _, err := nc.ChanSubscribe(a.ctl(), words); err != nil {
		return err
	}
	m := &member{name: name, a: a, nc: nc, tell: tell, tasks: tasks, words: words, gone: gone, now: up{Task: -1, Idle: true}}
	stop := make(chan struct{})
	defer close(stop)
	go m.beat(stop)
	tell(trace.Block{On: "a task"})
	m.say(wants, m.state(nil))
	for {
		d, err := m.next(ctx, nil)
		switch {
		case err == nil && d.Over == "":
			err = m.run(ctx, d, do)
		case err == nil:
			continue // it was said twice
		}
		if err == errOver || err != nil && d.Token == "" && ctx.Err() != nil {
			m.say(byes, up{Task: -1})
			return nc.FlushTimeout(time.Second)
		}
		if err != nil && ctx.Err() != nil { // it was told to stop
			m.say(byes, up{Task: -1})
			nc.FlushTimeout(time.Second)
		}
		if err != nil {
			return err
		}
	}
}

var (
	errOver  = errors.New("the work is over")
	errNever = errors.New("nothing came")
)

// next waits for what the master says to this worker.
func (m *member) next(ctx context.Context, late <-chan time.Time) (d down, err error) {
	for {
		select {
		case msg := <-m.tasks:
			if json.Unmarshal(msg.Data, &d) == nil {
				return d, nil
			}
		case msg := <-m.words:
			if string(msg.Data) == ended {
				return d, errOver
			}
		case <-late:
			return d, errNever
		case <-m.gone:
			return d, ErrCutOff
		case <-ctx.Done():
			return d, ctx.Err()
		}
	}
}

// member is a worker from the inside.
type member struct {
	name trace.ID
	a    Access
	nc   *nats.Conn
	tell func(trace.Data)

	tasks, words chan *nats.Msg
	gone         chan struct{} // the connection is closed for good

	mu  sync.Mutex
	now up // what its next sign of life says
}

func (m *member) state(change func(*up)) up {
	m.mu.Lock()
	defer m.mu.Unlock()
	if change != nil {
		change(&m.now)
	}
	return m.now
}

func (m *member) say(verb string, u up) {
	b, err := json.Marshal(u)
	if err == nil {
		err = m.nc.Publish(m.a.up(m.name, verb), b)
	}
	if err != nil && !errors.Is(err, nats.ErrConnectionClosed) {
		m.tell(trace.Say{Text: fmt.Sprintf("%s was not sent: %v", verb, err), Stream: "log"})
	}
}

// run does one task, says how it came out until the master has stored that, and
// then that it wants the next.
func (m *member) run(ctx context.Context, d down, do func(context.Context, Task) (any, error)) error {
	m.state(func(u *up) { *u = up{Task: d.Task, Attempt: d.Attempt, Seen: d.Token} })
	m.tell(trace.Block{})
	began := time.Now()
	v, err := do(ctx, Task{Task: d.Task, Attempt: d.Attempt, Lease: d.Lease, Body: d.Body})
	u := up{Task: d.Task, Attempt: d.Attempt, Token: d.Token, Took: time.Since(began)}
	if err == nil {
		u.Result, err = json.Marshal(v)
	}
	if err != nil {
		u.Error = err.Error()
	}
	m.tell(trace.Block{On: "the master's word that the result is stored"})
	for over := false; !over; {
		m.say(dones, u)
		late := time.NewTimer(repeat)
		for !over {
			word, err := m.next(ctx, late.C)
			if err == errNever {
				break
			}
			if err != nil {
				return err
			}
			over = word.Over == d.Token
		}
		late.Stop()
	}
	m.tell(trace.Block{On: "a task"})
	m.say(wants, m.state(func(u *up) { *u = up{Task: -1, Idle: true, Seen: d.Token} }))
	return nil
}

// beat gives signs of life, and measures the way to the broker and back.
func (m *member) beat(stop chan struct{}) {
	every := time.NewTicker(beat)
	defer every.Stop()
	for n := 0; ; n++ {
		select {
		case <-stop:
			return
		case <-every.C:
		}
		if !m.nc.IsConnected() {
			continue // what is buffered would be old when it arrives
		}
		m.say(beats, m.state(nil))
		if n%5 == 0 {
			if rtt, err := m.nc.RTT(); err == nil {
				m.tell(trace.RTT{A: m.name, B: Name, Took: rtt})
			}
		}
	}
}
