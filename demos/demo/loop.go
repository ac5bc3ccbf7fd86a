package demo

import (
	"context"
	"math"
	"time"
)

// ForEver is longer than any run.
const ForEver = time.Duration(math.MaxInt64)

// Loop is how a play waits: everything that happens is taken by the one
// goroutine of the play, so its state needs no lock.
type Loop[N any] struct {
	Stage Stage
	News  <-chan N        // what the goroutines of the play have heard
	Take  func(N)         // takes one of them
	Act   func(Act) error // does an action of the demo's own; its error ends the wait
	Look  func()          // notices, ten times a second at real pace, what nobody tells
}

// Until takes what happens until ok says so, nil for never, or d has passed, or
// the learner has finished. The error is ctx's, or that of an action.
func (l Loop[N]) Until(ctx context.Context, ok func() bool, d time.Duration) error {
	end := time.NewTimer(d)
	defer end.Stop()
	look := time.NewTicker(l.Stage.Pace().Scale(100 * time.Millisecond))
	defer look.Stop()
	for ok == nil || !ok() {
		select {
		case n := <-l.News:
			l.Take(n)
		case a := <-l.Stage.Actions():
			if err := l.Act(a); err != nil {
				return err
			}
		case <-look.C:
			l.Look()
		case <-end.C:
			return nil
		case <-l.Stage.Finished():
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// Finished says that the learner has asked the play to come to its end.
func Finished(s Stage) bool {
	select {
	case <-s.Finished():
		return true
	default:
		return false
	}
}
