package reader

import (
	"slices"
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"

	"edu/procession/tui/theme"
)

func TestScrolling(t *testing.T) {
	r := open(looks["dark"], 80, 20)
	if !r.AtTop() || r.AtBottom() {
		t.Fatal("not at the top")
	}
	whole := open(looks["dark"], 80, 500)
	lines := strings.Split(whole.View(), "\n")
	for strings.TrimSpace(lines[len(lines)-1]) == "" {
		lines = lines[:len(lines)-1]
	}
	for y := 0; ; y++ {
		view := strings.Split(r.View(), "\n")
		if !slices.Equal(view, lines[y:y+20]) {
			t.Fatalf("after %d lines:\n%s", y, ansi.Strip(r.View()))
		}
		if r.AtBottom() {
			if y+20 != len(lines) {
				t.Errorf("the end is at line %d of %d", y+20, len(lines))
			}
			break
		}
		r.ScrollBy(1)
	}
	end := r.View()
	r.ScrollBy(5)
	if r.View() != end || r.Percent() != 100 {
		t.Errorf("scrolled beyond the end, %d %%", r.Percent())
	}
	r.Top()
	r.Bottom()
	if r.View() != end {
		t.Error("Bottom is not the end")
	}
	for range 1000 {
		r.ScrollBy(-1)
	}
	if !r.AtTop() {
		t.Error("cannot scroll back")
	}
}

func TestSections(t *testing.T) {
	r := open(looks["dark"], 80, 10)
	want := []string{"The idea", "What waits", "The listing", "Predict", "On one machine"}
	if got := r.Sections(); !slices.Equal(got, want) {
		t.Fatalf("sections %q", got)
	}
	for i, title := range want {
		if r.Title() != title || r.Section() != i {
			t.Errorf("section %d is %q, want %q", r.Section(), r.Title(), title)
		}
		if first, _, _ := strings.Cut(ansi.Strip(r.View()), "\n"); !strings.Contains(first, title) {
			t.Errorf("first line %q, want %q", first, title)
		}
		if r.NextSection() != (i < len(want)-1) {
			t.Errorf("section after %q", title)
		}
	}
	r.ScrollBy(3)
	if first, _, _ := strings.Cut(ansi.Strip(r.View()), "\n"); !strings.Contains(first, "On one machine") {
		t.Errorf("scrolling down at the end shows %q", first)
	}
	for i := len(want) - 2; i >= 0; i-- {
		if !r.PrevSection() || r.Title() != want[i] {
			t.Errorf("back to %q, want %q", r.Title(), want[i])
		}
	}
	if r.PrevSection() {
		t.Error("a section before the first")
	}
	r.ScrollBy(4)
	if !r.PrevSection() || !r.AtTop() {
		t.Error("in mid-section, back is not its own title")
	}
	if !r.GoToBlock(2) || r.Title() != "Predict" || r.GoToBlock(9) {
		t.Errorf("block 2 is %q", r.Title())
	}
	if r.Top(); r.Seen() != 0 {
		t.Errorf("seen %d at the top", r.Seen())
	}
	if r.Bottom(); r.Seen() != 3 {
		t.Errorf("seen %d at the end", r.Seen())
	}
}

// With more room between blocks a title is still on the first line.
func TestSectionsOnAProjector(t *testing.T) {
	r := open(looks["high"], 80, 10)
	for i, title := range r.Sections() {
		r.GoToSection(i)
		if first, _, _ := strings.Cut(ansi.Strip(r.View()), "\n"); !strings.Contains(first, title) {
			t.Errorf("first line %q, want %q", first, title)
		}
	}
}

// Rule 6.
func TestResizeKeepsThePlace(t *testing.T) {
	r := open(looks["dark"], 80, 12)
	r.ScrollBy(4)
	title := r.Title()
	r.GoToSection(2)
	for _, w := range []int{200, 40, 121, 80} {
		r.SetSize(w, 12)
		if r.Title() != "The listing" {
			t.Errorf("width %d: in %q", w, r.Title())
		}
	}
	d := doc()
	d[0].Markdown = strings.Replace(d[0].Markdown, "own memory", "own 12.5 MiB of memory", 1)
	r.SetDoc(d)
	if r.Title() != "The listing" {
		t.Errorf("after a number changed: in %q", r.Title())
	}
	r.Top()
	r.ScrollBy(4)
	r.SetSize(50, 12)
	if r.Title() != title || r.AtTop() {
		t.Errorf("in %q, at the top %v", r.Title(), r.AtTop())
	}
}

func TestFind(t *testing.T) {
	r := open(looks["dark"], 60, 12)
	for phrase, want := range map[string]int{
		"process": 8, "PROCESS": 8, "what one writes, the other": 1, "节点": 5, "通信。每个节点都有": 1, "nowhere": 0, "": 0, "  ": 0,
	} {
		if got := r.Find(phrase); got != want {
			t.Errorf("Find(%q) = %d, want %d", phrase, got, want)
		}
	}
	r.Top()
	n := r.Find("process")
	var at []int
	for range n + 1 {
		_, i, of := r.Found()
		at = append(at, i)
		if of != n || !strings.Contains(r.View(), r.th.SGR(theme.Selection)) {
			t.Errorf("match %d of %d is not shown", i, of)
		}
		r.FindNext(1)
	}
	if want := []int{1, 2, 3, 4, 5, 6, 7, 8, 1}; !slices.Equal(at, want) {
		t.Errorf("went to %v", at)
	}
	r.SetSize(120, 12)
	if _, _, of := r.Found(); of == 0 {
		t.Error("a new width forgot the search")
	}
	if r.ClearFind(); strings.Contains(r.View(), r.th.SGR(theme.Selection)) || r.FindNext(1) {
		t.Error("the search did not end")
	}
}
