package tui

import (
	"errors"
	"math/rand/v2"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/colorprofile"

	"edu/procession/demos/demo"
	"edu/procession/demos/safe"
	"edu/procession/lessons"
	"edu/procession/lessons/progress"
	"edu/procession/tui/theme"
)

// Model is the whole interface: the one tea.Model. It owns the window, the
// stack of pages and what lies over them, and hands messages down.
type Model struct {
	cfg   Config
	keys  KeyMap
	th    theme.Theme
	state progress.State // as the learner knows it; the store's follows

	w, h   int
	dark   bool
	colour bool
	asked  bool // a background was chosen by the learner: the terminal's answer comes too late
	pages  []page
	over   overlay
	notice string

	runs   *runs
	nextID int           // of runs
	seed   func() uint64 // for runs whose seed nobody chose; called in Cmds
	faults *faults

	pacer      pacer
	findTicker func() *time.Ticker // nil outside of Run

	dirty   bool
	content string
	body    filler
	zones   [][]zone // of the rows of the key bar
	barTop  int
}

var _ tea.Model = (*Model)(nil)

// New is the interface before anything is drawn. Whoever calls it instead of
// [Run] must call Close once the Bubble Tea program has ended.
func New(cfg Config) *Model {
	if cfg.Course == nil {
		cfg.Course = &lessons.Course{}
	}
	m := &Model{cfg: cfg, keys: DefaultKeys(), runs: &runs{}, faults: &faults{}, seed: newSeed, dirty: true,
		dark: !cfg.Look.Light, asked: cfg.Look.Light || cfg.Look.Dark, colour: true}
	m.relook()
	if cfg.Progress != nil {
		m.state = cfg.Progress.State()
		m.notice = cfg.Progress.Notice()
	}
	if cfg.Replay != nil {
		m.pages = []page{newReplay(m, *cfg.Replay)}
		if err := cfg.Replay.Fault; err != nil {
			m.notice = faulty(err)
		}
		return m
	}
	m.pages = []page{newCourse(m)}
	if cfg.Open != "" {
		if l, ok := cfg.Course.Lesson(cfg.Open); ok {
			m.pages = append(m.pages, newLesson(m, l))
		} else {
			m.notice = "There is no lesson called " + safe.Line(cfg.Open, 60) + "."
		}
	}
	if p := newReview(m); cfg.Review && len(p.items) > 0 {
		m.pages = append(m.pages, p)
	} else if cfg.Review {
		m.notice = "Nothing is to be reviewed today. " + m.nextReview()
	}
	if cfg.Table {
		m.pages = append(m.pages, newTable(m))
	}
	if cfg.Demo != "" {
		if d := m.demo(cfg.Demo); d != nil && len(cfg.Versus) > 1 {
			m.pages = append(m.pages, newVersus(m, d, cfg.Options, cfg.Versus, cfg.Turns, nil))
		} else if d != nil {
			m.pages = append(m.pages, newStage(m, d, cfg.Options, nil))
		} else {
			m.notice = "There is no demo called " + safe.Line(cfg.Demo, 60) + "."
		}
	}
	return m
}

// Close ends every run that is left and waits for its processes to be gone, for
// a bounded time.
func (m *Model) Close() error { return m.runs.close() }

// Init implements tea.Model.
func (m *Model) Init() tea.Cmd {
	cmds := []tea.Cmd{m.top().front()}
	if !m.asked {
		cmds = append(cmds, tea.RequestBackgroundColor)
	}
	return m.faults.guard(tea.Batch(cmds...))
}

// Update implements tea.Model.
func (m *Model) Update(msg tea.Msg) (_ tea.Model, cmd tea.Cmd) {
	defer m.faults.catch("Update")
	if calm, ok := msg.(calmMsg); ok {
		return m, m.pacer.settle(calm)
	}
	if m.findTicker != nil && m.pacer.ticker == nil {
		m.pacer.ticker = m.findTicker()
	}
	return m, m.faults.guard(tea.Batch(m.update(msg), m.pacer.wake(msg)))
}

func (m *Model) update(msg tea.Msg) tea.Cmd {
	switch msg.(type) {
	case tea.MouseMotionMsg, tea.MouseReleaseMsg, tea.KeyReleaseMsg, tea.EnvMsg, tea.ModeReportMsg:
		return nil // nothing that is drawn depends on these
	}
	m.dirty = true
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		m.w, m.h = max(msg.Width, 0), max(msg.Height, 0)
	case tea.BackgroundColorMsg:
		if !m.asked {
			m.dark = msg.IsDark()
			m.relook()
		}
	case tea.ColorProfileMsg:
		m.colour = msg.Profile >= colorprofile.ANSI
		m.relook()
	case tea.KeyPressMsg:
		return m.press(msg)
	case tea.MouseClickMsg:
		if msg.Button == tea.MouseLeft {
			return m.click(msg.X, msg.Y)
		}
	case tea.MouseWheelMsg:
		return m.wheel(msg)
	case tea.PasteMsg:
		if m.over != nil {
			if p, ok := m.over.(paster); ok {
				p.paste(msg.Content)
			}
			return nil
		}
		return m.top().update(msg)
	case noticeMsg:
		m.notice = string(msg)
	case startedMsg:
		return m.started(msg)
	default:
		var cmds []tea.Cmd
		for _, p := range m.pages {
			cmds = append(cmds, p.update(msg))
		}
		return tea.Batch(cmds...)
	}
	return nil
}

