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
		out.WriteString("OK: " + plainText(b.Verdict.Text) + "\n")
	default:
		out.WriteString("FAILED: " + plainText(b.Verdict.Text) + "\n")
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
		if p.TID != 0 {
			parent = "thread of " + plainText(string(p.Parent))
		} else if p.Parent != "" {
			parent = plainText(string(p.Parent)) + " " + parent
		}
		took := "none heard"
		if p.Took > 0 {
			took = ms(p.Took)
		}
		rows = append(rows, []string{plainText(string(p.ID)), string(appendPID(nil, p)), parent, orDash(plainText(p.Role)),
			ms(p.Started), took, ms(p.CPU), ended(p)})
	}
	columns(out, rows)
}

// ended is how a process stands at the end, in words.
func ended(p *board.Proc) string {
	switch k := standing(p); {
	case p.Left != "":
		return ending(p)
	case k == classDead:
		return ending(p)
	case k == classZombie:
		return fmt.Sprintf("%s, not waited for by parent %d (zombie)", ending(p), p.PPID)
	}
	if p.Guest != "" {
		return "had not left"
	}
	text := "still there, " + p.State.String()
	if p.On != "" {
		text += " on " + plainText(p.On)
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
		out.WriteString(plainText(fmt.Sprintf(format, args...)) + "\n")
	}
	if n := taskTotal(b); n > 0 {
		parts := []string{}
		for _, st := range [...]board.TaskState{board.TaskDone, board.TaskRunning, board.TaskWaiting, board.TaskFailed, board.TaskLost} {
			if c := b.Counts[st]; c > 0 {
				parts = append(parts, fmt.Sprintf("%d %s", c, st))
			}
		}
		if r := retried(b); r > 0 {
			parts = append(parts, fmt.Sprintf("%d tried more than once", r))
		}
		if n := duplicates(b); n > 0 {
			parts = append(parts, fmt.Sprintf("%d done again in vain", n))
		}
		line("tasks: %d: %s", n, strings.Join(parts, ", "))
		for i := range b.Procs {
			if p := &b.Procs[i]; len(p.Work) > 0 {
				line("  %s did %d", plainText(string(p.ID)), p.TaskDone)
			}
		}
	}
	for i := range b.Queues {
		q := &b.Queues[i]
		peak := 0
		for _, m := range q.History {
			peak = max(peak, m.Depth)
		}
		text := "queue " + string(q.ID)
		if q.ID == "queue" || q.ID == "pipe" {
			text = string(q.ID)
		}
		if q.Puts > 0 || q.Gets > 0 {
			text += fmt.Sprintf(": %d put, %d got", q.Puts, q.Gets)
			if q.Acks > 0 {
				text += fmt.Sprintf(", %d acknowledged", q.Acks)
			}
		}
		text += fmt.Sprintf(": at most %d %s in it", peak, unitOf(q))
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
		which := "messages"
		if len(b.Msgs) >= 1024 { // the Board keeps no more than the latest
			which = "of the latest messages"
		}
		line(which+": %d sent, %d received, %d lost, %d under way", len(b.Msgs), arrived, lost, len(b.Msgs)-arrived-lost)
	}
	tableNodes(line, b)
	told, untold := 0, 0
	for i := range b.Lines {
		l := &b.Lines[i]
		text := ""
		switch l.Kind {
		case trace.KindAct:
			text = fmt.Sprintf("at %s you: %s", at(l.At), l.Text)
		case trace.KindCut, trace.KindHeal, trace.KindFault, trace.KindRole, trace.KindTaskFail, trace.KindTaskLost, trace.KindDropped, trace.KindParent:
			text = strings.ReplaceAll(l.Text, "–", " to ")
			if l.Kind == trace.KindRole {
				text = string(l.Who) + " says that it " + text
			} else if l.Kind == trace.KindParent {
				text = string(l.Who) + ": " + text
			}
			text = fmt.Sprintf("at %s: %s", at(l.At), text)
		case trace.KindExit:
			if strings.Contains(l.Text, "signal ") {
				text = fmt.Sprintf("at %s: %s %s", at(l.At), l.Who, l.Text)
			}
		}
		switch {
		case text == "":
		case told == mostTold:
			untold++
		default:
			told++
			line("%s", text)
		}
	}
	if b.Older > 0 {
		line("and %d lines of the log before these", b.Older)
	}
	if untold > 0 {
		line("and %d more of these: see the log", untold)
	}
	if b.Dropped > 0 {
		line("events not kept: %d", b.Dropped)
	}
	if !said {
		out.WriteString("Nothing out of the ordinary.\n")
	}
}

// tableNodes tells of nodes, their links and what they take to be so.
func tableNodes(line func(string, ...any), b *board.Board) {
	places := placesOf(b)
	for i := range places.all {
		pl := &places.all[i]
		var parts []string
		for _, j := range pl.procs {
			pr := &b.Procs[j]
			text := string(pr.ID)
			for _, l := range pr.Listens {
				text += strings.TrimRight(" listened at "+l.Addr+" "+l.For, " ")
			}
			if space := spaceOf(pr); space != "" {
				text += " in the network namespace " + space
			}
			if pr.Part.Role != "" {
				text += ", by its own word last " + partWords(pr.Part)
			}
			parts = append(parts, text)
		}
		line("node %s: %s", pl.id, strings.Join(parts, "; "))
	}
	for _, l := range b.Links {
		if l.RTT > 0 {
			line("link %s to %s: there and back in %s at %s", l.A, l.B, nanoseconds(float64(l.RTT), true), at(l.RTTAt))
		}
	}
	all, _ := creedsOf(b)
	for _, c := range all {
		truth := "the kernel knows no such thing"
		for n, j := range c.procs {
			if n == 0 {
				truth = "the kernel says: "
			} else {
				truth += ", "
			}
			truth += string(b.Procs[j].ID) + " " + ended(&b.Procs[j])
		}
		for _, v := range c.says {
			if v.Is != "" {
				line("belief of %s about %s since %s: \"%s\"; %s", v.Who, c.about, at(v.At), v.Is, truth)
			}
		}
	}
}

// mostTold is how many events the table tells.
const mostTold = 200

func unitOf(q *board.Queue) string {
	if q.Unit == "" {
		return "items"
	}
	return plainText(q.Unit)
}

func at(d time.Duration) string { return string(appendStamp(nil, d)) + " s" }

func tableMeasured(out *strings.Builder, b *board.Board) {
	out.WriteString("\nWHAT WAS MEASURED\n")
	groups, paced := groupsOf(b)
	var rows [][]string
	for _, g := range groups {
		for _, x := range g.gs {
			name := plainText(x.Name)
			if g.name != "" {
				name = plainText(g.name) + ": " + name
			}
			row := []string{name, plainText(format(x.Gauge, true)), x.Source.String()}
			if x.Note != "" {
				row = append(row, plainText(x.Note))
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
