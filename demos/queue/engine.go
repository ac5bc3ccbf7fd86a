package queue

import (
	"bufio"
	"errors"
	"io"
	"sync"
	"time"
)

// maxBuffer bounds what a producer has put and its feeder has not written.
const maxBuffer = 1 << 20

// putter is a producer's end of a queue. take and put are for one goroutine.
type putter struct {
	slots io.Reader     // a byte a free slot; nil: the queue is unbounded
	items io.Writer     // the pipe
	most  int           // bytes of one write: whole frames
	delay time.Duration // injected, before the feeder takes what lies there
	fed   func([]byte)  // called by the feeder after each write, with the frames written

	mu    sync.Mutex
	news  sync.Cond // for the feeder: there is something, or the end
	room  sync.Cond // for put: the buffer was taken
	buf   []byte    // put and not yet taken by the feeder
	err   error     // why the feeder cannot write
	ended bool
	quit  chan struct{} // closed with ended
	done  chan struct{} // the feeder has ended
}

// start starts the feeder.
func (p *putter) start() *putter {
	p.news.L, p.room.L = &p.mu, &p.mu
	p.buf = make([]byte, 0, maxBuffer)
	p.quit, p.done = make(chan struct{}), make(chan struct{})
	go p.feed()
	return p
}

// take takes a free slot, and sleeps in the kernel until there is one. It
// returns io.EOF when nobody is left who could give one back.
func (p *putter) take() error {
	if p.slots == nil {
		return nil
	}
	var slot [1]byte
	_, err := io.ReadFull(p.slots, slot[:])
	return err
}

// put hands an item to the feeder and returns, most likely before it is in the
// pipe. Its error is that of an earlier write. A bounded queue wants a slot first.
func (p *putter) put(f *frame) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	for len(p.buf)+frameSize > maxBuffer && p.err == nil {
		p.room.Wait()
	}
	if p.err != nil {
		return p.err
	}
	p.buf = append(p.buf, f[:]...)
	if len(p.buf) == frameSize {
		p.news.Signal()
	}
	return nil
}

// close waits until the feeder has written everything, as Python's join_thread
// does, and ends it. It is called once.
func (p *putter) close() error {
	p.mu.Lock()
	p.ended = true
	close(p.quit)
	p.news.Signal()
	p.mu.Unlock()
	<-p.done
	return p.err
}

// feed writes what was put, as much as there is in each write.
func (p *putter) feed() {
	defer close(p.done)
	spare := make([]byte, 0, maxBuffer)
	for {
		p.mu.Lock()
		for len(p.buf) == 0 && !p.ended {
			p.news.Wait()
		}
		if p.delay > 0 && !p.ended {
			p.mu.Unlock()
			select {
			case <-time.After(p.delay):
			case <-p.quit:
			}
			p.mu.Lock()
		}
		b := p.buf
		p.buf = spare[:0]
		p.room.Signal()
		p.mu.Unlock()
		if len(b) == 0 {
			return
		}
		spare = b
		for len(b) > 0 {
			n := min(len(b), p.most)
			if _, err := p.items.Write(b[:n]); err != nil {
				p.mu.Lock()
				p.err = err
				p.room.Signal()
				p.mu.Unlock()
				return
			}
			if p.fed != nil {
				p.fed(b[:n])
			}
			b = b[n:]
		}
	}
}

// getter is a consumer's end of a queue.
type getter struct {
	items io.Reader
	slots io.Writer // nil: the queue is unbounded
	alone bool      // items is buffered: nobody else reads that pipe
}

// sharing is the end of one consumer of several.
func sharing(items io.Reader, slots io.Writer) *getter { return &getter{items: items, slots: slots} }

// single is the end of the only consumer, which may read ahead.
func single(items io.Reader) *getter {
	return &getter{items: bufio.NewReaderSize(items, 64<<10), alone: true}
}

// get takes the next item out and gives its slot back at once: a slot is for an
// item in the pipe, not for one that is being worked on. It sleeps in the kernel
// while there is none, and returns io.EOF when there will never be one.
func (g *getter) get(f *frame) error {
	if g.alone {
		_, err := io.ReadFull(g.items, f[:])
		if errors.Is(err, io.ErrUnexpectedEOF) {
			return errTorn
		}
		return err
	}
	n, err := g.items.Read(f[:])
	if g.slots != nil && n > 0 {
		g.slots.Write(slot) // fails only when no producer is left to want it
	}
	if err == nil && n != frameSize {
		return errTorn
	}
	return err
}

var slot = []byte{'.'}
