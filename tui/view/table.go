package view

import (
	"fmt"
	"strings"
	"time"

	"edu/procession/demos/board"
	"edu/procession/demos/trace"
)

// Table is a whole run in words, for pipes and screen readers: who ran, what
// happened, what was measured, how it came out. It has no escapes and no signs
// but ASCII ones, names and texts from outside excepted; columns are two blanks
// apart and every cell is filled.
func Table(b *board.Board) string {
	if b == nil {
		b = &board.Board{}
	}
	var out strings.Builder
	tableWho(&out, b)
	tableWhat(&out, b)
	tableMeasured(&out, b)
	out.WriteString("\nHOW IT CAME OUT\n")
	switch {
	case b.Verdict == nil:
		out.WriteString("No verdict.\n")
	case b.Verdict.OK:
		out.WriteString("OK: " + clean(b.Verdict.Text) + "\n")
	default:
		out.WriteString("FAILED: " + clean(b.Verdict.Text) + "\n")
	}
	return out.String()
}

// ms writes a duration in milliseconds.
func ms(d time.Duration) string { return digits(float64(d)/1e6) + " ms" }

func tableWho(out *strings.Builder, b *board.Board) {
	out.WriteString("WHO RAN\n")
	if len(b.Procs) == 0 {
		out.WriteString("No process ran.\n")
		return
	}
	rows := [][]string{{"name", "pid", "parent", "role", "started after", "first word after", "cpu", "how it ended"}}
	for i := range b.Procs {
		p := &b.Procs[i]
		parent := fmt.Sprint(p.PPID)
		if p.Parent != "" {
			parent = clean(string(p.Parent)) + " " + parent
		}
		took := "none heard"
		if p.Took > 0 {
			took = ms(p.Took)
		}
		rows = append(rows, []string{clean(string(p.ID)), fmt.Sprint(p.PID), parent, orDash(clean(p.Role)),
			ms(p.Started), took, ms(p.CPU), ended(p)})
	}
	columns(out, rows)
}

// ended is how a process stands at the end, in words.
func ended(p *board.Proc) string {
	switch standing(p) {
	case classDead:
		return ending(p.Exit)
	case classZombie:
		return fmt.Sprintf("%s, not waited for by parent %d (zombie)", ending(p.Exit), p.PPID)
	}
	text := "still there, " + p.State.String()
	if p.On != "" {
		text += " on " + clean(p.On)
	}
	return text
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

// columns writes rows in columns as wide as their widest cell.
func columns(out *strings.Builder, rows [][]string) {
	wide := make([]int, len(rows[0]))
	for _, r := range rows {
		for i, c := range r {
			wide[i] = max(wide[i], width(c))
		}
	}
	for _, r := range rows {
		for i, c := range r {
			out.WriteString(c)
			if i < len(r)-1 {
				out.WriteString(strings.Repeat(" ", wide[i]-width(c)+2))
			}
		}
		out.WriteString("\n")
	}
}

func tableWhat(out *strings.Builder, b *board.Board) {
	out.WriteString("\nWHAT HAPPENED\n")
	said := false
	line := func(format string, args ...any) {
		said = true
		fmt.Fprintf(out, format+"\n", args...)
	}
	if n := len(b.Tasks) - b.Counts[board.TaskNone]; n > 0 {
		parts := []string{}
		for _, st := range [...]board.TaskState{board.TaskDone, board.TaskRunning, board.TaskWaiting, board.TaskFailed, board.TaskLost} {
			if c := b.Counts[st]; c > 0 {
				parts = append(parts, fmt.Sprintf("%d %s", c, st))
			}
		}
		if r := retried(b); r > 0 {
			parts = append(parts, fmt.Sprintf("%d tried more than once", r))
		}
		line("tasks: %d: %s", n, strings.Join(parts, ", "))
		for i := range b.Procs {
			if p := &b.Procs[i]; len(p.Work) > 0 {
				line("  %s did %d", clean(string(p.ID)), p.TaskDone)
			}
		}
	}
	for i := range b.Queues {
		q := &b.Queues[i]
		peak := 0
		for _, m := range q.History {
			peak = max(peak, m.Depth)
		}
		text := fmt.Sprintf("queue %s: %d put, %d got, at most %d %s in it", clean(string(q.ID)), q.Puts, q.Gets, peak, unitOf(q))
		if q.Cap > 0 {
			text += fmt.Sprintf(" of %d", q.Cap)
		}
		line("%s, %d at the end", text, q.Depth)
	}
	if len(b.Msgs) > 0 {
		arrived, lost := 0, 0
		for i := range b.Msgs {
			if b.Msgs[i].Dropped {
				lost++
			} else if b.Msgs[i].Received != 0 {
				arrived++
			}
		}
		line("messages: %d sent, %d received, %d lost, %d under way", len(b.Msgs), arrived, lost, len(b.Msgs)-arrived-lost)
	}
	for i := range b.Lines {
		switch l := &b.Lines[i]; {
		case l.Kind == trace.KindAct:
			line("at %s you: %s", at(l.At), clean(l.Text))
		case l.Kind == trace.KindCut, l.Kind == trace.KindHeal, l.Kind == trace.KindTaskFail, l.Kind == trace.KindTaskLost, l.Kind == trace.KindDropped:
			line("at %s: %s", at(l.At), strings.ReplaceAll(clean(l.Text), "–", " to "))
		}
	}
	for i := range b.Procs {
		if p := &b.Procs[i]; p.Ended != 0 && p.Exit.Signal != "" {
			line("at %s: %s was ended by signal %s", at(p.Ended), clean(string(p.ID)), clean(p.Exit.Signal))
		}
	}
	if b.Dropped > 0 {
		line("events not kept: %d", b.Dropped)
	}
	if !said {
		out.WriteString("Nothing out of the ordinary.\n")
	}
}

func unitOf(q *board.Queue) string {
	if q.Unit == "" {
		return "items"
	}
	return clean(q.Unit)
}

func at(d time.Duration) string { return string(appendStamp(nil, d)) + " s" }

func tableMeasured(out *strings.Builder, b *board.Board) {
	out.WriteString("\nWHAT WAS MEASURED\n")
	groups, paced := groupsOf(b)
	var rows [][]string
	for _, g := range groups {
		for _, x := range g.gs {
			name := clean(x.Name)
			if g.name != "" {
				name = clean(g.name) + ": " + name
			}
			row := []string{name, ascii(format(x.Gauge, true)), x.Source.String()}
			if x.Note != "" {
				row = append(row, clean(x.Note))
			}
			rows = append(rows, row)
		}
	}
	if len(rows) > 0 {
		for i := range rows {
			if len(rows[i]) == 3 {
				rows[i] = append(rows[i], "-")
			}
		}
		columns(out, append([][]string{{"name", "value", "whose word", "note"}}, rows...))
	} else if paced == 0 {
		out.WriteString("Nothing.\n")
	}
	if paced > 0 {
		fmt.Fprintf(out, "%d more not shown: the run was slowed down, so they are no measurements.\n", paced)
	}
}

// ascii is a unit that somebody has made up, in words that every terminal has.
func ascii(s string) string {
	return strings.NewReplacer("µ", "u", "μ", "u", "×", "x").Replace(clean(s))
}
