package export

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode"

	"edu/procession/demos/safe"
	"edu/procession/demos/trace"
)

// ErrNoClocks is what ShiViz returns for a recording whose demo carries no
// vector clocks, or in which none has been kept.
var ErrNoClocks = errors.New("no event in it has a vector clock")

// parser is how ShiViz is to read what follows: pairs of lines.
const parser = `(?<event>.*)\n(?<host>\S*) (?<clock>{.*})`

// ShiViz writes the events that have a vector clock, for ShiViz to draw. It
// returns how many of those had to be left out because what came before them is
// not in the log.
func ShiViz(w io.Writer, h trace.Header, events []trace.Event) (left int, err error) {
	names := hosts(h.Clocks)
	of := map[trace.ID]int{}
	for i, id := range h.Clocks {
		of[id] = i
	}
	told := make([][]trace.Event, len(names)) // each host's events, as far as its own clock has no gap
	total := 0
	for _, e := range events {
		if e.Clock == nil {
			continue
		}
		total++
		if i, ok := of[e.Who]; ok && len(e.Clock) == len(names) && follows(told[i], e.Clock, i) {
			told[i] = append(told[i], e)
		}
	}
	consistent(told)
	kept := 0
	for _, t := range told {
		kept += len(t)
	}
	if kept == 0 {
		return total, ErrNoClocks
	}

	b := bufio.NewWriter(w)
	fmt.Fprintf(b, "%s\n\n", parser)
	next := make([]int, len(names))
	for _, e := range events {
		i, ok := of[e.Who]
		if e.Clock == nil || !ok || next[i] >= len(told[i]) || told[i][next[i]].Seq != e.Seq {
			continue
		}
		next[i]++
		fmt.Fprintf(b, "%s\n%s %s\n", line(e), names[i], clock(names, e.Clock))
	}
	return total - kept, b.Flush()
}

// follows says that a clock is the next of host i after those told: its own
// entry one more, and no other less.
func follows(told []trace.Event, c []uint64, i int) bool {
	if c[i] != uint64(len(told))+1 {
		return false
	}
	if len(told) > 0 {
		for j, n := range told[len(told)-1].Clock {
			if c[j] < n {
				return false
			}
		}
	}
	return true
}

// consistent cuts each host's events before the first that knows of an event
// which is not there: one whose report was still on its way when the log ended.
func consistent(told [][]trace.Event) {
	knowsMore := func(c []uint64) bool {
		for j, n := range c {
			if n > uint64(len(told[j])) {
				return true
			}
		}
		return false
	}
	for again := true; again; {
		again = false
		for i := range told {
			for n := len(told[i]); n > 0 && knowsMore(told[i][n-1].Clock); n-- { // clocks only grow: the last knows most
				told[i] = told[i][:n-1]
				again = true
			}
		}
	}
}

// hosts are names without spaces, none of them twice.
func hosts(ids []trace.ID) []string {
	var out []string
	for i, id := range ids {
		name := strings.Map(func(r rune) rune {
			if unicode.IsSpace(r) {
				return '_'
			}
			return r
		}, safe.Line(string(id), 60))
		if name == "" || slices.Contains(out, name) {
			name += fmt.Sprintf("#%d", i+1)
		}
		out = append(out, name)
	}
	return out
}

// clock is a vector clock as JSON; who has not been heard of is left out.
func clock(names []string, c []uint64) string {
	var parts []string
	for i, n := range c {
		if n > 0 {
			name, _ := json.Marshal(names[i])
			parts = append(parts, fmt.Sprintf("%s:%d", name, n))
		}
	}
	return "{" + strings.Join(parts, ",") + "}"
}

// line says what happened. Braces would let it pass for a line with a clock.
func line(e trace.Event) string {
	text := e.Kind.String()
	switch d := e.Data.(type) {
	case trace.Msg:
		what := d.Text
		if what == "" {
			what = d.Msg
		}
		text = map[trace.Kind]string{
			trace.KindSend: fmt.Sprintf("sends %s to %s", what, d.To),
			trace.KindRecv: fmt.Sprintf("receives %s from %s", what, d.From),
			trace.KindDrop: fmt.Sprintf("loses %s from %s to %s: %s", d.Msg, d.From, d.To, d.Text),
		}[d.Is]
	case trace.Say:
		text = d.Text
	case trace.Belief:
		text = fmt.Sprintf("believes of %s: %s", d.About, d.Is)
		if d.Is == "" {
			text = fmt.Sprintf("no longer believes it of %s", d.About)
		}
	case trace.Role:
		text = fmt.Sprintf("is %s in term %d", d.Role, d.Term)
	case trace.Task:
		text = fmt.Sprintf("%s %d", d.Is, d.Task)
	case trace.Block:
		text = "waits for " + d.On
	}
	return strings.NewReplacer("{", "(", "}", ")").Replace(safe.Line(text, 300))
}
