package quorum

import (
	"context"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"edu/procession/demos/cluster"
	"edu/procession/demos/demo"
	"edu/procession/demos/trace"
)

// play is the state of one run. Only the goroutine of Play touches it; the
// others send facts.
type play struct {
	s      demo.Stage
	rule   string
	names  []trace.ID
	needed int // by the home-made rule: how many must agree
	net    *cluster.Net
	facts  chan fact
	over   chan struct{}
	tell   *os.File // the nodes' end of their facts
	dir    string
	nodes  []*member

	writes int
	acked  []string
	came   map[string]int     // how many writes came out so
	open   map[string]*member // who took which write that has no outcome yet
	since  time.Duration      // when the leader was taken away; 0: it was not
	above  uint64             // a new leader has a later term than this
	first  bool               // the first leader was told
	back   *member            // was started again, and lacks something yet
	backAt time.Duration
	grace  time.Duration // how long the nodes may take to have the same log, once healed
}

// member is a node as the play knows it, by the node's word.
type member struct {
	name   trace.ID
	p      demo.Proc // the latest
	starts int
	addr   string // where it listens
	line   string // the others' doors
	role   string
	term   uint64
	has    []string
	listed bool // it has answered the latest question
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
	pl := &play{s: s, names: nodes[:], rule: s.Param("rule"), facts: make(chan fact, 256), over: make(chan struct{}), came: map[string]int{}, open: map[string]*member{}}
	if pl.rule == half {
		pl.names = nodes[:4]
		pl.needed = len(pl.names) / 2
	}
	pl.net = cluster.New(s, pl.names...)
	pl.grace = 20*pl.election() + 10*time.Second
	return pl
}

