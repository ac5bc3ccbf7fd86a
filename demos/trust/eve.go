package trust

import (
	"bufio"
	"context"
	"crypto/ed25519"
	"crypto/tls"
	"encoding/hex"
	"fmt"
	"net"
	"strings"
	"sync"

	"edu/procession/demos/cluster"
	"edu/procession/demos/demo"
	"edu/procession/demos/internal/wire"
	"edu/procession/demos/trace"
)

// loot is what eve pays to herself.
const loot = 500

// spy is eve from the inside: all that she has is what passes.
type spy struct {
	w *demo.Worker

	mu    sync.Mutex
	tap   *tap // the client's latest connection
	alter bool // the next order
}

// tap is a connection of the client's, in her hands.
type tap struct {
	protection string
	near, far  net.Conn // of the client, of the bank

	mu      sync.Mutex  // of what is below, and of writing to the bank
	last    []byte      // what the client sent last that could be an order
	was     map[int]msg // orders that she altered, as they were
	swallow int         // replies to what she sent again
}

// relay is the role of eve. She listens in place of the bank, for each protection,
// and passes on. Her orders are the actions; "leaked-key" comes with the key.
func relay(_ context.Context, w *demo.Worker) error {
	s := &spy{w: w}
	for _, p := range protections {
		l, err := net.Listen("tcp", w.Arg("host")+":0")
		if err != nil {
			return err
		}
		go s.listen(l, p)
		cluster.Announce(w, l.Addr().String(), p)
	}
	for {
		w.Block("what passes")
		line, err := w.Recv()
		if err != nil {
			return nil
		}
		verb, rest, _ := strings.Cut(line, " ")
		arg, key, _ := strings.Cut(rest, " ")
		w.Block("")
		switch verb {
		case wrong:
			go s.knock(arg, []byte("a guess"), true)
		case leaked:
			k, _ := hex.DecodeString(key)
			go s.knock(arg, k, false)
		case alter:
			s.mu.Lock()
			s.alter = true
			s.mu.Unlock()
		case inject, replay:
			s.mu.Lock()
			t := s.tap
			s.mu.Unlock()
			if t == nil || !s.add(t, verb == replay) {
				tell(w, fact{Is: did, Wire: arg, Why: "has seen nothing of the client's yet that she could use"})
			}
		}
	}
}

func (s *spy) listen(l net.Listener, protection string) {
	for {
		near, err := l.Accept()
		if err != nil {
			return
		}
		go func() {
			defer near.Close()
			far, err := net.DialTimeout("tcp", s.w.Arg("bank-"+protection), patience)
			if err != nil {
				return
			}
			defer far.Close()
			t := &tap{protection: protection, near: near, far: far, was: map[int]msg{}}
			s.mu.Lock()
			s.tap = t
			s.mu.Unlock()
			go func() {
				s.pass(far, func(f []byte) { s.down(t, f) })
				near.Close()
			}()
			s.pass(near, func(f []byte) { s.up(t, f) })
			s.mu.Lock()
			if s.tap == t {
				s.tap = nil
			}
			s.mu.Unlock()
		}()
	}
}

// pass takes one frame after the other, until the connection ends.
func (s *spy) pass(c net.Conn, frame func([]byte)) {
	sc := bufio.NewScanner(c)
	sc.Buffer(nil, 64<<10)
	sc.Split(split)
	for sc.Scan() {
		frame(sc.Bytes())
	}
}

// look decodes a frame, if she can.
func (s *spy) look(t *tap, frame []byte, from trace.ID) (m msg, ok bool) {
	m, ok = decode(frame)
	f := fact{Is: passed, Wire: t.protection, Bytes: len(frame)}
	if ok && m.payload() {
		f.Is = read
	}
	tell(s.w, f)
	if ok {
		s.w.Report(trace.Belief{About: from, Is: fmt.Sprintf("I read: %s", m)})
	} else {
		s.w.Report(trace.Belief{About: from, Is: fmt.Sprintf("I cannot read %d bytes: %s …", len(frame), spaced(frame, 8))})
	}
	return m, ok
}

