// Package nodequeue is the demo "queue-pipe-event" in a second place: on nodes.
//
// It is package queue's demo for processes, and a play of its own for nodes, with
// the same producers and consumers, who take the same time for the same items, and
// with the same gauges. The queue is a stream of a broker with so many places; it
// takes no more than that, and who puts has to ask again: that is backpressure
// between nodes. The event is a message to all who listen.
//
//	producer ── put 7 ──▸ [broker] ── item 7 ──▸ consumer
//	         ◂── kept ──  [files]  ◂── done 7 ──
//
// What differs: put returns when the item is in the broker's files, and not before;
// an item stays there until its consumer has said that it is done, and goes to
// another when the lease is over. So a killed consumer loses nothing, and a slow
// one makes a duplicate. There is no pipe between nodes, and no empty() that could
// lie, since nobody has a buffer: those two gauges are of processes.
//
// What is measured, beside what package queue says:
//   - blocked-put and blocked-get: as the processes report it after each wait. A put
//     is blocked until the broker has confirmed it.
//   - depth-max: at any look, by the broker's count. An item that is in the hands of
//     a consumer takes a place.
//   - event-release: from before the event was sent until the last waiter had it.
//   - redelivery: from the kernel's word that a consumer has ended, with an item in
//     hand, until another had that item.
//   - duplicates: items that were done once more.
//
// As with package nodepool, roles of processes start early and those of nodes from
// main.
//
// The rules are:
//  1. Never more than size items are with the broker (TestPlay).
//  2. Every item that was put is done at the end, whoever was killed (TestKilled).
//  3. The item of a killed consumer goes to another when its lease is over (TestKilled).
package nodequeue

import (
	"context"
	"fmt"
	"slices"
	"time"

	"edu/procession/demos/cluster/broker"
	"edu/procession/demos/demo"
	"edu/procession/demos/queue"
)

// Demo is queue-pipe-event with one place more.
type Demo struct{ queue.Demo }

var _ demo.Demo = Demo{}

// Info implements demo.Demo.
func (d Demo) Info() demo.Info {
	i := d.Demo.Info()
	i.Doc += " On nodes the queue is a broker's: kill a consumer there, and its item goes to another."
	i.Places, i.Namespaces = append(i.Places, demo.Nodes), true
	i.Params = append(i.Params, demo.Param{Name: "lease", Default: "auto", Check: auto,
		Doc: "on nodes: how long a consumer has an item before it goes to another; auto: 2s, 500ms with --pace fast, and at least four times get-every"})
	i.Actions = slices.Clone(i.Actions)
	for n := range i.Actions {
		if i.Actions[n].Name == "fill" {
			i.Actions[n].Only = demo.Processes
		}
	}
	i.Actions = append(i.Actions,
		demo.Action{Name: "cut", Key: "x", Doc: "cut the link between this node and the broker (injected)", Target: demo.ToProc, Only: demo.Nodes},
		demo.Action{Name: "heal", Key: "h", Doc: "heal the cut link of this node", Target: demo.ToProc, Only: demo.Nodes},
		demo.Action{Name: "start", Key: "b", Doc: "start the broker again when it has ended", Target: demo.ToStage, Only: demo.Nodes},
	)
	i.Gauges = append(i.Gauges,
		demo.Gauge{Name: "redelivery", Unit: "ms", Doc: "on nodes: from the end of a consumer, as the kernel tells it, until another had its item"},
		demo.Gauge{Name: "duplicates", Doc: "on nodes: items that were done once more, since a lease had ended"},
	)
	return i
}

func auto(s string) error {
	if s == "auto" {
		return nil
	}
	if err := demo.Duration(200*time.Millisecond, time.Minute)(s); err != nil {
		return fmt.Errorf("auto or %w", err)
	}
	return nil
}

// Roles implements demo.Demo.
func (d Demo) Roles() map[string]demo.Role {
	r := d.Demo.Roles()
	r["broker"] = broker.Role
	r["node-producer"], r["node-consumer"] = producer, consumer
	r["node-waiter"], r["node-bell"] = waiter, bell
	r["node-source"], r["node-sink"] = source, sink
	return r
}

// Play implements demo.Demo.
func (d Demo) Play(ctx context.Context, s demo.Stage) error {
	if s.Place() == demo.Nodes {
		return onNodes(ctx, s)
	}
	return d.Demo.Play(ctx, s)
}
