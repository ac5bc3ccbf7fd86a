package stage

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/adrg/xdg"
	"github.com/gofrs/flock"

	"edu/procession/demos/demo"
)

// A lease names the processes of a run in a file that is locked while the
// program lives. When both the program and the warden of a run were killed, the
// next start finds a lease that nobody holds and ends what it names: a process
// only where pid and start time match, so never a stranger with a reused pid.

func leases() string { return filepath.Join(xdg.StateHome, "procession", "runs") }

// lease does nothing where the folder cannot be written: the warden remains.
type lease struct {
	lock *flock.Flock
	path string

	mu   sync.Mutex
	live map[int]int64
}

func newLease(token string) *lease {
	l := &lease{path: filepath.Join(leases(), token), live: map[int]int64{}}
	if os.MkdirAll(leases(), 0o700) != nil {
		return l
	}
	lock := flock.New(l.path + ".lock")
	if ok, err := lock.TryLock(); ok && err == nil {
		l.lock = lock
	}
	return l
}

func (l *lease) add(pid int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.lock != nil {
		l.live[pid] = startTime(pid)
		l.write()
	}
}

func (l *lease) remove(pid int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, ok := l.live[pid]; ok {
		delete(l.live, pid)
		l.write()
	}
}

func (l *lease) write() {
	var b strings.Builder
	for pid, start := range l.live {
		fmt.Fprintln(&b, pid, start)
	}
	os.WriteFile(l.path, []byte(b.String()), 0o600)
}

func (l *lease) drop() {
	if l.lock != nil {
		os.Remove(l.path)
		os.Remove(l.path + ".lock")
		l.lock.Unlock()
	}
}

// dirOf is where a run keeps its files. The warden knows it, too, and removes it
// when all who could write there have ended; the sweep does where there is none.
func dirOf(token string) string { return filepath.Join(os.TempDir(), "procession-"+token) }

func (r *run) mkdir() (string, error) {
	dir := dirOf(r.rec.Header().Token)
	if err := os.Mkdir(dir, 0o700); err != nil {
		return "", fmt.Errorf("no folder for the files of this run: %w", err)
	}
	return dir, nil
}

// Sweep ends what killed runs left behind and returns how many processes that were.
func Sweep() (ended int) {
	locks, _ := filepath.Glob(filepath.Join(leases(), "*.lock"))
	for _, name := range locks {
		lock := flock.New(name)
		if ok, err := lock.TryLock(); !ok || err != nil {
			continue // its program lives
		}
		path := strings.TrimSuffix(name, ".lock")
		b, _ := os.ReadFile(path)
		for line := range strings.Lines(string(b)) {
			var pid int
			var start int64
			if n, _ := fmt.Sscan(line, &pid, &start); n == 2 && pid > 1 && start != 0 && startTime(pid) == start {
				if send(pid, demo.SigKill) == nil {
					ended++
				}
			}
		}
		os.RemoveAll(dirOf(filepath.Base(path)))
		os.Remove(path)
		os.Remove(name)
		lock.Unlock()
	}
	return ended
}
