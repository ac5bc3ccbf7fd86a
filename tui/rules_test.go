package tui

import (
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	tea "charm.land/bubbletea/v2"

	"edu/procession/demos/demo"
	"edu/procession/demos/trace"
)

// TestIdle counts the messages of ten seconds in which nothing happens.
func TestIdle(t *testing.T) {
	count := func(t *testing.T, d *driver, span time.Duration) int {
		n := 0
		for end := time.Now().Add(span); time.Now().Before(end); {
			time.Sleep(10 * time.Millisecond)
			synctest.Wait()
			for len(d.msgs) > 0 {
				if msg := <-d.msgs; msg != nil {
					n++
					_, cmd := d.m.Update(msg)
					d.do(cmd)
				}
				synctest.Wait()
			}
		}
		return n
	}
	synctest.Test(t, func(t *testing.T) {
		d := drive(t, testConfig(), 80, 24)
		defer d.close()
		if n := count(t, d, 10*time.Second); n != 0 {
			t.Errorf("the course page: %d messages", n)
		}
		cfg := testConfig()
		cfg.Demo = "fake"
		live := drive(t, cfg, 80, 24)
		defer live.close()
		live.pass(time.Second)
		if n := count(t, live, time.Second); n < 20 || n > 30+5 {
			t.Errorf("a live run: %d messages a second", n)
		}
		live.press("space")
		if n := count(t, live, 10*time.Second); n > 20+1 {
			t.Errorf("a frozen run: %d messages", n)
		}
		live.press("f")
		live.pass(time.Second)
		if n := count(t, live, 10*time.Second); n != 0 {
			t.Errorf("a run that is over: %d messages", n)
		}
	})
}

// TestLeaving: a run ends when its page is left, and when it is run again, and
// also if it starts only after that.
func TestLeaving(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var runs []demo.Run
		cfg := testConfig()
		cfg.Demo = "fake"
		cfg.Start = func(d demo.Demo, o demo.Options) (demo.Run, error) {
			time.Sleep(100 * time.Millisecond)
			r, err := startFake(d, o)
			runs = append(runs, r)
			return r, err
		}
		d := drive(t, cfg, 80, 24)
		defer d.close()
		d.pass(time.Second)
		d.press("R")
		d.pass(time.Second)
		d.press("N")
		d.pass(50 * time.Millisecond) // the third is still starting
		d.press("esc")
		d.pass(time.Second)
		if len(runs) != 3 {
			t.Fatalf("%d runs", len(runs))
		}
		for i, r := range runs {
			select {
			case <-r.Done():
			default:
				t.Errorf("run %d goes on", i+1)
			}
		}
		if a, b := runs[0].Log().Header().Seed, runs[1].Log().Header().Seed; a != b {
			t.Errorf("run again with seed %d, not %d", b, a)
		}
	})
}

// TestActs: what is done while the past is shown is done to the live run.
func TestActs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := testConfig()
		cfg.Demo = "fake"
		d := drive(t, cfg, 80, 24)
		defer d.close()
		d.pass(time.Second)
		s := d.m.top().(*stagePage)
		acts := func() string {
			var out []string
			for _, e := range s.run.Log().Events(0) {
				if a, ok := e.Data.(trace.Act); ok {
					out = append(out, fmt.Sprintf("%s %s at %v", a.Action, a.Target, e.At > 500*time.Millisecond))
				}
			}
			return strings.Join(out, ", ")
		}
		d.screen() // selects worker-1, and at the start nobody is on stage yet
		d.press("home", "k", "S", "C", "a")
		if got, want := acts(), "kill worker-1 at true, stop * at true, cont * at true, add  at true"; got != want {
			t.Errorf("acts: %s, want %s", got, want)
		}
		if !s.player.atNow() && s.player.pos != 0 {
			t.Error("the view moved")
		}
		d.press("f")
		d.pass(200 * time.Millisecond)
		d.press("k")
		if !strings.Contains(d.screen(), "! This run is over") {
			t.Error(d.screen())
		}
	})
}

