// Package web is the demo web-workers: a pre-fork server whose workers do not
// share their variables.
//
// The play is the master: it opens a socket that listens on loopback and hands it
// to each worker at its start. All wait in accept on that one socket, and the kernel gives each
// connection to one of them. A client asks, a few requests at a time. Each worker
// counts the requests in a variable of its own, and answers with its count: so no
// reply says how many there were. With count=shared it asks a store, a process of
// its own that adds one for whoever asks, keeps the number in a file, and answers
// with it.
//
//   - A *killed worker* takes its own count along. The others go on, and the
//     master starts another one, which counts from 1.
//   - With the *store* nothing of the count is lost, whoever is killed, the store
//     itself included: the next one goes on from the file.
//
// What a worker does for a page is a wait on a timer, as for a database; nothing
// else is slowed. Requests are lines, not HTTP.
//
// What is measured, and how: the client keeps it, for what the hits are asked of
// now (each worker, or the store), from the first such hit in the run.
//   - hits, largest-reply, wrong-replies: replies, the greatest number in one, and
//     those whose number cannot be right: it was in an earlier reply, or so many
//     had been answered before this one was asked.
//   - unanswered: hits that got no number: their worker or the store ended, or
//     nothing came in time.
//   - hits-min, hits-max: the fewest and the most that one worker answered. A bar
//     for each stands beside them, those that have ended included.
//   - p50, p99: from before the connection is asked for until the reply was read.
//   - counting: within the worker, the time to count a request; the median.
//
// The rules are:
//  1. Each worker's replies are 1, 2, 3 and so on, and a new one begins at 1
//     (TestOwn, TestKilled).
//  2. The store's numbers are each given once, and none is skipped but for a hit
//     without an answer, through kills of workers and of the store (TestShared).
//  3. Whoever is killed, the socket goes on: its hits in hand are lost, and no
//     others (TestKilled).
package web

import (
	"time"

	"edu/procession/demos/demo"
)

// Demo is the demo web-workers.
type Demo struct{}

var _ demo.Demo = Demo{}

// Where a hit is counted: the value of the setting count, and the word of a request.
const (
	own    = "own"
	shared = "shared"
)

const (
	maxWorkers = 8
	maxStarts  = 200 // of workers, in a run
)

// Info implements demo.Demo.
func (Demo) Info() demo.Info {
	return demo.Info{
		Name:  "web-workers",
		Title: "Web workers, and who counts",
		Doc: "A pre-fork server: workers accept on one socket that they have from their master, and each counts the requests in a variable of its own. " +
			"What does the largest reply say? Kill a worker; then let a store count for all.",
		Places: []demo.Place{demo.Processes},
		Params: []demo.Param{
			{Name: "workers", Doc: "how many processes accept", Default: "4", Check: demo.Int(1, maxWorkers)},
			{Name: "hits", Doc: "requests in a round", Default: "100", Check: demo.Int(1, 2000)},
			{Name: "count", Doc: "own (a variable of each worker's) or shared (a store that all ask)", Default: own, Check: demo.Choice(own, shared)},
			{Name: "clients", Doc: "requests that are under way at once", Default: "8", Check: demo.Int(1, 32)},
			{Name: "patience", Doc: "how long the client waits for a reply", Default: "2s", Check: demo.Duration(100*time.Millisecond, time.Minute)},
			{Name: "work", Doc: "how long a worker waits for what a page needs", Default: "40ms", Check: demo.Duration(0, time.Second)},
		},
		Actions: []demo.Action{
			demo.Kill, demo.Stop, demo.Cont,
			{Name: "hit", Key: "h", Doc: "another round of hits", Target: demo.ToStage},
			{Name: "store", Key: "r", Doc: "count in a store that all share, or again each worker by itself", Target: demo.ToStage},
			{Name: "more", Key: "+", Doc: "one more worker", Target: demo.ToStage},
			{Name: "fewer", Key: "-", Doc: "one worker fewer: the last one ends when it has answered", Target: demo.ToStage},
		},
		Gauges: []demo.Gauge{
			{Name: "hits", Doc: "hits that were answered with a number"},
			{Name: "largest-reply", Doc: "the greatest number in a reply"},
			{Name: "wrong-replies", Doc: "replies whose number cannot be right: an earlier reply had it, or so many had been answered before this one was asked"},
			{Name: "unanswered", Doc: "hits that got no number: who had them in hand ended, or nothing came in time"},
			{Name: "hits-min", Doc: "the fewest hits that one worker answered"},
			{Name: "hits-max", Doc: "the most hits that one worker answered"},
			{Name: "p50", Unit: "ms", Doc: "half of the replies came as soon as this: from before the connection until the reply was read"},
			{Name: "p99", Unit: "ms", Doc: "99 of 100 replies came as soon as this"},
			{Name: "counting", Unit: "µs", Doc: "the time that a worker took to count one hit, by its own clock: the median"},
		},
	}
}

// Roles implements demo.Demo.
func (Demo) Roles() map[string]demo.Role {
	return map[string]demo.Role{"worker": worker, "store": store, "client": client}
}
