//go:build !linux

package stage

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"sync"
	"time"

	"edu/procession/demos/demo"
	"edu/procession/demos/stage/warden"
	"edu/procession/demos/trace"
)

// keepsZombies says that who ended has been waited for, whatever the stage shows:
// its pid may be another's.
const keepsZombies = false

func self() (string, error) { return os.Executable() }

// spawner starts workers as this program's own children, where there is no
// subreaper to leave them to. A process that has ended is waited for at once,
// since only Linux can tell of an end without reaping; the stage keeps the
// result back until it is asked for.
type spawner struct {
	notices func(warden.Notice)

	mu    sync.Mutex
	ended map[int]warden.Notice
	live  map[int]*exec.Cmd
	wg    sync.WaitGroup
	gone  chan struct{}
}

func newSpawner(token string, _ demo.Net, notices func(warden.Notice)) (*spawner, error) {
	if err := endWithUs(); err != nil {
		return nil, fmt.Errorf("no way to end workers with the program: %w", err)
	}
	return &spawner{notices: notices, ended: map[int]warden.Notice{}, live: map[int]*exec.Cmd{}, gone: make(chan struct{})}, nil
}

// canSeparate says why nodes have no network namespaces of their own.
func canSeparate() error {
	return errors.New("network namespaces are only on Linux: leave --net out, and each node has an address of this machine's loopback")
}

func (s *spawner) node(string, [4]byte) error { return canSeparate() }
func (s *spawner) socket() (*os.File, error)  { return nil, canSeparate() }

func (s *spawner) spawn(what warden.Spawn, files []*os.File) (int, error) {
	cmd := exec.Command(what.Path)
	cmd.Args, cmd.Env, cmd.Dir = what.Argv, what.Env, what.Dir
	cmd.Stdin, cmd.Stdout, cmd.Stderr = files[0], files[1], files[2]
	give(cmd, files[3:])
	if err := cmd.Start(); err != nil {
		return 0, err
	}
	pid := cmd.Process.Pid
	s.mu.Lock()
	s.live[pid] = cmd
	s.mu.Unlock()
	s.wg.Go(func() {
		cmd.Wait()
		n := warden.Notice{PID: pid, Exited: true, Code: cmd.ProcessState.ExitCode(), Signal: signalOf(cmd.ProcessState),
			User: cmd.ProcessState.UserTime(), System: cmd.ProcessState.SystemTime()}
		s.mu.Lock()
		s.ended[pid] = n
		delete(s.live, pid)
		s.mu.Unlock()
		s.notices(n)
	})
	return pid, nil
}

func (s *spawner) reap(pid int) (warden.Notice, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n, ok := s.ended[pid]
	if !ok {
		return n, fmt.Errorf("it has not ended")
	}
	return n, nil
}

func (s *spawner) parent() (trace.ID, int) { return "", os.Getpid() }

func (s *spawner) close() {
	s.mu.Lock()
	for _, cmd := range s.live {
		killGroup(cmd.Process)
	}
	s.mu.Unlock()
	done := make(chan struct{})
	go func() { s.wg.Wait(); close(done) }()
	select {
	case <-done:
	case <-time.After(5 * time.Second):
	}
	close(s.gone)
}

func (s *spawner) fate() warden.Notice { return warden.Notice{} }

func (s *spawner) orphans([]int) {}
