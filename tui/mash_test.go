package tui

import (
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	tea "charm.land/bubbletea/v2"

	"edu/procession/demos/demo"
	"edu/procession/tui/recordings"
)

// TestMash is a learner, or a cat, on the keys: random keys, clicks and wheels
// at random sizes of the window, with runs that start and end meanwhile. The
// screen always has its size, and nothing panics.
func TestMash(t *testing.T) {
	strokes := 20_000
	if testing.Short() {
		strokes = 2_000
	}
	for _, seed := range []uint64{1, 2} {
		synctest.Test(t, func(t *testing.T) { mash(t, seed, strokes/2, testConfig) })
	}
	f := recordings.Folder(t.TempDir())
	for i, name := range []string{"one", "two", "three"} {
		keep(t, f, i, name)
	}
	synctest.Test(t, func(t *testing.T) { mash(t, 3, strokes/2, func() Config { return stepsFirst(f) }) })
	synctest.Test(t, func(t *testing.T) { mash(t, 4, strokes/2, reviewFirst) })
}

// stepsFirst opens the stage in step mode, where there are recordings.
func stepsFirst(f recordings.Folder) Config {
	cfg := stepConfig()
	cfg.Recordings = f
	cfg.Demo, cfg.Options = "fake", demo.Options{Step: true}
	return cfg
}

// reviewFirst opens with a review that has a count in it.
func reviewFirst() Config {
	cfg := reviewConfig()
	cfg.Review = true
	return cfg
}

func mash(t *testing.T, seed uint64, strokes int, config func() Config) {
	r := rand.New(rand.NewPCG(seed, 7))
	named := []string{"enter", "esc", "space", "tab", "shift+tab", "up", "down", "left", "right", "home", "end", "pgup", "pgdown", "backspace", "f1", "ctrl+u"}
	sizes := [][2]int{{0, 0}, {1, 1}, {10, 5}, {79, 24}, {80, 23}, {80, 24}, {80, 24}, {100, 30}, {120, 40}, {133, 27}, {200, 60}, {300, 24}, {80, 100}}
	d := drive(t, config(), 80, 24)
	w, h := 80, 24
	for i := range strokes {
		switch n := r.IntN(100); {
		case n < 1:
			s := sizes[r.IntN(len(sizes))]
			w, h = s[0], s[1]
			d.send(tea.WindowSizeMsg{Width: w, Height: h})
		case n < 8:
			d.send(tea.MouseClickMsg{X: r.IntN(w + 2), Y: r.IntN(h + 2), Button: tea.MouseLeft})
		case n < 11:
			d.send(tea.MouseWheelMsg{X: r.IntN(w + 2), Y: r.IntN(h + 2), Button: []tea.MouseButton{tea.MouseWheelUp, tea.MouseWheelDown}[r.IntN(2)]})
		case n < 12:
			d.send(tea.PasteMsg{Content: "zombie\x1b]0;x\x07 \U000e0001"})
		case n < 13:
			d.send(tea.BackgroundColorMsg{})
		case n < 15:
			d.pass(time.Duration(r.IntN(300)) * time.Millisecond)
		case n < 50:
			d.press(named[r.IntN(len(named))])
		default:
			d.press(string(rune(' ' + 1 + r.IntN(94))))
		}
		if d.quit { // left: open it again
			d.close()
			d = drive(t, config(), w, h)
		}
		if i%5 == 0 {
			d.screen()
		} else if d.m.faults.any() {
			t.Fatal(d.m.faults.text)
		}
		if t.Failed() {
			t.Fatalf("at stroke %d of seed %d, on %T", i, seed, d.m.top())
		}
	}
	d.close()
}
