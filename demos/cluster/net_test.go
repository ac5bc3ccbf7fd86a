package cluster

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"edu/procession/demos/demo"
	"edu/procession/demos/trace"
)

// deaf is a stage that only keeps the log.
type deaf struct {
	demo.Stage
	mu  sync.Mutex
	log []trace.Data
}

func (s *deaf) Seed() uint64 { return 1 }
func (s *deaf) Emit(_ trace.ID, d trace.Data) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.log = append(s.log, d)
}

func (s *deaf) count(ok func(trace.Data) bool) (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, d := range s.log {
		if ok(d) {
			n++
		}
	}
	return n
}

// echo answers each line with itself, at b's own address, and returns where.
func echo(t *testing.T, n *Net) string {
	l, err := net.Listen("tcp", n.Host("b")+":0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() { io.Copy(c, c); c.Close() }()
		}
	}()
	return l.Addr().String()
}

var lines = Frames{Split: func(b []byte, eof bool) (int, []byte, error) { // with its end of line
	if i := strings.IndexByte(string(b), '\n'); i >= 0 {
		return i + 1, b[:i+1], nil
	}
	return 0, nil, nil
}, Describe: func(b []byte) (string, bool) { return strings.TrimSpace(string(b)), true }}

type caller struct {
	t *testing.T
	net.Conn
	in *bufio.Reader
}

func dial(t *testing.T, addr string) *caller {
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return &caller{t, c, bufio.NewReader(c)}
}

func (c *caller) say(s string) {
	if _, err := io.WriteString(c, s+"\n"); err != nil {
		c.t.Fatal(err)
	}
}

// hears waits for a line; "" says that there is none yet.
func (c *caller) hears(d time.Duration) string {
	c.SetReadDeadline(time.Now().Add(d))
	s, err := c.in.ReadString('\n')
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return ""
	}
	if err != nil {
		return err.Error()
	}
	return strings.TrimSpace(s)
}

const (
	patience = 20 * time.Second
	silence  = 60 * time.Millisecond // proves nothing by itself: what is held back must come later
)

func start(t *testing.T, frames ...Frames) (*deaf, *Net, *caller) {
	s := &deaf{}
	n := New(s, "a", "b")
	t.Cleanup(n.Close)
	addr, err := n.Link("a", "b", echo(t, n), frames...)
	if err != nil {
		t.Fatal(err)
	}
	c := dial(t, addr)
	c.say("one")
	if got := c.hears(patience); got != "one" {
		t.Fatalf("through a whole link: %q", got)
	}
	return s, n, c
}

// A cut holds back what is sent, in either or one direction, and a heal delivers it.
func TestCut(t *testing.T) {
	_, n, c := start(t)
	n.Cut("b", "a")
	c.say("two")
	if got := c.hears(silence); got != "" {
		t.Fatalf("through a cut link: %q", got)
	}
	n.Heal("a", "b")
	if got := c.hears(patience); got != "two" {
		t.Fatalf("after the heal: %q", got)
	}
	n.CutOneWay("b", "a")
	c.say("three")
	if got := c.hears(silence); got != "" || !n.IsCut("b", "a") || n.IsCut("a", "b") {
		t.Fatalf("cut one way: %q", got)
	}
	if healed := n.HealAll(); healed != 1 || c.hears(patience) != "three" {
		t.Fatalf("healed %d", healed)
	}
}

// The end of a connection is held back too, and so is a new one.
func TestCutHidesTheEnd(t *testing.T) {
	_, n, c := start(t)
	n.Split("a")
	late := dial(t, c.RemoteAddr().String())
	late.say("late")
	c.Conn.(*net.TCPConn).CloseWrite() // echo ends, and a would hear of it
	if got := c.hears(silence); got != "" {
		t.Fatalf("an end got through the cut: %q", got)
	}
	n.HealAll()
	if got := c.hears(patience); got != "EOF" {
		t.Fatalf("after the heal: %q", got)
	}
	if got := late.hears(patience); got != "late" {
		t.Fatalf("who connected during the cut: %q", got)
	}
}

// A delay is added in each direction, and nothing overtakes.
func TestDelay(t *testing.T) {
	s, n, c := start(t)
	const delay = 30 * time.Millisecond
	n.Disturb(trace.LinkFault{A: "a", B: "b", Delay: delay, Jitter: delay, Rate: 1 << 20})
	began := time.Now()
	c.say("two")
	c.say("three")
	if one, two := c.hears(patience), c.hears(patience); one != "two" || two != "three" {
		t.Errorf("%q %q", one, two)
	}
	if took := time.Since(began); took < 2*delay {
		t.Errorf("a round trip of %v with %v each way", took, delay)
	}
	if s.count(func(d trace.Data) bool { _, ok := d.(trace.LinkFault); return ok }) != 1 {
		t.Error("the fault is not in the log")
	}
}

