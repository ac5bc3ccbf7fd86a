package tui

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/colorprofile"

	"edu/procession/demos/demo"
	"edu/procession/demos/trace"
	"edu/procession/lessons"
	"edu/procession/lessons/progress"
	"edu/procession/tui/recordings"
)

// Config is what the interface is given. The zero value shows an empty course.
type Config struct {
	Course   *lessons.Course
	Demos    []demo.Demo      // in the order in which they are listed
	Start    demo.Starter     // starts a demo on a stage; nil: demos can be read about only
	Unkept   demo.Starter     // starts runs of which no recording is kept: those that explore or are counted; nil: Start does
	Progress Store            // nil: nothing is kept
	Now      func() time.Time // the time of day, where the learner is; nil: time.Now

	Open    string       // a lesson's id to begin with; empty: the course page
	Review  bool         // begin with what is due
	Table   bool         // begin with the table that the learner's runs have filled
	Demo    string       // a demo's name to begin with, on stage at once
	Options demo.Options // for that demo: place, params, seed, pace, script
	Versus  []demo.Place // with Demo: side by side in these places, instead of Options.Place
	Turns   bool         // with Versus: one place after the other, not both at once
	// Recordings is the folder of runs that were kept; empty: there is none. Kept says
	// which of them a run is, "" for one that is not kept, or not yet; nil: none is.
	Recordings recordings.Folder
	Kept       func(demo.Run) string

	Replay  *Replay // a recording to show in place of the course
	Version string  // of the program, as shown

	Look    Look      // colours and their like, as asked for on the command line
	NoMouse bool      // leave the mouse to the terminal
	Crashes string    // a folder for what a fault leaves behind; empty: the system's temporary one
	Environ []string  // of the learner's terminal; nil: the program's own
	Input   io.Reader // nil: the terminal
	Output  io.Writer // nil: the terminal

	// Program are further options of the Bubble Tea program: tests and the
	// classroom give it a terminal that is none.
	Program []tea.ProgramOption
}

// Look is how things are to be shown.
type Look struct {
	Light     bool // a light background; else the terminal is asked, and dark until it answers
	Dark      bool // a dark background, whatever the terminal answers
	Projector bool // high contrast
	Plain     bool // ASCII only
}

// Replay is a recording. Fault says where it stops making sense, if it does. A
// marked one opens at a moment and stands still; else it plays from its start.
type Replay struct {
	Name   string // of the file
	Header trace.Header
	Events []trace.Event
	Fault  error
	Marked bool
	At     time.Duration
	Kept   string // its id in the folder of recordings; empty: it is a file of the learner's
}

// Store keeps a learner's progress. progress.Store is one.
type Store interface {
	State() progress.State
	Update(func(*progress.State)) error
	Notice() string
}

var _ Store = (*progress.Store)(nil)

// Exit is an end that is not the learner's wish. Its text is for the terminal,
// once that is restored.
type Exit struct {
	Code int // for os.Exit: 128 and the signal's number, or 70 after a fault of the program
	Text string
}

// Error implements error.
func (e *Exit) Error() string { return e.Text }

// faultCode is the exit code after a panic (EX_SOFTWARE of sysexits.h).
const faultCode = 70

// Run shows the interface until the learner leaves, ctx is done or a signal
// ends it. When it returns the terminal is as it was and no run is left alive.
// An error is an [*Exit], or the terminal's refusal.
func Run(ctx context.Context, cfg Config) (err error) {
	m := New(cfg)
	defer func() { err = errors.Join(err, m.Close()) }()

	defer log.SetOutput(log.Writer())
	log.SetOutput(io.Discard) // standard error is the screen's

	opts := []tea.ProgramOption{tea.WithContext(ctx), tea.WithoutSignalHandler(), tea.WithFPS(30)}
	env := cfg.Environ
	if env == nil {
		env = os.Environ()
	}
	opts = append(opts, tea.WithEnvironment(env))
	if noColor(env) {
		opts = append(opts, tea.WithColorProfile(colorprofile.Ascii))
	}
	if cfg.Input != nil {
		opts = append(opts, tea.WithInput(cfg.Input))
	}
	if cfg.Output != nil {
		opts = append(opts, tea.WithOutput(cfg.Output))
	}
	sig := newSignals()
	opts = append(append(opts, tea.WithFilter(sig.filter)), cfg.Program...)
	p := tea.NewProgram(m, opts...)
	m.faults.quit = func() { p.Send(tea.QuitMsg{}) }
	m.findTicker = func() *time.Ticker { return tickerOf(p) }
	stop := sig.watch(p)
	_, err = p.Run()
	stop()

	switch {
	case m.faults.any():
		return &Exit{faultCode, m.faults.write(cfg.Crashes)}
	case sig.got() != nil:
		return &Exit{128 + number(sig.got()), ""}
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(err, tea.ErrInterrupted):
		return &Exit{130, ""}
	case err != nil:
		return fmt.Errorf("the screen cannot be used: %w", err)
	}
	return nil
}

// noColor follows no-color.org: any value that is not empty. Bubble Tea would
// take only what reads as a bool.
func noColor(env []string) bool {
	i := slices.IndexFunc(env, func(s string) bool { return strings.HasPrefix(s, "NO_COLOR=") })
	return i >= 0 && env[i] != "NO_COLOR="
}

// faults keeps the panics of the model and of its Cmds.
type faults struct {
	mu   sync.Mutex
	text string
	quit func()
}

// catch is deferred where a panic must not pass. It tells the program to end.
func (f *faults) catch(where string) {
	r := recover()
	if r == nil {
		return
	}
	f.mu.Lock()
	f.text += fmt.Sprintf("panic in %s: %v\n\n%s\n", where, r, debug.Stack())
	f.mu.Unlock()
	if f.quit != nil {
		go f.quit()
	}
}

// guard makes a Cmd that does not pass a panic on.
func (f *faults) guard(cmd tea.Cmd) tea.Cmd {
	if cmd == nil {
		return nil
	}
	return func() (msg tea.Msg) {
		defer f.catch("a command")
		msg = cmd()
		if batch, ok := msg.(tea.BatchMsg); ok {
			for i := range batch {
				batch[i] = f.guard(batch[i])
			}
		}
		return msg
	}
}

func (f *faults) any() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.text != ""
}

// write puts the faults into a file and returns a sentence about it.
func (f *faults) write(dir string) string {
	f.mu.Lock()
	defer f.mu.Unlock()
	if dir == "" {
		dir = os.TempDir()
	}
	name := filepath.Join(dir, "procession-fault-"+time.Now().UTC().Format("20060102T150405Z")+".log")
	err := os.MkdirAll(dir, 0o700)
	if err == nil {
		err = os.WriteFile(name, []byte(f.text), 0o600)
	}
	first, _, _ := strings.Cut(f.text, "\n")
	if err != nil {
		return fmt.Sprintf("procession had to stop because of a fault of its own (%s), and its report could not be written: %v", first, err)
	}
	return fmt.Sprintf("procession had to stop because of a fault of its own. Your progress is safe. The report is in %s", name)
}
