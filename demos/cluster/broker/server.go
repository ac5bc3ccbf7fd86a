package broker

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"edu/procession/demos/cluster"
	"edu/procession/demos/demo"
	"edu/procession/demos/trace"
)

// Names that no worker can have.
const (
	teacher = "teacher" // the master, where it uses JetStream
	relay   = "relay"   // the master, where it speaks with workers
	watcher = "watcher" // the broker itself
)

// accounts are two worlds that cannot hear each other: tasks and results lie in
// one, workers speak in the other.
const accounts = `
accounts {
  TEACHER { jetstream: enabled }
  POOL { limits { max_connections: 256, max_subscriptions: 1024, max_payload: 65536 } }
  SYS {}
}
system_account: SYS
`

// every is the time between two looks at what is kept and who says how much.
const every = 200 * time.Millisecond

// flood is how many messages a second a worker may send for a while.
const flood = 2000

// Role is the server as a process of the stage: it runs until it is killed, or
// told to stop.
func Role(ctx context.Context, w *demo.Worker) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		w.Recv()
		cancel()
	}()
	port, _ := strconv.Atoi(w.Arg("port"))
	if w.Arg("port") == "" {
		port = server.RANDOM_PORT
	}
	auth := &auth{secret: Secret(w.Arg("secret")), stage: net.ParseIP(w.Arg("stage")), last: map[string]uint64{}, banned: map[string]bool{}}
	var o server.Options
	if err := o.ProcessConfigString(accounts); err != nil {
		return err
	}
	o.Host, o.Port, o.ServerName = w.Arg("host"), port, string(w.Name())
	o.JetStream, o.StoreDir = true, w.Arg("dir")
	o.JetStreamMaxMemory, o.JetStreamMaxStore = 64<<20, 256<<20
	o.NoSigs, o.NoLog, o.DisableJetStreamBanner = true, true, true
	o.CustomClientAuthentication, o.AlwaysEnableNonce = auth, true
	o.MaxConn, o.MaxPayload, o.MaxPending = 512, 1<<20, 32<<20
	o.AuthTimeout, o.WriteDeadline = 2, 2*time.Second
	o.PingInterval, o.MaxPingsOut = time.Second, 3
	if err := offerTLS(&o, auth.secret); err != nil {
		return err
	}
	s, err := server.NewServer(&o)
	if err != nil {
		return fmt.Errorf("the broker cannot be: %w", err)
	}
	auth.server = s
	s.SetLoggerV2(&logger{w: w}, false, false, false)
	go s.Start()
	if !s.ReadyForConnections(15 * time.Second) {
		return errors.New("the broker takes no connections")
	}
	cluster.Announce(w, s.Addr().String(), "nats")
	w.Block("messages")
	defer s.Shutdown()
	return auth.watch(ctx, w)
}

// logger passes errors of the server to the log pane, and not more than maxErrors
// of them: a worker that provokes them must not fill it.
type logger struct {
	w *demo.Worker
	n atomic.Int32
}

const maxErrors = 200

func (l *logger) Errorf(f string, v ...any) {
	if l.n.Add(1) <= maxErrors {
		l.w.Logf(f, v...)
	}
}
func (l *logger) Fatalf(f string, v ...any) { l.w.Logf(f, v...) }
func (*logger) Noticef(string, ...any)      {}
func (*logger) Warnf(string, ...any)        {}
func (*logger) Debugf(string, ...any)       {}
func (*logger) Tracef(string, ...any)       {}

// auth says who may do what. It keeps nothing that a restart would lose but who
// was banned.
type auth struct {
	secret Secret
	stage  net.IP // of the run's doors, where nodes have network namespaces: on this machine, though not on loopback
	server *server.Server

	mu     sync.Mutex
	last   map[string]uint64 // name → its connection
	asking []uint64          // the connections that ask to join, the latest last
	banned map[string]bool
}

// isStage says that the other end is the stage's proxy.
func (a *auth) isStage(from net.Addr) bool {
	at, ok := from.(*net.TCPAddr)
	return ok && a.stage != nil && a.stage.Equal(at.IP)
}

