package tui

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	tea "charm.land/bubbletea/v2"

	"edu/procession/tui/view"
)

// clickOn clicks on the first letter of a text that is on the screen.
func (d *driver) clickOn(text string) {
	d.t.Helper()
	for y, line := range strings.Split(d.screen(), "\n") {
		if i := strings.Index(line, text); i >= 0 {
			d.send(tea.MouseClickMsg{X: width(line[:i]), Y: y, Button: tea.MouseLeft})
			return
		}
	}
	d.t.Fatalf("%q is not on the screen\n%s", text, d.screen())
}

// TestMouse does everything with clicks: reading, answering, running, acting.
func TestMouse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := drive(t, testConfig(), 80, 24)
		defer d.close()
		d.clickOn("The life of a process") // moves the cursor there
		d.clickOn("The life of a process") // opens it
		if _, ok := d.m.top().(*lessonPage); !ok {
			t.Fatalf("on %T", d.m.top())
		}
		d.clickOn("Predict")
		d.clickOn("True")
		d.clickOn("certain")
		if a := d.m.state.Lesson("second").Predictions; len(a) != 1 || !a[0].Right || a[0].Confidence != 3 {
			t.Errorf("predictions: %+v", a)
		}
		d.clickOn("d demo")
		d.pass(time.Second)
		s, ok := d.m.top().(*stagePage)
		if !ok {
			t.Fatalf("on %T", d.m.top())
		}
		d.screen()
		d.clickOn("worker-2")
		if s.selected != "worker-2" {
			t.Errorf("%s is selected", s.selected)
		}
		d.clickOn("2 Lanes")
		d.screen()
		if s.frame.Main != view.PanelLanes {
			t.Errorf("%v is the main view", s.frame.Main)
		}
		d.clickOn("space freeze")
		if s.player.mode != frozen {
			t.Errorf("it is %v", s.player.mode)
		}
		d.clickOn("? help")
		d.clickOn("esc close")
		d.send(tea.MouseWheelMsg{X: 5, Y: 21, Button: tea.MouseWheelUp}) // the log
		if s.scroll[view.PanelLog] == 0 {
			t.Error("the log does not scroll")
		}
		d.clickOn("k kill")
		d.pass(100 * time.Millisecond)
		if p := s.player.t.At(s.player.t.Len()).Proc("worker-2"); p.Exit.Signal != "KILL" {
			t.Errorf("worker-2 lives: %+v", p)
		}
	})
}
