package board

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"edu/procession/demos/trace"
)

// Same compares two Boards of settled runs in all that a schedule determines, and
// says what differs first; "" is none.
//
// Compared are: which workers there are, whether they are alive, how they ended,
// their state and what they wait for, their steps, their task in hand; cells of
// memory, locks, tasks, queues with their items, links, messages and whether they
// arrived; counts (gauges without a unit); the caption and the verdict; the
// schedule and who could go.
//
// Left out is what no two runs share: times, pids, CPU and memory used, the core,
// measurements (gauges with a unit), the warden, the log's lines and their
// interleaving, whether an ended process has been reaped yet, and how many events
// it took.
func Same(a, b *Board) string {
	x, y := facts(a), facts(b)
	for i := range min(len(x), len(y)) {
		if !reflect.DeepEqual(x[i], y[i]) {
			return fmt.Sprintf("%+v against %+v", x[i], y[i])
		}
	}
	return ""
}

// fact is one thing that is compared, with its name.
type fact struct {
	name  string
	value any
}

func facts(b *Board) []fact {
	var procs []string
	for _, p := range b.Procs {
		if p.Role == "warden" {
			continue
		}
		state := p.State.String() + " on " + p.On
		switch {
		case p.Ended > 0:
			state = p.Exit.String()
		case p.Held && p.State != trace.Stopped:
			state = "held"
		}
		procs = append(procs, fmt.Sprintf("%s (%s %s): %s, says %q, held %v, next %q, last %q of %d, task %d, done %d",
			p.ID, p.Role, p.Node, state, p.Says, p.Held, p.NextStep, p.LastStep, p.Steps, p.Task, p.TaskDone))
	}
	slices.Sort(procs)
	var locks []string
	for _, l := range b.Locks {
		locks = append(locks, fmt.Sprintf("%s: held by %v, asked for by %v", l.ID, sorted(l.Holders), sorted(l.Waiters)))
	}
	slices.Sort(locks)
	var tasks []string
	for i, t := range b.Tasks {
		tasks = append(tasks, fmt.Sprintf("%d: %s by %s, attempt %d %s", i, t.State, t.Worker, t.Attempt, t.Note))
	}
	var queues []string
	for _, q := range b.Queues {
		queues = append(queues, fmt.Sprintf("%s: %d of %d %s, %d in, %d out, %s", q.ID, q.Depth, q.Cap, q.Unit, q.Puts, q.Gets, strings.Join(q.Items, " ")))
	}
	slices.Sort(queues)
	var msgs []string
	for _, m := range b.Msgs {
		msgs = append(msgs, fmt.Sprintf("%s from %s to %s, %q, arrived %v, lost %v", m.ID, m.From, m.To, m.Text, m.Received > 0, m.Dropped))
	}
	slices.Sort(msgs)
	var counts []string
	for _, g := range b.Gauges {
		if g.Unit == "" {
			counts = append(counts, fmt.Sprintf("%s = %v", g.Name, g.Value))
		}
	}
	slices.Sort(counts)
	verdict := "none"
	if b.Verdict != nil {
		verdict = fmt.Sprintf("%v %v %s", b.Verdict.OK, b.Verdict.Broken, b.Verdict.Text)
	}
	var links, beliefs []string
	for _, l := range b.Links {
		links = append(links, fmt.Sprint(l.A, l.B, l.Cut, l.From, l.Fault))
	}
	for _, v := range b.Beliefs {
		beliefs = append(beliefs, fmt.Sprint(v.Who, v.About, v.Is))
	}
	slices.Sort(beliefs)
	return []fact{
		{"schedule", slices.Concat([]trace.ID{}, b.Step.Schedule)},
		{"who could go", fmt.Sprint(b.Step.Settled, sorted(b.Step.Ready), sorted(b.Step.Blocked))},
		{"solved", fmt.Sprint(b.Step.Solved)},
		{"processes", strings.Join(procs, "\n")},
		{"memory", fmt.Sprint(b.Cells)},
		{"locks", strings.Join(locks, "\n")},
		{"tasks", strings.Join(tasks, "\n")},
		{"queues", strings.Join(queues, "\n")},
		{"links", strings.Join(links, "\n")},
		{"beliefs", strings.Join(beliefs, "\n")},
		{"messages", strings.Join(msgs, "\n")},
		{"counts", strings.Join(counts, "\n")},
		{"caption", b.Caption},
		{"verdict", verdict},
	}
}

func sorted(ids []trace.ID) []trace.ID { return slices.Sorted(slices.Values(ids)) }
