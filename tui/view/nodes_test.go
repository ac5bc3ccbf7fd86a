package view

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"

	"edu/procession/demos/board"
	"edu/procession/demos/trace"
)

func drawn1(draw func(*Scene, int, int) []string, b *board.Board, w, h int) string {
	return ansi.Strip(strings.Join(draw(&Scene{Board: b, Theme: dark, Now: b.At}, w, h), "\n"))
}

// nodesOf is a stage of nodes with parts, or, if bare, without.
func nodesOf(bare bool, names ...trace.ID) *play {
	p := &play{}
	for i, n := range names {
		p.add(0, trace.Stage, n, trace.Start{PID: 10 + i, Role: "member", Node: string(n)})
		if !bare {
			p.add(0, trace.Worker, n, trace.Role{Role: "follower", Term: 1})
		}
	}
	return p
}

func cutAll(p *play, at time.Duration, oneWay bool, group []trace.ID, rest ...trace.ID) {
	for _, x := range group {
		for _, y := range rest {
			p.add(at, trace.Stage, x, trace.Link{Is: trace.KindCut, A: x, B: y, OneWay: oneWay})
		}
	}
}

// TestIslands: a split is told when, and only when, cuts have made one.
func TestIslands(t *testing.T) {
	five := []trace.ID{"n1", "n2", "n3", "n4", "n5"}
	hub := func(p *play) {
		for _, n := range five[1:] {
			p.add(ms1, trace.Worker, n, trace.RTT{A: n, B: "n1", Took: ms1})
		}
	}
	for name, tt := range map[string]struct {
		bare bool
		do   func(*play)
		want string // "" for none
	}{
		"nothing cut":   {false, func(*play) {}, ""},
		"one link":      {false, func(p *play) { cutAll(p, ms1, false, five[:1], five[1]) }, ""},
		"two and three": {false, func(p *play) { cutAll(p, ms1, false, five[:2], five[2:]...) }, "[n1 t1 n2 t1] 2/5 ══╳══ [n3 t1 n4 t1 n5 t1] 3/5"},
		"one way":       {false, func(p *play) { cutAll(p, ms1, true, five[:2], five[2:]...) }, ""},
		"healed": {false, func(p *play) {
			cutAll(p, ms1, false, five[:1], five[1:]...)
			p.add(2*ms1, trace.Stage, "", trace.Link{Is: trace.KindHeal, A: "n1", B: "n4"})
		}, ""},
		"a spoke":      {true, func(p *play) { hub(p); cutAll(p, 2*ms1, false, five[:1], "n3") }, "[n1 n2 n4 n5] 4/5 ══╳══ [n3] 1/5"},
		"never linked": {true, func(p *play) { p.add(ms1, trace.Worker, "n1", trace.RTT{A: "n1", B: "n2", Took: ms1}) }, ""},
		"the hub ended": {true, func(p *play) {
			hub(p)
			cutAll(p, 2*ms1, false, five[:1], "n3")
			p.add(3*ms1, trace.Kernel, "n1", trace.Exit{PID: 10})
		}, ""},
		"over the ended": {true, func(p *play) {
			hub(p)
			cutAll(p, 2*ms1, false, five[1:2], "n3")
			p.add(3*ms1, trace.Kernel, "n1", trace.Exit{PID: 10})
		}, "[n2] 1/5 ══╳══ [n3] 1/5"},
	} {
		p := nodesOf(tt.bare, five...)
		tt.do(p)
		first, _, _ := strings.Cut(drawn1(Nodes, p.board(time.Second), 110, 30), "\n")
		if tt.want == "" && strings.Contains(first, "[") || !strings.HasPrefix(first, tt.want) {
			t.Errorf("%s: %q, not %q", name, first, tt.want)
		}
	}
}

