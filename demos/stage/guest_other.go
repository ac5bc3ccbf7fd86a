//go:build !linux

package stage

import (
	"time"

	"edu/procession/demos/demo"
	"edu/procession/demos/trace"
)

// handle is a pid, looked at.
type handle struct{ pid int }

func newHandle(pid int) (handle, error) { return handle{pid}, nil }

func (h handle) close() {}

func (h handle) signal(sig demo.Signal) error { return send(h.pid, sig) }

// wait returns when there is no such process any more.
func (h handle) wait(over <-chan struct{}) (trace.Exit, bool) {
	for startTime(h.pid) != 0 {
		select {
		case <-time.After(50 * time.Millisecond):
		case <-over:
			return trace.Exit{}, false
		}
	}
	return trace.Exit{}, true
}

func (h handle) how(func() (int, bool)) (int, string, bool) { return 0, "", false }

func (l *looker) exitCode() (int, bool) { return 0, false }

func (l *looker) there() bool { return false }

// parentOf is not told here: a program's word on its own children is taken.
func parentOf(int) int { return 0 }