// TestStartFails: the reason is on the screen, and there is a way out.
func TestStartFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := testConfig()
		cfg.Demo, cfg.Options.Params = "fake", map[string]string{"fail": "\x1b]0;x\x07nine"}
		d := drive(t, cfg, 80, 24)
		defer d.close()
		if got := d.screen(); !strings.Contains(got, "could not be started: workers must be") || !strings.Contains(got, "R again") {
			t.Error(got)
		}
		d.press("k", "space", "R", "S", "f", "L", "v", "left")
		d.pass(time.Second)
		d.press("esc")
		if !strings.Contains(d.screen(), "the course") {
			t.Error(d.screen())
		}
	})
}

// TestHostile: no byte of an escape that came from outside reaches the window.
func TestHostile(t *testing.T) {
	const evil = "\x1b]0;owned\x07\x1b[2J\u009b31m\u202eabc\x1bPq\x1b\\"
	synctest.Test(t, func(t *testing.T) {
		cfg := testConfig()
		l := cfg.Course.Chapters[0].Lessons[0]
		l.Title, l.Summary = evil+"title", evil
		cfg.Course.Terms[0].Text = evil
		say := trace.Say{Text: evil, Stream: "stdout"}
		verdict := trace.Verdict{OK: true, Text: evil}
		cfg.Replay = &Replay{Name: evil, Header: trace.Header{Demo: evil, Place: evil, Pace: evil}, Events: []trace.Event{
			{Seq: 1, Source: trace.Worker, Who: evil, Kind: say.Kind(), Data: say},
			{Seq: 2, Source: trace.Stage, Kind: verdict.Kind(), Data: verdict},
		}, Fault: fmt.Errorf("line 3: %s", evil)}
		check := func(d *driver) {
			t.Helper()
			v := d.m.View()
			for _, bad := range []string{"owned", "\x1b]", "\x1b[2J", "\u009b", "\u202e", "\x1bP"} {
				if strings.Contains(v.Content+v.WindowTitle, bad) {
					t.Errorf("%q is on the screen of %T: %q", bad, d.m.top(), v.Content)
				}
			}
		}
		d := drive(t, cfg, 120, 40)
		defer d.close()
		check(d)
		d.press("end")
		check(d)
		cfg.Replay = nil
		d = drive(t, cfg, 120, 40)
		defer d.close()
		check(d)
		for _, k := range []string{"g", "esc", "/", "t", "i", "t", "enter", "right", "?"} {
			d.press(k)
			check(d)
		}
		d.send(tea.PasteMsg{Content: evil})
		check(d)
	})
}

// TestPacer holds that Bubble Tea's ticker is where pacer looks for it.
func TestPacer(t *testing.T) {
	var l looking
	p := tea.NewProgram(&l, tea.WithInput(nil), tea.WithOutput(io.Discard), tea.WithWindowSize(80, 24), tea.WithoutSignals())
	l.p = p
	if _, err := p.Run(); err != nil || l.found == nil {
		t.Errorf("Bubble Tea's ticker is not where it was (%v): the program will not rest", err)
	}
	m := New(testConfig())
	m.pacer.ticker = time.NewTicker(time.Hour)
	m.Update(tea.WindowSizeMsg{Width: 80, Height: 24})
	if !m.pacer.armed || m.pacer.pace != soon {
		t.Error("nobody asks whether it may rest")
	}
	m.Update(calmMsg(m.pacer.updates))
	if m.pacer.pace != rest {
		t.Error("it does not rest")
	}
	m.Update(noticeMsg("awake"))
	if m.pacer.pace != frame {
		t.Error("it does not wake")
	}
}

// looking looks for the ticker of its program and quits.
type looking struct {
	p     *tea.Program
	found *time.Ticker
}

func (l *looking) Init() tea.Cmd  { return nil }
func (l *looking) View() tea.View { return tea.NewView("") }
func (l *looking) Update(tea.Msg) (tea.Model, tea.Cmd) {
	l.found = tickerOf(l.p)
	return l, tea.Quit
}
