// Package finite is the demo queue-is-finite: what becomes of a join before the
// get, and of a queue without a bound.
//
// A queue is as Python's: put lays the item into a buffer in the producer, and a
// feeder, a thread of its own, writes it into a pipe. A producer does not end
// before its feeder is through. So:
//
//   - *join, then get* goes well while the item fits into the pipe: the feeder is
//     through although nobody has read. One byte more, and the feeder sleeps in
//     its write, the producer waits for the feeder, and who joins waits for the
//     producer. To get is to set all three free.
//   - *put without a bound* never waits. What the consumer has not taken lies in
//     the producer's memory. With a bound, put waits for room instead.
//
// What is measured, and how:
//   - capacity: a process fills a pipe that nobody reads. What the kernel finds in
//     it (FIONREAD) when it finds the process asleep in its write.
//   - hangs-from: two sizes of an item, a byte apart, each with a producer of its
//     own: at one of them the producer ended before anybody got, and at the other
//     the kernel found its feeder asleep in the write.
//   - grown-unbounded, grown-bounded: the most memory that was resident in the
//     producer (VmHWM) less what was before its first put (VmRSS).
//   - took-unbounded, took-bounded: from the first put until the last get.
//
// The rules are:
//  1. Who is said to hang does so by the kernel's word: only a get, or the end of
//     somebody, lets it go on (TestHangs).
//  2. What is got is what was put, whole, or it is said that it is not (TestKilled).
//  3. A bounded queue never holds more than its bound (TestPlay).
package finite

import (
	"time"

	"edu/procession/demos/demo"
)

// Demo is the demo queue-is-finite.
type Demo struct{}

var _ demo.Demo = Demo{}

// maxSize is the biggest item, in bytes.
const maxSize = 16 << 20

// Info implements demo.Demo.
func (Demo) Info() demo.Info {
	return demo.Info{
		Name:  "queue-is-finite",
		Title: "A queue is finite",
		Doc: "A producer puts an item, and its parent joins before it gets: that goes well until the item is a byte too big for the pipe. " +
			"Then a burst of items waits for a slow consumer, in a queue without a bound and in one with.",
		Places: []demo.Place{demo.Processes},
		Params: []demo.Param{
			{Name: "size", Default: "auto", Check: orAuto(demo.Int(1, maxSize)), Doc: "bytes of the item that is joined before it is got; auto: a small one, the biggest that fits, and one byte more"},
			{Name: "items", Default: "48", Check: demo.Int(1, 256), Doc: "items of 1 MiB in the burst"},
			{Name: "maxsize", Default: "4", Check: demo.Int(1, 64), Doc: "items that the bounded queue has room for"},
			{Name: "get-every", Default: "40ms", Check: demo.Duration(0, time.Second), Doc: "how long the slow consumer takes for an item"},
			{Name: "acts", Default: "all", Check: demo.Choice("all", "join", "burst"), Doc: "all, the join before the get alone, or the burst alone"},
		},
		Actions: []demo.Action{
			{Name: "get", Key: "g", Doc: "get: take the item out, so that the producer can end"},
			{Name: "more", Key: "+", Doc: "join before get with the next bigger item"},
			{Name: "less", Key: "-", Doc: "join before get with the next smaller item"},
			{Name: "burst", Key: "b", Doc: "the burst again, with a bound (maxsize) and, the next time, without"},
			demo.Kill, demo.Stop, demo.Cont,
		},
		Gauges: []demo.Gauge{
			{Name: "capacity", Unit: "bytes", Doc: "what the kernel said was in the pipe that nobody read when the writer fell asleep in a write"},
			{Name: "hangs-from", Doc: "bytes of the smallest item with which join before get hangs: one byte less went well in this run. The pipe also holds the item's length, of 4 bytes"},
			{Name: "grown-unbounded", Unit: "bytes", Doc: "the most memory that was resident in the producer of the burst, less what was before its first put; without a bound"},
			{Name: "grown-bounded", Unit: "bytes", Doc: "the same, with a bound"},
			{Name: "took-unbounded", Unit: "s", Doc: "from just before the first put of the burst until the consumer has ended, which got everything; without a bound"},
			{Name: "took-bounded", Unit: "s", Doc: "the same, with a bound"},
		},
	}
}

func orAuto(check func(string) error) func(string) error {
	return func(s string) error {
		if s == "auto" {
			return nil
		}
		return check(s)
	}
}

// Roles implements demo.Demo.
func (Demo) Roles() map[string]demo.Role {
	return map[string]demo.Role{"filler": filler, "producer": producer, "consumer": consumer}
}
