package reader

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"

	"edu/procession/tui/theme"
)

var update = flag.Bool("update", false, "write the goldens")

const prose = `A process has **its own memory**; a *thread* shares it. What one writes, the
other reads, and nobody ` + "`copies`" + ` anything. See [the manual](https://docs.python.org/3/library/multiprocessing.html).

- A pipe carries bytes, in order, from one process to another, until its writer closes it.
- A queue carries whole items, and it does so
  in order:
  1. it pickles them,
  2. a feeder thread writes them to a pipe, some time after put has returned.
- [x] read this

> What the kernel said and what a worker said of itself are never mixed, and the screen says which is which.

### What waits

| state | 状态 | what it waits for |
|-------|------|------|
| S | 阻塞 | something that another process must do, such as write into a pipe |
| T | 停止 | SIGCONT |

Before the listing.

` + "```python\nfor i in range(3):\n    print(i)\n```" + `

分布式系统由多个独立的节点组成，节点之间只能通过消息（message）通信。每个节点都有“自己的”内存，
没有共享的时钟！所以一个节点永远不能确定另一个节点是慢了，还是停了。`

const python = `import os
from multiprocessing import Process


def work(n):
    """Square n."""
    print(os.getpid(), n * n)  # a comment that goes on for longer than any column of a listing is wide


if __name__ == "__main__":
    jobs = [Process(target=work, args=(i,)) for i in range(4)]
`

const golang = `package main

import "fmt"

func main() {
	for i := range 4 {
		go func() { fmt.Println(i*i, "工作") }()
	}
}
`

func doc() []Block {
	return []Block{
		{Title: "The idea", Markdown: prose},
		{Title: "The listing", Columns: []Block{
			{Title: "Python", Code: python, Lang: "python"},
			{Title: "Go", Code: golang, Lang: "go", Markdown: "The same with *goroutines*."},
		}},
		{Title: "Predict", Markdown: "How many processes are there?"},
		{Title: "On one machine", Code: "$ ps -o pid,stat\n", Lang: "sh"},
	}
}

func open(o theme.Options, w, h int) *Reader {
	r := New(theme.New(o))
	r.SetSize(w, h)
	r.SetDoc(doc())
	return r
}

var looks = map[string]theme.Options{
	"dark":     {Dark: true, Color: true},
	"light":    {Color: true},
	"high":     {Dark: true, Color: true, Contrast: true},
	"nocolour": {Dark: true},
	"plain":    {Plain: true},
}

// exact checks rule 1.
func exact(t *testing.T, r *Reader, what string) {
	t.Helper()
	if r.w == 0 || r.h == 0 {
		if r.View() != "" {
			t.Errorf("%s: a view without a size", what)
		}
		return
	}
	lines := strings.Split(r.View(), "\n")
	if len(lines) != r.h {
		t.Errorf("%s: %d lines, want %d", what, len(lines), r.h)
	}
	for i, l := range lines {
		if w := ansi.StringWidth(l); w != r.w {
			t.Errorf("%s: line %d has %d cells, want %d: %q", what, i, w, r.w, l)
			return
		}
	}
}

// Rule 1.
func TestSizes(t *testing.T) {
	for name, o := range looks {
		for _, size := range [][2]int{
			{80, 24}, {120, 40}, {200, 60}, {0, 0}, {1, 1}, {0, 5}, {5, 0}, {2, 3}, {3, 2}, {10, 5}, {39, 9}, {119, 7}, {123, 24}, {-1, -1},
		} {
			r := open(o, size[0], size[1])
			what := fmt.Sprint(name, size)
			exact(t, r, what)
			for _, move := range []func(){
				func() { r.ScrollBy(1) }, func() { r.HalfPage(1) }, func() { r.Page(1) }, func() { r.Wheel(1) },
				func() { r.ScrollX(7) }, func() { r.NextSection() }, func() { r.ScrollBy(-2) }, func() { r.Find("process") },
				func() { r.FindNext(-1) }, func() { r.PrevSection() }, r.Bottom, func() { r.Page(-1) }, func() { r.ScrollX(-9) },
				func() { r.GoToSection(99) }, func() { r.GoToBlock(2) }, r.Top, r.ClearFind, func() { r.SetDoc(nil) },
				func() { r.ScrollBy(1); r.Bottom(); r.Find("x"); r.NextSection(); r.PrevSection() },
			} {
				move()
				exact(t, r, what)
				r.Title()
				r.Seen()
				if p := r.Percent(); p < 0 || p > 100 {
					t.Errorf("%s: %d %%", what, p)
				}
			}
		}
	}
}

