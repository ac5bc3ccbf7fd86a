package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"edu/procession/demos/board"
	"edu/procession/demos/demo"
	"edu/procession/demos/safe"
	"edu/procession/demos/trace"
	"edu/procession/tui"
	"edu/procession/tui/view"
)

func (a *app) demoCmd() *cobra.Command {
	var t telling
	var lang string
	var runs int
	cmd := &cobra.Command{
		Use:   "demo NAME",
		Short: "Run a demo on real processes",
		Long:  "Runs a demo, named by itself or by its lesson. On a terminal it opens the stage; in a\npipe, or with --plain, it tells what happens line by line and ends with a table; --json\nprints the log, one event a line.",
		Example: `  # on stage, with keys
  procession demo process-life

  # what a key can do, a script can do
  procession demo pool-of-workers --set workers=3 --do 'kill worker-2@500ms' --plain

  # twice the same choices
  procession demo pool-of-workers --seed 42 --json > one.jsonl

  # keep a recording in a file of your own
  procession demo queue-pipe-event --record queue.jsonl
  procession replay queue.jsonl

  # say yourself who goes next: one name a line, "undo", or an action as in kill:A
  echo A B A B A B | procession demo race-and-lock --step

  # the same again, and then how often it comes out so
  procession demo race-and-lock --schedule 'A B A B A B'
  procession demo race-and-lock --explore 200

  # the lesson's Python listing on the same stage
  procession demo pool-of-workers --lang python

  # each node in a network namespace of its own (Linux, where the system allows it)
  procession demo silent-peer --net namespaces

  # many runs, and how what they measured is spread
  procession demo race-and-lock --set increments=3000 --runs 20`,
		Args: need("demo NAME", "a demo's name"),
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			var names []string
			for _, d := range a.Demos {
				names = append(names, d.Info().Name+"\t"+d.Info().Title)
			}
			return names, cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			d, err := a.play(args[0], lang, &t.o)
			if err != nil {
				return err
			}
			opt, err := t.parse(cmd, d.Info())
			if err != nil {
				return err
			}
			if cmd.Flags().Changed("runs") {
				switch {
				case runs < 1 || runs > mostRuns:
					return unusable("--runs takes how many, from 1 to %d", mostRuns)
				case opt.Step || t.record != "":
					return unusable("--runs counts runs that go by themselves and keeps none of them: not with --step, --schedule, --explore or --record")
				}
				if !cmd.Flags().Changed("pace") {
					opt.Pace = demo.Fast
				}
				return a.series(cmd.Context(), d, opt, runs, t.asJSON)
			}
			return a.tell(cmd.Context(), d, opt, t)
		},
	}
	t.flags(cmd)
	f := cmd.Flags()
	f.StringVar(&lang, "lang", "go", "go, or python: the Python listing of the demo's lesson, as it stands")
	cmd.RegisterFlagCompletionFunc("lang", cobra.FixedCompletions([]string{"go", "python"}, cobra.ShellCompDirectiveNoFileComp))
	f.IntVar(&runs, "runs", 0, "play it `N` times, fast, and tell how what was measured is spread")
	return cmd
}

// telling is how a command that plays one demo is to tell of it.
type telling struct {
	o             options
	how           stepping
	plain, asJSON bool
	record        string
}

func (t *telling) flags(cmd *cobra.Command) {
	t.o.flags(cmd)
	f := cmd.Flags()
	t.how.flags(f)
	f.BoolVar(&t.plain, "plain", false, "tell it line by line, with a table at the end")
	f.BoolVar(&t.asJSON, "json", false, "print the log as JSON lines")
	f.StringVar(&t.record, "record", "", "keep the log in a `file`, to be replayed: that of the last run, as after an undo")
}

// parse turns the flags into what the demo is started with.
func (t *telling) parse(cmd *cobra.Command, info demo.Info) (demo.Options, error) {
	opt, err := t.o.parse(info)
	if err != nil {
		return opt, err
	}
	if err := t.how.into(&opt, info, cmd.Flags().Changed); err != nil {
		return opt, err
	}
	if t.asJSON && t.plain {
		return opt, unusable("--json and --plain are two forms: choose one")
	}
	return opt, nil
}

// tell plays a demo: on stage, line by line, or as JSON.
func (a *app) tell(ctx context.Context, d demo.Demo, opt demo.Options, t telling) error {
	if t.how.explore > 0 {
		return a.explore(ctx, d, opt, t.how.explore, t.asJSON)
	}
	if !t.asJSON && !t.plain && a.screen() {
		if t.record != "" {
			a.Start = a.record(t.record)
		}
		return a.show(ctx, tui.Config{Demo: d.Info().Name, Options: opt})
	}
	if t.how.step {
		return a.stepped(ctx, d, opt, t.asJSON, t.record)
	}
	return a.perform(ctx, d, opt, t.asJSON, t.record)
}

