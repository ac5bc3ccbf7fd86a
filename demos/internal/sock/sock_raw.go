//go:build (linux || darwin) && !netsock

package sock

import (
	"fmt"
	"io"
	"os"
	"syscall"
	"time"
)

// Raw says that a Wait is the kernel's: it has seen all that arrived before it
// was called, and the kernel can tell what a process waits for.
const Raw = true

// Conn is a stream with two ends: a socket, or a pipe there and one back.
type Conn struct {
	r, w   int        // descriptors, the same one for a socket; -1 for none
	files  []*os.File // that own them, if any
	socket bool
}

var _ io.ReadWriteCloser = (*Conn)(nil)

// Pipes makes a Conn of a file to read and a file to write, either of which may
// be nil, and takes them over.
func Pipes(r, w *os.File) *Conn {
	c := &Conn{r: -1, w: -1}
	if r != nil {
		c.r, c.files = int(r.Fd()), append(c.files, r)
	}
	if w != nil {
		c.w, c.files = int(w.Fd()), append(c.files, w)
	}
	return c
}

// Socket makes a Conn of a file that is a socket, and takes it over.
func Socket(f *os.File) *Conn {
	fd := int(f.Fd())
	return &Conn{r: fd, w: fd, files: []*os.File{f}, socket: true}
}

func socketOf(fd int) *Conn {
	syscall.CloseOnExec(fd)
	return &Conn{r: fd, w: fd, socket: true}
}

// Read waits, in the kernel, until there is something to read. It returns io.EOF
// when the other side has closed, or its kernel has closed for it.
func (c *Conn) Read(b []byte) (int, error) {
	for {
		switch n, err := syscall.Read(c.r, b); {
		case err == syscall.EINTR:
		case err != nil:
			return 0, err
		case n == 0 && len(b) > 0:
			return 0, io.EOF
		default:
			return n, nil
		}
	}
}

// Write writes all of b, and waits, in the kernel, while there is no room.
func (c *Conn) Write(b []byte) (int, error) {
	for n := 0; n < len(b); {
		m, err := syscall.Write(c.w, b[n:]) // the runtime catches SIGPIPE: EPIPE is an error like others
		n += max(m, 0)
		if err != nil && err != syscall.EINTR {
			return n, err
		}
	}
	return len(b), nil
}

// TryWrite writes b to a socket if there is room now, else fails with ErrFull.
// If only a part had room, it says so by another error: the stream is of no use
// from then on.
func (c *Conn) TryWrite(b []byte) error {
	for {
		switch n, err := syscall.SendmsgN(c.w, b, nil, nil, syscall.MSG_DONTWAIT); {
		case err == syscall.EINTR:
		case err == syscall.EAGAIN:
			return ErrFull
		case err != nil:
			return err
		case n < len(b):
			return io.ErrShortWrite
		default:
			return nil
		}
	}
}

// Close closes both directions. It is harmless to call it again.
func (c *Conn) Close() error {
	for _, f := range c.files {
		f.Close()
	}
	if c.files == nil && c.r >= 0 {
		syscall.Close(c.r)
	}
	c.r, c.w, c.files = -1, -1, nil
	return nil
}

// within runs reads of a socket that give up after d.
func (c *Conn) within(d time.Duration, f func() error) error {
	limit := func(d time.Duration) {
		tv := syscall.NsecToTimeval(int64(d))
		syscall.SetsockoptTimeval(c.r, syscall.SOL_SOCKET, syscall.SO_RCVTIMEO, &tv)
	}
	limit(d)
	defer limit(0)
	return f()
}

// Wait blocks in poll until one of the connections can be read, which is also
// true of one that has ended, or until d has passed. ready[i] speaks of conns[i];
// a nil Conn is never ready. A negative d is no limit.
func Wait(d time.Duration, conns ...*Conn) (ready []bool, err error) {
	fds := make([]int, len(conns))
	for i, c := range conns {
		fds[i] = -1
		if c != nil {
			fds[i] = c.r
		}
	}
	end := time.Now().Add(d)
	for {
		ready, err = poll(fds, d)
		if err != syscall.EINTR {
			return ready, err
		}
		if d >= 0 {
			d = max(time.Until(end), 0)
		}
	}
}

// Listener waits for connections.
type Listener struct {
	fd   int
	addr Addr
	file *os.File // that owns fd, if any
}

func tcp() (int, error) {
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM, 0)
	if err == nil {
		syscall.CloseOnExec(fd)
	}
	return fd, err
}

func (a Addr) raw() *syscall.SockaddrInet4 {
	return &syscall.SockaddrInet4{Port: a.Port, Addr: a.ip()}
}

// Listen listens at an address, on a port that the kernel chooses.
func Listen(a Addr) (*Listener, error) {
	a.Port = 0
	fd, err := tcp()
	if err == nil {
		err = syscall.Bind(fd, a.raw())
	}
	if err == nil {
		err = syscall.Listen(fd, 128)
	}
	var at syscall.Sockaddr
	if err == nil {
		at, err = syscall.Getsockname(fd)
	}
	in4, ok := at.(*syscall.SockaddrInet4)
	if err != nil || !ok {
		syscall.Close(fd)
		return nil, fmt.Errorf("to listen on %s: %w", a.IP(), err)
	}
	a.Port = in4.Port
	return &Listener{fd: fd, addr: a}, nil
}