func (pl *play) close() {
	close(pl.over)
	if pl.tell != nil {
		pl.tell.Close()
	}
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

func (pl *play) until(ctx context.Context, ok func() bool, d time.Duration) error {
	return demo.Loop[fact]{Stage: pl.s, News: pl.facts, Take: pl.take, Look: pl.look,
		Act: func(a demo.Act) error { return pl.act(ctx, a) }}.Until(ctx, ok, d)
}

func (pl *play) find(id trace.ID) *member {
	for _, m := range pl.nodes {
		if m.name == id || m.p != nil && m.p.ID() == id {
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
		if pl.open[f.Write] == nil { // taken for unknown as its node had ended, and its last word comes now
			pl.count(unknown, -1)
		}
		delete(pl.open, f.Write)
		pl.count(f.Came, 1)
		switch f.Came {
		case acknowledged:
			pl.acked = append(pl.acked, f.Write)
			pl.s.Say("%s acknowledges %s: %s.", m.name, f.Write, map[bool]string{true: "a half of the nodes has it", false: "a majority has it"}[pl.rule == half])
		case refused:
			pl.s.Say("%s refuses %s: %s.", m.name, f.Write, f.Why)
		default:
			pl.s.Say("%s cannot acknowledge %s (%s). It may come to be, or not: unknown.", m.name, f.Write, f.Why)
		}
	case f.List:
		m.has, m.listed = f.Has, true
		if m == pl.back && len(pl.lacks(m)) == 0 {
			pl.s.Gauge("caught-up", float64(pl.s.Now()-pl.backAt)/1e6, "ms")
			pl.s.Say("%s has caught up: all that was acknowledged is in its log.", m.name)
			pl.back = nil
		}
	}
}

// lacks is what was acknowledged and a node said it does not have.
func (pl *play) lacks(m *member) (all []string) {
	for _, w := range pl.acked {
		if !slices.Contains(m.has, w) {
			all = append(all, w)
		}
	}
	return all
}

func (pl *play) count(came string, n int) {
	pl.came[came] += n
	pl.s.Gauge(came, float64(pl.came[came]), "")
}

// look asks a node that was started again what it has, and gives up writes whose
// node has ended.
func (pl *play) look() {
	for _, w := range slices.Sorted(maps.Keys(pl.open)) {
		if m := pl.open[w]; m.gone() {
			delete(pl.open, w)
			pl.count(unknown, 1)
			pl.s.Say("%s took %s and has ended. It may come to be, or not: unknown.", m.name, w)
		}
	}
	if pl.back != nil && !pl.back.gone() {
		pl.back.p.Send("list")
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
	pl.open[what] = m
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

func (pl *play) act(ctx context.Context, a demo.Act) error {
	m := pl.find(a.Target)
	switch {
	case a.Name == "heal":
		if n := pl.net.HealAll(); n == 0 {
			pl.s.Say("No link is cut. x cuts the selected node and the next one off from the rest.")
		} else {
			pl.s.Say("%s whole again. The side with the older term follows the other, and what only it had is thrown away.", demo.Plural(n, "link"))
		}
	case m == nil:
		pl.s.Say("Choose one of n1 to n%d.", len(pl.nodes))
	case a.Name == "write":
		pl.write(m)
	case a.Name == "cut":
		side := pl.cut(m)
		if pl.rule == half {
			pl.s.Say("%s and %s are cut off from the other two (injected). Each side is a half. Write (w) on both sides.", side[0], side[1])
		} else {
			pl.s.Say("%s and %s are cut off from the other three (injected). Two of five are no majority. Write (w) on both sides.", side[0], side[1])
		}
	case a.Name == "restart":
		return pl.restart(ctx, m)
	}
	return nil
}

// check asks every live node what it has, until all have the same and lack nothing
// that was acknowledged, or the time is up; lost are the acknowledged writes that
// some node lacks then. Of the home-made log it is enough that all have the same: a
// node lists all that it has, so what is on none of them cannot come back.
func (pl *play) check(ctx context.Context) (lost []string, same bool, err error) {
	end := pl.s.Now() + pl.grace
	for {
		var live []*member
		for _, m := range pl.nodes {
			if m.listed = false; !m.gone() && m.p.State() != trace.Stopped && m.p.Send("list") == nil {
				live = append(live, m)
			}
		}
		waits := func(m *member) bool { return !m.listed }
		if err := pl.hear(ctx, func() bool { return !slices.ContainsFunc(live, waits) }, 5*time.Second); err != nil {
			return nil, false, err
		}
		lost, same = nil, len(live) > 0 && !slices.ContainsFunc(live, waits)
		for _, m := range live {
			same = same && slices.Equal(m.has, live[0].has)
			for _, w := range pl.lacks(m) {
				if !slices.Contains(lost, w) {
					lost = append(lost, w)
				}
			}
		}
		if same && (len(lost) == 0 || pl.rule == half) || pl.s.Now() > end {
			return lost, same, nil
		}
		if err := pl.hear(ctx, nil, pl.election()/4); err != nil {
			return nil, false, err
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
	live := 0
	for _, m := range pl.nodes {
		if !m.gone() && m.p.State() != trace.Stopped {
			live++
		}
	}
	if pl.rule == byRaft && live <= len(pl.nodes)/2 {
		pl.s.Verdict(true, "%d of five nodes are left, which is no majority: nothing can be written, and nothing that was acknowledged can be read for certain", live)
		return nil
	}
	lost, same, err := pl.check(ctx)
	if err != nil {
		return err
	}
	pl.s.Gauge("acknowledged-lost", float64(len(lost)), "")
	which := ""
	if len(lost) > 0 {
		which = " (" + strings.Join(lost, ", ") + ")"
	}
	text := fmt.Sprintf("%d writes acknowledged, %d of them lost%s; %d refused, %d unknown; the live nodes have %s", len(pl.acked), len(lost), which, pl.came[refused], pl.came[unknown],
		map[bool]string{true: "the same log", false: "not all the same log yet"}[same])
	if pl.rule == half {
		pl.s.Verdict(true, "home-made, a half is enough: %s", text) // to lose is what it is there to show
	} else {
		pl.s.Verdict(len(lost) == 0, "%s", text)
	}
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
