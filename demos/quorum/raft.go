package quorum

import (
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/raft"

	"edu/procession/demos/trace"
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

// Snapshot and Restore are not used: a run is short, and a node that comes back
// applies its log again.
func (e *entries) Snapshot() (raft.FSMSnapshot, error) { return nil, errors.New("no snapshots") }
func (e *entries) Restore(r io.ReadCloser) error       { return r.Close() }

// doors is Raft's stream layer: it listens at the node's own address, and dials
// the others, whom Raft knows by name, through their doors.
type doors struct {
	net.Listener
	own trace.ID
	to  map[trace.ID]string
}

type name string

func (name) Network() string  { return "tcp" }
func (n name) String() string { return string(n) }

func (d *doors) Addr() net.Addr { return name(d.own) }
func (d *doors) Dial(to raft.ServerAddress, timeout time.Duration) (net.Conn, error) {
	return net.DialTimeout("tcp", d.to[trace.ID(to)], timeout)
}

// rafter is hashicorp/raft.
type rafter struct {
	*entries
	r    *raft.Raft
	disk disk
}

// newRaft starts Raft with what the file has, which is made where it is missing.
func newRaft(own trace.ID, l net.Listener, others map[trace.ID]string, election time.Duration, file string) (*rafter, error) {
	servers := []raft.Server{{ID: raft.ServerID(own), Address: raft.ServerAddress(own)}}
	for who := range others {
		servers = append(servers, raft.Server{ID: raft.ServerID(who), Address: raft.ServerAddress(who)})
	}
	c := raft.DefaultConfig()
	c.LocalID = raft.ServerID(own)
	c.HeartbeatTimeout, c.ElectionTimeout, c.LeaderLeaseTimeout = election, election, election/2
	c.CommitTimeout = election / 20
	c.Logger = hclog.NewNullLogger()
	store, err := openDisk(file)
	if err != nil {
		return nil, fmt.Errorf("%s cannot open its log: %w", own, err)
	}
	fsm, snaps := &entries{}, raft.NewDiscardSnapshotStore()
	transport := raft.NewNetworkTransportWithConfig(&raft.NetworkTransportConfig{Stream: &doors{l, own, others}, MaxPool: 2, Timeout: 5 * election, Logger: c.Logger})
	if old, err := raft.HasExistingState(store, store, snaps); err != nil {
		return nil, fmt.Errorf("%s cannot read its log: %w", own, err)
	} else if !old {
		if err := raft.BootstrapCluster(c, store, store, snaps, transport, raft.Configuration{Servers: servers}); err != nil {
			return nil, err
		}
	}
	r, err := raft.NewRaft(c, fsm, store, store, snaps, transport)
	if err != nil {
		return nil, err
	}
	return &rafter{fsm, r, store}, nil
}

func (x *rafter) write(what string, patience time.Duration) (came, why string) {
	future := x.r.Apply([]byte(what), patience)
	done := make(chan error, 1)
	go func() { done <- future.Error() }()
	select {
	case err := <-done:
		switch {
		case err == nil:
			return acknowledged, ""
		case errors.Is(err, raft.ErrNotLeader):
			return refused, "it does not lead"
		}
		return unknown, err.Error()
	case <-time.After(patience):
		return unknown, fmt.Sprintf("no majority within %v", patience)
	}
}

func (x *rafter) part() (trace.Role, trace.ID) {
	_, leads := x.r.LeaderWithID()
	return trace.Role{Role: strings.ToLower(x.r.State().String()), Term: x.r.CurrentTerm(),
		Note: fmt.Sprintf("%d entries, %d committed", x.r.LastIndex(), x.r.CommitIndex())}, trace.ID(leads)
}

func (x *rafter) close() error { return errors.Join(x.r.Shutdown().Error(), x.disk.db.Close()) }