func TestGolden(t *testing.T) {
	for _, size := range [][2]int{{80, 24}, {120, 40}, {200, 60}} {
		for _, look := range []string{"dark", "plain"} {
			r := open(looks[look], size[0], size[1])
			var b strings.Builder
			for {
				fmt.Fprintf(&b, "--- %q %d %%\n%s\n", r.Title(), r.Percent(), ansi.Strip(r.View()))
				if r.AtBottom() {
					break
				}
				r.Page(1)
			}
			var got strings.Builder
			for line := range strings.Lines(b.String()) {
				got.WriteString(strings.TrimRight(line, " \n") + "\n")
			}
			name := filepath.Join("testdata", fmt.Sprintf("%s-%dx%d.golden", look, size[0], size[1]))
			if *update {
				if err := os.WriteFile(name, []byte(got.String()), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			if got.String() != string(want) {
				t.Errorf("%s differs; look at it with -update and git diff:\n%s", name, got.String())
			}
			if look == "plain" && strings.ContainsAny(strings.Map(foreign, got.String()), "│─•…") {
				t.Errorf("%s: glyphs that are not ASCII", name)
			}
		}
	}
}

func foreign(r rune) rune {
	if wide(r) {
		return -1
	}
	return r
}

// The four looks show the same words in the same places.
func TestLooksDifferInEscapesOnly(t *testing.T) {
	dark, light := open(looks["dark"], 80, 24), open(looks["light"], 80, 24)
	if ansi.Strip(dark.View()) != ansi.Strip(light.View()) {
		t.Error("dark and light differ in text")
	}
	if dark.View() == light.View() {
		t.Error("dark and light have the same colours")
	}
	if v := open(looks["nocolour"], 80, 24).View(); strings.Contains(v, "38;") {
		t.Errorf("a colour without colour: %q", v)
	}
}

// Rule 2.
func TestViewIsPure(t *testing.T) {
	a, b := open(looks["dark"], 100, 30), New(theme.New(looks["light"]))
	b.SetDoc(doc()[:1])
	b.SetSize(33, 7)
	b.Bottom()
	b.View()
	b.SetTheme(a.th)
	b.SetDoc(doc())
	b.SetSize(100, 30)
	b.Top()
	for range 8 {
		if a.View() != b.View() {
			t.Fatalf("two ways to one place:\n%s\n%s", ansi.Strip(a.View()), ansi.Strip(b.View()))
		}
		a.ScrollBy(9)
		b.ScrollBy(4)
		b.ScrollBy(5)
	}
}

// Colours are the theme's, not those of the first style that was rendered.
func TestListingsFollowTheTheme(t *testing.T) {
	r := open(looks["dark"], 80, 60)
	for _, name := range []string{"dark", "light", "dark"} {
		th := theme.New(looks[name])
		r.SetTheme(th)
		if want := th.Paint(theme.CodeKeyword, "for"); !strings.Contains(r.View(), want) {
			t.Errorf("%s: no %q in the view", name, want)
		}
	}
}

// Rule 5.
func TestColumns(t *testing.T) {
	for w, beside := range map[int]bool{80: false, 119: false, 120: true, 123: true, 124: true, 200: true} {
		r := open(looks["dark"], w, 40)
		r.GoToSection(2)
		view := ansi.Strip(r.View())
		got := false
		for line := range strings.Lines(view) {
			py, goAt := strings.Index(line, "Python"), strings.Index(line, "Go ")
			if py >= 0 && goAt > py {
				got = true
			}
		}
		if got != beside {
			t.Errorf("width %d: side by side %v, want %v\n%s", w, got, beside, view)
		}
		if n := strings.Count(view, "def work(n):"); n != 1 {
			t.Errorf("width %d: the listing is there %d times", w, n)
		}
	}
}

func TestListingsAreCutAndMove(t *testing.T) {
	r := open(looks["dark"], 60, 60)
	line := func() string {
		for l := range strings.Lines(ansi.Strip(r.View())) {
			if strings.Contains(l, "a comment") || strings.Contains(l, "any column") {
				return strings.TrimSpace(l)
			}
		}
		return ""
	}
	r.GoToSection(2)
	if l := line(); !strings.HasSuffix(l, "…") || !strings.HasPrefix(l, "│     print(") {
		t.Errorf("not cut: %q", l)
	}
	r.ScrollX(60)
	if l := line(); !strings.HasPrefix(l, "│ …") || !strings.Contains(l, "listing is wide") {
		t.Errorf("not moved: %q", l)
	}
	r.ScrollX(10_000)
	exact(t, r, "moved to the end")
	r.ScrollX(-10_000)
	if l := line(); !strings.HasPrefix(l, "│     print(") {
		t.Errorf("not moved back: %q", l)
	}
}
