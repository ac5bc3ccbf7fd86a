//go:build linux

package shutdown

import (
	"slices"
	"strings"
	"testing"
	"time"

	"edu/procession/demos/board"
	"edu/procession/demos/demo"
	"edu/procession/demos/stage/stagetest"
	"edu/procession/demos/trace"
)

func TestMain(m *testing.M) { stagetest.Main(m, Demo{}) }

var workers = []trace.ID{"worker-1", "worker-2", "worker-3"}

// Each way to end a server, with what it does to its tasks and its workers.
func TestShutdowns(t *testing.T) {
	for _, tt := range []struct {
		name    string
		set     []string
		code    float64  // of the server, in Python's count
		lost    bool     // whether tasks are
		kills   float64  // escalations
		worker  []string // how each ended
		orphans bool
	}{
		{"term", nil, 0, false, 1, []string{"exit code 0", "exit code 0", "signal KILL"}, false},
		{"nobody deaf", []string{"deaf", "0"}, 0, false, 0, []string{"exit code 0", "exit code 0", "exit code 0"}, false},
		{"no grace", []string{"deaf", "0", "work", "1s", "grace", "1ms"}, 1, true, 3, []string{"signal KILL", "signal KILL", "signal KILL"}, false},
		{"no handler", []string{"handler", "false"}, -15, true, 0, []string{"exit code 0", "exit code 0", "exit code 0"}, true},
		{"ctrl-c", []string{"by", "ctrl-c"}, 1, true, 0, []string{"signal INT", "signal INT", "signal INT"}, false},
		{"ctrl-c, shielded", []string{"by", "ctrl-c", "shield", "true"}, 0, false, 1, []string{"exit code 0", "exit code 0", "signal KILL"}, false},
		{"kill", []string{"by", "kill"}, -9, true, 0, []string{"exit code 0", "exit code 0", "exit code 0"}, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := stagetest.Play(t, Demo{}, stagetest.Options(tt.set...))
			b := got.Board
			if v := b.Verdict; got.Err != nil || v == nil || !v.OK {
				t.Fatalf("the run: %v, %+v", got.Err, v)
			}
			value := func(name string) float64 {
				g, ok := b.Gauge(name)
				if !ok {
					t.Errorf("%s was not measured", name)
				}
				return g.Value
			}
			done, lost, refused := value("done"), value("lost"), value("refused")
			if int(done+lost+refused) != len(b.Tasks) || done == 0 || done != float64(b.Counts[board.TaskDone]) || lost != float64(b.Counts[board.TaskLost]) {
				t.Errorf("%v done, %v lost, %v refused of %d tasks; the board counts %v", done, lost, refused, len(b.Tasks), b.Counts)
			}
			if (lost > 0) != tt.lost || value("escalations") != tt.kills || value("exit-code") != tt.code {
				t.Errorf("%v lost, %v killed, exit code %v", lost, value("escalations"), value("exit-code"))
			}
			grace, err := time.ParseDuration(got.Header.Params["grace"])
			if err != nil { // auto
				grace = demo.Fast.Scale(2 * time.Second)
			}
			if took := value("last-exit"); tt.kills > 0 && took < grace.Seconds() {
				t.Errorf("killed after %v s, before the %v of grace were over", took, grace)
			}
			for i, id := range workers {
				p := b.Proc(id)
				if p == nil || p.Exit.String() != tt.worker[i] || p.Reaped == 0 {
					t.Errorf("%s: %+v", id, p)
					continue
				}
				if (p.Parent == "warden") != tt.orphans {
					t.Errorf("%s ended as a child of %s", id, p.Parent)
				}
			}
			for _, e := range got.Events {
				if d, ok := e.Data.(trace.Dropped); ok {
					t.Errorf("%d events dropped: %s", d.Count, d.Reason)
				}
			}
			if b.Proc("worker-4") != nil {
				t.Error("a worker was hired in the end")
			}
		})
	}
}

// A worker that a learner kills while the server serves is replaced, and SIGTERM
// from another program ends the server as from this one; r starts another.
func TestAttended(t *testing.T) {
	t.Parallel()
	run := stagetest.Start(t, Demo{}, demo.Options{Pace: demo.Fast, Seed: 1, Attended: true, Params: map[string]string{"deaf": "0"}})
	until := func(what string, ok func(*board.Board) bool) *board.Board { return stagetest.Until(t, run, what, ok) }
	act := func(name string, target trace.ID) {
		t.Helper()
		if err := run.Act(name, target); err != nil {
			t.Fatal(err)
		}
	}
	until("a task done", func(b *board.Board) bool { return b.Counts[board.TaskDone] > 3 })
	act("kill", "worker-1")
	until("a replacement at work", func(b *board.Board) bool { p := b.Proc("worker-4"); return p != nil && p.TaskDone > 0 })
	act("term", "server")
	until("the sum", func(b *board.Board) bool { return strings.HasPrefix(b.Caption, "SIGTERM: ") })
	act("again", "")
	until("the next server at work", func(b *board.Board) bool { p := b.Proc("worker-7"); return p != nil && p.TaskDone > 0 })
	act("ctrl-c", "")
	until("the sum", func(b *board.Board) bool { return strings.HasPrefix(b.Caption, "SIGINT to the group: ") })
	run.Finish()
	got := stagetest.End(t, run)
	for _, e := range got.Events {
		if d, ok := e.Data.(trace.Dropped); ok {
			t.Errorf("%d events dropped: %s", d.Count, d.Reason)
		}
	}
	if x := got.Board.Proc("server-2").Exit; x.Code != 1 {
		t.Errorf("the second server: %+v", x)
	}
	var known, seen []string
	for _, g := range (Demo{}).Info().Gauges {
		known = append(known, g.Name)
	}
	for _, g := range got.Board.Gauges {
		seen = append(seen, g.Name)
	}
	slices.Sort(known)
	slices.Sort(seen)
	if !slices.Equal(known, seen) {
		t.Errorf("documented %v, reported %v", known, seen)
	}
}
