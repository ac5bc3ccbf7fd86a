//go:build linux

package tui

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/charmbracelet/x/term"
	"github.com/creack/pty"
)

// TestMain is also the program that TestSignals signals.
func TestMain(m *testing.M) {
	if os.Getenv("TUI_CHILD") == "" {
		os.Exit(m.Run())
	}
	cfg := testConfig()
	cfg.Demo = "fake"
	err := Run(context.Background(), cfg)
	var x *Exit
	if errors.As(err, &x) {
		os.Exit(x.Code)
	}
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
}

// tty is the program under a pseudo-terminal.
type tty struct {
	t      *testing.T
	cmd    *exec.Cmd
	f      *os.File
	before *term.State

	mu  sync.Mutex
	out strings.Builder
}

func startTTY(t *testing.T, env ...string) *tty {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(append(os.Environ(), "TUI_CHILD=1", "TERM=xterm-256color"), env...)
	master, slave, err := pty.Open()
	if err != nil {
		t.Skip("no pseudo-terminals here: ", err)
	}
	pty.Setsize(master, &pty.Winsize{Cols: 100, Rows: 30})
	before, err := term.GetState(slave.Fd())
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stdin, cmd.Stdout, cmd.Stderr = slave, slave, slave
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	s := &tty{t: t, cmd: cmd, f: slave, before: before}
	go io.Copy(s, master)
	t.Cleanup(func() { cmd.Process.Kill(); slave.Close(); master.Close() })
	return s
}

func (s *tty) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.out.Write(b)
}

func (s *tty) text() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.out.String()
}

func (s *tty) until(text string) {
	s.t.Helper()
	for end := time.Now().Add(10 * time.Second); !strings.Contains(s.text(), text); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			s.t.Fatalf("%q does not come; what came is %q", text, s.text())
		}
	}
}

// TestSignals: HUP, INT, QUIT and TERM end the program with 128 and the
// signal's number, and the terminal is as it was.
func TestSignals(t *testing.T) {
	for _, sig := range []syscall.Signal{syscall.SIGHUP, syscall.SIGINT, syscall.SIGQUIT, syscall.SIGTERM} {
		t.Run(sig.String(), func(t *testing.T) {
			t.Parallel()
			s := startTTY(t)
			s.until("LIVE")
			s.cmd.Process.Signal(sig)
			s.restored(128 + int(sig))
		})
	}
}

// restored waits for the end and compares the terminal with what it was.
func (s *tty) restored(code int) {
	s.t.Helper()
	s.cmd.Wait()
	if got := s.cmd.ProcessState.ExitCode(); got != code {
		s.t.Errorf("exit code %d, not %d", got, code)
	}
	after, err := term.GetState(s.f.Fd())
	if err != nil || *after != *s.before {
		s.t.Errorf("the terminal's modes are not what they were (%v)", err)
	}
	for _, off := range []string{"\x1b[?1049l", "\x1b[?25h", "\x1b[?1002l", "\x1b[?2004l"} {
		s.until(off)
	}
}

// TestSuspendWithoutShell: where nobody could continue it, ctrl+z is refused in
// a sentence instead of hanging, and after a STOP and a CONT from outside it
// goes on.
func TestSuspendWithoutShell(t *testing.T) {
	s := startTTY(t)
	s.until("LIVE")
	s.cmd.Process.Signal(syscall.SIGTSTP)
	s.until("no shell")
	s.cmd.Process.Signal(syscall.SIGSTOP)
	s.cmd.Process.Signal(syscall.SIGCONT)
	s.until("\x1b[?1049l") // let go of, and taken again
	s.cmd.Process.Signal(syscall.SIGTERM)
	s.restored(128 + int(syscall.SIGTERM))
}
