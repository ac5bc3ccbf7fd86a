package tui

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"edu/procession/demos/safe"
	"edu/procession/demos/trace"
	"edu/procession/tui/recordings"
	"edu/procession/tui/theme"
)

// keptPage lists the runs that were kept, newest first, plays one, names one and
// deletes one. What can be seen in a file's name is there at once; what it holds
// comes as the files are read through.
type keptPage struct {
	m      *Model
	all    []recordings.Entry
	read   map[string]recordings.Summary // by path
	failed error
	listed bool
	busy   bool // files are being read through
	at     int
	top    int
	head   int
}

// listedMsg brings the names of all recordings.
type listedMsg struct {
	all []recordings.Entry
	err error
}

// readMsg brings what some recordings hold, by path.
type readMsg map[string]recordings.Summary

// loadedMsg brings a recording that is to be played.
type loadedMsg struct {
	replay Replay
	err    error
}

func newKept(m *Model) *keptPage {
	return &keptPage{m: m, read: map[string]recordings.Summary{}}
}

func (p *keptPage) crumbs() []string { return []string{"recordings"} }

func (p *keptPage) corner() string {
	if !p.listed || p.failed != nil {
		return ""
	}
	return fmt.Sprintf("%d kept", len(p.all))
}

func (p *keptPage) front() tea.Cmd { return p.list() }
func (p *keptPage) leave() tea.Cmd {
	p.busy = false // what is on its way does not come here any more
	return nil
}

func (p *keptPage) list() tea.Cmd {
	folder := p.m.cfg.Recordings
	return func() tea.Msg {
		all, err := folder.List()
		return listedMsg{all, err}
	}
}

// readAtOnce is how many files are read through before what they hold is shown.
const readAtOnce = 8

// readOn reads the next files that were not read yet.
func (p *keptPage) readOn() tea.Cmd {
	if p.busy {
		return nil
	}
	var next []recordings.Entry
	for _, e := range p.all {
		if _, ok := p.read[e.Path]; !ok && len(next) < readAtOnce {
			next = append(next, e)
		}
	}
	if len(next) == 0 {
		return nil
	}
	p.busy = true
	return func() tea.Msg {
		got := readMsg{}
		for i, s := range recordings.Summaries(next) {
			got[next[i].Path] = s
		}
		return got
	}
}

func (p *keptPage) update(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case listedMsg:
		was := p.entry().ID
		for _, e := range p.all { // one that was still written has grown
			if i := slices.IndexFunc(msg.all, func(n recordings.Entry) bool { return n.Path == e.Path }); i < 0 || msg.all[i].Size != e.Size {
				delete(p.read, e.Path)
			}
		}
		p.all, p.failed, p.listed = msg.all, msg.err, true
		if i := slices.IndexFunc(p.all, func(e recordings.Entry) bool { return e.ID == was }); i >= 0 {
			p.at = i
		}
		p.move(0)
		return p.readOn()
	case readMsg:
		p.busy = false
		for path, s := range msg {
			p.read[path] = s
		}
		return p.readOn()
	case loadedMsg:
		if p.m.top() != page(p) {
			return nil // the learner has gone on
		}
		if msg.err != nil {
			return p.m.say("It cannot be played: " + sentence(msg.err.Error()))
		}
		if msg.replay.Fault != nil {
			p.m.notice = faulty(msg.replay.Fault)
		}
		return p.m.push(newReplay(p.m, msg.replay))
	}
	return nil
}

// faulty says that a recording is damaged.
func faulty(err error) string {
	return "This recording can be played up to its fault: " + sentence(err.Error())
}

func (p *keptPage) entry() recordings.Entry {
	if p.at < 0 || p.at >= len(p.all) {
		return recordings.Entry{}
	}
	return p.all[p.at]
}

func (p *keptPage) move(n int) { p.at = min(max(p.at+n, 0), max(len(p.all)-1, 0)) }

func (p *keptPage) key(k string, _ tea.KeyPressMsg) (tea.Cmd, bool) {
	keys := p.m.keys
	switch {
	case keys.Down.is(k):
		p.move(1)
	case keys.Up.is(k):
		p.move(-1)
	case keys.PageDown.is(k):
		p.move(8)
	case keys.PageUp.is(k):
		p.move(-8)
	case keys.Top.is(k):
		p.move(-len(p.all))
	case keys.Bottom.is(k):
		p.move(len(p.all))
	case p.entry().ID == "":
		return nil, false // nothing to do anything with
	case keys.Open.is(k):
		return p.play(), true
	case keys.Rename.is(k):
		p.m.over = &nameBox{kept: p, entry: p.entry(), line: line{text: p.entry().Name, max: 80}}
	case keys.Delete.is(k):
		p.m.over = &deleteBox{p, p.entry()}
	default:
		return nil, false
	}
	return nil, true
}

// play reads the recording under the cursor, to be put on stage.
func (p *keptPage) play() tea.Cmd {
	e := p.entry()
	return func() tea.Msg {
		f, err := os.Open(e.Path)
		if err != nil {
			if p := new(fs.PathError); errors.As(err, &p) {
				err = fmt.Errorf("its file cannot be opened: %w", p.Err)
			}
			return loadedMsg{err: err}
		}
		defer f.Close()
		r := Replay{Name: e.Word(), Marked: e.Marked, At: e.Mark, Kept: e.ID}
		if r.Header, r.Events, r.Fault = trace.Read(f); len(r.Events) == 0 {
			if r.Fault == nil {
				r.Fault = fmt.Errorf("it has no events")
			}
			return loadedMsg{err: r.Fault}
		}
		return loadedMsg{replay: r}
	}
}