// Addr is where it listens.
func (l *Listener) Addr() Addr { return l.addr }

// Close stops listening here: where other processes have the socket too, it goes
// on. Connections that were accepted stay.
func (l *Listener) Close() error {
	if l.file != nil {
		return l.file.Close()
	}
	return syscall.Close(l.fd)
}

// File is the same socket as a file of its own, to be handed to another process,
// which makes it a Listener again with [Inherited]. Whoever has it may accept;
// the kernel gives each connection to one of those who wait.
func (l *Listener) File() (*os.File, error) {
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	fd, err := syscall.Dup(l.fd)
	if err != nil {
		return nil, fmt.Errorf("to hand over the socket of %s: %w", l.addr, err)
	}
	syscall.CloseOnExec(fd)
	return os.NewFile(uintptr(fd), "listener"), nil
}

// Inherited is the Listener of a file that [Listener.File] made in another
// process, and takes the file over.
func Inherited(f *os.File) (*Listener, error) {
	fd := int(f.Fd())
	at, err := syscall.Getsockname(fd)
	in4, ok := at.(*syscall.SockaddrInet4)
	if err != nil || !ok {
		return nil, fmt.Errorf("%s is no socket that listens", f.Name())
	}
	a := Addr{Host: in4.Addr[3], Port: in4.Port, Apart: in4.Addr[0] == 10}
	if in4.Addr != a.ip() {
		return nil, fmt.Errorf("%s does not listen on loopback", f.Name())
	}
	return &Listener{fd, a, f}, nil
}

// Accept waits, in the kernel, for somebody who knows the key.
func (l *Listener) Accept(key Key) (*Conn, error) {
	for {
		fd, _, err := syscall.Accept(l.fd)
		if err == syscall.EINTR || err == syscall.ECONNABORTED {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("to accept on %s: %w", l.addr, err)
		}
		if c := socketOf(fd); accepted(c, key) {
			return c, noDelay(c)
		} else {
			c.Close()
		}
	}
}

// Dial connects, from an address and a port that the kernel chooses, and says the key.
func Dial(from, to Addr, key Key) (*Conn, error) {
	from.Port = 0
	fd, err := tcp()
	if err != nil {
		return nil, err
	}
	c := socketOf(fd)
	if err = syscall.Bind(fd, from.raw()); err == nil {
		err = connect(fd, to.raw())
	}
	if err == nil {
		err = noDelay(c)
	}
	if err == nil {
		_, err = c.Write([]byte(key))
	}
	if err != nil {
		c.Close()
		return nil, fmt.Errorf("to connect to %s: %w", to, err)
	}
	return c, nil
}

// connect goes on where a signal, such as those of Go's scheduler, broke in.
func connect(fd int, to syscall.Sockaddr) error {
	err := syscall.Connect(fd, to)
	for err == syscall.EINTR || err == syscall.EALREADY {
		err = syscall.Connect(fd, to)
	}
	if err == syscall.EISCONN {
		return nil
	}
	return err
}

// noDelay has small messages sent at once.
func noDelay(c *Conn) error {
	return syscall.SetsockoptInt(c.w, syscall.IPPROTO_TCP, syscall.TCP_NODELAY, 1)
}

// Pair makes a Unix socket: two ends without a name, to be handed to two
// processes.
func Pair() (a, b *os.File, err error) {
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	fds, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM, 0)
	if err != nil {
		return nil, nil, err
	}
	for _, fd := range fds {
		syscall.CloseOnExec(fd)
	}
	return os.NewFile(uintptr(fds[0]), "socket"), os.NewFile(uintptr(fds[1]), "socket"), nil
}

// SendFiles hands files over a Unix socket to the process at its other end, which
// is the only way to give a pipe to a process that is already there.
func SendFiles(c *Conn, files ...*os.File) error {
	fds := make([]int, len(files))
	for i, f := range files {
		fds[i] = int(f.Fd())
	}
	_, err := syscall.SendmsgN(c.w, []byte{byte(len(files))}, syscall.UnixRights(fds...), nil, 0)
	return err
}

// RecvFiles takes what one SendFiles handed over.
func RecvFiles(c *Conn) ([]*os.File, error) {
	var b [1]byte
	oob := make([]byte, syscall.CmsgSpace(8*4))
	n, oobn, _, _, err := syscall.Recvmsg(c.r, b[:], oob, 0)
	for err == syscall.EINTR {
		n, oobn, _, _, err = syscall.Recvmsg(c.r, b[:], oob, 0)
	}
	if err != nil {
		return nil, err
	}
	if n == 0 {
		return nil, io.EOF
	}
	msgs, err := syscall.ParseSocketControlMessage(oob[:oobn])
	if err != nil {
		return nil, err
	}
	var files []*os.File
	for _, m := range msgs {
		fds, err := syscall.ParseUnixRights(&m)
		if err != nil {
			return files, err
		}
		for _, fd := range fds {
			syscall.CloseOnExec(fd)
			files = append(files, os.NewFile(uintptr(fd), "received"))
		}
	}
	return files, nil
}
