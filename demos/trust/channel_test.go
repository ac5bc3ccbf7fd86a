package trust

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"edu/procession/demos/internal/wire"
	"edu/procession/demos/trace"
)

// house is a bank on loopback that keeps what it tells.
type house struct {
	t   *testing.T
	id  identity // of a client that may
	ca  *authority
	at  map[string]string
	mu  sync.Mutex
	say []fact
	new chan struct{}
}

func newHouse(t *testing.T) *house {
	h := &house{t: t, at: map[string]string{}, new: make(chan struct{}, 1000)}
	var err error
	if h.ca, err = newAuthority(); err != nil {
		t.Fatal(err)
	}
	key := nonce()
	if h.id, err = h.ca.issue(client, key); err != nil {
		t.Fatal(err)
	}
	id, err := h.ca.issue(bank, key)
	if err != nil {
		t.Fatal(err)
	}
	b := &till{id: id, got: map[trace.ID]int{}, note: func(trace.ID, string) {}, tell: func(f fact) {
		h.mu.Lock()
		h.say = append(h.say, f)
		h.mu.Unlock()
		h.new <- struct{}{}
	}}
	for _, p := range protections {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { l.Close() })
		go b.listen(l, p)
		h.at[p] = l.Addr().String()
	}
	return h
}

func (h *house) dial(protection string) net.Conn {
	c, err := net.Dial("tcp", h.at[protection])
	if err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(func() { c.Close() })
	c.SetDeadline(time.Now().Add(patience))
	return c
}

func (h *house) open(protection string) *channel {
	ch, err := open(h.dial(protection), protection, h.id)
	if err != nil {
		h.t.Fatal(err)
	}
	return ch
}

