package trust

import (
	"bytes"
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"time"

	"edu/procession/demos/internal/wire"
	"edu/procession/demos/trace"
)

// identity is what a node has to show. It travels in the environment of the node's
// process: on one machine, whoever may read that is trusted anyway.
type identity struct {
	Key       []byte `json:"key,omitempty"`       // that all have who may take part
	Cert      []byte `json:"cert,omitempty"`      // one's own, and
	Private   []byte `json:"private,omitempty"`   // its key
	Authority []byte `json:"authority,omitempty"` // whose certificates count
}

// authority makes certificates for a run.
type authority struct {
	key  ed25519.PrivateKey
	cert *x509.Certificate
	sn   int64
}

func certify(name string, pub ed25519.PublicKey, sn int64, by *authority, ca bool, key ed25519.PrivateKey) ([]byte, error) {
	c := &x509.Certificate{
		SerialNumber: big.NewInt(sn), Subject: pkix.Name{CommonName: name}, DNSNames: []string{name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().AddDate(0, 1, 0), // longer than any run
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
		BasicConstraintsValid: true, IsCA: ca,
	}
	parent := c
	if by != nil {
		parent, key = by.cert, by.key
	}
	if ca {
		c.KeyUsage |= x509.KeyUsageCertSign
	}
	return x509.CreateCertificate(rand.Reader, c, parent, pub, key)
}

func newAuthority() (*authority, error) {
	pub, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		return nil, err
	}
	der, err := certify("the run's authority", pub, 1, nil, true, key)
	if err != nil {
		return nil, err
	}
	cert, err := x509.ParseCertificate(der)
	return &authority{key, cert, 1}, err
}

// issue makes an identity of that name.
func (a *authority) issue(name trace.ID, key []byte) (identity, error) {
	pub, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		return identity{}, err
	}
	a.sn++
	der, err := certify(string(name), pub, a.sn, a, false, nil)
	return identity{Key: key, Cert: der, Private: private.Seed(), Authority: a.cert.Raw}, err
}

func (id identity) certificate() tls.Certificate {
	return tls.Certificate{Certificate: [][]byte{id.Cert}, PrivateKey: ed25519.NewKeyFromSeed(id.Private)}
}

func (id identity) config() *tls.Config {
	pool := x509.NewCertPool()
	if ca, err := x509.ParseCertificate(id.Authority); err == nil {
		pool.AddCert(ca)
	}
	return &tls.Config{
		MinVersion: tls.VersionTLS13, Certificates: []tls.Certificate{id.certificate()}, SessionTicketsDisabled: true,
		RootCAs: pool, ServerName: string(bank),
		ClientCAs: pool, ClientAuth: tls.RequireAndVerifyClientCert,
	}
}

// Why a connection ends.
var (
	errKey  = errors.New("it does not know the key")
	errMAC  = errors.New("the signature is not that of this message")
	errSeq  = errors.New("a message with this number has been here")
	errWhat = errors.New("that is no message of this protocol")
	errPay  = errors.New("no such payment is possible")
)

// channel is a connection after its handshake.
type channel struct {
	conn    net.Conn
	in      *wire.Reader
	session []byte // with which messages are signed; nil: they are not
	server  bool
	seq     uint64 // of the last message: that the client sent, or the bank took
}

// Who signs.
const (
	asClient = "client"
	asServer = "server"
)

// open is the client's side of a handshake.
func open(c net.Conn, protection string, id identity) (*channel, error) {
	c.SetDeadline(time.Now().Add(patience))
	if protection == sealed {
		t := tls.Client(c, id.config())
		return &channel{conn: t, in: wire.NewReader(t)}, t.Handshake()
	}
	ch := &channel{conn: c, in: wire.NewReader(c)}
	var theirs, proof msg
	if err := ch.in.Read(&theirs); err != nil {
		return nil, err
	}
	mine := msg{Op: answer, Nonce: nonce()}
	mine.MAC = sum(id.Key, []byte(asClient), theirs.Nonce, mine.Nonce)
	if err := wire.Write(c, mine); err != nil {
		return nil, err
	}
	if err := ch.in.Read(&proof); err != nil {
		return nil, err
	}
	if !hmac.Equal(proof.MAC, sum(id.Key, []byte(asServer), theirs.Nonce, mine.Nonce)) {
		return nil, errKey
	}
	ch.keyed(protection, id, theirs.Nonce, mine.Nonce)
	return ch, nil
}

