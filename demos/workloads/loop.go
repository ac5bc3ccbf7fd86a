package workloads

import (
	"slices"
	"time"
)

// loop is an event loop: one goroutine calls what is due, one callback after the
// other. A callback that does not return lets nothing else happen.
type loop struct {
	timers []timer     // the earliest first
	ready  chan func() // callbacks of events from outside
}

type timer struct {
	at   time.Time
	call func()
}

// at has a callback called at that time, or as soon after as the loop gets to it.
func (l *loop) at(t time.Time, call func()) {
	i, _ := slices.BinarySearchFunc(l.timers, t, func(x timer, t time.Time) int {
		if x.at.After(t) {
			return 1
		}
		return -1 // those of the same time in the order in which they came
	})
	l.timers = slices.Insert(l.timers, i, timer{t, call})
}

// run calls what is due until done says so. There is always a timer: the heart's.
func (l *loop) run(done func() bool) {
	for !done() {
		next := l.timers[0]
		due := time.NewTimer(time.Until(next.at))
		select {
		case call := <-l.ready:
			due.Stop()
			call()
		case <-due.C:
			l.timers = l.timers[1:]
			next.call()
		}
	}
}
