package shared

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
	"unsafe"

	"edu/procession/demos/demo"
	"edu/procession/demos/internal/share"
	"edu/procession/demos/trace"
)

// waiting is what both say when they are through with an order.
const waiting = "the next order"

// theBlock is the block's name on stage.
const theBlock = trace.ID("block")

// side is a writer or a reader from the inside.
type side struct {
	w     *demo.Worker
	block []byte
	in    *os.File // the pipe from the other
	out   *os.File // and to it
}

// join maps the block; the writer makes it.
func join(w *demo.Worker, flags int) (*side, error) {
	f, err := os.OpenFile(w.Arg("path"), os.O_RDWR|flags, 0o600)
	if err != nil {
		return nil, err
	}
	defer f.Close() // the mapping does not need it
	if flags != 0 {
		if err := f.Truncate(blockSize); err != nil {
			return nil, err
		}
	}
	b, err := share.Map(f, blockSize)
	if err != nil {
		return nil, fmt.Errorf("to map the block: %w", err)
	}
	return &side{w: w, block: b, in: w.File(0), out: w.File(1)}, nil
}

// obey does the play's orders, one a line, a word and a number.
func (s *side) obey(do func(word string, n int) error) error {
	for {
		s.w.Block(waiting)
		line, err := s.w.Recv()
		if err != nil {
			return nil
		}
		word, arg, _ := strings.Cut(line, " ")
		n, _ := strconv.Atoi(arg)
		s.w.Block("")
		if err := do(word, n); err != nil {
			return fmt.Errorf("%s: %w", word, err)
		}
	}
}

// word is the i-th word of the block. Both sides use words as a whole.
func (s *side) word(i int) *uint64 { return (*uint64)(unsafe.Pointer(&s.block[8*i])) }

// recordLen is the words of a record.
const recordLen = 64

func writer(_ context.Context, w *demo.Worker) error {
	s, err := join(w, os.O_CREATE|os.O_EXCL)
	if err != nil {
		return err
	}
	version := byte(0)
	return s.obey(func(word string, n int) error {
		switch word {
		case "fill":
			version++
			for i := range s.block[:n] {
				s.block[i] = version
			}
			w.Write(theBlock, fmt.Sprintf("%d in each of %d bytes", version, n))
		case "float":
			atomic.StoreUint64(s.word(0), math.Float64bits(1.5))
			w.Write(theBlock, "the float 1.5 in 8 bytes")
		case "torn":
			for end := time.Now().Add(time.Duration(n)); time.Now().Before(end); {
				for v := range uint64(64) {
					for i := range recordLen {
						atomic.StoreUint64(s.word(i), v)
					}
				}
			}
		case "measure":
			return s.measure()
		}
		return nil
	})
}

func reader(_ context.Context, w *demo.Worker) error {
	s, err := join(w, 0)
	if err != nil {
		return err
	}
	return s.obey(func(word string, n int) error {
		switch word {
		case "read":
			first, same := s.block[0], true
			for _, b := range s.block[:n] {
				same = same && b == first
			}
			what := fmt.Sprintf("%d in each of %d bytes", first, n)
			if !same {
				what = fmt.Sprintf("%d bytes, not all alike", n)
			}
			w.Read(theBlock, what)
		case "integer":
			w.Read(theBlock, fmt.Sprintf("the integer %d in 8 bytes", atomic.LoadUint64(s.word(0))))
		case "torn":
			s.watch(time.Duration(n))
		case "answer":
			return s.answer()
		}
		return nil
	})
}

// watch reads records for a while, each word by word as the writer writes it.
func (s *side) watch(d time.Duration) {
	records, torn := 0, 0
	for end := time.Now().Add(d); time.Now().Before(end); {
		for range 64 {
			first, same := atomic.LoadUint64(s.word(0)), true
			for i := 1; i < recordLen; i++ {
				same = same && atomic.LoadUint64(s.word(i)) == first
			}
			records++
			if !same {
				torn++
			}
		}
	}
	s.w.Gauge("records", float64(records), "")
	s.w.Gauge("torn", float64(torn), "")
}

