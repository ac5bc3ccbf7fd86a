package trace

import (
	"context"
	"slices"
	"sync"
	"time"
)

// Limit is how many events a Recorder keeps. Past it, events that a worker
// vouches for and captured output are counted, not kept; what the kernel, the
// stage and the learner say is kept always.
const Limit = 1 << 20

// Header is the first line of a recording: what was run, and where.
type Header struct {
	Procession int               `json:"procession"` // the version of this format
	Demo       string            `json:"demo"`
	Place      string            `json:"place"`         // threads, processes or nodes
	Net        string            `json:"net,omitempty"` // namespaces, where each node has its own; else loopback
	Seed       uint64            `json:"seed"`
	Params     map[string]string `json:"params,omitempty"`
	Pace       string            `json:"pace"` // real, fast or slow
	OS         string            `json:"os"`
	Version    string            `json:"version"`             // of the program
	Sample     time.Duration     `json:"sample_ns,omitempty"` // between two looks at /proc
	Token      string            `json:"token,omitempty"`     // in the environment of every process of the run
	Clocks     []ID              `json:"clocks,omitempty"`    // whose entry each place of an Event.Clock is; none: no clocks
	Started    time.Time         `json:"started,omitzero"`
}

// Format is the version of the log that this program writes and reads.
const Format = 1

// Recorder orders the events of one run. It is safe for concurrent use.
type Recorder struct {
	header Header
	start  time.Time

	mu      sync.Mutex
	events  []Event
	dropped int
	closed  bool
	wake    chan struct{} // closed and replaced at each append that somebody waits for
	waiting bool
}

// NewRecorder starts the clock of a run.
func NewRecorder(h Header) *Recorder {
	h.Procession = Format
	return &Recorder{header: h, start: time.Now(), wake: make(chan struct{})}
}

// Header is what the run was started with.
func (r *Recorder) Header() Header { return r.header }

// Now is the time in the run.
func (r *Recorder) Now() time.Duration { return time.Since(r.start) }

// Add appends a fact, stamped with the time of its arrival.
func (r *Recorder) Add(s Source, who ID, d Data) { r.AddClock(s, who, nil, d) }

// AddClock is Add with a vector clock, as long as Header.Clocks.
func (r *Recorder) AddClock(s Source, who ID, clock []uint64, d Data) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return
	}
	if len(r.events) >= Limit && (s == Worker || d.Kind() == KindSay) {
		r.dropped++
		return
	}
	r.append(s, who, clock, d)
}

func (r *Recorder) append(s Source, who ID, clock []uint64, d Data) {
	if len(r.events) == cap(r.events) { // doubled: append's own steps of a quarter cost more than the events
		r.events = slices.Grow(r.events, max(len(r.events), 1024))
	}
	r.events = append(r.events, Event{
		Seq: uint64(len(r.events)) + 1, At: time.Since(r.start),
		Source: s, Who: who, Kind: d.Kind(), Clock: clock, Data: d,
	})
	if r.waiting {
		r.waiting = false
		close(r.wake)
		r.wake = make(chan struct{})
	}
}

// Close ends the log. Later facts are ignored.
func (r *Recorder) Close() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return
	}
	if r.dropped > 0 {
		r.append(Stage, "", nil, Dropped{Count: r.dropped, Reason: "the log was full"})
	}
	r.closed = true
	if r.waiting {
		r.waiting = false
		close(r.wake)
	}
}

// Events returns the log from position from on (0: all). The slice is shared
// and must not be changed; events never change once they are in it.
func (r *Recorder) Events(from int) []Event {
	r.mu.Lock()
	defer r.mu.Unlock()
	n := len(r.events)
	if from >= n {
		return nil
	}
	return r.events[from:n:n]
}

// Wait returns when the log is longer than n, true, or when it has been closed
// at that length or ctx is done, false.
func (r *Recorder) Wait(ctx context.Context, n int) bool {
	for {
		r.mu.Lock()
		if len(r.events) > n {
			r.mu.Unlock()
			return true
		}
		if r.closed {
			r.mu.Unlock()
			return false
		}
		r.waiting = true
		wake := r.wake
		r.mu.Unlock()
		select {
		case <-wake:
		case <-ctx.Done():
			return false
		}
	}
}