// next is what the bank tells next.
func (h *house) next() fact {
	select {
	case <-h.new:
	case <-time.After(patience):
		h.t.Fatal("the bank tells nothing")
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	f := h.say[0]
	h.say = h.say[1:]
	return f
}

// closed waits for the end of a connection, and says whether anything came before.
func closed(c io.Reader) bool {
	b, err := io.ReadAll(c)
	var no net.Error
	return len(b) == 0 && !(errors.As(err, &no) && no.Timeout())
}

// What is no message of the protocol, or no payment that there can be, closes its
// connection without an answer. Who does it right is answered meanwhile.
func TestHostile(t *testing.T) {
	h := newHouse(t)
	good := map[string]*channel{}
	for _, p := range protections {
		good[p] = h.open(p)
	}
	n := 0
	valid := func() {
		for _, p := range protections {
			n++
			m, err := good[p].call(msg{Op: pay, N: n, To: payees[0], Amount: amount})
			if err != nil || m.Op != paid || m.N != n || m.Amount != amount || m.To != payees[0] {
				t.Fatalf("%s: a good order: %v, %v", p, m, err)
			}
			if f := h.next(); f.Is != paid || f.N != n {
				t.Fatalf("%s: the bank tells %+v", p, f)
			}
		}
	}
	// Before the handshake is over.
	long := binary.BigEndian.AppendUint32(nil, wire.Max+1)
	for what, in := range map[string][]byte{
		"nothing of ours": []byte("GET / HTTP/1.1\r\n\r\n"), "a long message": append(long, bytes.Repeat([]byte("x"), 100)...),
		"no JSON": []byte("\x00\x00\x00\x02??"), "another message": encode(msg{Op: pay, N: 1, To: eve, Amount: 1}), "no operation": encode(msg{}),
		"the challenge sent back": encode(msg{Op: answer, Nonce: make([]byte, 32), MAC: make([]byte, 32)}), "deep JSON": deep(),
	} {
		for _, p := range protections {
			c := h.dial(p)
			if p != sealed {
				var m msg
				if err := wire.NewReader(io.LimitReader(c, int64(len(encode(msg{Op: challenge, Nonce: nonce()}))))).Read(&m); err != nil || m.Op != challenge {
					t.Fatalf("%s: no challenge: %v", p, err)
				}
			}
			c.Write(in)
			if f := h.next(); f.Is != stranger || f.Wire != p || f.Why == "" {
				t.Errorf("%s, %s: the bank tells %+v", p, what, f)
			}
			if p != sealed && !closed(c) { // TLS says why, in an alert
				t.Errorf("%s, %s: something came", p, what)
			}
			valid()
		}
	}
	// By somebody who was let in.
	for _, m := range []msg{{Op: pay, To: eve}, {Op: pay, To: eve, Amount: -1}, {Op: pay, To: eve, Amount: most + 1}, {Op: pay, To: "nobody", Amount: 1}, {Op: pay, N: -1, To: eve, Amount: 1}, {Op: "exec"}, {}} {
		for _, p := range protections {
			if reply, err := h.open(p).call(m); err == nil {
				t.Errorf("%s: %+v is answered: %v", p, m, reply)
			}
			if f := h.next(); f.Is != refused || f.Why != errPay.Error() && f.Why != errWhat.Error() {
				t.Errorf("%s, %+v: the bank tells %+v", p, m, f)
			}
		}
	}
	valid()
	// Whoever says nothing, or goes away, is no stranger, and takes nobody's place for good.
	for range crowd + 10 {
		h.dial(handshake).Close()
	}
	valid()
	for end := time.Now().Add(patience); ; { // the last of them may not be through
		if _, err := open(h.dial(handshake), handshake, h.id); err == nil {
			break
		} else if time.Now().After(end) {
			t.Fatalf("nobody gets in any more: %v", err)
		}
	}
}

func deep() []byte {
	b := strings.Repeat("[", 9000)
	return append(binary.BigEndian.AppendUint32(nil, uint32(len(b))), b...)
}

// pipe is a connection whose bytes are kept, in both directions.
type pipe struct {
	net.Conn
	all *bytes.Buffer
}

func (p pipe) Read(b []byte) (int, error) {
	n, err := p.Conn.Read(b)
	p.all.Write(b[:n])
	return n, err
}

func (p pipe) Write(b []byte) (int, error) {
	p.all.Write(b)
	return p.Conn.Write(b)
}

// On the wire, an order can be found with the first two protections and cannot with
// the third. The key is never there.
func TestWire(t *testing.T) {
	h := newHouse(t)
	for _, p := range protections {
		var all bytes.Buffer
		ch, err := open(pipe{h.dial(p), &all}, p, h.id)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := ch.call(msg{Op: pay, N: 1, To: payees[0], Amount: amount}); err != nil {
			t.Fatal(err)
		}
		h.next()
		b := all.Bytes()
		if bytes.Contains(b, []byte("shop")) != (p != sealed) || bytes.Contains(b, h.id.Key) || bytes.Contains(b, h.id.Private) {
			t.Errorf("%s: %q", p, b)
		}
		read := 0
		for len(b) > 0 {
			n, frame, err := split(b, true)
			if err != nil || n == 0 {
				t.Fatalf("%s: %v in %q", p, err, b)
			}
			if m, ok := decode(frame); ok && m.payload() {
				read++
			}
			b = b[n:]
		}
		if want := 2; p == sealed && read != 0 || p != sealed && read != want {
			t.Errorf("%s: %d messages can be read", p, read)
		}
	}
}

// A server that has not the key, or no certificate of the run's, is refused by the
// client.
func TestImpostor(t *testing.T) {
	h, other := newHouse(t), newHouse(t)
	for _, p := range protections {
		if _, err := open(other.dial(p), p, h.id); err == nil {
			t.Errorf("%s: another bank is taken for ours", p)
		}
		if p == sealed {
			continue
		}
		// One that takes any answer, which the other bank does not.
		near, far := net.Pipe()
		go func() {
			defer far.Close()
			wire.Write(far, msg{Op: challenge, Nonce: nonce()})
			var m msg
			wire.NewReader(far).Read(&m)
			wire.Write(far, msg{Op: welcome, MAC: m.MAC})
		}()
		if _, err := open(near, p, h.id); !errors.Is(err, errKey) {
			t.Errorf("%s: a bank without the key: %v", p, err)
		}
		near.Close()
	}
}

// A signature holds for one message of one connection, one way.
func TestSigned(t *testing.T) {
	h := newHouse(t)
	m := msg{Op: pay, N: 1, To: payees[0], Amount: amount}
	good := func(ch *channel) msg {
		m := m
		m.Seq = 1
		m.MAC = sign(ch.session, asClient, m)
		return m
	}
	for _, tt := range []struct {
		name string
		send func(ch *channel) []msg // the last is the one in question
		why  error
	}{
		{"as it should be", func(ch *channel) []msg { return []msg{good(ch)} }, nil},
		{"altered", func(ch *channel) []msg { m := good(ch); m.Amount++; return []msg{m} }, errMAC},
		{"another number", func(ch *channel) []msg { m := good(ch); m.Seq++; return []msg{m} }, errMAC},
		{"unsigned", func(ch *channel) []msg { m := good(ch); m.MAC = nil; return []msg{m} }, errMAC},
		{"cut short", func(ch *channel) []msg { m := good(ch); m.MAC = m.MAC[:16]; return []msg{m} }, errMAC},
		{"of another connection", func(*channel) []msg { return []msg{good(h.open(signed))} }, errMAC},
		{"signed as the bank", func(ch *channel) []msg { m := m; m.Seq = 1; m.MAC = sign(ch.session, asServer, m); return []msg{m} }, errMAC},
		{"once more", func(ch *channel) []msg { return []msg{good(ch), good(ch)} }, errSeq},
	} {
		ch := h.open(signed)
		sent := tt.send(ch)
		for _, m := range sent {
			if err := wire.Write(ch.conn, m); err != nil {
				t.Fatal(err)
			}
		}
		for range sent[1:] {
			h.next()
		}
		f := h.next()
		if tt.why == nil && f.Is != paid || tt.why != nil && (f.Is != refused || f.Why != tt.why.Error()) {
			t.Errorf("%s: the bank tells %+v", tt.name, f)
		}
	}
}

// The three protections are known apart by their first bytes, and their frames by
// what stands before them.
func TestSplit(t *testing.T) {
	record := []byte{23, 3, 3, 0, 4, 'a', 'b', 'c', 'd'}
	message := encode(msg{Op: last})
	all := slices.Concat(record, message, record)
	var got [][]byte
	for i, from := 1, 0; i <= len(all); i++ { // byte by byte
		n, frame, err := split(all[from:i], false)
		if err != nil {
			t.Fatal(err)
		}
		if n > 0 {
			got = append(got, frame)
			from += n
		}
	}
	if len(got) != 3 || !bytes.Equal(got[0], record) || !bytes.Equal(got[1], message) || !bytes.Equal(got[2], record) {
		t.Errorf("%q", got)
	}
	for _, b := range [][]byte{nil, {0}, {22}, {22, 3}, {22, 3, 1, 0}, {0, 0, 0, 9, '{'}, record, message, {0, 0, 0, 0}} {
		describe(b)
		decode(b)
		spaced(b, 4)
	}
	if text, ok := describe(record); !ok || text != "TLS record 61626364…" {
		t.Errorf("%q, %v", text, ok)
	}
}
