// Package call is the demo same-call: one small call, square(x), made in six
// ways, and what becomes of it when the callee is killed in the middle.
//
// The process "caller" makes every call. Two ways need nobody else: a function
// of its own, and a goroutine of its own behind two channels. For the others a
// callee is a process of its own, which waits in a read (S, says the kernel:
// pipe read, socket read): over a pair of pipes, over a Unix socket, and over TCP
// on loopback. Both ends are on stage, so the figures are those of two processes
// of one machine; loopback is not the network. The last way is TCP to a node with
// an address of its own, by a proxy of the stage (package cluster) that delays all
// that passes, each way: the delay is injected, and is called so.
//
// What is measured, and how (all by the caller, at full speed at every pace):
//   - function: batches of 10 000 calls in a loop, the clock read once before and
//     after; the median batch, divided. The function must not be inlined, and its
//     results are added up and checked: the compiler leaves no call out. The loop
//     counts with it.
//   - goroutine: batches of 200 calls, each there and back over unbuffered
//     channels between two goroutines that are bound to no thread.
//   - pipe, unix, tcp, node-injected: each call timed by itself, from before the
//     write of the 32-byte request until after the read of the 24-byte reply; median
//     and p99. To the node there are fewer calls: not all of them are worth their time.
//     Caller and callee block their main threads in plain reads and writes.
//     Every reply is checked. TCP sends at once (no Nagle).
//   - pipe-vs-function: the ratio of the two medians.
//
// The second act makes slow calls, in four steps that the callee enters in its
// ledger, a pipe that outlives it and that the caller cannot see: got, works,
// executed, replied. Killed between two steps, the callee leaves the caller an
// end of file, the same whatever the ledger says; stopped, it leaves silence.
// (Killed while it is stopped, with the request unread, it leaves a reset on
// sockets: a hint on one machine, none across a network. The caller makes nothing
// of it.) The caller's view and the ledger's truth are shown side by side:
//   - outcome-unknown counts the calls that were sent and got no reply.
//   - told is the time from the play's SIGKILL until the caller had read the end
//     of file, the slowest of them. A kill that the play did not send has no
//     known beginning.
//
// The rules are:
//  1. Every reply is checked, and a wrong one fails the run (TestWrongReply).
//  2. The caller never sees the ledger; what it says of a lost call does not
//     depend on the step at which the callee died (TestKilledAtEachStep).
//  3. The ledger is complete before it is quoted: its end has been read.
//  4. Sockets are on loopback, and only those who have the key get in (package sock).
//  5. A call to the node takes at least the injected delay, there and back (TestFarther).
package call

import (
	"context"
	"time"

	"edu/procession/demos/demo"
	"edu/procession/demos/internal/sock"
	"edu/procession/demos/trace"
)

// Demo is the demo same-call.
type Demo struct{}

var _ demo.Demo = Demo{}

