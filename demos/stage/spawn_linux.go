package stage

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"time"

	"edu/procession/demos/demo"
	"edu/procession/demos/stage/warden"
	"edu/procession/demos/trace"
)

// self names this very binary even after the file was replaced.
func self() (string, error) { return "/proc/self/exe", nil }

// spawner is the stage's side of the conversation with the warden.
type spawner struct {
	cmd  *exec.Cmd
	sock *os.File

	mu      sync.Mutex // one request at a time
	replies chan warden.Notice
	gone    chan struct{} // the warden has ended
	notices func(warden.Notice)
}

// newSpawner starts a warden. Notices are delivered in order from one goroutine,
// which ends with the warden.
func newSpawner(token string, notices func(warden.Notice)) (*spawner, error) {
	warden.Subreaper() // should the warden be killed, its orphans come to us
	fds, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("no socket for the warden: %w", err)
	}
	theirs := os.NewFile(uintptr(fds[1]), "warden")
	defer theirs.Close()
	path, _ := self()
	s := &spawner{
		sock: os.NewFile(uintptr(fds[0]), "warden"), notices: notices,
		replies: make(chan warden.Notice, 1), gone: make(chan struct{}),
	}
	s.cmd = exec.Command(path)
	s.cmd.Args = []string{"procession: warden"}
	s.cmd.Env = append(os.Environ(), warden.Env+"="+dirOf(token), demo.EnvToken+"="+token)
	s.cmd.ExtraFiles = []*os.File{theirs}
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := s.cmd.Start(); err != nil {
		s.sock.Close()
		return nil, fmt.Errorf("the warden did not start: %w", err)
	}
	go s.read()
	return s, nil
}

func (s *spawner) read() {
	sc := bufio.NewScanner(s.sock)
	for sc.Scan() {
		var n warden.Notice
		if json.Unmarshal(sc.Bytes(), &n) != nil {
			continue
		}
		if n.Reply {
			s.replies <- n
		} else {
			s.notices(n)
		}
	}
	close(s.gone)
}

var errWardenGone = errors.New("the warden of this run has been killed, and with it the run")

func (s *spawner) ask(req warden.Request, files []*os.File) (warden.Notice, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	b, err := json.Marshal(req)
	if err != nil {
		return warden.Notice{}, err
	}
	b = append(b, '\n')
	fds := make([]int, len(files))
	for i, f := range files {
		fds[i] = int(f.Fd())
	}
	var rights []byte
	if len(fds) > 0 {
		rights = syscall.UnixRights(fds...)
	}
	n, err := syscall.SendmsgN(int(s.sock.Fd()), b, rights, nil, syscall.MSG_NOSIGNAL)
	for err == nil && n < len(b) {
		var m int
		m, err = syscall.Write(int(s.sock.Fd()), b[n:])
		n += m
	}
	if err != nil {
		return warden.Notice{}, errWardenGone
	}
	select {
	case r := <-s.replies:
		if r.Error != "" {
			return r, errors.New(r.Error)
		}
		return r, nil
	case <-s.gone:
		return warden.Notice{}, errWardenGone
	}
}

func (s *spawner) spawn(what warden.Spawn, files []*os.File) (int, error) {
	n, err := s.ask(warden.Request{Spawn: &what}, files)
	return n.PID, err
}

func (s *spawner) reap(pid int) (warden.Notice, error) { return s.ask(warden.Request{Reap: pid}, nil) }

// parent is the process whose children the workers are.
func (s *spawner) parent() (trace.ID, int) { return "warden", s.cmd.Process.Pid }

// close ends what is left of the run's processes and returns when all are gone.
func (s *spawner) close() {
	syscall.Shutdown(int(s.sock.Fd()), syscall.SHUT_WR)
	s.cmd.Wait()
	<-s.gone
	s.sock.Close()
}

// fate is how the warden itself came to its end, after close, which has waited
// for it.
func (s *spawner) fate() warden.Notice {
	st := s.cmd.ProcessState
	n := warden.Notice{PID: st.Pid(), Exited: true, Code: st.ExitCode()}
	if ws, ok := st.Sys().(syscall.WaitStatus); ok && ws.Signaled() {
		n.Signal = int(ws.Signal())
	}
	return n
}

// orphans ends those that a killed warden left to us.
func (s *spawner) orphans(known []int) {
	quiet := 0 // looks that found nobody: one in the middle of an exec shows no token
	for range 1000 {
		left := 0
		for _, pid := range append(warden.Descendants(os.Getpid()), known...) {
			if hasToken(pid, s.cmd.Env[len(s.cmd.Env)-1]) {
				syscall.Kill(pid, syscall.SIGKILL)
				left++
			}
		}
		for _, pid := range known {
			syscall.Wait4(pid, nil, syscall.WNOHANG, nil)
		}
		if quiet++; left > 0 {
			quiet = 0
		}
		if quiet == 20 {
			return
		}
		time.Sleep(time.Millisecond)
	}
}

// envFiles tells a worker which descriptors its files have become: 3 and up.
func envFiles(files []*os.File) []uintptr {
	fds := make([]uintptr, len(files))
	for i := range fds {
		fds[i] = uintptr(3 + i)
	}
	return fds
}
