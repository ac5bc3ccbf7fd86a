// Package quorum is the demo quorum-split-brain: five nodes that agree on a log by
// Raft, and what a cut through them can and cannot do.
//
// Consensus is hashicorp/raft, not ours. Each node is a process at an address of
// its own and reaches each other node through a door of package cluster, so that a
// cut is one for Raft too. Its term, its vote and its log are in a file of bbolt, in
// the run's folder, and on disk before it answers: a node that was killed can come
// back as the same node. What a snapshot would save is not used; a run is short.
//
// With rule=half the four nodes run a replication of our own, which is there to show
// why it breaks: like Raft, but a half of the nodes is enough for a leader and for a
// write. Cut into two halves, both acknowledge, and one of them loses it.
//
// A write is handed to a node by the play, and comes out in one of three ways:
//
//   - *acknowledged*: the node says that a majority has it.
//   - *refused*: the node is no leader, so it took nothing.
//   - *unknown*: the node took it and could not tell in time, or lost its
//     leadership over it. It may come to be, or not.
//
// What is measured, and how:
//   - first-leader: from when the last node was told of the others until one says
//     that it leads.
//   - new-leader: from the cut, or the kill of the leader, until another node says
//     that it leads, in a later term.
//   - acknowledged, unknown, refused: writes that came out so.
//   - caught-up: from when the new process of a node that had ended listens until
//     it says that it has all that was acknowledged; it is asked ten times a second.
//   - acknowledged-lost: acknowledged writes that a live node lacks at the end, when
//     everything is healed and all have caught up. By Raft, more than none is a
//     broken run.
//
// Of the messages, those are told that carry entries or are about votes, with their
// replies; of the heartbeats, which are many a second, one in two seconds on a link.
//
// The rules are:
//  1. A minority acknowledges nothing (TestSplit).
//  2. What was acknowledged is on every live node after the heal (TestSplit).
//  3. With the leader killed the rest elects another, in a later term, and it comes
//     back with all that was acknowledged (TestKilledAndCut).
//  4. Wherever it is cut, and whoever is killed, Raft loses nothing that was
//     acknowledged (TestChance); a half does (TestHalf), and nothing but the half is
//     to blame (TestMajorityKeeps).
package quorum

import (
	"context"
	"time"

	"edu/procession/demos/demo"
	"edu/procession/demos/trace"
)

// Demo is the demo quorum-split-brain.
type Demo struct{}

var _ demo.Demo = Demo{}

// nodes are who is on stage; by the home-made rule the first four.
var nodes = [...]trace.ID{"n1", "n2", "n3", "n4", "n5"}

// The rules by which the log is kept.
const (
	byRaft = "raft"
	half   = "half" // home-made
)

// speaks is what is spoken at a node's address.
func speaks(rule string) string {
	if rule == half {
		return "home-made"
	}
	return rule
}

// Info implements demo.Demo.
func (Demo) Info() demo.Info {
	return demo.Info{
		Name:  "quorum-split-brain",
		Title: "Five nodes and a majority",
		Doc: "Five nodes keep one log by Raft. Cut the leader and one follower off from the other three, write on both sides, heal, kill the leader: " +
			"what was acknowledged stays, and only a majority acknowledges. rule=half shows what a half as the rule would do.",
		Places:     []demo.Place{demo.Nodes},
		Namespaces: true,
		Params: []demo.Param{
			{Name: "rule", Doc: "raft, or half: four nodes and a replication of our own for which n/2 is enough, to show why it breaks", Default: byRaft, Check: demo.Choice(byRaft, half)},
			{Name: "cuts", Doc: "so many random cuts with random writes, and by Raft now and then a node killed and started again, in place of the story; 0: the story", Default: "0", Check: demo.Int(0, 100)},
			{Name: "election", Doc: "how long a follower waits for its leader before it stands for election; real pace", Default: "800ms", Check: demo.Duration(200*time.Millisecond, 10*time.Second)},
			{Name: "patience", Doc: "how long a write waits to be acknowledged; real pace", Default: "2s", Check: demo.Duration(200*time.Millisecond, 30*time.Second)},
		},
		Actions: []demo.Action{
			demo.Kill, demo.Stop, demo.Cont,
			{Name: "write", Key: "w", Doc: "hand a write to this node", Target: demo.ToProc},
			{Name: "cut", Key: "x", Doc: "cut this node and the next off from the others (injected)", Target: demo.ToProc},
			{Name: "heal", Key: "h", Doc: "heal all links"},
			{Name: "restart", Key: "b", Doc: "start a node again that has ended, from what it has on disk", Target: demo.ToProc},
		},
		Gauges: []demo.Gauge{
			{Name: "first-leader", Unit: "ms", Doc: "from when the last node was told of the others until one says that it leads"},
			{Name: "new-leader", Unit: "ms", Doc: "from a cut or a kill that took the leader away until another says that it leads, in a later term"},
			{Name: "acknowledged", Doc: "writes that a node said a majority has; by the home-made rule, a half"},
			{Name: "unknown", Doc: "writes that a leader took and could not acknowledge: they may come to be, or not"},
			{Name: "refused", Doc: "writes that a node refused, since it does not lead"},
			{Name: "caught-up", Unit: "ms", Doc: "from when the new process of a killed node listens until it has all that was acknowledged, by its own word"},
			{Name: "acknowledged-lost", Doc: "acknowledged writes that a live node lacks in the end"},
		},
	}
}

// Roles implements demo.Demo.
func (Demo) Roles() map[string]demo.Role { return map[string]demo.Role{"node": node} }

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
	return pl.scripted(ctx, demo.IntParam(s, "cuts"))
}
