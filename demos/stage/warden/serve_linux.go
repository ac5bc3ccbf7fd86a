package warden

import (
	"encoding/json"
	"fmt"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
	"unsafe"
)

const (
	prSetName           = 15
	prSetChildSubreaper = 36
)

// Subreaper makes this process inherit the orphans among its descendants.
func Subreaper() { syscall.RawSyscall(syscall.SYS_PRCTL, prSetChildSubreaper, 1, 0) }

// Early is the life of a warden, when this process was started to be one, and
// does not return then. The socket to the stage is descriptor 3.
func Early() {
	dir := os.Getenv(Env)
	if dir == "" {
		return
	}
	os.Unsetenv(Env)
	// Caught and dropped, not ignored: a worker would inherit that.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGHUP, syscall.SIGINT, syscall.SIGTERM, syscall.SIGQUIT,
		syscall.SIGTSTP, syscall.SIGTTIN, syscall.SIGTTOU, syscall.SIGPIPE)
	Subreaper()
	comm := append([]byte("warden"), 0)
	syscall.RawSyscall(syscall.SYS_PRCTL, prSetName, uintptr(unsafe.Pointer(&comm[0])), 0)
	syscall.CloseOnExec(3)

	w := &server{children: map[int]bool{}}
	ended := make(chan os.Signal, 1)
	signal.Notify(ended, syscall.SIGCHLD)
	go func() {
		for range ended {
			w.look()
		}
	}()
	w.requests()
	w.killAll()
	os.RemoveAll(dir)
	os.Exit(0)
}

// server's lock keeps a spawn and its reply before any notice of its end.
type server struct {
	mu       sync.Mutex
	children map[int]bool // pid → its end was told
	ending   bool
	spaces   spaces
}

// requests serves the stage until end of file.
func (w *server) requests() {
	var line []byte
	var files []int
	buf := make([]byte, 64<<10)
	oob := make([]byte, 4<<10)
	for {
		n, oobn, _, _, err := syscall.Recvmsg(3, buf, oob, syscall.MSG_CMSG_CLOEXEC)
		if err == syscall.EINTR {
			continue
		}
		if err != nil || n == 0 {
			return
		}
		files = append(files, rights(oob[:oobn])...)
		line = append(line, buf[:n]...)
		if line[len(line)-1] != '\n' {
			continue
		}
		var req Request
		if json.Unmarshal(line, &req) != nil {
			return
		}
		w.serve(req, files)
		for _, fd := range files {
			syscall.Close(fd)
		}
		line, files = line[:0], files[:0]
	}
}

func rights(oob []byte) (fds []int) {
	msgs, err := syscall.ParseSocketControlMessage(oob)
	if err != nil {
		return nil
	}
	for _, m := range msgs {
		if got, err := syscall.ParseUnixRights(&m); err == nil {
			fds = append(fds, got...)
		}
	}
	return fds
}

func (w *server) serve(req Request, files []int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case req.Spawn != nil:
		fds := make([]uintptr, len(files))
		for i, fd := range files {
			fds[i] = uintptr(fd)
		}
		pid, err := w.fork(req.Spawn, fds)
		if err != nil {
			w.did(err)
			return
		}
		w.children[pid] = false
		w.tell(Notice{Reply: true, PID: pid})
	case req.Spaces != nil:
		w.did(w.spaces.begin(*req.Spaces))
	case req.Node != nil:
		w.did(w.spaces.add(req.Node.Name, req.Node.Addr))
	case req.Socket:
		fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC|syscall.SOCK_NONBLOCK, 0)
		if err != nil {
			w.did(err)
			return
		}
		w.tell(Notice{Reply: true}, fd)
		syscall.Close(fd)
	case req.Reap != 0:
		var ru syscall.Rusage
		pid, err := syscall.Wait4(req.Reap, nil, syscall.WNOHANG, &ru)
		if err != nil || pid != req.Reap {
			w.tell(Notice{Reply: true, Error: "it has not ended"})
			return
		}
		delete(w.children, pid)
		w.tell(Notice{Reply: true, PID: pid, User: time.Duration(ru.Utime.Nano()),
			System: time.Duration(ru.Stime.Nano()), MaxRSS: ru.Maxrss << 10})
	}
}

// fork starts a process, in the network namespace of its node if it has one.
func (w *server) fork(s *Spawn, fds []uintptr) (int, error) {
	if s.Node != "" {
		defer w.spaces.leave()
		if err := setns(w.spaces.of[s.Node]); err != nil {
			return 0, fmt.Errorf("into the network namespace of %s: %w", s.Node, err)
		}
	}
	return syscall.ForkExec(s.Path, s.Argv, &syscall.ProcAttr{
		Env: s.Env, Files: fds, Dir: s.Dir, Sys: &syscall.SysProcAttr{Setpgid: true},
	})
}

