package broker

import (
	"context"
	"fmt"
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
}

// Start starts the server on node [Name] of net, which must have that node, and
// returns when it takes connections. Its files are in the run's folder.
func Start(ctx context.Context, s demo.Stage, net *cluster.Net, c Config) (*Broker, error) {
	dir, err := s.Dir()
	if err != nil {
		return nil, err
	}
	b := &Broker{s: s, net: net, c: c, dir: filepath.Join(dir, string(Name)), secret: NewSecret()}
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
		Args:  map[string]string{"host": b.net.Host(Name), "dir": b.dir, "secret": string(b.secret)},
		Heard: cluster.Announced("nats", addr, nil),
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
	return nil
}

// Proc is the server's process, of which a later one may be another.
func (b *Broker) Proc() demo.Proc { return b.proc }

// Restart starts the server again, from its files, after its process has ended.
// It listens at another port; the doors lead there from now on.
func (b *Broker) Restart(ctx context.Context) error {
	select {
	case <-b.proc.Exited():
		return b.start(ctx)
	default:
		return fmt.Errorf("%s has not ended", b.proc.ID())
	}
}

// Stop asks the server to end, and waits a while for that.
func (b *Broker) Stop(ctx context.Context) {
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
	door, err := b.net.Link(node, Name, b.addr, Frames())
	if err != nil {
		return nil, err
	}
	a.URL, a.Space, a.Lease = "nats://"+door, space, b.c.Lease
	return a.args(), nil
}
