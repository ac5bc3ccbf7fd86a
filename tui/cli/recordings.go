package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"edu/procession/demos/demo"
	"edu/procession/demos/safe"
	"edu/procession/demos/trace"
	"edu/procession/tui/recordings"
	"edu/procession/tui/view"
)

// kept finds a recording that was kept.
func kept(word string) (recordings.Entry, error) {
	folder := recordings.Folder(recordings.Path())
	e, err := folder.Find(word)
	if !errors.Is(err, recordings.ErrNone) {
		return e, err
	}
	known := keptWords()
	if len(known) == 0 {
		return e, unusable("the recording cannot be read: there is no file %s, and no run has been kept yet", safe.Line(word, 60))
	}
	return e, unusable("the recording cannot be read: there is no file %s, and no run of that name is kept; did you mean %s? procession recordings lists them", safe.Line(word, 60), nearest(word, known))
}

// keptWords are what recordings are called by, newest first.
func keptWords() (words []string) {
	all, _ := recordings.Folder(recordings.Path()).List()
	for _, e := range all {
		words = append(words, e.Word())
	}
	return words
}

// keptNames completes a recording's name; files are completed by the shell.
func keptNames(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	if words := keptWords(); len(words) > 0 {
		return append(words, recordings.Last), cobra.ShellCompDirectiveDefault
	}
	return nil, cobra.ShellCompDirectiveDefault
}

func (a *app) recordingsCmd() *cobra.Command {
	var asJSON, prune bool
	var id string
	cmd := &cobra.Command{
		Use: "recordings", Short: "List the runs that were kept, name one, or delete those without a name",
		Long: fmt.Sprintf("Every run is kept: the latest %d, of at most %d MB together, and those with a name for ever.\n", recordings.MaxRuns, recordings.MaxBytes>>20) +
			"They are files that replay and export take by name; the newest is called last.\n" +
			"--no-keep, with any command, keeps none.",
		Example: `  procession recordings
  procession recordings --name last the-lost-task
  procession replay the-lost-task
  procession recordings --prune`,
		Args: func(cmd *cobra.Command, args []string) error {
			switch naming := cmd.Flags().Changed("name"); {
			case naming && len(args) != 1:
				return unusable("it takes a recording and its new name: procession recordings --name ID NAME")
			case !naming && len(args) > 0:
				return unusable("to name a recording: procession recordings --name ID NAME")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			folder := recordings.Folder(recordings.Path())
			switch {
			case len(args) == 1:
				e, err := kept(id)
				if err == nil {
					if e, err = folder.Rename(e.ID, args[0]); err != nil {
						err = unusable("%w", err)
					}
				}
				if err != nil {
					return err
				}
				_, err = fmt.Fprintf(a.Out, "%s is called %s and stays for ever.\n", e.ID, e.Name)
				return broken(err)
			case prune:
				n, bytes, err := folder.Prune(0, 0)
				if err != nil {
					return status{1, err}
				}
				_, err = fmt.Fprintf(a.Out, "%d recordings without a name are deleted: %s.\n", n, size(bytes))
				return broken(err)
			}
			all, err := folder.List()
			if err != nil {
				return status{1, err}
			}
			return broken(a.tellKept(all, asJSON))
		},
	}
	f := cmd.Flags()
	f.BoolVar(&asJSON, "json", false, "as JSON")
	f.StringVar(&id, "name", "", "give this `recording` a name, so that it stays: --name ID NAME")
	f.BoolVar(&prune, "prune", false, "delete all recordings without a name")
	cmd.MarkFlagsMutuallyExclusive("json", "name", "prune")
	return cmd
}

type listedRun struct {
	ID      string         `json:"id"`
	Name    string         `json:"name,omitempty"`
	Demo    string         `json:"demo"`
	Seed    uint64         `json:"seed"`
	Started time.Time      `json:"started,omitzero"`
	Length  time.Duration  `json:"length_ns"`
	Events  int            `json:"events"`
	Bytes   int64          `json:"bytes"`
	Mark    *time.Duration `json:"mark_ns,omitempty"` // the marked moment
	Fault   string         `json:"fault,omitempty"`   // of a damaged one
	Path    string         `json:"path"`
}

// tellKept lists recordings. All are read through, so that damage is seen.
func (a *app) tellKept(all []recordings.Entry, asJSON bool) error {
	read := recordings.Summaries(all)
	runs := []listedRun{}
	for i, e := range all {
		s := read[i]
		r := listedRun{e.ID, e.Name, safe.Line(s.Header.Demo, 40), s.Header.Seed, s.Header.Started, s.Length, s.Events, e.Size, nil, "", e.Path}
		if e.Marked {
			r.Mark = &e.Mark
		}
		if s.Fault != nil {
			r.Fault = safe.Line(s.Fault.Error(), 200)
		}
		runs = append(runs, r)
	}
	if asJSON {
		enc := json.NewEncoder(a.Out)
		enc.SetIndent("", "  ")
		return enc.Encode(runs)
	}
	if len(runs) == 0 {
		_, err := fmt.Fprintln(a.Out, "No run has been kept yet: procession demo NAME makes one.")
		return err
	}
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "RECORDING\tDEMO\tWHEN\tLENGTH\tEVENTS\tSIZE\tSTATE")
	for i, r := range runs {
		state, when := "whole", "not told"
		if !r.Started.IsZero() {
			when = r.Started.Local().Format("2006-01-02 15:04")
		}
		if r.Fault != "" {
			state = "damaged: " + r.Fault
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%.1f s\t%d\t%s\t%s\n", all[i].Word(), r.Demo, when, r.Length.Seconds(), r.Events, size(r.Bytes), state)
	}
	w.Flush()
	b.WriteString("\nprocession replay RECORDING plays one.\n")
	_, err := io.WriteString(a.Out, b.String())
	return err
}

func size(bytes int64) string {
	return view.Format(trace.Gauge{Value: float64(bytes), Unit: "bytes"})
}

// keeping tells whether runs are kept.
func keeping() demo.Check {
	c := demo.Check{Name: "recordings", OK: true}
	folder := recordings.Folder(recordings.Path())
	all, err := folder.List()
	if err == nil {
		err = folder.Try()
	}
	if err != nil {
		c.OK, c.Text = false, "runs are not kept: "+err.Error()
		return c
	}
	var bytes int64
	for _, e := range all {
		bytes += e.Size
	}
	c.Text = fmt.Sprintf("%d runs, %s, kept in %s", len(all), size(bytes), recordings.Path())
	return c
}
