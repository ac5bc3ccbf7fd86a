//go:build unix

package python

import (
	"os/exec"
	"syscall"
)

// group puts a command into a process group of its own, which ends as a whole.
func group(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
}

// killGroup and interruptGroup send to all of a program's processes but those that
// have left its process group.
func killGroup(pid int) { syscall.Kill(-pid, syscall.SIGKILL) }

func interruptGroup(pid int) { syscall.Kill(-pid, syscall.SIGINT) }