// did answers that something was done, or why not.
func (w *server) did(err error) {
	n := Notice{Reply: true}
	if err != nil {
		n.Error = err.Error()
	}
	w.tell(n)
}

// tell writes a notice. Descriptors travel with its first bytes.
func (w *server) tell(n Notice, fds ...int) {
	b, _ := json.Marshal(n)
	for b = append(b, '\n'); len(b) > 0; {
		var rights []byte
		if len(fds) > 0 {
			rights = syscall.UnixRights(fds...)
		}
		n, err := syscall.SendmsgN(3, b, rights, nil, 0)
		if err == syscall.EINTR {
			continue
		}
		if err != nil {
			return // the stage is gone: requests sees it too
		}
		b, fds = b[n:], nil
	}
}

const (
	pPID        = 1
	wExited     = 4
	wStopped    = 2
	wContinued  = 8
	wNoHang     = 1
	wNoWait     = 0x01000000
	cldExited   = 1
	cldStopped  = 5
	cldContinue = 6
)

// siginfo is as much of siginfo_t as waitid fills in.
type siginfo struct {
	Signo, Errno, Code int32
	_                  int32
	PID                int32
	UID                uint32
	Status             int32
	_                  [100]byte
}

func waitid(pid, options int) (siginfo, bool) {
	var si siginfo
	_, _, e := syscall.Syscall6(syscall.SYS_WAITID, pPID, uintptr(pid), uintptr(unsafe.Pointer(&si)), uintptr(options|wNoHang), 0, 0)
	return si, e == 0 && si.PID != 0
}

// look tells what has become of the children, without reaping those that the
// stage knows, and reaps orphans that came to us.
func (w *server) look() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.ending {
		return
	}
	for pid, told := range w.children {
		if told {
			continue
		}
		for {
			si, ok := waitid(pid, wStopped|wContinued)
			if !ok {
				break
			}
			w.tell(Notice{PID: pid, Stopped: si.Code == cldStopped, Continued: si.Code == cldContinue})
		}
		if si, ok := waitid(pid, wExited|wNoWait); ok {
			w.children[pid] = true
			n := Notice{PID: pid, Exited: true}
			if si.Code == cldExited {
				n.Code = int(si.Status)
			} else {
				n.Code, n.Signal = -1, int(si.Status)
			}
			w.tell(n)
		}
	}
	for _, pid := range own() {
		if _, ours := w.children[pid]; !ours {
			var ws syscall.WaitStatus
			var ru syscall.Rusage
			if got, err := syscall.Wait4(pid, &ws, syscall.WNOHANG, &ru); err != nil || got != pid {
				continue
			}
			n := Notice{PID: pid, Orphan: true, Code: ws.ExitStatus(), User: time.Duration(ru.Utime.Nano()),
				System: time.Duration(ru.Stime.Nano()), MaxRSS: ru.Maxrss << 10}
			if ws.Signaled() {
				n.Signal = int(ws.Signal())
			}
			w.tell(n)
		}
	}
}

// own lists this process's children.
func own() (pids []int) {
	tasks, _ := os.ReadDir("/proc/self/task")
	for _, t := range tasks {
		b, _ := os.ReadFile("/proc/self/task/" + t.Name() + "/children")
		for _, f := range strings.Fields(string(b)) {
			if pid, err := strconv.Atoi(f); err == nil {
				pids = append(pids, pid)
			}
		}
	}
	return pids
}

// killAll ends every descendant and returns when there is none.
func (w *server) killAll() {
	w.mu.Lock()
	w.ending = true
	w.mu.Unlock()
	me := os.Getpid()
	for pid := range w.children {
		syscall.Kill(-pid, syscall.SIGKILL) // at one moment: who forks without end is not outrun one by one
	}
	for {
		for _, pid := range Descendants(me) {
			syscall.Kill(pid, syscall.SIGKILL)
		}
		for {
			pid, err := syscall.Wait4(-1, nil, syscall.WNOHANG, nil)
			if err == syscall.ECHILD {
				return
			}
			if pid <= 0 && err != syscall.EINTR {
				break
			}
		}
		time.Sleep(time.Millisecond)
	}
}

// Descendants lists the processes below pid, as /proc has them now.
func Descendants(pid int) []int {
	parent := map[int]int{}
	entries, _ := os.ReadDir("/proc")
	for _, e := range entries {
		p, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		b, err := os.ReadFile("/proc/" + e.Name() + "/stat")
		if err != nil {
			continue
		}
		// the name, in brackets, may hold anything
		f := strings.Fields(string(b[strings.LastIndexByte(string(b), ')')+1:]))
		if len(f) > 1 {
			parent[p], _ = strconv.Atoi(f[1])
		}
	}
	var below []int
	for p := range parent {
		for q, hops := parent[p], 0; q > 0 && hops < 1000; q, hops = parent[q], hops+1 {
			if q == pid {
				below = append(below, p)
				break
			}
		}
	}
	return below
}
