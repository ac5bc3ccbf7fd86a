package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"runtime"
	"slices"
	"strings"
	"sync"

	"github.com/spf13/cobra"

	"edu/procession/demos/board"
	"edu/procession/demos/demo"
	"edu/procession/demos/safe"
	"edu/procession/demos/trace"
	"edu/procession/tui"
	"edu/procession/tui/view"
)

// versus are the flags of procession versus.
type versus struct {
	left, right string
	turns       bool
}

func (a *app) versusCmd() *cobra.Command {
	var o options
	var v versus
	var plain, asJSON bool
	cmd := &cobra.Command{
		Use:   "versus NAME",
		Short: "Run a demo in two places, side by side",
		Long: "Runs a demo with the same settings and the same seed in two places, such as threads\n" +
			"of one process and processes, and shows both side by side with what was measured in\n" +
			"each. On stage, both run at once and a key acts on both. In a pipe, or with --plain,\n" +
			"a demo that computes runs in one place after the other, since two runs at once would\n" +
			"take each other's cores; --turns and --turns=false choose.",
		Example: `  # on stage: k kills the selected worker in each
  procession versus pool-of-workers

  # the same workload, the same kill, and a table
  procession versus pool-of-workers --left threads --right processes --pace fast --do 'kill worker-2@500ms' --plain`,
		Args: need("versus NAME", "a demo's name"),
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return a.placed(), cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			d, err := a.play(args[0], "go", &o)
			if err != nil {
				return err
			}
			opt, err := o.parse(d.Info())
			if err != nil {
				return err
			}
			places, err := v.places(a, d.Info())
			if err != nil {
				return err
			}
			if asJSON && plain {
				return unusable("--json and --plain are two forms: choose one")
			}
			if !asJSON && !plain && a.screen() {
				return a.show(cmd.Context(), tui.Config{Demo: d.Info().Name, Options: opt, Versus: places, Turns: v.turns})
			}
			if !cmd.Flags().Changed("turns") {
				v.turns = d.Info().Computes
			}
			return a.compare(cmd.Context(), d, opt, places, v.turns, asJSON)
		},
	}
	o.flags(cmd)
	f := cmd.Flags()
	f.Lookup("place").Hidden = true
	f.StringVar(&v.left, "left", "", "the `place` on the left (else the demo's first)")
	f.StringVar(&v.right, "right", "", "the `place` on the right (else the demo's next)")
	f.BoolVar(&v.turns, "turns", false, "run in one place after the other, so that neither takes the other's cores")
	f.BoolVar(&plain, "plain", false, "tell it line by line, with a table of pairs at the end")
	f.BoolVar(&asJSON, "json", false, "print the pairs as JSON lines")
	return cmd
}

// placed names the demos that have two places.
func (a *app) placed() (names []string) {
	for _, d := range a.Demos {
		if len(d.Info().Places) > 1 {
			names = append(names, d.Info().Name)
		}
	}
	return names
}

// places are the two that the flags name, or the demo's first that they do not.
func (v *versus) places(a *app, info demo.Info) ([]demo.Place, error) {
	if v.left != "" || v.right != "" {
		for _, p := range []string{v.left, v.right} {
			if p != "" && !slices.Contains(info.Places, demo.Place(p)) {
				return nil, unusable("%s does not run in %q; it runs in %s", info.Name, safe.Line(p, 60), words(info.Places))
			}
		}
	}
	if len(info.Places) < 2 {
		return nil, unusable("%s runs in %s only; procession versus takes a demo with two places: %s", info.Name, words(info.Places), strings.Join(a.placed(), ", "))
	}
	left, right := demo.Place(v.left), demo.Place(v.right)
	for _, p := range info.Places {
		switch {
		case left == "" && p != right:
			left = p
		case right == "" && p != left:
			right = p
		}
	}
	if left == right {
		return nil, unusable("both sides would be %s: choose two places of %s", left, words(info.Places))
	}
	return []demo.Place{left, right}, nil
}

func words(places []demo.Place) string {
	var s []string
	for _, p := range places {
		s = append(s, string(p))
	}
	return strings.Join(s, ", ")
}

// duel tells two runs, and keeps what is needed to compare them.
type duel struct {
	mu    sync.Mutex
	out   io.Writer // of lines; nil: none
	sides []view.Side
	runs  []demo.Run
}

