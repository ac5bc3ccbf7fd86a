//go:build !(linux || darwin) || netsock

package sock

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"reflect"
	"sync"
	"time"
)

// Raw says that a Wait is the kernel's: it has seen all that arrived before it
// was called, and the kernel can tell what a process waits for.
const Raw = false

// Conn is a stream with two ends: a socket, or a pipe there and one back.
//
// What [Wait] needs to know, a goroutine finds out by reading ahead; it starts at
// the first Wait, so that a Conn that nobody waits for is read directly.
type Conn struct {
	r    io.ReadCloser
	w    io.WriteCloser
	once sync.Once
	on   bool // read ahead: by the goroutine that uses the Conn

	more chan struct{} // has something after each change of what follows
	mu   sync.Mutex
	buf  []byte
	err  error
}

var _ io.ReadWriteCloser = (*Conn)(nil)

// Pipes makes a Conn of a file to read and a file to write, either of which may
// be nil, and takes them over.
func Pipes(r, w *os.File) *Conn {
	c := &Conn{}
	if r != nil {
		c.r = r
	}
	if w != nil {
		c.w = w
	}
	return c
}

// Socket makes a Conn of a file that is a socket, and takes it over.
func Socket(f *os.File) *Conn { return &Conn{r: f, w: f} }

// ahead reads as long as there is room.
func (c *Conn) ahead() {
	c.on = true
	c.once.Do(func() {
		c.more = make(chan struct{}, 1)
		go func() {
			b := make([]byte, 32<<10)
			for {
				n, err := c.r.Read(b)
				c.mu.Lock()
				c.buf = append(c.buf, b[:n]...)
				c.err = err
				c.mu.Unlock()
				select {
				case c.more <- struct{}{}:
				default:
				}
				if err != nil {
					return
				}
			}
		}()
	})
}

// Read waits until there is something to read. It returns io.EOF when the other
// side has closed, or its kernel has closed for it.
func (c *Conn) Read(b []byte) (int, error) {
	if !c.on {
		return c.r.Read(b)
	}
	if _, err := Wait(-1, c); err != nil {
		return 0, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	n := copy(b, c.buf)
	c.buf = c.buf[n:]
	if n == 0 {
		return 0, c.err
	}
	return n, nil
}

// Write writes all of b, and waits while there is no room.
func (c *Conn) Write(b []byte) (int, error) { return c.w.Write(b) }

// TryWrite writes b to a socket if there is room now, or nearly, else fails with
// ErrFull.
// If only a part had room, it says so by another error: the stream is of no use
// from then on.
func (c *Conn) TryWrite(b []byte) error {
	s, ok := c.w.(net.Conn)
	if !ok {
		_, err := c.w.Write(b)
		return err
	}
	s.SetWriteDeadline(time.Now().Add(50 * time.Millisecond))
	defer s.SetWriteDeadline(time.Time{})
	switch n, err := s.Write(b); {
	case n > 0 && n < len(b):
		return io.ErrShortWrite
	case errors.Is(err, os.ErrDeadlineExceeded):
		return ErrFull
	default:
		return err
	}
}

// Close closes both directions. It is harmless to call it again.
func (c *Conn) Close() error {
	if c.r != nil {
		c.r.Close()
	}
	if c.w != nil {
		c.w.Close()
	}
	return nil
}

// within runs reads of a socket that give up after d.
func (c *Conn) within(d time.Duration, f func() error) error {
	s, ok := c.r.(net.Conn)
	if !ok {
		return f()
	}
	s.SetReadDeadline(time.Now().Add(d))
	defer s.SetReadDeadline(time.Time{})
	return f()
}

// Wait blocks until one of the connections can be read, which is also true of one
// that has ended, or until d has passed. ready[i] speaks of conns[i]; a nil Conn
// is never ready. A negative d is no limit.
func Wait(d time.Duration, conns ...*Conn) (ready []bool, err error) {
	var out <-chan time.Time
	if d >= 0 {
		t := time.NewTimer(d)
		defer t.Stop()
		out = t.C
	}
	wake := []reflect.SelectCase{{Dir: reflect.SelectRecv, Chan: reflect.ValueOf(out)}}
	for _, c := range conns {
		if c != nil {
			c.ahead()
			wake = append(wake, reflect.SelectCase{Dir: reflect.SelectRecv, Chan: reflect.ValueOf(c.more)})
		}
	}
	ready = make([]bool, len(conns))
	for late := false; ; {
		some := false
		for i, c := range conns {
			if c != nil {
				c.mu.Lock()
				ready[i] = len(c.buf) > 0 || c.err != nil
				c.mu.Unlock()
				some = some || ready[i]
			}
		}
		if some || late {
			return ready, nil
		}
		i, _, _ := reflect.Select(wake)
		late = i == 0
	}
}

// Listener waits for connections.
type Listener struct {
	l    *net.TCPListener
	addr Addr
}

func (a Addr) raw() *net.TCPAddr {
	ip := a.ip()
	return &net.TCPAddr{IP: ip[:], Port: a.Port}
}

// Listen listens at an address, on a port that the kernel chooses.
func Listen(a Addr) (*Listener, error) {
	a.Port = 0
	l, err := net.ListenTCP("tcp4", a.raw())
	if err != nil {
		return nil, err
	}
	a.Port = l.Addr().(*net.TCPAddr).Port
	return &Listener{l, a}, nil
}

// Addr is where it listens.
func (l *Listener) Addr() Addr { return l.addr }

// Close stops listening here: where other processes have the socket too, it goes
// on. Connections that were accepted stay.
func (l *Listener) Close() error { return l.l.Close() }

// File is the same socket as a file of its own, to be handed to another process,
// which makes it a Listener again with [Inherited]. Whoever has it may accept;
// the kernel gives each connection to one of those who wait. Windows has no such
// thing: then it is an error.
func (l *Listener) File() (*os.File, error) { return l.l.File() }

// Inherited is the Listener of a file that [Listener.File] made in another
// process, and takes the file over.
func Inherited(f *os.File) (*Listener, error) {
	defer f.Close()
	l, err := net.FileListener(f)
	if err != nil {
		return nil, err
	}
	t, ok := l.(*net.TCPListener)
	a, bad := ParseAddr(l.Addr().String())
	if !ok || bad != nil {
		l.Close()
		return nil, fmt.Errorf("%s is no socket that listens on loopback", f.Name())
	}
	return &Listener{t, a}, nil
}

// Accept waits for somebody who knows the key.
func (l *Listener) Accept(key Key) (*Conn, error) {
	for {
		s, err := l.l.AcceptTCP() // without Nagle's delay, as net has it
		if err != nil {
			return nil, err
		}
		if c := (&Conn{r: s, w: s}); accepted(c, key) {
			return c, nil
		}
		s.Close()
	}
}

// Dial connects, from an address and a port that the kernel chooses, and says the key.
func Dial(from, to Addr, key Key) (*Conn, error) {
	from.Port = 0
	s, err := net.DialTCP("tcp4", from.raw(), to.raw())
	if err != nil {
		return nil, err
	}
	c := &Conn{r: s, w: s}
	if _, err = c.Write([]byte(key)); err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

// Pair makes a Unix socket, where descriptors can be handed over.
func Pair() (a, b *os.File, err error) { return nil, nil, errors.ErrUnsupported }

// SendFiles hands files over a Unix socket, where that is possible.
func SendFiles(*Conn, ...*os.File) error { return errors.ErrUnsupported }

// RecvFiles takes what one SendFiles handed over.
func RecvFiles(*Conn) ([]*os.File, error) { return nil, errors.ErrUnsupported }
