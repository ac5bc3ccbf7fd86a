// Package demos lists what can be put on stage.
package demos

import (
	"slices"

	"edu/procession/demos/brokers"
	"edu/procession/demos/clocks"
	"edu/procession/demos/demo"
	"edu/procession/demos/early"
	"edu/procession/demos/gossip"
	"edu/procession/demos/lease"
	"edu/procession/demos/mapreduce"
	"edu/procession/demos/nodepool"
	"edu/procession/demos/nodequeue"
	"edu/procession/demos/payments"
	"edu/procession/demos/quorum"
	"edu/procession/demos/remote"
	"edu/procession/demos/silent"
	"edu/procession/demos/trust"
)

// All is the registry: every demo, in the order of the course. Those of package
// early need no network in their workers; the others start theirs from main. Two
// of package early run on nodes as well: what is listed here has their roles and
// those for nodes, and a worker of theirs that needs no network starts early still.
var All = slices.Concat(also(early.Demos, nodepool.Demo{}, nodequeue.Demo{}), []demo.Demo{
	remote.Demo{}, trust.Demo{}, silent.Demo{}, payments.Demo{}, brokers.Demo{}, lease.Demo{}, clocks.Demo{}, quorum.Demo{}, gossip.Demo{}, mapreduce.Demo{},
})

// also is the demos with those of the same name in their place that can do more.
func also(demos []demo.Demo, more ...demo.Demo) []demo.Demo {
	all := slices.Clone(demos)
	for _, m := range more {
		i := slices.IndexFunc(all, func(d demo.Demo) bool { return d.Info().Name == m.Info().Name })
		all[i] = m
	}
	return all
}

// Find returns the demo of that name.
func Find(name string) (demo.Demo, bool) {
	for _, d := range All {
		if d.Info().Name == name {
			return d, true
		}
	}
	return nil, false
}
