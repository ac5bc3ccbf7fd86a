package board_test

import (
	"testing"
	"time"

	"edu/procession/demos/board"
	"edu/procession/demos/trace"
)

// A run with a warden, a host of two threads, and a kill of one of them that ends
// both, as the stage logs it.
func TestTally(t *testing.T) {
	ms := time.Millisecond
	tally := board.NewTally()
	n := uint64(0)
	add := func(at time.Duration, s trace.Source, who trace.ID, d trace.Data) {
		n++
		tally.Apply(trace.Event{Seq: n, At: at, Source: s, Who: who, Kind: d.Kind(), Data: d})
	}
	add(0, trace.Kernel, "warden", trace.Start{PID: 1, Role: "warden"})
	add(1*ms, trace.Kernel, "host", trace.Start{PID: 2, Role: "host"})
	add(9*ms, trace.Worker, "host", trace.Ready{PID: 2, Took: 8 * ms})
	for i, id := range []trace.ID{"a", "b", "c"} {
		add(10*ms, trace.Kernel, id, trace.Start{PID: 2, TID: 3 + i, Parent: "host", Role: "worker"})
		add(10*ms, trace.Worker, id, trace.Ready{PID: 2, Took: time.Duration(3-i) * ms})
	}
	add(20*ms, trace.Kernel, "warden", trace.Usage{PID: 1, RSS: 100, CPU: 50 * ms})
	add(20*ms, trace.Kernel, "host", trace.Usage{PID: 2, RSS: 10, CPU: 4 * ms})
	add(21*ms, trace.Kernel, "a", trace.Usage{PID: 2, CPU: 3 * ms})
	add(30*ms, trace.Learner, "b", trace.Act{Action: "kill", Target: "b"})
	add(31*ms, trace.Learner, "x", trace.Act{Action: "kill", Target: "x", Error: "there is no process x"})
	for _, id := range []trace.ID{"host", "a", "b", "c"} {
		add(37*ms, trace.Kernel, id, trace.Exit{PID: 2, Code: -1, Signal: "KILL"})
	}
	add(38*ms, trace.Kernel, "host", trace.Reaped{PID: 2, User: 5 * ms, System: 1 * ms})
	add(40*ms, trace.Stage, "", trace.Task{Is: trace.KindTaskLost, Task: 1})
	add(50*ms, trace.Stage, "", trace.Verdict{OK: true})
	add(51*ms, trace.Kernel, "late", trace.Start{PID: 9, Role: "worker"})
	add(52*ms, trace.Kernel, "late", trace.Exit{PID: 9, Code: -1, Signal: "KILL"}) // the stage clears

	if tally.Start() != 2*ms || tally.Host != 8*ms || tally.Workers() != 3 {
		t.Errorf("starts: median %v of %d, host %v", tally.Start(), tally.Workers(), tally.Host)
	}
	if tally.Memory != 10 || tally.CPU() != 6*ms {
		t.Errorf("memory %d, cpu %v", tally.Memory, tally.CPU())
	}
	if tally.Kills != 1 || tally.Ended != 3 || tally.Kill() != 7*ms || tally.Lost != 1 {
		t.Errorf("%d kills ended %d in %v, and %d tasks were lost", tally.Kills, tally.Ended, tally.Kill(), tally.Lost)
	}
}
