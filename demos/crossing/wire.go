package crossing

import (
	"bytes"
	"encoding/binary"
	"encoding/gob"
	"fmt"
	"io"
	"time"

	"edu/procession/demos/internal/sock"
)

// task is what crosses.
type task struct {
	X    int64
	Data []byte
}

// chunk is a message there. One without tasks asks for the times since the last
// such.
type chunk struct {
	Work  int
	Tasks []task
}

// results is a message back.
type results struct {
	Y    []int64
	Used used
}

// used is what a worker did with its time.
type used struct {
	Compute, Encode, Wait time.Duration
	Sleeps                int64
}

// do is a task's work: a square, and some rounds.
//
//go:noinline
func do(x int64, rounds int) int64 {
	y := uint64(x * x)
	for range rounds {
		y = y*6364136223846793005 + 1442695040888963407
	}
	return int64(y)
}

// line is one end of the pipes between the sender and a worker: messages of gob
// behind their length.
type line struct {
	c   *sock.Conn
	out bytes.Buffer
	in  bytes.Buffer
	enc *gob.Encoder
	dec *gob.Decoder
	buf []byte
}

func newLine(c *sock.Conn) *line {
	l := &line{c: c, buf: make([]byte, 64<<10)}
	l.enc, l.dec = gob.NewEncoder(&l.out), gob.NewDecoder(&l.in)
	return l
}

const headLen = 4

// encode makes a message ready to be sent.
func (l *line) encode(v any) error {
	l.out.Reset()
	l.out.Write(make([]byte, headLen))
	if err := l.enc.Encode(v); err != nil {
		return err
	}
	b := l.out.Bytes()
	binary.LittleEndian.PutUint32(b, uint32(len(b)-headLen))
	return nil
}

// send writes what was encoded, in one call where the pipe has room.
func (l *line) send() error {
	_, err := l.c.Write(l.out.Bytes())
	return err
}

// receive waits for a whole message: in one call, where it fits.
func (l *line) receive() error {
	n, err := l.c.Read(l.buf)
	if err != nil {
		return err
	}
	if n < headLen {
		if err := l.c.ReadFull(l.buf[n:headLen]); err != nil {
			return err
		}
		n = headLen
	}
	rest := int(binary.LittleEndian.Uint32(l.buf)) - (n - headLen)
	if rest < 0 || rest > 4*largest {
		return fmt.Errorf("a message that is none")
	}
	l.in.Write(l.buf[headLen:n])
	for rest > 0 {
		n, err := l.c.Read(l.buf[:min(rest, len(l.buf))])
		if err != nil {
			return err
		}
		l.in.Write(l.buf[:n])
		rest -= n
	}
	return nil
}

// decode takes what was received.
func (l *line) decode(v any) error {
	if err := l.dec.Decode(v); err != nil && err != io.EOF {
		return err
	}
	l.in.Reset()
	return nil
}
