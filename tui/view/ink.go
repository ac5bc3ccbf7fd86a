package view

import "edu/procession/tui/theme"

// ink is what a run of cells means; the theme says how that looks.
type ink uint8

const (
	inkNone    ink = iota // nothing written: blanks
	inkText               // ordinary text
	inkDim                // headings of columns, rules, what is over
	inkStrong             // what the eye should find first
	inkTitle              // a panel's title
	inkFocus              // the title of the panel that has the keys
	inkSaid               // a process's own word
	inkSelect             // the selected process's name
	inkCursor             // the scrubber's place
	inkTaskNo             // a task's number in a lane
	inkBar                // a bar, a sparkline
	inkRest               // the empty rest of a bar
	inkGood               // it came out right
	inkBad                // it did not; lost, cut
	inkWarn               // full, empty, blocked
	inkRule               // lines round things
	inkKey                // a key that can be pressed
	inkNew                // states, in the order of class
	inkRun                //
	inkWait               //
	inkTimer              //
	inkDisk               //
	inkStop               //
	inkZombie             //
	inkDead               //
	inkUntold             //
	inkKernel             // sources
	inkWorker             //
	inkStage              //
	inkLearner            //
	inkTodo               // tasks
	inkDoing              //
	inkDone               //
	inkFailed             //
	inkLost               //
	inkAgain              //
	inkCount
)

func (k class) ink() ink {
	if k == classNone {
		return inkDim
	}
	return inkNew + ink(k-classNew)
}

// state is the state as the theme knows it.
func (k class) state() theme.State {
	return [...]theme.State{theme.StateUntold, theme.StateNew, theme.StateRunning, theme.StateBlocked, theme.StateSleeping,
		theme.StateUninterruptible, theme.StateStopped, theme.StateZombie, theme.StateDead, theme.StateUntold}[k]
}

// signs are the glyphs of the views, each one cell wide.
type signs struct {
	lane    [classCount]string // in lanes
	most    string             // ran for most of the cell
	part    string             // ran for a part of it
	several string             // several states, none of them running
	held    string             // waits with a task in hand
	idle    string             // no task in hand
	begins  string             // a task begins
	task    [6]string          // by board.TaskState
	again   string             // waiting, after a failed or lost attempt
	mark    string             // the selected row
	may     string             // may go, in step mode
	bar     []string           // parts of a cell, growing from the left
	spark   []string           // heights of a cell, from nothing
	fill    string
	rest    string
	rule    string
	wall    string
	says    string // before the caption
	right   string // head of an arrow
	line    string // shaft of an arrow
	dash    string // shaft of an arrow that is under way
	stopR   string // ─┤
	stopL   string // ├─
	left    string
	cross   string // a message that was lost, a link that is cut
	link    string // a link that is whole
	life    string // a process's line in a space-time diagram
	over    string // a message crosses a line of life
	send    string
	recv    string
	local   string // something happened within a process
	role    string // it says that its part is another now
	tick    string
	here    string // the cursor on the axis
	more    string // …
	dot     string // between two remarks
	times   string
}

var unicodeSigns = signs{
	lane:    [...]string{" ", "◌", "█", "─", "·", "⊗", "▪", "✗", " ", "?"},
	most:    "▓",
	part:    "░",
	several: "▚",
	held:    "▒",
	idle:    "·",
	begins:  "│",
	task:    [...]string{"·", "▸", "✓", "✗", "!", " "},
	again:   "↻",
	mark:    "❯",
	may:     "▸",
	bar:     []string{"", "▏", "▎", "▍", "▌", "▋", "▊", "▉", "█"},
	spark:   []string{" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"},
	fill:    "█",
	rest:    "░",
	rule:    "─",
	wall:    "│",
	says:    "»",
	right:   "▸",
	left:    "◂",
	line:    "─",
	dash:    "╌",
	stopR:   "┤",
	stopL:   "├",
	cross:   "╳",
	link:    "═",
	life:    "┆",
	over:    "┼",
	send:    "◻",
	recv:    "◼",
	local:   "✧",
	role:    "✦",
	tick:    "╵",
	here:    "▾",
	more:    "…",
	dot:     "·",
	times:   "×",
}

