// An order in the clear and in mutual TLS, past somebody who listens.
package main

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"time"
)

// Order is all that a message can become: data of this shape.
type Order struct {
	To     string
	Amount int
}

// issue makes a certificate that ca has signed, or nobody else.
func issue(name string, ca tls.Certificate) tls.Certificate {
	key := must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	c := &x509.Certificate{SerialNumber: big.NewInt(1),
		DNSNames: []string{name}, NotAfter: time.Now().Add(time.Hour),
		IsCA: ca.Leaf == nil, BasicConstraintsValid: true}
	if c.IsCA {
		ca = tls.Certificate{Leaf: c, PrivateKey: key}
	}
	der := must(x509.CreateCertificate(rand.Reader, c, ca.Leaf,
		&key.PublicKey, ca.PrivateKey))
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key,
		Leaf: must(x509.ParseCertificate(der))}
}

// listen starts a bank, which answers an order and nothing else.
func listen(config *tls.Config) string {
	l := must(net.Listen("tcp", "127.0.0.1:0"))
	if config != nil {
		l = tls.NewListener(l, config)
	}
	go func() {
		for {
			conn := must(l.Accept())
			var o Order
			d := json.NewDecoder(io.LimitReader(conn, 1<<10))
			if d.Decode(&o) == nil && o.Amount > 0 {
				fmt.Fprintf(conn, "paid %d to %s", o.Amount, o.To)
			}
			conn.Close()
		}
	}()
	return l.Addr().String()
}

// say sends a message past eve, and tells what came of it.
func say(what, addr, message string, config *tls.Config) {
	conn := must(net.Dial("tcp", addr))
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(20 * time.Second))
	eve := &tap{Conn: conn}
	conn = eve
	if config != nil {
		conn = tls.Client(conn, config)
	}
	fmt.Fprint(conn, message)
	buf := make([]byte, 99)
	n, err := conn.Read(buf)
	reply := string(buf[:n])
	if err != nil {
		reply = "refused"
	}
	fmt.Printf("%s: %s; eve can read it: %v\n", what, reply,
		bytes.Contains(eve.seen.Bytes(), []byte(message)))
}

// tap is a connection on which eve sees what is sent.
type tap struct {
	net.Conn
	seen bytes.Buffer
}

func (t *tap) Write(b []byte) (int, error) {
	t.seen.Write(b)
	return t.Conn.Write(b)
}

func main() {
	ca := issue("authority", tls.Certificate{})
	pool := x509.NewCertPool()
	pool.AddCert(ca.Leaf)
	config := func(own ...tls.Certificate) *tls.Config {
		return &tls.Config{Certificates: own, ServerName: "bank",
			RootCAs: pool, ClientCAs: pool,
			ClientAuth: tls.RequireAndVerifyClientCert}
	}
	secret := listen(config(issue("bank", ca)))
	const order = `{"To": "shop", "Amount": 10}`
	say("in the clear", listen(nil), order, nil)
	say("a pickle", listen(nil), "cos\nsystem\n(S'true'\ntR.", nil)
	say("mutual TLS", secret, order, config(issue("client", ca)))
	say("no certificate", secret, order, config())
}

func must[T any](v T, err error) T {
	if err != nil {
		log.Fatal(err)
	}
	return v
}
