package broker

import (
	"crypto/tls"
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
)

// Who has a fingerprint talks to the owner of that key alone. A server that is
// started again on its secret has the same key, and a new certificate.
func TestPinned(t *testing.T) {
	s, other := NewSecret(), NewSecret()
	for _, tt := range []struct {
		name   string
		server Secret
		pin    string
		want   error
	}{
		{"the server", s, s.pin(), nil},
		{"the server, in capitals", s, strings.ToUpper(s.pin()), nil},
		{"another server", other, s.pin(), ErrPin},
		{"half a fingerprint", s, s.pin()[:32], ErrPin},
		{"no fingerprint", s, "", ErrPin},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c, err := tt.server.serverTLS()
			if err != nil {
				t.Fatal(err)
			}
			near, far := net.Pipe()
			defer near.Close()
			go tls.Server(far, c).Handshake()
			if err := tls.Client(near, pinned(tt.pin)).Handshake(); !errors.Is(err, tt.want) || (err == nil) != (tt.want == nil) {
				t.Errorf("%v, not %v", err, tt.want)
			}
		})
	}
}

// A client that meets another key is told what is wrong, and does not try again.
func TestAnotherKey(t *testing.T) {
	o := &server.Options{Host: "127.0.0.1", Port: server.RANDOM_PORT, NoSigs: true, NoLog: true}
	if err := offerTLS(o, NewSecret()); err != nil {
		t.Fatal(err)
	}
	s, err := server.NewServer(o)
	if err != nil {
		t.Fatal(err)
	}
	go s.Start()
	defer func() { s.Shutdown(); s.WaitForShutdown() }()
	if !s.ReadyForConnections(20 * time.Second) {
		t.Fatal("no server")
	}
	_, err = dial(Access{URL: s.ClientURL(), Pin: NewSecret().pin()}, "w1", nil)
	if !errors.Is(err, ErrPin) || !strings.Contains(err.Error(), "is not the one that you were told of") {
		t.Error(err)
	}
}

// guest is a connection as the server shows it before it is let in.
type guest struct {
	server.ClientAuthentication
	from net.Addr
	tls  *tls.ConnectionState
}

func (g guest) GetTLSConnectionState() *tls.ConnectionState { return g.tls }
func (g guest) RemoteAddress() net.Addr                     { return g.from }
func (g guest) GetOpts() *server.ClientOpts                 { panic("asked for its name") }

// From another machine a connection in the clear is refused before anything else
// is looked at.
func TestPlainFromAfar(t *testing.T) {
	at := func(ip string) net.Addr { return &net.TCPAddr{IP: net.ParseIP(ip), Port: 4711} }
	near, far := net.Pipe()
	near.Close()
	far.Close()
	for _, tt := range []struct {
		g    guest
		pass bool
	}{
		{guest{from: at("192.0.2.7")}, false}, // RFC 5737: nobody's
		{guest{from: at("2001:db8::7")}, false},
		{guest{}, false},
		{guest{from: at("192.0.2.7"), tls: &tls.ConnectionState{}}, true},
		{guest{from: at("127.0.0.9")}, true},
		{guest{from: at("::1")}, true},
		{guest{from: near.RemoteAddr()}, true},
	} {
		passed := func() (on bool) {
			defer func() { on = recover() != nil }()
			(&auth{}).Check(tt.g)
			return false
		}()
		if passed != tt.pass {
			t.Errorf("%v, TLS %v: goes on to the name: %v", tt.g.from, tt.g.tls != nil, passed)
		}
	}
}
