package finite

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"syscall"
)

// tid is the kernel's number of the calling thread.
func tid() int { return syscall.Gettid() }

// resident is what the kernel says of a process's memory, in bytes: what is
// resident now (VmRSS), and the most that has been since it began (VmHWM).
func resident(pid int) (now, most int64, told bool) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, 0, false
	}
	kib := func(name string) int64 {
		_, rest, _ := bytes.Cut(b, []byte("\n"+name+":"))
		f := bytes.Fields(rest[:min(len(rest), 64)])
		if len(f) == 0 {
			return 0
		}
		n, _ := strconv.ParseInt(string(f[0]), 10, 64)
		return n << 10
	}
	now, most = kib("VmRSS"), kib("VmHWM")
	return now, most, now > 0 && most > 0
}
