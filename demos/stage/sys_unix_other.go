//go:build unix && !linux

package stage

import (
	"os"
	"os/exec"
	"syscall"
)

// endWithUs needs nothing: each worker watches its lifeline. One that is stopped
// when the program is killed cannot see it; the next start sweeps it up.
func endWithUs() error { return nil }

func give(cmd *exec.Cmd, files []*os.File) {
	cmd.ExtraFiles = files
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
}

func envFiles(files []*os.File) []uintptr {
	fds := make([]uintptr, len(files))
	for i := range fds {
		fds[i] = uintptr(3 + i)
	}
	return fds
}

func killGroup(p *os.Process) { syscall.Kill(-p.Pid, syscall.SIGKILL) }

func signalOf(s *os.ProcessState) int {
	if ws, ok := s.Sys().(syscall.WaitStatus); ok && ws.Signaled() {
		return int(ws.Signal())
	}
	return 0
}
