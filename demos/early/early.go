// Package early runs a worker or the warden before the rest of the program is
// initialised.
//
// The packages that draw take some 30 ms to initialise, which a child process
// that will never draw need not pay at each start. Go initialises packages in
// the order of their import paths once all that they import is ready; so this
// package, whose path sorts before github.com and which reaches little of the
// standard library, runs early, and a worker never gets to the rest. Importing
// net, os/exec or path/filepath, here or in a demo listed here, would undo that:
// their own paths, or those of packages that they need, sort after github.com.
// TestOrder and TestImports hold both.
//
// This is the program's only init.
package early

import (
	"edu/procession/demos/barrier"
	"edu/procession/demos/buffer"
	"edu/procession/demos/burners"
	"edu/procession/demos/call"
	"edu/procession/demos/deadlock"
	"edu/procession/demos/demo"
	"edu/procession/demos/finite"
	"edu/procession/demos/life"
	"edu/procession/demos/peers"
	"edu/procession/demos/pool"
	"edu/procession/demos/proxy"
	"edu/procession/demos/queue"
	"edu/procession/demos/race"
	"edu/procession/demos/record"
	"edu/procession/demos/shutdown"
	"edu/procession/demos/stage/warden"
	"edu/procession/demos/starts"
	"edu/procession/demos/unasked"
	"edu/procession/demos/web"
	"edu/procession/demos/workloads"
	"edu/procession/demos/zombies"
)

// Demos are those whose workers start early: all that need no net.
var Demos = []demo.Demo{
	peers.Demo{},
	burners.Demo{},
	call.Demo{},
	life.Demo{},
	pool.Demo{},
	queue.Demo{},
	starts.Demo{},
	finite.Demo{},
	unasked.Demo{},
	proxy.Demo{},
	race.Demo{},
	deadlock.Demo{},
	barrier.Demo{},
	buffer.Demo{},
	record.Demo{},
	web.Demo{},
	workloads.Demo{},
	zombies.Demo{},
	shutdown.Demo{},
}

func init() {
	warden.Early()
	demo.Early(Demos)
}
