package broker

import (
	"encoding/json"
	"time"
)

// space is what subjects begin with on the stage's own broker.
const space = "pool.v1"

// MaxPayload is the most that a worker may say at once, in bytes.
const MaxPayload = 64 << 10

// up is what a worker says.
type up struct {
	Task    int             `json:"task"` // -1: none
	Attempt int             `json:"attempt,omitempty"`
	Token   string          `json:"token,omitempty"`
	Idle    bool            `json:"idle,omitempty"`
	Seen    string          `json:"seen,omitempty"` // the token of the last task that came
	Result  json.RawMessage `json:"result,omitempty"`
	Error   string          `json:"error,omitempty"`
	Took    time.Duration   `json:"took_ns,omitempty"`
}

// down is a task on its way to a worker, or, with Over, the word that it need not
// say a result again.
type down struct {
	Over    string          `json:"over,omitempty"` // the result's token
	Task    int             `json:"task"`
	Attempt int             `json:"attempt"`
	Token   string          `json:"token"`
	Lease   time.Duration   `json:"lease_ns"`
	Body    json.RawMessage `json:"body"`
}

// The verbs of up, and the word of ctl.
const (
	wants = "want" // free, since just now
	beats = "beat" // alive, free or not
	dones = "done" // a result
	byes  = "bye"  // it leaves, as it was asked to

	ended = "end" // the work is over
)

// repeat is the time after which a worker says a result again that the master has
// not confirmed.
const repeat = 500 * time.Millisecond

// beat is the time between two signs of life, silence what the master puts up
// with before it gives a worker no more tasks.
const (
	beat    = 200 * time.Millisecond
	silence = time.Second
)

// stored is a result as it lies in its stream.
type stored struct {
	Task    int             `json:"task"`
	Attempt int             `json:"attempt"`
	Worker  string          `json:"worker"`
	Result  json.RawMessage `json:"result,omitempty"`
	Error   string          `json:"error,omitempty"`
	Took    time.Duration   `json:"took_ns"`
}
