package broker

import (
	"cmp"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"edu/procession/demos/cluster"
	"edu/procession/demos/demo"
	"edu/procession/demos/trace"
)

// Name is the broker's node.
const Name trace.ID = "broker"

// Config is how tasks are handed out.
type Config struct {
	Lease time.Duration // how long a worker has a task before it is given out again
	// URL is of an existing server, which is used in place of one on stage; Creds is
	// a file with credentials for it, if it wants some. Workers and master have the
	// same there: keeping them apart is that server's business.
	URL, Creds string
	// Heard receives what the server on stage reports, as Heard of demo.Spec does.
	Heard func(trace.Data)
	// Host is where the server listens; "" is its node's own address, on loopback.
	// From another machine it takes TLS alone ([Broker.Fingerprint]).
	Host string
	// Listen is HOST:PORT in place of Host, for workers that join ([Broker.Invitation]);
	// port 0 is any that is free.
	Listen string
}

// Broker is the server, from the side of the play. It is not safe for concurrent
// use.
type Broker struct {
	s       demo.Stage
	net     *cluster.Net
	c       Config
	dir     string
	secret  Secret
	proc    demo.Proc
	addr    string
	started int
	port    string

	existing *url.URL // nil: the server is on stage
}

// Start starts the server on node [Name] of net, which must have that node, and
// returns when it takes connections. Its files are in the run's folder.
//
// With Config.URL there is no process: it is an error when that server cannot be
// reached, refuses the credentials, or has no JetStream.
func Start(ctx context.Context, s demo.Stage, net *cluster.Net, c Config) (*Broker, error) {
	if c.URL != "" {
		b := &Broker{s: s, net: net, c: c, secret: NewSecret()}
		u, err := url.Parse(c.URL)
		if err != nil || u.Scheme != "nats" && u.Scheme != "tls" || u.Hostname() == "" {
			return nil, errors.New("the address of a NATS server looks like nats://host:4222, or tls://host:4222")
		}
		if b.existing = u; u.Port() == "" {
			u.Host += ":4222"
		}
		return b, visit(ctx, Access{URL: u.String(), Guest: true, Creds: c.Creds})
	}
	dir, err := s.Dir()
	if err != nil {
		return nil, err
	}
	b := &Broker{s: s, net: net, c: c, dir: filepath.Join(dir, string(Name)), secret: NewSecret()}
	if c.Listen != "" && net.DoorHost() != "" {
		return nil, errors.New("nobody can join a broker in a network namespace of its own: leave out --net namespaces, or --listen")
	}
	if c.Listen != "" {
		if b.c.Host, b.port, err = listenAt(c.Listen); err != nil {
			return nil, err
		}
	}
	if err := os.MkdirAll(b.dir, 0o700); err != nil {
		return nil, fmt.Errorf("no folder for the broker's files: %w", err)
	}
	return b, b.start(ctx)
}

func (b *Broker) start(ctx context.Context) error {
	addr := make(chan string, 1)
	b.started++
	name := Name
	if b.started > 1 {
		name = trace.ID(fmt.Sprintf("%s-%d", Name, b.started))
	}
	p, err := b.s.Spawn(ctx, demo.Spec{
		Role: string(Name), Name: name, Node: string(Name),
		Args:  map[string]string{"host": cmp.Or(b.c.Host, b.net.Host(Name)), "port": b.port, "dir": b.dir, "stage": b.net.DoorHost(), "secret": string(b.secret)},
		Heard: cluster.Announced("nats", addr, b.c.Heard),
	})
	if err != nil {
		return err
	}
	b.proc = p
	at, err := cluster.Await(ctx, p, addr)
	if err != nil {
		return err
	}
	if b.addr != "" {
		b.net.Moved(b.addr, at)
	}
	b.addr = at
	if b.c.Listen != "" {
		b.port = portOf(at) // who joined knows no other
	}
	return nil
}

// OnStage says that the server is a process of this run.
func (b *Broker) OnStage() bool { return b.existing == nil }

// Proc is the server's process, of which a later one may be another; nil where
// the server is not on stage.
func (b *Broker) Proc() demo.Proc { return b.proc }

// Restart starts the server again, from its files, after its process has ended.
// It listens at another port; the doors lead there from now on.
func (b *Broker) Restart(ctx context.Context) error {
	select {
	case <-b.proc.Exited():
		return b.start(ctx)
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(time.Second): // the log, which the learner sees, may be ahead of us
		return fmt.Errorf("%s has not ended", b.proc.ID())
	}
}

// Stop asks the server to end, and waits a while for that.
func (b *Broker) Stop(ctx context.Context) {
	if !b.OnStage() {
		return
	}
	b.proc.CloseSend()
	t := time.NewTimer(2 * time.Second)
	defer t.Stop()
	select {
	case <-b.proc.Exited():
	case <-t.C:
	case <-ctx.Done():
	}
}

// Args opens a door to the broker for a worker's node and returns what its role
// needs, for Spec.Args; more can be added to it.
func (b *Broker) Args(worker trace.ID) (map[string]string, error) {
	seed, err := b.secret.seed(string(worker))
	if err != nil {
		return nil, err
	}
	return b.args(worker, Access{Seed: seed})
}

// MasterArgs is Args for the master.
func (b *Broker) MasterArgs(node trace.ID) (map[string]string, error) {
	return b.args(node, Access{Secret: b.secret})
}

func (b *Broker) args(node trace.ID, a Access) (map[string]string, error) {
	a.Lease = b.c.Lease
	if b.existing != nil {
		a.Guest, a.Seed, a.Creds = true, "", b.c.Creds
		a.Space = "pool-" + hex.EncodeToString(b.secret.sum("space")[:4]) + ".v1" // others may use that server, too
		u := *b.existing
		if u.Scheme == "nats" { // a certificate would not be that of a door
			door, err := b.net.Link(node, Name, u.Host, Frames())
			if err != nil {
				return nil, err
			}
			u.Host = door
		}
		a.URL = u.String()
		return a.args(), nil
	}
	door, err := b.net.Link(node, Name, b.addr, Frames())
	if err != nil {
		return nil, err
	}
	a.URL, a.Space = "nats://"+door, space
	return a.args(), nil
}
