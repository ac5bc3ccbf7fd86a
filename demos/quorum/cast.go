package quorum

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"edu/procession/demos/cluster"
	"edu/procession/demos/demo"
	"edu/procession/demos/internal/wire"
	"edu/procession/demos/trace"
)

// cast brings the nodes on stage, opens their doors and tells them of each other.
func (pl *play) cast(ctx context.Context) (err error) {
	if pl.rule == half {
		pl.s.Say("Four nodes with a replication of our own: home-made, to show why it breaks. A leader, and a write, need the half of them: 2 of 4.")
	} else {
		pl.s.Say("Five nodes come on stage. Each will know the others by name, and reach them through links that can be cut.")
	}
	if pl.dir, err = pl.s.Dir(); err != nil {
		return err
	}
	if pl.tell, err = wire.Facts(pl.send, nil); err != nil {
		return err
	}
	errs := make([]error, len(pl.names))
	var wg sync.WaitGroup
	for i, n := range pl.names {
		m := &member{name: n}
		pl.nodes = append(pl.nodes, m)
		wg.Go(func() { errs[i] = pl.start(ctx, m) })
	}
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	frames := raftFrames
	if pl.rule == half {
		frames = halfFrames
	}
	for _, from := range pl.nodes {
		var others []string
		for _, to := range pl.nodes {
			if to != from {
				door, err := pl.net.Link(from.name, to.name, to.addr, frames())
				if err != nil {
					return err
				}
				others = append(others, string(to.name)+"="+door)
			}
		}
		from.line = strings.Join(others, " ")
		if err := from.p.Send(from.line); err != nil {
			return err
		}
	}
	pl.since = pl.s.Now()
	pl.s.Say("Drawn as messages: votes, and appends with something in them, each with its reply; of the many heartbeats on a link, one in %v.", beatEvery)
	return nil
}

// start starts a process for a node and waits until it listens. A node's first
// process has its name.
func (pl *play) start(ctx context.Context, m *member) error {
	addr := make(chan string, 1)
	id := m.name
	if m.starts++; m.starts > 1 {
		id = trace.ID(fmt.Sprintf("%s-%d", m.name, m.starts))
	}
	p, err := pl.s.Spawn(ctx, demo.Spec{Role: "node", Name: id, Node: string(m.name), Files: []*os.File{pl.tell}, Heard: cluster.Announced(speaks(pl.rule), addr, nil),
		Args: map[string]string{"node": string(m.name), "rule": pl.rule, "needed": strconv.Itoa(pl.needed), "host": pl.net.Host(m.name),
			"file": filepath.Join(pl.dir, string(m.name)+".log"), "election": pl.election().String(), "patience": pl.patience().String()}})
	if err != nil {
		return err
	}
	m.p, m.role, m.has = p, "", nil
	m.addr, err = cluster.Await(ctx, p, addr)
	return err
}

// restart starts a node again that has ended, from what it has on disk.
func (pl *play) restart(ctx context.Context, m *member) error {
	select {
	case <-m.p.Exited():
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(time.Second): // the log, which the learner sees, may be ahead of us
		pl.s.Say("%s has not ended. Kill it (k) before you start it again.", m.name)
		return nil
	}
	if pl.rule == half {
		pl.s.Say("The home-made nodes keep their log in memory: %s has nothing to come back with.", m.name)
		return nil
	}
	was := m.addr
	if err := pl.start(ctx, m); err != nil {
		return err
	}
	pl.net.Moved(was, m.addr)
	pl.s.Say("%s starts again as %s: its term, its vote and its log are on disk. What it missed, the leader sends.", m.name, m.p.ID())
	pl.back, pl.backAt = m, pl.s.Now()
	return m.p.Send(m.line)
}
