package cli

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"

	"github.com/spf13/pflag"

	"edu/procession/demos/board"
	"edu/procession/demos/demo"
	"edu/procession/demos/safe"
	"edu/procession/demos/trace"
)

// stepping is the flags by which the learner is the scheduler.
type stepping struct {
	step     bool
	schedule string
	explore  int
}

func (s *stepping) flags(f *pflag.FlagSet) {
	f.BoolVar(&s.step, "step", false, "hold each worker at each step; in a pipe, read who goes next from standard input")
	f.StringVar(&s.schedule, "schedule", "", "who goes when, as in `'A A B A B'`: the run is played exactly so")
	f.IntVar(&s.explore, "explore", 0, "play up to `N` schedules and list how they came out")
}

// into puts the flags into the options of a run.
func (s *stepping) into(o *demo.Options, info demo.Info, given func(string) bool) error {
	if !s.step && !given("schedule") && !given("explore") {
		return nil
	}
	if !info.Stepped() {
		return unusable("%s has no steps: its workers run freely. procession list shows which demos have", info.Name)
	}
	var err error
	switch o.Schedule, err = demo.ParseSchedule(s.schedule); {
	case err != nil:
		return status{2, err}
	case given("explore") && s.explore < 1:
		return unusable("--explore takes how many schedules to play at most, from 1")
	case s.explore > 0 && s.step:
		return unusable("--explore chooses who goes, and --step lets you choose: take one")
	}
	o.Step = true
	return nil
}

// stepped lets standard input say who goes: names, actions as in kill:A, and
// undo. It ends with the input, or when nobody has a step left.
func (a *app) stepped(ctx context.Context, d demo.Demo, opt demo.Options, asJSON bool, record string) error {
	if record != "" {
		a.Start = a.record(record)
	}
	opt.Attended = true
	words := make(chan string)
	over := make(chan struct{})
	defer close(over)
	defer a.keeper.wait(a.Err)
	defer a.attempts.tell(a.Err)
	go read(a.In, words, over)
	var was map[int]*board.Board // settled Boards of the run before, by moves
	for {
		run, err := a.keep(a.Start)(d, opt)
		if err != nil {
			return status{2, err}
		}
		caught := stopOn(ctx, run)
		g := &steps{app: a, run: run, say: a.form(asJSON), json: asJSON, b: board.New(), at: map[int]*board.Board{}, was: was}
		err = g.play(words, len(opt.Schedule))
		run.Stop()
		<-run.Done()
		a.solved(d, run)
		a.measured(run)
		if sig := caught(); sig != nil {
			return sig
		}
		if err != nil {
			return broken(err)
		}
		if !g.undo {
			return verdict(run)
		}
		opt.Schedule, was = demo.Schedule(g.b.Step.Schedule).Back(), g.at
	}
}

func read(in io.Reader, words chan<- string, over <-chan struct{}) {
	defer close(words)
	sc := bufio.NewScanner(in)
	sc.Split(bufio.ScanWords)
	for sc.Scan() {
		select {
		case words <- sc.Text():
		case <-over:
			return
		}
	}
}

// steps is one run that standard input steps through.
type steps struct {
	*app
	run  demo.Run
	say  teller
	json bool
	b    *board.Board
	at   map[int]*board.Board
	was  map[int]*board.Board
	undo bool
}

