package safe

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

const big = 1 << 20

// TestCorpus is the table of what has been seen to break a screen.
func TestCorpus(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"clean", "worker 3: 17 tasks\n\tdone", "worker 3: 17 tasks\n\tdone"},
		{"accents and ideographs", "naïve café 分布式系统 здравствуй", "naïve café 分布式系统 здравствуй"},

		// Rule 1.
		{"invalid bytes", "a\xffb\xc3", "a\ufffdb\ufffd"},
		{"surrogate", "\xed\xa0\xa1", "\ufffd\ufffd\ufffd"},
		{"overlong newline", "\xc0\xaa", "\ufffd\ufffd"},

		// Rule 2.
		{"nul, bel, bs, del", "a\x00b\x07c\x08d\x7fe", "abcde"},
		{"carriage returns", "10%\r20%\r\n30%", "10%\n20%\n30%"},
		{"shift out", "\x0e\x0f", ""},
		{"c1 next line", "a\u0085b", "ab"},
		{"line separator", "a\u2028b\u2029c", "a\nb\nc"},

		// Rule 3.
		{"colour", "\x1b[31mred\x1b[m", "red"},
		{"conceal", "pay \x1b[8mnot \x1b[28mhim", "pay not him"},
		{"cursor and erase", "\x1b[2J\x1b[1;1Hhi\x1b[?1049h\x1b[6n", "hi"},
		{"csi with a control in it", "\x1b[3\x001mred", "red"},
		{"csi cancelled", "\x1b[3\x18ok", "ok"},
		{"csi restarted", "\x1b[3\x1b[1mok", "ok"},
		{"csi cut off", "a\x1b[38;5;", "a"},
		{"csi over a line end", "\x1b[3\nmore", "\nmore"},
		{"csi before a rune", "\x1b[1界", "界"},
		{"8-bit csi", "\u009b31mred", "red"},
		{"raw 8-bit csi", "\x9b31mred", "red"},
		{"title", "\x1b]0;evil\x07ok", "ok"},
		{"link", "\x1b]8;;http://x\x1b\\click\x1b]8;;\x1b\\", "click"},
		{"clipboard", "\x1b]52;c;cm0gLXJm\x07ok", "ok"},
		{"clipboard, 8-bit", "\u009d52;c;cm0=\u009cok", "ok"},
		{"clipboard, raw 8-bit", "\x9d52;c;cm0=\x9cok", "ok"},
		{"osc with a rune that holds 9C", "\x1b]0;东\x07ok", "ok"},
		{"osc without end", "\x1b]0;evil\nnext", "\nnext"},
		{"osc over two lines", "\x1b]1337;File=a\nb\x07ok", "ok"},
		{"osc broken by another", "\x1b]0;a\x1b]0;b\x07ok", "ok"},
		{"dcs", "\x1bP1$r0m\x1b\\ok", "ok"},
		{"dcs, 8-bit", "\u0090q#0;2\u009cok", "ok"},
		{"apc", "\x1b_Gi=1;AAAA\x1b\\ok", "ok"},
		{"pm", "\x1b^x\x1b\\ok", "ok"},
		{"sos", "\x1bXx\x1b\\ok", "ok"},
		{"sos, raw 8-bit", "\x98x\x9cok", "ok"},
		{"tmux title", "\x1bkevil\x1b\\ok", "ok"},
		{"tmux passthrough", "\x1bPtmux;\x1b\x1b]52;c;eA==\x07\x1b\\ok", "ok"},
		{"reset and charset", "\x1bc\x1b(0\x1b%G\x1b#8ok", "ok"},
		{"single shift", "\x1bOPok\x1bNxok", "okok"},
		{"lone escapes", "\x1b\x1b\x1b", ""},
		{"nested", "\x1b\x1b[31m[31mred", "[31mred"},

		// Rule 4.
		{"override", "file\u202egnp.exe", "filegnp.exe"},
		{"isolates and marks", "a\u2066b\u2069\u200e\u200f\u061cc", "abc"},
		{"zero width", "a\u200bb\u200cc\u200dd\ufeffe\u2060f\u00adg\u034fh\u180ei", "abcdefghi"},
		{"variation selectors", "⚙\ufe0f g\U000e0101", "⚙ g"},
		{"emoji", "👋🏽 👩\u200d💻", "👋 👩💻"},
		{"tags", "x\U000e0041\U000e0042", "x"},
		{"fillers", "a\u3164\u115f\uffa0b", "ab"},
		{"annotation", "a\ufff9b\ufffac\ufffb", "abc"},

		// Rule 5.
		{"a tower", "e" + strings.Repeat("\u0301", 2000) + "x", "e\u0301\u0301\u0301\u0301x"},
		{"marks without base", strings.Repeat("\u0300", 9), strings.Repeat("\u0300", MaxMarks)},
		{"marks split by nothing", "e\u0301\u0301\u0301\u200d\u0301\u0301\u0301x", "e\u0301\u0301\u0301\u0301x"},
		{"hangul tower", "각" + strings.Repeat("\u11a8", 50), "각" + strings.Repeat("\u11a8", MaxMarks)},
	} {
		if got := Text(c.in, big); got != c.want {
			t.Errorf("%s: Text(%q) = %q, want %q", c.name, c.in, got, c.want)
		}
	}
}

