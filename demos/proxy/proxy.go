// Package proxy is the demo manager-proxy: an object that lives in another
// process, and what it means to hold a proxy for it.
//
// A manager owns two objects, a list called notes and a counter called hits. Two
// clients hold proxies: each operation is a request and a reply, over a Unix
// socket or over TCP on loopback. What get returns is a copy.
//
//   - *Append to what get returned* changes the copy. The manager's list stays as
//     it was, and no error tells of it.
//   - *Ask the manager to append* is one crossing and changes the list.
//   - *Count up by get and put* takes two crossings, and between them the other
//     client may have done the same: updates get lost. Asking the manager to add
//     is one crossing and loses none, since the manager serves one at a time.
//   - *Kill the manager*: its objects are gone with it. A proxy is no object.
//
// What is measured, and how:
//   - own: an operation on a map of the client's own, from batches of 1,000.
//   - unix, tcp: one get through the proxy, from before the request is written
//     until its reply was read, each timed by itself; the median.
//   - tcp-vs-own: their ratio.
//   - lost-updates: of the counts that both clients made at once by get and put,
//     those that the manager's counter lacks. Counted, not estimated.
//
// The rules are:
//  1. What a copy and what the manager holds are told apart, each by its own word
//     (TestCopy).
//  2. Adding at the manager loses nothing (TestCounts).
//  3. A killed manager is told of to each client that asks (TestKilled).
package proxy

import (
	"context"

	"edu/procession/demos/demo"
)

// Demo is the demo manager-proxy.
type Demo struct{}

var _ demo.Demo = Demo{}

// Info implements demo.Demo.
func (Demo) Info() demo.Info {
	return demo.Info{
		Name:  "manager-proxy",
		Title: "An object in another process",
		Doc: "A manager owns a list and a counter; two clients hold proxies for them and pay a crossing for each operation. " +
			"Append to a copy, append at the manager, count up with both clients at once, kill the manager.",
		Places: []demo.Place{demo.Processes},
		Params: []demo.Param{
			{Name: "ops", Doc: "operations timed for each way", Default: "2000", Check: demo.Int(100, 100_000)},
			{Name: "counts", Doc: "how often each client counts up", Default: "500", Check: demo.Int(10, 20_000)},
		},
		Actions: []demo.Action{
			demo.Kill, demo.Stop, demo.Cont,
			{Name: "copy", Key: "a", Doc: "get the list through a proxy and append to what came"},
			{Name: "append", Key: "b", Doc: "ask the manager to append"},
			{Name: "count", Key: "o", Doc: "both clients count up at once, by get and put, then by add"},
			{Name: "measure", Key: "i", Doc: "time the operations again"},
		},
		Gauges: []demo.Gauge{
			{Name: "own", Unit: "ns", Doc: "an operation on a map of the client's own: median of batches of 1,000"},
			{Name: "unix", Unit: "ns", Doc: "one get through a proxy over a Unix socket, request to reply: median"},
			{Name: "tcp", Unit: "ns", Doc: "one get through a proxy over TCP on loopback, request to reply: median"},
			{Name: "tcp-vs-own", Unit: "×", Doc: "tcp by own"},
			{Name: "tcp-rate", Unit: "/s", Doc: "gets one after the other that one client can make through tcp in a second: 1 by its median"},
			{Name: "lost-updates", Doc: "counts of both clients by get and put that the manager's counter lacks"},
			{Name: "lost-adds", Doc: "counts of both clients by add that the manager's counter lacks"},
		},
	}
}

// Roles implements demo.Demo.
func (Demo) Roles() map[string]demo.Role {
	return map[string]demo.Role{"manager": manager, "client": client}
}

// Play implements demo.Demo.
func (Demo) Play(ctx context.Context, s demo.Stage) error {
	pl := &play{s: s, news: make(chan news, 64), over: make(chan struct{})}
	defer close(pl.over)
	if err := pl.begin(ctx); err != nil {
		return err
	}
	if s.Attended() || s.ScriptEnd() > 0 {
		return pl.attended(ctx)
	}
	return pl.alone(ctx)
}
