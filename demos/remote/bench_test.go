//go:build linux

package remote

import (
	"testing"

	"edu/procession/demos/demo"
	"edu/procession/demos/stage/stagetest"
)

// BenchmarkFirstTask is the time from the begin of a run with a broker, a master
// and one worker, each a process, until the first task was given out.
func BenchmarkFirstTask(b *testing.B) {
	sum, n := 0.0, 0
	for b.Loop() {
		got := stagetest.Play(b, Demo{}, demo.Options{Pace: demo.Fast, Params: map[string]string{"workers": "1", "tasks": "1", "work": "0s"}})
		sum, n = sum+gauge(got.Board, "first-task"), n+1
	}
	b.ReportMetric(sum/float64(n), "first-task-ms")
}
