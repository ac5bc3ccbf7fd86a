package tui

import (
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"
)

// Binding is a key with its meaning.
type Binding struct {
	Keys []string // as Bubble Tea names them; the first is the one that is shown
	Word string   // in the key bar
	Doc  string   // in the help, after the key
	Name string   // on the key bar in place of the key, where two are shown as one: "up/down"
}

// is reports whether a key is one of the binding's.
func (b Binding) is(key string) bool { return slices.Contains(b.Keys, key) }

// Show is the binding's key as it is shown.
func (b Binding) Show() string {
	if len(b.Keys) == 0 {
		return ""
	}
	if b.Name != "" {
		return b.Name
	}
	return keyName(b.Keys[0])
}

// as is the binding with other words on the key bar; a name may stand for
// more keys than its own.
func (b Binding) as(name, word string) Binding {
	if name != "" && len(b.Keys) > 0 {
		b.Name = name
	}
	b.Word = word
	return b
}

// press is an unnamed binding for the key bar: what a key does just now.
func press(key, word string) Binding { return Binding{Keys: []string{key}, Word: word} }

// without is the binding with the keys that somebody else has taken left out.
func (b Binding) without(taken map[string]bool) Binding {
	b.Keys = slices.DeleteFunc(slices.Clone(b.Keys), func(k string) bool { return taken[k] })
	return b
}

// keyName is a key's name on a keyboard.
func keyName(key string) string {
	switch key {
	case "pgdown":
		return "page down"
	case "pgup":
		return "page up"
	}
	return key
}

// KeyMap holds every key of the interface but the demos' own, which are in
// their Info. The stage asks the demo first: where a demo has taken a key, the
// binding's other keys remain.
type KeyMap struct {
	// On every page.
	Help, Back, Quit, Suspend, Paper, Projector, Dismiss Binding
	// In anything that is longer than the window.
	Up, Down, PageUp, PageDown, Top, Bottom Binding
	// On the course page.
	Open, Search, Glossary, Continue, Review, Recordings, Table Binding
	// On the page of recordings.
	Rename, Delete Binding
	// In a lesson.
	Go, NextPart, PrevPart, Wider, Narrower, Demo, Skip, Choose, Terms, NextLesson Binding
	// On the stage, of its messages.
	Clocks Binding
	// On the stage.
	Freeze, HoldAll, FreeAll, SelectNext, SelectPrev              Binding
	Forward, Backward, SecondForward, SecondBackward              Binding
	Start, Live, Slower, Faster, Mark                             Binding
	LetGo, Undo, Redo, StepMode, Explore, Schedule                Binding
	Versus, Python                                                Binding
	Again, Anew, Finish, View, ViewBack, Digit, Log, Zoom, Beside Binding
	// Where schedules are explored.
	More, FromHere Binding
}

