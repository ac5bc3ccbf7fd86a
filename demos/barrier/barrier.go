// Package barrier is the demo semaphore-barrier: a few permits for many workers,
// and a place where all wait for all.
//
// Workers A, B, … do their work in parts. For a part each takes one of a few
// permits, a counting semaphore, and gives it back; after a part all meet at a
// barrier: nobody begins the next part before all have done this one. Where there
// are permits for everybody none is taken.
//
// The barrier is made of a counter in shared memory and a gate, which is a
// semaphore too: who comes last puts as many tokens into the gate as there are
// workers, and each takes one to pass. That is right once, and wrong when it is
// used again: who is fast takes a token that was meant for another one, and is
// through the next barrier alone. The barriers are:
//   - once: that one.
//   - turnstile: one token, which each that passes puts back: the gate stays open.
//   - locked: as once, behind a lock that is kept while one waits at the gate: the
//     next one cannot even come.
//   - sense: two gates that are used in turns.
//   - two-phase: a second gate, behind which all wait until all are through the first.
//
// What is measured, and how:
//   - parts: done by all workers, by their own counts in shared memory.
//   - laps: how often a worker was through a barrier and found in shared memory
//     that another had not done its part.
//   - inside: the most workers that had a permit at once, counted in shared memory.
//   - waited: a worker's wait at a gate by its own clock, from its asking for a
//     token until it had it; the mean of all.
//
// The rules are:
//  1. Under no schedule is a barrier passed early with sense or two-phase, and
//     nobody waits for ever (TestMends).
//  2. There are never more inside than permits (TestFree).
//  3. Who is said to wait is blocked to the kernel (TestBlocked).
package barrier

import "edu/procession/demos/demo"

// Demo is the demo semaphore-barrier.
type Demo struct{}

var _ demo.Demo = Demo{}

// The barriers.
const (
	once      = "once"
	turnstile = "turnstile"
	locked    = "locked"
	sense     = "sense"
	twoPhase  = "two-phase"
)

// Info implements demo.Demo.
func (Demo) Info() demo.Info {
	return demo.Info{
		Name:  "semaphore-barrier",
		Title: "A semaphore and a barrier",
		Doc: "A semaphore lets a few in at a time, and a barrier lets nobody on until all have come. " +
			"This barrier is right once. Used again, it lets somebody steal a pass.",
		Places: []demo.Place{demo.Processes},
		Params: []demo.Param{
			{Name: "workers", Doc: "how many processes meet", Default: "2", Check: demo.Int(2, 4)},
			{Name: "permits", Doc: "how many may work at once", Default: "2", Check: demo.Int(1, 4)},
			{Name: "parts", Doc: "of the work, and so barriers, where they run freely", Default: "20", Check: demo.Int(1, 1000)},
			{Name: "rounds", Doc: "parts in step mode", Default: "2", Check: demo.Int(1, 3)},
			{Name: "barrier", Doc: "once, turnstile, locked, sense (two gates in turns) or two-phase (two gates, one after the other)", Default: once, Check: demo.Choice(once, turnstile, locked, sense, twoPhase)},
		},
		Actions: []demo.Action{demo.Kill, demo.Stop, demo.Cont},
		Gauges: []demo.Gauge{
			{Name: "parts", Doc: "done by all workers together, by their own counts in shared memory"},
			{Name: "laps", Doc: "how often a worker was through a barrier and another had not done its part, as shared memory had it"},
			{Name: "inside", Doc: "the most workers that had a permit at once; 0 where there are permits for everybody"},
			{Name: "waited", Unit: "ms", Doc: "the mean wait at a gate, from asking for a token until having it, by the clocks of those who waited"},
		},
		Puzzles: []demo.Puzzle{
			{Name: "steal-a-pass", Doc: "Pass a barrier to which the other has not come, in the fewest steps."},
			{Name: "wait-for-the-dead", Doc: "Kill one so that the other waits at the gate for ever.", Set: map[string]string{"barrier": twoPhase}},
			{Name: "lose-a-permit", Doc: "Kill one so that its permit is lost.", Set: map[string]string{"barrier": twoPhase, "permits": "1"}},
			{Name: "mend-the-barrier", Doc: "Mend it: set a barrier that no schedule breaks; --explore shows it.", Mend: "barrier"},
		},
	}
}

// Roles implements demo.Demo.
func (Demo) Roles() map[string]demo.Role { return map[string]demo.Role{"worker": worker} }
