// Package workloads is the demo workloads: the same jobs, done in six ways, beside
// a heartbeat that should not stop.
//
// The jobs are four. A job computes (kind cpu: a fixed number of rounds of
// arithmetic, sized in this run) or waits (kind io: for a timer, which stands for
// an answer from elsewhere). The ways are:
//
//	serial      one goroutine does one job after the other
//	goroutines  a goroutine for each job, in one process, as parallel as Go makes them
//	turns       the same, with GOMAXPROCS=1: one at a time executes Go code
//	processes   a worker process for each job
//	loop        one goroutine is an event loop: jobs, timers and the heartbeat are its callbacks
//	handover    the same loop; jobs go to the worker processes, and their answers are events
//
// One process, the caller, does all of this, and its heart beats every 10 ms: in
// the loops as a callback of the loop, in the other ways as a goroutine beside. The
// goroutines that do jobs keep a kernel thread each, so that their states can be
// the kernel's; Go by itself needs no thread for a goroutine that waits.
//
//	caller ── [pipe] jobs ──▸ worker-1 … worker-4
//	       ◂── [pipe] answers ──
//
// GOMAXPROCS=1 does to Go code what CPython's interpreter lock does to Python code:
// many threads, and one at a time executes. It is a setting, and no lock.
//
// What is measured, and how, all on the caller's clock:
//   - makespan: from the first job's being given out to the last one's being done.
//     Starting threads and processes is not in it.
//   - speedup: the makespan of serial by that of the way, of one run.
//   - gap: the longest time between two beats in that stretch, with its ends.
//
// The rules are:
//  1. All ways do the same jobs (TestAllWays).
//  2. A loop that computes does not beat while it is in a job; waits in a loop are
//     all under way at once (TestAllWays).
//  3. The threads that are said to do jobs used the CPU time for it, by the kernel's
//     word (TestThreadsAreTheKernels).
//  4. A measurement in which somebody was killed or stopped reports no number, and
//     is made again by others (TestKilled, TestKilledWorker).
package workloads

import (
	"fmt"
	"runtime"
	"time"

	"edu/procession/demos/demo"
)

// Demo is the demo workloads.
type Demo struct{}

var _ demo.Demo = Demo{}

// The kinds of work.
const cpu, wait = "cpu", "io"

// way is how the jobs are done.
type way struct {
	name, key, doc string
	title          string // in a caption
	loops          bool   // the heart is a callback
	workers        bool   // the worker processes do the jobs
	threads        bool   // the goroutines with a thread of their own do the jobs
}

var ways = []way{
	{name: "serial", key: "a", doc: "one goroutine, one job after the other", title: "One goroutine does one job after the other"},
	{name: "goroutines", key: "g", doc: "a goroutine for each job, in one process", title: "A goroutine for each job, all in one process", threads: true},
	{name: "turns", key: "o", doc: "goroutines that take turns: GOMAXPROCS=1", title: "The same goroutines with GOMAXPROCS=1: one at a time executes", threads: true},
	{name: "processes", key: "w", doc: "a worker process for each job", title: "A worker process for each job", workers: true},
	{name: "loop", key: "l", doc: "an event loop: one goroutine, jobs are its callbacks", title: "An event loop: jobs and heartbeat are callbacks of one goroutine", loops: true},
	{name: "handover", key: "h", doc: "an event loop that hands its jobs to the worker processes", title: "An event loop that hands its jobs to the worker processes", loops: true, workers: true},
}

func wayOf(name string) (way, bool) {
	for _, w := range ways {
		if w.name == name {
			return w, true
		}
	}
	return way{}, false
}

const maxJobs = 8

// beatEvery is what the heart tries to keep.
const beatEvery = 10 * time.Millisecond

// Info implements demo.Demo.
func (Demo) Info() demo.Info {
	info := demo.Info{
		Name:  "workloads",
		Title: "Computing and waiting",
		Doc: "The same jobs are done by one goroutine, by several, by processes and by an event loop, beside a heartbeat. " +
			"Let them compute, then let them wait: what helps with one does not help with the other, and a loop that computes has no heartbeat.",
		Places:   []demo.Place{demo.Processes},
		Computes: true,
		Params: []demo.Param{
			{Name: "jobs", Default: "4", Check: demo.Int(1, maxJobs), Doc: "how many jobs, and so goroutines and worker processes"},
			{Name: "work", Default: "300ms", Check: demo.Duration(10*time.Millisecond, 10*time.Second),
				Doc: "how long a job takes when it has a core to itself, about; an eighth of it at --pace fast"},
			{Name: "kind", Default: "both", Check: demo.Choice(cpu, wait, "both"), Doc: "cpu: the jobs compute; io: they wait; both: first the one, then, unattended or at a key, the other"},
			{Name: "way", Default: "all", Check: func(s string) error {
				if _, ok := wayOf(s); ok || s == "all" {
					return nil
				}
				return fmt.Errorf("all, serial, goroutines, turns, processes, loop or handover")
			}, Doc: "one way, beside serial to compare with; all: every one"},
		},
		Actions: []demo.Action{{Name: "kind", Key: "i", Doc: "jobs that wait, or again jobs that compute: all ways"}},
		Gauges: []demo.Gauge{
			{Name: "cores", Doc: "how many threads may execute Go code at once in the caller (GOMAXPROCS), except with turns"},
			{Name: "rate", Unit: "/s", Doc: "rounds of work that the caller does in a second: the fastest of some short tries; the jobs are sized by it"},
		},
	}
	for _, w := range ways {
		info.Actions = append(info.Actions, demo.Action{Name: w.name, Key: w.key, Doc: w.doc})
	}
	info.Actions = append(info.Actions, demo.Kill, demo.Stop, demo.Cont)
	for _, kind := range []string{cpu, wait} {
		for _, w := range ways {
			info.Gauges = append(info.Gauges,
				demo.Gauge{Name: gauge("makespan", kind, w), Unit: "s", Doc: "from the first job's being given out to the last one's being done, by the caller's clock"},
				demo.Gauge{Name: gauge("gap", kind, w), Unit: "ms", Doc: fmt.Sprintf("the longest time between two heartbeats in that stretch, by the caller's clock; the heart tries for %v", beatEvery)})
			if w.name != "serial" {
				info.Gauges = append(info.Gauges, demo.Gauge{Name: gauge("speedup", kind, w), Unit: "×", Doc: "makespan of serial divided by that of this way, both of this run and of jobs of this kind"})
			}
		}
	}
	return info
}

func gauge(what, kind string, w way) string { return what + "-" + kind + "-" + w.name }

// Roles implements demo.Demo.
func (Demo) Roles() map[string]demo.Role {
	return map[string]demo.Role{"caller": caller, "worker": worker}
}

func cores() int { return runtime.GOMAXPROCS(0) }