// DefaultKeys is the one place where keys are given their meaning.
func DefaultKeys() KeyMap {
	return KeyMap{
		Help:      Binding{Keys: []string{"?", "f1"}, Word: "help", Doc: "this help: what can be done where you are"},
		Back:      Binding{Keys: []string{"esc", "q"}, Word: "back", Doc: "back to where you came from; on the stage it ends the run and its processes"},
		Quit:      Binding{Keys: []string{"ctrl+c"}, Word: "quit", Doc: "leave procession from anywhere; nothing that it started goes on running"},
		Suspend:   Binding{Keys: []string{"ctrl+z"}, Word: "suspend", Doc: "to the shell and, with fg, back here"},
		Paper:     Binding{Keys: []string{"B"}, Word: "light or dark", Doc: "colours for a light or a dark terminal"},
		Projector: Binding{Keys: []string{"P"}, Word: "projector", Doc: "high contrast, for a projector or tired eyes, on and off"},
		Dismiss:   Binding{Keys: []string{"esc", "q", "enter"}, Word: "close", Doc: "close what lies over the page"},

		Up:       Binding{Keys: []string{"up", "k"}, Word: "up", Doc: "one line, or one entry, up"},
		Down:     Binding{Keys: []string{"down", "j"}, Word: "down", Doc: "one line, or one entry, down"},
		PageUp:   Binding{Keys: []string{"pgup", "ctrl+b"}, Word: "page up", Doc: "a window's height up"},
		PageDown: Binding{Keys: []string{"pgdown", "ctrl+f"}, Word: "page down", Doc: "a window's height down"},
		Top:      Binding{Keys: []string{"home"}, Word: "top", Doc: "to the top"},
		Bottom:   Binding{Keys: []string{"end"}, Word: "bottom", Doc: "to the end"},

		Open:     Binding{Keys: []string{"enter"}, Word: "open", Doc: "open the lesson or the demo under the cursor"},
		Search:   Binding{Keys: []string{"/"}, Word: "search", Doc: "search all lessons, listings and terms"},
		Glossary: Binding{Keys: []string{"g"}, Word: "glossary", Doc: "every term with its meaning"},
		Continue: Binding{Keys: []string{"n"}, Word: "go on", Doc: "go on where you left off"},
		Review:   Binding{Keys: []string{"r"}, Word: "review", Doc: "answer what comes back today: questions return after 1, 3, 7 and 21 days"},

		Table:      Binding{Keys: []string{"t"}, Word: "table", Doc: "processes against nodes, in the figures of your own runs"},
		Recordings: Binding{Keys: []string{"w"}, Word: "recordings", Doc: "the runs that were kept: play one, name one, delete one"},
		Rename:     Binding{Keys: []string{"n"}, Word: "name", Doc: "give the recording a name, so that it stays"},
		Delete:     Binding{Keys: []string{"d", "delete"}, Word: "delete", Doc: "delete the recording, after a question"},

		Go:         Binding{Keys: []string{"enter", "space"}, Word: "go on", Doc: "the next thing to do: read on, answer, run the demo, next lesson"},
		NextPart:   Binding{Keys: []string{"right", "tab", "l"}, Word: "next part", Doc: "to the next part of the lesson"},
		PrevPart:   Binding{Keys: []string{"left", "shift+tab", "h"}, Word: "part before", Doc: "to the part before"},
		Wider:      Binding{Keys: []string{">", "shift+right"}, Word: "right", Doc: "move listings that are wider than the window"},
		Narrower:   Binding{Keys: []string{"<", "shift+left"}, Word: "left", Doc: "and back"},
		Demo:       Binding{Keys: []string{"d"}, Word: "demo", Doc: "run the lesson's demo now"},
		Skip:       Binding{Keys: []string{"x"}, Word: "skip", Doc: "read the explanation without a prediction"},
		Choose:     Binding{Keys: []string{"1", "2", "3", "4", "5", "6", "7", "8", "9"}, Word: "answer", Doc: "choose an answer; then how sure you are"},
		Terms:      Binding{Keys: []string{"g", "t"}, Word: "terms", Doc: "the terms that this lesson uses, explained"},
		NextLesson: Binding{Keys: []string{"N"}, Word: "next lesson", Doc: "to the next lesson"},

		SelectNext:     Binding{Keys: []string{"down", "tab"}, Word: "select", Doc: "select the process below, which the demo's keys act on"},
		SelectPrev:     Binding{Keys: []string{"up", "shift+tab"}, Word: "select", Doc: "select the process above"},
		Freeze:         Binding{Keys: []string{"space"}, Word: "freeze view", Doc: "freeze the view while the processes and the log go on; again: back to now. In a replay: play and pause"},
		HoldAll:        Binding{Keys: []string{"S"}, Word: "stop all", Doc: "stop every process (SIGSTOP): they are really stopped, as the letter T says"},
		FreeAll:        Binding{Keys: []string{"C"}, Word: "continue all", Doc: "let every process go on (SIGCONT)"},
		Backward:       Binding{Keys: []string{"left", ","}, Word: "event back", Doc: "one event back in the log"},
		Forward:        Binding{Keys: []string{"right", "."}, Word: "event on", Doc: "one event on"},
		SecondBackward: Binding{Keys: []string{"[", "shift+left"}, Word: "second back", Doc: "one second back"},
		SecondForward:  Binding{Keys: []string{"]", "shift+right"}, Word: "second on", Doc: "one second on"},
		Start:          Binding{Keys: []string{"home"}, Word: "start", Doc: "to the start of the run"},
		Live:           Binding{Keys: []string{"end"}, Word: "now", Doc: "to now: the live run, or the end of the log"},
		Slower:         Binding{Keys: []string{"<"}, Word: "slower", Doc: "play back slower: 1/4 of real speed"},
		Faster:         Binding{Keys: []string{">"}, Word: "faster", Doc: "play back faster: 4 times real speed"},
		Mark:           Binding{Keys: []string{"m"}, Word: "mark", Doc: "mark the moment that is shown, so that a replay opens there; the same moment again: no mark"},
		Again:          Binding{Keys: []string{"R"}, Word: "again", Doc: "run again with the same seed"},
		Anew:           Binding{Keys: []string{"N"}, Word: "new seed", Doc: "run again with another seed"},
		Finish:         Binding{Keys: []string{"f", "F"}, Word: "finish", Doc: "ask the demo to come to its end and say what was measured"},
		LetGo:          Binding{Keys: []string{"enter"}, Word: "let go", Doc: "let the selected process do its next step; it is held before the one after"},
		Undo:           Binding{Keys: []string{"u"}, Word: "undo", Doc: "take the last step back: a new run does all the steps before it, and is compared with what was there"},
		Redo:           Binding{Keys: []string{"U"}, Word: "redo", Doc: "do the step again that was taken back, or the next one of a schedule that was put on stage"},
		Explore:        Binding{Keys: []string{"E"}, Word: "explore", Doc: "play many schedules on real processes, count how they come out, and put one on stage"},
		Schedule:       Binding{Keys: []string{"W"}, Word: "schedule", Doc: "who went when: copy it, or the command that plays it again, and enter or paste another"},
		StepMode:       Binding{Keys: []string{"T"}, Word: "step mode", Doc: "start the demo anew in step mode, where you say who goes next; again: back to running freely"},
		Versus:         Binding{Keys: []string{"D"}, Word: "versus", Doc: "start the demo anew in two places side by side, such as threads and processes, with the same seed; again: two others, where there are three, and then back to one place"},
		Python:         Binding{Keys: []string{"p", "Y"}, Word: "Python", Doc: "run the lesson's Python listing, as it stands, on the stage; there: back to the demo, and again"},
		More:           Binding{Keys: []string{"+"}, Word: "more", Doc: "play ten times as many schedules"},
		FromHere:       Binding{Keys: []string{"b"}, Word: "from the stage", Doc: "explore what can still become of the run as it is on stage; again: from the beginning"},
		View:           Binding{Keys: []string{"v"}, Word: "view", Doc: "the next view as the main one"},
		ViewBack:       Binding{Keys: []string{"V"}, Word: "view before", Doc: "the view before"},
		Digit:          Binding{Keys: []string{"1", "2", "3", "4", "5", "6", "7", "8", "9"}, Word: "view", Doc: "this view as the main one"},
		Log:            Binding{Keys: []string{"L"}, Word: "log", Doc: "make the log bigger, and small again; with two places side by side, all numbers and what they mean"},
		Zoom:           Binding{Keys: []string{"z"}, Word: "zoom", Doc: "time axes show the last ten seconds, or the whole run"},
		Clocks:         Binding{Keys: []string{"K"}, Word: "clocks", Doc: "left of the messages: the time, Lamport clocks, or vector clocks, where the run carries clocks"},
		Beside:         Binding{Keys: []string{"O"}, Word: "what to do", Doc: "the lesson's text beside the stage or over it, on and off"},
	}
}

