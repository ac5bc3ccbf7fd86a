// Package sock gives workers pipes and sockets whose waits the kernel can tell.
//
// A worker that reads through package net sleeps in epoll, whatever it waits
// for, and pays 30 ms at its start for net (see package early). One that reads
// through this package blocks its main thread in a plain system call: /proc says
// "pipe read", "socket read", "accept" or, in [Wait], "poll".
//
//	l, err := sock.Listen(sock.Addr{Host: 2})   // 127.0.0.2, a port of the kernel's choice
//	fmt.Fprintln(facts, "at", l.Addr())         // the play tells the others
//	c, err := l.Accept(key)                     // blocked in accept
//	ready, err := sock.Wait(time.Second, c, d)  // blocked in poll
//
// On Linux and macOS these are raw descriptors; elsewhere, and with the build
// tag netsock so that it can be tested here, package net stands in and nothing
// is told of what a process waits for.
//
// The rules are:
//  1. An [Addr] has no room for an address other than 127.0.0.x, and 10.0.0.x where
//     nodes have network namespaces of their own, and it is theirs (TestOnlyLoopback).
//  2. Whoever connects must say the key that its parent gave it; strangers are
//     shown out (TestStranger). A port is open to everybody on the machine.
//  3. A Write is whole or an error; a TryWrite never waits (TestTryWrite).
//
// Conns and Listeners are for one goroutine each.
package sock

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"
)

// Addr is an address of this machine's loopback: 127.0.0.Host:Port; or, Apart, of a
// node that has a network namespace of its own: 10.0.0.Host:Port.
type Addr struct {
	Host  byte
	Port  int
	Apart bool
}

// String is the address as people write it.
func (a Addr) String() string { return a.IP() + ":" + strconv.Itoa(a.Port) }

// IP is the address without the port.
func (a Addr) IP() string {
	ip := a.ip()
	return fmt.Sprintf("%d.%d.%d.%d", ip[0], ip[1], ip[2], ip[3])
}

func (a Addr) ip() [4]byte {
	if a.Apart {
		return [4]byte{10, 0, 0, a.Host}
	}
	return [4]byte{127, 0, 0, a.Host}
}

// ParseAddr reads what [Addr.String] writes.
func ParseAddr(s string) (Addr, error) {
	rest, apart := strings.CutPrefix(s, "10.0.0.")
	host, port, _ := strings.Cut(strings.TrimPrefix(rest, "127.0.0."), ":")
	h, err := strconv.ParseUint(host, 10, 8)
	p, err2 := strconv.ParseUint(port, 10, 16)
	a := Addr{byte(h), int(p), apart}
	if err != nil || err2 != nil || a.String() != s {
		return Addr{}, fmt.Errorf("%.40q is no address of this machine's loopback, nor of a node in a network namespace", s)
	}
	return a, nil
}

// Key is what both ends of a connection know and a stranger does not.
type Key string

// keyLen is its length in bytes.
const keyLen = 32

// NewKey makes a key that cannot be guessed. It is no choice of the play, so
// the seed has no say in it.
func NewKey() Key { return Key(fmt.Sprintf("%016x%016x", rand.Uint64(), rand.Uint64())) }

// same compares in constant time.
func (k Key) same(b []byte) bool {
	if len(k) != keyLen || len(b) != keyLen {
		return false
	}
	var diff byte
	for i := range b {
		diff |= b[i] ^ k[i]
	}
	return diff == 0
}

// patience is how long whoever has connected may take to say the key.
const patience = time.Second

// ErrFull says that the other side has left so much unread that no more fits.
var ErrFull = errors.New("no room: the other side does not read")

// ReadFull fills b, or fails with io.EOF when the stream ended before it, and
// with io.ErrUnexpectedEOF when it ended within.
func (c *Conn) ReadFull(b []byte) error {
	for n := 0; n < len(b); {
		m, err := c.Read(b[n:])
		n += m
		switch {
		case err == io.EOF && n > 0:
			return io.ErrUnexpectedEOF
		case err != nil:
			return err
		}
	}
	return nil
}

// accepted asks whoever connected for the key.
func accepted(c *Conn, key Key) bool {
	var b [keyLen]byte
	return c.within(patience, func() error { return c.ReadFull(b[:]) }) == nil && key.same(b[:])
}
