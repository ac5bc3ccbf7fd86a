// Package crossing is the demo cost-of-crossing: many small tasks, done by a loop
// in one process and by workers behind pipes, so many in a message.
//
// The process "sender" has the tasks. It encodes a chunk of them (encoding/gob:
// what pickle is to Python), writes it into the pipe of a worker that is free, and
// waits in poll for a reply. A worker waits in a read, decodes, does the tasks one
// after the other, encodes the results and writes them back. A worker has one
// chunk at a time, and gets the next when its reply is in: a crossing there and
// one back for each chunk. A task is a square and some rounds of arithmetic, and
// carries a payload that nobody looks at.
//
//	chunk 1      |▹.|▹.|▹.|▹.|▹.|▹.   two messages and two wake-ups for each task
//	chunk 1000   |▹..............|▹   two messages for a thousand
//
// What is measured, and how (all at full speed at every pace):
//   - loop: the same tasks in a loop of the sender's; the median of some, by task. If
//     the sender had no core for a tenth of that time, the play says so (getrusage).
//   - chunk-1 to chunk-10000: from before the first chunk is encoded until the last
//     reply is decoded, by task, with so many tasks in a message. What takes less
//     than 50 ms is done five times, and the median counts.
//   - vs-loop: that time with the chunk that is set, divided by loop.
//   - compute, encode, wait: a worker's own time by its own clock, as shares that
//     add up to 100 %. Encode is decoding and encoding; wait is the read and the
//     write, the sleep in them, and the time in which it is the sender's turn.
//   - sender-encode: the sender's encoding and decoding, as a share of the time.
//   - messages: there and back, counted by the sender.
//   - sleeps: how often sender and workers gave up their core to wait, the kernel's
//     count (getrusage: voluntary context switches), by 1,000 tasks.
//
// A worker's five looks at the clock for each chunk are in these figures. A
// measurement in which somebody was killed or stopped does not count.
//
// The rules are:
//  1. Every result is compared with the loop's, and a wrong one fails the run.
//  2. Each measurement takes as many messages as it must: twice the tasks by the
//     chunk, rounded up (TestMeasured).
//  3. The three shares are of one worker's whole time: they add up (TestMeasured).
//  4. A disturbed measurement reports no number (TestKilledWorker).
package crossing

import (
	"context"
	"fmt"
	"strconv"

	"edu/procession/demos/demo"
	"edu/procession/demos/internal/sock"
)

// Demo is the demo cost-of-crossing.
type Demo struct{}

var _ demo.Demo = Demo{}

// crowd is the most workers.
const crowd = 4

// The settings that the keys go through.
var (
	chunks   = []int{1, 10, 100, 1000, 10_000}
	payloads = []int{0, 100, 1000, 10_000}
	grains   = []int{100, 1000, 10_000}
)

// largest is the most that a message carries, in bytes of payload.
const largest = 16 << 20

// bar is the name of the gauge for a chunk.
func bar(chunk int) string { return "chunk-" + strconv.Itoa(chunk) }

// Info implements demo.Demo.
func (Demo) Info() demo.Info {
	info := demo.Info{
		Name:  "cost-of-crossing",
		Title: "What a crossing costs",
		Doc: "Many small tasks, done by a loop in one process, and by workers behind pipes with 1 to 10,000 tasks in a message. " +
			"The bars are µs a task, on a logarithmic scale. Change the chunk, the payload, the number of workers and the size of a task: when do two workers beat the loop?",
		Places:   []demo.Place{demo.Processes},
		Computes: true,
		Params: []demo.Param{
			{Name: "tasks", Doc: "how many tasks there are", Default: "20000", Check: demo.Int(100, 200_000)},
			{Name: "chunk", Doc: "tasks in a message: 1, 10, 100, 1000 or 10000; all are measured, this one is looked into", Default: "1", Check: demo.Choice("1", "10", "100", "1000", "10000")},
			{Name: "payload", Doc: "bytes that a task carries with it", Default: "0", Check: demo.Int(0, 10_000)},
			{Name: "workers", Doc: "how many workers take part", Default: "2", Check: demo.Int(1, crowd)},
			{Name: "work", Doc: "rounds of arithmetic in a task; one takes about a nanosecond", Default: "100", Check: demo.Int(0, 100_000)},
		},
		Actions: []demo.Action{
			{Name: "more", Key: "+", Doc: "chunk ×10: ten times as many tasks in a message"},
			{Name: "fewer", Key: "-", Doc: "chunk ÷10"},
			{Name: "payload", Key: "b", Doc: "bytes that a task carries: 0, 100, 1,000, 10,000"},
			{Name: "workers", Key: "w", Doc: "one worker more, and after four one"},
			{Name: "work", Key: "x", Doc: "ten times as much work in a task, and after the largest the smallest"},
			demo.Kill, demo.Stop, demo.Cont,
		},
		Gauges: []demo.Gauge{
			{Name: "loop", Unit: "µs", Doc: "one task in a loop of the sender's own: the median of some loops through all tasks"},
			{Name: "vs-loop", Unit: "×", Doc: "the time of a task through the workers, with the chunk that is set, against that in the loop"},
			{Name: "best-vs-loop", Unit: "×", Doc: "the same with the chunk that took the least time"},
			{Name: "messages", Doc: "messages there and back, with the chunk that is set"},
			{Name: "sleeps", Doc: "how often sender and workers gave up their core to wait, for each 1,000 tasks (voluntary context switches, getrusage), with the chunk that is set"},
			{Name: "compute", Unit: "%", Doc: "of the workers' time, spent on tasks; with the chunk that is set"},
			{Name: "encode", Unit: "%", Doc: "of the workers' time, spent on decoding tasks and encoding results"},
			{Name: "wait", Unit: "%", Doc: "of the workers' time, the rest: reading, writing, asleep in them, and the sender's turn"},
			{Name: "sender-encode", Unit: "%", Doc: "of the whole time, spent by the sender on encoding tasks and decoding results"},
		},
	}
	for _, c := range chunks {
		info.Gauges = append(info.Gauges, demo.Gauge{Name: bar(c), Unit: "µs",
			Doc: fmt.Sprintf("one task through the workers, %s in a message: the whole time by the number of tasks", demo.Plural(c, "task"))})
	}
	return info
}

// Roles implements demo.Demo.
func (Demo) Roles() map[string]demo.Role {
	return map[string]demo.Role{"sender": sender, "worker": worker}
}

// Play implements demo.Demo.
func (Demo) Play(ctx context.Context, s demo.Stage) error {
	if !sock.Raw {
		return fmt.Errorf("a wait for several pipes: %w", demo.ErrNotHere)
	}
	pl := &play{s: s, news: make(chan news, 64), over: make(chan struct{}),
		n: demo.IntParam(s, "tasks"), chunk: demo.IntParam(s, "chunk"), payload: demo.IntParam(s, "payload"),
		workers: demo.IntParam(s, "workers"), work: demo.IntParam(s, "work")}
	defer pl.close()
	if err := pl.begin(ctx); err != nil {
		return err
	}
	return pl.run(ctx)
}
