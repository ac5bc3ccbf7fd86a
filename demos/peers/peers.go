// Package peers is the demo what-is-distributed: nodes that share nothing but
// messages, and what silence means.
//
// Three processes, a, b and c, stand in for three machines. Each has an address
// (127.0.0.2, .3 and .4 where the system has them), each pair has one TCP
// connection over loopback, and each sends each other a heartbeat, a number that
// grows. Loopback is not the network: nothing is far, nothing gets lost, and one
// kernel sees both ends. What the three are not spared is the question: who has
// heard nothing for a while, what does he know? Each connection passes the stage's
// proxy (package cluster), where the learner can do to it what befalls a network.
//
//   - A *cut* (injected: there is no cable to pull) holds everything back, both
//     ways or one, and all else goes on. No end is told. What was held back is
//     delivered after the heal, as TCP would do it, and is late.
//   - A *delay* (injected) holds each heartbeat for that long. The peers' round
//     trips tell of it.
//   - A *stopped* peer (SIGSTOP) is silent though its connections stand. The
//     kernel knows; that is no message.
//   - A *killed* peer is told of at once: its kernel lives on and closes its
//     sockets, so the others read end of file (or a reset, where something lay
//     unread). A machine that loses power closes nothing. To see that, cut both
//     links of a peer and then kill it: a cut lets no end of file through either.
//
// A peer suspects another after the patience: "silent for 1.2 s", never "dead".
// The play knows better, since it is told by the kernel; the peers' words and the
// kernel's stand side by side on stage and are never mixed.
//
// What is measured, and how:
//   - last-heard: of all that a live peer should hear from, the time since the
//     latest heartbeat that it reported; the oldest counts.
//   - answers: heartbeats that all together reported as received, a second.
//   - detection: from a fault to the first suspicion. A cut begins when the play
//     orders it; a stop when the play sees that the kernel says T, at most 20 ms
//     late; a death, which without an end of file is only silence, when the kernel
//     tells of it.
//   - end-of-file: from the play's SIGKILL until the first of the others had read
//     end of file. Only a kill by the play has a known beginning.
//   - the round trip of each link, on stage in the view Nodes: from a heartbeat to
//     one that answers it, less what the other held it for.
//   - suspicions: how often one began to suspect another; false-alarms: when the
//     suspected had not ended.
//
// The rules are:
//  1. Only loopback addresses are used, and a, b and c are connected in fact, by
//     the proxy and not past it (TestConnectionsAreReal).
//  2. A cut is noticed by its two ends and only by them, and one way by one end; a
//     heal ends it and loses nothing (TestCutAndHeal, TestOneWay).
//  3. Suspecting one that lives is counted as a false alarm (TestStoppedIsAFalseAlarm).
//  4. A kill is told by end of file, unless all links are cut: then it is silence
//     (TestKilledFromOutside, TestPowerCut).
//  5. A round trip is measured by the clock of one peer, and a delay shows in it
//     (TestDelay).
//  6. Each heartbeat carries its sender's vector clock. Of two events one has the
//     lesser clock just when it can have caused the other (TestClocks).
package peers

import (
	"context"
	"time"

	"edu/procession/demos/demo"
	"edu/procession/demos/trace"
)

// Demo is the demo what-is-distributed.
type Demo struct{}

var _ demo.Demo = Demo{}

// names are who is on stage. The next neighbour of the last is the first.
var names = [...]trace.ID{"a", "b", "c"}

// The actions of the demo's own.
const (
	cut    = "cut"
	oneWay = "one-way"
	slow   = "slow"
	heal   = "heal"
)

// Info implements demo.Demo.
func (Demo) Info() demo.Info {
	return demo.Info{
		Name:  "what-is-distributed",
		Title: "Three peers and silence",
		Doc: "Three processes on one machine stand in for three machines: each has an address, and they share nothing but heartbeats over loopback, which is not the network. " +
			"Cut a link, both ways or one, delay it, stop a peer, kill one, and see what the others can know of it.",
		Places:     []demo.Place{demo.Nodes},
		Namespaces: true,
		Clocks:     names[:],
		Params: []demo.Param{
			{Name: "beat", Doc: "the time between two heartbeats", Default: "200ms", Check: demo.Duration(20*time.Millisecond, 5*time.Second)},
			{Name: "patience", Doc: "how long a peer puts up with silence before it suspects", Default: "1s", Check: demo.Duration(100*time.Millisecond, time.Minute)},
			{Name: "delay", Doc: "what a slow link adds each way, at the first press of its key", Default: "300ms", Check: demo.Duration(time.Millisecond, 10*time.Second)},
		},
		Actions: []demo.Action{
			demo.Kill, demo.Stop, demo.Cont,
			{Name: cut, Key: "x", Doc: "cut the link to the next peer: nothing passes, and nobody is told (injected)", Target: demo.ToLink},
			{Name: oneWay, Key: "o", Doc: "cut one way what this peer sends to the next (injected)", Target: demo.ToLink},
			{Name: slow, Key: "d", Doc: "delay what passes on the link to the next peer, twice as long each time (injected)", Target: demo.ToLink},
			{Name: heal, Key: "h", Doc: "heal a link of this peer: no cut, no delay", Target: demo.ToLink},
		},
		Gauges: []demo.Gauge{
			{Name: "last-heard", Unit: "ms", Doc: "how old the oldest latest news is that a live peer has of another, now"},
			{Name: "answers", Unit: "/s", Doc: "heartbeats that all peers together reported as received, a second"},
			{Name: "detection", Unit: "ms", Doc: "from the last fault that was only silence to the first suspicion of it"},
			{Name: "end-of-file", Unit: "ms", Doc: "from the play's SIGKILL to a peer until another had read end of file from it"},
			{Name: "suspicions", Doc: "how often one peer began to suspect another"},
			{Name: "false-alarms", Doc: "suspicions of a peer that had not ended: it was stopped, cut off or slow"},
		},
	}
}

// Roles implements demo.Demo.
func (Demo) Roles() map[string]demo.Role { return map[string]demo.Role{"peer": peer} }

// Play implements demo.Demo.
func (Demo) Play(ctx context.Context, s demo.Stage) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	pl := newPlay(s)
	defer pl.close()
	if err := pl.meet(ctx); err != nil {
		return err
	}
	var err error
	if !s.Attended() && s.ScriptEnd() == 0 {
		err = pl.script(ctx)
	} else {
		err = pl.freely(ctx)
	}
	if err != nil {
		return err
	}
	pl.part(ctx)
	return nil
}