func (g *steps) play(words <-chan string, n int) error {
	rec := g.run.Log()
	if err := g.say.begin(rec.Header()); err != nil {
		return err
	}
	for {
		// An ended run is told to its end: its last step may be its last event but one.
		alive, err := g.until(func() bool { return g.b.Step.Settled && len(g.b.Step.Schedule) >= n })
		if err != nil {
			return err
		}
		if !alive {
			break
		}
		if err := g.tell(); err != nil {
			return err
		}
		if len(g.b.Step.Ready)+len(g.b.Step.Blocked) == 0 {
			break // all have ended: what follows is the verdict
		}
		word, ok := "", true
		for moved := false; ok && !moved; {
			select {
			case word, ok = <-words:
			case <-g.run.Done():
				ok = false
			}
			if !ok {
				g.run.Finish()
				break
			}
			if word == "undo" {
				if g.undo = n > 0; g.undo {
					return nil
				}
				g.line("nothing has been done yet")
				continue
			}
			if err := g.move(word); err != nil {
				g.line(safe.Line(err.Error(), 300))
				continue
			}
			moved = true
			n++
		}
		if !ok {
			break
		}
	}
	if _, err := g.until(func() bool { return false }); err != nil {
		return err
	}
	<-g.run.Done()
	return g.say.end()
}

func (g *steps) move(word string) error {
	moves, err := demo.ParseSchedule(word)
	if err != nil {
		return err
	}
	if len(moves) != 1 {
		return fmt.Errorf("one move at a time, not %q", word)
	}
	if a, ok := demo.MoveAct(moves[0]); ok {
		return g.run.Act(a.Name, a.Target)
	}
	return g.run.Go(moves[0])
}

// until tells the log until ok holds, true, or the run is over, false.
func (g *steps) until(ok func() bool) (bool, error) {
	rec := g.run.Log()
	for rec.Wait(context.Background(), g.b.Pos) {
		for _, e := range rec.Events(g.b.Pos) {
			g.b.Apply(e)
			if err := g.say.events([]trace.Event{e}); err != nil {
				return false, err
			}
			if e.Kind == trace.KindSettled {
				g.at[len(g.b.Step.Schedule)] = g.b.Clone()
			}
			if ok() {
				return true, nil
			}
		}
	}
	return false, nil
}

// tell shows where everybody stands, and whether an undo came to where it was.
func (g *steps) tell() error {
	if g.json {
		return nil
	}
	text := standing(g.b)
	if was := g.was[len(g.b.Step.Schedule)]; was != nil {
		if d := board.Same(g.b, was); d != "" {
			text += "  not as it was here before: " + d + "\n"
		} else {
			text += "  as it was here before\n"
		}
		g.was = nil
	}
	_, err := io.WriteString(g.Out, text+"\n")
	return err
}

func (g *steps) line(text string) {
	w := g.Out
	if g.json {
		w = g.Err
	}
	fmt.Fprintln(w, text)
}

// standing is what each process is about to do, what it did, and what they share.
func standing(b *board.Board) string {
	var out strings.Builder
	fmt.Fprintf(&out, "after %d: %s\n", len(b.Step.Schedule), demo.Schedule(b.Step.Schedule))
	for _, p := range b.Procs {
		if p.Role == "warden" {
			continue
		}
		now := p.State.String()
		switch {
		case !p.Alive():
			now = p.Exit.String()
		case p.Held && p.State != trace.Stopped:
			now = "next: " + p.NextStep
		case p.On != "":
			now += " on " + p.On
		}
		for _, l := range b.Locks {
			if slices.Contains(l.Waiters, p.ID) {
				now += fmt.Sprintf(", waits for %s", l.ID)
			}
		}
		did := ""
		if p.LastStep != "" {
			did = "did: " + p.LastStep
		}
		fmt.Fprintf(&out, "  %-10s %-44s %s\n", p.ID, now, did)
	}
	for _, c := range b.Cells {
		by := ""
		if c.Writer != "" {
			by = ", written by " + string(c.Writer)
		}
		fmt.Fprintf(&out, "  %s = %s%s\n", c.ID, c.Value, by)
	}
	for _, l := range b.Locks {
		by := "nobody"
		if len(l.Holders) > 0 {
			by = list(l.Holders)
		}
		fmt.Fprintf(&out, "  %s: held by %s", l.ID, by)
		if len(l.Waiters) > 0 {
			fmt.Fprintf(&out, ", waited for by %s", list(l.Waiters))
		}
		out.WriteByte('\n')
	}
	switch {
	case b.Step.Stuck():
		fmt.Fprintf(&out, "  nobody can go: %s\n", list(b.Step.Blocked))
	case len(b.Step.Ready) > 0:
		fmt.Fprintf(&out, "  can go: %s\n", list(b.Step.Ready))
	}
	var clean strings.Builder
	for line := range strings.Lines(out.String()) {
		clean.WriteString(strings.TrimRight(safe.Line(strings.TrimSuffix(line, "\n"), 300), " ") + "\n")
	}
	return clean.String()
}

