// Package starts is the demo spawn-is-halfway: a process that was started as a new
// program has none of the memory of the one that wants something of it. What it is
// to do has to cross as bytes.
//
// A sender gives jobs to a worker, which is this binary executed again, over two
// pipes that both inherited. A job is a name and numbers, written by encoding/gob.
// The worker looks the name up among functions of its own: it has the same program.
//
//   - *A job*: bytes cross, and only they. The first takes more of them than the next,
//     since a description of its type goes first.
//   - *A function*: gob refuses it. In a field of a struct it is left out, and nobody
//     is told: it is nil on the other side.
//   - *The number of a descriptor* crosses as any number does, and means nothing there.
//     The open file itself can be inherited, at the start and by descent only: the heir
//     reads on where the sender stopped, since it is the same open file.
//   - *An older release*: a worker that speaks as release 1 did is refused at the
//     handshake, before a job.
//   - *Kill the worker*: the next job starts another, which knows nothing of the first.
//
// What is measured, and how:
//   - spawn: from the call that starts the worker to its first event.
//   - first-job, next-job: bytes of the first job on a connection, and of one like it
//     after that, counted as they are written.
//   - decode-first, decode: from bytes that are all there to the job, by the worker's
//     clock; the first, and the median of those after it.
//   - round-trip: from the call that encodes the job until its reply was decoded, by
//     the sender's clock; median.
//   - inherited: bytes that the heir read of the file that it inherited.
//
// The rules are:
//  1. Every text of an error on stage is that of the library or the kernel (TestCrossing).
//  2. A worker is refused by its handshake, not by what the play knows of it (TestCrossing).
//  3. A worker that is killed is told of to the sender by its pipe (TestKilled).
package starts

import (
	"context"

	"edu/procession/demos/demo"
	"edu/procession/demos/trace"
)

// Demo is the demo spawn-is-halfway.
type Demo struct{}

var _ demo.Demo = Demo{}

// Info implements demo.Demo.
func (Demo) Info() demo.Info {
	return demo.Info{
		Name:  "starts",
		Title: "Only bytes cross",
		Doc: "A sender gives jobs to a worker that was started as a new program: names and numbers cross, and no function, no memory, no open file. " +
			"Send a job, a function, a descriptor's number; let a child inherit the file; start a worker of an older release; kill the worker.",
		Places: []demo.Place{demo.Processes},
		Params: []demo.Param{
			{Name: "jobs", Doc: "jobs that are timed, one after the other", Default: "500", Check: demo.Int(10, 100_000)},
		},
		Actions: []demo.Action{
			demo.Kill, demo.Stop, demo.Cont,
			{Name: "job", Key: "a", Doc: "send another job; when no worker is left, a new one is started first"},
			{Name: "function", Key: "x", Doc: "send a function, and then a job with a function in it"},
			{Name: "number", Key: "b", Doc: "send the number of a descriptor, for the worker to use"},
			{Name: "heir", Key: "i", Doc: "start a child that inherits the descriptor itself"},
			{Name: "old", Key: "o", Doc: "start a worker that speaks as an older release did"},
		},
		Gauges: []demo.Gauge{
			{Name: "spawn", Unit: "ms", Doc: "from the call that starts a worker to its first event; of the last one"},
			{Name: "first-job", Unit: "bytes", Doc: "the first job on a connection, with the description of its type"},
			{Name: "next-job", Unit: "bytes", Doc: "a job like it after that"},
			{Name: "decode-first", Unit: "µs", Doc: "from the bytes of the first job to the job, by the worker's clock"},
			{Name: "decode", Unit: "µs", Doc: "the same of the jobs after it: median"},
			{Name: "round-trip", Unit: "µs", Doc: "from before a job is encoded until its reply is decoded, by the sender's clock: median"},
			{Name: "inherited", Unit: "bytes", Doc: "that the heir read of the file that it inherited, none of which crossed a pipe"},
			{Name: "refused", Doc: "workers that were refused at the handshake"},
		},
	}
}

// Roles implements demo.Demo.
func (Demo) Roles() map[string]demo.Role {
	return map[string]demo.Role{"sender": send, "worker": work, "heir": inherit}
}

// Play implements demo.Demo.
func (Demo) Play(ctx context.Context, s demo.Stage) error {
	pl := &play{s: s, news: make(chan news, 64), over: make(chan struct{}), worker: -1, last: map[trace.ID]string{}, named: map[string]int{}}
	defer close(pl.over)
	defer pl.shut()
	if err := pl.begin(ctx); err != nil {
		return err
	}
	if s.Attended() || s.ScriptEnd() > 0 {
		return pl.attended(ctx)
	}
	return pl.alone(ctx)
}
