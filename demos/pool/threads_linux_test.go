package pool

import (
	"testing"

	"edu/procession/demos/board"
	"edu/procession/demos/demo"
	"edu/procession/demos/stage/stagetest"
	"edu/procession/demos/trace"
)

// The same seed is the same tasks with the same results in both places; the play
// itself checks each result.
func TestPlacesDoTheSame(t *testing.T) {
	for _, place := range (Demo{}).Info().Places {
		o := fast(7, "serial", "false", "tasks", "12", "poison", "5")
		o.Place = place
		got := stagetest.Play(t, Demo{}, o)
		book := good(t, got)[0]
		book.want(t, 11, 1, 0)
		if e := book.ends[5]; e.Is != trace.KindTaskFail || e.Note != "bad input 5" {
			t.Errorf("in %s, task 5: %+v", place, e)
		}
		for i, e := range book.ends {
			if e.Took <= 0 {
				t.Errorf("in %s, task %d took no time", place, i)
			}
		}
		pids := map[int]bool{}
		for _, p := range got.Board.Procs {
			if p.Role == "worker" {
				pids[p.PID] = true
				if p.TaskDone == 0 {
					t.Errorf("in %s, %s did nothing", place, p.ID)
				}
			}
		}
		if want := map[demo.Place]int{demo.Processes: 2, demo.Threads: 1}[place]; len(pids) != want {
			t.Errorf("in %s, the workers are of %d processes, not %d", place, len(pids), want)
		}
	}
}

// A kill of one worker loses the tasks of all, where they are threads; another
// host and two more threads do what is left.
func TestKillInThreads(t *testing.T) {
	o := fast(1, "serial", "false", "tasks", "6", "work", "400ms", "kind", "wait", "spread", "0", "window", "1")
	o.Place, o.Attended = demo.Threads, true
	run := stagetest.Start(t, Demo{}, o)
	stagetest.Until(t, run, "both in mid-task", func(b *board.Board) bool {
		return proc(b, "worker-1").Task >= 0 && proc(b, "worker-2").Task >= 0
	})
	act(t, run, "kill", "worker-2")
	b := mapped(t, run, 1)
	run.Finish()
	got := stagetest.End(t, run)
	if got.Err != nil {
		t.Fatal(got.Err)
	}
	for _, id := range []trace.ID{"worker-1", "worker-2"} {
		if x := proc(got.Board, id).Exit; x.Signal != "KILL" || x.TID == 0 {
			t.Errorf("%s: %+v", id, x)
		}
	}
	if g, _ := b.Gauge("lost"); g.Value < 1 || g.Value > 2 {
		t.Errorf("%g tasks lost", g.Value)
	}
	if p := proc(got.Board, "worker-3"); p.TID == 0 || p.PID == proc(got.Board, "worker-1").PID || p.Parent != "host-2" {
		t.Errorf("no replacement: %+v", p)
	}
}