// One message is dropped, whole, and the next gets through.
func TestDrop(t *testing.T) {
	s, n, c := start(t, lines)
	n.DropNext("a", "b")
	c.say("two")
	c.say("three")
	if got := c.hears(patience); got != "three" {
		t.Fatalf("after a drop: %q", got)
	}
	is := func(k trace.Kind) func(trace.Data) bool {
		return func(d trace.Data) bool { m, ok := d.(trace.Msg); return ok && m.Is == k }
	}
	if sent, got, lost := s.count(is(trace.KindSend)), s.count(is(trace.KindRecv)), s.count(is(trace.KindDrop)); sent != 5 || got != 4 || lost != 1 {
		t.Errorf("%d sent, %d received, %d dropped", sent, got, lost)
	}
}

// Somebody who is not there, or ends, is told of at once; closing leaves nothing.
func TestEnds(t *testing.T) {
	s := &deaf{}
	n := New(s, "a", "b")
	target := echo(t, n)
	addr, err := n.Link("a", "b", "127.0.0.1:1") // nobody listens there
	if err != nil {
		t.Fatal(err)
	}
	if got := dial(t, addr).hears(patience); got == "" {
		t.Error("no end from a target that is not there")
	}
	if addr, err = n.Link("a", "b", target); err != nil {
		t.Fatal(err)
	}
	c := dial(t, addr)
	c.say("one")
	c.hears(patience)
	n.Cut("a", "b")
	n.Close()
	if got := c.hears(patience); got == "" {
		t.Error("a connection outlives the net")
	}
	if _, err := n.Link("a", "b", target); err == nil {
		t.Error("a door after the end")
	}
	if a, b := n.Host("a"), n.Host("b"); net.ParseIP(a) == nil || !net.ParseIP(a).IsLoopback() || !net.ParseIP(b).IsLoopback() {
		t.Errorf("addresses %s and %s", a, b)
	}
}

// What is sent into a cut on a new connection is told as it is sent, and arrives
// after the heal; a connection whose messages hang together is told of them, and of
// which are replies.
func TestCutHoldsNew(t *testing.T) {
	f := lines
	f.Describe = nil
	f.Talk = func() func([]byte, bool) (string, bool) {
		n := 0
		return func(b []byte, back bool) (string, bool) {
			if back {
				return fmt.Sprintf("reply %d", n), true
			}
			n++
			return strings.TrimSpace(string(b)), true
		}
	}
	s, n, c := start(t, f)
	n.Cut("a", "b")
	late := dial(t, c.RemoteAddr().String())
	late.say("late")
	is := func(kind trace.Kind, text string) func(trace.Data) bool {
		return func(d trace.Data) bool {
			m, ok := d.(trace.Msg)
			return ok && m.Is == kind && m.Text == text
		}
	}
	for end := time.Now().Add(patience); s.count(is(trace.KindSend, "late")) == 0; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("it is not told as sent")
		}
	}
	if s.count(is(trace.KindRecv, "late")) != 0 {
		t.Error("it arrives through a cut link")
	}
	n.Heal("a", "b")
	if got := late.hears(patience); got != "late" {
		t.Errorf("after the heal: %q", got)
	}
	if s.count(is(trace.KindRecv, "late")) != 1 || s.count(is(trace.KindSend, "reply 1")) != 2 {
		t.Errorf("the log: %+v", s.log)
	}
}

// A datagram gets through a whole link. It is lost, and not held back, when the
// link is cut, when it is the one to be dropped, and when nobody is there.
func TestDatagrams(t *testing.T) {
	s := &deaf{}
	n := New(s, "a", "b")
	defer n.Close()
	b, err := net.ListenPacket("udp", n.Host("b")+":0")
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	var gone atomic.Bool
	addr, err := n.LinkDatagrams("a", "b", b.LocalAddr().String(), Datagrams{
		Describe: func(b []byte) (string, bool) { return string(b), string(b) != "quiet" },
		There:    func() bool { return !gone.Load() }})
	if err != nil {
		t.Fatal(err)
	}
	a, err := net.Dial("udp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	say := func(text string) {
		if _, err := a.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	hears := func(want string) {
		t.Helper()
		buf := make([]byte, 100)
		b.SetReadDeadline(time.Now().Add(patience))
		if n, _, err := b.ReadFrom(buf); err != nil || string(buf[:n]) != want {
			t.Fatalf("%q, %v, not %q", buf[:n], err, want)
		}
	}
	lost := func(want int) {
		t.Helper()
		for end := time.Now().Add(patience); ; time.Sleep(time.Millisecond) {
			got := s.count(func(d trace.Data) bool { m, ok := d.(trace.Msg); return ok && m.Is == trace.KindDrop })
			if got == want {
				return
			}
			if got > want || time.Now().After(end) {
				t.Fatalf("%d lost, not %d", got, want)
			}
		}
	}
	say("one")
	hears("one")
	n.CutOneWay("b", "a")
	say("two")
	hears("two")
	n.CutOneWay("a", "b")
	say("three")
	lost(1)
	n.HealAll()
	n.DropNext("a", "b")
	say("quiet") // is not in the log, and not dropped
	hears("quiet")
	say("four")
	lost(2)
	gone.Store(true)
	say("five")
	lost(3)
	gone.Store(false)
	n.Disturb(trace.LinkFault{A: "a", B: "b", Delay: 20 * time.Millisecond})
	began := time.Now()
	say("six")
	hears("six")
	if took := time.Since(began); took < 20*time.Millisecond {
		t.Errorf("took %v", took)
	}
}
