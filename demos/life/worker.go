package life

import (
	"context"
	"time"

	"edu/procession/demos/demo"
)

// What the play sends to a worker, and the worker's own words for its waits.
const (
	goOn    = "go on"
	fail    = "fail"
	onStart = "its first line"
	onLine  = "a line"
	onTimer = "a timer"
)

// beat is how long a worker spends on one thing.
func beat(p demo.Pace) time.Duration { return p.Scale(time.Second) }

// Roles implements demo.Demo.
func (Demo) Roles() map[string]demo.Role {
	return map[string]demo.Role{"worker": work, "brief": brief}
}

// work goes round until a signal or a line ends it. The third wait is ended by
// the play, which hears of it and answers a beat later.
func work(_ context.Context, w *demo.Worker) error {
	listen := func(as string) error {
		w.Block(as)
		switch line, err := w.Recv(); {
		case err != nil:
			return demo.ExitCode(0)
		case line == fail:
			w.Logf("asked to fail: exiting with code %d", failing)
			return demo.ExitCode(failing)
		}
		return nil
	}
	if err := listen(onStart); err != nil {
		return err
	}
	for phase := w.IntArg("phase"); ; phase++ {
		switch phase % 3 {
		case 0:
			w.Block("")
			w.Spin(beat(w.Pace()))
		case 1:
			w.Block(onTimer)
			w.Sleep(beat(w.Pace()))
		case 2:
			if err := listen(onLine); err != nil {
				return err
			}
		}
	}
}

// brief does nothing until its pipe is closed, and ends.
func brief(_ context.Context, w *demo.Worker) error {
	w.Recv()
	return nil
}
