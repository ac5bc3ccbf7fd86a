//go:build linux

package payments

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"edu/procession/demos/board"
	"edu/procession/demos/demo"
	"edu/procession/demos/stage/stagetest"
	"edu/procession/demos/trace"
)

func TestMain(m *testing.M) { stagetest.Main(m, Demo{}) }

func gauge(b *board.Board, name string) int {
	g, _ := b.Gauge(name)
	return int(g.Value)
}

// seen is what the proxy has logged, which is neither node's word.
type seen struct {
	arrived   int         // requests at the bank
	answered  int         // acknowledgements that left it, dropped ones too
	confirmed map[int]int // acknowledgements that arrived at the client, by payment
	toBeMoved int         // by the play's orders
	orders    int
}

func look(events []trace.Event) seen {
	s := seen{confirmed: map[int]int{}}
	for _, e := range events {
		switch d := e.Data.(type) {
		case trace.Msg:
			switch {
			case d.Is == trace.KindRecv && d.To == bank:
				s.arrived++
			case d.Is == trace.KindSend && d.From == bank:
				s.answered++
			case d.Is == trace.KindRecv && d.To == client:
				var id int
				fmt.Sscanf(d.Text, "payment %d", &id)
				s.confirmed[id]++
			}
		case trace.Task:
			if d.Is == trace.KindTaskNew {
				n, _ := strconv.Atoi(strings.TrimPrefix(d.Note, "pay "))
				s.toBeMoved += n
				s.orders++
			}
		}
	}
	return s
}

func check(t *testing.T, got stagetest.Result) seen {
	t.Helper()
	v := got.Board.Verdict
	if got.Err != nil || v == nil || !v.OK {
		t.Fatalf("the run: %v, %+v", got.Err, v)
	}
	s, b := look(got.Events), got.Board
	if gauge(b, "payments") != s.orders || len(s.confirmed) != s.orders {
		t.Errorf("%d payments were ordered, %d acknowledged, by the proxy %d", s.orders, gauge(b, "payments"), len(s.confirmed))
	}
	if requests := gauge(b, "requests"); requests > s.arrived || requests < s.answered || requests != gauge(b, "effects")+gauge(b, "duplicates") {
		t.Errorf("%d requests arrived, %d were answered, the file has %d: %+v", s.arrived, s.answered, requests, b.Gauges)
	}
	if balance := b.Cell("balance").Value; balance != strconv.Itoa(s.toBeMoved+gauge(b, "too-much")) {
		t.Errorf("the balance is %s; %d was to be moved, and %d too much was", balance, s.toBeMoved, gauge(b, "too-much"))
	}
	if b.Counts[board.TaskDone] != s.orders {
		t.Errorf("of %d payments the log has %d as done", s.orders, b.Counts[board.TaskDone])
	}
	return s
}

// Unattended: without ids a lost acknowledgement moves money twice, with them it
// moves none, nor does a kill before the answer, nor a stop.
func TestScript(t *testing.T) {
	for _, ids := range []string{"false", "true"} {
		t.Run("ids="+ids, func(t *testing.T) {
			got := stagetest.Play(t, Demo{}, demo.Options{Pace: demo.Fast, Seed: 1, Params: map[string]string{"ids": ids}})
			s, b := check(t, got), got.Board
			t.Logf("took %v: %s", b.At, b.Verdict.Text)
			if twice := gauge(b, "effects") - s.orders; ids == "true" && (twice != 0 || gauge(b, "too-much") != 0) || ids == "false" && (twice < 1 || gauge(b, "too-much") < 10) {
				t.Errorf("%d payments too many: %+v", twice, b.Gauges)
			}
			if gauge(b, "duplicates") < 3 { // the drop, the kill and the stop
				t.Errorf("%+v", b.Gauges)
			}
			if x := b.Proc("bank-1").Exit; x.Signal != "KILL" {
				t.Errorf("bank-1: %+v", x)
			}
			if x := b.Proc("bank-2").Exit; x.Code != 0 || x.Signal != "" {
				t.Errorf("bank-2: %+v", x)
			}
		})
	}
}

// runs is how many runs are under fire; the environment can ask for more.
func runs() int {
	if n, err := strconv.Atoi(os.Getenv("PROCESSION_TEST_RUNS")); err == nil {
		return n
	}
	return 20
}

// Whatever is dropped, lost, stopped and killed, and when: no payment is lost,
// each is made once, and every request that was answered is counted.
func TestUnderFire(t *testing.T) {
	for seed := range runs() {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			rnd := rand.New(rand.NewPCG(uint64(seed), 7))
			run := stagetest.Start(t, Demo{}, demo.Options{Pace: demo.Fast, Seed: uint64(seed), Attended: true,
				Params: map[string]string{"ids": "true", "pause": "50ms"}})
			stagetest.Until(t, run, "a first payment", func(b *board.Board) bool { return gauge(b, "payments") > 0 })
			banks := 1
			act := func(name string, target trace.ID) {
				if err := run.Act(name, target); err != nil {
					t.Errorf("%s %s: %v", name, target, err)
				}
				time.Sleep(time.Duration(rnd.IntN(80)) * time.Millisecond) // any moment will do
			}
			for range 3 + rnd.IntN(3) {
				who := trace.ID(fmt.Sprintf("bank-%d", banks))
				switch rnd.IntN(4) {
				case 0:
					act(dropAck, "")
				case 1:
					act(dropReq, "")
				case 2:
					act("stop", who)
					act("cont", who)
				case 3:
					if rnd.IntN(3) == 0 {
						act("stop", who)
					}
					act("kill", who)
					stagetest.Until(t, run, "its end", func(b *board.Board) bool { p := b.Proc(who); return p != nil && p.Reaped > 0 })
					act(restart, "")
					banks++
					who = trace.ID(fmt.Sprintf("bank-%d", banks))
					stagetest.Until(t, run, "another bank", func(b *board.Board) bool { p := b.Proc(who); return p != nil && p.Took > 0 })
				}
			}
			run.Finish()
			got := stagetest.End(t, run)
			s := check(t, got)
			if b := got.Board; gauge(b, "effects") != s.orders || gauge(b, "too-much") != 0 {
				t.Errorf("%d payments: %+v", s.orders, b.Gauges)
			}
		})
	}
}

// A line that its writer did not live to end counts for nothing, and one that is
// none of ours is an error.
func TestHalfLine(t *testing.T) {
	f, err := newFile()
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for _, e := range []entry{{1, 20, 1, false}, {1, 20, 2, true}} {
		if err := appendEntry(f, e); err != nil {
			t.Fatal(err)
		}
	}
	f.WriteString("pay 2 3")
	all, whole, err := entries(f)
	if err != nil || len(all) != 2 || all[0] != (entry{1, 20, 1, false}) || all[1] != (entry{1, 20, 2, true}) {
		t.Fatalf("%v, %+v", err, all)
	}
	f.Truncate(whole)
	appendEntry(f, entry{2, 30, 1, false})
	if all, _, err = entries(f); err != nil || len(all) != 3 || all[2].amount != 30 {
		t.Errorf("after the cut: %v, %+v", err, all)
	}
	f.WriteString("hello\n")
	if _, _, err := entries(f); err == nil {
		t.Error("hello was understood")
	}
}

// A program that is killed leaves none of its processes and no file.
func TestNothingSurvives(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	rnd := rand.New(rand.NewPCG(1, 1))
	for range 2 {
		stagetest.KillHost(t, "at-least-once", 3, rnd)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("%v, %v", left, err)
	}
}
