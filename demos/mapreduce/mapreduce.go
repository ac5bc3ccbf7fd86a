// Package mapreduce is the demo mapreduce: the words of a book are counted
// by several workers, once on one machine and once on nodes that share nothing.
//
// A coordinator cuts the book into chunks. A *map* task counts the words of one
// chunk, and splits the counts into partitions by a hash of the word. When all maps
// are done, a *reduce* task takes its partition of each map's result and adds up.
// What the reduces have made is the answer.
//
//   - In place processes the coordinator is the program, the workers are processes
//     with a pipe each way, and the data lie in a folder that all share. A worker
//     writes its result under another name and renames it when it is whole: that is
//     the commit. The kernel tells of a worker's end.
//   - In place nodes the coordinator is a process on a node of its own, workers dial
//     it, and there is no folder: chunks, counts and sums are messages, and the
//     coordinator keeps them. The end of a connection tells of an end, and silence
//     of nothing for sure.
//
// What is measured, and how: all of it by the coordinator, which hears of
// everything.
//   - executions: tasks that were given to a worker; of these, re-executions: since
//     the worker before had ended or was silent, and backups: beside another worker
//     that still had it. duplicates: results for a task that had its result.
//   - crossed: the bytes that the coordinator read from workers and wrote to them, by
//     its own count. files: the bytes that workers read and wrote in the shared
//     folder, as those tell that answered.
//   - differences: words whose count is not that of one loop over the book.
//
// The rules are:
//  1. Every task has one result that counts, and the answer is that of one loop,
//     whoever was killed, stopped or slow (TestUnderFire).
//  2. A result is there whole or not at all (TestTorn, TestUnderFire).
//  3. With a worker left, a killed worker's task is done by another (TestKilled).
//  4. With backup copies, a stopped worker delays the job and does not hold it up
//     (TestStopped).
//  5. Both places do the same tasks and come to the same answer (TestSameAnswer).
//  6. Nothing outlives the run (TestNothingSurvives).
package mapreduce

import (
	"context"
	"time"

	"edu/procession/demos/demo"
)

// Demo is the demo mapreduce.
type Demo struct{}

var _ demo.Demo = Demo{}

// maxWorkers is how many there may be at a time.
const maxWorkers = 8

// The actions of the demo's own.
const (
	straggle = "straggle"
	addOne   = "add"
	copies   = "backups"
	anew     = "new"
)

// Info implements demo.Demo.
func (Demo) Info() demo.Info {
	return demo.Info{
		Name:  "mapreduce",
		Title: "MapReduce: a book's words, counted by many",
		Doc: "A coordinator hands out the tasks of a word count over Newton's Opticks: maps by chunk, then reduces by partition. " +
			"Kill a worker with a task in hand, stop one, make one a straggler: is the answer that of one loop? " +
			"On one machine the data lie in files that all share; on nodes all of them travel.",
		Places: []demo.Place{demo.Processes, demo.Nodes},
		Params: []demo.Param{
			{Name: "workers", Doc: "how many workers at the start", Default: "3", Check: demo.Int(1, maxWorkers)},
			{Name: "maps", Doc: "chunks of the book, a map task each", Default: "18", Check: demo.Int(4, 64)},
			{Name: "reduces", Doc: "partitions of the words, a reduce task each", Default: "6", Check: demo.Int(1, 16)},
			{Name: "work", Doc: "how long a task waits, for eyes, up to a quarter more or less: counting takes milliseconds", Default: "1200ms", Check: demo.Duration(0, 20*time.Second)},
			{Name: "backups", Doc: "whether a task that is out for twice the median is given to a second worker, too", Default: "true", Check: demo.Bool()},
			{Name: "silence", Doc: "on nodes: how long a worker may be silent until its task is given to another", Default: "3s", Check: demo.Duration(500*time.Millisecond, time.Minute)},
		},
		Actions: []demo.Action{
			demo.Kill, demo.Stop, demo.Cont,
			{Name: straggle, Key: "g", Doc: "make it a straggler, or no longer: it waits eight times as long (injected)", Target: demo.ToProc},
			{Name: addOne, Key: "a", Doc: "add a worker", Target: demo.ToStage},
			{Name: copies, Key: "b", Doc: "backup copies of late tasks, on or off", Target: demo.ToStage},
			{Name: anew, Key: "n", Doc: "a new job, when this one is over", Target: demo.ToStage},
		},
		Gauges: []demo.Gauge{
			{Name: "makespan", Unit: "s", Doc: "from the begin of the job until the last result was there and added up"},
			{Name: "words-per-second", Unit: "/s", Doc: "words of the book by the makespan, in which tasks wait for eyes"},
			{Name: "differences", Doc: "words whose count is not that of one loop over the book: 0 is the same answer"},
			{Name: "executions", Doc: "tasks that were given to a worker, each time"},
			{Name: "re-executions", Doc: "of these, because the worker before had ended or was silent"},
			{Name: "backups", Doc: "of these, as copies beside a worker that was late"},
			{Name: "duplicates", Doc: "results for a task that had its result"},
			{Name: "crossed", Unit: "bytes", Doc: "what the coordinator read from its workers and wrote to them, signs of life too"},
			{Name: "files", Unit: "bytes", Doc: "what workers read and wrote in the shared folder, as those tell that answered"},
			{Name: "unfinished", Doc: "files that had no final name when the job was over: of killed workers, and of stragglers. Nobody reads them"},
			{Name: "sequential", Unit: "ms", Doc: "the same count by one loop, without waits and without workers, the fastest of three"},
		},
	}
}

// Roles implements demo.Demo.
func (Demo) Roles() map[string]demo.Role {
	return map[string]demo.Role{"worker": local, "node": remote, "coordinator": coordinate}
}

// Play implements demo.Demo.
func (Demo) Play(ctx context.Context, s demo.Stage) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	pl := newPlay(s)
	defer close(pl.over)
	defer pl.place.close()
	if err := pl.open(ctx); err != nil {
		return err
	}
	var err error
	if s.Attended() || s.ScriptEnd() > 0 {
		err = pl.freely(ctx)
	} else {
		err = pl.script(ctx)
	}
	if err != nil {
		return err
	}
	if err := pl.settle(ctx); err != nil {
		return err
	}
	pl.verdict()
	return pl.leave(ctx)
}
