package warden

import (
	"fmt"
	"os"
	"runtime"
	"syscall"
)

// The interfaces of the warden's own network namespace. There is no other in it
// than what is made here, so the numbers are free.
const (
	loop   = 1 // the kernel's, in each namespace
	bridge = 2
	wires  = 10 // and up
	far    = 2  // in a node's namespace
)

// spaces are the network namespaces of the nodes. The warden's own, which it was
// started in, has a bridge; each node's has a wire to it (veth(4)) and an address.
//
// Nothing of this is in the namespace of the program or has a name in a file
// system: the kernel takes it away with the last process and the last descriptor,
// whoever was killed and how.
type spaces struct {
	home int            // a descriptor of the warden's own; 0: there are none
	of   map[string]int // node → descriptor
}

// setns takes this thread into a network namespace. Package syscall does not know
// the call on each of these.
func setns(fd int) error {
	var call uintptr
	switch runtime.GOARCH {
	case "amd64":
		call = 308
	case "386":
		call = 346
	case "arm":
		call = 375
	case "arm64", "riscv64", "loong64":
		call = 268
	case "ppc64le", "ppc64":
		call = 350
	case "s390x":
		call = 339
	default:
		return syscall.ENOSYS
	}
	if _, _, e := syscall.RawSyscall(call, uintptr(fd), syscall.CLONE_NEWNET, 0); e != 0 {
		return e
	}
	return nil
}

func openSpace() (int, error) {
	return syscall.Open("/proc/thread-self/ns/net", syscall.O_RDONLY|syscall.O_CLOEXEC, 0)
}

// begin makes the bridge, with the stage's address. It binds this goroutine to its
// thread for good, so that the runtime makes no other thread of one that is away.
func (s *spaces) begin(stage [4]byte) error {
	runtime.LockOSThread()
	home, err := openSpace()
	if err != nil {
		return fmt.Errorf("no /proc/thread-self/ns/net: %w", err)
	}
	if err := up(loop); err != nil {
		return fmt.Errorf("no loopback in a network namespace: %w", err)
	}
	if err := addBridge(bridge, "stage"); err != nil {
		return fmt.Errorf("no bridge in a network namespace: %w", err)
	}
	if err := addAddr(bridge, stage, prefix); err != nil {
		return fmt.Errorf("no address in a network namespace: %w", err)
	}
	s.home, s.of = home, map[string]int{}
	return nil
}

// prefix is how much of the stage's address is that of all nodes.
const prefix = 16

// add makes the namespace of a node, unless it is there.
func (s *spaces) add(node string, addr [4]byte) error {
	if _, ok := s.of[node]; ok {
		return nil
	}
	if s.home == 0 {
		return fmt.Errorf("the warden has no network namespace of its own")
	}
	defer s.leave()
	if err := syscall.Unshare(syscall.CLONE_NEWNET); err != nil {
		return fmt.Errorf("no network namespace for %s: %w", node, err)
	}
	fd, err := openSpace()
	if err != nil {
		return err
	}
	if err := setns(s.home); err != nil {
		return err
	}
	n := wires + len(s.of)
	if err := addWire(n, fmt.Sprint("wire", n-wires+1), bridge, far, "node", fd); err != nil {
		syscall.Close(fd)
		return fmt.Errorf("no wire (veth) to the network namespace of %s: %w", node, err)
	}
	if err := setns(fd); err != nil {
		return err
	}
	for _, step := range [...]func() error{
		func() error { return up(loop) },
		func() error { return up(far) },
		func() error { return addAddr(far, addr, prefix) },
	} {
		if err := step(); err != nil {
			return fmt.Errorf("no address in the network namespace of %s: %w", node, err)
		}
	}
	s.of[node] = fd
	return nil
}

// leave takes this thread back. Where that fails, nothing can be done right any
// more, and the warden ends, and the run with it.
func (s *spaces) leave() {
	if err := setns(s.home); err != nil {
		fmt.Fprintln(os.Stderr, "the warden cannot go back to its own network namespace:", err)
		os.Exit(1)
	}
}