func TestCap(t *testing.T) {
	for _, c := range []struct {
		in   string
		max  int
		want string
	}{
		{"hello", 5, "hello"},
		{"hello", 4, "h…"},
		{"hello", 3, "…"},
		{"hello", 2, "he"},
		{"hello", 0, ""},
		{"hello", -1, ""},
		{"分布式", 9, "分布式"},
		{"分布式", 8, "分…"},
		{"a分", 3, "…"},
		{"ab\x1b[31m", 2, "ab"}, // nothing that shows is cut
		{"ab\x1b[31mc", 2, "ab"},
		{"abcd\x1b[31me", 4, "a…"},
	} {
		if got := Text(c.in, c.max); got != c.want {
			t.Errorf("Text(%q, %d) = %q, want %q", c.in, c.max, got, c.want)
		}
	}
}

func TestLine(t *testing.T) {
	if got, want := Line("a\tb\r\nc\nd", big), "a b c d"; got != want {
		t.Errorf("Line = %q, want %q", got, want)
	}
}

func TestCleanTextIsNotCopied(t *testing.T) {
	s := strings.Repeat("clean line of a worker ", 40)
	if n := testing.AllocsPerRun(100, func() { Text(s, big); Line(s, big) }); n != 0 {
		t.Errorf("%v allocations for clean ASCII", n)
	}
}

// hostile are the patterns that would cost a careless scanner quadratic time.
var hostile = []string{
	"\x1b]", "\x1b]\n", "\x1bP\x9c", "\x9d", "\x9d\n", "\u009d", "\x1b[", "\x1b[1;", "\x9b", "\x1b",
	"e\u0301", "\u0301", "\u200d", "\xff", "\xc2", "\x1bk", "\r", "东\x1b]东",
}

// TestLinear would not end within the test's time if a pattern were quadratic.
func TestLinear(t *testing.T) {
	for _, p := range hostile {
		Text(strings.Repeat(p, (4<<20)/len(p)), big)
	}
	Text("\x1b]"+strings.Repeat("\n", 4<<20)+"\x07", big)
}

func FuzzText(f *testing.F) {
	for _, p := range hostile {
		f.Add(p+"x"+p, 8)
	}
	f.Add("plain\n\ttext", 64)
	f.Add("\x1b]8;;http://x\x1b\\click\x1b]8;;\x1b\\ 分布 e\u0301\u0301 \u202e\u009b1m", 40)
	f.Fuzz(func(t *testing.T, s string, max int) {
		got := Text(s, max)
		check(t, got, max)
		if again := Text(got, max); again != got {
			t.Errorf("not idempotent: %q then %q", got, again)
		}
		flat := strings.NewReplacer("\n", " ", "\t", " ").Replace(got)
		if line := Line(s, max); line != flat {
			t.Errorf("Line = %q, Text flattened = %q", line, flat)
		}
		if whole := Text(s, len(s)*3+1); len(whole) <= max {
			if got != whole {
				t.Errorf("cut without need: %q of %q", got, whole)
			}
		} else if kept := strings.TrimSuffix(got, ellipsis); !strings.HasPrefix(whole, kept) {
			t.Errorf("%q is no prefix of %q", kept, whole)
		}
		if plain(s, false) == len(s) && len(s) <= max && got != s {
			t.Errorf("clean text changed: %q", got)
		}
	})
}

// check holds the rules of the package doc for a result.
func check(t *testing.T, got string, max int) {
	t.Helper()
	if !utf8.ValidString(got) {
		t.Errorf("rule 1: %q is not valid UTF-8", got)
	}
	if len(got) > 0 && len(got) > max {
		t.Errorf("rule 6: %d bytes, want at most %d", len(got), max)
	}
	marks := 0
	for _, r := range got {
		if unicode.IsControl(r) && r != '\n' && r != '\t' {
			t.Errorf("rules 2 and 3: control %U in %q", r, got)
		}
		if unicode.In(r, unicode.Bidi_Control, unicode.Variation_Selector, unicode.Zl, unicode.Zp, unicode.Join_Control) ||
			r == 0xfeff || r == 0x200b || r == 0xad {
			t.Errorf("rule 4: hidden %U in %q", r, got)
		}
		if unicode.Is(unicode.M, r) {
			marks++
		} else if r < 0x1160 || r > 0x11ff && r < 0xd7b0 || r > 0xd7ff {
			marks = 0
		}
		if marks > MaxMarks {
			t.Errorf("rule 5: more than %d marks in %q", MaxMarks, got)
		}
	}
}

func BenchmarkText(b *testing.B) {
	for name, s := range map[string]string{
		"clean":   strings.Repeat("worker-1 took job 17 from the queue\n", 300),
		"cjk":     strings.Repeat("分布式系统与多进程\n", 300),
		"colours": strings.Repeat("\x1b[32mok\x1b[m  \x1b[1;31mfailed\x1b[m\n", 300),
		"hostile": strings.Repeat("\x1b]52;c;AAAA\x07\u202e\xff\u009b1m", 300),
		"line64":  "worker-1 took job 17 from the queue and put it into the pool now",
	} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(s)))
			b.ReportAllocs()
			for b.Loop() {
				Text(s, big)
			}
		})
	}
}