func (p *keptPage) click(_, y int) tea.Cmd {
	i := p.top + y - p.head
	if y < p.head || i >= len(p.all) {
		return nil
	}
	if i == p.at {
		return p.play()
	}
	p.at = i
	return nil
}

func (p *keptPage) wheel(_, _, n int) tea.Cmd {
	p.move(n / wheelLines)
	return nil
}

func (p *keptPage) bar() []barRow {
	k := p.m.keys
	if len(p.all) == 0 {
		return []barRow{{Items: []Binding{k.Back}}}
	}
	return []barRow{{Items: []Binding{press("enter", "play"), k.Down.as("up/down", "choose"), k.Rename, k.Delete, k.Back}}}
}

func (p *keptPage) help() (string, []Group) {
	return fmt.Sprintf("Every run on stage is kept: the latest %d, of at most %d MB together, and those with a name for ever. ", recordings.MaxRuns, recordings.MaxBytes>>20) +
			"On stage " + p.m.keys.Mark.Show() + " marks a moment, and the recording opens there. procession replay and export take a recording by its name.",
		append([]Group{{"A recording", []Binding{{Keys: p.m.keys.Open.Keys, Doc: "play the recording under the cursor, from the marked moment if there is one"}}}},
			p.m.keys.groups("Recordings", "Moving", "Everywhere")...)
}

func (p *keptPage) draw(w, h int) []string {
	th := p.m.th
	out := []string{""}
	switch {
	case p.m.cfg.Recordings == "":
		return append(out, " "+th.Paint(theme.Muted, "No runs are kept here."))
	case p.failed != nil:
		for _, line := range wrap(upper(sentence(p.failed.Error())), w-4) {
			out = append(out, " "+th.Paint(theme.Bad, line))
		}
		return append(out, " "+th.Paint(theme.Muted, "procession doctor says whether runs can be kept."))
	case !p.listed:
		return out
	case len(p.all) == 0:
		return append(out, " "+th.Paint(theme.Muted, "No run has been kept yet: a demo on stage makes one."))
	}
	out = append(out, th.Paint(theme.Muted, fit("   WHEN          DEMO                 LENGTH  NAME, AND HOW IT CAME OUT", w)))
	p.head = len(out)
	foot := p.detail(w)
	fits := max(h-len(out)-len(foot), 1)
	p.top = min(max(p.top, p.at-fits+1), p.at, max(len(p.all)-fits, 0))
	for i := p.top; i < min(p.top+fits, len(p.all)); i++ {
		out = append(out, p.row(i, w))
	}
	for len(out) < p.head+fits {
		out = append(out, "")
	}
	return append(out, foot...)
}

// row is a recording on one line.
func (p *keptPage) row(i, w int) string {
	th, g, e := p.m.th, p.m.th.Glyphs(), p.all[i]
	s, known := p.read[e.Path]
	paint, cursor := th.Paint, "  "
	if i == p.at {
		paint = func(_ theme.Token, s string) string { return s }
		cursor = g.Cursor + " "
	}
	when, what, long, out := "", "", "", ""
	if began := e.Began(); !began.IsZero() {
		when = began.Local().Format("Jan _2 15:04")
	}
	if known {
		what, long, out = s.Header.Demo, fmt.Sprintf("%.1f s", s.Length.Seconds()), p.outcome(s, paint)
	}
	if e.Name != "" {
		out = paint(theme.Title, safe.Line(e.Name, 60)) + "  " + out
	}
	line := cursor + fit(when, 12) + "  " + fit(safe.Line(what, 40), 20) + fmt.Sprintf("%8s  ", long) + out
	if i == p.at {
		return " " + th.Paint(theme.Selection, fit(line, w-2)) + " "
	}
	return " " + fit(line, w-1)
}

// outcome is how a recorded run came out, by sign and word.
func (p *keptPage) outcome(s recordings.Summary, paint func(theme.Token, string) string) string {
	g := p.m.th.Glyphs()
	switch v := s.Verdict; {
	case s.Fault != nil:
		return paint(theme.Bad, g.Cross+" damaged: "+safe.Line(s.Fault.Error(), 300))
	case v == nil:
		return paint(theme.Muted, g.Dot+" no verdict: it did not come to its end")
	case v.OK:
		return paint(theme.Good, g.Check) + " " + safe.Line(v.Text, 300)
	default:
		return paint(theme.Bad, g.Cross) + " " + safe.Line(v.Text, 300)
	}
}

// detail is all that is known of the recording under the cursor.
func (p *keptPage) detail(w int) []string {
	th, e := p.m.th, p.entry()
	s, known := p.read[e.Path]
	facts := []string{e.ID}
	if known {
		if s.Header.Place != "" {
			facts = append(facts, "in "+s.Header.Place)
		}
		facts = append(facts, fmt.Sprintf("%d events", s.Events))
	}
	if e.Marked {
		facts = append(facts, "opens at "+moment(e.Mark))
	}
	out := []string{p.m.rule(w)}
	if e.Name != "" {
		out = append(out, " "+th.Paint(theme.Title, safe.Line(e.Name, 60)))
	}
	for _, line := range wrap(safe.Line(strings.Join(facts, ", "), 300), w-2) {
		out = append(out, " "+th.Paint(theme.Muted, line))
	}
	if known {
		for i, line := range wrap(p.outcome(s, func(_ theme.Token, s string) string { return s }), w-2) {
			if i < 3 {
				out = append(out, " "+line)
			}
		}
	}
	return out
}

// moment is a time in a run, to the hundredth.
func moment(d time.Duration) string { return fmt.Sprintf("%.2f s", d.Seconds()) }
