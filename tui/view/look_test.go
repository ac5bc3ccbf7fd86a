package view

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"edu/procession/demos/board"
	"edu/procession/demos/trace"
	"edu/procession/tui/theme"
)

// TestLook writes the stage with its escapes, for eyes:
//
//	LOOK=/tmp/look go test ./tui/view -run Look
//
// Recordings (*.jsonl) that lie there are drawn too, at several positions.
func TestLook(t *testing.T) {
	dir := os.Getenv("LOOK")
	if dir == "" {
		t.Skip("LOOK is not set")
	}
	all := shots()
	files, _ := filepath.Glob(filepath.Join(dir, "*.jsonl"))
	for _, file := range files {
		f, err := os.Open(file)
		if err != nil {
			t.Fatal(err)
		}
		h, events, err := trace.Read(f)
		f.Close()
		if err != nil {
			t.Error(err)
		}
		tl := board.Of(events)
		for part := 1; part <= 4; part++ {
			b := tl.At(tl.Len() * part / 4)
			s := &Scene{Board: b, Now: b.At, Sample: h.Sample}
			if len(b.Procs) > 1 {
				s.Selected = b.Procs[1].ID
			}
			for _, p := range Panels(b)[1:] {
				all = append(all, shot{fmt.Sprintf("%s-%d-%s", strings.TrimSuffix(filepath.Base(file), ".jsonl"), part, p), s, Layout{Main: p}})
			}
		}
	}
	for name, o := range map[string]theme.Options{"dark": {Dark: true, Color: true}, "light": {Color: true},
		"projector": {Dark: true, Color: true, Contrast: true}, "mono": {}, "plain": {Plain: true}} {
		for _, s := range all {
			for _, size := range sizes {
				sc := *s.scene
				sc.Theme = theme.New(o)
				f := NewStage().Draw(&sc, s.layout, size[0], size[1])
				file := filepath.Join(dir, fmt.Sprintf("%s-%s-%dx%d.ansi", name, s.name, size[0], size[1]))
				if err := os.WriteFile(file, []byte(f.String()), 0o644); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
}
