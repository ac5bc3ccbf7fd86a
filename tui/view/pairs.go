package view

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"edu/procession/demos/board"
	"edu/procession/demos/trace"
	"edu/procession/tui/theme"
)

// Side is one of the runs that stand side by side.
type Side struct {
	Name  string // of its place
	Board *board.Board
	Tally *board.Tally
}

// Pair is a number that was measured on each side.
type Pair struct {
	Name   string
	Values []float64 // NaN where it was not measured
	Unit   string
	Doc    string // of those that are every demo's
	paced  bool
}

// Ratio is how many times the first value the last one is, NaN where that says
// nothing.
func (p Pair) Ratio() float64 {
	first, last := p.Values[0], p.Values[len(p.Values)-1]
	if p.paced || p.Unit == "" || p.Unit == "%" || first <= 0 || last <= 0 {
		return math.NaN()
	}
	return last / first
}

// Value is how the i-th value reads.
func (p Pair) Value(i int, ascii bool) string {
	if math.IsNaN(p.Values[i]) {
		return "-"
	}
	return format(trace.Gauge{Value: p.Values[i], Unit: p.Unit, Paced: p.paced}, ascii)
}

// Times is how the ratio reads: "×47", "1/47".
func (p Pair) Times(ascii bool) string {
	r := p.Ratio()
	sign := "×"
	if ascii {
		sign = "x"
	}
	switch {
	case math.IsNaN(r):
		return ""
	case r < 1 && digits(1/r) != "1":
		return "1/" + digits(1/r)
	}
	return sign + digits(max(r, 1))
}

// Pairs lists what there is to compare: first what the kernel and the stage tell
// of every demo, then the demo's own gauges. What neither side has is left out.
func Pairs(sides []Side) []Pair {
	var out []Pair
	add := func(name, unit, doc string, of func(*board.Tally) float64) {
		p := Pair{Name: name, Unit: unit, Doc: doc}
		some := false
		for _, s := range sides {
			v := math.NaN()
			if s.Tally != nil {
				v = of(s.Tally)
			}
			some = some || !math.IsNaN(v)
			p.Values = append(p.Values, v)
		}
		if some {
			out = append(out, p)
		}
	}
	ms := func(d time.Duration) float64 {
		if d == 0 {
			return math.NaN()
		}
		return float64(d) / 1e6
	}
	add("start of a worker", "ms", "from the call to the worker's first word, the median", func(t *board.Tally) float64 { return ms(t.Start()) })
	add("memory", "bytes", "resident, of all together, the most at a sample; pages that processes share count in each", func(t *board.Tally) float64 {
		if t.Memory == 0 {
			return math.NaN()
		}
		return float64(t.Memory)
	})
	if slices.ContainsFunc(sides, func(s Side) bool { return s.Tally != nil && s.Tally.Kills > 0 }) {
		add("ended by a kill", "", "workers that a signal ended, for each kill of yours", func(t *board.Tally) float64 {
			if t.Kills == 0 {
				return math.NaN()
			}
			return float64(t.Ended) / float64(t.Kills)
		})
		add("kill to end", "ms", "from the signal until wait told of the end, the median", func(t *board.Tally) float64 { return ms(t.Kill()) })
	}
	add("start of the host", "ms", "the one process whose threads they are, before the first of them", func(t *board.Tally) float64 { return ms(t.Host) })
	add("cpu", "ms", "of all processes but the warden, as the kernel tells", func(t *board.Tally) float64 { return ms(t.CPU()) })

	seen := map[string]bool{}
	for _, s := range sides {
		for _, g := range s.Board.Gauges {
			if g.Group != "" || seen[g.Name] {
				continue
			}
			seen[g.Name] = true
			p := Pair{Name: g.Name, Unit: g.Unit}
			for _, s := range sides {
				v := math.NaN()
				if g, ok := s.Board.Gauge(g.Name); ok && g.Unit == p.Unit {
					v, p.paced = g.Value, p.paced || g.Paced
				}
				p.Values = append(p.Values, v)
			}
			out = append(out, p)
		}
	}
	return out
}

// PairTable is the pairs as text, with what each means where that is not the
// demo's to say.
func PairTable(sides []Side) string {
	rows := [][]string{{"name"}}
	for _, s := range sides {
		rows[0] = append(rows[0], plainText(s.Name))
	}
	rows[0] = append(rows[0], ratioHead(sides), "")
	for _, p := range Pairs(sides) {
		row := []string{plainText(p.Name)}
		for i := range sides {
			row = append(row, p.Value(i, true))
		}
		rows = append(rows, append(row, p.Times(true), p.Doc))
	}
	var out strings.Builder
	columns(&out, rows)
	return out.String()
}

func ratioHead(sides []Side) string {
	return plainText(sides[len(sides)-1].Name) + "/" + plainText(sides[0].Name)
}

// PairLines draws the pairs in h lines of w cells, a title among them.
func PairLines(sides []Side, th theme.Theme, w, h int) []string {
	if h < 2 {
		return nil
	}
	ascii := th.Options().Plain
	ps := Pairs(sides)
	rows := [][]string{{"measured"}}
	for _, s := range sides {
		rows[0] = append(rows[0], clean(s.Name))
	}
	rows[0] = append(rows[0], "ratio")
	for i, p := range ps {
		if len(rows) == h && i < len(ps) {
			rows[h-1] = []string{fmt.Sprintf("and %d more", len(ps)-i+1)}
			break
		}
		row := []string{clean(p.Name)}
		for i := range sides {
			row = append(row, p.Value(i, ascii))
		}
		rows = append(rows, append(row, p.Times(ascii)))
	}
	name := 8
	for _, r := range rows {
		name = max(name, width(r[0]))
	}
	col := min(max((w-2-name)/(len(sides)+1)-2, 7), 16)
	out := make([]string, 0, len(rows))
	for i, r := range rows {
		line := " " + r[0] + strings.Repeat(" ", max(name-width(r[0]), 0))
		for _, c := range r[1:] {
			line += strings.Repeat(" ", 2+max(col-width(c), 0)) + c
		}
		if i == 0 {
			line = th.Paint(theme.Muted, line)
		}
		out = append(out, line)
	}
	return out
}