// compare runs a demo in each place and compares.
func (a *app) compare(ctx context.Context, d demo.Demo, opt demo.Options, places []demo.Place, turns, asJSON bool) error {
	t := &duel{}
	how := fmt.Sprintf("both at once, on %s", demo.Plural(runtime.NumCPU(), "core"))
	if turns {
		how = "one after the other"
	}
	if !asJSON {
		t.out = a.Out
		if _, err := fmt.Fprintf(a.Out, "%s in %s and in %s, %s, seed %d, pace %s\n\n", safe.Line(d.Info().Name, 60), places[0], places[1], how, opt.Seed, opt.Pace); err != nil {
			return broken(err)
		}
	}
	defer func() {
		for _, run := range t.runs {
			run.Stop()
			<-run.Done()
		}
		a.keeper.wait(a.Err)
	}()
	start := a.keep(a.Start)
	errs := make(chan error, len(places))
	var caught []func() error
	for i, place := range places {
		opt.Place = place
		run, err := start(d, opt)
		if err != nil {
			return status{2, err}
		}
		t.runs = append(t.runs, run)
		t.sides = append(t.sides, view.Side{Name: string(place), Board: board.New(), Tally: board.NewTally()})
		caught = append(caught, stopOn(ctx, run))
		form := &sideForm{t, i}
		if turns {
			errs <- follow(run, form, 0)
			if err := caught[i](); err != nil {
				return err
			}
		} else {
			go func() { errs <- follow(run, form, 0) }()
		}
	}
	for range places {
		if err := <-errs; err != nil {
			return broken(err)
		}
	}
	for _, c := range caught {
		if err := c(); err != nil {
			return err
		}
	}
	if err := t.end(a.Out, d.Info().Name, opt.Seed, turns, asJSON); err != nil {
		return broken(err)
	}
	for _, run := range t.runs {
		if err := verdict(run); err != nil {
			return err
		}
	}
	return nil
}

// sideForm tells one of the two runs.
type sideForm struct {
	*duel
	i int
}

func (f *sideForm) begin(trace.Header) error { return nil }

func (f *sideForm) events(events []trace.Event) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	s := &f.sides[f.i]
	var out strings.Builder
	for _, e := range events {
		told := s.Board.Older + len(s.Board.Lines)
		s.Board.Apply(e)
		s.Tally.Apply(e)
		for _, l := range s.Board.Lines[told-s.Board.Older:] {
			who := safe.Line(string(l.Who), 40)
			if who == "" {
				who = "-"
			}
			fmt.Fprintf(&out, "%-9s  %8.3f s  %-7s  %-12s %s\n", s.Name, l.At.Seconds(), l.Source, who, safe.Line(l.Text, 500))
		}
	}
	if f.out == nil {
		return nil
	}
	_, err := io.WriteString(f.out, out.String())
	return err
}

func (f *sideForm) end() error { return nil }

// paired is a line of --json.
type paired struct {
	Name   string     `json:"name"`
	Unit   string     `json:"unit"`
	Values []*float64 `json:"values"` // in the order of places; null: not measured
	Ratio  *float64   `json:"ratio,omitempty"`
}

// end tells what came of it.
func (t *duel) end(w io.Writer, name string, seed uint64, turns, asJSON bool) error {
	verdicts := make([]string, len(t.sides))
	places := make([]string, len(t.sides))
	for i, s := range t.sides {
		places[i] = s.Name
		if v := s.Board.Verdict; v != nil {
			verdicts[i] = v.Text
		}
	}
	if !asJSON {
		var out strings.Builder
		out.WriteString("\nSIDE BY SIDE\n" + view.PairTable(t.sides) + "\nHOW IT CAME OUT\n")
		for i, p := range places {
			fmt.Fprintf(&out, "%s: %s\n", p, safe.Line(verdicts[i], 500))
		}
		_, err := io.WriteString(w, out.String())
		return err
	}
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	err := enc.Encode(map[string]any{"procession": 1, "versus": name, "places": places, "seed": seed, "turns": turns})
	number := func(v float64) *float64 {
		if math.IsNaN(v) {
			return nil
		}
		return &v
	}
	for _, p := range view.Pairs(t.sides) {
		line := paired{Name: p.Name, Unit: p.Unit, Ratio: number(p.Ratio())}
		for _, v := range p.Values {
			line.Values = append(line.Values, number(v))
		}
		err = join(err, enc.Encode(line))
	}
	return join(err, enc.Encode(map[string]any{"verdicts": verdicts}))
}
