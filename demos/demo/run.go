package demo

import (
	"time"

	"edu/procession/demos/trace"
)

// Options say how a demo is to be run. The zero value is an unattended run at
// real pace in processes, with the defaults of its parameters.
type Options struct {
	Place    Place
	Params   map[string]string // given ones; the others have their defaults
	Seed     uint64
	Pace     Pace
	Attended bool       // a learner is at the keys
	Script   []Scripted // actions to be done by themselves
	Net      Net        // how the nodes are connected; "" is Loopback

	// Step holds each worker at each of its steps until it is let go: by Schedule,
	// then by Choose, then, when Attended, by Run.Go. Unattended, the play is asked
	// to finish when none of them says who goes next.
	Step     bool
	Schedule Schedule
	// Choose says who goes next of those who could, "" for nobody. It is called
	// whenever the stage has settled, with the moves so far; it must not keep its
	// arguments.
	Choose func(moves Schedule, ready []trace.ID) trace.ID
	// Again, where it is set, says after a verdict whether another round is wanted
	// with the same processes. Not every demo, and no stuck round, asks.
	Again func(trace.Verdict) bool
}

// Net is what the nodes of a run have between them.
type Net string

const (
	Loopback   Net = "loopback"   // an address of this machine's loopback for each
	Namespaces Net = "namespaces" // a network namespace of its own for each (Linux, where the system allows it)
)

// Scripted is an action at a time in the run.
type Scripted struct {
	Act
	At time.Duration
}

// Everyone is the target of an action that is done to all live processes.
const Everyone trace.ID = "*"

// Run is a demo that plays, or has played. Its methods are safe for concurrent
// use and do not block for long.
type Run interface {
	// Log is the run's log; it is closed when the run is over.
	Log() *trace.Recorder
	// Act does what a key does: it is logged as the learner's, done or not, and
	// its error says in a sentence why it was not done.
	Act(name string, target trace.ID) error
	// Go lets a worker do its next step, in step mode. It waits until the stage has
	// settled and returns as the worker goes. Its error says in a sentence why it
	// cannot go, and who could.
	Go(who trace.ID) error
	// Finish asks the play to come to its end.
	Finish()
	// Stop ends the run and all its processes now.
	Stop()
	// Done is closed when the play is over, every process of the run has ended
	// and been reaped, and the log is closed.
	Done() <-chan struct{}
	// Err is why the run failed, nil before Done and after a good run.
	Err() error
}

// Starter starts a demo on a stage. Its error is a sentence about an option.
type Starter func(d Demo, o Options) (Run, error)
