// Package record is the demo readers-writers: a record of two cells in shared
// memory, a writer that makes both the same again and again, and readers.
//
// Readers R1, R2, … read the left cell and then the right one. The writer W writes
// the left one and then the right one. A reader between the two sees a torn record.
// Readers do not disturb each other, so a lock need not keep them from each other.
// The locks are:
//   - none: none at all.
//   - writer: the writer takes the lock alone, and readers take none.
//   - shared: a lock on a file, which readers share (LOCK_SH) and the writer has
//     alone (LOCK_EX). The kernel lets readers in while the writer waits.
//   - fair: the same, behind a turnstile that everybody passes and in which the
//     writer stays while it waits: who comes later waits behind it.
//   - mutex: one at a time, readers too.
//
// The turnstile and the mutex are semaphores of one permit. A permit is given to
// nobody in particular: running freely, who just comes may be quicker than who is
// just being woken, so that a few overtake the writer there all the same. Between
// two steps there is no such moment.
//
// What is measured, and how:
//   - reads and writes: of the whole record, by counts in shared memory.
//   - torn: reads whose two cells were not the same.
//   - overtaken: how often a reader that had asked after the writer was in before
//     it, by the order in which they counted themselves in shared memory.
//   - together: the most readers at the record at once, counted in shared memory.
//   - waited: the longest wait of the writer by its own clock, from asking until
//     it could write.
//
// The rules are:
//  1. With shared, fair and mutex no schedule tears a record (TestMends).
//  2. With fair and mutex no schedule lets anybody overtake the writer (TestMends).
//  3. Who is said to wait is blocked to the kernel (TestBlocked).
package record

import "edu/procession/demos/demo"

// Demo is the demo readers-writers.
type Demo struct{}

var _ demo.Demo = Demo{}

// The locks.
const (
	none   = "none"
	writes = "writer"
	shared = "shared"
	fair   = "fair"
	mutex  = "mutex"
)

// Info implements demo.Demo.
func (Demo) Info() demo.Info {
	return demo.Info{
		Name:  "readers-writers",
		Title: "Readers and a writer",
		Doc: "Many read a record, one writes it. A lock that readers share keeps the record whole, " +
			"and readers that come and go can keep the writer out for ever.",
		Places: []demo.Place{demo.Processes},
		Params: []demo.Param{
			{Name: "readers", Doc: "how many processes read", Default: "2", Check: demo.Int(1, 4)},
			{Name: "reads", Doc: "of each reader, where they run freely", Default: "60", Check: demo.Int(1, 1000)},
			{Name: "writes", Doc: "of the writer, where they run freely", Default: "40", Check: demo.Int(1, 1000)},
			{Name: "rounds", Doc: "reads of each reader in step mode; the writer writes once", Default: "1", Check: demo.Int(1, 4)},
			{Name: "lock", Doc: "none, writer (only it locks), shared, fair (shared, behind a turnstile) or mutex", Default: none, Check: demo.Choice(none, writes, shared, fair, mutex)},
		},
		Actions: []demo.Action{demo.Kill, demo.Stop, demo.Cont},
		Gauges: []demo.Gauge{
			{Name: "reads", Doc: "of the whole record, by all readers together"},
			{Name: "writes", Doc: "of the whole record"},
			{Name: "torn", Doc: "reads whose two cells were not the same"},
			{Name: "overtaken", Doc: "how often a reader that had asked after the writer was in before it"},
			{Name: "together", Doc: "the most readers at the record at once"},
			{Name: "waited", Unit: "ms", Doc: "the longest wait of the writer, from asking until it could write, by its own clock"},
		},
		Puzzles: []demo.Puzzle{
			{Name: "read-a-half", Doc: "Make a reader read half of a write, in the fewest steps."},
			{Name: "starve-the-writer", Doc: "While the writer waits, let 3 readers in: they never all leave.", Set: map[string]string{"lock": shared, "rounds": "3"}},
			{Name: "wait-for-the-dead", Doc: "Kill one so that the others wait for ever.", Set: map[string]string{"lock": fair}},
			{Name: "mend-the-record", Doc: "Mend it: nothing torn, and nobody goes before the waiting writer.", Mend: "lock"},
		},
	}
}

// Roles implements demo.Demo.
func (Demo) Roles() map[string]demo.Role {
	return map[string]demo.Role{"reader": reader, "writer": writer}
}
