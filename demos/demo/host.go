package demo

import "time"

// AnyRole is the role of a host: the one process whose threads the workers of a
// run are, in place threads. See Threads.
const AnyRole = "*"

// MaxThreads is how many threads of a host can compute at once, as far as Go is
// concerned: more than any demo has, so that who runs is the kernel's choice.
const MaxThreads = 128

// ThreadRequest is one message to a host: start a thread. Its pipes, events and
// control and then Spec.Files, travel with it. The next request is sent after
// the reply to this one.
type ThreadRequest struct {
	Role string     `json:"role"` // a key of Demo.Roles
	Spec WorkerSpec `json:"spec"` // without FDs
}

// ThreadNotice is one message from a host. The first has no thread: the host is
// there.
type ThreadNotice struct {
	PID   int           `json:"pid"`
	Reply bool          `json:"reply,omitempty"` // answers the last request
	Error string        `json:"error,omitempty"`
	TID   int           `json:"tid,omitempty"`
	Ended bool          `json:"ended,omitempty"` // the thread returned
	Code  int           `json:"code,omitempty"`
	CPU   time.Duration `json:"cpu_ns,omitempty"` // that it used, at its end
}
