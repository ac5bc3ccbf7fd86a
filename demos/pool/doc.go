// Package pool is the demo "pool-of-workers": a real process pool, with its
// master in the program and its workers in processes of their own.
//
// # How the pool works
//
// Two pipes run between the master and each worker. The master writes calls, the
// worker answers. A worker that has nothing to do is blocked in a read of its
// pipe, and that is what the kernel says of it: S, "pipe read". It computes, in R,
// or waits for a timer, in S, answers, and reads again: the same process for many
// tasks, so that the price of starting one is paid once.
//
//	master ── call: tasks 4 5 6 ──▸ [pipe] ──▸ worker-1   R computes
//	       ◂── began 4, began 5 … ── [pipe] ◂──
//	       ◂── answer: 4 5 6 ─────── [pipe] ◂──
//
// Tasks wait in the master, not in the pipes. Three numbers say when they leave:
//
//   - chunk: tasks in one call. A call is answered as a whole, so a chunk pays for
//     one crossing each way, and a worker that dies takes all of its chunk along,
//     also what it had computed already.
//   - window: calls that a worker may have unanswered. With 1 a worker holds
//     exactly what it works on; while it waits for the next call it is idle. With
//     more the next call is in its pipe when it looks. A window is not a chunk:
//     each task still is a frame of its own, given to whoever has room.
//   - attempts: how often a task may be handed out. With 1 the task of a killed
//     worker is lost, as in Python's Pool: replacing a worker is not retrying its
//     task. With more it is handed out again, and may then have run twice.
//
// Frames that are written in one go travel in one system call: the master writes
// when it has nothing more to hand out, a worker when it has nothing more to read.
//
// # How to read the lanes
//
// A lane is a process. A stretch with a task's number is that task in its hands,
// from its word that it began to its answer; the gap after it is the hand-over.
// task.start is logged when the worker says that it began. Where a task is under a
// millisecond of work they are not announced: their start is logged with their answer. A lane
// that ends with the signal KILL leaves a task lost or waiting again, and the
// lane that begins below it is the replacement, with another pid. Execution is in
// the order of the lanes, results are in the order of the tasks.
//
// # In place threads
//
// The workers are threads of one Go process. Go has no interpreter lock, so they
// compute at the same instant as processes do, as far as there are cores; threads
// of the usual build of CPython would take turns. What they share is the address
// space, the heap with its collector, and the end: a signal that kills is for all.
//
// # What must hold
//
// The rules are:
//  1. Every task of a run ends as exactly one of done, failed or lost (TestUnderFire).
//  2. Results are in the order of the tasks and equal those of a loop (TestResultsEqualALoop, TestUnderFire).
//  3. With retry, a killed worker loses no task that has attempts left (TestUnderFire).
//  4. A write to a worker never blocks, stopped or not: what it has not answered
//     fits into its pipe, whose least size is [pipeSize] (TestStoppedWorkerBlocksNobody).
//  5. A worker that ends, in mid-frame, in mid-task or idle, is replaced
//     unless it was asked to leave, and its end is known from the wait status (TestKillIdle, TestPartialFrame).
//  6. A worker that answers what it was not asked is ended (TestLyingWorker).
//
// # What bounds it
//
// With tasks that do nothing and a window of 1, each task is a round trip between
// two processes, and that is all that is measured: a worker waits for the master
// most of the time. A window lets many calls and answers share a system call,
// and then the master is the bottleneck: one process that hands out, hears, and
// logs three events a task, most of which is memory for the log. With large
// chunks nothing else is left of it. Pipes and workers are never the limit.
//
// BenchmarkRatio10k measures the pool beside Python's, with as many messages each.
// (Python's feeds its workers ahead, too: its tasks lie in a pipe that all share.)
// The tasks here are numbers and cross as four bytes; Python's are pickled
// objects. So the ratio compares two pools and not two languages.
package pool
