package stagetest

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"edu/procession/demos/demo"
)

func contextFor(t testing.TB) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.Background(), Patience)
}

// WithToken lists the processes that carry a run's token, as /proc has them now.
// Nothing of the program is asked. It is empty where there is no /proc.
func WithToken(token string) (pids []int) {
	entries, _ := os.ReadDir("/proc")
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		env, err := os.ReadFile("/proc/" + e.Name() + "/environ")
		if err == nil && bytes.Contains(env, []byte(demo.EnvToken+"="+token)) {
			pids = append(pids, pid)
		}
	}
	return pids
}

// Gone fails the test unless all processes with the token have ended within two
// seconds, and the run's folder is gone.
func Gone(t testing.TB, token string) {
	t.Helper()
	var left []int
	for end := time.Now().Add(2 * time.Second); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		if left = WithToken(token); len(left) == 0 {
			if _, err := os.Stat(filepath.Join(os.TempDir(), "procession-"+token)); err == nil {
				t.Error("the run's folder survived")
			}
			return
		}
	}
	t.Errorf("processes that survived: %v", left)
}

// State is the letter in /proc/PID/stat now, 0 when there is no such process.
func State(pid int) byte {
	if f := stat(pid); len(f) > 1 {
		return f[0][0]
	}
	return 0
}

// Parent is whose child a process is by /proc/PID/stat now, 0 when there is no
// such process.
func Parent(pid int) (ppid int) {
	if f := stat(pid); len(f) > 1 {
		ppid, _ = strconv.Atoi(string(f[1]))
	}
	return ppid
}

// stat is /proc/PID/stat from the third field of proc(5) on.
func stat(pid int) [][]byte {
	b, _ := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	return bytes.Fields(b[bytes.LastIndexByte(b, ')')+1:])
}