// need is cobra.ExactArgs(1) with a sentence.
func need(usage, what string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		if len(args) != 1 {
			return unusable("it takes %s: procession %s", what, usage)
		}
		return nil
	}
}

// perform runs a demo that nobody attends.
func (a *app) perform(ctx context.Context, d demo.Demo, opt demo.Options, asJSON bool, record string) error {
	if record != "" {
		a.Start = a.record(record)
	}
	run, err := a.keep(a.Start)(d, opt)
	if err != nil {
		return status{2, err}
	}
	defer func() {
		run.Stop()
		<-run.Done()
		a.solved(d, run)
		a.measured(run)
		a.keeper.wait(a.Err)
	}()
	caught := stopOn(ctx, run)
	if err := follow(run, a.form(asJSON), 0); err != nil {
		return broken(err)
	}
	if err := caught(); err != nil {
		return err
	}
	return verdict(run)
}

// stopOn stops a run when a signal comes or ctx is done. Call what it returns
// when the run is over: it tells which signal it was.
func stopOn(ctx context.Context, run demo.Run) (caught func() error) {
	sigs := make(chan os.Signal, 1)
	signal.Notify(sigs, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	told := make(chan struct{})
	var sig os.Signal
	go func() {
		defer close(told)
		defer signal.Stop(sigs)
		select {
		case sig = <-sigs:
			run.Stop()
		case <-ctx.Done():
			run.Stop()
		case <-run.Done():
		}
	}()
	return func() error {
		<-told
		if s, ok := sig.(syscall.Signal); ok {
			return status{128 + int(s), nil}
		}
		return nil
	}
}

// follow tells the log as it grows, what came within gap at once, and returns when
// the run is over.
func follow(run demo.Run, say teller, gap time.Duration) error {
	rec := run.Log()
	if err := say.begin(rec.Header()); err != nil {
		return err
	}
	for n := 0; rec.Wait(context.Background(), n); {
		events := rec.Events(n)
		n += len(events)
		if err := say.events(events); err != nil {
			return err
		}
		if gap > 0 {
			select {
			case <-time.After(gap):
			case <-run.Done():
			}
		}
	}
	<-run.Done()
	return say.end()
}

// broken is an error of writing: a reader that has gone away, as in `| head`, is
// none, and one that has its own status is left alone.
func broken(err error) error {
	if err == nil || errors.As(err, new(status)) {
		return err
	}
	if errors.Is(err, syscall.EPIPE) {
		return status{0, nil}
	}
	return status{1, fmt.Errorf("the output cannot be written: %w", err)}
}

func verdict(run demo.Run) error {
	if err := run.Err(); err != nil {
		return status{1, fmt.Errorf("the run failed: %w", err)}
	}
	for _, e := range run.Log().Events(0) {
		if v, ok := e.Data.(trace.Verdict); ok && !v.OK {
			return status{1, nil}
		}
	}
	return nil
}

func (a *app) form(asJSON bool) teller {
	if asJSON {
		return &jsonForm{w: bufio.NewWriterSize(a.Out, 64<<10)}
	}
	return &plainForm{w: a.Out, b: board.New()}
}

// teller is a form in which a log is told.
type teller interface {
	begin(trace.Header) error
	events([]trace.Event) error
	end() error
}

// jsonForm is the log itself.
type jsonForm struct {
	w   *bufio.Writer
	enc *trace.Encoder
}

func (j *jsonForm) begin(h trace.Header) (err error) {
	j.enc, err = trace.NewEncoder(j.w, h)
	return err
}

func (j *jsonForm) events(events []trace.Event) error {
	return join(j.enc.Encode(events), j.w.Flush())
}

func (j *jsonForm) end() error { return j.w.Flush() }

// plainForm tells lines as they come and a table at the end.
type plainForm struct {
	w io.Writer
	b *board.Board
}

func (p *plainForm) begin(h trace.Header) error {
	_, err := fmt.Fprintf(p.w, "%s in %s, seed %d, pace %s, on %s\n\n", safe.Line(h.Demo, 60), safe.Line(h.Place, 20), h.Seed, safe.Line(h.Pace, 20), safe.Line(h.OS, 20))
	return err
}

func (p *plainForm) events(events []trace.Event) error {
	var out strings.Builder
	for _, e := range events {
		told := p.b.Older + len(p.b.Lines)
		p.b.Apply(e)
		for _, l := range p.b.Lines[told-p.b.Older:] {
			who := safe.Line(string(l.Who), 40)
			if who == "" {
				who = "-"
			}
			fmt.Fprintf(&out, "%8.3f s  %-7s  %-12s %s\n", l.At.Seconds(), l.Source, who, safe.Line(l.Text, 500))
		}
	}
	_, err := io.WriteString(p.w, out.String())
	return err
}

func (p *plainForm) end() error {
	_, err := io.WriteString(p.w, "\n"+view.Table(p.b))
	return err
}
