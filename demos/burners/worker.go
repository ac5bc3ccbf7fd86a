package burners

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"edu/procession/demos/demo"
	"edu/procession/demos/trace"
)

// Roles implements demo.Demo.
func (Demo) Roles() map[string]demo.Role {
	return map[string]demo.Role{"burner": burner, "counter": counter}
}

// What the play sends to a burner, and the burner's own word for its wait.
const (
	try     = "try"   // measure your rate
	share   = "share" // task and rounds follow
	onShare = "the next share"
)

// burner does shares until its pipe is closed.
func burner(_ context.Context, w *demo.Worker) error {
	for {
		w.Block(onShare)
		line, err := w.Recv()
		if err != nil {
			return nil
		}
		w.Block("")
		var task, rounds int
		if line == try {
			w.Gauge("rate", rate(), "/s")
		} else if _, err := fmt.Sscanf(line, share+" %d %d", &task, &rounds); err == nil {
			w.Report(trace.Task{Is: trace.KindTaskRun, Task: task, Attempt: 1})
			t := time.Now()
			burn(rounds)
			w.Report(trace.Task{Is: trace.KindTaskDone, Task: task, Attempt: 1, Took: time.Since(t), Note: strconv.Itoa(rounds) + " rounds"})
		}
	}
}

// rate is the fastest of some short tries: the one that was disturbed least.
func rate() float64 {
	const tries, rounds = 12, 1000
	best := 0.0
	for range tries {
		t := time.Now()
		burn(rounds)
		best = max(best, rounds/max(time.Since(t).Seconds(), 1e-9))
	}
	return best
}

var sink uint64 // keeps the compiler from dropping the work

// burn does rounds of work that needs the processor and nothing else.
func burn(rounds int) {
	x := sink
	for range rounds {
		for range 2000 {
			x = x*6364136223846793005 + 1442695040888963407
		}
	}
	sink = x
}
