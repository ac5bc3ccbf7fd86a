package quorum

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/raft"

	"edu/procession/demos/cluster"
	"edu/procession/demos/demo"
	"edu/procession/demos/internal/wire"
	"edu/procession/demos/trace"
)

// fact is what a node tells the play.
type fact struct {
	Node  trace.ID `json:"node"`
	Role  string   `json:"role,omitempty"` // it has another part now
	Term  uint64   `json:"term,omitempty"`
	At    int64    `json:"at,omitempty"`    // when, on the clock of the run
	Write string   `json:"write,omitempty"` // what became of this write
	Came  string   `json:"came,omitempty"`  // acknowledged, refused or unknown
	Why   string   `json:"why,omitempty"`
	Has   []string `json:"has,omitempty"` // what it has applied, when it was asked
	List  bool     `json:"list,omitempty"`
}

// How a write comes out.
const (
	acknowledged = "acknowledged"
	refused      = "refused"
	unknown      = "unknown"
)

// entries is the state machine: the writes that were applied, in order.
type entries struct {
	mu  sync.Mutex
	has []string
}

func (e *entries) Apply(l *raft.Log) any {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.has = append(e.has, string(l.Data))
	return nil
}

func (e *entries) list() []string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return append([]string{}, e.has...)
}

// Snapshot and Restore are not used: a run is short.
func (e *entries) Snapshot() (raft.FSMSnapshot, error) { return nil, errors.New("no snapshots") }
func (e *entries) Restore(r io.ReadCloser) error       { return r.Close() }

// doors is Raft's stream layer: it listens at the node's own address, and dials
// the others, whom Raft knows by name, through their doors.
type doors struct {
	net.Listener
	own trace.ID
	to  map[string]string // by name
}

type name string

func (name) Network() string  { return "tcp" }
func (n name) String() string { return string(n) }

func (d *doors) Addr() net.Addr { return name(d.own) }
func (d *doors) Dial(to raft.ServerAddress, timeout time.Duration) (net.Conn, error) {
	return net.DialTimeout("tcp", d.to[string(to)], timeout)
}

// node is the role of the five.
func node(_ context.Context, w *demo.Worker) error {
	facts := w.File(0)
	l, err := net.Listen("tcp", w.Arg("host")+":0")
	if err != nil {
		return err
	}
	cluster.Announce(w, l.Addr().String(), "raft")
	w.Block("the others' addresses")
	line, err := w.Recv()
	if err != nil {
		return nil
	}
	d := &doors{Listener: l, own: w.Name(), to: map[string]string{}}
	servers := []raft.Server{{ID: raft.ServerID(w.Name()), Address: raft.ServerAddress(w.Name())}}
	for pair := range strings.FieldsSeq(line) {
		who, at, _ := strings.Cut(pair, "=")
		d.to[who] = at
		servers = append(servers, raft.Server{ID: raft.ServerID(who), Address: raft.ServerAddress(who)})
	}
	election := w.DurationArg("election")
	c := raft.DefaultConfig()
	c.LocalID = raft.ServerID(w.Name())
	c.HeartbeatTimeout, c.ElectionTimeout, c.LeaderLeaseTimeout = election, election, election/2
	c.CommitTimeout = election / 20
	c.Logger = hclog.NewNullLogger()
	store, fsm := raft.NewInmemStore(), &entries{}
	transport := raft.NewNetworkTransportWithConfig(&raft.NetworkTransportConfig{Stream: d, MaxPool: 2, Timeout: 5 * election, Logger: c.Logger})
	if err := raft.BootstrapCluster(c, store, store, raft.NewDiscardSnapshotStore(), transport, raft.Configuration{Servers: servers}); err != nil {
		return err
	}
	r, err := raft.NewRaft(c, fsm, store, store, raft.NewDiscardSnapshotStore(), transport)
	if err != nil {
		return err
	}
	stop := make(chan struct{})
	watched := make(chan struct{})
	go func() {
		defer close(watched)
		watch(w, r, facts, stop)
	}()
	w.Block("orders and its peers")
	for {
		line, err := w.Recv()
		if err != nil {
			break
		}
		order, arg, _ := strings.Cut(line, " ")
		switch order {
		case "write":
			go func() { wire.Tell(facts, write(w.Name(), r, arg, w.DurationArg("patience"))) }()
		case "list":
			wire.Tell(facts, fact{Node: w.Name(), List: true, Has: fsm.list()})
		}
	}
	close(stop)
	<-watched
	return r.Shutdown().Error()
}

// write hands a write to Raft and tells what came of it.
func write(own trace.ID, r *raft.Raft, what string, patience time.Duration) fact {
	f := fact{Node: own, Write: what, Came: unknown}
	future := r.Apply([]byte(what), patience)
	done := make(chan error, 1)
	go func() { done <- future.Error() }()
	select {
	case err := <-done:
		switch {
		case err == nil:
			f.Came = acknowledged
		case errors.Is(err, raft.ErrNotLeader):
			f.Came, f.Why = refused, "it does not lead"
		default:
			f.Why = err.Error()
		}
	case <-time.After(patience):
		f.Why = fmt.Sprintf("no majority within %v", patience)
	}
	return f
}

// watch reports the node's part as Raft tells it, when it has changed, and whom it
// takes for the leader.
func watch(w *demo.Worker, r *raft.Raft, facts *os.File, stop <-chan struct{}) {
	var last trace.Role
	leader := raft.ServerID("?")
	t := time.NewTicker(10 * time.Millisecond)
	defer t.Stop()
	for {
		now := trace.Role{Role: strings.ToLower(r.State().String()), Term: r.CurrentTerm(),
			Note: fmt.Sprintf("%d entries, %d committed", r.LastIndex(), r.CommitIndex())}
		if now != last {
			w.Report(now)
			if now.Role != last.Role || now.Term != last.Term {
				wire.Tell(facts, fact{Node: w.Name(), Role: now.Role, Term: now.Term, At: int64(w.Now())})
			}
			last = now
		}
		if _, id := r.LeaderWithID(); id != leader {
			leader = id
			is := "nobody that it knows of"
			if id != "" {
				is = string(id)
			}
			w.Report(trace.Belief{About: "leader", Is: is})
		}
		select {
		case <-stop:
			return
		case <-t.C:
		}
	}
}
