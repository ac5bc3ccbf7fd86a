// Package race is the demo race-and-lock: an addition in shared memory is three
// steps, and another process can come between them.
//
// Workers A, B, … add one to a counter in memory that they share (a page of a
// file that has no name any more, mapped by each), many times: each reads, adds
// and writes. Without a lock, updates that are written over are lost and counted.
// With lock=mutex, a futex in the same page lets one in at a time; with lock=flock
// it is a lock on a file, which the kernel frees when its holder dies. A mutex
// stays held by the dead: whoever waits for it waits for ever. With lock=halves
// each read and each write takes the mutex, and the addition between them does not.
//
// In step mode the learner is the scheduler: each worker does two additions, and
// is held before each step of them.
//
// What is measured, and how:
//   - counter, expected and lost-updates: the counter in memory after a round,
//     the additions that the workers counted as done, each in a cell of its own,
//     and the difference. In step mode, after each write.
//   - lost-share: lost-updates as a share of expected.
//   - each: the time of one addition, with its lock and the wait for it: a round's
//     longest worker by its own clock, through its additions.
//   - blocked: workers that wait for a lock whose holder is dead.
//
// The rules are:
//  1. Behind a mutex or a flock none is lost (TestLocksLoseNone, TestNoScheduleBreaksALock).
//  2. Counter and lost-updates come to expected, to a kill's precision: one that
//     was killed between its write and counting it (TestSums).
//  3. Who is said to be blocked is so to the kernel (TestHolderKilled).
package race

import "edu/procession/demos/demo"

// Demo is the demo race-and-lock.
type Demo struct{}

var _ demo.Demo = Demo{}

// The kinds of lock.
const (
	none   = "none"
	halves = "halves"
	mutex  = "mutex"
	flock  = "flock"
)

// holder is the demo's own action; again the other one.
const (
	holder = "holder"
	again  = "again"
)

// Info implements demo.Demo.
func (Demo) Info() demo.Info {
	return demo.Info{
		Name:  "race-and-lock",
		Title: "A race, and a lock",
		Doc: "Processes add one to a counter that they share, many times. Each addition is a read and a write, and another may come between. " +
			"Put a lock before it; then kill whoever holds it.",
		Places: []demo.Place{demo.Processes},
		Params: []demo.Param{
			{Name: "workers", Doc: "how many processes add", Default: "2", Check: demo.Int(2, 4)},
			{Name: "increments", Doc: "additions of each, where they run freely", Default: "50000", Check: demo.Int(100, 1_000_000)},
			{Name: "rounds", Doc: "additions of each in step mode", Default: "2", Check: demo.Int(1, 5)},
			{Name: "lock", Doc: "none, halves (each read, and each write, behind a mutex), mutex (in the shared memory) or flock (on a file)", Default: none, Check: demo.Choice(none, halves, mutex, flock)},
		},
		Actions: []demo.Action{
			demo.Kill, demo.Stop, demo.Cont,
			{Name: holder, Key: "h", Doc: "a round in which the first to hold the lock is killed with it", Target: demo.ToStage},
			{Name: again, Key: "a", Doc: "another round", Target: demo.ToStage},
		},
		Gauges: []demo.Gauge{
			{Name: "counter", Doc: "the number in shared memory after the last round; in step mode after the last write"},
			{Name: "expected", Doc: "additions that the workers have done, each by its own count"},
			{Name: "lost-updates", Doc: "expected, less the counter: additions that another one's write has undone"},
			{Name: "lost-share", Unit: "%", Doc: "lost updates of 100 that were expected"},
			{Name: "each", Unit: "µs", Doc: "one addition with its lock and the wait for it: the longest time that a worker took for a round, through its additions"},
			{Name: "blocked", Doc: "workers that wait for a lock whose holder is dead"},
		},
		Puzzles: []demo.Puzzle{
			{Name: "lose-an-update", Doc: "Make it lose an update, in the fewest steps."},
			{Name: "wait-for-ever", Doc: "Kill one so that the other waits for ever.", Set: map[string]string{"lock": mutex}},
			{Name: "mend-the-counter", Doc: "Mend it: set a lock behind which no schedule loses; --explore shows it.", Mend: "lock"},
		},
	}
}

// Roles implements demo.Demo.
func (Demo) Roles() map[string]demo.Role { return map[string]demo.Role{"adder": adder} }
