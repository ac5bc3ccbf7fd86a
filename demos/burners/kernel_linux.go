package burners

import (
	"bytes"
	"fmt"
	"math/bits"
	"os"
	"strconv"
	"syscall"
	"time"
	"unsafe"
)

// usage is what the kernel's scheduler says of a process's main thread, in which
// a burner does its work. It waits for the process to be idle, a few milliseconds
// at most, since the account of a running thread is behind by up to a tick.
func usage(pid int) (used, bool) {
	for range 10 {
		b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		if i := bytes.LastIndexByte(b, ')'); err != nil || bytes.HasPrefix(b[i+1:], []byte(" S")) {
			break
		}
		time.Sleep(500 * time.Microsecond)
	}
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/schedstat", pid))
	if err != nil {
		return used{}, false
	}
	var u used
	n, _ := fmt.Sscan(string(b), (*int64)(&u.cpu), (*int64)(&u.wait))
	return u, n == 2 && u.cpu > 0
}

// coreSet is a set of cores, as the kernel takes it.
type coreSet [1024 / 64]uint64

func only(core int) (set coreSet) {
	set[core/64] = 1 << (core % 64)
	return set
}

// allowedTo tells on which cores a thread may run; 0 is the calling one.
func allowedTo(tid int) (set coreSet, err error) {
	_, _, e := syscall.RawSyscall(syscall.SYS_SCHED_GETAFFINITY, uintptr(tid), unsafe.Sizeof(set), uintptr(unsafe.Pointer(&set)))
	if e != 0 {
		return set, e
	}
	return set, nil
}

// allow lets all threads of a process run on these cores only. A process that
// has ended needs no core.
func allow(pid int, set coreSet) error {
	tasks, err := os.ReadDir(fmt.Sprintf("/proc/%d/task", pid))
	if err != nil {
		return nil
	}
	for _, t := range tasks {
		tid, _ := strconv.Atoi(t.Name())
		_, _, e := syscall.RawSyscall(syscall.SYS_SCHED_SETAFFINITY, uintptr(tid), unsafe.Sizeof(set), uintptr(unsafe.Pointer(&set)))
		if e != 0 && e != syscall.ESRCH {
			return e
		}
	}
	return nil
}

// allowOurs lets a process run wherever this program may.
func allowOurs(pid int) error {
	set, err := allowedTo(0)
	if err != nil {
		return err
	}
	return allow(pid, set)
}

// firstCore is the lowest core that this program may use.
func firstCore() (int, error) {
	set, err := allowedTo(0)
	for i, w := range set {
		if err == nil && w != 0 {
			return 64*i + bits.TrailingZeros64(w), nil
		}
	}
	return 0, fmt.Errorf("no core is told: %w", err)
}