// accept is the bank's side.
func accept(c net.Conn, protection string, id identity) (*channel, error) {
	c.SetDeadline(time.Now().Add(patience))
	if protection == sealed {
		t := tls.Server(c, id.config())
		return &channel{conn: t, in: wire.NewReader(t), server: true}, t.Handshake()
	}
	ch := &channel{conn: c, in: wire.NewReader(c), server: true}
	mine := nonce()
	if err := wire.Write(c, msg{Op: challenge, Nonce: mine}); err != nil {
		return nil, err
	}
	var theirs msg
	if err := ch.read(&theirs); err != nil {
		return nil, err
	}
	if !hmac.Equal(theirs.MAC, sum(id.Key, []byte(asClient), mine, theirs.Nonce)) {
		return nil, errKey
	}
	ch.keyed(protection, id, mine, theirs.Nonce)
	return ch, wire.Write(c, msg{Op: welcome, MAC: sum(id.Key, []byte(asServer), mine, theirs.Nonce)})
}

func nonce() []byte {
	b := make([]byte, 32)
	rand.Read(b)
	return b
}

// keyed makes the key of this connection: a message from another one is not signed
// with it.
func (ch *channel) keyed(protection string, id identity, theirs, mine []byte) {
	if protection == signed {
		ch.session = sum(id.Key, []byte("session"), theirs, mine)
	}
}

// read takes a message, whoever it is from.
func (ch *channel) read(m *msg) error {
	err := ch.in.Read(m)
	var no net.Error
	switch {
	case err == nil && m.Op == "":
		return errWhat
	case err == nil, errors.Is(err, io.EOF), errors.As(err, &no), errors.As(err, new(tls.RecordHeaderError)):
		return err
	}
	return fmt.Errorf("%w: %w", errWhat, err)
}

// call is the client's: a request and its reply.
func (ch *channel) call(m msg) (reply msg, err error) {
	ch.conn.SetDeadline(time.Now().Add(patience))
	if ch.session != nil {
		ch.seq++
		m.Seq = ch.seq
		m.MAC = sign(ch.session, asClient, m)
	}
	if err := wire.Write(ch.conn, m); err != nil {
		return reply, err
	}
	if err := ch.read(&reply); err != nil {
		return reply, err
	}
	if ch.session != nil && !(reply.Seq == m.Seq && hmac.Equal(reply.MAC, sign(ch.session, asServer, reply))) {
		return reply, errMAC
	}
	return reply, nil
}

// request is the bank's: what the client asks. Its error says that the connection
// is to be closed.
func (ch *channel) request(m *msg) error {
	*m = msg{}
	if err := ch.read(m); err != nil {
		return err
	}
	if ch.session == nil {
		return nil
	}
	if !hmac.Equal(m.MAC, sign(ch.session, asClient, *m)) {
		return errMAC
	}
	if m.Seq <= ch.seq {
		return errSeq
	}
	ch.seq = m.Seq
	return nil
}

// reply answers the last request.
func (ch *channel) reply(m msg) error {
	if ch.session != nil {
		m.Seq = ch.seq
		m.MAC = sign(ch.session, asServer, m)
	}
	ch.conn.SetWriteDeadline(time.Now().Add(patience))
	return wire.Write(ch.conn, m)
}

// vouched is what the bank may take for granted of the other end of a connection.
func (ch *channel) vouched(protection string) string {
	if t, ok := ch.conn.(*tls.Conn); ok {
		if certs := t.ConnectionState().PeerCertificates; len(certs) > 0 {
			return fmt.Sprintf("is %q by its certificate", certs[0].Subject.CommonName)
		}
	}
	if protection == signed {
		return "knows the key, as each message shows"
	}
	return "knew the key when it came; I ask no more"
}

// spaced is the beginning of bytes as eve sees them.
func spaced(b []byte, n int) string {
	var s bytes.Buffer
	for i, c := range b[:min(n, len(b))] {
		if i > 0 {
			s.WriteByte(' ')
		}
		fmt.Fprintf(&s, "%02x", c)
	}
	return s.String()
}
