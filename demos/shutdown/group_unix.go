//go:build unix

package shutdown

import "syscall"

// interruptGroup sends SIGINT to a process group. Its leader must not have been
// reaped, or the number may be another's.
func interruptGroup(leader int) error { return syscall.Kill(-leader, syscall.SIGINT) }
