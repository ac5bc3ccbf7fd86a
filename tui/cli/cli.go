// Package cli is the command line: every command of the program, each with a
// plain form that reads well in a pipe and with a screen reader.
//
// Errors reach the person as one sentence. The exit status is 0 when all went
// well, 1 for a run that failed, 2 for arguments that cannot be used, and 128
// and the signal's number when a signal ended the program.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"charm.land/fang/v2"
	"github.com/agnivade/levenshtein"
	"github.com/charmbracelet/x/term"
	"github.com/spf13/cobra"

	"edu/procession/demos/demo"
	"edu/procession/demos/safe"
	"edu/procession/lessons"
	"edu/procession/lessons/progress"
	"edu/procession/tui"
	"edu/procession/tui/recordings"
)

// Config is what the program is wired from. The interface never imports a demo
// or the stage: they come in here.
type Config struct {
	Demos   []demo.Demo
	Start   demo.Starter
	Guards  func() []demo.Check               // what the stage can promise here
	Sweep   func() int                        // ends what killed runs left
	Join    func(context.Context, Join) error // works for a stage elsewhere
	Version string
	In      *os.File
	Out     io.Writer
	Err     io.Writer
}

// Status is an error with an exit status of its own.
type status struct {
	code int
	err  error // nil: everything has been said
}

func (s status) Error() string {
	if s.err == nil {
		return ""
	}
	return s.err.Error()
}
func (s status) Unwrap() error { return s.err }

// unusable is an error about arguments.
func unusable(format string, args ...any) error { return status{2, fmt.Errorf(format, args...)} }

// app carries the configuration to the commands.
type app struct {
	Config
	course   *lessons.Course
	look     tui.Look
	mouse    bool
	noKeep   bool
	keeper   keeper
	unkept   demo.Starter // starts what is neither kept nor recorded
	attempts attempts     // at what --record keeps
}

// Main runs the command that args name and returns the exit status.
func Main(ctx context.Context, args []string, cfg Config) int {
	a := &app{Config: cfg, mouse: true, unkept: cfg.Start}
	course, err := lessons.Load("en")
	if err != nil {
		fmt.Fprintln(cfg.Err, "procession:", err)
		return 1
	}
	a.course = course
	root := a.root()
	root.SetArgs(args)
	root.SetOut(cfg.Out)
	root.SetErr(cfg.Err)
	failed := false
	err = fang.Execute(ctx, root,
		fang.WithVersion(cfg.Version),
		fang.WithErrorHandler(func(w io.Writer, _ fang.Styles, err error) {
			failed = true
			if text := a.sentence(root, err); text != "" {
				fmt.Fprintln(w, "procession:", text)
			}
		}))
	var s status
	var x *tui.Exit
	switch {
	case err == nil:
		return 0
	case errors.As(err, &x):
		return x.Code
	case errors.As(err, &s):
		return s.code
	case failed:
		return 2 // whatever cobra refuses is about the arguments
	}
	return 1
}

// sentence is what the person is told of an error.
func (a *app) sentence(root *cobra.Command, err error) string {
	text := err.Error()
	if word, ok := strings.CutPrefix(text, "unknown command "); ok {
		word, _, _ = strings.Cut(strings.TrimPrefix(word, `"`), `"`)
		var known []string
		for _, c := range root.Commands() {
			if !c.Hidden {
				known = append(known, c.Name())
			}
		}
		for _, d := range a.Demos { // `procession pool` means the demo
			known = append(known, "demo "+d.Info().Name)
		}
		for _, l := range a.course.Lessons() {
			known = append(known, "lesson "+l.ID)
		}
		return fmt.Sprintf("there is no command %q; did you mean %q?", safe.Line(word, 60), "procession "+nearest(word, known))
	}
	if name, ok := strings.CutPrefix(text, "unknown flag: "); ok {
		if cmd, _, e := root.Find(os.Args[1:]); e == nil {
			return fmt.Sprintf("there is no option %s; did you mean %s? See procession %s --help", safe.Line(name, 60), nearestFlag(cmd, name), strings.TrimPrefix(cmd.CommandPath()+" ", "procession "))
		}
	}
	return safe.Line(text, 1000)
}

