package demo

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"sync"
	"syscall"
)

// host is the life of a process whose threads are workers. Descriptor 3 is its
// socket to the stage, 4 the lifeline.
func host(name string, d Demo) int {
	runtime.LockOSThread() // the main thread hears the stage, and is nobody's worker
	runtime.GOMAXPROCS(MaxThreads)
	token := os.Getenv(EnvToken)
	setName("host")
	closeOnExec(3)
	closeOnExec(4)
	go leave(os.NewFile(4, "lifeline"))

	h := &threadHost{token: token, name: name[:len(name)-len(AnyRole)], roles: d.Roles()}
	h.tell(ThreadNotice{PID: os.Getpid()})
	buf, oob := make([]byte, MaxReport), make([]byte, 4<<10)
	for {
		n, oobn, _, _, err := syscall.Recvmsg(3, buf, oob, syscall.MSG_CMSG_CLOEXEC)
		if err == syscall.EINTR {
			continue
		}
		if err != nil || n == 0 {
			return 0
		}
		var req ThreadRequest
		files := received(oob[:oobn])
		if err := json.Unmarshal(buf[:n], &req); err != nil || len(files) < 2 || h.roles[req.Role] == nil {
			for _, f := range files {
				f.Close()
			}
			h.tell(ThreadNotice{Reply: true, Error: fmt.Sprintf("no thread can be made of a request for %q (%v)", req.Role, err)})
			continue
		}
		go h.thread(req, files)
	}
}

func received(oob []byte) (files []*os.File) {
	msgs, _ := syscall.ParseSocketControlMessage(oob)
	for _, m := range msgs {
		fds, _ := syscall.ParseUnixRights(&m)
		for _, fd := range fds {
			files = append(files, os.NewFile(uintptr(fd), "file-"+strconv.Itoa(len(files))))
		}
	}
	return files
}

type threadHost struct {
	token, name string
	roles       map[string]Role

	mu sync.Mutex // of the socket
}

func (h *threadHost) tell(n ThreadNotice) {
	b, _ := json.Marshal(n)
	h.mu.Lock()
	defer h.mu.Unlock()
	syscall.Sendto(3, b, syscall.MSG_NOSIGNAL, nil) // fails only when the stage is gone, and then the lifeline ends us
}

// thread is the life of a worker that is a thread. It never unlocks, so that the
// kernel's thread ends with it.
func (h *threadHost) thread(req ThreadRequest, files []*os.File) {
	runtime.LockOSThread()
	setName(string(req.Spec.Name))
	tid := syscall.Gettid()
	h.tell(ThreadNotice{Reply: true, TID: tid})

	w := &Worker{spec: req.Spec, events: files[0], ctl: bufio.NewReader(files[1]), files: files[2:]}
	hello, _ := json.Marshal(Hello{Protocol, h.token, h.name + req.Role, os.Getpid(), tid})
	code := 3
	if _, err := w.events.Write(append(hello, '\n')); err == nil {
		if ok, err := w.Recv(); err == nil && ok == "go" {
			code = perform(h.roles[req.Role], w)
		}
	}
	for _, f := range files { // the kernel closes files for a process that ends, not for a thread
		f.Close()
	}
	h.tell(ThreadNotice{TID: tid, Ended: true, Code: code, CPU: cpuTime()})
}
