package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/charmbracelet/x/ansi"
	"github.com/spf13/cobra"

	"edu/procession/demos/demo"
	"edu/procession/demos/safe"
	"edu/procession/demos/trace"
	"edu/procession/lessons"
	"edu/procession/lessons/progress"
	"edu/procession/lessons/review"
	"edu/procession/tui"
	"edu/procession/tui/tally"
	"edu/procession/tui/view"
)

func (a *app) reviewCmd() *cobra.Command {
	var plain bool
	cmd := &cobra.Command{
		Use: "review", Short: "Answer the questions that come back today",
		Long: "What you have answered in a lesson comes back after 1, 3, 7 and 21 days, often with\n" +
			"other numbers; a wrong answer brings it back tomorrow. In a pipe, or with --plain,\n" +
			"it asks line by line and reads two numbers for each question: the answer, and how\n" +
			"sure you are (1 a guess, 2 fairly sure, 3 certain).",
		Example: "  procession review\n  echo 3 2 | procession review",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if !plain && a.screen() {
				return a.show(cmd.Context(), tui.Config{Review: true})
			}
			return a.review(cmd.Context())
		},
	}
	cmd.Flags().BoolVar(&plain, "plain", false, "line by line")
	return cmd
}

// review asks on standard output and reads the answers from standard input.
func (a *app) review(ctx context.Context) error {
	store, err := progress.Open(progress.Path())
	if err != nil {
		return status{1, err}
	}
	defer store.Close()
	if n := store.Notice(); n != "" {
		fmt.Fprintln(a.Err, "procession:", safe.Line(n, 500))
	}
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	items := review.Due(a.course, store.State(), time.Now())
	words := bufio.NewScanner(a.In)
	words.Split(bufio.ScanWords)
	known, answered := 0, 0
	for i, it := range items {
		if _, err := io.WriteString(a.Out, asked(it, i+1, len(items))); err != nil {
			return broken(err)
		}
		choice, ok, err := a.number(words, it.Question)
		if err != nil {
			return broken(err)
		}
		sure := 0
		if ok {
			sure, ok = a.sure(words)
		}
		if !ok {
			if _, err := io.WriteString(a.Out, "\n"); err != nil {
				return broken(err)
			}
			break
		}
		var text string
		var right bool
		if f := it.Question.Forecast; f != nil {
			seen, err := a.counted(ctx, f)
			if err != nil {
				return status{1, fmt.Errorf("the runs ended early, and the question stays due: %w", err)}
			}
			text, right = fmt.Sprintf("Measured: %d of %d %s.", seen, f.Runs, f.Outcome), f.Right(choice, seen)
			text = yes(right) + " " + text + " " + f.Why
			a.noted(store, store.Update(func(st *progress.State) { it.Count(st, choice, seen, sure, time.Now()) }))
		} else {
			mine := it.Question.Choices[choice]
			right = mine.Right
			text = yes(right) + " " + mine.Why
			for _, c := range it.Question.Choices {
				if c.Right && !right {
					text += "\n\nWhat happens: " + strings.TrimSuffix(c.Text, ".") + ". " + c.Why
				}
			}
			a.noted(store, store.Update(func(st *progress.State) { it.Answer(st, choice, sure, time.Now()) }))
		}
		answered++
		if right {
			known++
		}
		st := store.State()
		text = lessons.Fill(text, func(g string) (string, bool) {
			v, ok := st.Gauge(it.Lesson.Measured(), g)
			return view.Format(trace.Gauge{Value: v.Value, Unit: v.Unit}), ok
		})
		if _, err := fmt.Fprintf(a.Out, "\n%s\n\n", ansi.Wordwrap(text, 80, "")); err != nil {
			return broken(err)
		}
	}
	end := a.comesBack(store.State(), time.Now())
	if answered > 0 {
		end = fmt.Sprintf("You knew %d of %d. ", known, answered) + end
	}
	_, err = fmt.Fprintln(a.Out, end)
	return broken(err)
}

func yes(right bool) string {
	if right {
		return "Right."
	}
	return "Not so."
}

// noted tells of an answer that is not on disk, and goes on: it counts in memory.
func (a *app) noted(s *progress.Store, err error) {
	if err != nil && !errors.Is(err, progress.ErrNotSaved) {
		fmt.Fprintln(a.Err, "procession:", safe.Line(s.Notice(), 500))
	}
}

func asked(it review.Item, n, of int) string {
	var b strings.Builder
	q := it.Question
	fmt.Fprintf(&b, "Question %d of %d, from lesson %d, %s\n\n%s\n", n, of, it.Lesson.Number, it.Lesson.Title, ansi.Wordwrap(strings.TrimSpace(q.Text), 80, ""))
	for i, c := range q.Choices {
		fmt.Fprintf(&b, "  %d. %s\n", i+1, c.Text)
	}
	if f := q.Forecast; f != nil {
		fmt.Fprintf(&b, "  0 to %d %s.\n", f.Runs, f.Outcome)
	}
	b.WriteString("Your answer, and how sure (1 a guess, 2 fairly sure, 3 certain):\n")
	return b.String()
}

// number reads the answer to a question; false at the end of the input. A word
// that is none is asked for again.
func (a *app) number(words *bufio.Scanner, q lessons.Question) (int, bool, error) {
	first := 1
	if q.Forecast != nil {
		first = 0
	}
	for words.Scan() {
		if n, err := strconv.Atoi(words.Text()); err == nil && n >= first && n < first+q.Options() {
			return n - first, true, nil
		}
		if _, err := fmt.Fprintf(a.Out, "%s is no answer; say %d to %d\n", safe.Line(words.Text(), 20), first, first+q.Options()-1); err != nil {
			return 0, false, err
		}
	}
	return 0, false, nil
}

func (a *app) sure(words *bufio.Scanner) (int, bool) {
	for words.Scan() {
		if n, err := strconv.Atoi(words.Text()); err == nil && n >= 1 && n <= 3 {
			return n, true
		}
		fmt.Fprintf(a.Out, "how sure you are is 1, 2 or 3, not %s\n", safe.Line(words.Text(), 20))
	}
	return 0, false
}

// counted plays the runs of a forecast.
func (a *app) counted(ctx context.Context, f *lessons.Forecast) (seen int, err error) {
	d, err := a.demo(f.Demo)
	if err != nil {
		return 0, err
	}
	missing := 0
	err = tally.Series(ctx, a.unkept, d, demo.Options{Params: f.Set, Pace: demo.Fast}, f.Runs, newSeed, func(r tally.Result) {
		v, ok := r.Gauge(f.Gauge)
		switch {
		case !ok || r.Verdict == nil:
			missing++
		case f.Counts(v, r.Verdict.Text):
			seen++
		}
	})
	if err == nil && missing > 0 {
		err = fmt.Errorf("%d of %d runs came to no verdict", missing, f.Runs)
	}
	return seen, err
}

// comesBack says what is due now, or else when something will be.
func (a *app) comesBack(st progress.State, now time.Time) string {
	due := len(review.Due(a.course, st, now))
	next, ok := review.Next(a.course, st, now)
	switch {
	case due == 1:
		return "1 question to review today: procession review"
	case due > 1:
		return fmt.Sprintf("%d questions to review today: procession review", due)
	case ok:
		return "Nothing to review today; the next question comes back on " + next.Time().Format("2006-01-02") + "."
	}
	return "Nothing to review: questions come back once you have predicted in a lesson."
}