// A note says what is handed over: how, and how many bytes. byPipe is followed by
// them.
const (
	noteLen   = 16
	byPipe    = 1
	bySharing = 2
)

// stamps are three words of what is handed over.
func stamps(b []byte) [3][]byte {
	return [3][]byte{b[:8], b[len(b)/2:][:8], b[len(b)-8:]}
}

// hand hands b over, n times or for a while, and returns the median time.
func (s *side) hand(how uint64, b []byte) (time.Duration, int, error) {
	var note [noteLen]byte
	var reply [8]byte
	var f []time.Duration
	began := time.Now()
	for x := uint64(1); len(f) < 11 || len(f) < 301 && time.Since(began) < 60*time.Millisecond; x++ {
		for _, at := range stamps(b) {
			binary.LittleEndian.PutUint64(at, x)
		}
		binary.LittleEndian.PutUint64(note[:], how)
		binary.LittleEndian.PutUint64(note[8:], uint64(len(b)))
		t := time.Now()
		_, err := s.out.Write(note[:])
		if err == nil && how == byPipe {
			_, err = s.out.Write(b)
		}
		if err == nil {
			_, err = io.ReadFull(s.in, reply[:])
		}
		took := time.Since(t)
		if err != nil {
			return 0, 0, err
		}
		if got := binary.LittleEndian.Uint64(reply[:]); got != 3*x {
			return 0, 0, wrong(fmt.Sprintf("the reader saw %d instead of %d", got, 3*x))
		}
		if x > 2 { // the first two are rehearsals
			f = append(f, took)
		}
	}
	slices.Sort(f)
	return f[len(f)/2], len(f), nil
}

// wrong says that what was read is not what was written.
type wrong string

// Error implements error.
func (w wrong) Error() string { return string(w) }

// measure hands over every size both ways. A reader that is gone is no error.
func (s *side) measure() error {
	w := s.w
	tell := func(name string, d time.Duration, n int, group string) {
		w.Report(trace.Gauge{Name: name, Value: float64(d) / 1000, Unit: "µs", Group: group, Log: group != "", Note: fmt.Sprintf("median of %d", n)})
	}
	own := make([]byte, blockSize)
	for i := range own {
		own[i] = byte(i)
	}
	w.Block("the reader")
	var last [2]time.Duration
	for _, size := range sizes {
		for i, b := range [][]byte{own[:size.n], s.block[:size.n]} {
			d, n, err := s.hand(uint64(byPipe+i), b)
			if _, is := err.(wrong); is {
				return err
			} else if err != nil {
				w.Logf("not measured: %v. The reader is gone.", err)
				return nil
			}
			last[i] = d
			tell([]string{"pipe-", "shared-"}[i]+size.name, d, n, "one hand-over")
		}
	}
	w.Report(trace.Gauge{Name: "pipe-vs-shared", Value: float64(last[0]) / float64(last[1]), Unit: "×", Note: "8 MiB"})
	s.out.Write(make([]byte, noteLen)) // that was all
	w.Block("")
	var f []time.Duration
	for range 11 {
		t := time.Now()
		copy(s.block, own)
		f = append(f, time.Since(t))
	}
	slices.Sort(f)
	tell("copy", f[len(f)/2], len(f), "")
	return nil
}

// answer answers what is handed over, until the writer is through or gone.
func (s *side) answer() error {
	var note [noteLen]byte
	own := make([]byte, blockSize)
	s.w.Block("the writer")
	for {
		_, err := io.ReadFull(s.in, note[:])
		how, n := binary.LittleEndian.Uint64(note[:]), binary.LittleEndian.Uint64(note[8:])
		if err != nil || how == 0 || n > blockSize {
			return nil
		}
		b := s.block[:n]
		if how == byPipe {
			b = own[:n]
			if _, err := io.ReadFull(s.in, b); err != nil {
				return nil
			}
		}
		sum := uint64(0)
		for _, at := range stamps(b) {
			sum += binary.LittleEndian.Uint64(at)
		}
		if _, err := s.out.Write(binary.LittleEndian.AppendUint64(nil, sum)); err != nil {
			return nil
		}
	}
}
