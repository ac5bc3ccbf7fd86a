package cli

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"edu/procession/demos/board"
	"edu/procession/demos/safe"
	"edu/procession/demos/trace"
	"edu/procession/demos/trace/export"
	"edu/procession/tui"
)

// recorded is a recording that was read. Fault says where it stops making sense,
// if it does; there is at least one event before that.
type recorded struct {
	name   string // as it is told to people
	header trace.Header
	events []trace.Event
	fault  error
}

// load reads a recording, as far as it is whole.
func (a *app) load(path string) (recorded, error) {
	r := recorded{name: safe.Line(path, 200)}
	f, err := os.Open(path)
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
	cmd := &cobra.Command{
		Use: "replay FILE", Short: "Play a recording",
		Long:    "Plays a recording made with demo --record. A damaged one is played up to the fault.",
		Example: "  procession replay queue.jsonl\n  procession replay queue.jsonl --plain",
		Args:    need("replay FILE", "a recording"),
		RunE: func(cmd *cobra.Command, args []string) error {
			r, err := a.load(args[0])
			if err != nil {
				return err
			}
			switch {
			case asJSON:
				err = trace.Write(a.Out, r.header, r.events)
			case plain || !a.screen():
				p := &plainForm{a.Out, board.New()}
				err = join(p.begin(r.header), p.events(r.events), p.end())
			default:
				err = a.show(cmd.Context(), tui.Config{Replay: &tui.Replay{Name: r.name, Header: r.header, Events: r.events, Fault: r.fault}})
			}
			return join(broken(err), r.whole("played"))
		},
	}
	cmd.Flags().BoolVar(&plain, "plain", false, "tell it line by line, with a table at the end")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print it again as JSON lines, as far as it is whole")
	return cmd
}

func (a *app) exportCmd() *cobra.Command {
	var format, out string
	cmd := &cobra.Command{
		Use: "export FILE", Short: "Turn a recording into what Perfetto or ShiViz reads",
		Long: "Writes a recording in the format of another tool:\n\n" +
			"perfetto  Chrome trace JSON, for ui.perfetto.dev: processes as tracks, states and\n" +
			"          tasks as slices, messages as arrows, measured numbers as counters\n" +
			"shiviz    a log with vector clocks, for bestchai.bitbucket.io/shiviz: what can have\n" +
			"          caused what, without a common clock; of demos that carry such clocks",
		Example: `  procession demo what-is-distributed --record peers.jsonl --plain
  procession export peers.jsonl --format perfetto -o peers.json
  procession export peers.jsonl --format shiviz > peers.log`,
		Args: need("export FILE --format perfetto|shiviz", "a recording"),
		RunE: func(_ *cobra.Command, args []string) error {
			if format == "" {
				return unusable("choose a format: --format perfetto or --format shiviz")
			}
			if err := word("format", format, "perfetto", "shiviz"); err != nil {
				return err
			}
			r, err := a.load(args[0])
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
