package reader

import (
	"slices"
	"strings"
	"testing"

	"edu/procession/tui/theme"
)

func texts(rows []row) []string {
	out := make([]string, len(rows))
	for i, r := range rows {
		out[i] = r.text()
	}
	return out
}

// Rule 4.
func TestWrap(t *testing.T) {
	for _, c := range []struct {
		in   string
		w    int
		want []string
	}{
		{"", 10, []string{""}},
		{"short", 10, []string{"short"}},
		{"two words  more", 9, []string{"two words", "more"}},
		{"well-known twelve-step", 6, []string{"well-", "known", "twelve", "-step"}},
		{"internationalisation", 8, []string{"internat", "ionalisa", "tion"}},
		{"a --flag", 5, []string{"a", "--fla", "g"}},
		{"分布式系统", 6, []string{"分布式", "系统"}},
		{"分布式系统", 5, []string{"分布", "式系", "统"}},
		{"分布式。系统", 6, []string{"分布", "式。系", "统"}},
		{"分布「系统」", 6, []string{"分布", "「系", "统」"}},
		{"使用Python编写", 8, []string{"使用", "Python编", "写"}},
		{"• one two three", 9, []string{"• one two", "  three"}},
		{"  • 列表项目里面", 10, []string{"  • 列表项", "    目里面"}},
		{"12. one two three", 9, []string{"12. one", "    two", "    three"}},
		{"[x] one two", 8, []string{"[x] one", "    two"}},
		{"│ one two three", 9, []string{"│ one two", "│ three"}},
		{"│ • one two three", 11, []string{"│ • one two", "│   three"}},
		{"      deep words", 7, []string{"", "deep", "words"}},
		{"界界", 1, []string{"界", "界"}},
	} {
		got := texts(wrap(plainRow(c.in, ""), c.w))
		if !slices.Equal(got, c.want) {
			t.Errorf("wrap(%q, %d) = %q, want %q", c.in, c.w, got, c.want)
		}
	}
}

func TestCut(t *testing.T) {
	tail := cell{"…", 1, ""}
	for _, c := range []struct {
		in   string
		x, w int
		want string
	}{
		{"abcdef", 0, 6, "abcdef"},
		{"abcdef", 0, 4, "abc…"},
		{"abcdef", 2, 4, "…def"},
		{"abcdef", 2, 3, "…d…"},
		{"abcdef", 9, 3, ""},
		{"abcdef", 0, 0, ""},
		{"界界界", 0, 5, "界界…"},
		{"界界界", 0, 4, "界… "},
		{"界界界", 1, 4, "…界…"},
		{"界界界", 2, 4, "… 界"},
		{"", 0, 3, ""},
	} {
		got := cut(plainRow(c.in, ""), c.x, c.w, tail)
		if got.text() != c.want || got.width() > c.w {
			t.Errorf("cut(%q, %d, %d) = %q of %d cells, want %q", c.in, c.x, c.w, got.text(), got.width(), c.want)
		}
	}
}

func TestParseAndEmit(t *testing.T) {
	for in, want := range map[string]string{
		"plain":                                 "plain  ",
		"\x1b[1mb\x1b[m\x1b[1mc\x1b[0m d":       "\x1b[1mbc\x1b[m d   ",
		"\x1b[1mb\x1b[3mc\x1b[m":                "\x1b[1mb\x1b[m\x1b[1m\x1b[3mc\x1b[m     ",
		"\x1b]8;;http://x\aa\x1b]8;;\a\x1b[2Jb": "ab     ",
		"界\x1b[1m界界界":                           "界\x1b[1m界界\x1b[m ",
		"a\tb\x00":                              "a b    ",
	} {
		rows := parse(in)
		var b strings.Builder
		emit(&b, rows[0], 7)
		if len(rows) != 1 || b.String() != want {
			t.Errorf("%q became %q, want %q", in, b.String(), want)
		}
	}
}

func TestSplit(t *testing.T) {
	md := "intro\n\n# One #\ntext\n```go x\n# no\n```\n~~~\n``` no\n~~~\n|a|b|\n|-|:-:|\n|1|2|\nafter | it\n####### no\n    # no\n## `Two` **b** {#two}\n````\nopen"
	want := []piece{
		{kind: prosePiece, text: "intro"},
		{kind: titlePiece, text: "One", level: 1},
		{kind: prosePiece, text: "text"},
		{kind: codePiece, text: "# no", lang: "go"},
		{kind: codePiece, text: "``` no"},
		{kind: tablePiece, text: "|a|b|\n|-|:-:|\n|1|2|"},
		{kind: prosePiece, text: "after | it\n####### no\n    # no"},
		{kind: titlePiece, text: "Two b", level: 2},
		{kind: codePiece, text: "open"},
	}
	got := split(md)
	if len(got) != len(want) {
		t.Fatalf("%d pieces, want %d: %+v", len(got), len(want), got)
	}
	for i := range want {
		g, w := got[i], want[i]
		if g.kind != w.kind || g.text != w.text || g.lang != w.lang || g.level != w.level {
			t.Errorf("piece %d is %+v, want %+v", i, g, w)
		}
	}
}

func TestHighlight(t *testing.T) {
	th := theme.New(theme.Options{Dark: true, Color: true})
	rows := highlight("def f():\n\treturn 1 # x\n", "python", th)
	if got := texts(rows); !slices.Equal(got, []string{"def f():", "    return 1 # x"}) {
		t.Fatalf("rows %q", got)
	}
	for i, want := range map[int]theme.Token{0: theme.CodeKeyword, 4: theme.CodeName} {
		if rows[0][i].sgr != th.SGR(want) {
			t.Errorf("cell %d looks like %q", i, rows[0][i].sgr)
		}
	}
	for _, lang := range []string{"", "no such language"} {
		if got := highlight("if\t(x)", lang, th); got[0].text() != "if  (x)" || got[0][0].sgr != "" {
			t.Errorf("%q: %q", lang, got[0].text())
		}
	}
	if n := codeWidth("a\n\tbc\n界界\td\n"); n != 9 {
		t.Errorf("code width %d", n)
	}
}

func TestUnbreak(t *testing.T) {
	for in, want := range map[string]string{
		"a\nb":                         "a b",
		"`a`\nb\n\nc":                  "`a` b\n\nc",
		"a  \nb\\\nc":                  "a  \nb\\\nc",
		"系统\n系统":                       "系统系统",
		"系统\nb\n系统。":                   "系统 b 系统。",
		"系统\n\n系统":                     "系统\n\n系统",
		"，\n系统\n- 系统":                  "，系统\n- 系统",
		"- a\n  b\n  - c\n    d\n1. e": "- a b\n  - c d\n1. e",
		"> a\n> b\n#### c\nd":          "> a\n> b\n#### c\nd",
		"a\n===\nb\n***\nc":            "a\n===\nb\n***\nc",
		"a\n: b\n<hr>\nc":              "a\n: b\n<hr>\nc",
		"- a\n\n    ```\n    b\n    c\n    ```\n    d\n    e": "- a\n\n    ```\n    b\n    c\n    ```\n    d e",
	} {
		if got := unbreak(in); got != want {
			t.Errorf("unbreak(%q) = %q, want %q", in, got, want)
		}
	}
}
