package crossing

import (
	"context"
	"fmt"
	"io"
	"time"

	"edu/procession/demos/demo"
	"edu/procession/demos/internal/sock"
)

// worker is the role of those who do tasks, until the sender closes.
func worker(_ context.Context, w *demo.Worker) error {
	l := newLine(sock.Pipes(w.File(0), w.File(1)))
	w.Block("chunks")
	var u used
	asleep := switches()
	t := time.Now()
	lap := func(d *time.Duration) {
		now := time.Now()
		*d += now.Sub(t)
		t = now
	}
	for {
		if err := l.receive(); err == io.EOF {
			return nil
		} else if err != nil {
			return fmt.Errorf("to read a chunk: %w", err)
		}
		lap(&u.Wait)
		var c chunk
		if err := l.decode(&c); err != nil {
			return fmt.Errorf("to decode a chunk: %w", err)
		}
		lap(&u.Encode)
		var r results
		if len(c.Tasks) == 0 {
			u.Sleeps = switches() - asleep
			r.Used, u, asleep = u, used{}, asleep+u.Sleeps
		} else {
			r.Y = make([]int64, len(c.Tasks))
			for i := range c.Tasks {
				r.Y[i] = do(c.Tasks[i].X, c.Work)
			}
			lap(&u.Compute)
		}
		if err := l.encode(r); err != nil {
			return err
		}
		lap(&u.Encode)
		if err := l.send(); err != nil {
			return nil // the sender is gone: nobody is left to tell
		}
		lap(&u.Wait)
	}
}
