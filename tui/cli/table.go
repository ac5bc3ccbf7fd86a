package cli

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"edu/procession/demos/demo"
	"edu/procession/demos/safe"
	"edu/procession/lessons/progress"
	"edu/procession/lessons/table"
	"edu/procession/tui"
	"edu/procession/tui/tally"
)

func (a *app) tableCmd() *cobra.Command {
	var plain, asJSON bool
	cmd := &cobra.Command{
		Use: "table", Short: "Processes against nodes, in the figures of your own runs",
		Long: "The table with which the course ends: the same questions asked of processes and of\n" +
			"nodes. Each answer has its figures from your last run that measured them, on stage or\n" +
			"from the command line; one that is still open says which lesson's demo measures it.",
		Example: "  procession table\n  procession table --json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if asJSON && plain {
				return unusable("--json and --plain are two forms: choose one")
			}
			if !plain && !asJSON && a.screen() {
				return a.show(cmd.Context(), tui.Config{Table: true})
			}
			s, err := progress.Open(progress.Path())
			if err != nil {
				return status{1, err}
			}
			defer s.Close()
			if n := s.Notice(); n != "" {
				fmt.Fprintln(a.Err, "procession:", safe.Line(n, 500))
			}
			if asJSON {
				enc := json.NewEncoder(a.Out)
				enc.SetEscapeHTML(false)
				enc.SetIndent("", "  ")
				return broken(enc.Encode(tableJSON(s.State())))
			}
			_, err = fmt.Fprint(a.Out, tablePlain(s.State()))
			return broken(err)
		},
	}
	f := cmd.Flags()
	f.BoolVar(&plain, "plain", false, "as text")
	f.BoolVar(&asJSON, "json", false, "as JSON")
	return cmd
}

// tablePlain is the table as text of at most 80 columns.
func tablePlain(st progress.State) string {
	var b strings.Builder
	for _, row := range table.Rows() {
		fmt.Fprintf(&b, "%s\n", row.Question)
		for side, c := range row.Cells {
			text, from, ok := tui.CellText(c, st)
			lines := tui.Lines(text, 66)
			if ok {
				lines = append(lines, "("+from+")")
			}
			for i, line := range lines {
				name := ""
				if i == 0 {
					name = table.Sides[side]
				}
				fmt.Fprintf(&b, "  %-10s  %s\n", name, line)
			}
		}
		b.WriteByte('\n')
	}
	n, all := table.Measured(st)
	fmt.Fprintf(&b, "%d of %d measured\n", n, all)
	return b.String()
}

// cellJSON is a cell for a program. Text is what a person reads, in both cases.
type cellJSON struct {
	Measured bool                      `json:"measured"`
	Text     string                    `json:"text"`
	Lesson   string                    `json:"lesson"`
	Demo     string                    `json:"demo"`
	Seed     uint64                    `json:"seed,omitempty"`
	When     time.Time                 `json:"when,omitzero"`
	Gauges   map[string]progress.Gauge `json:"gauges,omitempty"`
}

type rowJSON struct {
	Row       string   `json:"row"`
	Question  string   `json:"question"`
	Processes cellJSON `json:"processes"`
	Nodes     cellJSON `json:"nodes"`
}

func tableJSON(st progress.State) (rows []rowJSON) {
	cell := func(c table.Cell) cellJSON {
		j := cellJSON{Lesson: c.Lesson, Demo: c.Demo}
		j.Text, _, j.Measured = tui.CellText(c, st)
		if m, ok := c.In(st); ok {
			j.Seed, j.When, j.Gauges = m.Seed, m.When, m.Gauges
		}
		return j
	}
	for _, r := range table.Rows() {
		rows = append(rows, rowJSON{r.ID, r.Question, cell(r.Cells[0]), cell(r.Cells[1])})
	}
	return rows
}

// measured puts what a run has measured into the table, as the stage does. Most runs
// answer nothing there, and then the learner's file is left alone.
func (a *app) measured(run demo.Run) {
	figures := tally.Figures(run.Log())
	var any progress.State
	if table.Note(&any, figures); len(any.Table) == 0 {
		return
	}
	store, err := progress.Open(progress.Path())
	if err != nil {
		fmt.Fprintln(a.Err, "procession: the table is not filled:", safe.Line(err.Error(), 500))
		return
	}
	defer store.Close()
	a.noted(store, store.Update(func(st *progress.State) { table.Note(st, figures) }))
}