func list(ids []trace.ID) string {
	words := make([]string, len(ids))
	for i, id := range ids {
		words[i] = string(id)
	}
	return strings.Join(words, ", ")
}

// explore plays many schedules and lists how they came out. None of them is kept:
// the list has a schedule for each outcome.
func (a *app) explore(ctx context.Context, d demo.Demo, opt demo.Options, most int, asJSON bool) error {
	opt.Pace = demo.Fast
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	got, err := demo.Explore(ctx, a.Start, d, opt, most, nil)
	if err != nil {
		return status{1, fmt.Errorf("after %d schedules: %w", got.Ran, err)}
	}
	if got.Solved != "" { // a puzzle to mend: no schedule breaks what was chosen
		a.note(d.Info().Name, []trace.Solved{{Puzzle: got.Solved}})
	}
	rate := float64(got.Ran) / got.Took.Seconds()
	if asJSON {
		enc := json.NewEncoder(a.Out)
		enc.SetEscapeHTML(false)
		err = enc.Encode(map[string]any{"demo": d.Info().Name, "schedules": got.Ran, "all": got.All, "per_second": rate, "params": opt.Params, "seed": opt.Seed, "broken": got.Broken, "mends": got.Mends, "solved": got.Solved})
		for _, x := range got.Outcomes {
			if err == nil {
				err = enc.Encode(map[string]any{"outcome": x.Text, "ok": x.OK, "broken": x.Broken, "count": x.Count, "schedule": x.Schedule.String()})
			}
		}
		return broken(err)
	}
	of := "of more"
	if got.All {
		of = "which are all"
	}
	var out strings.Builder
	fmt.Fprintf(&out, "%s: %d schedules, %s, on real processes, %.0f a second\n\n", d.Info().Name, got.Ran, of, rate)
	for _, x := range got.Outcomes {
		fmt.Fprintf(&out, "%6d of %d  %s\n%s--schedule '%s'\n", x.Count, got.Ran, safe.Line(x.Text, 200), strings.Repeat(" ", 11+len(fmt.Sprint(got.Ran))), x.Schedule)
	}
	if text := mended(got); text != "" {
		fmt.Fprintf(&out, "\n%s\n", text)
	}
	_, err = io.WriteString(a.Out, out.String())
	return broken(err)
}

// mended says how many schedules break what the demo is to keep, and what that
// means for its puzzle to mend; "" where nothing is to be said.
func mended(got demo.Exploration) string {
	first := slices.IndexFunc(got.Outcomes, func(o demo.Outcome) bool { return o.Broken })
	switch {
	case first >= 0:
		text := fmt.Sprintf("%d of %d schedules break it", got.Broken, got.Ran)
		if got.Mends != "" {
			text += fmt.Sprintf(": %s is not solved", got.Mends)
		}
		return text + fmt.Sprintf(". One that does: --schedule '%s'", got.Outcomes[first].Schedule)
	case got.Solved != "":
		return fmt.Sprintf("0 of all %d schedules break it: %s is solved", got.Ran, got.Solved)
	case got.Mends != "" && !got.All:
		return fmt.Sprintf("0 of %d schedules break it, but there are more: a larger --explore would tell whether %s is solved", got.Ran, got.Mends)
	}
	return ""
}
