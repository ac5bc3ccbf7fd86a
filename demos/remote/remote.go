// Package remote is the demo remote-manager: tasks that go from a master to
// workers on other nodes, through a broker, and come back as results.
//
// Each node is a process with an address of its own (127.0.0.3 and so on where
// the system has them) and shares nothing with the others. The broker is an
// embedded NATS server, a process like the rest, and keeps tasks and results in
// files. The master puts tasks, gives one to each worker that asks, and stores the
// results; a task is acknowledged when its result is stored. Workers come and go.
// All links are loopback with a proxy in between, which is where they are cut.
//
// Nobody watches over a worker. One that was killed with a task in hand is just
// silent; when the task's lease ends, the broker has it delivered again, to whoever
// is free. That is the difference to the queue of Python's BaseManager, whose get
// has removed the task for good.
//
// What is measured, and how:
//   - first-task: from the begin of the run until the master had given out a task.
//   - redelivery: from the kernel's word that a worker has ended, with a task in
//     hand, until the master had given that task to another.
//   - broker-back: from the call that starts a new server until the master had
//     stored a result again; master-back the same of a new master.
//   - executions, redelivered, duplicates, done: counted by the master.
//   - lost: tasks that were put and have no result at the end.
//
// The rules are:
//  1. Every task that was put has its result at the end, whoever was killed (TestScript).
//  2. The task of a killed worker is done by another (TestKilledWorker).
//  3. A result that comes late is counted and changes nothing (TestStoppedWorker).
package remote

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"edu/procession/demos/cluster/broker"
	"edu/procession/demos/demo"
	"edu/procession/demos/trace"
)

// Demo is the demo remote-manager.
type Demo struct{}

var _ demo.Demo = Demo{}

// maxWorkers is how many there may be at a time.
const maxWorkers = 8

// Info implements demo.Demo.
func (Demo) Info() demo.Info {
	return demo.Info{
		Name:  "remote-manager",
		Title: "A task queue between nodes",
		Doc: "A master, a broker and workers, each a process on a node of its own: tasks go out through the broker's queue, results come back. " +
			"Add a worker, kill one with a task in hand, kill the broker or the master and start them again: is every task done, and by whom?",
		Places:     []demo.Place{demo.Nodes},
		Namespaces: true,
		Params: []demo.Param{
			{Name: "workers", Doc: "how many workers at the start", Default: "3", Check: demo.Int(1, maxWorkers)},
			{Name: "tasks", Doc: "how many tasks", Default: "36", Check: demo.Int(1, 500)},
			{Name: "work", Doc: "how long a worker takes for one", Default: "600ms", Check: demo.Duration(0, 20*time.Second)},
			{Name: "lease", Doc: "how long a worker has a task before it is given out again", Default: "2s", Check: demo.Duration(200*time.Millisecond, time.Minute)},
			{Name: "nats", Doc: "an existing NATS server with JetStream, nats://host:4222, in place of one on stage", Default: ""},
			{Name: "nats-creds", Doc: "a file with credentials for that server", Default: ""},
			{Name: "listen", Doc: "HOST:PORT at which the broker on stage takes workers from elsewhere, too: see procession join", Default: "", Check: broker.CheckListen},
		},
		Actions: []demo.Action{
			demo.Kill, demo.Stop, demo.Cont,
			{Name: "add", Key: "a", Doc: "add a worker, on a node of its own", Target: demo.ToStage},
			{Name: "invite", Key: "i", Doc: "say how a worker joins from another machine or terminal", Target: demo.ToStage},
			{Name: "new", Key: "n", Doc: "put as many tasks again", Target: demo.ToStage},
			{Name: "start", Key: "b", Doc: "start the broker or the master again, whichever has ended", Target: demo.ToStage},
			{Name: "cut", Key: "x", Doc: "cut the link between this node and the broker: nothing passes, and nobody is told (injected)", Target: demo.ToProc},
			{Name: "heal", Key: "h", Doc: "heal the cut link of this node", Target: demo.ToProc},
		},
		Gauges: []demo.Gauge{
			{Name: "done", Doc: "tasks whose result is stored"},
			{Name: "executions", Doc: "how often a task was given to a worker"},
			{Name: "redelivered", Doc: "how often one was given out again since its lease had ended"},
			{Name: "duplicates", Doc: "results for a task that had its result already"},
			{Name: "lost", Doc: "tasks without a result at the end of the run"},
			{Name: "first-task", Unit: "ms", Doc: "from the begin of the run until the master had given out the first task"},
			{Name: "redelivery", Unit: "ms", Doc: "from the end of a worker, as the kernel tells it, until another had been given its task"},
			{Name: "broker-back", Unit: "ms", Doc: "from the start of a new broker until the next result was stored"},
			{Name: "master-back", Unit: "ms", Doc: "from the start of a new master until it had stored the next result"},
		},
	}
}

