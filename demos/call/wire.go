package call

import (
	"encoding/binary"
	"fmt"
	"io"

	"edu/procession/demos/demo"
	"edu/procession/demos/internal/sock"
)

// step is how far a callee has come with a slow call.
type step uint64

const (
	unread   step = iota // it has not read the request
	got                  // it has read the request and not begun
	works                // it is in the middle
	executed             // it has done what it was asked for, and not replied
	replied              // it has sent the reply
)

var steps = [...]string{unread: "unread", got: "got", works: "works", executed: "executed", replied: "replied"}

// String is the step's word in the ledger.
func (s step) String() string { return steps[min(int(s), len(steps)-1)] }

// stepOf reads what String writes.
func stepOf(word string) step {
	for i, s := range steps {
		if s == word {
			return step(i)
		}
	}
	return unread
}

// truth is what a ledger that ends with this step says of the call.
func (s step) truth() string {
	return [...]string{
		unread:   "never read, not executed",
		got:      "read, not begun, not executed",
		works:    "begun, not finished, not executed",
		executed: "executed, no reply sent",
		replied:  "executed, reply sent",
	}[min(int(s), len(steps)-1)]
}

// request is a call on the wire.
type request struct {
	id   uint64
	x    int64
	slow bool  // in steps, reported; else at once
	hold step  // the step that a slow callee does not leave: it is to be killed there; 0: none
	sent int64 // when a slow call left, on the clock that the processes of one machine share
}

// The lengths on the wire.
const (
	requestLen = 32
	replyLen   = 24
)

func (r request) put(b *[requestLen]byte) {
	binary.LittleEndian.PutUint64(b[:], r.id)
	binary.LittleEndian.PutUint64(b[8:], uint64(r.x))
	mode := uint64(r.hold) << 8
	if r.slow {
		mode |= 1
	}
	binary.LittleEndian.PutUint64(b[16:], mode)
	binary.LittleEndian.PutUint64(b[24:], uint64(r.sent))
}

func requestOf(b *[requestLen]byte) request {
	mode := binary.LittleEndian.Uint64(b[16:])
	number := func(i int) int64 { return int64(binary.LittleEndian.Uint64(b[i:])) }
	return request{uint64(number(0)), number(8), mode&1 != 0, step(mode >> 8), number(24)}
}

// reply is an answer on the wire.
type reply struct {
	id   uint64
	y    int64
	sent int64 // as in request
}

func (r reply) put(b *[replyLen]byte) {
	binary.LittleEndian.PutUint64(b[:], r.id)
	binary.LittleEndian.PutUint64(b[8:], uint64(r.y))
	binary.LittleEndian.PutUint64(b[16:], uint64(r.sent))
}

func replyOf(b []byte) reply {
	number := func(i int) int64 { return int64(binary.LittleEndian.Uint64(b[i:])) }
	return reply{uint64(number(0)), number(8), number(16)}
}

// serve answers calls until the caller closes. slow computes the result of a slow
// call, in its own time.
func serve(c *sock.Conn, slow func(request) int64, sent func(request)) error {
	var in [requestLen]byte
	var out [replyLen]byte
	for {
		if err := c.ReadFull(in[:]); err == io.EOF {
			return nil
		} else if err != nil {
			return fmt.Errorf("to read a call: %w", err)
		}
		r := requestOf(&in)
		a := reply{id: r.id}
		if r.slow {
			a.y = slow(r)
			a.sent = demo.Mono()
		} else {
			a.y = square(r.x)
		}
		a.put(&out)
		if _, err := c.Write(out[:]); err != nil {
			return fmt.Errorf("to reply: %w", err)
		}
		if r.slow {
			sent(r)
		}
	}
}

// ask makes a call and waits for its reply.
func ask(c *sock.Conn, id uint64, x int64) (int64, error) {
	var out [requestLen]byte
	var in [replyLen]byte
	request{id: id, x: x}.put(&out)
	if _, err := c.Write(out[:]); err != nil {
		return 0, err
	}
	if err := c.ReadFull(in[:]); err != nil {
		return 0, err
	}
	a := replyOf(in[:])
	if a.id != id {
		return 0, wrong(fmt.Sprintf("a reply to call %d came for call %d", a.id, id))
	}
	return a.y, nil
}
