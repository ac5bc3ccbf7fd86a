package cli

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"sort"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"edu/procession/demos/board"
	"edu/procession/demos/safe"
	"edu/procession/demos/trace"
	"edu/procession/demos/trace/export"
	"edu/procession/tui"
	"edu/procession/tui/recordings"
)

// recorded is a recording that was read. Fault says where it stops making sense,
// if it does; there is at least one event before that.
type recorded struct {
	name   string // as it is told to people
	header trace.Header
	events []trace.Event
	fault  error
	entry  recordings.Entry // zero for a file that is not one of those that are kept
}

// load reads a recording, as far as it is whole: a file or, where there is none
// of that name, one that was kept.
func load(word string) (recorded, error) {
	r := recorded{name: safe.Line(word, 200)}
	f, err := os.Open(word)
	if errors.Is(err, fs.ErrNotExist) {
		var e recordings.Entry
		if e, err = kept(word); err != nil {
			return r, err
		}
		r.name, r.entry = e.Word(), e
		f, err = os.Open(e.Path)
	}
	if err != nil {
		return r, unusable("the recording cannot be read: %w", err)
	}
	defer f.Close()
	if r.header, r.events, r.fault = trace.Read(f); len(r.events) == 0 {
		if r.fault == nil {
			r.fault = errors.New("it has no events")
		}
		return r, status{1, fmt.Errorf("%s: %w", r.name, r.fault)}
	}
	return r, nil
}

// whole is the error of a recording that was used only as far as it is whole.
func (r recorded) whole(done string) error {
	if r.fault == nil {
		return nil
	}
	return status{1, fmt.Errorf("%s was %s up to event %d: %w", r.name, done, r.events[len(r.events)-1].Seq, r.fault)}
}

func (a *app) replayCmd() *cobra.Command {
	var plain, asJSON bool
	var at time.Duration
	cmd := &cobra.Command{
		Use: "replay FILE", Short: "Play a recording",
		Long: "Plays a recording: a file made with demo --record, the name of one that was kept (see\n" +
			"procession recordings), or the word last. A damaged one is played up to the fault.\n" +
			"On stage, one in which a moment was marked (m) opens there.",
		Example: `  # once more what has just been on stage
  procession replay last

  # a file, opened at a moment
  procession replay queue.jsonl --at 2.5s

  # as it was then, in a pipe
  procession replay queue.jsonl --at 2.5s --plain`,
		Args:              need("replay FILE", "a recording"),
		ValidArgsFunction: keptNames,
		RunE: func(cmd *cobra.Command, args []string) error {
			r, err := load(args[0])
			if err != nil {
				return err
			}
			marked := cmd.Flags().Changed("at")
			if end := r.events[len(r.events)-1].At; marked && (at < 0 || at > end) {
				return unusable("%s is from 0s to %v: --at %v is not in it", r.name, end.Round(time.Millisecond), at)
			}
			if marked && (asJSON || plain || !a.screen()) {
				r.events = r.events[:sort.Search(len(r.events), func(i int) bool { return r.events[i].At > at })]
				r.fault = nil // not reached
			}
			if r.entry.Marked && !cmd.Flags().Changed("at") {
				marked, at = true, r.entry.Mark
			}
			switch {
			case asJSON:
				err = trace.Write(a.Out, r.header, r.events)
			case plain || !a.screen():
				p := &plainForm{a.Out, board.New()}
				err = join(p.begin(r.header), p.events(r.events), p.end())
			default:
				err = a.show(cmd.Context(), tui.Config{Replay: &tui.Replay{Name: r.name, Header: r.header, Events: r.events, Fault: r.fault, Marked: marked, At: at, Kept: r.entry.ID}})
			}
			return join(broken(err), r.whole("played"))
		},
	}
	cmd.Flags().DurationVar(&at, "at", 0, "open it at this `time` in the run; else where it was marked; in a pipe, tell it up to there")
	cmd.Flags().BoolVar(&plain, "plain", false, "tell it line by line, with a table at the end")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print it again as JSON lines, as far as it is whole")
	return cmd
}

func (a *app) exportCmd() *cobra.Command {
	var format, out string
	cmd := &cobra.Command{
		Use: "export FILE", Short: "Turn a recording into what Perfetto or ShiViz reads",
		Long: "Writes a recording (a file, the name of one that was kept, or last) in the format of another tool:\n\n" +
			"perfetto  Chrome trace JSON, for ui.perfetto.dev: processes as tracks, states and\n" +
			"          tasks as slices, messages as arrows, measured numbers as counters\n" +
			"shiviz    a log with vector clocks, for bestchai.bitbucket.io/shiviz: what can have\n" +
			"          caused what, without a common clock; of demos that carry such clocks",
		Example: `  # what has just been on stage
  procession export last --format perfetto -o run.json

  procession demo what-is-distributed --record peers.jsonl --plain
  procession export peers.jsonl --format shiviz > peers.log`,
		Args:              need("export FILE --format perfetto|shiviz", "a recording"),
		ValidArgsFunction: keptNames,
		RunE: func(_ *cobra.Command, args []string) error {
			if format == "" {
				return unusable("choose a format: --format perfetto or --format shiviz")
			}
			if err := word("format", format, "perfetto", "shiviz"); err != nil {
				return err
			}
			r, err := load(args[0])
			if err != nil {
				return err
			}
			write := func(w io.Writer) error { return export.Perfetto(w, r.header, r.events) }
			if format == "shiviz" {
				if !r.clocked() {
					return unusable("%s has no vector clocks, and ShiViz draws nothing else: use --format perfetto, or record a demo that carries clocks: %s", r.name, a.clocked())
				}
				write = func(w io.Writer) error {
					left, err := export.ShiViz(w, r.header, r.events)
					if errors.Is(err, export.ErrNoClocks) {
						return status{1, fmt.Errorf("%s lacks the first event of every process, so ShiViz would take none of its %d events with clocks", r.name, left)}
					}
					if err == nil && left > 0 {
						fmt.Fprintf(a.Err, "procession: %d events with clocks were left out: what came before them is not in the recording\n", left)
					}
					return err
				}
			}
			if out == "" || out == "-" {
				err = write(a.Out)
			} else {
				err = toNew(out, write)
			}
			return join(broken(err), r.whole("exported"))
		},
	}
	f := cmd.Flags()
	f.StringVar(&format, "format", "", "perfetto or shiviz")
	f.StringVarP(&out, "output", "o", "", "write it to a new `file`; else to standard output")
	cmd.RegisterFlagCompletionFunc("format", cobra.FixedCompletions([]string{"perfetto", "shiviz"}, cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

// clocked says that some event has a vector clock.
func (r recorded) clocked() bool {
	for _, e := range r.events {
		if e.Clock != nil {
			return len(r.header.Clocks) > 0
		}
	}
	return false
}

// clocked names the demos that carry vector clocks.
func (a *app) clocked() string {
	var names []string
	for _, d := range a.Demos {
		if i := d.Info(); len(i.Clocks) > 0 {
			names = append(names, i.Name)
		}
	}
	return strings.Join(names, ", ")
}

// toNew writes a file that must not be there yet, and leaves none that is not whole.
func toNew(path string, write func(io.Writer) error) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o666)
	if err != nil {
		return unusable("the export cannot be written: %w", err)
	}
	if err = join(write(f), f.Close()); err != nil {
		os.Remove(path)
	}
	return err
}