// Info implements demo.Demo.
func (Demo) Info() demo.Info {
	return demo.Info{
		Name:  "same-call",
		Title: "The same call, six ways",
		Doc: "One small call as a function, to a goroutine, to a process over a pipe, a Unix socket and TCP on loopback, and to a node behind an injected delay. " +
			"The bars are nanoseconds on a logarithmic scale. Kill a callee in mid-call and compare what the caller sees with what its ledger says; stop one, and the caller sees nothing at all.",
		Places:     []demo.Place{demo.Processes},
		Namespaces: true,
		Params: []demo.Param{
			{Name: "calls", Doc: "how many calls to each process are measured", Default: "4000", Check: demo.Int(100, 1_000_000)},
			{Name: "timeout", Doc: "how long the caller waits for a reply to a slow call", Default: "2s", Check: demo.Duration(100*time.Millisecond, time.Minute)},
			{Name: "delay", Doc: "what is injected into the link to the node, each way", Default: "20ms", Check: demo.Duration(nearest, farthest)},
		},
		Actions: []demo.Action{
			demo.Kill, demo.Stop, demo.Cont,
			{Name: "call", Key: "g", Doc: "call by every way that is free, now", Target: demo.ToStage},
			{Name: farther, Key: "+", Doc: "twice the delay of the node (injected), and measure it anew", Target: demo.ToStage},
			{Name: nearer, Key: "-", Doc: "half the delay of the node (injected), and measure it anew", Target: demo.ToStage},
		},
		Gauges: []demo.Gauge{
			{Name: "function", Unit: "ns", Doc: "one call of a function, median of batches"},
			{Name: "goroutine", Unit: "ns", Doc: "one call to a goroutine over a channel and back, median of batches"},
			{Name: "pipe", Unit: "ns", Doc: "one call to a process over a pair of pipes, median"},
			{Name: "unix", Unit: "ns", Doc: "one call to a process over a Unix socket, median"},
			{Name: "tcp", Unit: "ns", Doc: "one call to a process over TCP on loopback, median"},
			{Name: "node-injected", Unit: "ns", Doc: "one call to a node over TCP and a delay that is injected each way, median"},
			{Name: "pipe-p99", Unit: "ns", Doc: "the time that one call in a hundred over the pipes exceeded"},
			{Name: "unix-p99", Unit: "ns", Doc: "the time that one call in a hundred over the Unix socket exceeded"},
			{Name: "tcp-p99", Unit: "ns", Doc: "the time that one call in a hundred over TCP exceeded"},
			{Name: "node-injected-p99", Unit: "ns", Doc: "the time that one call in a hundred to the node exceeded, or the slowest of fewer"},
			{Name: "pipe-vs-function", Unit: "×", Doc: "the median call over pipes against the median call of a function"},
			{Name: "outcome-unknown", Doc: "calls that were sent and got no reply in time: the caller cannot know whether they were executed"},
			{Name: "told", Unit: "ms", Doc: "from the play's SIGKILL to a callee until the caller had read the end of file, the slowest"},
		},
	}
}

// Roles implements demo.Demo.
func (Demo) Roles() map[string]demo.Role {
	return map[string]demo.Role{"caller": caller, "callee": callee}
}

// way is a way to call a process.
type way string

const (
	pipe way = "pipe"          // a pipe there and a pipe back
	unix way = "unix"          // a Unix socket, made as a pair and handed to both
	tcp  way = "tcp"           // a TCP connection over loopback
	far  way = "node-injected" // a TCP connection to a node, behind an injected delay
)

// node is where the callee of far lives.
const node trace.ID = "node"

// What the learner can do to its distance.
const (
	farther  = "farther"
	nearer   = "nearer"
	nearest  = time.Millisecond
	farthest = time.Second
)

// ways are those that this system has.
func ways() []way {
	if sock.Raw {
		return []way{pipe, unix, tcp, far}
	}
	return []way{tcp, far} // a pipe cannot be handed to a process that is there already
}

// by is how people say it.
func (w way) by() string {
	return map[way]string{pipe: "pipe", unix: "Unix socket", tcp: "TCP", far: "TCP to the node, delay injected"}[w]
}

// dials says that the caller connects to the callee's address.
func (w way) dials() bool { return w == tcp || w == far }

// callee is the name of the first process that is called this way.
func (w way) callee() trace.ID {
	if w == far {
		return "callee-node"
	}
	return "callee-" + trace.ID(w)
}

// square is the call.
//
//go:noinline
func square(x int64) int64 { return x * x }

// Play implements demo.Demo.
func (Demo) Play(ctx context.Context, s demo.Stage) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	pl := newPlay(s)
	defer pl.close()
	if err := pl.begin(ctx); err != nil {
		return err
	}
	if err := pl.measure(ctx); err != nil {
		return err
	}
	if s.Attended() || s.ScriptEnd() > 0 {
		return pl.freely(ctx)
	}
	return pl.script(ctx)
}
