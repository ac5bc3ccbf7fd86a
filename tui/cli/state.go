package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"runtime"
	"strings"
	"time"

	"github.com/charmbracelet/colorprofile"
	"github.com/charmbracelet/x/term"
	"github.com/spf13/cobra"

	"edu/procession/demos/demo"
	"edu/procession/demos/safe"
	"edu/procession/lessons/progress"
	"edu/procession/lessons/review"
)

func (a *app) progressCmd() *cobra.Command {
	var asJSON, reset bool
	var export, load string
	cmd := &cobra.Command{
		Use: "progress", Short: "Show, keep, take back or reset what you have done",
		Example: `  procession progress
  procession progress --export mine.json    # - for standard output
  procession progress --import mine.json
  procession progress --reset               # what was there stays beside it`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			s, err := progress.Open(progress.Path())
			if err != nil {
				return status{1, err}
			}
			defer s.Close()
			if n := s.Notice(); n != "" {
				fmt.Fprintln(a.Err, "procession:", safe.Line(n, 500))
			}
			switch {
			case reset:
				if err := s.Reset(); err != nil {
					return status{1, err}
				}
				_, err = fmt.Fprintln(a.Out, "Progress starts anew; what was there is kept beside", progress.Path())
				return broken(err)
			case export == "-":
				return broken(s.Export(a.Out))
			case export != "":
				f, err := os.OpenFile(export, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
				if err != nil {
					return unusable("progress cannot be exported: %w", err)
				}
				return broken(join(s.Export(f), f.Close()))
			case load != "":
				f, err := os.Open(load)
				if err != nil {
					return unusable("progress cannot be imported: %w", err)
				}
				defer f.Close()
				if err := s.Import(f); err != nil {
					return status{1, err}
				}
				_, err = fmt.Fprintln(a.Out, "Imported; what was there is kept beside", progress.Path())
				return broken(err)
			case asJSON:
				enc := json.NewEncoder(a.Out)
				enc.SetIndent("", "  ")
				return broken(enc.Encode(a.learner(s.State())))
			}
			_, err = io.WriteString(a.Out, a.told(s.State()))
			return broken(err)
		},
	}
	f := cmd.Flags()
	f.BoolVar(&asJSON, "json", false, "as JSON")
	f.BoolVar(&reset, "reset", false, "start anew; what was there is kept beside it")
	f.StringVar(&export, "export", "", "write it to a new `file`; - for standard output")
	f.StringVar(&load, "import", "", "take it from a `file` that --export wrote")
	cmd.MarkFlagsMutuallyExclusive("json", "reset", "export", "import")
	return cmd
}

func join(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

func (a *app) told(st progress.State) string {
	var b strings.Builder
	var ids []string
	for _, l := range a.course.Lessons() {
		ids = append(ids, l.ID)
		p := st.Lesson(l.ID)
		state := "not begun"
		switch {
		case p.Done:
			state = "done"
		case !p.Last.IsZero():
			state = "begun"
		}
		right, made := 0, 0
		for _, x := range p.Predictions {
			if !x.Review {
				made++
			}
			if x.Right && !x.Review {
				right++
			}
		}
		fmt.Fprintf(&b, "%2d  %-28s %-10s %d of %d predictions right, %d runs", l.Number, l.ID, state, right, made, len(p.Runs))
		if d, err := a.demo(l.Demo); err == nil {
			if n := len(d.Info().Puzzles); n > 0 {
				fmt.Fprintf(&b, ", %d of %d puzzles", solvedOf(st, d.Info()), n)
			}
		}
		b.WriteByte('\n')
	}
	fmt.Fprintf(&b, "%d of %d lessons done", st.Done(ids), len(ids))
	if next, ok := st.Next(ids); ok {
		fmt.Fprintf(&b, "; next: procession lesson %s", next)
	}
	b.WriteString("\n" + a.comesBack(st, time.Now()) + "\n")
	return b.String()
}

// learner is the state with what follows from it.
type learner struct {
	progress.State
	Review struct {
		Due  int    `json:"due"`            // today
		Next string `json:"next,omitempty"` // day after today
	} `json:"review"`
}

func (a *app) learner(st progress.State) learner {
	l, now := learner{State: st}, time.Now()
	l.Review.Due = len(review.Due(a.course, st, now))
	if next, ok := review.Next(a.course, st, now); ok {
		l.Review.Next = next.Time().Format("2006-01-02")
	}
	return l
}

func (a *app) doctorCmd() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: "doctor", Short: "Tell what this machine allows: guards, python3, terminal, ports", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			checks := append(a.Guards(), a.surroundings()...)
			if asJSON {
				enc := json.NewEncoder(a.Out)
				enc.SetIndent("", "  ")
				return broken(enc.Encode(checks))
			}
			var b strings.Builder
			for _, c := range checks {
				fmt.Fprintf(&b, "%-4s %-10s %s\n", map[bool]string{true: "ok", false: "no"}[c.OK], c.Name, safe.Line(c.Text, 500))
			}
			_, err := io.WriteString(a.Out, b.String())
			return broken(err)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "as JSON")
	return cmd
}

// surroundings are what the program needs besides the stage.
func (a *app) surroundings() []demo.Check {
	port := demo.Check{Name: "loopback", OK: true, Text: "processes can talk over 127.0.0.1"}
	if l, err := net.Listen("tcp", "127.0.0.1:0"); err != nil {
		port = demo.Check{Name: "loopback", Text: "no port of 127.0.0.1 can be opened: the demos with sockets will not run: " + err.Error()}
	} else {
		l.Close()
	}
	t := demo.Check{Name: "terminal", Text: "none here: every command takes its plain form"}
	if out, ok := a.Out.(*os.File); ok && a.screen() {
		w, h, _ := term.GetSize(out.Fd())
		t.OK = w >= 80 && h >= 24
		t.Text = fmt.Sprintf("%s, %d×%d, %s", os.Getenv("TERM"), w, h, colorprofile.Detect(out, os.Environ()))
		if !t.OK {
			t.Text += "; the course needs 80×24"
		}
	}
	cores := demo.Check{Name: "cores", OK: runtime.NumCPU() > 1, Text: fmt.Sprintf("%d that this program may use", runtime.NumCPU())}
	if !cores.OK {
		cores.Text += ": more processes will not compute faster here"
	}
	kept := demo.Check{Name: "progress", OK: true, Text: "kept in " + progress.Path()}
	if s, err := progress.Open(progress.Path()); err != nil {
		kept.OK, kept.Text = false, err.Error()
	} else {
		if n := s.Notice(); n != "" {
			kept.OK, kept.Text = false, n
		}
		s.Close()
	}
	return []demo.Check{port, t, cores, kept, keeping()}
}

// reset undoes what a program that died may have left of a terminal: the
// alternate screen, mouse reports, bracketed paste, focus reports, the keyboard
// protocol, a hidden cursor, colours.
const reset = "\x1b[?1049l\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1006l\x1b[?2004l\x1b[?1004l\x1b[<u\x1b[?25h\x1b[0m\x1b[!p\r"

func (a *app) resetCmd() *cobra.Command {
	return &cobra.Command{
		Use: "reset-terminal", Short: "Make a terminal usable again after a program died in it", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			if a.In == nil || !term.IsTerminal(a.In.Fd()) {
				return unusable("standard input is no terminal: run procession reset-terminal in the one that is broken")
			}
			_, err := io.WriteString(a.Out, reset)
			return broken(join(sane(), err))
		},
	}
}