// Check implements server.Authentication.
func (a *auth) Check(c server.ClientAuthentication) bool {
	if c.GetTLSConnectionState() == nil && !mayBePlain(c.RemoteAddress()) && !a.isStage(c.RemoteAddress()) {
		return false
	}
	o := c.GetOpts()
	account := "POOL"
	var may *server.Permissions
	switch o.Name {
	case teacher, watcher:
		account = "TEACHER"
	case relay:
	case joiner:
		may, ok := a.lets(c)
		if !ok {
			return false
		}
		acc, err := a.server.LookupAccount(account)
		if err != nil {
			return false
		}
		c.RegisterUser(&server.User{Username: o.Name, Account: acc, Permissions: may})
		return true
	default:
		if peer, ok := strings.CutPrefix(o.Name, peerPrefix); ok && isWorker(peer) {
			account = "TEACHER"
			break
		}
		if !isWorker(o.Name) {
			return false
		}
		at := Access{Space: space}
		may = &server.Permissions{
			Publish:   &server.SubjectPermission{Allow: []string{at.up(trace.ID(o.Name), "*")}},
			Subscribe: &server.SubjectPermission{Allow: []string{at.down(trace.ID(o.Name)), at.ctl()}},
		}
	}
	key, err := a.secret.key(o.Name)
	if err != nil {
		return false
	}
	public, _ := key.PublicKey()
	sig, err := base64.RawURLEncoding.DecodeString(o.Sig)
	if err != nil || o.Nkey != public || key.Verify(c.GetNonce(), sig) != nil {
		return false
	}
	acc, err := a.server.LookupAccount(account)
	if err != nil || !a.only(o.Name, c.GetID()) {
		return false
	}
	c.RegisterUser(&server.User{Username: o.Name, Account: acc, Permissions: may})
	return true
}

// isWorker says that a name is a subject's single word.
func isWorker(name string) bool {
	for _, r := range name {
		if (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-' {
			return false
		}
	}
	return name != "" && len(name) <= 32
}

// only lets a name have one connection, its latest. It is false for one that was
// banned.
func (a *auth) only(name string, id uint64) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if old, ok := a.last[name]; ok {
		go a.server.DisconnectClientByID(old)
	}
	a.last[name] = id
	return !a.banned[name]
}

// watch tells how many tasks and results are kept, and cuts off who floods.
func (a *auth) watch(ctx context.Context, w *demo.Worker) error {
	nc, err := dial(Access{Secret: a.secret}, watcher, nil, nats.InProcessServer(a.server))
	if err != nil {
		return err
	}
	defer nc.Close()
	js, err := jetstream.New(nc)
	if err != nil {
		return err
	}
	depth := map[string]uint64{"tasks": 0, "results": 0, string(QueueName): 0}
	before := map[uint64]int64{}
	last := time.Now()
	for tick := time.NewTicker(every); ; {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		for stream := range depth {
			at, cancel := context.WithTimeout(ctx, time.Second)
			if s, err := js.Stream(at, streamOf(space, stream)); err == nil {
				if n := s.CachedInfo().State.Msgs; n != depth[stream] {
					depth[stream] = n
					w.ReportOf(trace.ID(stream), trace.Depth{Queue: trace.ID(stream), Depth: int(n), Cap: max(int(s.CachedInfo().Config.MaxMsgs), 0), Unit: "items"})
				}
			}
			cancel()
		}
		conns, err := a.server.Connz(&server.ConnzOptions{Username: true, Limit: 1024})
		if err != nil {
			continue
		}
		now := time.Now()
		most := int64(flood * max(now.Sub(last).Seconds(), 0.25))
		last = now
		after := map[uint64]int64{}
		for _, c := range conns.Conns {
			after[c.Cid] = c.InMsgs
			if got := c.InMsgs - before[c.Cid]; got > most && isWorker(c.Name) && c.Name != relay && c.Name != teacher && c.Name != watcher {
				a.mu.Lock()
				a.banned[c.Name] = c.Name != joiner // that is not one's own
				a.mu.Unlock()
				a.server.DisconnectClientByID(c.Cid)
				w.Logf("%s sent %d messages in %v: it is cut off", c.Name, got, every)
				if strings.HasPrefix(c.Name, joined) {
					w.Report(trace.Leave{Node: trace.ID(c.Name), Why: fmt.Sprintf("cut off: it sent %d messages in %v", got, every)})
				}
			}
		}
		before = after
	}
}

// streamOf is the name of a stream: "pool-v1-tasks".
func streamOf(space, what string) string {
	b := []byte(space)
	for i := range b {
		if b[i] == '.' {
			b[i] = '-'
		}
	}
	return string(b) + "-" + what
}
