package tui

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"
)

// driver is Bubble Tea without a terminal, in a bubble of synctest: Cmds run in
// goroutines, time passes when all of them wait.
type driver struct {
	t    *testing.T
	m    *Model
	msgs chan tea.Msg
	quit bool
}

func drive(t *testing.T, cfg Config, w, h int) *driver {
	t.Helper()
	d := &driver{t: t, m: New(cfg), msgs: make(chan tea.Msg, 10000)}
	d.m.seed = func() uint64 { return 42 }
	d.do(d.m.Init())
	d.send(tea.WindowSizeMsg{Width: w, Height: h})
	return d
}

func (d *driver) do(cmd tea.Cmd) {
	if cmd != nil {
		go func() { d.msgs <- cmd() }()
	}
}

func (d *driver) send(msg tea.Msg) {
	_, cmd := d.m.Update(msg)
	d.do(cmd)
	d.settle()
}

// settle handles messages until everything waits.
func (d *driver) settle() {
	for {
		synctest.Wait()
		select {
		case msg := <-d.msgs:
			switch msg := msg.(type) {
			case nil:
			case tea.QuitMsg:
				d.quit = true
			case tea.BatchMsg:
				for _, c := range msg {
					d.do(c)
				}
			default:
				_, cmd := d.m.Update(msg)
				d.do(cmd)
			}
		default:
			return
		}
	}
}

// pass lets time pass, a frame at a time.
func (d *driver) pass(t time.Duration) {
	for end := time.Now().Add(t); time.Now().Before(end); {
		time.Sleep(10 * time.Millisecond)
		d.settle()
	}
}

func (d *driver) press(keys ...string) {
	for _, k := range keys {
		d.send(keyPress(k))
	}
}

// screen is what is seen, without escapes and blanks at the ends of lines.
func (d *driver) screen() string {
	d.t.Helper()
	content := d.m.View().Content
	if d.m.roomy() {
		lines := strings.Split(content, "\n")
		if len(lines) != d.m.h {
			d.t.Errorf("%d lines in a window of %d", len(lines), d.m.h)
		}
		for i, l := range lines {
			if n := ansi.StringWidth(l); n != d.m.w {
				d.t.Errorf("line %d is %d wide in a window of %d: %q", i, n, d.m.w, ansi.Strip(l))
			}
		}
	}
	if f := d.m.faults.text; f != "" {
		d.t.Fatal(f)
	}
	var out []string
	for _, l := range strings.Split(ansi.Strip(content), "\n") {
		out = append(out, strings.TrimRight(l, " "))
	}
	return strings.Join(out, "\n")
}

// close ends what runs, so that the bubble can end.
func (d *driver) close() {
	for _, p := range d.m.pages {
		d.do(p.leave())
	}
	d.m.pages = d.m.pages[:1]
	d.settle()
	if err := d.m.Close(); err != nil {
		d.t.Error(err)
	}
	d.pass(time.Second)
}
