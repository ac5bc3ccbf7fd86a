package clocks

import (
	"fmt"
	"slices"
	"sync"
	"time"

	"edu/procession/demos/demo"
	"edu/procession/demos/trace"
)

// vector is a vector clock: entry i counts the events of names[i] that its holder
// can know of.
type vector [len(names)]uint64

// before says that an event with clock v can have caused one with clock o.
func (v vector) before(o vector) bool {
	for i := range v {
		if v[i] > o[i] {
			return false
		}
	}
	return v != o
}

// msg is a request or a reply, with its sender's clocks.
type msg struct {
	Op    string   `json:"op"`
	From  trace.ID `json:"from"`
	Value int      `json:"value,omitempty"`
	N     int      `json:"n"` // of the sender's messages

	Wall   time.Time `json:"wall"`   // by its clock, when it left
	Count  uint64    `json:"count"`  // its Lamport clock
	Vector vector    `json:"vector"` // its vector clock

	Mono int64 `json:"mono"` // of this machine, for the screen: no node acts on it
}

// What a message is.
const (
	readX  = "read x"
	writeX = "write x"
	isX    = "x is"
	done   = "done"
)

// String is the message for the log.
func (m msg) String() string {
	text := m.Op
	if m.Op == writeX || m.Op == isX {
		text = fmt.Sprintf("%s %d", m.Op, m.Value)
	}
	return fmt.Sprintf("%s, %s, L%d", text, clockText(m.Wall), m.Count)
}

func clockText(t time.Time) string { return t.UTC().Format("15:04:05.000") }

// clock is a node's clocks. Its methods report what they count, and before the
// message leaves that carries it: no clock in the log refers to what is not there.
type clock struct {
	w  *demo.Worker
	mu sync.Mutex

	offset time.Duration // injected
	count  uint64
	vec    vector
	n      int
}

// now is the node's own idea of the time.
func (c *clock) now() time.Time { return time.Now().Add(c.offset).Round(0) }

func (c *clock) set(offset time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.offset = offset
	c.tell()
}

// tell says what time the node believes that it is.
func (c *clock) tell() {
	c.w.Report(trace.Belief{About: "time", Is: clockText(c.now())})
}

// note reports an event of the node's own.
func (c *clock) note(d trace.Data) {
	c.vec[slices.Index(names[:], c.w.Name())]++
	c.w.ReportClock(c.vec[:], d)
}

// event counts and reports something that happens at the node.
func (c *clock) event(d trace.Data) vector {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.count++
	c.note(d)
	return c.vec
}

// send stamps a message that is about to leave.
func (c *clock) send(m msg, to trace.ID) msg {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.count++
	c.n++
	m.From, m.N, m.Wall, m.Count = c.w.Name(), c.n, c.now(), c.count
	c.note(trace.Msg{Is: trace.KindSend, Msg: m.name(to), From: m.From, To: to, Text: m.String()})
	m.Vector, m.Mono = c.vec, demo.Mono()
	c.tell()
	return m
}

// recv takes the clocks of a message that has arrived, and returns what this
// node's clock says.
func (c *clock) recv(m msg) time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.count = max(c.count, m.Count) + 1
	for i := range c.vec {
		c.vec[i] = max(c.vec[i], m.Vector[i])
	}
	now := c.now()
	c.note(trace.Msg{Is: trace.KindRecv, Msg: m.name(c.w.Name()), From: m.From, To: c.w.Name(), Took: time.Duration(demo.Mono() - m.Mono),
		Text: fmt.Sprintf("%s → %s, L%d", m, clockText(now), c.count)})
	return now
}

func (m msg) name(to trace.ID) string { return fmt.Sprintf("%s>%s %d", m.From, to, m.N) }
