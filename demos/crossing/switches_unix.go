//go:build unix

package crossing

import (
	"syscall"
	"time"
)

// switches is how often this process gave up its core to wait, the kernel's count.
func switches() int64 {
	var ru syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &ru) != nil {
		return 0
	}
	return int64(ru.Nvcsw)
}

// onCore is the CPU time that this process has had.
func onCore() time.Duration {
	var ru syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &ru) != nil {
		return 0
	}
	return time.Duration(ru.Utime.Nano() + ru.Stime.Nano())
}
