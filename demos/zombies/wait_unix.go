//go:build unix

package zombies

import (
	"os"
	"os/signal"
	"syscall"

	"edu/procession/demos/demo"
	"edu/procession/demos/trace"
)

// waitForAll waits for each child as it ends, born or inherited, as process 1
// does it.
func waitForAll(w *demo.Worker) {
	ended := make(chan os.Signal, 1)
	signal.Notify(ended, syscall.SIGCHLD)
	ended <- syscall.SIGCHLD // of one that ended before
	for range ended {
		for {
			var ws syscall.WaitStatus
			pid, err := syscall.Wait4(-1, &ws, syscall.WNOHANG, nil)
			if err == syscall.EINTR {
				continue
			}
			if err != nil || pid <= 0 {
				break
			}
			x := trace.Exit{PID: pid, Code: ws.ExitStatus()}
			if ws.Signaled() {
				x.Code, x.Signal = -1, demo.SignalName(int(ws.Signal()))
			}
			w.Report(x)
		}
	}
}
