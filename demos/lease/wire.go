package lease

import (
	"fmt"
	"time"

	"edu/procession/demos/demo"
	"edu/procession/demos/internal/wire"
	"edu/procession/demos/trace"
)

// msg is a request or a reply.
type msg struct {
	Op    string        `json:"op"`
	From  trace.ID      `json:"from,omitempty"`
	Token uint64        `json:"token,omitempty"`
	Lease time.Duration `json:"lease_ns,omitempty"`
	N     int           `json:"n,omitempty"`
}

// Requests, and replies to them.
const (
	acquire = "acquire" // the lock
	granted = "granted" // with a token, for a time
	busy    = "busy"

	await = "await" // is answered when the lock seems free
	free  = "free"

	release  = "release"
	released = "released"
	notYours = "not yours"

	read    = "read" // the counter
	value   = "value"
	write   = "write"
	written = "written"
	refused = "refused" // the token is below N
)

// String is the message for the log.
func (m msg) String() string {
	switch m.Op {
	case granted:
		return fmt.Sprintf("granted for %v, token %d", m.Lease, m.Token)
	case release, read:
		return fmt.Sprintf("%s, token %d", m.Op, m.Token)
	case value:
		return fmt.Sprintf("it is %d", m.N)
	case write:
		return fmt.Sprintf("write %d, token %d", m.N, m.Token)
	case refused:
		return fmt.Sprintf("refused: I have seen token %d", m.N)
	}
	return m.Op
}

// fact is what a node tells the play.
type fact struct {
	Is    string        `json:"is"`
	By    trace.ID      `json:"by"`
	At    time.Duration `json:"at"` // in the run
	Token uint64        `json:"token,omitempty"`
	N     int           `json:"n,omitempty"`     // written: the counter
	Stale bool          `json:"stale,omitempty"` // written, refused: below a token that was seen before
}

// What a fact is, beside granted, released, written and refused.
const (
	expired = "expired" // the lease ran out at the locker
	working = "working" // the client has read, and has not yet written
	learnt  = "learnt"  // the client no longer takes the lock for its own, though it did not give it back
	idle    = "idle"    // the client waits for a job
)

// tell sends the play a fact.
func tell(w *demo.Worker, f fact) {
	f.At = w.Now()
	wire.Tell(w.File(0), f)
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.1f s", d.Seconds()) }
