// Package wire is what nodes say to each other in the demos of failures: JSON,
// with its length before it, so that a proxy can tell where a message ends.
//
//	frames := cluster.Frames{Split: wire.Split, Describe: wire.Describe[msg]}
//	go wire.Serve(listener, func(m msg) (msg, bool) { return answer(m), true })
//	reply, err := wire.Call(door, msg{Op: "pay"}, time.Second)
//
// A call has a connection of its own, so a reply that comes too late meets nobody
// and is not taken for that to the next call.
//
// The rules are:
//  1. A message is whole or an error; none is over [Max] bytes (TestWhole).
//  2. A caller waits no longer than its timeout, whatever the other end does
//     (TestSilence).
package wire

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"time"
)

// Max is the longest message, in bytes of JSON. Over a link whose messages may be
// longer than 64 KiB, cluster.Frames wants a Max of its own.
const Max = 512 << 10

// head is the length of the length.
const head = 4

// ErrLong says that a message is longer than Max, or none of this protocol.
var ErrLong = fmt.Errorf("a message of over %d bytes", Max)

// Split is a bufio.SplitFunc: its tokens are messages with their lengths.
func Split(b []byte, eof bool) (int, []byte, error) {
	if len(b) >= head {
		n := binary.BigEndian.Uint32(b)
		if n > Max {
			return 0, nil, ErrLong
		}
		if whole := head + int(n); len(b) >= whole {
			return whole, b[:whole], nil
		}
	}
	if eof && len(b) > 0 {
		return 0, nil, io.ErrUnexpectedEOF
	}
	return 0, nil, nil
}

// Describe is the text of a message of type T, and false for none.
func Describe[T fmt.Stringer](frame []byte) (string, bool) {
	var m T
	if len(frame) < head || json.Unmarshal(frame[head:], &m) != nil {
		return "", false
	}
	return m.String(), true
}

// Write writes one message, in one piece.
func Write(w io.Writer, m any) error {
	body, err := json.Marshal(m)
	if err != nil {
		return err
	}
	if len(body) > Max {
		return ErrLong
	}
	_, err = w.Write(append(binary.BigEndian.AppendUint32(nil, uint32(len(body))), body...))
	return err
}

// Reader reads messages.
type Reader struct{ sc *bufio.Scanner }

// NewReader reads from r, and more than it gives.
func NewReader(r io.Reader) *Reader {
	sc := bufio.NewScanner(r)
	sc.Buffer(nil, head+Max)
	sc.Split(Split)
	return &Reader{sc}
}

// Read takes the next message into m. After the last it returns io.EOF.
func (r *Reader) Read(m any) error {
	if !r.sc.Scan() {
		if err := r.sc.Err(); err != nil {
			return err
		}
		return io.EOF
	}
	return json.Unmarshal(r.sc.Bytes()[head:], m)
}

// Serve answers what comes to l until it is closed, each connection in a goroutine
// of its own. A connection whose message is not answered is closed.
func Serve[T any](l net.Listener, answer func(T) (T, bool)) error {
	for {
		c, err := l.Accept()
		if errors.Is(err, net.ErrClosed) {
			return nil
		}
		if err != nil {
			return err
		}
		go func() {
			defer c.Close()
			for r := NewReader(c); ; {
				var m T
				if r.Read(&m) != nil {
					return
				}
				reply, ok := answer(m)
				if !ok || Write(c, reply) != nil {
					return
				}
			}
		}()
	}
}

// Call sends a message and waits for the reply, no longer than the timeout in
// all. Its error says what the caller can know: the other end's part may have
// been done or not, whatever the error.
func Call[T any](addr string, m T, timeout time.Duration) (reply T, err error) {
	end := time.Now().Add(timeout)
	c, err := net.DialTimeout("tcp", addr, timeout)
	if err != nil {
		return reply, err
	}
	defer c.Close()
	if err := c.SetDeadline(end); err != nil {
		return reply, err
	}
	if err := Write(c, m); err != nil {
		return reply, err
	}
	err = NewReader(c).Read(&reply)
	return reply, err
}

// Facts is a pipe by which a node tells the play what no view is to draw. What is
// told with [Tell] at the end that is returned is heard in order, from one
// goroutine. Once everybody has closed that end, which the kernel does for a node
// that has ended, over is called, where it is not nil.
func Facts[T any](hear func(T), over func()) (*os.File, error) {
	r, w, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("no pipe for a node's facts: %w", err)
	}
	go func() {
		defer r.Close()
		for d := json.NewDecoder(r); ; {
			var v T
			if d.Decode(&v) != nil {
				if over != nil {
					over()
				}
				return
			}
			hear(v)
		}
	}()
	return w, nil
}

// Tell tells a fact. It may be called from several goroutines.
func Tell(f *os.File, fact any) {
	if b, err := json.Marshal(fact); err == nil {
		f.Write(append(b, '\n')) // in one write: facts are not mixed
	}
}
