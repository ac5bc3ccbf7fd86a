package gossip

import (
	"context"
	"fmt"
	"log"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/hashicorp/memberlist"

	"edu/procession/demos/cluster"
	"edu/procession/demos/demo"
	"edu/procession/demos/internal/wire"
	"edu/procession/demos/trace"
)

// fact is what a node tells the play, or the play's own goroutines tell it.
type fact struct {
	Node  trace.ID      `json:"node"`
	What  string        `json:"what"`
	At    time.Duration `json:"at"`              // in the run
	About trace.ID      `json:"about,omitempty"` // believes
	Is    string        `json:"is,omitempty"`    // believes; "" is: nothing any more
	Sent  int64         `json:"sent,omitempty"`  // counts, since the node began
	Asked int64         `json:"asked,omitempty"`
}

// What a fact is.
const (
	believes   = "believes"
	counts     = "counts"
	refutes    = "refutes"
	leaves     = "leaves"
	joins      = "joins"       // it sets out to
	cannotJoin = "cannot join" // nobody answered it
	ended      = "ended"       // its process, by the kernel's word
)

// What a node may believe of another.
const (
	alive   = "alive"
	suspect = "suspect"
	failed  = "failed"
	left    = "left"
)

// stateName is memberlist's state in this demo's word.
func stateName(s memberlist.NodeStateType) string {
	switch s {
	case memberlist.StateAlive:
		return alive
	case memberlist.StateSuspect:
		return suspect
	case memberlist.StateDead:
		return failed
	case memberlist.StateLeft:
		return left
	}
	return "state " + strconv.Itoa(int(s))
}

// member is a node from the inside.
type member struct {
	w    *demo.Worker
	t    *transport
	list *memberlist.Memberlist
}

func (m *member) tell(f fact) {
	f.Node, f.At = m.w.Name(), m.w.Now()
	wire.Tell(m.w.File(0), f)
}

// node is the role of all. Its orders are "know address packets streams", "join
// address" and "leave".
func node(_ context.Context, w *demo.Worker) error {
	m := &member{w: w}
	logger := log.New(m, "", 0)
	t, port, err := listen(w.Arg("host"), logger)
	if err != nil {
		return err
	}
	m.t = t
	m.list, err = memberlist.Create(m.config(logger, port))
	if err != nil {
		return err
	}
	cluster.Announce(w, net.JoinHostPort(w.Arg("host"), strconv.Itoa(port)), "gossip")
	go m.watch()
	go m.count()
	for {
		line, err := w.Recv()
		if err != nil {
			return nil
		}
		switch order := strings.Fields(line); order[0] {
		case "know":
			t.know(order[1], door{order[2], order[3]})
		case "join":
			m.tell(fact{What: joins})
			go m.join(order[1])
		case "leave":
			m.tell(fact{What: leaves})
			return m.list.Leave(w.DurationArg("probe") * 20)
		}
	}
}

// join joins through a member. memberlist tries once; a program tries again.
func (m *member) join(addr string) {
	for try := 1; ; try++ {
		_, err := m.list.Join([]string{addr})
		if err == nil {
			return
		}
		if try == 5 {
			m.tell(fact{What: cannotJoin})
			return
		}
		time.Sleep(2 * m.w.DurationArg("probe"))
	}
}

// config is memberlist's for a local network with all times in the proportion of
// this run's probe time to its own.
func (m *member) config(l *log.Logger, port int) *memberlist.Config {
	c := memberlist.DefaultLANConfig()
	part := float64(m.w.DurationArg("probe")) / float64(c.ProbeInterval)
	for _, d := range []*time.Duration{&c.ProbeInterval, &c.ProbeTimeout, &c.GossipInterval, &c.PushPullInterval, &c.GossipToTheDeadTime, &c.TCPTimeout} {
		*d = time.Duration(float64(*d) * part)
	}
	c.SuspicionMult = m.w.IntArg("suspicion")
	c.Name, c.Transport, c.Logger = string(m.w.Name()), m.t, l
	c.BindAddr, c.BindPort, c.AdvertisePort = m.w.Arg("host"), port, port
	c.EnableCompression = false // so that the log can tell what a packet carries
	return c
}

// Write takes memberlist's log. What tells a reader something is kept.
func (m *member) Write(b []byte) (int, error) {
	line := strings.TrimSpace(string(b))
	for _, of := range []string{"Suspect ", "Marking ", "Refuting "} {
		if i := strings.Index(line, "memberlist: "+of); i >= 0 {
			m.w.Logf("%s", line[i:])
			if of == "Refuting " {
				m.tell(fact{What: refutes})
			}
		}
	}
	return len(b), nil
}

// look is how often a node's table is read.
const look = 20 * time.Millisecond

// watch reports what the node takes to be so of each other, when that has changed,
// and its own incarnation.
func (m *member) watch() {
	type view struct {
		is   string
		seen int
	}
	views := map[string]view{}
	own := uint32(0)
	for round := 1; ; round++ {
		rows, err := m.t.table()
		if err != nil {
			time.Sleep(look)
			continue
		}
		for _, r := range rows {
			if r.Name == string(m.w.Name()) {
				if r.Incarnation != own {
					own = r.Incarnation
					m.w.Report(trace.Role{Role: "member", Note: fmt.Sprintf("incarnation %d", own)})
				}
				continue
			}
			if is := stateName(r.State); is != views[r.Name].is {
				m.believe(r.Name, is)
			}
			views[r.Name] = view{stateName(r.State), round}
		}
		for name, v := range views {
			if v.seen != round {
				m.believe(name, "")
				delete(views, name)
			}
		}
		time.Sleep(look)
	}
}

func (m *member) believe(about, is string) {
	m.w.Report(trace.Belief{About: trace.ID(about), Is: is})
	m.tell(fact{What: believes, About: trace.ID(about), Is: is})
}

// count tells what the node has sent, each second at real pace.
func (m *member) count() {
	for {
		time.Sleep(2 * m.w.DurationArg("probe"))
		m.tell(fact{What: counts, Sent: m.t.sent.Load(), Asked: m.t.asked.Load()})
	}
}
