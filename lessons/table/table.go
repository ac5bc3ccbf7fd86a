// Package table is the table that the course ends with: the same questions asked of
// processes and of nodes, answered with what the learner's own runs have measured.
//
//	store.Update(func(st *progress.State) { table.Note(st, run) })   // after a run
//	for _, row := range table.Rows() {
//		for _, c := range row.Cells {
//			if m, ok := c.In(state); ok { … lessons.Fill(c.Text, figures of m) … } else { … c.Missing() … }
//		}
//	}
//
// The rules are:
//  1. A cell has its figures from one run, the last that measured all of them; a
//     later run without them leaves it alone (TestNote).
//  2. A run counts wherever it was started, but not where it was something else than
//     the cell says: in another place, or with nobody killed (TestNote).
//  3. Every cell names a lesson, its demo and gauges or puzzles that the demo has
//     (TestTable in package cli).
package table

import (
	"time"

	"edu/procession/lessons"
	"edu/procession/lessons/progress"
)

// Run is what is known of a run that has ended, or was left.
type Run struct {
	Demo   string
	Place  string
	Seed   uint64
	When   time.Time
	Killed bool                      // the kernel told of a SIGKILL, before the verdict
	Step   bool                      // it was in step mode: its times are the learner's
	Gauges map[string]progress.Gauge // those that nothing paced; and for each puzzle that was solved, its moves
}

// Row is a question of the table.
type Row struct {
	ID       string // as in "call"
	Question string
	Cells    [2]Cell // for processes, for nodes
}

// Sides are the heads of the two columns.
var Sides = [2]string{"processes", "nodes"}

// Cell is an answer to be.
type Cell struct {
	ID     string // as in "call-nodes"
	Lesson string // whose demo measures it
	Demo   string
	Place  string // where the demo has to run
	Text   string // with {{gauge "x"}} for a figure: a gauge, or a puzzle's moves
	Do     string // what has to be done in the run besides; "" for nothing
	step   bool   // in step mode
	killed bool   // with somebody killed
}

// Rows are the table.
func Rows() []Row {
	rows := []Row{
		{"call", "How long does a call take?", [2]Cell{
			{Lesson: "same-call-different-world", Demo: "same-call", Place: "processes", Text: `{{gauge "function"}} in the process, {{gauge "pipe"}} to another over a pipe`},
			{Lesson: "same-call-different-world", Demo: "same-call", Place: "processes", Text: `{{gauge "tcp"}} over TCP on loopback, where no network is; {{gauge "node-injected"}} to a node behind an injected delay`},
		}},
		{"crossing", "What does it cost to get a value across?", [2]Cell{
			{Lesson: "queue-pipe-event", Demo: "queue-pipe-event", Place: "processes", Text: `{{gauge "handoff"}} from put to get; {{gauge "messages-per-second"}} of 64 bytes in bulk`},
			{Lesson: "queue-pipe-event", Demo: "queue-pipe-event", Place: "nodes", Text: `{{gauge "handoff"}} from put to get, through a broker on loopback; {{gauge "messages-per-second"}}`,
				Do: "have its demo run with --place nodes"},
		}},
		{"killed", "What became of the task of a killed worker?", [2]Cell{
			{Lesson: "killed-worker", Demo: "pool-of-workers", Place: "processes", Text: `lost: {{gauge "lost"}}, failed: {{gauge "failed"}}, after {{gauge "executions"}} executions`,
				Do: "have a worker killed", killed: true},
			{Lesson: "remote-manager", Demo: "remote-manager", Place: "nodes", Text: `given to another after {{gauge "redelivery"}}, when its lease was over; lost: {{gauge "lost"}}`,
				Do: "kill a worker at work, and wait for the end"},
		}},
		{"silent", "How did a silent peer look?", [2]Cell{
			{Lesson: "process-life", Demo: "process-life", Place: "processes", Text: `no silence: the kernel tells the parent how it ended, last with exit code {{gauge "exit-code"}}`},
			{Lesson: "silent-peer", Demo: "silent-peer", Place: "nodes", Text: `silence, suspected after {{gauge "detection"}}; false alarms: {{gauge "false-alarms"}} of {{gauge "suspicions"}}`,
				Do: "stop a peer, or cut its link"},
		}},
		{"lock", "Who held the lock?", [2]Cell{
			{Lesson: "race-and-lock", Demo: "race-and-lock", Place: "processes", Text: `one that was killed: {{gauge "wait-for-ever"}} moves in step mode, and the other waits for ever`,
				Do: "solve its puzzle wait-for-ever", step: true},
			{Lesson: "lease-and-fencing", Demo: "lease-and-fencing", Place: "nodes", Text: `two views: the holder took it for its own {{gauge "wrong-belief"}} after its lease had ended`,
				Do: "stop the holder for longer than its lease"},
		}},
		{"clock", "Which clock was right?", [2]Cell{
			{Lesson: "queue-pipe-event", Demo: "queue-pipe-event", Place: "processes", Text: `the kernel's, one for all: by it, put in one process and get in another are {{gauge "handoff"}} apart`},
			{Lesson: "whose-clock", Demo: "whose-clock", Place: "nodes", Text: `each has its own, with offsets injected: {{gauge "backwards"}} messages came before they left, {{gauge "lost-writes"}} of {{gauge "writes"}} writes were lost`},
		}},
	}
	for i := range rows {
		for side := range rows[i].Cells {
			rows[i].Cells[side].ID = rows[i].ID + "-" + Sides[side]
		}
	}
	return rows
}

// Note puts what a run has measured into the cells that it answers.
func Note(st *progress.State, r Run) {
	for _, row := range Rows() {
		for _, c := range row.Cells {
			if m, ok := c.of(r); ok {
				st.Measure(c.ID, m)
			}
		}
	}
}

// of is what a run measured for a cell, false where it does not answer it.
func (c Cell) of(r Run) (progress.Measured, bool) {
	m := progress.Measured{Demo: r.Demo, Seed: r.Seed, When: r.When, Gauges: map[string]progress.Gauge{}}
	if r.Step != c.step || r.Demo != c.Demo || r.Place != c.Place || c.killed && !r.Killed {
		return m, false
	}
	for _, name := range lessons.GaugesIn(c.Text) {
		g, ok := r.Gauges[name]
		if !ok {
			return m, false
		}
		m.Gauges[name] = g
	}
	return m, true
}

// In returns what is known for a cell. What another version of the program has kept
// for it counts only if nothing is lacking.
func (c Cell) In(st progress.State) (progress.Measured, bool) {
	m, ok := st.Table[c.ID]
	for _, name := range lessons.GaugesIn(c.Text) {
		if _, has := m.Gauges[name]; !has {
			ok = false
		}
	}
	return m, ok && m.Demo == c.Demo
}

// Missing says how a cell comes to its figures.
func (c Cell) Missing() string {
	text := lessons.NotMeasured + ": run " + c.Lesson
	if c.Do != "" {
		text += ", and " + c.Do
	}
	return text
}

// Measured counts the cells that have their figures, and all.
func Measured(st progress.State) (n, all int) {
	for _, row := range Rows() {
		for _, c := range row.Cells {
			if _, ok := c.In(st); ok {
				n++
			}
			all++
		}
	}
	return n, all
}
