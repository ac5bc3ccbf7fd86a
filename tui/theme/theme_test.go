package theme

import (
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/x/ansi"
	"golang.org/x/text/width"
)

// every is each combination of options.
func every() []Options {
	var all []Options
	for i := range 16 {
		all = append(all, Options{Dark: i&1 != 0, Contrast: i&2 != 0, Color: i&4 != 0, Plain: i&8 != 0})
	}
	return all
}

func luminance(hex string) float64 {
	lin := func(i int) float64 {
		v, err := strconv.ParseUint(hex[i:i+2], 16, 8)
		if err != nil {
			panic(err)
		}
		c := float64(v) / 255
		if c <= 0.03928 {
			return c / 12.92
		}
		return math.Pow((c+0.055)/1.055, 2.4)
	}
	return 0.2126*lin(1) + 0.7152*lin(3) + 0.0722*lin(5)
}

func contrast(a, b string) float64 {
	x, y := luminance(a), luminance(b)
	return (max(x, y) + 0.05) / (min(x, y) + 0.05)
}

// Rule 1. A reversed token has the same contrast the other way round.
func TestContrast(t *testing.T) {
	own := map[Token]bool{Text: true, Selection: true, WordKernel: true, WordWorker: true}
	for _, o := range every() {
		if !o.Color {
			continue
		}
		grounds, least := []string{"#ffffff"}, 4.5
		if o.Dark {
			grounds = []string{"#000000", "#1e1e1e"}
		}
		if o.Contrast {
			least = 7
		}
		th := New(o)
		for k := range tokens {
			hex := th.Hex(k)
			if hex == "" {
				if !own[k] || o.Contrast {
					t.Errorf("%+v: token %d has no colour", o, k)
				}
				continue
			}
			for _, ground := range grounds {
				if c := contrast(hex, ground); c < least {
					t.Errorf("%+v: token %d, %s on %s: contrast %.2f", o, k, hex, ground, c)
				}
			}
		}
	}
}

// Rule 2.
func TestStatesDifferWithoutColour(t *testing.T) {
	for _, plain := range []bool{false, true} {
		th := New(Options{Plain: plain})
		seen := map[string]State{}
		for _, s := range States() {
			l := th.State(s)
			for _, form := range []string{"glyph " + l.Glyph, "tag " + ansi.Strip(th.Tag(s)), "word " + l.Word} {
				if other, ok := seen[form]; ok {
					t.Errorf("%c and %c share the %s", s, other, form)
				}
				seen[form] = s
			}
		}
	}
}

// The table of VISUALS.md, to the letter.
func TestStateTable(t *testing.T) {
	uni, plain := New(Options{}), New(Options{Plain: true})
	for s, want := range map[State][3]string{
		StateNew: {"◌N", ".N", "new"}, StateReady: {"▹r", ">r", "ready"}, StateRunning: {"▸R", "#R", "running"},
		StateBlocked: {"⊘S", "=S", "blocked"}, StateSleeping: {"◦S", "zS", "sleeping"},
		StateUninterruptible: {"⊗D", "!D", "uninterruptible"}, StateStopped: {"▪T", "|T", "stopped"},
		StateZombie: {"✗Z", "%Z", "zombie"}, StateDead: {"▫X", "xX", "dead"},
		StateUntold: {"??", "??", "not told by this system"}, 'q': {"??", "??", "not told by this system"},
	} {
		got := [3]string{ansi.Strip(uni.Tag(s)), ansi.Strip(plain.Tag(s)), uni.State(s).Word}
		if got != want {
			t.Errorf("state %c = %q, want %q", s, got, want)
		}
	}
}

// glyphs returns all signs of a theme; those that must be narrow everywhere.
func glyphs(th Theme) (all, narrow []string) {
	for _, s := range States() {
		l := th.State(s)
		narrow = append(narrow, l.Glyph, l.Plain, l.Letter)
	}
	for _, s := range []Source{SourceKernel, SourceWorker, SourceStage, SourceLearner, '?'} {
		l := th.Source(s)
		narrow = append(narrow, l.Glyph, l.Plain, l.Letter)
	}
	all = append(all, narrow...)
	for _, v := range []reflect.Value{reflect.ValueOf(th.Glyphs()), reflect.ValueOf(th.Box())} {
		for i := range v.NumField() {
			if f := v.Field(i); f.Kind() == reflect.Array {
				for j := range f.Len() {
					all = append(all, f.Index(j).String())
				}
			} else {
				all = append(all, f.String())
			}
		}
	}
	return all, narrow
}

