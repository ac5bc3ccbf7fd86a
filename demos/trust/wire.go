package trust

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"time"

	"edu/procession/demos/cluster"
	"edu/procession/demos/demo"
	"edu/procession/demos/internal/wire"
	"edu/procession/demos/trace"
)

// msg is a message of the protocol, of the handshake or after it.
type msg struct {
	Op     string   `json:"op"`
	N      int      `json:"n,omitempty"` // the number of an order
	To     trace.ID `json:"to,omitempty"`
	Amount int      `json:"amount,omitempty"`
	Nonce  []byte   `json:"nonce,omitempty"`
	Seq    uint64   `json:"seq,omitempty"` // signed: the message's number on its connection; a reply has its request's
	MAC    []byte   `json:"mac,omitempty"`
}

// The messages.
const (
	challenge = "challenge" // of the bank
	answer    = "answer"    // of the client, with a challenge of its own
	welcome   = "welcome"   // of the bank, with its answer

	pay  = "pay"
	paid = "paid"
	last = "last" // which of my orders did you carry out last?
)

// String is the message for the log.
func (m msg) String() (s string) {
	switch m.Op {
	case challenge:
		return fmt.Sprintf("challenge %.4x…", m.Nonce)
	case answer:
		return fmt.Sprintf("answer %.4x…, challenge %.4x…", m.MAC, m.Nonce)
	case welcome:
		return fmt.Sprintf("answer %.4x…", m.MAC)
	case pay, paid:
		s = fmt.Sprintf("%s %d to %s", m.Op, m.Amount, m.To)
	default:
		s = m.Op
	}
	if len(m.MAC) > 0 {
		s += fmt.Sprintf(", no. %d, signature %.2x…", m.Seq, m.MAC)
	}
	return s
}

// payload says that a message is none of the handshake.
func (m msg) payload() bool { return m.Op == pay || m.Op == paid || m.Op == last }

// sum is an HMAC-SHA-256 of parts, each with its length.
func sum(key []byte, parts ...[]byte) []byte {
	h := hmac.New(sha256.New, key)
	for _, p := range parts {
		h.Write(binary.BigEndian.AppendUint64(nil, uint64(len(p))))
		h.Write(p)
	}
	return h.Sum(nil)
}

// sign is the MAC of a message from an end of the connection. It covers all that
// the message says, and which end says it.
func sign(session []byte, from string, m msg) []byte {
	m.MAC = nil
	b, _ := json.Marshal(m)
	return sum(session, []byte(from), b)
}

const recordHead = 5

// isRecord says that bytes begin as a record of TLS does. A message of ours begins
// with the high byte of its length, which is 0.
func isRecord(b []byte) bool { return len(b) >= 2 && b[0] >= 20 && b[0] <= 23 && b[1] == 3 }

// split finds where a message or a record of TLS ends: that much can be seen by
// anybody on the way.
func split(b []byte, eof bool) (int, []byte, error) {
	if !isRecord(b) {
		return wire.Split(b, eof)
	}
	if len(b) < recordHead {
		return 0, nil, nil
	}
	n := recordHead + int(binary.BigEndian.Uint16(b[3:]))
	if len(b) < n {
		return 0, nil, nil
	}
	return n, b[:n], nil
}

// head is the length of the length before a message.
const head = 4

// decode is what somebody on the way can make of a frame.
func decode(frame []byte) (m msg, ok bool) {
	return m, !isRecord(frame) && len(frame) > head && json.Unmarshal(frame[head:], &m) == nil && m.Op != ""
}

// encode is a message as a frame.
func encode(m msg) []byte {
	var b bytes.Buffer
	wire.Write(&b, m) // into memory
	return b.Bytes()
}

func describe(frame []byte) (string, bool) {
	if isRecord(frame) && len(frame) >= recordHead {
		return fmt.Sprintf("TLS record %x…", frame[recordHead:min(len(frame), recordHead+4)]), true
	}
	m, ok := decode(frame)
	return m.String(), ok
}

// frames is what the links' proxies make of the bytes.
var frames = cluster.Frames{Split: split, Describe: describe}

// fact is what a node tells the play.
type fact struct {
	Is     string    `json:"is"`
	Wire   string    `json:"wire"`
	N      int       `json:"n,omitempty"`
	To     trace.ID  `json:"to,omitempty"`
	Amount int       `json:"amount,omitempty"`
	Bytes  int       `json:"bytes,omitempty"`
	Why    string    `json:"why,omitempty"`
	Calls  []float64 `json:"calls,omitempty"` // measured: µs each
	Opens  []float64 `json:"opens,omitempty"`
}

// What a fact is, beside paid (by the bank).
const (
	ordered  = "ordered"  // by the client, before it says so to the bank
	answered = "answered" // so the client knows that it is done
	measured = "measured"

	refused  = "refused"  // the bank closed a connection over what came on it
	stranger = "stranger" // the bank closed it during the handshake

	read   = "read"   // eve decoded a message
	passed = "passed" // eve did not
	did    = "did"    // eve did as she was told, and Why says what
)

// tell sends the play a fact. All nodes write to one pipe: what the client told
// before it sent something is heard before what the bank tells of it.
func tell(w *demo.Worker, f fact) { wire.Tell(w.File(0), f) }

// patience is how long anybody waits for the other end of a connection.
const patience = 10 * time.Second
