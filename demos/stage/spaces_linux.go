package stage

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"syscall"

	"edu/procession/demos/demo"
)

// canSeparate says why nodes have no network namespaces of their own. The warden,
// when it is started, finds out the rest.
func canSeparate() error { return nil }

// noSpaces says why there are none here, and what to do.
func noSpaces(err error) error {
	if e := (*fs.PathError)(nil); errors.As(err, &e) {
		err = e.Err
	}
	return fmt.Errorf("this system does not let network namespaces be made (%w): leave --net out, and each node has an address of this machine's loopback; or be root, or allow user namespaces", err)
}

// attrs are the ways to start a warden, the one to be preferred first. With network
// namespaces it has one of its own: as whoever may make one, or as root of a user
// namespace, which an ordinary user may make on most systems.
func attrs(net demo.Net) []*syscall.SysProcAttr {
	if net != demo.Namespaces {
		return []*syscall.SysProcAttr{{Setsid: true}}
	}
	return []*syscall.SysProcAttr{
		{Setsid: true, Cloneflags: syscall.CLONE_NEWNET},
		{Setsid: true, Cloneflags: syscall.CLONE_NEWUSER | syscall.CLONE_NEWNET,
			UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Geteuid(), Size: 1}},
			GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getegid(), Size: 1}}},
	}
}

// netSpace is the number of a process's network namespace, 0 where /proc does not
// tell.
func netSpace(pid int) (n uint64) {
	link, err := os.Readlink(fmt.Sprintf("/proc/%d/ns/net", pid))
	if err == nil {
		fmt.Sscanf(link, "net:[%d]", &n)
	}
	return n
}

func sockaddr(a *net.TCPAddr) *syscall.SockaddrInet4 {
	return &syscall.SockaddrInet4{Port: a.Port, Addr: [4]byte(a.IP.To4())}
}

func listenOn(f *os.File, at *net.TCPAddr) error {
	c, err := f.SyscallConn()
	if err != nil {
		return err
	}
	var failed error
	if err := c.Control(func(fd uintptr) {
		if failed = syscall.Bind(int(fd), sockaddr(at)); failed == nil {
			failed = syscall.Listen(int(fd), syscall.SOMAXCONN)
		}
	}); err != nil {
		return err
	}
	return failed
}

// connect connects, and gives up when f is closed.
func connect(f *os.File, to *net.TCPAddr) error {
	c, err := f.SyscallConn()
	if err != nil {
		return err
	}
	asked := false
	var failed error
	if err := c.Write(func(fd uintptr) (done bool) {
		if !asked {
			asked = true
			if failed = syscall.Connect(int(fd), sockaddr(to)); failed == syscall.EINPROGRESS {
				return false // until it can be written to
			}
			return true
		}
		n, err := syscall.GetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_ERROR)
		if failed = err; err == nil && n != 0 {
			failed = syscall.Errno(n)
		}
		return true
	}); err != nil {
		return err
	}
	return failed
}