// Rule 3.
func TestGlyphs(t *testing.T) {
	for _, th := range []Theme{New(Options{}), New(Options{Plain: true}), {}} {
		all, narrow := glyphs(th)
		for _, g := range all {
			if len([]rune(g)) != 1 || ansi.StringWidth(g) != 1 || ansi.StringWidthWc(g) != 1 {
				t.Errorf("glyph %q is not one rune one cell wide", g)
			}
			if th.Options().Plain && (g[0] < 0x21 || g[0] > 0x7e) {
				t.Errorf("plain glyph %q", g)
			}
		}
		for _, g := range narrow {
			if k := width.LookupRune([]rune(g)[0]).Kind(); k == width.EastAsianAmbiguous || k == width.EastAsianWide {
				t.Errorf("glyph %q is wide in some terminals", g)
			}
		}
	}
}

// Rule 4.
func TestNoColour(t *testing.T) {
	for _, o := range every() {
		if o.Color {
			continue
		}
		th := New(o)
		for k := range tokens {
			for _, code := range strings.Split(strings.TrimSuffix(strings.TrimPrefix(th.SGR(k), "\x1b["), "m"), ";") {
				if n, _ := strconv.Atoi(code); n > 7 {
					t.Errorf("%+v: token %d has %q", o, k, th.SGR(k))
				}
			}
		}
		if th.SGR(Selection) == "" || th.SGR(Match) == "" {
			t.Errorf("%+v: what is selected or found cannot be seen", o)
		}
	}
}

// cells returns s as "codes:rune" for each cell, codes sorted and once each.
func cells(s string) []string {
	var out []string
	var cur string
	for len(s) > 0 {
		if rest, ok := strings.CutPrefix(s, "\x1b["); ok {
			codes, after, _ := strings.Cut(rest, "m")
			set := strings.Split(codes, ";")
			slices.Sort(set)
			cur, s = strings.Join(slices.Compact(set), ";"), after
			continue
		}
		out = append(out, cur+":"+s[:1])
		s = s[1:]
	}
	return out
}

// The two ways to paint agree, cell by cell.
func TestPaintIsStyle(t *testing.T) {
	for _, o := range every() {
		th := New(o)
		for k := range tokens {
			got, want := th.Paint(k, "job"), th.Style(k).Render("job")
			if !slices.Equal(cells(got), cells(want)) {
				t.Errorf("%+v: token %d: Paint %q, Style %q", o, k, got, want)
			}
			if app := string(th.Append([]byte("a"), k, "job")); app != "a"+got {
				t.Errorf("Append %q, Paint %q", app, got)
			}
			if th.Paint(k, "") != "" {
				t.Errorf("token %d paints nothing as %q", k, th.Paint(k, ""))
			}
		}
	}
}

func TestOverKeepsTheParts(t *testing.T) {
	th := New(Options{Dark: true, Color: true})
	sel := th.SGR(Selection)
	got := th.Over(Selection, "a "+th.Paint(Good, "b")+" c")
	if want := sel + "a " + th.SGR(Good) + "b" + Reset + sel + " c" + Reset; got != want {
		t.Errorf("Over = %q, want %q", got, want)
	}
}

func TestZeroTheme(t *testing.T) {
	var th Theme
	if got := th.Paint(Bad, "x") + th.Over(Bad, "y") + th.Tag(StateZombie) + string(th.Append(nil, Bad, "z")); got != "xy%Zz" {
		t.Errorf("the zero theme draws %q", got)
	}
	if th.Style(Bad).Render("x") != "x" || th.Hex(Bad) != "" || !th.Options().Plain || th.Spacing() != 1 {
		t.Error("the zero theme has a look")
	}
	if New(Options{}).Paint(tokens+3, "x") != "x" || New(Options{}).Style(tokens+3).Render("x") != "x" {
		t.Error("an unknown token has a look")
	}
	if New(Options{Contrast: true}).Spacing() != 2 {
		t.Error("no room on a projector")
	}
	if b := New(Options{Plain: true}).Border(); lipgloss.NewStyle().Border(b).Render("x") != "+-+\n|x|\n+-+" {
		t.Error("the plain border is not ASCII")
	}
}

var sink string

func BenchmarkPaint(b *testing.B) {
	th := New(Options{Dark: true, Color: true})
	b.Run("Paint", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			sink = th.Paint(ProcRunning, "worker-1")
		}
	})
	b.Run("Append", func(b *testing.B) {
		b.ReportAllocs()
		buf := make([]byte, 0, 64)
		for b.Loop() {
			buf = th.Append(buf[:0], ProcRunning, "worker-1")
		}
	})
	b.Run("Style", func(b *testing.B) {
		b.ReportAllocs()
		s := th.Style(ProcRunning)
		for b.Loop() {
			sink = s.Render("worker-1")
		}
	})
}
