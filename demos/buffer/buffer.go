// Package buffer is the demo producers-consumers: a buffer with a few slots in
// shared memory, those who put items into it, and those who take them out.
//
// Producers P1, P2, … put into the slot that the number in names, and consumers
// C1, … take from the slot that out names; both count on, round and round. Two
// semaphores count: free slots, which a producer takes and a consumer gives, and
// filled ones, the other way round. So nobody puts into a full buffer, or takes
// from an empty one. But to read in and put are two steps, and counting keeps
// nobody out between them. The guards are:
//   - counts: the two semaphores only; two producers can read the same in.
//   - lock: a lock only; nobody waits for a free slot, or for a filled one.
//   - claim: the semaphores, and in is read and counted on in one indivisible step;
//     a later slot may be filled before an earlier one.
//   - lock-first: first the lock, then the wait for a slot: who waits in there keeps
//     out who could end the wait.
//   - slot-first: first the wait for a slot, then the lock.
//
// The lock is a semaphore of one permit, as in the textbook: the dead keep it.
//
// What is measured, and how:
//   - put and taken: items, by counts in shared memory.
//   - overwritten: items that a producer found in its slot and wrote over.
//   - nothing: takes that found no item in the slot.
//   - waited: a producer's wait for a free slot by its own clock; the mean of all.
//   - circle: processes that wait for each other in a circle, 0 for none.
//
// The rules are:
//  1. Every item put is taken, overwritten or in the buffer (TestFree).
//  2. With slot-first no schedule loses one, or ends in waiting (TestMends).
//  3. What is called a circle is one: each of it is blocked to the kernel
//     (TestCircle).
package buffer

import "edu/procession/demos/demo"

// Demo is the demo producers-consumers.
type Demo struct{}

var _ demo.Demo = Demo{}

// The guards.
const (
	counts    = "counts"
	lockOnly  = "lock"
	claim     = "claim"
	lockFirst = "lock-first"
	slotFirst = "slot-first"
)

// Info implements demo.Demo.
func (Demo) Info() demo.Info {
	return demo.Info{
		Name:  "producers-consumers",
		Title: "Producers and consumers",
		Doc: "Some put items into a buffer of a few slots, others take them out. Semaphores count the slots, and yet an item can be lost; " +
			"with a lock in the wrong place, all wait for each other.",
		Places: []demo.Place{demo.Processes},
		Params: []demo.Param{
			{Name: "producers", Doc: "how many processes put", Default: "2", Check: demo.Int(1, 3)},
			{Name: "consumers", Doc: "how many processes take", Default: "1", Check: demo.Int(1, 2)},
			{Name: "slots", Doc: "of the buffer", Default: "2", Check: demo.Int(1, 4)},
			{Name: "items", Doc: "of each producer, where they run freely", Default: "60", Check: demo.Int(1, 1000)},
			{Name: "rounds", Doc: "items of each producer in step mode", Default: "1", Check: demo.Int(1, 3)},
			{Name: "guard", Doc: "counts, lock, claim (in is counted on at once), lock-first or slot-first", Default: counts, Check: demo.Choice(counts, lockOnly, claim, lockFirst, slotFirst)},
		},
		Actions: []demo.Action{demo.Kill, demo.Stop, demo.Cont},
		Gauges: []demo.Gauge{
			{Name: "put", Doc: "items that the producers have put into slots"},
			{Name: "taken", Doc: "items that the consumers have taken out of slots"},
			{Name: "overwritten", Doc: "items that a producer found in its slot and wrote over: they are lost"},
			{Name: "nothing", Doc: "takes that found no item in the slot"},
			{Name: "waited", Unit: "ms", Doc: "the mean wait for a free slot, by the clocks of the producers"},
			{Name: "circle", Doc: "processes that wait for each other in a circle, each blocked to the kernel; 0 when there is none"},
		},
		Puzzles: []demo.Puzzle{
			{Name: "lose-an-item", Doc: "Make a producer write over an item of another one."},
			{Name: "close-the-circle", Doc: "Make them wait for each other for ever, in the fewest steps.", Set: map[string]string{"guard": lockFirst}},
			{Name: "wait-for-the-dead", Doc: "Kill one so that nobody can go on.", Set: map[string]string{"guard": slotFirst}},
			{Name: "mend-the-buffer", Doc: "Mend it: set a guard that no schedule breaks; --explore shows it.", Mend: "guard"},
		},
	}
}

// Roles implements demo.Demo.
func (Demo) Roles() map[string]demo.Role {
	return map[string]demo.Role{"producer": producer, "consumer": consumer}
}
