package quorum

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"edu/procession/demos/cluster"
	"edu/procession/demos/demo"
	"edu/procession/demos/internal/wire"
	"edu/procession/demos/trace"
)

// play is the state of one run. Only the goroutine of Play touches it; the
// others send facts.
type play struct {
	s     demo.Stage
	net   *cluster.Net
	facts chan fact
	over  chan struct{}
	nodes []*member

	writes int
	acked  []string
	came   map[string]int // how many writes came out so
	open   int            // writes without an outcome
	since  time.Duration  // when the leader was taken away; 0: it was not
	above  uint64         // a new leader has a later term than this
	first  bool           // the first leader was told
	lists  int            // answers to the latest question
	grace  time.Duration  // how long the nodes may take to have the same log, once healed
}

// member is a node as the play knows it, by the node's word.
type member struct {
	name trace.ID
	p    demo.Proc
	role string
	term uint64
	has  []string
}

func (m *member) gone() bool {
	select {
	case <-m.p.Exited():
		return true
	default:
		return false
	}
}

func newPlay(s demo.Stage) *play {
	pl := &play{s: s, net: cluster.New(s, nodes[:]...), facts: make(chan fact, 256), over: make(chan struct{}), came: map[string]int{}}
	pl.grace = 20*pl.election() + 10*time.Second
	return pl
}

func (pl *play) close() {
	close(pl.over)
	pl.net.Close()
}

func (pl *play) send(f fact) {
	select {
	case pl.facts <- f:
	case <-pl.over:
	}
}

// election is Raft's time at this pace: at Fast not too short for a busy machine.
func (pl *play) election() time.Duration {
	return max(pl.s.Pace().Scale(demo.DurationParam(pl.s, "election")), 400*time.Millisecond)
}

func (pl *play) patience() time.Duration {
	return max(pl.s.Pace().Scale(demo.DurationParam(pl.s, "patience")), 3*pl.election())
}

// cast brings the five on stage, opens their doors and tells them of each other.
func (pl *play) cast(ctx context.Context) error {
	pl.s.Say("Five nodes come on stage. Each will know the others by name, and reach them through links that can be cut.")
	w, err := wire.Facts(pl.send, nil)
	if err != nil {
		return err
	}
	defer w.Close()
	at := make([]string, len(nodes))
	errs := make([]error, len(nodes))
	var wg sync.WaitGroup
	for i, n := range nodes {
		m := &member{name: n}
		pl.nodes = append(pl.nodes, m)
		wg.Go(func() {
			addr := make(chan string, 1)
			m.p, errs[i] = pl.s.Spawn(ctx, demo.Spec{Role: "node", Name: n, Node: string(n), Files: []*os.File{w}, Heard: cluster.Announced("raft", addr, nil),
				Args: map[string]string{"host": pl.net.Host(n), "election": pl.election().String(), "patience": pl.patience().String()}})
			if errs[i] == nil {
				at[i], errs[i] = cluster.Await(ctx, m.p, addr)
			}
		})
	}
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	for _, from := range pl.nodes {
		var others []string
		for i, to := range pl.nodes {
			if to != from {
				door, err := pl.net.Link(from.name, to.name, at[i])
				if err != nil {
					return err
				}
				others = append(others, string(to.name)+"="+door)
			}
		}
		if err := from.p.Send(strings.Join(others, " ")); err != nil {
			return err
		}
	}
	pl.since = pl.s.Now()
	return nil
}

func (pl *play) until(ctx context.Context, ok func() bool, d time.Duration) error {
	return demo.Loop[fact]{Stage: pl.s, News: pl.facts, Take: pl.take, Look: func() {},
		Act: func(a demo.Act) error { return pl.act(a) }}.Until(ctx, ok, d)
}

func (pl *play) find(id trace.ID) *member {
	for _, m := range pl.nodes {
		if m.name == id {
			return m
		}
	}
	return nil
}

