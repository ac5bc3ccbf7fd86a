// Package demos lists what can be put on stage.
package demos

import (
	"slices"

	"edu/procession/demos/clocks"
	"edu/procession/demos/demo"
	"edu/procession/demos/early"
	"edu/procession/demos/gossip"
	"edu/procession/demos/lease"
	"edu/procession/demos/mapreduce"
	"edu/procession/demos/payments"
	"edu/procession/demos/quorum"
	"edu/procession/demos/remote"
	"edu/procession/demos/silent"
	"edu/procession/demos/trust"
)

// All is the registry: every demo, in the order of the course. Those of package
// early need no network in their workers; the others start theirs from main.
var All = slices.Concat(early.Demos, []demo.Demo{
	remote.Demo{}, trust.Demo{}, silent.Demo{}, payments.Demo{}, lease.Demo{}, clocks.Demo{}, quorum.Demo{}, gossip.Demo{}, mapreduce.Demo{},
})

// Find returns the demo of that name.
func Find(name string) (demo.Demo, bool) {
	for _, d := range All {
		if d.Info().Name == name {
			return d, true
		}
	}
	return nil, false
}
