package reader

import (
	"fmt"
	"strings"
	"testing"

	"edu/procession/tui/theme"
)

// Rule 3, and rule 1 for any text.
func FuzzView(f *testing.F) {
	f.Add(prose, python, 80, 24)
	f.Add("# a\n\x1b]52;c;AA==\x07```go\nx\n~~~\n|a|\n|-|\n|\u202eb|", "\x1b[8m\tx\r\n\u009b2J", 40, 9)
	f.Add("- a\n  - b\n\n    ```\n    c\n    ```\n1. 中文中文中文中文中文。", "界\t界", 7, 3)
	f.Add("![i](u)<b>x</b>\n***\n[a]: b\n> > q\n~~s~~ a\\\\b &amp; \n\nterm\n: def\n", "", 3, 3)
	f.Fuzz(func(t *testing.T, md, code string, w, h int) {
		w, h = w%300, h%100
		r := New(theme.New(theme.Options{Dark: true, Color: true}))
		r.SetSize(w, h)
		r.SetDoc([]Block{{Title: md, Markdown: md}, {Code: code, Lang: "python"}, {Columns: []Block{{Title: code, Code: code, Lang: "go"}, {Markdown: md}}}})
		for _, move := range []func(){r.Top, func() { r.ScrollBy(3) }, func() { r.ScrollX(3) }, func() { r.Find(code) }, func() { r.NextSection() }, r.Bottom} {
			move()
			exact(t, r, "fuzz")
		}
		view := r.View()
		for view != "" {
			esc := strings.IndexByte(view, 0x1b)
			if esc < 0 {
				esc = len(view)
			}
			for _, c := range view[:esc] {
				if c < 0x20 && c != '\n' || c >= 0x7f && c < 0xa0 || c == 0x202e {
					t.Fatalf("control %U in the view", c)
				}
			}
			if view = view[esc:]; view == "" {
				break
			}
			n := strings.IndexFunc(view[2:], func(c rune) bool { return c != ';' && (c < '0' || c > '9') })
			if view[1] != '[' || n < 0 || view[2+n] != 'm' {
				t.Fatalf("an escape that is no colour: %.20q", view)
			}
			view = view[2+n+1:]
		}
	})
}

func section60() string {
	var b strings.Builder
	for i := range 12 {
		fmt.Fprintf(&b, "Paragraph %d tells of **workers** that wait in `read` for a pipe that nobody writes to, which is why the kernel says S and not R of them, and of *queues* besides.\n\n", i)
		fmt.Fprintf(&b, "- item one of %d\n- item two, which is a good deal longer than the one before it and so goes on\n\n", i)
	}
	return b.String()
}

func BenchmarkFirstRender(b *testing.B) {
	th := theme.New(looks["dark"])
	for name, d := range map[string][]Block{
		"prose60": {{Title: "T", Markdown: section60()}},
		"lesson":  doc(),
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				r := New(th)
				r.SetSize(80, 24)
				r.SetDoc(d)
				r.View()
			}
		})
	}
}

func BenchmarkScroll(b *testing.B) {
	r := open(looks["dark"], 80, 24)
	r.SetDoc([]Block{{Title: "T", Markdown: section60()}, {Title: "U", Code: python, Lang: "python"}})
	r.View()
	b.Run("line", func(b *testing.B) {
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			if i%60 == 0 {
				r.Top()
			}
			r.ScrollBy(1)
			r.View()
		}
	})
	b.Run("still", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			r.View()
		}
	})
	b.Run("found", func(b *testing.B) {
		r.Find("workers")
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			r.FindNext(1)
			r.View()
		}
	})
}
