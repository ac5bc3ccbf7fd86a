package gossip

import (
	"bufio"
	"fmt"
	"log"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hashicorp/go-msgpack/v2/codec"
	"github.com/hashicorp/memberlist"
)

// transport is memberlist's own, by UDP and TCP, with one thing changed: what goes
// to an address goes through this node's door there.
type transport struct {
	*memberlist.NetTransport
	streams chan net.Conn

	mu    sync.Mutex
	doors map[string]door // by the address that a node advertises

	sent  atomic.Int64 // packets and connections that this node began
	asked atomic.Int64 // others to ping a third
}

// door is where this node reaches another.
type door struct{ packets, streams string }

var _ memberlist.NodeAwareTransport = (*transport)(nil)

// listen opens a node's own sockets, TCP and UDP at one port.
func listen(host string, l *log.Logger) (t *transport, port int, err error) {
	t = &transport{streams: make(chan net.Conn), doors: map[string]door{}}
	for range 10 { // the port that TCP was given may be taken for UDP
		t.NetTransport, err = memberlist.NewNetTransport(&memberlist.NetTransportConfig{BindAddrs: []string{host}, Logger: l})
		if err == nil {
			go func() {
				for c := range t.NetTransport.StreamCh() {
					t.streams <- c
				}
			}()
			return t, t.GetAutoBindPort(), nil
		}
	}
	return nil, 0, err
}

func (t *transport) know(addr string, d door) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.doors[addr] = d
}

func (t *transport) to(addr string) (door, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	d, ok := t.doors[addr]
	if !ok {
		return d, fmt.Errorf("nothing leads to %s", addr)
	}
	return d, nil
}

// WriteToAddress implements memberlist.NodeAwareTransport.
func (t *transport) WriteToAddress(b []byte, a memberlist.Address) (time.Time, error) {
	d, err := t.to(a.Addr)
	if err != nil {
		return time.Time{}, err
	}
	t.sent.Add(1)
	for _, m := range messages(b) {
		if m[0] == indirectPing {
			t.asked.Add(1)
		}
	}
	return t.NetTransport.WriteTo(b, d.packets)
}

// WriteTo implements memberlist.Transport.
func (t *transport) WriteTo(b []byte, addr string) (time.Time, error) {
	return t.WriteToAddress(b, memberlist.Address{Addr: addr})
}

// DialAddressTimeout implements memberlist.NodeAwareTransport.
func (t *transport) DialAddressTimeout(a memberlist.Address, timeout time.Duration) (net.Conn, error) {
	d, err := t.to(a.Addr)
	if err != nil {
		return nil, err
	}
	t.sent.Add(1)
	return t.NetTransport.DialTimeout(d.streams, timeout)
}

// DialTimeout implements memberlist.Transport.
func (t *transport) DialTimeout(addr string, timeout time.Duration) (net.Conn, error) {
	return t.DialAddressTimeout(memberlist.Address{Addr: addr}, timeout)
}

// StreamCh implements memberlist.Transport.
func (t *transport) StreamCh() <-chan net.Conn { return t.streams }

// row is what a node's table has on one node. The fields are memberlist's.
type row struct {
	Name        string
	Incarnation uint32
	State       memberlist.NodeStateType
}

// table is what the node's own memberlist takes to be so, suspicions and
// incarnations too, which its API does not tell. It is asked as another node asks
// for it, with an exchange of tables (push/pull) in which the asker has nothing to
// tell, over a pipe within this process.
func (t *transport) table() ([]row, error) {
	near, far := net.Pipe()
	defer near.Close()
	t.streams <- far
	near.SetDeadline(time.Now().Add(10 * time.Second))
	type head struct {
		Nodes, UserStateLen int
		Join                bool
	}
	ask := []byte{pushPull}
	var body []byte
	if err := codec.NewEncoderBytes(&body, &codec.MsgpackHandle{}).Encode(head{}); err != nil {
		return nil, err
	}
	if _, err := near.Write(append(ask, body...)); err != nil {
		return nil, err
	}
	in := bufio.NewReader(near)
	if is, err := in.ReadByte(); err != nil || is != pushPull {
		return nil, fmt.Errorf("no table: %v", err)
	}
	d := codec.NewDecoder(in, &codec.MsgpackHandle{})
	var h head
	if err := d.Decode(&h); err != nil {
		return nil, err
	}
	rows := make([]row, h.Nodes)
	for i := range rows {
		if err := d.Decode(&rows[i]); err != nil {
			return nil, err
		}
	}
	return rows, nil
}
