package clocks

import (
	"context"
	"fmt"
	"net"
	"strings"
	"sync"
	"time"

	"edu/procession/demos/cluster"
	"edu/procession/demos/demo"
	"edu/procession/demos/internal/wire"
	"edu/procession/demos/trace"
)

// x is what is written to.
const x trace.ID = "x"

// fact is what a node tells the play.
type fact struct {
	Is    string   `json:"is"`
	By    trace.ID `json:"by"`
	Value int      `json:"value,omitempty"`

	Kept       bool          `json:"kept,omitempty"` // stored
	Later      bool          `json:"later,omitempty"`
	Concurrent bool          `json:"concurrent,omitempty"`
	Over       trace.ID      `json:"over,omitempty"`    // whose write was there
	OneWay     time.Duration `json:"one_way,omitempty"` // arrived: by the two clocks
}

// What a fact is.
const (
	arrived = "arrived" // a message
	stored  = "stored"  // or set aside
	goesBy  = "goes by" // other stamps, from now on
	didRead = "read"
	wrote   = "wrote"
)

// patience is how long a writer waits for the store.
const patience = 30 * time.Second

// write is the role of a and b. Its orders are "read", "write", "turn", which is
// both, and "offset 250ms".
func write(_ context.Context, w *demo.Worker) error {
	c := &clock{w: w}
	c.tell()
	value := 0
	call := func(m msg) (msg, error) {
		reply, err := wire.Call(w.Arg("store"), c.send(m, store), patience)
		if err == nil {
			now := c.recv(reply)
			wire.Tell(w.File(0), fact{Is: arrived, By: reply.From, OneWay: now.Sub(reply.Wall)})
		}
		return reply, err
	}
	for {
		w.Block("its turn")
		order, err := w.Recv()
		if err != nil {
			return nil
		}
		w.Block("the store")
		what, arg, _ := strings.Cut(order, " ")
		if what == "offset" {
			d, _ := time.ParseDuration(arg)
			c.set(d)
			continue
		}
		if what == "read" || what == "turn" {
			got, err := call(msg{Op: readX})
			if err != nil {
				return fmt.Errorf("the store does not answer: %w", err)
			}
			value = got.Value
			w.Report(trace.Belief{About: x, Is: fmt.Sprintf("%d: I read it", value)})
			wire.Tell(w.File(0), fact{Is: didRead, By: w.Name(), Value: value})
		}
		if what == "write" || what == "turn" {
			value++
			if _, err := call(msg{Op: writeX, Value: value}); err != nil {
				return fmt.Errorf("the store does not answer: %w", err)
			}
			w.Report(trace.Belief{About: x, Is: fmt.Sprintf("%d: I wrote it, and the store said so", value)})
			wire.Tell(w.File(0), fact{Is: wrote, By: w.Name(), Value: value})
		}
	}
}

// shelf is the store from the inside.
type shelf struct {
	w *demo.Worker
	c *clock

	mu     sync.Mutex
	stamps string
	kept   msg // the write that it keeps
}

// keep is the role of the store. Its orders are "offset 250ms" and "stamps wall".
func keep(_ context.Context, w *demo.Worker) error {
	s := &shelf{w: w, c: &clock{w: w}, stamps: w.Arg("stamps")}
	s.c.tell()
	s.c.event(trace.Cell{Is: trace.KindWrite, Cell: x, Value: "0"})
	l, err := net.Listen("tcp", w.Arg("host")+":0")
	if err != nil {
		return err
	}
	go wire.Serve(l, s.answer)
	cluster.Announce(w, l.Addr().String(), string(store))
	for {
		order, err := w.Recv()
		if err != nil {
			return nil
		}
		switch what, arg, _ := strings.Cut(order, " "); what {
		case "offset":
			d, _ := time.ParseDuration(arg)
			s.c.set(d)
		case "stamps":
			s.mu.Lock()
			s.stamps = arg
			s.mu.Unlock()
			wire.Tell(w.File(0), fact{Is: goesBy, By: store})
		}
	}
}

func (s *shelf) answer(m msg) (msg, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.c.recv(m)
	wire.Tell(s.w.File(0), fact{Is: arrived, By: m.From, OneWay: now.Sub(m.Wall)})
	if m.Op == readX {
		return s.c.send(msg{Op: isX, Value: s.kept.Value}, m.From), true
	}
	f := fact{Is: stored, By: m.From, Value: m.Value, Over: s.kept.From, Kept: s.wins(m),
		Later: s.kept.Vector.before(m.Vector), Concurrent: !s.kept.Vector.before(m.Vector) && !m.Vector.before(s.kept.Vector)}
	if f.Kept {
		s.kept = m
		s.c.event(trace.Cell{Is: trace.KindWrite, Cell: x, Value: fmt.Sprintf("%d, by %s at %s, L%d", m.Value, m.From, clockText(m.Wall), m.Count)})
	}
	wire.Tell(s.w.File(0), f)
	return s.c.send(msg{Op: done}, m.From), true // also for what was set aside: that is what last write wins means
}

// wins says that a write has a later stamp than the one that is kept. Of two equal
// ones the writer's name decides, so that all stores would choose the same.
func (s *shelf) wins(m msg) bool {
	k := s.kept
	if s.stamps == byLamport {
		return m.Count > k.Count || m.Count == k.Count && m.From > k.From
	}
	return m.Wall.After(k.Wall) || m.Wall.Equal(k.Wall) && m.From > k.From
}
