package cli_test

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"
)

// The whole program under a terminal, measured from outside. Run them on a quiet
// machine:
//
//	go test -run '^$' -bench . -benchtime 10x ./tui/cli

// program builds the program once and returns its path.
var program = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "procession-bench")
	if err != nil {
		return "", err
	}
	bin := filepath.Join(dir, "procession")
	out, err := exec.Command("go", "build", "-o", bin, "edu/procession").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("%w\n%s", err, out)
	}
	return bin, nil
})

// session is a program under a pseudo-terminal.
type session struct {
	cmd *exec.Cmd
	tty *os.File

	mu   sync.Mutex
	seen bytes.Buffer
	more chan struct{}
}

func open(b *testing.B, w, h uint16, name string, args ...string) *session {
	b.Helper()
	cmd := exec.Command(name, args...)
	state := b.TempDir()
	cmd.Env = append(os.Environ(), "TERM=xterm-256color", "XDG_STATE_HOME="+state, "XDG_CONFIG_HOME="+state)
	tty, err := pty.StartWithSize(cmd, &pty.Winsize{Rows: h, Cols: w})
	if err != nil {
		b.Fatal(err)
	}
	s := &session{cmd: cmd, tty: tty, more: make(chan struct{}, 1)}
	go func() {
		buf := make([]byte, 64<<10)
		for {
			n, err := tty.Read(buf)
			s.mu.Lock()
			s.seen.Write(buf[:n])
			s.mu.Unlock()
			select {
			case s.more <- struct{}{}:
			default:
			}
			if err != nil {
				return
			}
		}
	}()
	return s
}

// until waits for a text to be written to the screen.
func (s *session) until(b *testing.B, text string) {
	b.Helper()
	for end := time.After(30 * time.Second); ; {
		s.mu.Lock()
		found := bytes.Contains(s.seen.Bytes(), []byte(text))
		s.mu.Unlock()
		if found {
			return
		}
		select {
		case <-s.more:
		case <-end:
			b.Fatalf("%q never came", text)
		}
	}
}

func (s *session) close() *os.ProcessState {
	s.cmd.Process.Signal(syscall.SIGTERM)
	s.cmd.Wait()
	s.tty.Close()
	return s.cmd.ProcessState
}

// BenchmarkFirstFrame is the time from exec to the first full frame at 120×40,
// and the peak memory then; next to it the same of other terminal programs.
func BenchmarkFirstFrame(b *testing.B) {
	bin, err := program()
	if err != nil {
		b.Fatal(err)
	}
	for _, p := range []struct {
		name, until string
		argv        []string
	}{
		{"procession", "leave", []string{bin}},
		{"htop", "Quit", []string{"htop", "--readonly"}},
		{"btop", "proc", []string{"btop", "--utf-force"}},
	} {
		b.Run(p.name, func(b *testing.B) {
			path, err := exec.LookPath(p.argv[0])
			if err != nil {
				b.Skip(p.argv[0], "is not installed")
			}
			var rss int64
			for b.Loop() {
				s := open(b, 120, 40, path, p.argv[1:]...)
				s.until(b, p.until)
				b.StopTimer()
				rss = max(rss, peak(s.cmd.Process.Pid))
				s.close()
				b.StartTimer()
			}
			b.ReportMetric(float64(rss)/1024, "peak-MiB")
		})
	}
}

// peak is a process's VmHWM in KiB.
func peak(pid int) int64 {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	for line := range strings.Lines(string(text)) {
		if f := strings.Fields(line); len(f) > 1 && f[0] == "VmHWM:" {
			n, _ := strconv.ParseInt(f[1], 10, 64)
			return n
		}
	}
	return 0
}

// used is the CPU time that a process itself has used.
func used(pid int) time.Duration {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	f := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:]))
	u, _ := strconv.Atoi(f[11])
	s, _ := strconv.Atoi(f[12])
	return time.Duration(u+s) * 10 * time.Millisecond
}

// BenchmarkScreen is the share of one core that the program itself uses over ten
// seconds: with 64 processes on stage, with the view frozen, and with nothing
// running. One iteration is ten seconds: -benchtime 1x.
func BenchmarkScreen(b *testing.B) {
	bin, err := program()
	if err != nil {
		b.Fatal(err)
	}
	for _, p := range []struct {
		name, until, keys string
		argv              []string
	}{
		{"course", "leave", "", nil},
		{"64-processes", "64 workers", "", []string{"demo", "pool-of-workers", "--set", "workers=64", "--set", "tasks=2000", "--set", "work=1s", "--set", "kind=wait", "--set", "serial=false"}},
		{"64-processes-frozen", "64 workers", " S", []string{"demo", "pool-of-workers", "--set", "workers=64", "--set", "tasks=2000", "--set", "work=1s", "--set", "kind=wait", "--set", "serial=false"}},
	} {
		b.Run(p.name, func(b *testing.B) {
			var share float64
			for b.Loop() {
				s := open(b, 200, 60, bin, p.argv...)
				s.until(b, p.until)
				io.WriteString(s.tty, p.keys)
				time.Sleep(2 * time.Second) // what starting costs is not asked here
				before := used(s.cmd.Process.Pid)
				t := time.Now()
				time.Sleep(10 * time.Second)
				share = 100 * float64(used(s.cmd.Process.Pid)-before) / float64(time.Since(t))
				s.close()
			}
			b.ReportMetric(share, "%core")
		})
	}
}

// BenchmarkWatched is what being watched costs: the pool's makespan with the
// screen attached, against the same seed with --json and nobody looking. The
// screen's run is recorded and its makespan taken from the recording.
func BenchmarkWatched(b *testing.B) {
	bin, err := program()
	if err != nil {
		b.Fatal(err)
	}
	args := []string{"demo", "pool-of-workers", "--seed", "1", "--set", "serial=false", "--set", "tasks=40", "--set", "work=100ms"}
	var alone, watched []float64
	for b.Loop() {
		out, err := exec.Command(bin, append(args, "--json")...).Output()
		if err != nil {
			b.Fatal(err)
		}
		alone = append(alone, makespan(b, out))
		file := filepath.Join(b.TempDir(), "r.jsonl")
		s := open(b, 120, 40, bin, append(args, "--record", file)...)
		for {
			text, _ := os.ReadFile(file)
			if bytes.Contains(text, []byte(`"name":"makespan"`)) {
				watched = append(watched, makespan(b, text))
				break
			}
			<-s.more
		}
		s.close()
	}
	b.ReportMetric(median(watched)/median(alone), "watched/alone")
	b.ReportMetric(median(alone), "alone-s")
}

func makespan(b *testing.B, log []byte) float64 {
	i := bytes.Index(log, []byte(`"name":"makespan","value":`))
	if i < 0 {
		b.Fatal("no makespan was measured")
	}
	text := log[i+len(`"name":"makespan","value":`):]
	v, err := strconv.ParseFloat(string(text[:bytes.IndexAny(text, ",}")]), 64)
	if err != nil {
		b.Fatal(err)
	}
	return v
}

func median(v []float64) float64 {
	slices.Sort(v)
	return v[len(v)/2]
}
