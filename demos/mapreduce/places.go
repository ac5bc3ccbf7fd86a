package mapreduce

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"sync/atomic"
	"time"

	"edu/procession/demos/cluster"
	"edu/procession/demos/demo"
	"edu/procession/demos/internal/wire"
	"edu/procession/demos/trace"
)

// place is where a job runs.
type place interface {
	open(ctx context.Context) error // brings the coordinator on stage, where it is a process
	hire(ctx context.Context, name trace.ID) (demo.Proc, error)
	command(c command) error
	cast() []demo.Proc // the coordinator, where it is a process
	halt()             // ends the coordinator, whose last fact is isEnd
	close()
}

// counted counts the bytes that pass.
type counted struct {
	io.ReadWriteCloser
	n *atomic.Int64
}

func (c counted) Read(b []byte) (int, error) {
	n, err := c.ReadWriteCloser.Read(b)
	c.n.Add(int64(n))
	return n, err
}

func (c counted) Write(b []byte) (int, error) {
	n, err := c.ReadWriteCloser.Write(b)
	c.n.Add(int64(n))
	return n, err
}

// listen passes on what a worker answers, until its end.
func (m *master) listen(ctx context.Context, who trace.ID, in *wire.Reader) {
	for {
		var a answer
		if in.Read(&a) != nil {
			return
		}
		m.put(ctx, news{who: who, answer: &a})
	}
}

func (m *master) put(ctx context.Context, n news) {
	select {
	case m.news <- n:
	case <-ctx.Done():
	}
}

// processes is a coordinator in the program, workers that are its children, as it
// were, a pipe each way, and one folder.
type processes struct {
	pl     *play
	m      *master
	bytes  atomic.Int64
	ctx    context.Context
	cancel context.CancelFunc
	pipes  []io.Closer
}

func (p *processes) open(ctx context.Context) error {
	dir, err := p.pl.s.Dir()
	if err != nil {
		return err
	}
	p.ctx, p.cancel = context.WithCancel(ctx)
	p.m = &master{
		setup: p.pl.setup, store: &disk{dir: dir}, news: make(chan news, 256), moved: p.bytes.Load, now: p.pl.s.Now,
		log: p.pl.s.Emit, tell: p.pl.send,
	}
	go func() {
		p.m.run(p.ctx)
		p.pl.send(fact{Is: isEnd})
	}()
	return nil
}

func (p *processes) command(c command) error {
	p.m.put(p.ctx, news{command: &c})
	return nil
}

// pair is what is read from a worker and written to it.
type pair struct {
	io.Reader
	io.WriteCloser
}

func (p *processes) hire(ctx context.Context, name trace.ID) (demo.Proc, error) {
	orders, ordersW, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	answers, answersW, err := os.Pipe()
	if err != nil {
		orders.Close()
		ordersW.Close()
		return nil, err
	}
	w, err := p.pl.s.Spawn(ctx, demo.Spec{Role: "worker", Name: name, Files: []*os.File{orders, answersW}})
	orders.Close()
	answersW.Close()
	if err != nil {
		ordersW.Close()
		answers.Close()
		return nil, err
	}
	p.pipes = append(p.pipes, ordersW)
	c := counted{pair{answers, ordersW}, &p.bytes}
	p.m.put(p.ctx, news{who: name, send: func(o order) error { return wire.Write(c, o) }})
	go func() {
		defer answers.Close()
		p.m.listen(p.ctx, name, wire.NewReader(c))
		select {
		case <-w.Exited(): // the kernel says so
			p.m.put(p.ctx, news{who: name, gone: true})
		case <-p.ctx.Done():
		}
	}()
	return w, nil
}

func (p *processes) cast() []demo.Proc { return nil }

func (p *processes) halt() { p.cancel() }

func (p *processes) close() {
	for _, c := range p.pipes {
		c.Close() // no more orders: they leave
	}
}

// coordinator is the node's name.
const coordinator trace.ID = "coordinator"

// nodes is a coordinator with an address of its own and workers that dial it. They
// share nothing.
type nodes struct {
	pl    *play
	net   *cluster.Net
	proc  demo.Proc // the latest
	count int
	addr  string
}

