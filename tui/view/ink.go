package view

// ink is what a run of cells means; the theme says how that looks.
type ink uint8

const (
	inkText    ink = iota // ordinary text: no escapes
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
	inkCount
)

func (k class) ink() ink {
	if k == classNone {
		return inkDim
	}
	return inkNew + ink(k-classNew)
}

// letter is the kernel's, as ps(1) shows it.
func (k class) letter() string { return "? NRSSDTZX?"[k : k+1] }

// word is the state's, for people.
func (k class) word() string {
	return [...]string{"", "new", "running", "blocked", "asleep", "uninterruptible", "stopped", "zombie", "dead", "not told"}[k]
}

// signs are the glyphs of the views, each one cell wide.
type signs struct {
	state   [classCount]string // in tables
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
	bar     []string           // parts of a cell, growing from the left
	spark   []string           // heights of a cell, from nothing
	fill    string
	rest    string
	rule    string
	wall    string
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
	tick    string
	here    string // the cursor on the axis
	more    string // …
	dot     string // between two remarks
	times   string
}

var unicodeSigns = signs{
	state:   [...]string{" ", "◌", "▸", "⊘", "◦", "⊗", "▪", "✗", "▫", "?"},
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
	bar:     []string{"", "▏", "▎", "▍", "▌", "▋", "▊", "▉", "█"},
	spark:   []string{" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"},
	fill:    "█",
	rest:    "░",
	rule:    "─",
	wall:    "│",
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
	tick:    "╵",
	here:    "▾",
	more:    "…",
	dot:     "·",
	times:   "×",
}

var plainSigns = signs{
	state:   [...]string{" ", ".", "#", "=", "z", "!", "|", "%", "x", "?"},
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
	bar:     []string{"", "=", "="},
	spark:   []string{" ", "1", "2", "3", "4", "5", "6", "7", "8", "9"},
	fill:    "#",
	rest:    ".",
	rule:    "-",
	wall:    "|",
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
	sign  *signs
	ascii bool
	tail  string // tells that something was cut
}