func (pl *play) take(f fact) {
	m := pl.find(f.Node)
	switch {
	case m == nil:
	case f.Role != "":
		m.role, m.term = f.Role, f.Term
		if f.Role == "leader" && pl.since > 0 && f.Term > pl.above {
			gauge := "new-leader"
			if !pl.first {
				pl.first, gauge = true, "first-leader"
			}
			pl.s.Gauge(gauge, float64(time.Duration(f.At)-pl.since)/1e6, "ms")
			pl.s.Say("%s leads, by its own word, in term %d.", m.name, f.Term)
			pl.since, pl.above = 0, f.Term
		}
	case f.Write != "":
		pl.open--
		pl.came[f.Came]++
		pl.s.Gauge(f.Came, float64(pl.came[f.Came]), "")
		switch f.Came {
		case acknowledged:
			pl.acked = append(pl.acked, f.Write)
			pl.s.Say("%s acknowledges %s: a majority has it.", m.name, f.Write)
		case refused:
			pl.s.Say("%s refuses %s: %s.", m.name, f.Write, f.Why)
		default:
			pl.s.Say("%s cannot acknowledge %s (%s). It may come to be, or not: unknown.", m.name, f.Write, f.Why)
		}
	case f.List:
		m.has = f.Has
		pl.lists++
	}
}

// leader is the one that says it leads in the latest term and lives.
func (pl *play) leader() (best *member) {
	for _, m := range pl.nodes {
		if m.role == "leader" && !m.gone() && (best == nil || m.term > best.term) {
			best = m
		}
	}
	return best
}

// write hands a write to a node.
func (pl *play) write(m *member) {
	pl.writes++
	what := fmt.Sprintf("w%d", pl.writes)
	if m.gone() || m.p.Send("write "+what) != nil {
		pl.s.Say("%s has ended: nobody takes %s.", m.name, what)
		return
	}
	pl.open++
}

// lost notes that the leader is being taken away.
func (pl *play) lost() {
	for _, m := range pl.nodes {
		pl.above = max(pl.above, m.term)
	}
	pl.since = pl.s.Now()
}

// cut cuts a node and the next off from the others.
func (pl *play) cut(m *member) (side []trace.ID) {
	pl.net.HealAll()
	i := slices.Index(pl.nodes, m)
	side = []trace.ID{m.name, pl.nodes[(i+1)%len(pl.nodes)].name}
	if l := pl.leader(); l != nil && slices.Contains(side, l.name) {
		pl.lost()
	}
	pl.net.Split(side...)
	return side
}

func (pl *play) act(a demo.Act) error {
	m := pl.find(a.Target)
	switch {
	case a.Name == "heal":
		if n := pl.net.HealAll(); n == 0 {
			pl.s.Say("No link is cut. x cuts the selected node and the next one off from the rest.")
		} else {
			pl.s.Say("%s whole again. The side with the older term follows the other, and what only it had is thrown away.", demo.Plural(n, "link"))
		}
	case m == nil:
		pl.s.Say("Choose one of n1 to n5.")
	case a.Name == "write":
		pl.write(m)
	case a.Name == "cut":
		side := pl.cut(m)
		pl.s.Say("%s and %s are cut off from the other three (injected). Two of five are no majority. Write (w) on both sides.", side[0], side[1])
	}
	return nil
}

// check asks every live node what it has, until all have the same and lack nothing
// that was acknowledged, or the time is up; the figure is of what is lacking then.
func (pl *play) check(ctx context.Context) (lost int, same bool, err error) {
	end := pl.s.Now() + pl.grace
	for {
		pl.lists = 0
		var live []*member
		for _, m := range pl.nodes {
			if !m.gone() && m.p.State() != trace.Stopped && m.p.Send("list") == nil {
				live = append(live, m)
			}
		}
		want := len(live)
		if err := pl.hear(ctx, func() bool { return pl.lists >= want }, 5*time.Second); err != nil {
			return 0, false, err
		}
		lost, same = 0, pl.lists >= want && want > 0
		for _, m := range live {
			same = same && slices.Equal(m.has, live[0].has)
			for _, w := range pl.acked {
				if !slices.Contains(m.has, w) {
					lost++
				}
			}
		}
		if lost == 0 && same || pl.s.Now() > end {
			return lost, same, nil
		}
		if err := pl.hear(ctx, nil, pl.election()/4); err != nil {
			return 0, false, err
		}
	}
}

