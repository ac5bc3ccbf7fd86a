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
}

// is reports whether a key is one of the binding's.
func (b Binding) is(key string) bool { return slices.Contains(b.Keys, key) }

// Show is the binding's key as it is shown.
func (b Binding) Show() string {
	if len(b.Keys) == 0 {
		return ""
	}
	return keyName(b.Keys[0])
}

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
	Open, Search, Glossary, Continue Binding
	// In a lesson.
	Go, NextPart, PrevPart, Wider, Narrower, Demo, Skip, Choose, Terms, NextLesson Binding
	// On the stage.
	Freeze, HoldAll, FreeAll, SelectNext, SelectPrev              Binding
	Forward, Backward, SecondForward, SecondBackward              Binding
	Start, Live, Slower, Faster                                   Binding
	Again, Anew, Finish, View, ViewBack, Digit, Log, Zoom, Beside Binding
}

// DefaultKeys is the one place where keys are given their meaning.
func DefaultKeys() KeyMap {
	return KeyMap{
		Help:      Binding{[]string{"?", "f1"}, "help", "this help: what can be done where you are"},
		Back:      Binding{[]string{"esc", "q"}, "back", "back to where you came from; on the stage it ends the run and its processes"},
		Quit:      Binding{[]string{"ctrl+c"}, "quit", "leave procession from anywhere; nothing that it started goes on running"},
		Suspend:   Binding{[]string{"ctrl+z"}, "suspend", "to the shell and, with fg, back here"},
		Paper:     Binding{[]string{"B"}, "light or dark", "colours for a light or a dark terminal"},
		Projector: Binding{[]string{"P"}, "projector", "high contrast, for a projector or tired eyes, on and off"},
		Dismiss:   Binding{[]string{"esc", "q", "enter"}, "close", "close what lies over the page"},

		Up:       Binding{[]string{"up", "k"}, "up", "one line, or one entry, up"},
		Down:     Binding{[]string{"down", "j"}, "down", "one line, or one entry, down"},
		PageUp:   Binding{[]string{"pgup", "ctrl+b"}, "page up", "a window's height up"},
		PageDown: Binding{[]string{"pgdown", "ctrl+f"}, "page down", "a window's height down"},
		Top:      Binding{[]string{"home"}, "top", "to the top"},
		Bottom:   Binding{[]string{"end"}, "bottom", "to the end"},

		Open:     Binding{[]string{"enter"}, "open", "open the lesson or the demo under the cursor"},
		Search:   Binding{[]string{"/"}, "search", "search all lessons, listings and terms"},
		Glossary: Binding{[]string{"g"}, "glossary", "every term with its meaning"},
		Continue: Binding{[]string{"n"}, "go on", "go on where you left off"},

		Go:         Binding{[]string{"enter", "space"}, "go on", "the next thing to do: read on, answer, run the demo, next lesson"},
		NextPart:   Binding{[]string{"right", "tab", "l"}, "next part", "to the next part of the lesson"},
		PrevPart:   Binding{[]string{"left", "shift+tab", "h"}, "part before", "to the part before"},
		Wider:      Binding{[]string{">", "shift+right"}, "right", "move listings that are wider than the window"},
		Narrower:   Binding{[]string{"<", "shift+left"}, "left", "and back"},
		Demo:       Binding{[]string{"d"}, "demo", "run the lesson's demo now"},
		Skip:       Binding{[]string{"x"}, "skip", "read the explanation without a prediction"},
		Choose:     Binding{[]string{"1", "2", "3", "4", "5", "6", "7", "8", "9"}, "answer", "choose an answer; then how sure you are"},
		Terms:      Binding{[]string{"g", "t"}, "terms", "the terms that this lesson uses, explained"},
		NextLesson: Binding{[]string{"N"}, "next lesson", "to the next lesson"},

		SelectNext:     Binding{[]string{"down", "tab"}, "select", "select the process below, which the demo's keys act on"},
		SelectPrev:     Binding{[]string{"up", "shift+tab"}, "select", "select the process above"},
		Freeze:         Binding{[]string{"space"}, "freeze view", "freeze the view while the processes and the log go on; again: back to now. In a replay: play and pause"},
		HoldAll:        Binding{[]string{"S"}, "stop all", "stop every process (SIGSTOP): they are really stopped, as the letter T says"},
		FreeAll:        Binding{[]string{"C"}, "continue all", "let every process go on (SIGCONT)"},
		Backward:       Binding{[]string{"left", ","}, "event back", "one event back in the log"},
		Forward:        Binding{[]string{"right", "."}, "event on", "one event on"},
		SecondBackward: Binding{[]string{"[", "shift+left"}, "second back", "one second back"},
		SecondForward:  Binding{[]string{"]", "shift+right"}, "second on", "one second on"},
		Start:          Binding{[]string{"home"}, "start", "to the start of the run"},
		Live:           Binding{[]string{"end"}, "now", "to now: the live run, or the end of the log"},
		Slower:         Binding{[]string{"<"}, "slower", "play back slower: 1/4 of real speed"},
		Faster:         Binding{[]string{">"}, "faster", "play back faster: 4 times real speed"},
		Again:          Binding{[]string{"R"}, "again", "run again with the same seed"},
		Anew:           Binding{[]string{"N"}, "new seed", "run again with another seed"},
		Finish:         Binding{[]string{"f", "F"}, "finish", "ask the demo to come to its end and say what was measured"},
		View:           Binding{[]string{"v"}, "view", "the next view as the main one"},
		ViewBack:       Binding{[]string{"V"}, "view before", "the view before"},
		Digit:          Binding{[]string{"1", "2", "3", "4", "5", "6", "7", "8", "9"}, "view", "this view as the main one"},
		Log:            Binding{[]string{"L"}, "log", "make the log bigger, and small again"},
		Zoom:           Binding{[]string{"z"}, "zoom", "time axes show the last ten seconds, or the whole run"},
		Beside:         Binding{[]string{"O"}, "what to do", "the lesson's text beside the stage or over it, on and off"},
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
		{"The course", []Binding{k.Open, k.Continue, k.Search, k.Glossary}},
		{"A lesson", []Binding{k.Go, k.NextPart, k.PrevPart, k.Choose, k.Skip, k.Demo, k.Terms, k.NextLesson, k.Wider, k.Narrower}},
		{"The stage: processes", []Binding{k.SelectNext, k.SelectPrev, k.HoldAll, k.FreeAll, k.Finish, k.Again, k.Anew}},
		{"The stage: time", []Binding{k.Freeze, k.Backward, k.Forward, k.SecondBackward, k.SecondForward, k.Start, k.Live, k.Slower, k.Faster}},
		{"The stage: what is shown", []Binding{k.View, k.ViewBack, k.Digit, k.Log, k.Zoom, k.Beside}},
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
