// Package queue is the demo "queue-pipe-event": a bounded queue between
// processes, a pipe that fills, and an event that wakes all who wait.
//
// # How the queue works
//
// It is made of two pipes, much as Python's multiprocessing.Queue is made of a
// pipe and a semaphore. One carries items, in frames of [frameSize] bytes. The
// other is the semaphore: it holds one byte for each free slot, as the jobserver
// of GNU make does for its jobs.
//
//	                 ┌────── a byte a free slot ◂──────┐
//	                 ▾                                 │ 2 give the slot back
//	producer  take a slot      feeder          consumer
//	   put ──▸ [buffer] ──▸ writes ──▸ [pipe] ──▸ 1 reads one frame
//
// Who puts first takes a slot, and when there is none the kernel lets it sleep in
// that read: S, "pipe read". That is all there is to a full queue, and a consumer
// that finds no item sleeps likewise. The depth on screen is what the kernel says
// is in the pipe (FIONREAD), not what anybody counted.
//
// put does not write. It lays the item into a buffer, wakes the feeder, a second
// thread of the producer, and returns. Some microseconds later the feeder writes
// to the pipe whatever lies there, many items in one write. So put is done before
// the item has left, empty() may say True right after it, and a producer that is
// killed in between takes the item along.
//
// # Why nothing is torn
//
// Many read and write the two pipes, without a lock. A write of at most [pipeBuf]
// bytes is never split (POSIX promises it up to PIPE_BUF), feeders write whole
// frames, and a consumer's read asks for exactly one frame; the kernel serves one
// read at a time. So there are always whole frames in the pipe, also when
// somebody is killed. Each frame carries a checksum all the same, and each read is
// checked for its length: a torn frame would end the run as failed.
//
// # What dies with a process
//
// A consumer that is killed with an item in its hands loses the item: it was
// taken out, and nobody acknowledges anything. It does not lose the queue. In
// Python the consumer that waits in get() holds the lock of all readers, and when
// it is killed there, the others wait for ever; here nobody holds anything while
// it waits. But a process can be killed between two system calls, with a slot in
// its hands. So after a death the play counts: when no process made a move between
// two looks at which the kernel said of each that it slept in a read or on a
// timer, then what is missing from the two pipes and the live producers' buffers
// is gone, and it puts so many slots back (see steward.go). Where the kernel does
// not tell that, a slot that died stays lost, and the queue is smaller by one.
//
// # The pipe and the event
//
// A writer writes into a pipe that nobody reads, until the kernel puts it to
// sleep: S, "pipe write". What is in there then is what a pipe holds. The event is
// a pipe as well, one that nothing is ever written to: to set it is to close its
// only write end. Every reader gets end of file then, and whoever comes later too.
// A queue wakes one, an event wakes all.
//
// # What must hold
//
// The rules are:
//  1. Never more than size items are in the pipe, by the kernel's count (TestPlay, TestKilledAtRandom).
//  2. An item that was fed is got by exactly one consumer, and whole (TestKilledAtRandom, TestHammered).
//  3. An item that was put and is never done was in the hands of a consumer that
//     died or not yet fed by a producer that died, and is counted (TestKilledAtRandom, TestUnfedDieWithTheProducer).
//  4. Any process may be killed at any moment, and the others go on (TestKilledAtRandom, TestSlotsDieWithTheirHolder).
//  5. Who puts into a full queue sleeps in the kernel (TestFullQueueBlocks).
//  6. Who waits for the event sleeps until it is set, and then all wake (TestEventReleasesAll).
//
// # What bounds the speed
//
// Between two processes with nothing else to do, a system call moves up to a
// thousand messages, so what counts is the work on each: sealing it and laying it
// into the buffer on one side, taking it out and checking it on the other, with
// the feeder between them and two cores for the three. One at a time, a message
// costs the waking of two threads, the feeder and the consumer. Both are measured
// beside Python's Queue by BenchmarkAgainstPython. Python pickles each object and
// spends a lock and a system call on each, where here 64 bytes are 64 bytes and
// the only consumer reads ahead: it compares two queues, not two languages.
package queue
