package tui

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/colorprofile"
	"github.com/charmbracelet/x/vt"

	"edu/procession/demos/demo"
)

// terminal is a terminal emulator with the whole program in it.
type terminal struct {
	t    *testing.T
	mu   sync.Mutex // SafeEmulator's String takes none
	em   *vt.SafeEmulator
	in   *io.PipeWriter
	done chan error
}

// Write is what the program draws.
func (s *terminal) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.em.Write(b)
}

func (s *terminal) text() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.em.String()
}

func open(t *testing.T, ctx context.Context, cfg Config, w, h int) *terminal {
	em := vt.NewSafeEmulator(w, h)
	em.Write([]byte("\x1b[20h")) // no tty: a line feed returns the carriage too
	in, keys := io.Pipe()
	go io.Copy(io.Discard, em) // a terminal that answers nothing: nobody may wait for it
	term := &terminal{t: t, em: em, in: keys, done: make(chan error, 1)}
	cfg.Input, cfg.Output = in, term
	cfg.Crashes = t.TempDir()
	cfg.Program = []tea.ProgramOption{tea.WithWindowSize(w, h), tea.WithColorProfile(colorprofile.TrueColor)}
	go func() { term.done <- Run(ctx, cfg) }()
	return term
}

func (s *terminal) until(text string) {
	s.t.Helper()
	for end := time.Now().Add(10 * time.Second); !strings.Contains(s.text(), text); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			s.t.Fatalf("%q does not appear; the screen is\n%s", text, s.text())
		}
	}
}

func (s *terminal) end() error {
	s.t.Helper()
	select {
	case err := <-s.done:
		if s.em.IsAltScreen() {
			s.t.Error("the alternate screen was not left")
		}
		if s.em.CursorHidden() {
			s.t.Error("the cursor is still hidden")
		}
		return err
	case <-time.After(10 * time.Second):
		s.t.Fatalf("it does not end; the screen is\n%s", s.text())
		return nil
	}
}

// TestProgram goes through a lesson in a terminal, and leaves with a run on the
// stage: the run is stopped.
func TestProgram(t *testing.T) {
	var started []demo.Run
	cfg := testConfig()
	cfg.Start = func(d demo.Demo, o demo.Options) (demo.Run, error) {
		r, err := startFake(d, o)
		started = append(started, r)
		return r, err
	}
	cfg.Course.Chapters[0].Lessons[0].Parts[1].Code = "import os\n\nprint(os.getpid())\n"
	s := open(t, t.Context(), cfg, 100, 30)
	s.until("begin here")
	s.in.Write([]byte("\r"))
	s.until("asks the kernel")
	s.in.Write([]byte("\r"))
	s.until("print(os.getpid())")
	s.in.Write([]byte("d"))
	s.until("LIVE")
	s.until("worker-3")
	s.in.Write([]byte("\x03"))
	if err := s.end(); err != nil {
		t.Error(err)
	}
	select {
	case <-started[0].Done():
	default:
		t.Error("the run outlived the program")
	}
}

// TestContext: the program ends with its context, terminal restored.
func TestContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	s := open(t, ctx, testConfig(), 80, 24)
	s.until("begin here")
	cancel()
	if err := s.end(); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

// TestFault: a panic in a Cmd, here one that starts a run, restores the terminal
// and says where its report is.
func TestFault(t *testing.T) {
	cfg := testConfig()
	cfg.Demo = "fake"
	cfg.Start = func(demo.Demo, demo.Options) (demo.Run, error) { panic("of all things") }
	s := open(t, t.Context(), cfg, 80, 24)
	err := s.end()
	var x *Exit
	if !errors.As(err, &x) || x.Code != faultCode {
		t.Fatalf("got %v", err)
	}
	_, file, ok := strings.Cut(x.Text, "The report is in ")
	report, readErr := os.ReadFile(file)
	if !ok || readErr != nil || !strings.Contains(string(report), "of all things") || filepath.Ext(file) != ".log" {
		t.Errorf("%s: %q, %v", x.Text, report, readErr)
	}
}

// TestFaultInView: so does one while drawing.
func TestFaultInView(t *testing.T) {
	cfg := testConfig()
	cfg.Course.Chapters[0].Lessons[1].Terms = []string{"process"}
	cfg.Demos = append(cfg.Demos, nilInfo{})
	s := open(t, t.Context(), cfg, 80, 24)
	if err := s.end(); err == nil {
		t.Error("no error")
	}
}

// nilInfo panics when it is listed.
type nilInfo struct{ fakeDemo }

func (nilInfo) Info() demo.Info { panic("no info") }

// TestNoColour: any value of NO_COLOR that is not empty counts.
func TestNoColour(t *testing.T) {
	for env, want := range map[string]bool{"NO_COLOR=yes": true, "NO_COLOR=0": true, "NO_COLOR=": false, "X=1": false} {
		if got := noColor([]string{"TERM=x", env}); got != want {
			t.Errorf("%s: %v", env, got)
		}
	}
}
