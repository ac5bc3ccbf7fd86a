package view

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"

	"edu/procession/demos/board"
	"edu/procession/demos/trace"
	"edu/procession/tui/theme"
)

var update = flag.Bool("update", false, "write the golden files anew")

var dark = theme.New(theme.Options{Dark: true, Color: true})

type shot struct {
	name   string
	scene  *Scene
	layout Layout
}

func shots() []shot {
	mk := func(b *board.Board, now time.Duration) *Scene {
		return &Scene{Board: b, Theme: dark, Now: now, Sample: 111 * ms1}
	}
	l := life().board(time.Hour)
	ls := mk(l, 2600*ms1)
	ls.Selected = "worker-3"
	out := []shot{{"life", ls, Layout{}}}
	pb, pn := poolHalf()
	ps := mk(pb, pn)
	ps.Selected = "worker-4"
	out = append(out, shot{"pool", ps, Layout{Main: PanelLanes}}, shot{"pool-grid", ps, Layout{Main: PanelGrid}})
	qb, qn := queueFull()
	out = append(out, shot{"queue-full", mk(qb, qn), Layout{Main: PanelQueues}})
	qb, qn = queueEmpty()
	out = append(out, shot{"queue-empty", mk(qb, qn), Layout{Main: PanelQueues}})
	bb, bn := burners(64)
	out = append(out, shot{"burners", mk(bb, bn), Layout{}})
	bb, bn = burners(4)
	out = append(out, shot{"burners-4", mk(bb, bn), Layout{Main: PanelLanes}})
	sb, sn := same()
	out = append(out, shot{"same-call", mk(sb, sn), Layout{Main: PanelGauges}}, shot{"same-call-messages", mk(sb, sn), Layout{Main: PanelMessages}})
	rb := race(false).board(time.Hour)
	rs := mk(rb, rb.At)
	rs.Selected = "A"
	rb = race(true).board(time.Hour)
	out = append(out, shot{"race", rs, Layout{}}, shot{"race-stuck", mk(rb, rb.At), Layout{}})
	db := deadlock().board(time.Hour)
	ds := mk(db, db.At)
	ds.Selected = "B"
	out = append(out, shot{"deadlock", ds, Layout{}})
	lp := life()
	whole := lp.board(time.Hour)
	back := mk(lp.board(1550*ms1), 1550*ms1)
	back.Whole, back.Window, back.Cursor, back.Scrubbed = whole, Fit(whole.At), 1550*ms1, true
	back.Selected, back.Focus = "worker-3", PanelLanes
	out = append(out, shot{"life-scrubbed", back, Layout{Main: PanelLanes}})
	fb := five(true).board(time.Hour)
	fs := mk(fb, fb.At+200*ms1)
	fs.Selected = "n3"
	out = append(out, shot{"five", fs, Layout{Main: PanelNodes}}, shot{"five-beliefs", fs, Layout{Main: PanelBeliefs}}, shot{"five-messages", fs, Layout{Main: PanelMessages}})
	lamport, vector := *fs, *fs
	lamport.Order, vector.Order = ByLamport, ByVector
	lamport.Clocks, vector.Clocks = "n1 n2 n3 n4 n5", "n1 n2 n3 n4 n5"
	out = append(out, shot{"five-lamport", &lamport, Layout{Main: PanelMessages}}, shot{"five-vector", &vector, Layout{Main: PanelMessages}})
	tb := three()
	ts := mk(tb, tb.At+100*ms1)
	out = append(out, shot{"three", ts, Layout{Main: PanelNodes}}, shot{"three-beliefs", ts, Layout{Main: PanelBeliefs}}, shot{"three-messages", ts, Layout{Main: PanelMessages}})
	gp := pool(10_000)
	gb := gp.board(3 * time.Second)
	out = append(out, shot{"pool-10000", mk(gb, 3*time.Second), Layout{Main: PanelGrid}})
	return out
}

var sizes = [...][2]int{{80, 22}, {120, 38}, {200, 58}}

// TestGolden holds the stage as it stands at three sizes. A change is read in
// the diff: go test ./tui/view -run Golden -update.
func TestGolden(t *testing.T) {
	for _, s := range shots() {
		for _, size := range sizes {
			name := fmt.Sprintf("%s-%dx%d", s.name, size[0], size[1])
			t.Run(name, func(t *testing.T) {
				f := NewStage().Draw(s.scene, s.layout, size[0], size[1])
				golden(t, name, ansi.Strip(f.String()))
			})
		}
	}
}

// TestGoldenSmall holds what is left of the table in little room, with names of
// other scripts and hostile ones.
func TestGoldenSmall(t *testing.T) {
	p := life()
	for i, id := range hostile {
		p.start(time.Duration(2300+i)*ms1, trace.ID(id), 6000+i, "worker")
		p.add(2400*ms1, trace.Worker, trace.ID(id), trace.Block{On: id})
		p.state(2400*ms1, trace.ID(id), trace.Asleep, "管道 read")
	}
	s := &Scene{Board: p.board(time.Hour), Theme: dark, Now: 2600 * ms1, Selected: "worker-3"}
	for _, size := range [][2]int{{40, 12}, {60, 24}, {24, 8}, {100, 24}} {
		name := fmt.Sprintf("names-%dx%d", size[0], size[1])
		golden(t, name, ansi.Strip(strings.Join(Procs(s, size[0], size[1]), "\n")))
	}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	lines := strings.Split(got, "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " ")
	}
	got = strings.Join(lines, "\n") + "\n"
	if testing.Verbose() {
		t.Log("\n" + got)
	}
	file := filepath.Join("testdata", name+".golden")
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs; -update writes it anew\ngot:\n%s\nwant:\n%s", file, got, want)
	}
}

// TestGoldenPeers holds a real run of what-is-distributed, as it was recorded, when
// a cut has just made two peers suspect each other, and at its end.
func TestGoldenPeers(t *testing.T) {
	f, err := os.Open(filepath.Join("testdata", "peers.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	h, events, err := trace.Read(f)
	if err != nil {
		t.Fatal(err)
	}
	tl := board.Of(events)
	beliefs, suspected := 0, 0
	for i, e := range events {
		if _, ok := e.Data.(trace.Belief); ok {
			if beliefs++; beliefs == 2 {
				suspected = i + 1
			}
		}
	}
	for name, pos := range map[string]int{"suspected": suspected, "end": tl.Len()} {
		b := tl.At(pos)
		for _, m := range [...]struct {
			main  Panel
			order Order
		}{{PanelNodes, ByTime}, {PanelBeliefs, ByTime}, {PanelMessages, ByTime}, {PanelMessages, ByLamport}, {PanelMessages, ByVector}} {
			s := &Scene{Board: b, Theme: dark, Now: b.At, Sample: h.Sample, Selected: "b", Order: m.order, Clocks: "a b c"}
			name := strings.ReplaceAll(fmt.Sprintf("peers-%s-%s-%s", name, m.main, m.order), " ", "-")
			golden(t, name, ansi.Strip(NewStage().Draw(s, Layout{Main: m.main}, 80, 22).String()))
		}
	}
}
