// Package deadlock is the demo deadlock: two locks taken in two orders, and a
// circle of processes that wait for each other.
//
// Workers A, B, … stand in a ring with a lock between each two. For each transfer
// a worker takes two locks, its own and its neighbour's, and gives them back. With
// order=ring each begins with its own: sooner or later all hold one and wait for
// the next one's. With order=sorted all take the lock of the lower number first,
// and no circle can close. Two more orders take them in a ring, and pass a gate
// first, a lock of its own: with order=gate they stay in it until they have both,
// with order=gate-first until they have the first.
//
// The locks are flocks, each on a file of its own: the kernel knows who waits
// (S, "file lock"), and frees what a killed process held.
//
// A deadlock is found, not foreseen: the play keeps who holds and who wants which
// lock, by the workers' word, and looks for a circle that stands for longer than
// the stage takes between two samples, all of whose processes are asleep to the
// kernel.
//
// What is measured, and how:
//   - transfers: done by all workers, by their own reports.
//   - circle: the processes in the circle that was found, 0 for none.
//   - before-deadlock: from the first word of a transfer until the last of the
//     circle asked for its second lock, as the stage heard of them.
//
// The rules are:
//  1. What is called a circle is one: each of it is blocked to the kernel
//     (TestDeadlock).
//  2. With order=sorted or gate no schedule ends in a circle (TestNever).
//  3. A kill in the circle lets the others go on (TestKillBreaksIt).
package deadlock

import "edu/procession/demos/demo"

// Demo is the demo deadlock.
type Demo struct{}

var _ demo.Demo = Demo{}

// The orders in which locks are taken.
const (
	ring      = "ring"
	sorted    = "sorted"
	gate      = "gate"
	gateFirst = "gate-first"
)

// Info implements demo.Demo.
func (Demo) Info() demo.Info {
	return demo.Info{
		Name:  "deadlock",
		Title: "Deadlock",
		Doc: "Each worker needs two locks at once and takes them one after the other. Taken in a ring, they soon wait for each other for ever. " +
			"Kill one, and the others go on; take them sorted, and it never happens.",
		Places: []demo.Place{demo.Processes},
		Params: []demo.Param{
			{Name: "workers", Doc: "how many processes, and locks", Default: "2", Check: demo.Int(2, 4)},
			{Name: "transfers", Doc: "of each, where they run freely", Default: "200", Check: demo.Int(1, 2000)},
			{Name: "order", Doc: "ring: one's own lock first; sorted: the lower number first; gate: in a ring, both behind one more lock; gate-first: only the first behind it", Default: ring, Check: demo.Choice(ring, sorted, gate, gateFirst)},
		},
		Actions: []demo.Action{demo.Kill, demo.Stop, demo.Cont},
		Gauges: []demo.Gauge{
			{Name: "transfers", Doc: "done by all workers together, by their own reports"},
			{Name: "circle", Doc: "processes that wait for each other in a circle, each blocked to the kernel; 0 when there is none"},
			{Name: "before-deadlock", Unit: "ms", Doc: "from the first word of a transfer until the last of the circle asked for its second lock, as the stage heard of them"},
		},
		Puzzles: []demo.Puzzle{
			{Name: "all-for-ever", Doc: "Make them wait for each other for ever, in the fewest steps."},
			{Name: "mend-the-order", Doc: "Mend it: set an order in which no schedule ends in a circle.", Mend: "order"},
		},
	}
}

// Roles implements demo.Demo.
func (Demo) Roles() map[string]demo.Role { return map[string]demo.Role{"mover": mover} }
