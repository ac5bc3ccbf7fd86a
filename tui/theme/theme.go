// Package theme is the one place with literal colours and glyphs. A view names
// what a thing means, a [Token], and the theme says how that looks here: on a
// light or a dark screen, on a projector, without colour, in ASCII.
//
//	th := theme.New(theme.Options{Dark: true, Color: true})
//	line := th.Paint(theme.Muted, "PID") + " " + th.Tag(theme.StateRunning)
//	box := lipgloss.NewStyle().Border(th.Border()).Render(line)
//
// Views that draw many cells a frame use [Theme.Paint], [Theme.Append] or
// [Theme.SGR]: prefixes made once and joined to the text, at a few
// hundredths of what a Lip Gloss style costs. [Theme.Style] is for what is drawn once.
//
// The palette is that of Okabe and Ito, which people with any colour vision can
// tell apart, made lighter for dark screens and darker for light ones.
//
// The rules are:
//
//  1. Text has a contrast of at least 4.5 to the backgrounds it is made for,
//     and of 7 with Contrast (TestContrast).
//  2. Nothing is told by colour alone: a state has a glyph, a letter and a word
//     of its own, and what has a colour of its own in a list has a sign too
//     (TestStatesDifferWithoutColour).
//  3. Each glyph is one cell wide, and the glyphs of states and sources are so
//     in East Asian terminals too; with Plain all are ASCII (TestGlyphs).
//  4. Without Color no escape names a colour; bold, italic, underline and
//     reverse stay (TestNoColour).
//  5. A Theme never changes, and there is no other state.
package theme

import (
	"strings"

	"charm.land/lipgloss/v2"
)

// Reset ends what a prefix of [Theme.SGR] began.
const Reset = "\x1b[m"

// Options says what the screen is like. They are comparable: a cache of drawn
// text has them in its key.
type Options struct {
	Dark     bool // light text on a dark screen; the default when nobody answers
	Contrast bool // high contrast and more room, for a projector
	Color    bool // false: NO_COLOR, or a terminal without
	Plain    bool // ASCII glyphs
}

// Theme is how things look. It is small and copied freely. The zero Theme has
// neither colours nor escapes nor any glyph but ASCII ones.
type Theme struct{ t *table }

type table struct {
	opts  Options
	sgr   [tokens]string
	hex   [tokens]string
	style [tokens]lipgloss.Style
}

// New makes the theme for a screen.
func New(o Options) Theme {
	t := &table{opts: o}
	for k := range tokens {
		s := specs[k]
		hex := s.hex(o)
		t.hex[k] = hex
		t.sgr[k] = sgr(hex, s.attr)
		t.style[k] = style(hex, s.attr)
	}
	return Theme{t}
}

// Options returns what the theme was made for.
func (th Theme) Options() Options {
	if th.t == nil {
		return Options{Plain: true}
	}
	return th.t.opts
}

// SGR returns the escape that begins a token, or "" where it looks like any
// text. What it began ends with [Reset].
func (th Theme) SGR(k Token) string {
	if th.t == nil || k >= tokens {
		return ""
	}
	return th.t.sgr[k]
}

// Paint returns s, one line, as a token looks. A Reset inside s ends the look
// there: see [Theme.Over].
func (th Theme) Paint(k Token, s string) string {
	pre := th.SGR(k)
	if pre == "" || s == "" {
		return s
	}
	return pre + s + Reset
}

// Append is Paint into a buffer.
func (th Theme) Append(dst []byte, k Token, s string) []byte {
	pre := th.SGR(k)
	if pre == "" || s == "" {
		return append(dst, s...)
	}
	dst = append(dst, pre...)
	dst = append(dst, s...)
	return append(dst, Reset...)
}

// Over paints a line that holds painted parts, which keep their own look on
// top of k: a selected row, say.
func (th Theme) Over(k Token, s string) string {
	pre := th.SGR(k)
	if pre == "" || s == "" {
		return s
	}
	return pre + strings.ReplaceAll(s, Reset, Reset+pre) + Reset
}

// Style returns a token as a Lip Gloss style.
func (th Theme) Style(k Token) lipgloss.Style {
	if th.t == nil || k >= tokens {
		return lipgloss.NewStyle()
	}
	return th.t.style[k]
}

// Hex returns a token's colour as #rrggbb, for what must be told one; "" means
// the terminal's own.
func (th Theme) Hex(k Token) string {
	if th.t == nil || k >= tokens {
		return ""
	}
	return th.t.hex[k]
}

// Spacing is how many blank cells or lines go between things: more for people
// at the back of a room.
func (th Theme) Spacing() int {
	if th.Options().Contrast {
		return 2
	}
	return 1
}

func sgr(hex string, a attr) string {
	var b []byte
	for i, code := range [...]string{"1", "3", "4", "7"} {
		if a&(1<<i) != 0 {
			b = append(append(b, ';'), code...)
		}
	}
	if hex != "" {
		r, g, bl := rgb(hex)
		b = append(b, ";38;2"...)
		for _, v := range [...]uint8{r, g, bl} {
			b = append(b, ';')
			b = appendUint(b, v)
		}
	}
	if b == nil {
		return ""
	}
	return "\x1b[" + string(b[1:]) + "m"
}

func appendUint(b []byte, v uint8) []byte {
	if v >= 100 {
		b = append(b, '0'+v/100)
	}
	if v >= 10 {
		b = append(b, '0'+v/10%10)
	}
	return append(b, '0'+v%10)
}

func rgb(hex string) (r, g, b uint8) {
	nibble := func(c byte) uint8 {
		if c >= 'a' {
			return c - 'a' + 10
		}
		return c - '0'
	}
	at := func(i int) uint8 { return nibble(hex[i])<<4 | nibble(hex[i+1]) }
	return at(1), at(3), at(5)
}

func style(hex string, a attr) lipgloss.Style {
	s := lipgloss.NewStyle().Bold(a&bold != 0).Italic(a&italic != 0).
		Underline(a&underline != 0).Reverse(a&reverse != 0)
	if hex != "" {
		s = s.Foreground(lipgloss.Color(hex))
	}
	return s
}
