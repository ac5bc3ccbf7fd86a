package warden

import (
	"encoding/binary"
	"fmt"
	"syscall"
)

// request is a message to the kernel's table of network interfaces (rtnetlink(7)).
type request []byte

const (
	attrInfo     = 18 // IFLA_LINKINFO, and what is in it
	attrInfoKind = 1
	attrInfoData = 2
	attrVethPeer = 1  // VETH_INFO_PEER
	attrNamespc  = 28 // IFLA_NET_NS_FD
	headerLen    = 16
	kernelsWord  = 4 << 10 // more than an answer is long
)

func (r *request) put16(v uint16) { *r = binary.NativeEndian.AppendUint16(*r, v) }
func (r *request) put32(v uint32) { *r = binary.NativeEndian.AppendUint32(*r, v) }

// attr adds an attribute, which add fills.
func (r *request) attr(kind uint16, add func()) {
	at := len(*r)
	r.put16(0)
	r.put16(kind)
	add()
	binary.NativeEndian.PutUint16((*r)[at:], uint16(len(*r)-at))
	for len(*r)%4 != 0 {
		*r = append(*r, 0)
	}
}

func (r *request) text(kind uint16, s string) {
	r.attr(kind, func() { *r = append(append(*r, s...), 0) })
}

func (r *request) number(kind uint16, v uint32) { r.attr(kind, func() { r.put32(v) }) }

// link is an interface: its index, and which of its flags are to be set.
func (r *request) link(index int, flags uint32) {
	*r = append(*r, syscall.AF_UNSPEC, 0, 0, 0)
	r.put32(uint32(index))
	r.put32(flags)
	r.put32(flags)
}

// ask sends a request to the kernel, in the network namespace of this thread, and
// waits for its word.
func ask(kind, flags uint16, fill func(r *request)) error {
	var r request
	r.put32(0)
	r.put16(kind)
	r.put16(flags | syscall.NLM_F_REQUEST | syscall.NLM_F_ACK)
	r.put32(1)
	r.put32(0)
	fill(&r)
	binary.NativeEndian.PutUint32(r, uint32(len(r)))
	fd, err := syscall.Socket(syscall.AF_NETLINK, syscall.SOCK_RAW|syscall.SOCK_CLOEXEC, syscall.NETLINK_ROUTE)
	if err != nil {
		return err
	}
	defer syscall.Close(fd)
	if err := syscall.Sendto(fd, r, 0, &syscall.SockaddrNetlink{Family: syscall.AF_NETLINK}); err != nil {
		return err
	}
	buf := make([]byte, kernelsWord)
	for {
		n, _, err := syscall.Recvfrom(fd, buf, 0)
		if err == syscall.EINTR {
			continue
		}
		if err != nil {
			return err
		}
		if n < headerLen+4 || binary.NativeEndian.Uint16(buf[4:]) != syscall.NLMSG_ERROR {
			return fmt.Errorf("the kernel gave an answer of %d bytes that is none", n)
		}
		if e := -int32(binary.NativeEndian.Uint32(buf[headerLen:])); e != 0 {
			return syscall.Errno(e)
		}
		return nil
	}
}

// up makes an interface usable.
func up(index int) error {
	return ask(syscall.RTM_NEWLINK, 0, func(r *request) { r.link(index, syscall.IFF_UP) })
}

// addBridge makes the switch to which the nodes' wires lead.
func addBridge(index int, name string) error {
	return ask(syscall.RTM_NEWLINK, syscall.NLM_F_CREATE|syscall.NLM_F_EXCL, func(r *request) {
		r.link(index, syscall.IFF_UP)
		r.text(syscall.IFLA_IFNAME, name)
		r.attr(attrInfo, func() { r.text(attrInfoKind, "bridge") })
	})
}

// addWire makes a pair of interfaces, one in here and at the bridge, the other in
// another namespace, which is not up: it cannot be, before the pair is there.
func addWire(index int, name string, bridge, farIndex int, farName string, farSpace int) error {
	return ask(syscall.RTM_NEWLINK, syscall.NLM_F_CREATE|syscall.NLM_F_EXCL, func(r *request) {
		r.link(index, syscall.IFF_UP)
		r.text(syscall.IFLA_IFNAME, name)
		r.number(syscall.IFLA_MASTER, uint32(bridge))
		r.attr(attrInfo, func() {
			r.text(attrInfoKind, "veth")
			r.attr(attrInfoData, func() {
				r.attr(attrVethPeer, func() {
					r.link(farIndex, 0)
					r.text(syscall.IFLA_IFNAME, farName)
					r.number(attrNamespc, uint32(farSpace))
				})
			})
		})
	})
}

// addAddr gives an interface an address, with all that begin as it does as its
// neighbours.
func addAddr(index int, ip [4]byte, prefix byte) error {
	return ask(syscall.RTM_NEWADDR, syscall.NLM_F_CREATE|syscall.NLM_F_EXCL, func(r *request) {
		*r = append(*r, syscall.AF_INET, prefix, 0, syscall.RT_SCOPE_UNIVERSE)
		r.put32(uint32(index))
		for _, kind := range [...]uint16{syscall.IFA_LOCAL, syscall.IFA_ADDRESS} {
			r.attr(kind, func() { *r = append(*r, ip[:]...) })
		}
	})
}