// Roles implements demo.Demo.
func (Demo) Roles() map[string]demo.Role {
	return map[string]demo.Role{"broker": broker.Role, "master": master, "worker": worker}
}

// job is the body of a task: a number to be squared.
type job struct {
	N int `json:"n"`
}

// number is what task n is about, the same for every master of a run.
func number(seed uint64, n int) int { return int((seed*2654435761 + uint64(n)*40503) % 10000) }

// master is the role of the master: it is told "put N", for so many tasks in all,
// and "end".
func master(ctx context.Context, w *demo.Worker) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	w.Block("the broker")
	q, err := broker.Open(ctx, w)
	if err != nil {
		return err
	}
	defer q.Close()
	seed, _ := strconv.ParseUint(w.Arg("seed"), 10, 64)
	q.Check = func(n int, v json.RawMessage) error {
		want := number(seed, n) * number(seed, n)
		if string(v) != strconv.Itoa(want) {
			return fmt.Errorf("%.20s is not %d squared", v, number(seed, n))
		}
		return nil
	}
	known := map[string]bool{}
	for n := range strings.FieldsSeq(w.Arg("known")) {
		known[n] = true
	}
	go func() {
		next := q.Were()
		for {
			line, err := w.Recv()
			var all int
			switch _, bad := fmt.Sscanf(line, "put %d", &all); {
			case err != nil || bad != nil:
				cancel(errEnd)
				return
			}
			for ; next < all && ctx.Err() == nil; next++ {
				if err := q.Put(ctx, next, job{number(seed, next)}); err != nil && ctx.Err() == nil {
					cancel(err)
					return
				}
			}
		}
	}()
	if err := q.Invite(Demo{}.Info().Name, map[string]string{"work": w.Arg("work")}); err != nil {
		return err
	}
	w.Block("workers")
	err = q.Collect(ctx, 0, func(r broker.Result) {
		if r.Old && !known[strconv.Itoa(r.Task)] { // its predecessor did not come to say so
			w.Report(trace.Task{Is: trace.KindTaskDone, Task: r.Task, Worker: r.Worker, Attempt: r.Attempt, Took: r.Took, Note: "found in the broker's files"})
		}
	})
	if context.Cause(ctx) == errEnd {
		return q.End()
	}
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	return err
}

var errEnd = demo.ExitCode(0)

// Jobs is what a worker does that joins from elsewhere, for broker.Joining.
func Jobs() map[string]func(map[string]string) func(context.Context, broker.Task) (any, error) {
	return map[string]func(map[string]string) func(context.Context, broker.Task) (any, error){Demo{}.Info().Name: joined}
}

// joined does the same as the workers on stage.
func joined(args map[string]string) func(context.Context, broker.Task) (any, error) {
	work, _ := time.ParseDuration(args["work"])
	return func(ctx context.Context, t broker.Task) (any, error) {
		return square(t, func() {
			select {
			case <-time.After(work):
			case <-ctx.Done():
			}
		})
	}
}

// square does a task, and takes its time.
func square(t broker.Task, wait func()) (any, error) {
	var j job
	if err := json.Unmarshal(t.Body, &j); err != nil {
		return nil, err
	}
	wait()
	return j.N * j.N, nil
}

// worker is the role of a worker: it squares numbers, and takes its time.
func worker(ctx context.Context, w *demo.Worker) error {
	a, err := broker.AccessOf(w)
	if err != nil {
		return err
	}
	work := w.DurationArg("work")
	return broker.Work(ctx, w.Name(), a, w.Report, func(_ context.Context, t broker.Task) (any, error) {
		return square(t, func() { w.Sleep(work) })
	})
}