// nearest is the known name that an unknown one most likely meant.
func nearest(name string, known []string) string {
	name = strings.ToLower(name)
	cost := func(k string) int {
		_, last, _ := strings.Cut(k, " ")
		for _, s := range []string{k, last} {
			if s != "" && name != "" && strings.Contains(s, name) {
				return 0
			}
		}
		return min(levenshtein.ComputeDistance(name, k), levenshtein.ComputeDistance(name, last)+1)
	}
	if len(known) == 0 {
		return ""
	}
	return slices.MinFunc(known, func(x, y string) int { return cost(x) - cost(y) })
}

// demo finds a demo by its name.
func (a *app) demo(name string) (demo.Demo, error) {
	var known []string
	for _, d := range a.Demos {
		if d.Info().Name == name {
			return d, nil
		}
		known = append(known, d.Info().Name)
	}
	return nil, unusable("there is no demo %q; did you mean %s? procession list shows them all", safe.Line(name, 60), nearest(name, known))
}

// lesson finds a lesson by its id or its number.
func (a *app) lesson(id string) (*lessons.Lesson, error) {
	if l, ok := a.course.Lesson(id); ok {
		return l, nil
	}
	for _, l := range a.course.Lessons() {
		if strconv.Itoa(l.Number) == id {
			return l, nil
		}
	}
	return nil, unusable("there is no lesson %q; did you mean %s? procession list shows them all", safe.Line(id, 60), a.course.Nearest(id))
}

// screen says that the interface can be drawn here: both ends are a terminal
// that can move its cursor.
func (a *app) screen() bool {
	out, ok := a.Out.(*os.File)
	t := os.Getenv("TERM")
	return ok && a.In != nil && term.IsTerminal(a.In.Fd()) && term.IsTerminal(out.Fd()) && t != "dumb" && t != ""
}

// show opens the interface.
func (a *app) show(ctx context.Context, cfg tui.Config) error {
	store, err := progress.Open(progress.Path())
	if err != nil {
		return status{1, err}
	}
	defer store.Close()
	if a.Sweep != nil {
		go a.Sweep()
	}
	cfg.Course, cfg.Demos, cfg.Start, cfg.Unkept, cfg.Progress = a.course, a.Demos, a.keep(a.Start), a.unkept, store
	cfg.Recordings, cfg.Kept = recordings.Folder(recordings.Path()), a.keeper.id
	defer a.keeper.wait(a.Err)
	defer a.attempts.tell(a.Err)
	cfg.Version, cfg.Look, cfg.NoMouse = a.Version, a.look, !a.mouse
	cfg.Crashes = filepath.Dir(progress.Path())
	return tui.Run(ctx, cfg)
}

func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "procession",
		Short: "Distributed systems versus multiprocessing: a course whose demos are real processes",
		Long: "A course in the terminal on distributed systems versus multiprocessing.\n\n" +
			"Each lesson asks you to predict, runs a demo on real processes that you can\n" +
			"stop and kill, and tells you why it went as it did. Nothing on screen is an\n" +
			"animation: states are the kernel's, numbers are measured in the run you see.",
		Example: `  # open the course
  procession

  # read a lesson; in a pipe it is plain text
  procession lesson pool-of-workers | less

  # a pool of three workers, one of which is killed after half a second
  procession demo pool-of-workers --set workers=3 --do 'kill worker-2@500ms'

  # once more what was on stage last, and the same in another tool
  procession replay last
  procession export last --format perfetto -o run.json

  # what was measured, one event a line
  procession demo burners --pace fast --json | grep '"gauge"'`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if !a.screen() {
				return a.list(false)
			}
			return a.show(cmd.Context(), tui.Config{})
		},
	}
	f := root.PersistentFlags()
	f.BoolVar(&a.look.Light, "light", false, "colours for a light background (the terminal is asked otherwise)")
	f.BoolVar(&a.look.Dark, "dark", false, "colours for a dark background")
	f.BoolVar(&a.look.Projector, "projector", false, "high contrast, for a projector")
	f.BoolVar(&a.look.Plain, "ascii", false, "draw with ASCII only")
	f.BoolVar(&a.mouse, "mouse", true, "take clicks and the wheel; --mouse=false leaves them to the terminal")
	f.BoolVar(&a.noKeep, "no-keep", false, "keep no recordings of the runs (see procession recordings)")
	root.AddCommand(a.listCmd(), a.lessonCmd(), a.demoCmd(), a.runCmd(), a.versusCmd(), a.joinCmd(), a.replayCmd(), a.recordingsCmd(), a.exportCmd(), a.progressCmd(), a.reviewCmd(), a.tableCmd(), a.doctorCmd(), a.resetCmd())
	return root
}
