package tui

import (
	"fmt"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"edu/procession/demos/demo"
	"edu/procession/demos/safe"
	"edu/procession/tui/theme"
)

// scheduleBox shows the schedule of the run so far and how to play it again, and
// takes another, typed or pasted, as its moves or as a whole command.
type scheduleBox struct {
	stage *stagePage
	line  line
	wrong string // with what is on the line
	done  string // what was copied
}

var (
	_ overlay = (*scheduleBox)(nil)
	_ paster  = (*scheduleBox)(nil)
)

// openSchedule opens the box. After a schedule that could not be played to its end
// that one is on the line, to be mended.
func (s *stagePage) openSchedule() tea.Cmd {
	if !s.stepping() {
		return s.m.say("A schedule says who goes when in step mode. " + s.m.keys.StepMode.Show() + " starts it, where a demo has steps.")
	}
	b := &scheduleBox{stage: s, line: line{max: 20_000}}
	b.line.text = demo.Schedule(s.now().Step.Schedule).String()
	if s.failed != nil && len(s.opt.Schedule) > 0 {
		b.line.text, b.wrong = s.opt.Schedule.String(), sentence(s.failed.Error())
	}
	s.m.over = b
	return nil
}

func (b *scheduleBox) paste(text string) { b.line.put(text); b.wrong = "" }
func (b *scheduleBox) wheel(int)         {}

func (b *scheduleBox) key(k string, msg tea.KeyPressMsg) (tea.Cmd, bool) {
	s := b.stage
	b.done = ""
	switch k {
	case "esc":
		return nil, true
	case "enter", "tab":
		moves, err := s.readSchedule(b.line.text)
		if err != nil {
			b.wrong = sentence(err.Error())
			return nil, false
		}
		if k == "tab" {
			return s.follow(s.seed(), moves), true
		}
		return s.anew(s.seed(), moves), true
	case "ctrl+y":
		return b.copy("The schedule", s.moves().String()), false
	case "ctrl+o":
		return b.copy("The command", s.command(s.moves())), false
	}
	if b.line.key(k, msg) {
		b.wrong = ""
	}
	return nil, false
}

// copy hands a text to the terminal, which does not answer.
func (b *scheduleBox) copy(what, text string) tea.Cmd {
	b.done = what + " was handed to the terminal as its clipboard. Some terminals refuse that; tmux wants set-clipboard on."
	return tea.SetClipboard(text)
}

func (b *scheduleBox) bar() []Binding {
	return []Binding{press("enter", "play"), press("tab", "step through"), press("ctrl+y", "copy"), press("ctrl+o", "command"),
		press("esc", "close"), press("ctrl+u", "clear")}
}

func (b *scheduleBox) draw(w, h int) (string, []string) {
	th, s := b.stage.m.th, b.stage
	w = min(w-4, 90)
	moves := s.moves()
	var out []string
	say := func(k theme.Token, text string, most int) {
		lines := wrap(safe.Line(text, 20_000), w)
		if len(lines) > most {
			lines = append(lines[:most-1:most-1], ellipsis+" and "+fmt.Sprint(len(lines)-most+1)+" lines more, copied whole")
		}
		for _, l := range lines {
			out = append(out, th.Paint(k, l))
		}
	}
	most := max((h-10)/2, 2)
	if len(moves) == 0 {
		say(theme.Text, "Nobody has moved yet. Who goes when is the schedule of a run: it is all that it takes to play it again.", most)
	} else {
		out = append(out, th.Paint(theme.Title, "So far, in "+steps(len(moves))))
		say(theme.Text, moves.String(), most)
		out = append(out, "", th.Paint(theme.Title, "Played again by"))
		say(theme.Text, s.command(moves), most)
	}
	out = append(out, "", th.Paint(theme.Title, "Another: type it, or paste it"), th.Paint(theme.Key, ">")+" "+b.line.draw(th, w-2))
	switch {
	case b.wrong != "":
		say(theme.Bad, th.Glyphs().Cross+" "+b.wrong, 3)
	case b.done != "":
		say(theme.Muted, b.done, 3)
	default:
		say(theme.Muted, "As in: A A B*3 kill:A. Commas and arrows are as good as spaces.", 3)
	}
	return "Schedule", out
}

// moves are those of the run so far.
func (s *stagePage) moves() demo.Schedule { return demo.Schedule(s.now().Step.Schedule) }

// command is the command line that plays moves again, with the settings of the run.
func (s *stagePage) command(moves demo.Schedule) string {
	return s.settings() + " --schedule '" + moves.String() + "'"
}

// settings is the command line of the run without its schedule.
func (s *stagePage) settings() string {
	cmd := "procession demo " + s.info.Name
	if p := s.opt.Place; p != "" && len(s.info.Places) > 0 && p != s.info.Places[0] {
		cmd += " --place " + string(p)
	}
	for _, p := range s.info.Params {
		if v, ok := s.opt.Params[p.Name]; ok && v != p.Default {
			if strings.ContainsFunc(v, func(r rune) bool { return strings.ContainsRune(" '\"\\$*?;&|<>(){}`!#~", r) }) {
				v = "'" + strings.ReplaceAll(v, "'", `'\''`) + "'"
			}
			cmd += " --set " + p.Name + "=" + v
		}
	}
	return cmd
}

// readSchedule reads what was typed: moves, or the command that plays them, if that
// is for the same demo with the same settings.
func (s *stagePage) readSchedule(text string) (demo.Schedule, error) {
	text = strings.TrimSpace(text)
	if before, moves, ok := strings.Cut(text, "--schedule"); ok {
		if words := strings.Fields(before); !slices.Equal(words, strings.Fields(s.settings())) {
			return nil, fmt.Errorf("that is for another run, %s, and here is %s; leave procession and run the command as it is", safe.Line(strings.Join(words, " "), 100), s.settings())
		}
		text = strings.Trim(strings.TrimLeft(moves, " ="), " '\"")
	}
	moves, err := demo.ParseSchedule(text)
	if err == nil && len(moves) == 0 {
		err = fmt.Errorf("there is no move in it: a schedule names who goes, step by step, as in A A B")
	}
	return moves, err
}
