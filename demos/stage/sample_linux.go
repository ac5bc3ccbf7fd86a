package stage

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"syscall"
	"time"

	"edu/procession/demos/trace"
)

// tick is the unit of CPU time in /proc: USER_HZ, 100 on every Linux that Go runs on.
const tick = 10 * time.Millisecond

// looker keeps /proc/PID/stat and wchan open, or those of one thread: a look costs
// two preads.
type looker struct {
	pid       int
	tid       int // 0: the process as a whole
	stat      int
	wchan     int
	last      time.Duration // CPU at the last look
	cpu, told time.Duration // at the last usage that was logged
	idle      bool          // and whether it was the same as before
	buf       [512]byte
	pageSize  int64
}

func newLooker(pid, tid int) looker {
	dir := fmt.Sprintf("/proc/%d/", pid)
	if tid != 0 {
		dir += fmt.Sprintf("task/%d/", tid)
	}
	open := func(name string) int {
		fd, err := syscall.Open(dir+name, syscall.O_RDONLY|syscall.O_CLOEXEC, 0)
		if err != nil {
			return -1
		}
		return fd
	}
	return looker{pid: pid, tid: tid, stat: open("stat"), wchan: open("wchan"), pageSize: int64(os.Getpagesize())}
}

func (l *looker) close() {
	syscall.Close(l.stat)
	syscall.Close(l.wchan)
	l.stat, l.wchan = -1, -1
}

func (l *looker) look(trace.Letter) (reading, bool) {
	n, err := syscall.Pread(l.stat, l.buf[:], 0)
	if err != nil || n == 0 {
		return reading{}, false
	}
	b := l.buf[:n]
	i := bytes.LastIndexByte(b, ')')
	if i < 0 {
		return reading{}, false
	}
	f := bytes.Fields(b[i+1:]) // f[0] is field 3 of proc(5): the state
	if len(f) < 37 {
		return reading{}, false
	}
	got := reading{
		cpu:     time.Duration(atoi(f[11])+atoi(f[12])) * tick,
		threads: int(atoi(f[17])), rss: atoi(f[21]) * l.pageSize, core: int(atoi(f[36])), ppid: int(atoi(f[1])),
	}
	got.state = letter(f[0][0])
	if l.tid == 0 && got.state == trace.Asleep && got.cpu > l.last && l.anyThreadRuns() {
		got.state = trace.Running
	}
	l.last = got.cpu
	if l.tid != 0 {
		got.rss, got.threads = 0, 0 // these are of the process
	}
	if got.state == trace.Asleep || got.state == trace.Disk {
		got.on = l.waitsFor()
	}
	return got, true
}

// letter maps the kernel's letters to ours: a tracing stop is a stop, and a
// process being torn down (X in /proc) is a zombie to be.
func letter(c byte) trace.Letter {
	switch c {
	case 'R', 'S', 'D', 'T', 'Z':
		return trace.Letter(c)
	case 't':
		return trace.Stopped
	case 'X', 'x':
		return trace.Zombie
	case 'I', 'K', 'W', 'P':
		return trace.Asleep
	}
	return trace.Untold
}

func atoi(b []byte) (n int64) {
	for _, c := range b {
		if c < '0' || c > '9' {
			return n
		}
		n = n*10 + int64(c-'0')
	}
	return n
}

// anyThreadRuns looks at the threads when the main one sleeps and CPU time
// passed all the same.
func (l *looker) anyThreadRuns() bool {
	dir := fmt.Sprintf("/proc/%d/task", l.pid)
	tasks, _ := os.ReadDir(dir)
	for _, t := range tasks {
		b, err := os.ReadFile(dir + "/" + t.Name() + "/stat")
		if i := bytes.LastIndexByte(b, ')'); err == nil && i >= 0 && bytes.HasPrefix(b[i+1:], []byte(" R")) {
			return true
		}
	}
	return false
}

// waits are the kernel functions that a process sleeps in, by what begins their
// name, and what that means to a person.
var waits = []struct{ prefix, on string }{
	{"anon_pipe_read", "pipe read"}, {"pipe_read", "pipe read"}, {"pipe_wait_readable", "pipe read"},
	{"anon_pipe_write", "pipe write"}, {"pipe_write", "pipe write"}, {"pipe_wait_writable", "pipe write"},
	{"hrtimer_nanosleep", "timer"}, {"do_nanosleep", "timer"},
	{"futex", "futex"}, {"do_futex", "futex"},
	{"do_wait", "child"}, {"kernel_wait", "child"}, {"do_waitid", "child"},
	{"locks_lock_inode_wait", "file lock"}, {"flock_lock", "file lock"},
	{"inet_csk_accept", "accept"}, {"unix_accept", "accept"}, {"unix_wait_for_peer", "connect"},
	{"sk_wait_data", "socket read"}, {"wait_woken", "socket"}, {"tcp_recvmsg", "socket read"},
	{"unix_stream_data_wait", "socket read"}, {"unix_stream_read", "socket read"}, {"__skb_wait_for_more", "socket read"},
	{"sk_stream_wait_memory", "socket write"}, {"sock_alloc_send", "socket write"},
	{"inet_wait_for_connect", "connect"}, {"inet_stream_connect", "connect"},
	{"do_epoll_wait", "epoll"}, {"ep_poll", "epoll"}, {"do_poll", "poll"}, {"poll_schedule_timeout", "poll"}, {"do_select", "select"},
	{"sigsuspend", "signal"}, {"do_sigtimedwait", "signal"},
}

func (l *looker) waitsFor() string {
	var b [64]byte
	n, err := syscall.Pread(l.wchan, b[:], 0)
	if err != nil || n == 0 || b[0] == '0' {
		return ""
	}
	name := string(b[:n])
	for _, w := range waits {
		if strings.HasPrefix(name, w.prefix) {
			return w.on
		}
	}
	return ""
}

// startTime is when a process began, in ticks since boot: with the pid, it names
// one process for ever. 0 when there is none.
func startTime(pid int) int64 {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	i := bytes.LastIndexByte(b, ')')
	if err != nil || i < 0 {
		return 0
	}
	if f := bytes.Fields(b[i+1:]); len(f) > 19 && f[0][0] != 'Z' {
		return atoi(f[19])
	}
	return 0
}

// hasToken says that a process carries this line in its environment.
func hasToken(pid int, line string) bool {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/environ", pid))
	return err == nil && bytes.Contains(b, []byte(line))
}
