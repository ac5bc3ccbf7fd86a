package theme

import (
	"slices"

	"charm.land/lipgloss/v2"
)

// State is a state of a process by the letter that a view shows, or, where the
// kernel has one letter for two, by a letter of our own.
type State byte

const (
	StateNew             State = 'N' // asked for; the kernel has not begun it
	StateReady           State = 'r' // could run, waits for a CPU; the kernel says R
	StateRunning         State = 'R' // on a CPU, or ready, where nobody can tell
	StateBlocked         State = 'S' // waits for something that another must do
	StateSleeping        State = 's' // waits for a time to pass; the kernel says S
	StateUninterruptible State = 'D' // waits in the kernel, deaf to signals
	StateStopped         State = 'T' // by SIGSTOP or a tracer, until SIGCONT
	StateZombie          State = 'Z' // ended, its parent has not waited for it
	StateDead            State = 'X' // ended and reaped
	StateUntold          State = '?' // this system does not tell
)

var states = [...]State{
	StateNew, StateReady, StateRunning, StateBlocked, StateSleeping,
	StateUninterruptible, StateStopped, StateZombie, StateDead, StateUntold,
}

// States returns all states in the order of a life: the rows of a legend.
func States() []State { return slices.Clone(states[:]) }

// Look is a state in all its forms. No two states share a glyph, a plain glyph
// or a word.
type Look struct {
	Glyph  string // as the theme shows it
	Plain  string // the ASCII twin of it
	Letter string // the kernel's
	Word   string
	Token  Token
}

// looks is in the order of states.
var looks = [len(states)]Look{
	{"◌", ".", "N", "new", ProcNew},
	{"▹", ">", "r", "ready", ProcReady},
	{"▸", "#", "R", "running", ProcRunning},
	{"⊘", "=", "S", "blocked", ProcBlocked},
	{"◦", "z", "S", "sleeping", ProcSleeping},
	{"⊗", "!", "D", "uninterruptible", ProcUninterruptible},
	{"▪", "|", "T", "stopped", ProcStopped},
	{"✗", "%", "Z", "zombie", ProcZombie},
	{"▫", "x", "X", "dead", ProcDead},
	{"?", "?", "?", "not told by this system", ProcUntold},
}

// State returns how a state looks; that of StateUntold if there is no such state.
func (th Theme) State(s State) Look {
	look := looks[len(looks)-1]
	for i, known := range states {
		if known == s {
			look = looks[i]
		}
	}
	if th.Options().Plain {
		look.Glyph = look.Plain
	}
	return look
}

// Tag is a state's glyph and letter, painted: two cells.
func (th Theme) Tag(s State) string {
	l := th.State(s)
	return th.Paint(l.Token, l.Glyph+l.Letter)
}

// Source is who vouches for a fact, by its first letter.
type Source byte

const (
	SourceKernel  Source = 'k' // /proc, a wait status, an ioctl
	SourceWorker  Source = 'w' // a process, of itself
	SourceStage   Source = 's' // this program, which started and signalled it
	SourceLearner Source = 'l' // the person at the keys
)

// Source returns how a source looks: its letter is that of a list, its word
// that of a sentence. An unknown source looks like a worker's word.
func (th Theme) Source(s Source) Look {
	var look Look
	switch s {
	case SourceKernel:
		look = Look{"▴", "^", "k", "kernel", WordKernel}
	case SourceStage:
		look = Look{"⋄", "*", "s", "stage", WordStage}
	case SourceLearner:
		look = Look{"✎", "@", "l", "learner", WordLearner}
	default:
		look = Look{"❝", "\"", "w", "worker", WordWorker}
	}
	if th.Options().Plain {
		look.Glyph = look.Plain
	}
	return look
}

// Glyphs are signs that are no states.
type Glyphs struct {
	Cursor   string // the selected row
	Bullet   string // an item of a list
	Check    string // done, right
	Cross    string // failed, lost, wrong
	Dot      string // waiting; between two remarks
	Arrow    string // head of an arrow to the right
	Back     string // head of an arrow to the left
	Ellipsis string // something was cut
	Break    string // a cut link
	Full     string // the filled part of a bar
	Half     string // a part of a bar that is not the worker's own work
	Rest     string // the empty part of a bar
	Life     string // the line of a process in a space-time diagram
	Send     string // on that line
	Recv     string // on that line
	Spark    [8]string
}

var unicodeGlyphs = Glyphs{
	Cursor: "❯", Bullet: "•", Check: "✓", Cross: "✗", Dot: "·", Arrow: "▸", Back: "◂",
	Ellipsis: "…", Break: "╳", Full: "█", Half: "▒", Rest: "░", Life: "┆", Send: "◻", Recv: "◼",
	Spark: [8]string{"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"},
}

var plainGlyphs = Glyphs{
	Cursor: ">", Bullet: "*", Check: "v", Cross: "x", Dot: ".", Arrow: ">", Back: "<",
	Ellipsis: "~", Break: "X", Full: "#", Half: "=", Rest: ".", Life: ":", Send: "o", Recv: "*",
	Spark: [8]string{"1", "2", "3", "4", "5", "6", "7", "8"},
}

// Glyphs returns the signs of the theme.
func (th Theme) Glyphs() Glyphs {
	if th.Options().Plain {
		return plainGlyphs
	}
	return unicodeGlyphs
}

// Box is the parts of a box, for views that draw their own.
type Box struct {
	TopLeft, TopRight, BottomLeft, BottomRight string
	Horizontal, Vertical                       string
	Left, Right, Top, Bottom, Middle           string // where lines meet; Left is ├
}

// Box returns the parts of a box.
func (th Theme) Box() Box {
	if th.Options().Plain {
		return Box{"+", "+", "+", "+", "-", "|", "+", "+", "+", "+", "+"}
	}
	return Box{"╭", "╮", "╰", "╯", "─", "│", "├", "┤", "┬", "┴", "┼"}
}

// Border returns the same box for Lip Gloss.
func (th Theme) Border() lipgloss.Border {
	b := th.Box()
	return lipgloss.Border{
		Top: b.Horizontal, Bottom: b.Horizontal, Left: b.Vertical, Right: b.Vertical,
		TopLeft: b.TopLeft, TopRight: b.TopRight, BottomLeft: b.BottomLeft, BottomRight: b.BottomRight,
		MiddleLeft: b.Left, MiddleRight: b.Right, Middle: b.Middle, MiddleTop: b.Top, MiddleBottom: b.Bottom,
	}
}
