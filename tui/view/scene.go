package view

import (
	"slices"
	"time"

	"edu/procession/demos/board"
	"edu/procession/demos/trace"
	"edu/procession/tui/theme"
)

// Scene is everything that decides what is drawn, but for the size. Views read
// it and change nothing.
type Scene struct {
	Board *board.Board // nil is an empty stage
	Theme theme.Theme  // the zero Theme draws ASCII without escapes

	// Now is the time in the run that is shown. It may be later than Board.At:
	// what was open at the last event is open until Now. When it is earlier,
	// Board.At is taken. Views look at it in steps, see Grain.
	Now time.Duration

	// Whole is the Board at the end of a run that is being scrubbed. With it the
	// lanes draw what is still to come, dimmed. Optional.
	Whole *board.Board

	Window Window // of the time axes; the zero Window is Fit

	// Cursor is the place of the scrubber on the time axis, shown when Scrubbed.
	Cursor   time.Duration
	Scrubbed bool

	// Sample is the time between two looks at /proc (trace.Header.Sample), told
	// on screen. 0: not told.
	Sample time.Duration

	Order  Order  // of Messages
	Clocks string // whose entries a vector clock has, in their order, blanks between (trace.Header.Clocks)

	Selected trace.ID        // the process that the learner's keys act on
	Filter   trace.ID        // the log shows only this process; empty: all
	Scroll   [panelCount]int // lines that a panel is scrolled; for the log from the bottom, else from the top
	Focus    Panel           // the panel that has the keys: its title is marked

	keep *keeper // of the Stage that draws, nil without one
}

// keeper holds what a Stage keeps below whole panels.
type keeper struct {
	lanes map[trace.ID]*laneKept

	pairs      []pair // of this Board
	pairsWhole bool
	pairsOf    *board.Board
	pairsPos   int
}

// lane is what is kept of a process's lane, nil without a Stage.
func (s *Scene) lane(id trace.ID) *laneKept {
	if s.keep == nil {
		return nil
	}
	k := s.keep.lanes[id]
	if k == nil {
		k = &laneKept{}
		s.keep.lanes[id] = k
	}
	return k
}

// pairs is pairsOf, once for each Board.
func (s *Scene) pairs() ([]pair, bool) {
	b, k := s.board(), s.keep
	if k == nil {
		return pairsOf(b)
	}
	if k.pairsOf != b || k.pairsPos != b.Pos {
		k.pairs, k.pairsWhole = pairsOf(b)
		k.pairsOf, k.pairsPos = b, b.Pos
	}
	return k.pairs, k.pairsWhole
}

// Grain is the step in which views look at [Scene.Now]: two Scenes that differ
// by less within one step draw the same table. Time axes use a finer step when
// a cell is shorter.
const Grain = 100 * time.Millisecond

// longest is more than a run can last; a recording may claim anything.
const longest = 10_000 * time.Hour

func (s *Scene) now() time.Duration {
	if s.Board == nil {
		return min(max(s.Now, 0), longest)
	}
	return min(max(s.Now, s.Board.At, 0), longest)
}

func (s *Scene) board() *board.Board {
	if s.Board == nil {
		return &board.Board{}
	}
	return s.Board
}

// Panel is one of the views that a stage is put together from.
type Panel uint8

const (
	PanelNone     Panel = iota // no panel: the stage chooses
	PanelProcs                 // the table of processes: Procs
	PanelSteps                 // who may go next, in step mode: Steps
	PanelLanes                 // what each process did when: Lanes
	PanelGrid                  // the tasks: Grid
	PanelQueues                // queues and pipes: Queues
	PanelGauges                // what was measured: Gauges
	PanelMessages              // who told whom, and what was lost: Messages
	PanelLinks                 // who is connected: Links
	PanelNodes                 // nodes as places, and their links: Nodes
	PanelBeliefs               // what each takes to be so, beside the kernel's word: Beliefs
	PanelLog                   // what was said and done: Log
	PanelLegend                // what the signs mean: Legend
	PanelCaption               // what is happening, in a sentence: Caption
	panelCount
)

// String is the panel's title.
func (p Panel) String() string {
	return [...]string{"", "Processes", "Steps", "Lanes", "Tasks", "Queues", "Numbers", "Messages", "Links", "Nodes", "Beliefs", "Log", "Signs", "Now", ""}[min(p, panelCount)]
}

// Panels lists the views that have something to show, in the order of the keys
// 1…n that choose Layout.Main. The table and the lanes are always there, and the
// steps in step mode.
func Panels(b *board.Board) []Panel {
	if b == nil {
		return []Panel{PanelProcs, PanelLanes}
	}
	ps := []Panel{PanelProcs}
	if Stepped(b) {
		ps = append(ps, PanelSteps)
	}
	if nodes(b) {
		ps = append(ps, PanelNodes)
	}
	if len(b.Beliefs) > 0 {
		ps = append(ps, PanelBeliefs)
	}
	ps = append(ps, PanelLanes)
	if len(b.Queues) > 0 {
		ps = append(ps, PanelQueues)
	}
	if len(b.Tasks) > 0 {
		ps = append(ps, PanelGrid)
	}
	if len(b.Gauges) > 0 {
		ps = append(ps, PanelGauges)
	}
	if len(b.Msgs) > 0 {
		ps = append(ps, PanelMessages)
	}
	if !nodes(b) && (len(b.Links) > 0 || len(b.Msgs) > 0) { // the nodes have their links with them
		ps = append(ps, PanelLinks)
	}
	return ps
}

// chosen is the main view: the learner's choice where it has something to show,
// else the steps in step mode, else the table.
func chosen(b *board.Board, main Panel) Panel {
	switch {
	case slices.Contains(Panels(b), main):
		return main
	case Stepped(b):
		return PanelSteps
	}
	return PanelProcs
}

// Window is a stretch of the run on a time axis.
type Window struct{ From, To time.Duration }

// Fit shows the whole run so far. Its end is rounded up to a time that people
// count in and that stays for a while, so that the picture grows into empty
// space instead of shrinking at every frame.
func Fit(now time.Duration) Window {
	now = min(max(now, 0), longest)
	unit := 100 * time.Millisecond
	for unit*10 < now {
		unit *= 10
	}
	for _, tenths := range [...]time.Duration{10, 12, 15, 20, 25, 30, 40, 50, 60, 80} {
		if to := unit * tenths / 10; to >= now {
			return Window{0, to}
		}
	}
	return Window{0, unit * 10}
}

// Follow shows the last stretch of the run, of this length. Early in the run it
// shows the first.
func Follow(now, last time.Duration) Window {
	if last <= 0 {
		return Fit(now)
	}
	to := max(now, last)
	return Window{to - last, to}
}

// window is the Scene's, or Fit.
func (s *Scene) window() Window {
	w := Window{max(s.Window.From, 0), min(s.Window.To, 2*longest)}
	if w.To <= w.From {
		return Fit(s.now())
	}
	return w
}