// Group is a part of the help, and of the table of keys in the README.
type Group struct {
	Title    string
	Bindings []Binding
}

// Groups lists every binding once, by where it works.
func (k KeyMap) Groups() []Group {
	return []Group{
		{"Everywhere", []Binding{k.Help, k.Back, k.Quit, k.Suspend, k.Paper, k.Projector}},
		{"Moving", []Binding{k.Up, k.Down, k.PageUp, k.PageDown, k.Top, k.Bottom}},
		{"The course", []Binding{k.Open, k.Continue, k.Review, k.Search, k.Glossary, k.Recordings, k.Table}},
		{"Recordings", []Binding{k.Rename, k.Delete}},
		{"A lesson", []Binding{k.Go, k.NextPart, k.PrevPart, k.Choose, k.Skip, k.Demo, k.Python, k.Terms, k.NextLesson, k.Wider, k.Narrower}},
		{"The stage: processes", []Binding{k.SelectNext, k.SelectPrev, k.HoldAll, k.FreeAll, k.Finish, k.Again, k.Anew, k.Versus}},
		{"The stage: step mode", []Binding{k.LetGo, k.Undo, k.Redo, k.Schedule, k.Explore, k.StepMode}},
		{"Exploring", []Binding{k.More, k.FromHere}},
		{"The stage: time", []Binding{k.Freeze, k.Backward, k.Forward, k.SecondBackward, k.SecondForward, k.Start, k.Live, k.Slower, k.Faster, k.Mark}},
		{"The stage: what is shown", []Binding{k.View, k.ViewBack, k.Digit, k.Log, k.Zoom, k.Clocks, k.Beside}},
	}
}