var plainSigns = signs{
	lane:    [...]string{" ", ",", "#", "-", ".", "D", "T", "Z", " ", "?"},
	most:    "+",
	part:    "~",
	several: "*",
	held:    "=",
	idle:    ".",
	begins:  "|",
	task:    [...]string{".", "#", "v", "F", "!", " "},
	again:   "o",
	mark:    ">",
	may:     "+",
	bar:     []string{"", "=", "="},
	spark:   []string{" ", "1", "2", "3", "4", "5", "6", "7", "8", "9"},
	fill:    "#",
	rest:    ".",
	rule:    "-",
	wall:    "|",
	says:    ">",
	right:   ">",
	left:    "<",
	line:    "-",
	dash:    "-",
	stopR:   "|",
	stopL:   "|",
	cross:   "X",
	link:    "=",
	life:    ":",
	over:    "+",
	send:    "o",
	recv:    "*",
	local:   "@",
	role:    "^",
	tick:    "'",
	here:    "v",
	more:    "~",
	dot:     "-",
	times:   "x",
}

// pen is an ink ready for use: what to write before and after, and whether a
// blank written with it can be seen.
type pen struct {
	pre, post string
	shows     bool
}

// pens are a theme's inks and signs.
type pens struct {
	pen   [inkCount]pen
	look  [classCount]theme.Look
	sign  *signs
	ascii bool
	tail  string // tells that something was cut
}

// tokens is what each ink is to the theme.
var tokens = [inkCount]theme.Token{
	inkText: theme.Text, inkDim: theme.Muted, inkStrong: theme.Accent, inkTitle: theme.Title, inkFocus: theme.Focus,
	inkSaid: theme.WordWorker, inkSelect: theme.Selection, inkCursor: theme.Match, inkTaskNo: theme.WordKernel,
	inkBar: theme.Gauge, inkRest: theme.GaugeRest, inkGood: theme.Good, inkBad: theme.Bad, inkWarn: theme.Warn,
	inkRule: theme.Border, inkKey: theme.Key,
	inkNew: theme.ProcNew, inkRun: theme.ProcRunning, inkWait: theme.ProcBlocked, inkTimer: theme.ProcSleeping,
	inkDisk: theme.ProcUninterruptible, inkStop: theme.ProcStopped, inkZombie: theme.ProcZombie, inkDead: theme.ProcDead,
	inkUntold: theme.ProcUntold,
	inkKernel: theme.WordKernel, inkWorker: theme.WordWorker, inkStage: theme.WordStage, inkLearner: theme.WordLearner,
	inkTodo: theme.Muted, inkDoing: theme.ProcRunning, inkDone: theme.Good, inkFailed: theme.Bad, inkLost: theme.Bad,
	inkAgain: theme.Warn,
}

// pens makes the inks of the Scene's theme.
func (s *Scene) pens() *pens {
	ps := &pens{sign: &unicodeSigns}
	if s.Theme.Options().Plain {
		ps.sign, ps.ascii = &plainSigns, true
	}
	ps.tail = ps.sign.more
	for k := inkText; k < inkCount; k++ {
		if pre := s.Theme.SGR(tokens[k]); pre != "" {
			ps.pen[k] = pen{pre, theme.Reset, shows(pre)}
		}
	}
	for k := range classCount {
		ps.look[k] = s.Theme.State(k.state())
	}
	return ps
}

// shows says that a blank can be seen: the escape underlines or reverses.
func shows(sgr string) bool {
	for i := len("\x1b["); i < len(sgr); i++ {
		switch c := sgr[i]; {
		case c == '4' || c == '7':
			return true
		case c == '3' && i+1 < len(sgr) && sgr[i+1] == '8':
			return false // a colour follows, and nothing after it
		}
	}
	return false
}
