package sock

import (
	"errors"
	"io"
	"net"
	"os"
	"testing"
	"time"
)

// No string makes an address that is not this machine's loopback.
func TestOnlyLoopback(t *testing.T) {
	for s, ok := range map[string]bool{
		"127.0.0.1:80": true, "127.0.0.254:65535": true,
		"127.0.0.1": false, "127.0.0.1:70000": false, "127.0.0.300:1": false, "10.0.0.1:80": true, "10.0.1.1:80": false,
		"127.0.1.1:80": false, "localhost:80": false, "0.0.0.0:80": false, "127.0.0.01:80": false, "": false,
	} {
		a, err := ParseAddr(s)
		if (err == nil) != ok || ok && a.String() != s {
			t.Errorf("%q: %v, %v", s, a, err)
		}
	}
}

// connected is a TCP connection between two Conns of this process.
func connected(t *testing.T) (dialed, taken *Conn) {
	t.Helper()
	l, err := Listen(Addr{Host: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	key := NewKey()
	got := make(chan *Conn)
	go func() { c, _ := l.Accept(key); got <- c }()
	if dialed, err = Dial(Addr{Host: 1}, l.Addr(), key); err != nil {
		t.Fatal(err)
	}
	if taken = <-got; taken == nil {
		t.Fatal("not accepted")
	}
	t.Cleanup(func() { dialed.Close(); taken.Close() })
	return dialed, taken
}

func TestStranger(t *testing.T) {
	l, err := Listen(Addr{Host: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	key := NewKey()
	got := make(chan *Conn)
	go func() { c, _ := l.Accept(key); got <- c }()
	for _, says := range []string{"", "let me in", string(NewKey())} {
		c, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		io.WriteString(c, says)
		if n, err := c.Read(make([]byte, 1)); n != 0 || err == nil {
			t.Errorf("a stranger who says %q was answered", says)
		}
	}
	c, err := Dial(Addr{Host: 1}, l.Addr(), key)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if s := <-got; s == nil {
		t.Error("who knows the key was not let in")
	} else {
		s.Close()
	}
}

func TestStream(t *testing.T) {
	a, b := connected(t)
	if _, err := a.Write([]byte("hello")); err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, 5)
	if err := b.ReadFull(buf); err != nil || string(buf) != "hello" {
		t.Errorf("%q, %v", buf, err)
	}
	a.Write([]byte("he"))
	a.Close()
	if err := b.ReadFull(buf); err != io.ErrUnexpectedEOF {
		t.Errorf("an end within: %v", err)
	}
	if err := b.ReadFull(buf); err != io.EOF {
		t.Errorf("an end: %v", err)
	}
	a.Close() // harmless
}

func TestTryWrite(t *testing.T) {
	a, _ := connected(t)
	for range 1 << 16 {
		switch err := a.TryWrite(make([]byte, 4<<10)); err {
		case nil:
			continue
		case ErrFull, io.ErrShortWrite:
			return
		default:
			t.Fatal(err)
		}
	}
	t.Error("never full, though nobody reads")
}

func TestWait(t *testing.T) {
	a, b := connected(t)
	pr, pw, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	p := Pipes(pr, nil)
	if r, err := Wait(time.Millisecond, b, nil, p); err != nil || r[0] || r[1] || r[2] {
		t.Errorf("nothing there: %v, %v", r, err)
	}
	a.Write([]byte("x"))
	if r, err := Wait(-1, b, nil, p); err != nil || !r[0] || r[1] || r[2] {
		t.Errorf("a byte for b: %v, %v", r, err)
	}
	b.Read(make([]byte, 8))
	pw.Close()
	if r, err := Wait(-1, b, p); err != nil || r[0] || !r[1] {
		t.Errorf("the end of the pipe: %v, %v", r, err)
	}
	if n, err := p.Read(make([]byte, 8)); n != 0 || err != io.EOF {
		t.Errorf("%d, %v", n, err)
	}
	p.Close()
}

func TestLines(t *testing.T) {
	pr, pw, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	l := &Lines{C: Pipes(pr, nil)}
	defer l.C.Close()
	io.WriteString(pw, "one\ntwo\nthr")
	for _, want := range []string{"one", "two"} {
		if got, err := l.Line(); got != want || err != nil {
			t.Errorf("%q, %v", got, err)
		}
	}
	if got, ok := l.Next(); ok {
		t.Errorf("half a line: %q", got)
	}
	pw.Close()
	if got, err := l.Line(); err != io.ErrUnexpectedEOF {
		t.Errorf("cut off: %q, %v", got, err)
	}
}

// A pipe is handed to somebody who is already there.
func TestFiles(t *testing.T) {
	x, y, err := Pair()
	if errors.Is(err, errors.ErrUnsupported) {
		t.Skip("no descriptors are handed over here")
	}
	if err != nil {
		t.Fatal(err)
	}
	a, b := Socket(x), Socket(y)
	defer b.Close()
	pr, pw, _ := os.Pipe()
	if err := SendFiles(a, pr, pw); err != nil {
		t.Fatal(err)
	}
	pr.Close()
	pw.Close()
	files, err := RecvFiles(b)
	if err != nil || len(files) != 2 {
		t.Fatal(files, err)
	}
	p := Pipes(files[0], files[1])
	p.Write([]byte("round"))
	buf := make([]byte, 5)
	if err := p.ReadFull(buf); err != nil || string(buf) != "round" {
		t.Errorf("%q, %v", buf, err)
	}
	p.Close()
	a.Close()
	if _, err := RecvFiles(b); err != io.EOF {
		t.Errorf("at the end: %v", err)
	}
}

// A socket that was handed over takes connections, also once whoever opened it
// has closed it.
func TestInherited(t *testing.T) {
	l, err := Listen(Addr{Host: 1})
	if err != nil {
		t.Fatal(err)
	}
	at := l.Addr()
	f, err := l.File()
	if errors.Is(err, errors.ErrUnsupported) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	heir, err := Inherited(f)
	if err != nil {
		t.Fatal(err)
	}
	defer heir.Close()
	if heir.Addr() != at {
		t.Errorf("it listens on %s, not on %s", heir.Addr(), at)
	}
	key := NewKey()
	go func() {
		if c, err := Dial(Addr{Host: 1}, at, key); err == nil {
			c.Write([]byte("hello\n"))
			c.Close()
		}
	}()
	c, err := heir.Accept(key)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if line, err := (&Lines{C: c}).Line(); line != "hello" {
		t.Errorf("%q, %v", line, err)
	}
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	w.Close()
	if _, err := Inherited(r); err == nil {
		t.Error("a pipe is taken for a socket")
	}
	r.Close()
}
