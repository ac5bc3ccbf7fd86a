// Package lease is the demo lease-and-fencing: a lock that is lent for a time, a
// holder that does not notice how the time goes by, and the check that helps.
//
// Four nodes, each a process with an address of its own, share nothing but
// messages: A and B, who want to add to a counter; the store, which has it; and
// the locker, which lends the lock for the length of the lease, with a token that
// rises with each loan. A holder reads the counter, works, and writes it back,
// read and write with its token. It began with enough time left, and counts that
// time from before it asked: no clock here is wrong, and none is injected.
//
// Then the holder is stopped (SIGSTOP), as a machine that runs out of memory, a
// virtual machine that moves or a long garbage collection would stop it. The
// locker hears nothing, the lease runs out, and the other gets the lock. The
// stopped one goes on where it was, and writes.
//
//   - Without fencing the store takes whatever is written, and what the other
//     wrote meanwhile is lost.
//   - With fencing the store refuses what comes with a token below the highest
//     that it has seen. It asks nobody, and needs no clock.
//
// The locker is home-made: a map entry and a timer in one process, which forgets
// all when it is killed. Its token is what a revision in etcd or in a JetStream
// key-value bucket is. The lesson is the store's check, and not how to build one.
//
// What is measured, and how:
//   - counter, accepted: what the store has, and how many writes it took.
//   - lost-updates: the difference. Each write was one addition.
//   - stale-accepted, stale-refused: writes with a token below one that the store
//     had seen before.
//   - wrong-belief: from the end of a lease, on the locker's clock, until its
//     holder no longer took the lock for its own, by the holder's word.
//
// The rules are:
//  1. Two loans never overlap at the locker, and tokens rise (TestRandomStops).
//  2. With fencing no update is lost, whoever is stopped and when (TestRandomStops).
//  3. Without it, a holder that was stopped for longer than its lease writes over
//     the other's work (TestScript).
//  4. What A believes and what the locker believes are both on stage, and differ
//     while A is stopped (TestBothViews).
package lease

import (
	"context"
	"time"

	"edu/procession/demos/demo"
	"edu/procession/demos/trace"
)

// Demo is the demo lease-and-fencing.
type Demo struct{}

var _ demo.Demo = Demo{}

// Who is on stage.
const (
	locker trace.ID = "locker"
	store  trace.ID = "store"
)

var clients = [...]trace.ID{"A", "B"}

// Things that are believed in, asked for and written to.
const (
	lock    trace.ID = "lock"
	counter trace.ID = "counter"
)

// fence is the action of the demo's own.
const fence = "fence"

// Info implements demo.Demo.
func (Demo) Info() demo.Info {
	return demo.Info{
		Name:  "lease-and-fencing",
		Title: "A lease, and a fence",
		Doc: "A and B add to a counter in a store, one at a time: a locker lends them the lock, for a while. " +
			"Stop (s) the one that has it, wait until the lease has run out and the other has written, and let it go on (c). f has the store look at the tokens.",
		Places:     []demo.Place{demo.Nodes},
		Namespaces: true,
		Params: []demo.Param{
			{Name: "lease", Doc: "for how long the lock is lent", Default: "1500ms", Check: demo.Duration(500*time.Millisecond, time.Minute)},
			{Name: "work", Doc: "how long a holder works between its read and its write", Default: "600ms", Check: demo.Duration(0, 30*time.Second)},
			{Name: "fencing", Doc: "the store refuses a token below the highest that it has seen", Default: "false", Check: demo.Bool()},
		},
		Actions: []demo.Action{
			demo.Stop, demo.Cont, demo.Kill,
			{Name: fence, Key: "f", Doc: "fencing: the store looks at the tokens, or no longer does", Target: demo.ToStage},
		},
		Gauges: []demo.Gauge{
			{Name: "counter", Doc: "what the store has"},
			{Name: "accepted", Doc: "writes that the store took; each was one addition"},
			{Name: "lost-updates", Doc: "writes that the store took and that are not in the counter"},
			{Name: "stale-accepted", Doc: "writes that the store took with a token below one that it had seen"},
			{Name: "stale-refused", Doc: "writes that it refused for that"},
			{Name: "wrong-belief", Unit: "ms", Doc: "from the end of a lease at the locker until its holder no longer took the lock for its own"},
		},
	}
}

// Roles implements demo.Demo.
func (Demo) Roles() map[string]demo.Role {
	return map[string]demo.Role{"locker": lend, "store": keep, "client": add}
}

// Play implements demo.Demo.
func (Demo) Play(ctx context.Context, s demo.Stage) error {
	pl := newPlay(s)
	defer pl.close()
	if err := pl.cast(ctx); err != nil {
		return err
	}
	if s.Attended() || s.ScriptEnd() > 0 {
		return pl.freely(ctx)
	}
	return pl.script(ctx)
}
