package demo

import (
	"syscall"
	"time"
	"unsafe"
)

const (
	clockMonotonic = 1
	clockThreadCPU = 3 // CLOCK_THREAD_CPUTIME_ID: the main thread is the role
	prSetName      = 15
)

func clock(id uintptr) int64 {
	var ts syscall.Timespec
	syscall.RawSyscall(syscall.SYS_CLOCK_GETTIME, id, uintptr(unsafe.Pointer(&ts)), 0)
	return ts.Nano()
}

// Mono is the machine's monotonic clock in nanoseconds: comparable between the
// processes of one machine, and of one machine only.
func Mono() int64 { return clock(clockMonotonic) }

func cpuTime() time.Duration { return time.Duration(clock(clockThreadCPU)) }

// sleep is a raw nanosleep, so that the kernel can tell a timer from a futex.
func sleep(d time.Duration) {
	ts := syscall.NsecToTimespec(int64(d))
	for d > 0 {
		if err := syscall.Nanosleep(&ts, &ts); err != syscall.EINTR {
			return
		}
	}
}

// selfPath names this very binary even after the file was replaced.
func selfPath() (string, error) { return "/proc/self/exe", nil }

// setName gives the process a name in ps and top: 15 bytes at most.
func setName(s string) {
	b := append([]byte(s), 0)
	syscall.RawSyscall(syscall.SYS_PRCTL, prSetName, uintptr(unsafe.Pointer(&b[0])), 0)
}

func closeOnExec(fd uintptr) { syscall.CloseOnExec(int(fd)) }