// TestInjected: what the stage does to a link is said to be injected, and stands
// beside what was measured.
func TestInjected(t *testing.T) {
	p := nodesOf(false, "n1", "n2", "n3")
	p.add(ms1, trace.Worker, "n1", trace.RTT{A: "n1", B: "n2", Took: 101 * ms1})
	p.add(ms1, trace.Stage, "n1", trace.LinkFault{A: "n1", B: "n2", Delay: 50 * ms1})
	p.add(ms1, trace.Stage, "n2", trace.Link{Is: trace.KindCut, A: "n2", B: "n3", OneWay: true})
	text := drawn1(Nodes, p.board(time.Second), 80, 20)
	for _, want := range []string{"n1 ═══════════ n2  101 ms there and back  +50 ms each way (injected)", "n2 ◂─────────╳ n3  CUT one way (injected)"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
}

// TestBeliefIsNoFact: however firmly a process is taken to be gone, what is drawn
// of it is the kernel's word, and the belief is in quotes with whose it is.
func TestBeliefIsNoFact(t *testing.T) {
	p := nodesOf(false, "n1", "n2")
	p.state(ms1, "n2", trace.Stopped, "")
	p.add(2*ms1, trace.Worker, "n1", trace.Belief{About: "n2", Is: "gone for good"})
	p.add(2*ms1, trace.Worker, "n1", trace.Belief{About: "lease", Is: "mine until +2.0s"})
	p.add(3*ms1, trace.Worker, "n2", trace.Belief{About: "lease", Is: "mine until +9.0s"})
	b := p.board(time.Second)
	for _, w := range []int{40, 80, 120} {
		text := drawn1(Beliefs, b, w, 12)
		for _, want := range []string{"▪T stopped", `"gone for good"`, `"mine until +2.0s"`, `"mine until +9.0s"`, "knows no such"} {
			if !strings.Contains(text, want) {
				t.Errorf("%d: no %q in\n%s", w, want, text)
			}
		}
		for _, view := range []func(*Scene, int, int) []string{Beliefs, Nodes, Procs} {
			if text := drawn1(view, b, w, 12); strings.Contains(text, "dead") || strings.Contains(text, "▫X") {
				t.Errorf("%d: somebody is dead:\n%s", w, text)
			}
		}
	}
	side := slices.ContainsFunc(strings.Split(drawn1(Beliefs, b, 80, 12), "\n"), func(l string) bool {
		return strings.Contains(l, "+2.0s") && strings.Contains(l, "+9.0s")
	})
	if !side {
		t.Errorf("the two views of the lease are not side by side:\n%s", drawn1(Beliefs, b, 80, 12))
	}
}

// TestBelieversHaveNames: where many believe something of many, the table names
// each of them, and leaves out first who has ended.
func TestBelieversHaveNames(t *testing.T) {
	for n, w := range map[int]int{5: 64, 6: 80, 7: 80} {
		var ids []trace.ID
		for i := range n {
			ids = append(ids, trace.ID(fmt.Sprint("n", i+1)))
		}
		p := nodesOf(false, ids...)
		for _, about := range slices.Backward(ids) {
			for _, who := range ids {
				if who != about {
					p.add(ms1, trace.Worker, who, trace.Belief{About: about, Is: "suspect"})
				}
			}
		}
		if n == 7 {
			p.add(2*ms1, trace.Kernel, "n7", trace.Exit{PID: 16, Code: -1, Signal: "KILL"})
		}
		text := drawn1(Beliefs, p.board(time.Second), w, 12)
		head, _, _ := strings.Cut(text, "\n")
		at := 0
		for i, id := range ids {
			row := strings.Index(text, "\n"+string(id)+" ")
			if in := strings.Contains(head, string(id)); in != (i < 6) || row <= at {
				t.Errorf("%d in %d cells: %s in the head: %t; in its place: %t\n%s", n, w, id, in, row > at, text)
			}
			at = row
		}
	}
}

// TestPanelsOfNodes: the panels are there with what they show, and not else.
func TestPanelsOfNodes(t *testing.T) {
	for name, tt := range map[string]struct {
		b                     *board.Board
		nodes, beliefs, links bool
	}{
		"life":         {life().board(time.Hour), false, false, false},
		"pool":         {pool(8).board(time.Hour), false, false, false},
		"five":         {five(false).board(time.Hour), true, true, false},
		"before it":    {five(false).board(10 * ms1), false, false, false},
		"two and link": {(&play{events: []trace.Event{{Data: trace.Link{Is: trace.KindCut, A: "x", B: "y"}}}}).board(0), false, false, true},
	} {
		ps := Panels(tt.b)
		if slices.Contains(ps, PanelNodes) != tt.nodes || slices.Contains(ps, PanelBeliefs) != tt.beliefs || slices.Contains(ps, PanelLinks) != tt.links {
			t.Errorf("%s: %v", name, ps)
		}
	}
	if ps := Panels(noise(1, 3000)); len(ps) > 9 {
		t.Errorf("%d views for nine keys", len(ps))
	}
}

// TestSpaceTime: hundreds of messages between five nodes leave room for what
// happened besides, and are counted to the last one.
func TestSpaceTime(t *testing.T) {
	b := five(true).board(time.Hour)
	s := &Scene{Board: b, Theme: dark, Now: b.At}
	d := &diagram{s: s, b: b}
	rows := d.events(40)
	if len(rows) != 40 {
		t.Fatalf("%d rows", len(rows))
	}
	count, local := 0, 0
	for _, e := range rows {
		switch e.kind {
		case spaceLocal:
			local++
		case spaceBoth, spaceLost, spaceRecv:
			count += e.count
		}
	}
	if count <= 40 || local < 8 {
		t.Errorf("%d messages and %d other things in 40 rows", count, local)
	}
	if d.order = ByLamport; true {
		last := uint64(0)
		for _, e := range d.events(1000) {
			if n := d.stamp(e).Lamport; n > 0 {
				if n < last {
					t.Fatalf("clock %d after %d", n, last)
				}
				last = n
			}
		}
		if last == 0 {
			t.Error("no Lamport clock")
		}
	}
	for order, want := range []string{"TIME", "LAMPORT", "[n1 n2 n3 n4 n5]"} {
		s.Order, s.Clocks = Order(order), "n1 n2 n3 n4 n5"
		if text := ansi.Strip(strings.Join(Messages(s, 80, 20), "\n")); !strings.Contains(text, want) || !strings.Contains(text, "in the order of") {
			t.Errorf("%v: no %q in\n%s", s.Order, want, text)
		}
	}
	plain := five(false).board(time.Hour)
	for order := ByLamport; order < orderCount; order++ {
		text := ansi.Strip(strings.Join(Messages(&Scene{Board: plain, Theme: dark, Order: order}, 80, 20), "\n"))
		if !strings.Contains(text, "This run carries no clocks") || !strings.Contains(text, "TIME") {
			t.Errorf("%v of a run without clocks:\n%s", order, text)
		}
	}
}

// TestAcksAndDuplicates: what was dealt with, and what was done for nothing, is counted.
func TestAcksAndDuplicates(t *testing.T) {
	p := &play{}
	p.start(0, "w", 1, "worker")
	for i := range 3 {
		p.add(ms1, trace.Worker, "w", trace.Task{Is: trace.KindTaskRun, Task: i, Worker: "w", Attempt: 1})
		p.add(2*ms1, trace.Worker, "w", trace.Task{Is: trace.KindTaskDone, Task: i, Worker: "w", Attempt: 1})
		p.add(2*ms1, trace.Worker, "w", trace.Item{Is: trace.KindPut, Queue: "q", Item: string(rune('a' + i)), Depth: i + 1})
		p.add(3*ms1, trace.Worker, "w", trace.Item{Is: trace.KindGet, Queue: "q", Item: string(rune('a' + i)), Depth: 2 - i})
	}
	p.add(4*ms1, trace.Worker, "w", trace.Task{Is: trace.KindTaskDup, Task: 1, Worker: "w", Attempt: 2})
	p.add(4*ms1, trace.Worker, "w", trace.Item{Is: trace.KindAck, Queue: "q", Item: "a", Depth: -1})
	b := p.board(time.Second)
	for name, text := range map[string]string{"put 3, got 3, acknowledged 1": drawn1(Queues, b, 80, 9), "1 done again, in vain": drawn1(Grid, b, 80, 9),
		"3 put, 3 got, 1 acknowledged": Table(b), "1 done again in vain": Table(b)} {
		if !strings.Contains(text, name) {
			t.Errorf("no %q in\n%s", name, text)
		}
	}
}

// TestStartedAgain: a node shows the process that it has, not those that it had.
func TestStartedAgain(t *testing.T) {
	p := nodesOf(true, "n1")
	at := ms1
	for i := range 4 {
		last := trace.ID("n1")
		if i > 0 {
			last = trace.ID("n1-" + string(rune('0'+i)))
		}
		p.add(at, trace.Kernel, last, trace.Exit{PID: 10 + i, Code: -1, Signal: "KILL"})
		p.add(at, trace.Kernel, last, trace.Reaped{PID: 10 + i})
		if text := drawn1(Nodes, p.board(at), 80, 12); strings.Count(text, "signal KILL") != 1 {
			t.Errorf("none lives:\n%s", text)
		}
		next := trace.ID("n1-" + string(rune('1'+i)))
		at += ms1
		p.add(at, trace.Stage, next, trace.Start{PID: 11 + i, Role: "member", Node: "n1"})
		p.state(at, next, trace.Running, "")
		for _, h := range []int{12, 2} { // boxes, and lines
			if text := drawn1(Nodes, p.board(at), 80, h); strings.Contains(text, "signal KILL") || !strings.Contains(text, "▸R "+string(next)) {
				t.Errorf("%s lives:\n%s", next, text)
			}
		}
		for _, is := range []trace.Kind{trace.KindSend, trace.KindRecv} { // told of the node, not of its process
			p.add(at, trace.Worker, next, trace.Msg{Is: is, Msg: string(next), From: "n1", To: "x"})
		}
		p.add(at+1, trace.Stage, "", trace.LinkFault{A: "n1", B: "x"})
		row := strings.Split(strings.TrimRight(drawn1(Messages, p.board(at+1), 70, 8), " \n"), "\n")
		if last := row[len(row)-1]; !strings.Contains(last, "as it is") || strings.Count(last, "┆") != 2 {
			t.Errorf("the node has no line of life: %q", last)
		}
		at += ms1
	}
}
