package stage

import (
	"bytes"
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

// keepsZombies says that a process that ended is one until the stage reaps it,
// so that its pid is nobody else's.
const keepsZombies = true

// spawner is the stage's side of the conversation with the warden.
type spawner struct {
	cmd  *exec.Cmd
	sock *os.File

	mu      sync.Mutex // one request at a time
	replies chan reply
	gone    chan struct{} // the warden has ended
	notices func(warden.Notice)
}

// newSpawner starts a warden. Notices are delivered in order from one goroutine,
// which ends with the warden.
func newSpawner(token string, net demo.Net, notices func(warden.Notice)) (*spawner, error) {
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
		replies: make(chan reply, 1), gone: make(chan struct{}),
	}
	for _, attr := range attrs(net) {
		s.cmd = exec.Command(path)
		s.cmd.Args = []string{"procession: warden"}
		s.cmd.Env = append(os.Environ(), warden.Env+"="+dirOf(token), demo.EnvToken+"="+token)
		s.cmd.ExtraFiles = []*os.File{theirs}
		s.cmd.SysProcAttr = attr
		if err = s.cmd.Start(); err == nil {
			break
		}
	}
	switch {
	case err != nil && net == demo.Namespaces:
		s.sock.Close()
		return nil, noSpaces(err)
	case err != nil:
		s.sock.Close()
		return nil, fmt.Errorf("the warden did not start: %w", err)
	}
	go s.read()
	if net == demo.Namespaces {
		if _, err := s.ask(warden.Request{Spaces: &stageAddr}, nil); err != nil {
			s.close()
			return nil, noSpaces(err)
		}
	}
	return s, nil
}

// reply is the warden's answer, and a descriptor that travelled with it, or -1.
type reply struct {
	warden.Notice
	fd int
}

func (s *spawner) read() {
	defer close(s.gone)
	var lines []byte
	var fds []int
	buf, oob := make([]byte, 64<<10), make([]byte, 1<<10)
	for {
		n, oobn, _, _, err := syscall.Recvmsg(int(s.sock.Fd()), buf, oob, syscall.MSG_CMSG_CLOEXEC)
		if err == syscall.EINTR {
			continue
		}
		if err != nil || n == 0 {
			return
		}
		fds = append(fds, rights(oob[:oobn])...)
		lines = append(lines, buf[:n]...)
		for {
			line, rest, whole := bytes.Cut(lines, []byte{'\n'})
			if !whole {
				break
			}
			lines = rest
			var n warden.Notice
			switch {
			case json.Unmarshal(line, &n) != nil:
			case !n.Reply:
				s.notices(n)
			case len(fds) > 0:
				s.replies <- reply{n, fds[0]}
				fds = fds[1:]
			default:
				s.replies <- reply{n, -1}
			}
		}
	}
}

func rights(oob []byte) (fds []int) {
	msgs, _ := syscall.ParseSocketControlMessage(oob)
	for _, m := range msgs {
		got, _ := syscall.ParseUnixRights(&m)
		fds = append(fds, got...)
	}
	return fds
}

var errWardenGone = errors.New("the warden of this run has been killed, and with it the run")

func (s *spawner) ask(req warden.Request, files []*os.File) (reply, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	b, err := json.Marshal(req)
	if err != nil {
		return reply{}, err
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
		return reply{}, errWardenGone
	}
	select {
	case r := <-s.replies:
		if r.Error != "" {
			return r, errors.New(r.Error)
		}
		return r, nil
	case <-s.gone:
		return reply{}, errWardenGone
	}
}

func (s *spawner) spawn(what warden.Spawn, files []*os.File) (int, error) {
	n, err := s.ask(warden.Request{Spawn: &what}, files)
	return n.PID, err
}

func (s *spawner) reap(pid int) (warden.Notice, error) {
	n, err := s.ask(warden.Request{Reap: pid}, nil)
	return n.Notice, err
}

// node makes the network namespace of a node.
func (s *spawner) node(name string, addr [4]byte) error {
	_, err := s.ask(warden.Request{Node: &warden.Node{Name: name, Addr: addr}}, nil)
	return err
}

// socket is a TCP socket that belongs to the warden's network namespace.
func (s *spawner) socket() (*os.File, error) {
	n, err := s.ask(warden.Request{Socket: true}, nil)
	if err != nil {
		return nil, err
	}
	return os.NewFile(uintptr(n.fd), "socket"), nil
}

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
