package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/charmbracelet/x/ansi"
	"github.com/spf13/cobra"

	"edu/procession/demos/trace"
	"edu/procession/lessons"
	"edu/procession/lessons/progress"
	"edu/procession/tui"
	"edu/procession/tui/view"
)

func (a *app) listCmd() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: "list", Short: "List chapters, lessons and demos", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error { return a.list(asJSON) },
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "as JSON")
	return cmd
}

type listed struct {
	Lessons []listedLesson `json:"lessons"`
	Demos   []listedDemo   `json:"demos"`
}

type listedLesson struct {
	Chapter string `json:"chapter"`
	Number  int    `json:"number"`
	ID      string `json:"id"`
	Title   string `json:"title"`
	Summary string `json:"summary"`
	Minutes int    `json:"minutes"`
	Demo    string `json:"demo"`
}

type listedDemo struct {
	Name    string            `json:"name"`
	Title   string            `json:"title"`
	Doc     string            `json:"doc"`
	Places  []string          `json:"places"`
	Params  map[string]string `json:"params"`  // and their defaults
	Actions map[string]string `json:"actions"` // and their keys
	Gauges  map[string]string `json:"gauges"`  // and what they measure
}

func (a *app) list(asJSON bool) error {
	var out listed
	for _, c := range a.course.Chapters {
		for _, l := range c.Lessons {
			out.Lessons = append(out.Lessons, listedLesson{c.Title, l.Number, l.ID, l.Title, l.Summary, l.Minutes, l.Demo})
		}
	}
	for _, d := range a.Demos {
		i := d.Info()
		ld := listedDemo{i.Name, i.Title, i.Doc, nil, map[string]string{}, map[string]string{}, map[string]string{}}
		for _, p := range i.Places {
			ld.Places = append(ld.Places, string(p))
		}
		for _, p := range i.Params {
			ld.Params[p.Name] = p.Default
		}
		for _, x := range i.Actions {
			ld.Actions[x.Name] = x.Key
		}
		for _, g := range i.Gauges {
			ld.Gauges[g.Name] = g.Doc
		}
		out.Demos = append(out.Demos, ld)
	}
	if asJSON {
		enc := json.NewEncoder(a.Out)
		enc.SetIndent("", "  ")
		return broken(enc.Encode(out))
	}
	var b strings.Builder
	chapter := ""
	for _, l := range out.Lessons {
		if l.Chapter != chapter {
			chapter = l.Chapter
			fmt.Fprintf(&b, "%s\n", chapter)
		}
		fmt.Fprintf(&b, "  %2d  %-28s %s\n", l.Number, l.ID, l.Title)
	}
	b.WriteString("Demos\n")
	for _, d := range out.Demos {
		fmt.Fprintf(&b, "      %-28s %s\n", d.Name, d.Title)
	}
	b.WriteString("\nprocession lesson ID reads one, procession demo NAME runs one, procession alone opens the course in a terminal.\n")
	_, err := io.WriteString(a.Out, b.String())
	return broken(err)
}

func (a *app) lessonCmd() *cobra.Command {
	var plain bool
	cmd := &cobra.Command{
		Use: "lesson ID", Short: "Read a lesson",
		Long:    "Opens a lesson. In a pipe, or with --plain, it is text: with the numbers of your\nown last run where there was one.",
		Example: "  procession lesson queue-pipe-event\n  procession lesson 6 --plain | less",
		Args:    need("lesson ID", "a lesson's id or number"),
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			var ids []string
			for _, l := range a.course.Lessons() {
				ids = append(ids, l.ID+"\t"+l.Title)
			}
			return ids, cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			l, err := a.lesson(args[0])
			if err != nil {
				return err
			}
			if !plain && a.screen() {
				return a.show(cmd.Context(), tui.Config{Open: l.ID})
			}
			_, err = io.WriteString(a.Out, a.text(l))
			return broken(err)
		},
	}
	cmd.Flags().BoolVar(&plain, "plain", false, "as text")
	return cmd
}

// text is a lesson in one piece: the answers last, so that a reader can predict.
func (a *app) text(l *lessons.Lesson) string {
	state := a.peek()
	look := func(gauge string) (string, bool) {
		g, ok := state.Gauge(l.Measured(), gauge)
		return view.Format(trace.Gauge{Value: g.Value, Unit: g.Unit}), ok
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%d  %s\n\n%s\n\n", l.Number, l.Title, ansi.Wordwrap(l.Summary, 80, ""))
	ask := func(answers bool) {
		for _, q := range l.Questions {
			fmt.Fprintf(&b, "%s\n", ansi.Wordwrap(q.Text, 80, ""))
			if f := q.Forecast; f != nil && !answers {
				fmt.Fprintf(&b, "  0 to %d %s.\n", f.Runs, f.Outcome)
			} else if f != nil {
				fmt.Fprintf(&b, "     It is measured where you are: procession lesson %s, in a terminal.\n     %s\n", l.ID,
					strings.ReplaceAll(ansi.Wordwrap(lessons.Fill(f.Why, look), 74, ""), "\n", "\n     "))
			}
			for i, c := range q.Choices {
				if !answers {
					fmt.Fprintf(&b, "  %d. %s\n", i+1, c.Text)
					continue
				}
				mark := "no:  "
				if c.Right {
					mark = "yes: "
				}
				fmt.Fprintf(&b, "  %d. %s\n     %s%s\n", i+1, c.Text, mark, strings.ReplaceAll(ansi.Wordwrap(lessons.Fill(c.Why, look), 74, ""), "\n", "\n     "))
			}
			b.WriteByte('\n')
		}
	}
	for _, p := range l.Parts {
		fmt.Fprintf(&b, "%s\n%s\n\n", strings.ToUpper(p.Title), strings.Repeat("-", ansi.StringWidth(p.Title)))
		if body := strings.TrimSpace(lessons.Fill(p.Body, look)); body != "" {
			fmt.Fprintf(&b, "%s\n\n", ansi.Wordwrap(body, 80, ""))
		}
		if p.Code != "" {
			fmt.Fprintf(&b, "    %s\n\n", strings.ReplaceAll(strings.TrimRight(p.Code, "\n"), "\n", "\n    "))
		}
		if p.Kind == lessons.Predict {
			ask(false)
		}
	}
	fmt.Fprintf(&b, "ANSWERS\n-------\n\n")
	ask(true)
	name := l.Demo
	if len(l.Set) > 0 {
		name = l.ID // which stands for the demo with these settings
	}
	fmt.Fprintf(&b, "The demo: procession demo %s\n", name)
	return b.String()
}

// peek is the learner's state as it is, read without a lock.
func (a *app) peek() progress.State {
	s, err := progress.Open(progress.Path())
	if err != nil {
		return progress.State{}
	}
	defer s.Close()
	return s.State()
}
