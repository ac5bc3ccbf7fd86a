package pipes

import (
	"bytes"
	"fmt"
	"os"
	"syscall"
)

const fionread = syscall.TIOCINQ

// Capacity is what the kernel says that a pipe holds (F_GETPIPE_SZ).
func Capacity(f *os.File) (n int, told bool) {
	c, err := f.SyscallConn()
	if err != nil {
		return 0, false
	}
	c.Control(func(fd uintptr) {
		r, _, e := syscall.Syscall(syscall.SYS_FCNTL, fd, syscall.F_GETPIPE_SZ, 0)
		n, told = int(r), e == 0
	})
	return n, told
}

// SleepsIn is what a thread sleeps in at this moment, by its tid, or the main
// thread of a process by its pid: "pipe read", "pipe write" or "timer"; "" when it
// does not sleep, sleeps in something else, or the kernel does not tell.
func SleepsIn(tid int) string {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/wchan", tid))
	if err != nil {
		return ""
	}
	for _, w := range [...]struct{ begins, on string }{
		{"anon_pipe_read", "pipe read"}, {"pipe_read", "pipe read"}, {"pipe_wait_readable", "pipe read"},
		{"anon_pipe_write", "pipe write"}, {"pipe_write", "pipe write"}, {"pipe_wait_writable", "pipe write"},
		{"hrtimer_nanosleep", "timer"}, {"do_nanosleep", "timer"},
	} {
		if bytes.HasPrefix(b, []byte(w.begins)) {
			return w.on
		}
	}
	return ""
}
