// Package unasked is the demo silent-errors: jobs fail, each in a way of its own,
// and what their parent learns of it depends on what it asks for.
//
// A job is a process that computes a square and writes it into a pipe. Four of
// them fail:
//
//   - one returns an error: a line on its standard error, exit code 1, no result;
//   - one is killed with SIGKILL in the middle of its work;
//   - one catches its error and sends it in the place of the result; exit code 0;
//   - one swallows its error: no result, exit code 0.
//
// The parent, which is this program, may ask for nothing at all; wait for the
// ends, as join does; look at each exit status, which is the kernel's word; or
// read each result and check it. All four ways are tried on the same jobs, unless
// one is chosen.
//
// What is measured, and how:
//   - happened: jobs of a round without their right result or without exit code 0.
//     That is this program's own count, of all that it could know: each pipe is
//     read to its end and each exit status is kept, whatever the parent asks for.
//   - learnt-none, learnt-wait, learnt-codes, learnt-each: of these, those that
//     what the parent asked for has told it.
//
// The rules are:
//  1. The parent's belief is made of what it asked for and nothing else (TestPlay).
//  2. Reading each result finds every failure (TestPlay, TestKilled).
package unasked

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"time"

	"edu/procession/demos/demo"
	"edu/procession/demos/trace"
)

// Demo is the demo silent-errors.
type Demo struct{}

var _ demo.Demo = Demo{}

// The ways to ask.
const (
	askNone  = "none"
	askWait  = "wait"
	askCodes = "codes"
	askEach  = "each"
)

var ways = []string{askNone, askWait, askCodes, askEach}

// Info implements demo.Demo.
func (Demo) Info() demo.Info {
	return demo.Info{
		Name:  "silent-errors",
		Title: "An error that nobody asks for",
		Doc: "Some jobs fail: one with an error, one by a signal, one with an error for a result, one without a word. " +
			"What their parent learns depends on what it asks for: nothing, the end, the exit status, or each result.",
		Places: []demo.Place{demo.Processes},
		Params: []demo.Param{
			{Name: "jobs", Default: "6", Check: demo.Int(4, 16), Doc: "processes of a round; four of them fail, the seed says which"},
			{Name: "ask", Default: "all", Check: demo.Choice("all", askNone, askWait, askCodes, askEach),
				Doc: "what the parent asks for: none, wait (for the end), codes (the exit statuses), each (result); all: a round of each"},
			{Name: "work", Default: "600ms", Check: demo.Duration(0, 10*time.Second), Doc: "how long a job takes, on average"},
		},
		Actions: []demo.Action{
			{Name: "none", Key: "n", Doc: "a round in which the parent asks for nothing"},
			{Name: "wait", Key: "w", Doc: "a round in which it waits for the ends"},
			{Name: "codes", Key: "x", Doc: "a round in which it looks at the exit statuses"},
			{Name: "each", Key: "e", Doc: "a round in which it reads each result"},
			demo.Kill, demo.Stop, demo.Cont,
		},
		Gauges: []demo.Gauge{
			{Name: "jobs", Doc: "processes of the last round"},
			{Name: "happened", Doc: "jobs of the last round that did not bring their right result or did not end with exit code 0, by all that could be known"},
			{Name: "learnt-none", Doc: "failures that the parent learnt of when it asked for nothing"},
			{Name: "learnt-wait", Doc: "failures that it learnt of when it waited for the ends"},
			{Name: "learnt-codes", Doc: "failures that it learnt of from the exit statuses"},
			{Name: "learnt-each", Doc: "failures that it learnt of by reading each result"},
		},
	}
}

// Roles implements demo.Demo.
func (Demo) Roles() map[string]demo.Role { return map[string]demo.Role{"job": work} }

// What becomes of a job.
const (
	fine      = "fine"
	raises    = "raises"
	killed    = "killed"
	sends     = "sends its error"
	swallowed = "swallows its error"
)

// result is what a job is to write for n.
func result(n int) string { return strconv.Itoa(n * n) }

// work is a job: its file is the pipe for its result.
func work(_ context.Context, w *demo.Worker) error {
	n := w.IntArg("n")
	w.Report(trace.Task{Is: trace.KindTaskRun, Task: w.IntArg("task")})
	w.Sleep(w.DurationArg("work"))
	bad := fmt.Errorf("bad input %d", n)
	switch w.Arg("fate") {
	case raises:
		return bad
	case sends:
		fmt.Fprint(w.File(0), "error: ", bad)
	case swallowed:
	case killed:
		w.Recv() // until the signal, which has been sent
	default:
		_, err := fmt.Fprint(w.File(0), result(n))
		return err
	}
	return nil
}

// job is a process with what is known of it.
type job struct {
	n, task int
	fate    string
	p       demo.Proc
	out     chan string // what came through its pipe, once that has ended
}

// read reads a pipe to its end.
func read(r *os.File, out chan<- string) {
	defer r.Close()
	var all []byte
	b := make([]byte, 256)
	for len(all) < 1024 {
		n, err := r.Read(b)
		all = append(all, b[:n]...)
		if err != nil {
			break
		}
	}
	out <- string(all)
}
