package queue

import (
	"errors"
	"io"
	"testing"
)

func TestFrame(t *testing.T) {
	var f, g frame
	f.seal(42, 7, 99)
	g.seal(42, 8, 99)
	if f.item() != 7 || f.stamp() != 99 || f.check(42) != nil {
		t.Errorf("a sealed frame: %v", f)
	}
	if f.check(43) == nil {
		t.Error("a frame of another run passed")
	}
	for i := range f {
		torn := f
		copy(torn[i:], g[i:]) // the beginning of one, the end of another
		if i > 0 && i < 57 && torn.check(42) == nil {
			t.Errorf("torn at byte %d, and passed", i)
		}
		torn = f
		torn[i] ^= 1
		if torn.check(42) == nil {
			t.Errorf("byte %d was changed, and it passed", i)
		}
	}
}

// stuck is a pipe that takes nothing until it is told to.
type stuck struct {
	go_  chan bool
	take io.Writer
}

func (s stuck) Write(b []byte) (int, error) {
	<-s.go_
	return s.take.Write(b)
}

// put is done while the feeder has not written a byte; close waits until it has.
func TestPutReturnsBeforeThePipe(t *testing.T) {
	r, w := io.Pipe()
	s := stuck{make(chan bool), w}
	q := (&putter{items: s, most: pipeBuf}).start()
	var f frame
	for i := range uint32(100) {
		f.seal(1, i, 0)
		if err := q.put(&f); err != nil {
			t.Fatal(err)
		}
	}
	close(s.go_)
	go func() {
		q.close()
		w.Close()
	}()
	out := single(r)
	for i := range uint32(100) {
		if err := out.get(&f); err != nil || f.check(1) != nil || f.item() != i {
			t.Fatalf("item %d: %v, %v", i, f.item(), err)
		}
	}
	if err := out.get(&f); !errors.Is(err, io.EOF) {
		t.Errorf("after the end: %v", err)
	}
}

func TestPutFailsWhenNobodyReads(t *testing.T) {
	r, w := io.Pipe()
	q := (&putter{items: w, most: pipeBuf}).start()
	r.Close()
	var f frame
	for range maxBuffer {
		if q.put(&f) != nil {
			return
		}
	}
	t.Error("put never failed")
}

// A read that brings less than a frame is an error, never half an item.
func TestShortReadIsTorn(t *testing.T) {
	r, w := io.Pipe()
	go w.Write(make([]byte, frameSize/2))
	var f frame
	if err := sharing(r, nil).get(&f); !errors.Is(err, errTorn) {
		t.Errorf("half a frame: %v", err)
	}
}

func TestBookSettles(t *testing.T) {
	life := func(item uint32, ops ...op) (es []entry) {
		for _, o := range ops {
			who := uint16(1) // the producer
			if o > opFed {
				who = 2
			}
			es = append(es, entry{o, who, item, 0})
		}
		return es
	}
	dead := func(who ...uint16) map[uint16]bool {
		m := map[uint16]bool{}
		for _, w := range who {
			m[w] = true
		}
		return m
	}
	for _, c := range []struct {
		name                                   string
		entries                                []entry
		producers, consumers                   map[uint16]bool
		left                                   []uint32
		done, held, unfed, inPipe, wrongCounts int
	}{
		{name: "done", entries: life(0, opPut, opFed, opGot, opDone), done: 1},
		{name: "got before the word that it was fed", entries: life(0, opPut, opGot, opFed, opDone), done: 1},
		{name: "left", entries: life(0, opPut, opFed), left: []uint32{0}, inPipe: 1},
		{name: "unfed", entries: life(0, opPut), producers: dead(1), unfed: 1},
		{name: "put, and its producer lives", entries: life(0, opPut), wrongCounts: 1},
		{name: "held", entries: life(0, opPut, opFed, opGot), consumers: dead(2), held: 1},
		{name: "got, and its consumer lives", entries: life(0, opPut, opFed, opGot), wrongCounts: 1},
		{name: "taken by one who died without a word", entries: life(0, opPut, opFed), consumers: dead(3), held: 1},
		{name: "two vanished, one died", entries: append(life(0, opPut, opFed), life(1, opPut, opFed)...), consumers: dead(3), held: 1, wrongCounts: 1},
		{name: "vanished", entries: life(0, opPut, opFed), wrongCounts: 1},
		{name: "got twice", entries: life(0, opPut, opFed, opGot, opDone, opGot), done: 1, wrongCounts: 1},
		{name: "got and still there", entries: life(0, opPut, opFed, opGot, opDone), left: []uint32{0}, done: 1, inPipe: 1, wrongCounts: 1},
		{name: "never put", entries: life(0, opGot), wrongCounts: 1},
		{name: "torn", entries: []entry{{opTorn, 2, 0, 0}}, wrongCounts: 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newBook()
			for _, e := range c.entries {
				b.take(e)
			}
			got := b.settle(c.producers, c.consumers, c.left)
			if got.done != c.done || len(got.held) != c.held || len(got.unfed) != c.unfed || got.left != c.inPipe || len(got.wrong) != c.wrongCounts {
				t.Errorf("%+v", got)
			}
		})
	}
}
