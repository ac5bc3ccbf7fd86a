// Package gossip is the demo gossip-membership: five nodes that learn of each other
// by SWIM gossip, and what each of them believes meanwhile.
//
// Membership is hashicorp/memberlist, not ours, with its settings for a local
// network, all times in proportion to the setting probe. It speaks as it does
// anywhere: packets by UDP, whole tables and the second try of a probe by TCP. Both
// go through doors of package cluster, for each pair of nodes and each direction.
// The doors are wiring: a node is given one to everybody who is on stage, and knows
// only one address at first, that of a member to join through.
//
// What a node believes is read from its memberlist, fifty times a second, over
// the protocol's own exchange of tables (see [transport.table]): memberlist's API
// tells who is a member, and not who is suspected. The words are memberlist's states:
//
//   - *alive*: it answered a probe, of this node or, by gossip, of another.
//   - *suspect*: it did not, neither directly nor through others.
//   - *failed*: nobody has taken the suspicion back in time. (memberlist's own word
//     is dead; it is a belief, so it is not used here.)
//   - *left*: it said itself that it goes.
//
// The kernel's word stands beside them, and is never mixed with them.
//
// What is measured, and how:
//   - first-suspicion, first-failed, all-failed: from when the kernel told that a
//     process was ended by a signal until a node suspects it, takes it for failed,
//     until all that run do. Not measured where it was suspected before.
//   - left-known: from a node's word that it leaves until all that run take it for left.
//   - refuted: from a node's refutation of a suspicion until all that run take it
//     for alive again.
//   - joined: from when a node sets out to join until it and all that run take each
//     other for alive.
//   - messages: packets and connections that a node began, a second, on average over
//     the nodes that run and their last two probe times.
//   - indirect-pings: how often a node had another ask a third.
//   - false-suspicions, false-failed: how often a node began to suspect one, or to
//     take it for failed, that had not ended, as the kernel says.
//
// The rules are:
//  1. Who was killed is taken for failed by all who run, and who left for left
//     (TestPlay).
//  2. Who was stopped is taken for failed while the kernel says that it lives, and
//     for alive again after it goes on, with a higher incarnation (TestPlay).
//  3. With one link cut one way nobody is taken for failed: others ask
//     (TestPlay).
package gossip

import (
	"context"
	"strconv"
	"time"

	"edu/procession/demos/demo"
	"edu/procession/demos/trace"
)

// Demo is the demo gossip-membership.
type Demo struct{}

var _ demo.Demo = Demo{}

// most is how many nodes may run at once, and named how many there may ever be.
const (
	most  = 9
	named = 20
)

// The demo's own actions.
const (
	oneWay = "one-way"
	pair   = "pair"
	heal   = "heal"
	leave  = "leave"
	newOne = "new"
)

// Info implements demo.Demo.
func (Demo) Info() demo.Info {
	return demo.Info{
		Name:  "gossip-membership",
		Title: "Who is a member? Five opinions",
		Doc: "Five nodes learn of each other by gossip (SWIM). Kill one, stop one, cut what one sends, have one leave: " +
			"each node has its own belief of who is there, and the kernel's word stands beside it.",
		Places: []demo.Place{demo.Nodes},
		Params: []demo.Param{
			{Name: "nodes", Doc: "how many nodes there are at first", Default: "5", Check: demo.Int(3, most)},
			{Name: "probe", Doc: "how often a node probes another; all other times are in proportion, as in memberlist's settings for a local network, where it is 1s; real pace", Default: "500ms", Check: demo.Duration(100*time.Millisecond, 5*time.Second)},
			{Name: "suspicion", Doc: "how many probe times a suspicion lasts, at least, before the node is taken for failed", Default: "4", Check: demo.Int(1, 20)},
		},
		Actions: []demo.Action{
			demo.Kill, demo.Stop, demo.Cont,
			{Name: leave, Key: "l", Doc: "have it leave: it tells the others, and ends", Target: demo.ToProc},
			{Name: oneWay, Key: "x", Doc: "lose all that this node sends; it hears on (injected)", Target: demo.ToProc},
			{Name: pair, Key: "p", Doc: "lose what this node sends to the next one only (injected)", Target: demo.ToLink},
			{Name: heal, Key: "h", Doc: "heal all links, and have those who parted join again", Target: demo.ToStage},
			{Name: newOne, Key: "n", Doc: "a new node joins", Target: demo.ToStage},
		},
		Gauges: []demo.Gauge{
			{Name: "first-suspicion", Unit: "ms", Doc: "from when the kernel told that a node was killed until another suspects it"},
			{Name: "first-failed", Unit: "ms", Doc: "from when the kernel told that a node was killed until another takes it for failed"},
			{Name: "all-failed", Unit: "ms", Doc: "from when the kernel told that a node was killed until all that run take it for failed"},
			{Name: "left-known", Unit: "ms", Doc: "from a node's word that it leaves until all that run take it for left"},
			{Name: "refuted", Unit: "ms", Doc: "from a node's refutation until all that run take it for alive again"},
			{Name: "joined", Unit: "ms", Doc: "from when a node sets out to join until it and all that run take each other for alive"},
			{Name: "messages", Unit: "/s", Doc: "packets and connections that a node began, on average over the nodes that run, in their last two probe times"},
			{Name: "indirect-pings", Doc: "how often a node had another ask a third, which had not answered it"},
			{Name: "false-suspicions", Doc: "how often a node began to suspect another that had not ended, as the kernel says"},
			{Name: "false-failed", Doc: "how often a node took another for failed that had not ended, as the kernel says"},
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
	return pl.script(ctx)
}

// name is that of the i-th node, from 0.
func name(i int) trace.ID { return trace.ID("n" + strconv.Itoa(i+1)) }
