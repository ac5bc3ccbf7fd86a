package brokers

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	nats "github.com/nats-io/nats-server/v2/server"

	"edu/procession/demos/cluster"
	"edu/procession/demos/demo"
	"edu/procession/demos/internal/wire"
	"edu/procession/demos/trace"
)

// The one account and the one stream.
const (
	account = "$G"
	stream  = "tasks"
	lending = "workers" // the consumer: who has which task
	subject = "work.task."
)

// fact is what a process tells the play.
type fact struct {
	Who  trace.ID `json:"who"`
	What string   `json:"what"`
	Task int      `json:"task"`
	Role string   `json:"role,omitempty"` // leads: what the server is
	Term uint64   `json:"term,omitempty"`
	Dup  bool     `json:"dup,omitempty"` // acked: the stream had its id already
	At   int64    `json:"at"`            // when, on the clock of the run

	exit *trace.Exit // the kernel's word; What is ended then
}

// What a fact is.
const (
	is    = "is"    // a server's part in the stream has changed
	lends = "lends" // a server gives out the tasks from now on
	sent  = "sent"  // the producer has sent a task for the first time
	again = "again" // and once more
	acked = "acked" // the stream has it
	took  = "took"  // a worker has it
	did   = "did"   // and its result
	ended = "ended" // a process has
)

// server is the role of a NATS server. It runs until it is told to stop, or killed.
func server(ctx context.Context, w *demo.Worker) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		w.Recv()
		cancel()
	}()
	o := &nats.Options{
		ServerName: w.Arg("node"), Host: w.Arg("host"), Port: nats.RANDOM_PORT,
		Username: "node", Password: w.Arg("secret"),
		JetStream: true, StoreDir: w.Arg("dir"), JetStreamMaxMemory: 64 << 20, JetStreamMaxStore: 256 << 20,
		NoSigs: true, NoLog: true, DisableJetStreamBanner: true,
		MaxPayload: 64 << 10, WriteDeadline: 2 * time.Second, PingInterval: time.Second, MaxPingsOut: 3,
	}
	if others := w.Arg("others"); others != "" {
		o.Routes = nats.RoutesFromStr(others)
		o.Cluster = nats.ClusterOpts{Name: "brokers", Host: o.Host, Port: nats.RANDOM_PORT, Username: o.Username, Password: o.Password,
			PoolSize: -1, NoAdvertise: true}
	}
	s, err := nats.NewServer(o)
	if err != nil {
		return fmt.Errorf("the server cannot be: %w", err)
	}
	go s.Start()
	if !s.ReadyForConnections(20 * time.Second) {
		return errors.New("the server takes no connections")
	}
	defer s.Shutdown()
	if at := s.ClusterAddr(); at != nil {
		cluster.Announce(w, at.String(), "servers")
	}
	cluster.Announce(w, s.Addr().String(), "nats")
	return watch(ctx, w, s, o.Cluster.Name != "")
}

// watch tells what part the server has in the stream, by its own word, and the
// leader, or the only one, how many tasks the stream holds.
func watch(ctx context.Context, w *demo.Worker, s *nats.Server, clustered bool) error {
	var last trace.Role
	if !clustered {
		w.Report(trace.Role{Role: "alone"})
	}
	gives := false
	w.Block("messages")
	depth, looks := -1, 0
	for tick := time.NewTicker(25 * time.Millisecond); ; {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		if clustered {
			if now, ok := part(s); ok && now != last {
				w.Report(now)
				wire.Tell(w.File(0), fact{Who: w.Name(), What: is, Role: now.Role, Term: now.Term, At: int64(w.Now())})
				last = now
			}
			if now := s.JetStreamIsConsumerLeader(account, stream, lending); now != gives {
				if gives = now; gives {
					w.Block("messages; gives out the tasks")
					wire.Tell(w.File(0), fact{Who: w.Name(), What: lends, At: int64(w.Now())})
				} else {
					w.Block("messages")
				}
			}
		}
		if looks++; looks%8 == 0 && (!clustered || last.Role == "leader") {
			if n, ok := holds(s); ok && n != depth {
				depth = n
				w.ReportOf(stream, trace.Depth{Queue: stream, Depth: n, Unit: "items"})
			}
		}
	}
}

// part is what the server is in the Raft group of the stream; false while it is in
// none.
func part(s *nats.Server) (r trace.Role, ok bool) {
	st := s.Raftz(&nats.RaftzOptions{AccountFilter: account})
	if st == nil {
		return r, false
	}
	for name, g := range (*st)[account] {
		if strings.HasPrefix(name, "S-") {
			r = trace.Role{Role: strings.ToLower(g.State), Term: g.Term}
			if r.Role == "leader" && !s.JetStreamIsStreamLeader(account, stream) {
				r.Role = "follower" // elected, and not yet at work
			}
			return r, true
		}
	}
	return r, false
}

func holds(s *nats.Server) (n int, ok bool) {
	z, err := s.Jsz(&nats.JSzOptions{Account: account, Streams: true})
	if err != nil {
		return 0, false
	}
	for _, a := range z.AccountDetails {
		for _, st := range a.Streams {
			if st.Name == stream {
				return int(st.State.Msgs), true
			}
		}
	}
	return 0, false
}