// up passes on what the client says.
func (s *spy) up(t *tap, frame []byte) {
	m, ok := s.look(t, frame, client)
	could := ok && m.Op == pay || !ok && frame[0] == 23 // of TLS: data, or still the handshake; she cannot tell
	s.mu.Lock()
	now := s.alter && could
	if now {
		s.alter = false
	}
	s.mu.Unlock()
	t.mu.Lock()
	defer t.mu.Unlock()
	out := append([]byte(nil), frame...)
	if could {
		t.last = out
	}
	if now {
		if ok {
			t.was[m.N] = m
			m.To, m.Amount = eve, loot
			out = encode(m)
			tell(s.w, fact{Is: did, Wire: t.protection, Why: fmt.Sprintf("made %q of the client's order", m)})
		} else {
			out = append([]byte(nil), out...)
			out[len(out)-1] ^= 1
			tell(s.w, fact{Is: did, Wire: t.protection, Why: "changed a bit of what she cannot read"})
		}
	}
	t.far.Write(out)
}

// down passes on what the bank says, so that the client notices nothing where that
// can be done.
func (s *spy) down(t *tap, frame []byte) {
	m, ok := s.look(t, frame, bank)
	t.mu.Lock()
	out := frame
	if ok && m.Op == paid {
		if was, is := t.was[m.N]; is {
			delete(t.was, m.N)
			m.To, m.Amount = was.To, was.Amount
			out = encode(m)
		} else if m.To == eve {
			out = nil
		} else if t.swallow > 0 {
			t.swallow--
			out = nil
		}
	}
	t.mu.Unlock()
	if out != nil {
		t.near.Write(out)
	}
}

// add puts one more message into the client's connection: what the client sent last,
// or an order of her own.
func (s *spy) add(t *tap, again bool) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.last == nil {
		return false
	}
	out, what := t.last, "sent the client's last message once more"
	m, ok := decode(out)
	if !again {
		// As close to the client's own as she can make it. Where she could not read
		// anything, it is how an order would look if nothing were around it.
		if !ok {
			m = msg{Op: pay}
		}
		m.To, m.Amount = eve, loot
		if m.Seq > 0 {
			m.Seq++
		}
		out, what = encode(m), fmt.Sprintf("sent %q in the client's connection", m)
	}
	if again {
		t.swallow++ // of two replies that say the same
	}
	tell(s.w, fact{Is: did, Wire: t.protection, Why: what})
	t.far.Write(out)
	return true
}

// knock connects to the bank as herself and tries to pay: with a key and, where the
// protection wants a certificate, one of her own making or none.
func (s *spy) knock(protection string, key []byte, forge bool) {
	say := func(format string, v ...any) { s.w.Logf(format, v...) }
	c, err := net.DialTimeout("tcp", s.w.Arg("bank-"+protection), patience)
	if err != nil {
		say("does not get through to the bank: %v", err)
		return
	}
	defer c.Close()
	tell(s.w, fact{Is: did, Wire: protection, Why: "connects to the bank herself"})
	var ch *channel
	if protection == sealed {
		ch, err = s.disguise(c, forge)
	} else {
		ch, err = open(c, protection, identity{Key: key})
	}
	if err == nil {
		var m msg
		if m, err = ch.call(msg{Op: pay, To: eve, Amount: loot}); err == nil {
			say("the bank answers me: %s", m)
			return
		}
	}
	say("the bank has closed my connection: %v", err)
}

// disguise opens TLS with a certificate in the client's name, which she has signed
// herself, or with none.
func (s *spy) disguise(c net.Conn, forge bool) (*channel, error) {
	conf := &tls.Config{InsecureSkipVerify: true} // it is all the same to her who answers
	if forge {
		pub, key, err := ed25519.GenerateKey(nil)
		if err != nil {
			return nil, err
		}
		der, err := certify(string(client), pub, 1, nil, false, key)
		if err != nil {
			return nil, err
		}
		conf.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
			return &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, nil
		}
	}
	t := tls.Client(c, conf)
	if err := t.Handshake(); err != nil {
		return nil, err
	}
	return &channel{conn: t, in: wire.NewReader(t)}, nil
}
