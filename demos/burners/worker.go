package burners

import (
	"context"
	"fmt"
	"strconv"
	"sync/atomic"
	"time"

	"edu/procession/demos/demo"
	"edu/procession/demos/trace"
)

// count is the global variable of the COUNT experiment. "Global" is within a
// process: the program sets its own to ours, and never to anything else; a child
// finds a fresh one, since it is the program executed anew, is told ours as
// bytes, and sets its own to theirs. It lies at the same address in both.
var count atomic.Int64

const ours, theirs = 42, 999

// Roles implements demo.Demo.
func (Demo) Roles() map[string]demo.Role {
	return map[string]demo.Role{"burner": burner, "counter": counter}
}

// counter is the child of the COUNT experiment.
func counter(_ context.Context, w *demo.Worker) error {
	here, there := address(), w.Arg("address")
	where := "at address " + here + ", as the parent's does"
	if here != there {
		where = fmt.Sprintf("at address %s, the parent's at %s", here, there)
	}
	w.Logf("my COUNT lies %s; I find %d in it, for I am the program executed anew", where, count.Load())
	count.Store(int64(w.IntArg("count")))
	w.Logf("I was told the value as bytes: now my COUNT is %d", count.Load())
	count.Store(theirs)
	w.Logf("I set my COUNT to %d", count.Load())
	w.Gauge("count-child", float64(count.Load()), "")
	return nil
}

func address() string { return fmt.Sprintf("%p", &count) }

// The words of a burner's lines, sent and reported.
const (
	onShare = "the next share" // its own word for its wait
	try     = "try"            // measure your rate
	share   = "share"          // do this task, of so many rounds
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
