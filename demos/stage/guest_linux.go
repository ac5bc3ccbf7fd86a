package stage

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"syscall"
	"unsafe"

	"edu/procession/demos/demo"
	"edu/procession/demos/trace"
)

const (
	sysPidfdSendSignal = 424
	sysPidfdOpen       = 434
	pidfdNonblock      = syscall.O_NONBLOCK
	pidfdGetInfo       = 0xc040ff0b // _IOWR(0xff, 11, struct pidfd_info), of 64 bytes
	pidfdInfoExit      = 1 << 3
)

// handle is a pidfd: it is this process, whatever becomes of its number.
type handle struct{ f *os.File }

func newHandle(pid int) (handle, error) {
	fd, _, e := syscall.Syscall(sysPidfdOpen, uintptr(pid), pidfdNonblock, 0)
	if e != 0 {
		return handle{}, fmt.Errorf("process %d: %w", pid, e)
	}
	return handle{os.NewFile(fd, "pidfd")}, nil
}

func (h handle) close() {
	if h.f != nil {
		h.f.Close()
	}
}

func (h handle) signal(sig demo.Signal) error {
	rc, err := h.f.SyscallConn()
	if err != nil {
		return err
	}
	var e syscall.Errno
	if err = rc.Control(func(fd uintptr) {
		_, _, e = syscall.Syscall6(sysPidfdSendSignal, fd, uintptr(signals[sig]), 0, 0, 0, 0)
	}); err != nil {
		return errors.New("it has ended")
	}
	if e == syscall.ESRCH {
		return errors.New("it has ended")
	}
	if e != 0 {
		return e
	}
	return nil
}

// wait returns when the process has ended; false says that the run was over first.
func (h handle) wait(over <-chan struct{}) (trace.Exit, bool) {
	rc, err := h.f.SyscallConn()
	if err != nil {
		return trace.Exit{}, false
	}
	stop := make(chan struct{})
	defer close(stop)
	go func() {
		select {
		case <-over:
			h.f.Close() // ends the read
		case <-stop:
		}
	}()
	err = rc.Read(func(fd uintptr) bool {
		p := struct {
			fd      int32
			events  int16
			revents int16
		}{int32(fd), 1, 0}
		var now syscall.Timespec
		n, _, _ := syscall.Syscall6(syscall.SYS_PPOLL, uintptr(unsafe.Pointer(&p)), 1, uintptr(unsafe.Pointer(&now)), 0, 0, 0)
		return n == 1
	})
	return trace.Exit{}, err == nil
}

// how the process ended: from its entry in /proc while nobody has waited for it,
// or else, from Linux 6.15 on, from its pidfd.
func (h handle) how(stat func() (int, bool)) (code int, signal string, ok bool) {
	status, ok := stat()
	if !ok {
		if status, ok = h.info(); !ok {
			return 0, "", false
		}
	}
	ws := syscall.WaitStatus(status)
	if ws.Signaled() {
		return -1, signalName(int(ws.Signal())), true
	}
	return ws.ExitStatus(), "", true
}

func (h handle) info() (status int, ok bool) {
	var info struct {
		mask uint64
		_    [52]byte
		exit int32
	}
	info.mask = pidfdInfoExit
	rc, err := h.f.SyscallConn()
	if err != nil {
		return 0, false
	}
	rc.Control(func(fd uintptr) {
		_, _, e := syscall.Syscall(syscall.SYS_IOCTL, fd, pidfdGetInfo, uintptr(unsafe.Pointer(&info)))
		ok = e == 0 && info.mask&pidfdInfoExit != 0
	})
	return int(info.exit), ok
}

// exitCode is the wait status of a zombie.
func (l *looker) exitCode() (int, bool) {
	var buf [512]byte
	n, err := syscall.Pread(l.stat, buf[:], 0)
	i := bytes.LastIndexByte(buf[:max(n, 0)], ')')
	if err != nil || i < 0 {
		return 0, false
	}
	f := bytes.Fields(buf[i+1 : n])
	if len(f) < 50 || f[0][0] != 'Z' {
		return 0, false
	}
	return int(atoi(bytes.TrimSpace(f[49]))), true
}

// there says that the process has an entry, if only as a zombie.
func (l *looker) there() bool {
	var buf [64]byte
	n, err := syscall.Pread(l.stat, buf[:], 0)
	return err == nil && n > 0
}

// parentOf is the pid of a process's parent now, 0 when there is no such process.
func parentOf(pid int) int {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	i := bytes.LastIndexByte(b, ')')
	if err != nil || i < 0 {
		return 0
	}
	f := bytes.Fields(b[i+1:])
	return int(atoi(f[1]))
}