// started gives a run to the page that asked for it, if that is still there.
func (m *Model) started(msg startedMsg) tea.Cmd {
	for _, p := range m.pages {
		for _, s := range stagesOf(p) {
			if s.id == msg.run {
				return s.started(msg)
			}
		}
	}
	return m.stop(msg.what)
}

// press gives a key to whom it concerns: what lies over the page, the page, and
// then to the keys that work everywhere.
func (m *Model) press(msg tea.KeyPressMsg) tea.Cmd {
	k := msg.String()
	switch {
	case m.keys.Quit.is(k):
		return tea.Quit
	case m.keys.Suspend.is(k):
		return tea.Suspend
	}
	m.notice = ""
	if !m.roomy() {
		if m.keys.Back.is(k) && len(m.pages) == 1 {
			return tea.Quit
		}
		return nil
	}
	if m.over != nil {
		cmd, done := m.over.key(k, msg)
		if done {
			m.over = nil
		}
		return cmd
	}
	if cmd, ok := m.top().key(k, msg); ok {
		return cmd
	}
	switch {
	case m.keys.Help.is(k):
		m.over = newHelp(m)
	case m.keys.Back.is(k):
		return m.back(k)
	case m.keys.Paper.is(k):
		m.dark, m.asked = !m.dark, true
		m.relook()
	case m.keys.Projector.is(k):
		m.cfg.Look.Projector = !m.cfg.Look.Projector
		m.relook()
	}
	return nil
}

// back leaves the page on top. The course page is left by q alone: esc is
// pressed too often by those who only want to be sure where they are.
func (m *Model) back(k string) tea.Cmd {
	if len(m.pages) > 1 {
		return m.pop()
	}
	if _, course := m.top().(*coursePage); course && k == "esc" {
		m.notice = "You are on the course page. q leaves procession."
		return nil
	}
	return tea.Quit
}

func (m *Model) top() page { return m.pages[len(m.pages)-1] }

// push opens a page over those that are there.
func (m *Model) push(p page) tea.Cmd {
	m.pages = append(m.pages, p)
	return p.front()
}

// pop leaves the page on top.
func (m *Model) pop() tea.Cmd {
	if len(m.pages) == 1 {
		return tea.Quit
	}
	p := m.top()
	m.pages = m.pages[:len(m.pages)-1]
	return tea.Batch(p.leave(), m.top().front())
}

func (m *Model) click(x, y int) tea.Cmd {
	m.notice = ""
	switch {
	case !m.roomy():
	case y >= m.barTop && y < m.barTop+len(m.zones):
		for _, z := range m.zones[y-m.barTop] {
			if x >= z.x0 && x < z.x1 {
				return m.press(keyPress(z.key))
			}
		}
	case m.over != nil:
		m.over = nil
	case y >= 1 && y < m.barTop:
		return m.top().click(x, y-1)
	}
	return nil
}

// wheelLines is how far one notch of the wheel turns a page.
const wheelLines = 3

func (m *Model) wheel(msg tea.MouseWheelMsg) tea.Cmd {
	n := 0
	switch msg.Button {
	case tea.MouseWheelUp:
		n = -wheelLines
	case tea.MouseWheelDown:
		n = wheelLines
	}
	switch {
	case n == 0 || !m.roomy():
	case m.over != nil:
		m.over.wheel(n)
	default:
		return m.top().wheel(msg.X, msg.Y-1, n)
	}
	return nil
}

// demo finds a demo by its name.
func (m *Model) demo(name string) demo.Demo {
	for _, d := range m.cfg.Demos {
		if d.Info().Name == name {
			return d
		}
	}
	return nil
}

// stop ends a run off the screen's goroutine.
func (m *Model) stop(run demo.Run) tea.Cmd {
	if run == nil {
		return nil
	}
	return func() tea.Msg {
		if err := m.runs.stop(run); err != nil {
			return noticeMsg(err.Error())
		}
		return nil
	}
}

// save changes what is known of the learner, here at once and on disk by a Cmd.
// f runs twice and must not share what it changes.
func (m *Model) save(f func(*progress.State)) tea.Cmd {
	f(&m.state)
	store := m.cfg.Progress
	if store == nil {
		return nil
	}
	return func() tea.Msg {
		if err := store.Update(f); err != nil && !errors.Is(err, progress.ErrNotSaved) {
			return noticeMsg(store.Notice())
		}
		return nil
	}
}

// say shows a sentence until the next key. It returns no Cmd, so that what was
// asked for can end with it.
func (m *Model) say(text string) tea.Cmd {
	m.notice = text
	return nil
}

// newSeed is short enough to be typed again, with --seed.
func newSeed() uint64 { return 1 + rand.Uint64N(99_999) }

// now is the time of day, for what is kept and for when a question comes back:
// nothing else is decided by it.
func (m *Model) now() time.Time {
	if m.cfg.Now != nil {
		return m.cfg.Now()
	}
	return time.Now().Round(time.Second)
}

// roomy says that the window is large enough.
func (m *Model) roomy() bool { return m.w >= minWidth && m.h >= minHeight }
