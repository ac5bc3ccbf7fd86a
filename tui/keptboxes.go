package tui

import (
	"strings"

	tea "charm.land/bubbletea/v2"

	"edu/procession/demos/safe"
	"edu/procession/tui/recordings"
	"edu/procession/tui/theme"
)

// nameBox asks for a recording's name.
type nameBox struct {
	kept  *keptPage
	entry recordings.Entry
	line  line
	wrong string
}

var (
	_ overlay = (*nameBox)(nil)
	_ paster  = (*nameBox)(nil)
)

func (b *nameBox) paste(text string) { b.line.put(text); b.wrong = "" }
func (b *nameBox) wheel(int)         {}

func (b *nameBox) key(k string, msg tea.KeyPressMsg) (tea.Cmd, bool) {
	switch {
	case k == "esc":
		return nil, true
	case k == "enter":
		folder, id, name, list := b.kept.m.cfg.Recordings, b.entry.ID, strings.TrimSpace(b.line.text), b.kept.list()
		if err := recordings.CheckName(name); err != nil {
			b.wrong = sentence(err.Error())
			return nil, false
		}
		return change(list, func() error {
			_, err := folder.Rename(id, name)
			return err
		}), true
	case b.line.key(k, msg):
		b.wrong = ""
	}
	return nil, false
}

func (b *nameBox) bar() []Binding {
	return []Binding{press("enter", "name it"), press("ctrl+u", "clear"), press("esc", "leave it")}
}

func (b *nameBox) draw(w, _ int) (string, []string) {
	th := b.kept.m.th
	w = min(w-4, 70)
	out := wrap("With a name it stays for ever, and procession replay and export find it by that.", w)
	out = append(out, "", th.Paint(theme.Key, ">")+" "+b.line.draw(th, w-2))
	for _, l := range wrap(b.wrong, w) {
		out = append(out, th.Paint(theme.Bad, l))
	}
	return "Name of " + b.entry.ID, out
}

// deleteBox asks before a recording is deleted.
type deleteBox struct {
	kept  *keptPage
	entry recordings.Entry
}

var _ overlay = (*deleteBox)(nil)

func (b *deleteBox) wheel(int) {}

func (b *deleteBox) key(k string, _ tea.KeyPressMsg) (tea.Cmd, bool) {
	switch k {
	case "y", "Y":
		folder, id := b.kept.m.cfg.Recordings, b.entry.ID
		return change(b.kept.list(), func() error { return folder.Delete(id) }), true
	case "n", "esc", "q", "enter":
		return nil, true
	}
	return nil, false
}

func (b *deleteBox) bar() []Binding { return []Binding{press("y", "delete"), press("n", "keep it")} }

func (b *deleteBox) draw(w, _ int) (string, []string) {
	return "Delete?", wrap("The recording "+safe.Line(b.entry.Word(), 80)+" is deleted for good.", min(w-4, 70))
}

// change does something to the folder, tells what went wrong, and lists it again.
func change(list tea.Cmd, do func() error) tea.Cmd {
	return tea.Batch(func() tea.Msg {
		if err := do(); err != nil {
			return noticeMsg(upper(sentence(err.Error())))
		}
		return list()
	})
}

// upper begins a sentence.
func upper(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}
