package workloads

import "syscall"

// threadID is the kernel's number of the calling thread.
func threadID() int { return syscall.Gettid() }
