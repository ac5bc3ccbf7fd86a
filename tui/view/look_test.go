package view

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"edu/procession/tui/theme"
)

// TestLook writes the stage with its escapes, for eyes: LOOK=/tmp/look go test -run Look.
func TestLook(t *testing.T) {
	dir := os.Getenv("LOOK")
	if dir == "" {
		t.Skip("LOOK is not set")
	}
	for name, o := range map[string]theme.Options{"dark": {Dark: true, Color: true}, "light": {Color: true},
		"projector": {Dark: true, Color: true, Contrast: true}, "mono": {}, "plain": {Plain: true}} {
		for _, s := range shots() {
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