func (n *nodes) open(ctx context.Context) error {
	if n.net == nil {
		n.net = cluster.New(n.pl.s, coordinator)
	}
	facts, err := wire.Facts(n.pl.send, func() { n.pl.send(fact{Is: isEnd}) })
	if err != nil {
		return err
	}
	defer facts.Close()
	n.count++
	name := coordinator
	if n.count > 1 {
		name = trace.ID(fmt.Sprintf("%s-%d", coordinator, n.count))
	}
	set, _ := json.Marshal(n.pl.setup)
	addr := make(chan string, 1)
	p, err := n.pl.s.Spawn(ctx, demo.Spec{
		Role: "coordinator", Name: name, Node: string(coordinator), Files: []*os.File{facts},
		Args:  map[string]string{"host": n.net.Host(coordinator), "setup": string(set)},
		Heard: cluster.Announced(string(coordinator), addr, nil),
	})
	if err != nil {
		return err
	}
	n.proc = p
	n.pl.watch(ctx, p)
	at, err := cluster.Await(ctx, p, addr)
	if err != nil {
		return err
	}
	if n.addr != "" {
		n.net.Moved(n.addr, at)
	}
	n.addr = at
	return nil
}

func (n *nodes) command(c command) error {
	b, err := json.Marshal(c)
	if err != nil {
		return err
	}
	return n.proc.Send(string(b))
}

func (n *nodes) hire(ctx context.Context, name trace.ID) (demo.Proc, error) {
	n.net.Add(name)
	door, err := n.net.Link(name, coordinator, n.addr, cluster.Frames{Split: wire.Split, Describe: describe, Max: wire.Max + 4})
	if err != nil {
		return nil, err
	}
	return n.pl.s.Spawn(ctx, demo.Spec{Role: "node", Name: name, Node: string(name), Args: map[string]string{"coordinator": door}})
}

// describe is the text of a message. Signs of life are not told.
func describe(frame []byte) (string, bool) {
	if text, ok := wire.Describe[answer](frame); ok && text != "" {
		return text, text != saysAlive
	}
	return wire.Describe[order](frame)
}

func (n *nodes) cast() []demo.Proc { return []demo.Proc{n.proc} }

func (n *nodes) halt() { n.proc.CloseSend() }

func (n *nodes) close() { n.net.Close() }

// coordinate is the role of the coordinator.
func coordinate(ctx context.Context, w *demo.Worker) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	l, err := net.Listen("tcp", net.JoinHostPort(w.Arg("host"), "0"))
	if err != nil {
		return err
	}
	var bytes atomic.Int64
	m := &master{
		store: &memory{}, news: make(chan news, 256), moved: bytes.Load, now: w.Now,
		log:  func(_ trace.ID, d trace.Data) { w.Report(d) },
		tell: func(f fact) { wire.Tell(w.File(0), f) },
	}
	if err := json.Unmarshal([]byte(w.Arg("setup")), &m.setup); err != nil {
		return err
	}
	go m.accept(ctx, l, &bytes)
	go func() {
		defer cancel()
		for {
			line, err := w.Recv()
			var c command
			if err != nil || json.Unmarshal([]byte(line), &c) != nil {
				return
			}
			m.put(ctx, news{command: &c})
		}
	}()
	cluster.Announce(w, l.Addr().String(), string(coordinator))
	w.Block("workers")
	if err := m.run(ctx); !errors.Is(err, context.Canceled) {
		return err
	}
	return nil
}

// accept takes connections of workers, each of which says its name first.
func (m *master) accept(ctx context.Context, l net.Listener, bytes *atomic.Int64) {
	for {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		go func() {
			defer conn.Close()
			c := counted{conn, bytes}
			in := wire.NewReader(c)
			var a answer
			if in.Read(&a) != nil || a.Is != saysHello || a.Name == "" {
				return
			}
			m.put(ctx, news{who: a.Name, link: conn, send: func(o order) error {
				conn.SetWriteDeadline(time.Now().Add(2 * time.Second))
				return wire.Write(c, o)
			}})
			m.listen(ctx, a.Name, in)
			m.put(ctx, news{who: a.Name, link: conn, gone: true})
		}()
	}
}