// hear takes facts until ok says so, nil for never, or d has passed; also after
// the learner has asked for the end, which the check is a part of.
func (pl *play) hear(ctx context.Context, ok func() bool, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	for ok == nil || !ok() {
		select {
		case f := <-pl.facts:
			pl.take(f)
		case <-t.C:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// end heals everything, checks, and gives the verdict.
func (pl *play) end(ctx context.Context) error {
	pl.net.HealAll()
	quorum := 0
	for _, m := range pl.nodes {
		if !m.gone() && m.p.State() != trace.Stopped {
			quorum++
		}
	}
	if quorum <= len(nodes)/2 {
		pl.s.Verdict(true, "%d of five nodes are left, which is no majority: nothing can be written, and nothing that was acknowledged can be read for certain", quorum)
		return nil
	}
	lost, same, err := pl.check(ctx)
	if err != nil {
		return err
	}
	pl.s.Gauge("acknowledged-lost", float64(lost), "")
	pl.s.Verdict(lost == 0, "%d writes acknowledged, %d of them lost; %d refused, %d unknown; the live nodes have %s", len(pl.acked), lost, pl.came[refused], pl.came[unknown],
		map[bool]string{true: "the same log", false: "not all the same log yet"}[same])
	for _, m := range pl.nodes {
		m.p.CloseSend()
	}
	late := time.After(3 * time.Second)
	for _, m := range pl.nodes {
		if m.p.State() == trace.Stopped {
			continue
		}
		select {
		case <-m.p.Exited():
		case <-late:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

func (pl *play) freely(ctx context.Context) error {
	pl.s.Say("The five elect a leader. Then write (w), cut the leader and one other off (x), write on both sides, heal (h), kill (k).")
	d := demo.ForEver
	if !pl.s.Attended() {
		d = pl.s.ScriptEnd() - pl.s.Now() + pl.s.Pace().Scale(3*time.Second)
	}
	if err := pl.until(ctx, nil, d); err != nil {
		return err
	}
	return pl.end(ctx)
}

// enough is how long the script waits for a fact; an election takes a few times
// Raft's own time.
const enough = 60 * time.Second

// script plays for somebody who only watches.
func (pl *play) script(ctx context.Context) error {
	var err error
	eyes := func(d time.Duration) {
		if err == nil && !demo.Finished(pl.s) {
			err = pl.until(ctx, nil, pl.s.Pace().Scale(d))
		}
	}
	wait := func(what string, ok func() bool) bool {
		if err == nil {
			err = pl.until(ctx, ok, enough)
		}
		if err == nil && !ok() && !demo.Finished(pl.s) {
			err = fmt.Errorf("%s did not come to be within %v", what, enough)
		}
		return err == nil && !demo.Finished(pl.s)
	}
	through := func() bool { return wait("an answer to each write", func() bool { return pl.open == 0 }) }
	leads := func() bool { return wait("a leader", func() bool { return pl.since == 0 && pl.leader() != nil }) }

	pl.s.Say("The five elect a leader: who first has the votes of three, itself included.")
	// agree has whoever leads write, until one write is acknowledged: a leader may
	// be followed by another at any moment.
	agree := func() {
		for before := len(pl.acked); len(pl.acked) == before && leads(); {
			pl.write(pl.leader())
			through()
		}
	}
	if leads() {
		eyes(1500 * time.Millisecond)
		for range 2 {
			agree()
			eyes(800 * time.Millisecond)
		}
	}
	leads()
	old := pl.leader()
	if err == nil && old != nil && !demo.Finished(pl.s) {
		side := pl.cut(old)
		pl.s.Say("%s, which leads, and %s are cut off from the other three (injected). %s does not know it, and takes a write.", side[0], side[1], old.name)
		pl.write(old)
		leads()
		eyes(1200 * time.Millisecond)
		agree()
		eyes(1500 * time.Millisecond)
		pl.net.HealAll()
		pl.s.Say("The links are whole. %s hears of a later term and follows; what only it and its side had is thrown away.", old.name)
		wait("that the old leader follows", func() bool { return old.role == "follower" })
		eyes(1500 * time.Millisecond)
	}
	if m := pl.leader(); err == nil && m != nil && !demo.Finished(pl.s) {
		pl.lost()
		if err = m.p.Signal(demo.SigKill); err == nil {
			pl.s.Say("%s, which leads, is killed. Four are left, and three of five are still a majority.", m.name)
			<-m.p.Exited()
			leads()
			eyes(800 * time.Millisecond)
			agree()
			eyes(1200 * time.Millisecond)
		}
	}
	if err != nil {
		return err
	}
	return pl.end(ctx)
}
