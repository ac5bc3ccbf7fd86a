// Package silent is the demo silent-peer: what one node sees of another that is
// stopped, cut off, slow or killed.
//
// Four nodes, each a process with an address of its own, share nothing but
// messages. The watcher has a connection to each of the peers b, c and d, and
// pings them; they answer. A peer that has not answered for longer than the
// watcher's patience is suspected: "silent for 1.2 s", never "dead".
//
//   - A *stopped* peer (SIGSTOP) has a kernel that lives: it takes what is sent
//     and acknowledges it, and whoever connects anew gets a connection.
//   - A *cut* link (injected) passes nothing and tells nobody.
//   - A *slow* link (injected) passes all, late.
//   - A *killed* peer is told of at once, since its kernel closes its connections.
//     Cut its link first, and its end is silence too: so ends a machine that loses
//     power.
//
// What the watcher can know is in its beliefs. Beside them stands what the kernel
// says of the watcher's end of each connection (/proc/net/tcp, on Linux): it is
// ESTABLISHED in the first three cases. The watcher's connections end at the
// stage's proxy; what the proxy passes on is the other half. A connection to a
// stopped peer is therefore tried straight at the peer's own address.
//
// What is measured, and how, on the one clock that all processes here share:
//   - detection: from a fault that is only silence to the first suspicion of it. A
//     stop begins when the play orders it or sees it (at most 100 ms late), a cut
//     and a delay when they are ordered.
//   - end-of-file: from the play's SIGKILL until the watcher had read the end of
//     the connection.
//   - connect: how long a new connection to a stopped peer took.
//   - suspicions; false-alarms: of one that had not ended.
//
// The rules are:
//  1. A peer that is stopped, cut off or slow for long enough is suspected, and
//     heard again after (TestScript).
//  2. A kill is told by the end of the connection, unless the link is cut (TestScript,
//     TestPowerCut).
//  3. No node says of another that it is dead (TestScript).
package silent

import (
	"context"
	"time"

	"edu/procession/demos/demo"
	"edu/procession/demos/trace"
)

// Demo is the demo silent-peer.
type Demo struct{}

var _ demo.Demo = Demo{}

// Who is on stage.
const watcher trace.ID = "watcher"

var peers = [...]trace.ID{"b", "c", "d"}

// The actions of the demo's own.
const (
	cut     = "cut"
	heal    = "heal"
	slow    = "slow"
	connect = "connect"
	sooner  = "sooner"
	later   = "later"
)

// Info implements demo.Demo.
func (Demo) Info() demo.Info {
	return demo.Info{
		Name:  "silent-peer",
		Title: "Silent: stopped, cut off, slow or gone",
		Doc: "A watcher pings three peers. Stop one (s), cut the link to another (x), slow the third (d): to the watcher they are the same silence. " +
			"Kill one (k), and its kernel tells. The beliefs and the kernel's word stand side by side.",
		Places:     []demo.Place{demo.Nodes},
		Namespaces: true,
		Params: []demo.Param{
			{Name: "beat", Doc: "the time between two pings", Default: "200ms", Check: demo.Duration(20*time.Millisecond, 5*time.Second)},
			{Name: "patience", Doc: "how long the watcher puts up with silence before it suspects", Default: "1s", Check: demo.Duration(100*time.Millisecond, time.Minute)},
			{Name: "delay", Doc: "what a slow link adds each way, and as much again at random", Default: "1s", Check: demo.Duration(time.Millisecond, time.Minute)},
		},
		Actions: []demo.Action{
			demo.Stop, demo.Cont, demo.Kill,
			{Name: cut, Key: "x", Doc: "cut the link to this peer: nothing passes, and nobody is told (injected)", Target: demo.ToProc},
			{Name: slow, Key: "d", Doc: "delay what passes on the link to this peer (injected)", Target: demo.ToProc},
			{Name: heal, Key: "h", Doc: "heal the link to this peer: no cut, no delay", Target: demo.ToProc},
			{Name: connect, Key: "n", Doc: "a new connection to this peer, straight to its own address", Target: demo.ToProc},
			{Name: sooner, Key: "-", Doc: "half the patience: suspect sooner", Target: demo.ToStage},
			{Name: later, Key: "+", Doc: "twice the patience: suspect later", Target: demo.ToStage},
		},
		Gauges: []demo.Gauge{
			{Name: "detection", Unit: "ms", Doc: "from the last fault that was only silence to the first suspicion of it"},
			{Name: "end-of-file", Unit: "ms", Doc: "from the play's SIGKILL to a peer until the watcher had read the end of the connection"},
			{Name: "connect", Unit: "ms", Doc: "how long a new connection to a stopped peer took, straight to its address"},
			{Name: "suspicions", Doc: "how often the watcher began to suspect a peer"},
			{Name: "false-alarms", Doc: "suspicions of a peer that had not ended"},
		},
	}
}

// Roles implements demo.Demo.
func (Demo) Roles() map[string]demo.Role {
	return map[string]demo.Role{"watcher": watch, "peer": answer}
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
