// Package clocks is the demo whose-clock: two nodes whose clocks differ, a store
// that believes in their stamps, and clocks that count instead.
//
// Three nodes, each a process with an address of its own, share nothing but
// messages: a and b write to x, and the store keeps it. A write of b comes after
// one of a, and because of it: b has read what a wrote. Each write carries what
// its sender's clock says, and the store keeps the write with the latest stamp
// (last write wins). It acknowledges the others, too.
//
// All three processes read one clock, that of this machine; what makes theirs
// differ is an offset (injected) that each adds to what it reads.
//
//   - With b's clock behind, its write has the smaller stamp, and the store keeps
//     the older one.
//   - A *Lamport clock* counts: each message carries the sender's count, and the
//     receiver goes on from the greater of that and its own. So what comes after,
//     and because of, has the greater number, whatever the clocks say.
//   - A *vector clock*, one count for each node, can say more: that of two writes
//     neither knew of the other. The store looks at it in no mode; the play does,
//     to call a lost write lost. It is in the log with each event.
//
// What is measured, and how:
//   - writes: that reached the store.
//   - lost-writes: that the store set aside though their vector clock says that
//     they came after the one that it kept.
//   - concurrent: writes that by their vector clocks neither came after the one
//     that was kept nor before it.
//   - one-way: of the latest request, what the store's clock said at its arrival
//     less what the sender's said at its departure; backwards: messages, replies
//     too, for which that was negative.
//   - offset-a, offset-b, offset-store: what is injected.
//
// The rules are:
//  1. Of two events one has the lesser vector clock just when it can have caused
//     the other: a node counts its own events without a gap, and a receipt knows
//     what its send knew (TestClocks).
//  2. On each message the Lamport clock rises, whatever the offsets (TestClocks).
//  3. With Lamport stamps no write is lost (TestScript, TestOffsets).
package clocks

import (
	"context"
	"time"

	"edu/procession/demos/demo"
	"edu/procession/demos/trace"
)

// Demo is the demo whose-clock.
type Demo struct{}

var _ demo.Demo = Demo{}

// names are who is on stage, and whose entry of a vector clock is which.
var names = [...]trace.ID{"a", "b", store}

const store trace.ID = "store"

// The actions of the demo's own.
const (
	behind  = "behind"
	ahead   = "ahead"
	lamport = "lamport"
	both    = "both"
)

// Stamps that the store can go by.
const (
	byWall    = "wall"
	byLamport = "lamport"
)

// Info implements demo.Demo.
func (Demo) Info() demo.Info {
	return demo.Info{
		Name:  "whose-clock",
		Title: "Whose clock is right?",
		Doc: "a writes, b reads that and writes at once, and a store keeps the write with the latest stamp. " +
			"Set b's clock back (-) and see the later write lost; let the store go by Lamport clocks (l); let both write without knowing of each other (b).",
		Places:     []demo.Place{demo.Nodes},
		Namespaces: true,
		Clocks:     names[:],
		Params: []demo.Param{
			{Name: "stamps", Doc: "what the store goes by: the writers' clocks (wall) or Lamport clocks (lamport)", Default: byWall, Check: demo.Choice(byWall, byLamport)},
			{Name: "offset", Doc: "by how much a key sets a clock ahead or behind", Default: "250ms", Check: demo.Duration(time.Millisecond, 24*time.Hour)},
			{Name: "pause", Doc: "between two pairs of writes", Default: "700ms", Check: demo.Duration(0, time.Minute)},
		},
		Actions: []demo.Action{
			{Name: behind, Key: "-", Doc: "set this node's clock behind (injected)", Target: demo.ToProc},
			{Name: ahead, Key: "+", Doc: "set this node's clock ahead (injected)", Target: demo.ToProc},
			{Name: lamport, Key: "l", Doc: "the store goes by Lamport clocks, or by the writers' clocks again", Target: demo.ToStage},
			{Name: both, Key: "b", Doc: "both read, then both write: neither knows of the other's write", Target: demo.ToStage},
		},
		Gauges: []demo.Gauge{
			{Name: "writes", Doc: "writes that reached the store"},
			{Name: "lost-writes", Doc: "writes that the store set aside though they came after the one that it kept, by the vector clocks"},
			{Name: "concurrent", Doc: "writes that neither came after the one that was kept nor before it, by the vector clocks"},
			{Name: "one-way", Unit: "ms", Doc: "of the latest request: the store's clock at its arrival less the sender's clock at its departure"},
			{Name: "backwards", Doc: "messages that arrived before they had left, by the two clocks"},
			{Name: "offset-a", Unit: "ms", Doc: "what is injected into a's clock"},
			{Name: "offset-b", Unit: "ms", Doc: "what is injected into b's clock"},
			{Name: "offset-store", Unit: "ms", Doc: "what is injected into the store's clock"},
		},
	}
}

// Roles implements demo.Demo.
func (Demo) Roles() map[string]demo.Role { return map[string]demo.Role{"writer": write, "store": keep} }

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
