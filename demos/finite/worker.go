package finite

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"strconv"
	"sync"

	"edu/procession/demos/demo"
	"edu/procession/demos/trace"
)

// The queues, as the log names them.
const (
	thePipe    trace.ID = "pipe"
	theBuffer  trace.ID = "buffer"         // of a producer, without a bound
	theBounded trace.ID = "bounded buffer" // with one
)

// header is what goes before an item in the pipe: its length.
const header = 4

// page is what the filler writes at once.
const page = 4096

// What a feeder tells the play through its notes, one line each.
const (
	noteTID     = "tid"     // the kernel's number of its thread
	noteWrite   = "write"   // it writes an item now
	noteWrote   = "wrote"   // it has
	noteThrough = "through" // there is nothing more to write
)

// filler writes to a pipe that nobody reads, page by page, until the kernel takes
// no more. Its file is the pipe's write end.
func filler(_ context.Context, w *demo.Worker) error {
	b := make([]byte, page)
	for {
		w.Sleep(w.DurationArg("every"))
		w.Block("write " + string(thePipe))
		if _, err := w.File(0).Write(b); err != nil {
			return nil // nobody is left who could read
		}
		w.Block("")
	}
}

// feeder is a queue's end in the producer, as Python's: put lays the item into a
// buffer, and a thread writes it into the pipe.
type feeder struct {
	w     *demo.Worker
	pipe  io.Writer
	notes *os.File
	bound int

	mu    sync.Mutex
	news  sync.Cond
	buf   [][]byte // put, and not yet taken by the feeder
	spare [][]byte // through, to be used again
	ended bool
	done  chan struct{}
}

func (f *feeder) start() {
	f.news.L, f.done = &f.mu, make(chan struct{})
	go f.feed()
}

func (f *feeder) feed() {
	runtime.LockOSThread() // so that the kernel's state of the thread is the feeder's
	defer close(f.done)
	fmt.Fprintln(f.notes, noteTID, tid())
	for n := 1; ; n++ {
		f.mu.Lock()
		for len(f.buf) == 0 && !f.ended {
			f.news.Wait()
		}
		if len(f.buf) == 0 {
			f.mu.Unlock()
			fmt.Fprintln(f.notes, noteThrough)
			return
		}
		b := f.buf[0]
		f.buf = f.buf[1:]
		f.depth()
		f.mu.Unlock()
		fmt.Fprintln(f.notes, noteWrite)
		_, err := f.pipe.Write(b)
		fmt.Fprintln(f.notes, noteWrote)
		if err != nil {
			return
		}
		f.w.Report(trace.Item{Is: trace.KindPut, Queue: thePipe, Item: strconv.Itoa(n), Depth: -1})
		f.mu.Lock()
		f.spare = append(f.spare, b)
		f.mu.Unlock()
	}
}

// put takes size bytes into the buffer, each of its pages written to.
func (f *feeder) put(size int) {
	f.mu.Lock()
	var b []byte
	if n := len(f.spare); n > 0 {
		b, f.spare = f.spare[n-1], f.spare[:n-1]
	}
	f.mu.Unlock()
	if b == nil {
		b = make([]byte, header+size)
	}
	for i := 0; i < len(b); i += page {
		b[i] = 'x'
	}
	binary.LittleEndian.PutUint32(b, uint32(size))
	f.mu.Lock()
	defer f.mu.Unlock()
	f.buf = append(f.buf, b)
	f.depth()
	f.news.Signal()
}

// depth reports how many items lie in the buffer. f.mu is held.
func (f *feeder) depth() {
	id := theBuffer
	if f.bound > 0 {
		id = theBounded
	}
	f.w.ReportOf(id, trace.Depth{Queue: id, Depth: len(f.buf), Cap: f.bound, Unit: "items"})
}

// producer puts items, and ends when its feeder has got rid of them. Its files
// are the pipe, the feeder's notes and, where the queue is bounded, its slots: a
// byte for each item that there is room for.
func producer(_ context.Context, w *demo.Worker) error {
	f := &feeder{w: w, pipe: w.File(0), notes: w.File(1), bound: w.IntArg("bound")}
	f.start()
	if _, err := w.Recv(); err != nil {
		return nil
	}
	for range w.IntArg("items") {
		if f.bound > 0 {
			w.Block("put: full")
			_, err := w.File(2).Read(make([]byte, 1))
			w.Block("")
			if err != nil {
				break // nobody is left who could get
			}
		}
		f.put(w.IntArg("size"))
	}
	f.mu.Lock()
	f.ended = true
	f.news.Signal()
	f.mu.Unlock()
	w.Block("join feeder")
	<-f.done
	w.Block("")
	if w.Arg("stay") != "" { // until the play has read what it was after
		w.Recv()
	}
	return nil
}

// consumer gets items, slowly. Its files are the pipe and the slots.
func consumer(_ context.Context, w *demo.Worker) error {
	var b []byte
	for n := 1; ; n++ {
		w.Block("get " + string(thePipe))
		item, err := get(w.File(0), b)
		w.Block("")
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		b = item
		w.File(1).Write([]byte{'.'}) // fails only when no producer is left to want it
		w.Report(trace.Item{Is: trace.KindGet, Queue: thePipe, Item: strconv.Itoa(n), Depth: -1})
		w.Sleep(w.DurationArg("every"))
	}
}

// get takes the next item out, into b where it fits. io.EOF is the end; an end in
// mid-item is another error.
func get(from io.Reader, b []byte) ([]byte, error) {
	var h [header]byte
	if _, err := io.ReadFull(from, h[:]); err != nil {
		return nil, err
	}
	n := int(binary.LittleEndian.Uint32(h[:]))
	if cap(b) < n {
		b = make([]byte, n)
	}
	got, err := io.ReadFull(from, b[:n])
	if err != nil {
		return nil, fmt.Errorf("%d bytes of an item of %d came, and then the end", got, n)
	}
	return b[:n], nil
}
