// Package brokers is the demo brokers: a task queue whose broker can be killed,
// and how much of it must live for tasks to be taken.
//
// Three NATS servers, each a process at an address of its own, keep one JetStream
// stream in three copies and agree on it by NATS's own Raft; with servers=1 there is
// one server and one copy. A producer puts a task, waits for the acknowledgement of
// the stream, and sends it again with the same message id until it has that. Workers
// take tasks, do them, and acknowledge. All connections are loopback and lead
// through doors of package cluster.
//
// An acknowledgement of three servers says that two have the task, and one of a
// single server that its kernel has it. Files outlive the kill of a process; the
// servers do not force them to disk each time, so that the end of a machine is
// another matter.
//
// What is measured, and how:
//   - new-leader: from the kernel's word that the server which led the stream has
//     ended until another says that it leads, in a later term. NATS waits 4 to 9 s for
//     a silent leader and has no option for that.
//   - longest-wait: how long a task has been without an acknowledgement, the longest
//     of the run, from when it was first sent.
//   - acknowledged, sent-again, recognised: counted by the producer; recognised are
//     tasks of which the stream said that it had their id already.
//   - done, duplicates: results, and results for a task that had one.
//   - lost: acknowledged tasks without a result, once the workers had time for all.
//     Not told when too few servers are left to say.
//
// The rules are:
//  1. Without a majority of the servers nothing is acknowledged (TestNoMajority).
//  2. What was acknowledged is done, whichever servers are killed, once a majority
//     runs again (TestScript, TestAllKilled).
//  3. With a single server nothing is acknowledged while it is dead, and nothing is
//     lost when it is started again (TestSingle).
package brokers

import (
	"context"
	"time"

	"edu/procession/demos/demo"
)

// Demo is the demo brokers.
type Demo struct{}

var _ demo.Demo = Demo{}

// Info implements demo.Demo.
func (Demo) Info() demo.Info {
	return demo.Info{
		Name:  "brokers",
		Title: "A broker can be down",
		Doc: "Three NATS servers keep one stream of tasks in three copies; a producer puts tasks and workers take them. " +
			"Kill the server that leads the stream, then a second one, and start them again: when is a task acknowledged, and is one lost?",
		Places:     []demo.Place{demo.Nodes},
		Namespaces: true,
		Params: []demo.Param{
			{Name: "servers", Doc: "how many servers, each with a copy of the stream: 1 or 3", Default: "3", Check: demo.Choice("1", "3")},
			{Name: "workers", Doc: "how many workers", Default: "2", Check: demo.Int(1, 6)},
			{Name: "every", Doc: "how long the producer waits between two tasks; real pace", Default: "400ms", Check: demo.Duration(20*time.Millisecond, 10*time.Second)},
			{Name: "work", Doc: "how long a worker takes for one; real pace", Default: "500ms", Check: demo.Duration(0, 10*time.Second)},
			{Name: "patience", Doc: "how long the producer waits for an acknowledgement before it sends the task again; real pace", Default: "1s", Check: demo.Duration(100*time.Millisecond, 30*time.Second)},
			{Name: "lease", Doc: "how long a worker has a task before it is given out again; real pace", Default: "3s", Check: demo.Duration(500*time.Millisecond, time.Minute)},
		},
		Actions: []demo.Action{
			demo.Kill, demo.Stop, demo.Cont,
			{Name: "start", Key: "b", Doc: "start again what has ended, one at a time, servers first"},
		},
		Gauges: []demo.Gauge{
			{Name: "acknowledged", Doc: "tasks that the stream said it has"},
			{Name: "done", Doc: "tasks with a result"},
			{Name: "sent-again", Doc: "how often a task was sent again, with the same id, since no acknowledgement had come"},
			{Name: "recognised", Doc: "tasks of which the stream said then that it had their id already"},
			{Name: "duplicates", Doc: "results for a task that had its result already"},
			{Name: "new-leader", Unit: "s", Doc: "from the end of the server that led the stream, as the kernel tells it, until another says that it leads"},
			{Name: "longest-wait", Unit: "s", Doc: "the longest that a task has been without an acknowledgement, since it was first sent"},
			{Name: "lost", Doc: "acknowledged tasks without a result in the end"},
		},
	}
}

// Roles implements demo.Demo.
func (Demo) Roles() map[string]demo.Role {
	return map[string]demo.Role{"server": server, "producer": producer, "worker": worker}
}

// Play implements demo.Demo.
func (Demo) Play(ctx context.Context, s demo.Stage) error {
	pl := newPlay(s)
	defer pl.close()
	if err := pl.cast(ctx); err != nil {
		return err
	}
	if s.Attended() || s.ScriptEnd() > 0 {
		return pl.freely(ctx)
	}
	return pl.script(ctx)
}
