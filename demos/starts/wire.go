package starts

import (
	"bytes"
	"encoding/binary"
	"encoding/gob"
	"errors"
	"fmt"
	"io"
	"slices"
)

// release is what both must be of to understand each other.
const release = 2

// greeting is the first thing that a worker says.
type greeting struct {
	Release   int
	Functions []string // the names that it knows
}

// job is what a worker is to do.
type job struct {
	N    int
	Name string // of the function
	Args []int
	Do   func([]int) int // gob leaves it out, without a word
}

// reply is what came of a job.
type reply struct {
	N      int
	Value  int
	Error  string
	Decode int64 // ns that it took to decode the job
}

// maxFrame is the longest message, in bytes.
const maxFrame = 64 << 10

// wire carries gob messages between two processes, each after its length.
type wire struct {
	w   io.Writer
	r   io.Reader
	out bytes.Buffer
	in  bytes.Buffer
	enc *gob.Encoder
	dec *gob.Decoder
}

func newWire(r io.Reader, w io.Writer) *wire {
	c := &wire{r: r, w: w}
	c.enc, c.dec = gob.NewEncoder(&c.out), gob.NewDecoder(&c.in)
	return c
}

// quiet is the bit of a length that says that the message is not for the log.
const quiet = 1 << 31

// put sends a message and tells how many bytes it was, without its length.
func (c *wire) put(v any, mark uint32) (int, error) {
	c.out.Reset()
	if err := c.enc.Encode(v); err != nil {
		return 0, err
	}
	n := c.out.Len()
	_, err := c.w.Write(append(binary.BigEndian.AppendUint32(nil, uint32(n)|mark), c.out.Bytes()...))
	return n, err
}

// await waits until a whole message is there, for decode, and tells its mark.
func (c *wire) await() (mark uint32, err error) {
	var head [4]byte
	if _, err := io.ReadFull(c.r, head[:]); err != nil {
		return 0, err
	}
	n := binary.BigEndian.Uint32(head[:])
	n, mark = n&^quiet, n&quiet
	if n > maxFrame {
		return 0, fmt.Errorf("a message of %d bytes; %d are allowed", n, maxFrame)
	}
	_, err = io.CopyN(&c.in, c.r, int64(n))
	return mark, err
}

func (c *wire) decode(v any) error { return c.dec.Decode(v) }

func (c *wire) get(v any) error {
	if _, err := c.await(); err != nil {
		return err
	}
	return c.decode(v)
}

// functions are what a worker can do, by name: the program's own code, which both
// have since both are this program.
var functions = map[string]func([]int) (int, error){
	"square": func(a []int) (int, error) {
		if len(a) != 1 {
			return 0, errArgs
		}
		return a[0] * a[0], nil
	},
	"sum": func(a []int) (n int, err error) {
		for _, x := range a {
			n += x
		}
		return n, nil
	},
	"size": sizeOf,
}

var errArgs = errors.New("it takes one number")

func names() (all []string) {
	for name := range functions {
		all = append(all, name)
	}
	slices.Sort(all)
	return all
}
