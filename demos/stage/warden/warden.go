// Package warden is the process that lets nothing survive.
//
// On Linux the stage does not start workers itself: it asks a warden, which is
// this binary executed again in a session of its own, ignoring the signals that
// a terminal sends. The warden is the parent of every worker and, as a child
// subreaper, inherits every orphan below them. When its socket to the stage
// reaches end of file, whether the stage closed it or was killed, the warden
// kills all its descendants, stopped ones too, reaps them, and ends.
//
// The rules are:
//  1. A worker that has ended stays a zombie until the stage asks to reap it; an
//     orphan that came to the warden is reaped as it ends, as init does it.
//  2. Ends, stops and continuations are told as they happen (waitid), in order.
//  3. With network namespaces, none outlives the run's processes: none has a name
//     (TestNamespacesGo, in package demos).
//  4. After end of file the warden ends only when it has no descendants left, and
//     the run's folder is gone.
//
// The package imports only the standard library without net, since it is
// started before main: see package early.
package warden

import "time"

// Env marks the process that is to be a warden. Its value is the folder of the
// run, which the warden removes at its end, where there is one.
const Env = "PROCESSION_WARDEN"

// Spawn asks for a process. Its files travel with the request.
type Spawn struct {
	Path string   `json:"path"`
	Argv []string `json:"argv"`
	Env  []string `json:"env"`
	Dir  string   `json:"dir,omitempty"`
	Node string   `json:"node,omitempty"` // in whose network namespace; empty: in the warden's
}

// Node asks for a network namespace, unless it is there already.
type Node struct {
	Name string  `json:"name"`
	Addr [4]byte `json:"addr"`
}

// Request is one line to the warden. Exactly one field is set. The next request
// is sent after the reply to this one.
type Request struct {
	Spawn *Spawn `json:"spawn,omitempty"`
	Reap  int    `json:"reap,omitempty"`
	// Spaces prepares for network namespaces, of a warden that was started in one of
	// its own: it is the stage's address there.
	Spaces *[4]byte `json:"spaces,omitempty"`
	Node   *Node    `json:"node,omitempty"`
	// Socket asks for a TCP socket that belongs to the warden's network namespace. It
	// travels with the reply.
	Socket bool `json:"socket,omitempty"`
}

// Notice is one line from the warden.
type Notice struct {
	Reply     bool          `json:"reply,omitempty"` // answers the last request
	PID       int           `json:"pid,omitempty"`
	Error     string        `json:"error,omitempty"`
	User      time.Duration `json:"user,omitempty"` // of a reaped process
	System    time.Duration `json:"system,omitempty"`
	MaxRSS    int64         `json:"maxrss,omitempty"`
	Exited    bool          `json:"exited,omitempty"`
	Code      int           `json:"code,omitempty"`
	Signal    int           `json:"signal,omitempty"`
	Stopped   bool          `json:"stopped,omitempty"`
	Continued bool          `json:"continued,omitempty"`
	Orphan    bool          `json:"orphan,omitempty"` // inherited; it has ended, and was waited for at once
}
