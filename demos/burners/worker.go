package burners

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"edu/procession/demos/demo"
	"edu/procession/demos/internal/burn"
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
			w.Gauge("rate", burn.Rate(), "/s")
		} else if _, err := fmt.Sscanf(line, share+" %d %d", &task, &rounds); err == nil {
			w.Report(trace.Task{Is: trace.KindTaskRun, Task: task, Attempt: 1})
			t := time.Now()
			burn.Rounds(rounds)
			w.Report(trace.Task{Is: trace.KindTaskDone, Task: task, Attempt: 1, Took: time.Since(t), Note: strconv.Itoa(rounds) + " rounds"})
		}
	}
}
