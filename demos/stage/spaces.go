package stage

import (
	"context"
	"fmt"
	"net"
	"net/netip"

	"edu/procession/demos/cluster"
	"edu/procession/demos/demo"
	"edu/procession/demos/trace"
)

// With network namespaces, the stage is none of the nodes' neighbours: it stays
// where the program was started. Its doors and connections are sockets that the
// warden makes for it, in the namespace where the bridge to the nodes is. These
// are the addresses there.
var stageAddr = [4]byte{10, 0, 0, 1}

func nodeAddr(i int) [4]byte { return [4]byte{10, 0, byte((i + 1) / 250), byte((i+1)%250 + 1)} }

func ipString(ip [4]byte) string { return net.IP(ip[:]).String() }

var _ cluster.Elsewhere = (*run)(nil)

// Apart implements cluster.Elsewhere.
func (r *run) Apart() bool { return r.opt.Net == demo.Namespaces }

// NodeHost implements cluster.Elsewhere.
func (r *run) NodeHost(node trace.ID) string { return ipString(r.addrOf(string(node))) }

// DoorHost implements cluster.Elsewhere.
func (r *run) DoorHost() string { return ipString(stageAddr) }

// addrOf is a node's address: each name gets the next one when it is first asked
// for.
func (r *run) addrOf(node string) [4]byte {
	r.mu.Lock()
	defer r.mu.Unlock()
	i, ok := r.nodes[node]
	if !ok {
		i = len(r.nodes)
		r.nodes[node] = i
	}
	return nodeAddr(i)
}

func (r *run) isNode(ip netip.Addr) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, i := range r.nodes {
		if netip.AddrFrom4(nodeAddr(i)) == ip {
			return true
		}
	}
	return false
}

// Listen implements cluster.Elsewhere.
func (r *run) Listen(addr string) (net.Listener, error) {
	at, err := net.ResolveTCPAddr("tcp4", addr)
	if err != nil {
		return nil, err
	}
	f, err := r.spawn.socket()
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if err := listenOn(f, at); err != nil {
		return nil, fmt.Errorf("to listen at %s in a network namespace: %w", addr, err)
	}
	return net.FileListener(f)
}

// Dial implements cluster.Elsewhere. Whoever is no node, such as a server that was
// there before the run, is reached from where the program is.
func (r *run) Dial(ctx context.Context, addr string) (net.Conn, error) {
	to, err := netip.ParseAddrPort(addr)
	if err != nil || !r.isNode(to.Addr()) {
		return (&net.Dialer{}).DialContext(ctx, "tcp", addr)
	}
	f, err := r.spawn.socket()
	if err != nil {
		return nil, err
	}
	defer f.Close()
	defer context.AfterFunc(ctx, func() { f.Close() })()
	if err := connect(f, net.TCPAddrFromAddrPort(to)); err != nil {
		return nil, fmt.Errorf("to connect to %s in a network namespace: %w", addr, err)
	}
	return net.FileConn(f)
}
