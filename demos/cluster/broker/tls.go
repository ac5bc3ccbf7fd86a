package broker

import (
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"errors"
	"fmt"
	"math/big"
	"net"
	"strings"
	"time"

	"github.com/nats-io/nats-server/v2/server"
)

// The broker offers TLS on its one port. A client on the same machine may do
// without, so that a door can tell where a message ends; to all others a
// connection in the clear is refused ([Config.Host]).
//
// The key of the certificate is made from the run's secret: a broker that is
// started again has the same, and no file holds it. Nobody has signed the
// certificate. Who connects knows the fingerprint of its key beforehand, from the
// stage, and needs no authority and no name.

// ErrPin is that a server has not the key that was expected: it is another one, or
// somebody is in between.
var ErrPin = errors.New("its key has not the fingerprint that you were given")

// Fingerprint is what others are told to know the broker by: the SHA-256 of its
// public key (SubjectPublicKeyInfo), in hex; "" where the server is not on stage.
func (b *Broker) Fingerprint() string {
	if !b.OnStage() {
		return ""
	}
	return b.secret.pin()
}

// identity is the key behind the server's certificate.
func (s Secret) identity() ed25519.PrivateKey { return ed25519.NewKeyFromSeed(s.sum("tls")) }

func (s Secret) pin() string {
	spki, err := x509.MarshalPKIXPublicKey(s.identity().Public())
	if err != nil {
		return "" // never: it is a key that x509 knows
	}
	return fingerprint(spki)
}

func fingerprint(spki []byte) string {
	sum := sha256.Sum256(spki)
	return hex.EncodeToString(sum[:])
}

// offerTLS has a server take TLS and connections in the clear; which of them, says
// [mayBePlain].
func offerTLS(o *server.Options, s Secret) (err error) {
	if o.TLSConfig, err = s.serverTLS(); err != nil {
		return fmt.Errorf("no certificate for the broker: %w", err)
	}
	o.AllowNonTLS = true
	return nil
}

// serverTLS is the server's side, with a certificate made now.
func (s Secret) serverTLS() (*tls.Config, error) {
	key := s.identity()
	now := time.Now()
	cert := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: string(Name)}, DNSNames: []string{string(Name)},
		NotBefore: now.Add(-24 * time.Hour), NotAfter: now.AddDate(1, 0, 0), // who pins does not look at this
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, cert, cert, key.Public(), key)
	if err != nil {
		return nil, err
	}
	return &tls.Config{MinVersion: tls.VersionTLS13, Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: crypto.Signer(key)}}}, nil
}

// pinned is the client's side: it talks to the owner of that key and to nobody else.
func pinned(pin string) *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS13, ServerName: string(Name),
		InsecureSkipVerify: true, // neither authority nor name: the next function is the check
		VerifyConnection: func(c tls.ConnectionState) error {
			if len(c.PeerCertificates) == 0 || !strings.EqualFold(fingerprint(c.PeerCertificates[0].RawSubjectPublicKeyInfo), pin) {
				return ErrPin
			}
			return nil
		},
	}
}

// mayBePlain says whether the other end may do without TLS: nothing that it sends
// leaves this machine.
func mayBePlain(from net.Addr) bool {
	at, ok := from.(*net.TCPAddr)
	if !ok {
		return from != nil && from.Network() == "pipe" // within the server's process
	}
	if at.IP.IsLoopback() {
		return true
	}
	own, err := net.InterfaceAddrs()
	if err != nil {
		return false
	}
	for _, a := range own {
		if n, ok := a.(*net.IPNet); ok && n.IP.Equal(at.IP) {
			return true
		}
	}
	return false
}