// keyPress is the press of a key by its name, for clicks on the key bar.
func keyPress(name string) tea.KeyPressMsg {
	if c, ok := map[string]rune{"enter": tea.KeyEnter, "esc": tea.KeyEscape, "tab": tea.KeyTab, "space": tea.KeySpace,
		"up": tea.KeyUp, "down": tea.KeyDown, "left": tea.KeyLeft, "right": tea.KeyRight,
		"home": tea.KeyHome, "end": tea.KeyEnd, "pgup": tea.KeyPgUp, "pgdown": tea.KeyPgDown}[name]; ok {
		return tea.KeyPressMsg{Code: c}
	}
	if c, ok := strings.CutPrefix(name, "ctrl+"); ok && c != "" {
		return tea.KeyPressMsg{Code: []rune(c)[0], Mod: tea.ModCtrl}
	}
	r := []rune(name)
	if len(r) == 0 {
		return tea.KeyPressMsg{}
	}
	return tea.KeyPressMsg{Code: r[0], Text: name}
}

// groups picks groups by their titles, in this order.
func (k KeyMap) groups(titles ...string) []Group {
	var out []Group
	for _, t := range titles {
		for _, g := range k.Groups() {
			if g.Title == t {
				out = append(out, g)
			}
		}
	}
	return out
}

// Markdown is the table of keys for the README.
func (k KeyMap) Markdown() string {
	var b strings.Builder
	b.WriteString("| where | key | what it does |\n| --- | --- | --- |\n")
	for _, g := range k.Groups() {
		for _, x := range g.Bindings {
			names := make([]string, 0, len(x.Keys))
			for _, key := range x.Keys {
				names = append(names, "`"+strings.ReplaceAll(keyName(key), "|", "\\|")+"`")
			}
			if n := len(names); n > 4 { // 1 to 9
				names = []string{names[0] + " to " + names[n-1]}
			}
			b.WriteString("| " + g.Title + " | " + strings.Join(names, " ") + " | " + x.Doc + " |\n")
		}
	}
	return b.String()
}
