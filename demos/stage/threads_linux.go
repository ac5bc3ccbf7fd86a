package stage

import (
	"encoding/json"
	"fmt"
	"os"
	"syscall"

	"edu/procession/demos/demo"
)

// canThread says why place threads is not there.
func canThread() error { return nil }

// pair is a socket that keeps messages apart, for us and for a host.
func pair() (ours, theirs *os.File, err error) {
	fds, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_SEQPACKET|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, nil, fmt.Errorf("no socket for it: %w", err)
	}
	return os.NewFile(uintptr(fds[0]), "host"), os.NewFile(uintptr(fds[1]), "host"), nil
}

// next is the host's next message.
func (h *host) next() (n demo.ThreadNotice, ok bool) {
	var buf [4 << 10]byte
	got, err := h.sock.Read(buf[:])
	if err != nil || got == 0 {
		return n, false
	}
	return n, json.Unmarshal(buf[:got], &n) == nil
}

// hangUp ends what the host hears, and so the host.
func (h *host) hangUp() { syscall.Shutdown(int(h.sock.Fd()), syscall.SHUT_WR) }

func (h *host) send(req demo.ThreadRequest, files []*os.File) error {
	b, err := json.Marshal(req)
	if err != nil {
		return err
	}
	fds := make([]int, len(files))
	for i, f := range files {
		fds[i] = int(f.Fd())
	}
	return syscall.Sendmsg(int(h.sock.Fd()), b, syscall.UnixRights(fds...), nil, syscall.MSG_NOSIGNAL)
}
