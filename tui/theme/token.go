package theme

// Token is what a piece of text means.
type Token uint8

const (
	Text      Token = iota // ordinary text, in the terminal's own colour
	Muted                  // labels, units, what is over; still readable
	Accent                 // what the eye should find
	Title                  // a title of a page, a section, a pane
	Border                 // lines round things
	Focus                  // the border and title of what has the keys
	Good                   // came out right
	Bad                    // came out wrong; lost, cut
	Warn                   // needs a look; full, empty, starved
	Key                    // a key that can be pressed
	Selection              // the selected row
	Match                  // what a search found
	Gauge                  // a bar, a measured number
	GaugeRest              // the empty rest of a bar
	Term                   // a word of the glossary, a link

	// States of a process, as in [State].
	ProcNew
	ProcReady
	ProcRunning
	ProcBlocked
	ProcSleeping
	ProcUninterruptible
	ProcStopped
	ProcZombie
	ProcDead
	ProcUntold

	// Whose word it is.
	WordKernel
	WordWorker
	WordStage
	WordLearner

	// Code.
	Code        // code in text, and what has no other token in a listing
	CodeKeyword // if, def, func
	CodeString  //
	CodeNumber  //
	CodeComment //
	CodeName    // what is defined: functions, classes, decorators
	CodeBuiltin // print, len, make

	tokens
)

type attr uint8

const (
	bold attr = 1 << iota
	italic
	underline
	reverse
)

// hue is one colour of the palette in each variant: on dark, on light, and
// both with high contrast. The zero hue is the terminal's own colour.
type hue struct{ dark, light, darkHigh, lightHigh string }

// After Okabe and Ito, "Color Universal Design". Black and white are the
// terminal's own, but with high contrast.
var (
	plainText = hue{"", "", "#ffffff", "#000000"}
	grey      = hue{"#a8a8a8", "#5c5c5c", "#d0d0d0", "#404040"}
	line      = hue{"#8a8a8a", "#6e6e6e", "#c0c0c0", "#505050"}
	orange    = hue{"#e69f00", "#8a5a00", "#ffb833", "#6b4400"}
	sky       = hue{"#56b4e9", "#0068a3", "#8fd0f7", "#004f80"}
	green     = hue{"#1fb88a", "#006b4c", "#4fddb0", "#00523a"}
	yellow    = hue{"#f0e442", "#6b6000", "#fff27a", "#544b00"}
	blue      = hue{"#6fa8dc", "#00508a", "#a6cdf2", "#003d6b"}
	vermilion = hue{"#f07b3f", "#a83f00", "#ff9a66", "#852f00"}
	purple    = hue{"#cc79a7", "#8f3f70", "#f0a9cf", "#702a56"}
)

type spec struct {
	hue  hue
	attr attr
}

var specs = [tokens]spec{
	Text:      {plainText, 0},
	Muted:     {grey, 0},
	Accent:    {sky, bold},
	Title:     {blue, bold},
	Border:    {line, 0},
	Focus:     {yellow, bold},
	Good:      {green, 0},
	Bad:       {vermilion, bold},
	Warn:      {orange, bold},
	Key:       {yellow, bold},
	Selection: {plainText, bold | reverse},
	Match:     {yellow, reverse},
	Gauge:     {sky, 0},
	GaugeRest: {line, 0},
	Term:      {blue, underline},

	ProcNew:             {grey, 0},
	ProcReady:           {sky, 0},
	ProcRunning:         {green, bold},
	ProcBlocked:         {orange, 0},
	ProcSleeping:        {grey, 0},
	ProcUninterruptible: {vermilion, 0},
	ProcStopped:         {purple, 0},
	ProcZombie:          {vermilion, reverse},
	ProcDead:            {grey, 0},
	ProcUntold:          {grey, italic},

	WordKernel:  {plainText, bold},
	WordWorker:  {plainText, italic},
	WordStage:   {grey, 0},
	WordLearner: {sky, 0},

	Code:        {orange, 0},
	CodeKeyword: {sky, bold},
	CodeString:  {green, 0},
	CodeNumber:  {purple, 0},
	CodeComment: {grey, italic},
	CodeName:    {yellow, 0},
	CodeBuiltin: {blue, 0},
}

func (s spec) hex(o Options) string {
	switch {
	case !o.Color:
		return ""
	case o.Dark && o.Contrast:
		return s.hue.darkHigh
	case o.Dark:
		return s.hue.dark
	case o.Contrast:
		return s.hue.lightHigh
	}
	return s.hue.light
}
