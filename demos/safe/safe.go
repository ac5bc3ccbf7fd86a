// Package safe is the one boundary that text from outside passes before it is
// drawn or kept: what a process prints, a node sends, a file holds, a learner
// types. A terminal obeys what it is shown, so text that nobody checked can
// move the cursor, set the clipboard, hide a line or turn it around.
//
//	line := safe.Line(captured, 512)   // one line: logs, tables, captions
//	text := safe.Text(output, 64<<10)  // several lines: output panes, files
//
// Both remove, never escape: a whole sequence goes, not only its ESC byte, so
// that "\x1b[31mred\x1b[m" reads "red". Text that needs nothing done is
// returned as it is; plain ASCII costs no allocation. Time is linear in the
// input, whatever it holds.
//
// The rules are (each is held by FuzzText and, by example, by TestCorpus):
//
//  1. The result is valid UTF-8. An invalid byte becomes U+FFFD.
//  2. Of the C0 and C1 controls only newline and tab remain. CR LF and a lone
//     CR become a newline.
//  3. No escape sequence remains, nor its payload: CSI, OSC, DCS, APC, PM, SOS,
//     the title sequence of tmux, single shifts, and all of them in their 8-bit
//     forms, as U+0080 to U+009F or as raw bytes. A string that has no
//     terminator ends with its line.
//  4. Nothing invisible or reordering remains: bidi marks, overrides and
//     isolates, zero-width characters, joiners, variation selectors, tags,
//     soft hyphens, fillers; nor emoji modifiers, on whose width terminals
//     differ.
//  5. At most [MaxMarks] combining marks follow one another.
//  6. The result has at most max bytes. What is cut is cut between two runes
//     and ends in "…", if max leaves room for it.
//  7. Both functions are idempotent, and Line is Text with newlines and tabs
//     turned into spaces.
//
// The price of rule 4 is that emoji made of several codepoints fall apart into
// single ones and that scripts which need joiners lose some shaping.
//
// The package imports the standard library alone and initialises nothing, so a
// worker may use it before its first event.
package safe

import (
	"unicode"
	"unicode/utf8"
)

// MaxMarks is how many combining marks may follow one base character. Living
// languages need three; a tower of two thousand covers the lines above it.
const MaxMarks = 4

const ellipsis = "…"

// Text returns s without anything that a terminal would obey or a reader could
// not see, in at most max bytes. Newlines and tabs stay; a view expands tabs.
func Text(s string, max int) string { return clean(s, max, false) }

// Line is Text on one line: each newline and tab becomes a space.
func Line(s string, max int) string { return clean(s, max, true) }

func clean(s string, max int, flat bool) string {
	if max <= 0 {
		return ""
	}
	n := plain(s, flat)
	if n == len(s) && n <= max {
		return s
	}
	c := cleaner{s: s, i: min(n, max), max: max, flat: flat, lastEnd: -1}
	c.out = make([]byte, 0, min(len(s), max))
	c.out = append(c.out, s[:c.i]...)
	c.fit = min(c.i, max-len(ellipsis))
	c.run()
	return string(c.out)
}

// plain returns the length of the prefix of s that passes as it is: printable
// ASCII, and newline and tab unless flat.
func plain(s string, flat bool) int {
	for i := 0; i < len(s); i++ {
		if b := s[i]; b < 0x20 || b > 0x7e {
			if !flat && (b == '\n' || b == '\t') {
				continue
			}
			return i
		}
	}
	return len(s)
}

type cleaner struct {
	s    string
	i    int // next byte to read
	max  int
	flat bool

	out     []byte
	fit     int // longest rune boundary in out that leaves room for the ellipsis
	marks   int // combining marks since the last base
	lastEnd int // last byte of s that may end a control string; -1: not looked up
}

func (c *cleaner) run() {
	for c.i < len(c.s) {
		b := c.s[c.i]
		switch {
		case b >= 0x20 && b < 0x7f:
			c.i++
			c.marks = 0
			if !c.put(rune(b)) {
				return
			}
		case b < 0x80:
			if !c.control(b) {
				return
			}
		default:
			if !c.wide() {
				return
			}
		}
	}
}

// put appends r, or cuts and reports false if r does not fit.
func (c *cleaner) put(r rune) bool {
	n := utf8.RuneLen(r)
	if len(c.out)+n > c.max {
		if c.fit >= 0 {
			c.out = append(c.out[:c.fit], ellipsis...)
		}
		return false
	}
	c.out = utf8.AppendRune(c.out, r)
	if len(c.out)+len(ellipsis) <= c.max {
		c.fit = len(c.out)
	}
	return true
}

func (c *cleaner) space(r rune) bool {
	c.marks = 0
	if c.flat {
		r = ' '
	}
	return c.put(r)
}

// control handles the ASCII control b at c.i.
func (c *cleaner) control(b byte) bool {
	c.i++
	switch b {
	case '\n', '\t':
		return c.space(rune(b))
	case '\r':
		if c.i < len(c.s) && c.s[c.i] == '\n' {
			c.i++
		}
		return c.space('\n')
	case 0x1b:
		c.escape()
	}
	return true
}

// wide handles the rune, or the invalid byte, at c.i.
func (c *cleaner) wide() bool {
	r, n := utf8.DecodeRuneInString(c.s[c.i:])
	if r == utf8.RuneError && n == 1 {
		if b := c.s[c.i]; b < 0xa0 {
			r = rune(b) // a raw C1 control
		}
	}
	c.i += n
	switch {
	case r < 0xa0:
		c.c1(byte(r))
		return true
	case r == '\u2028' || r == '\u2029':
		return c.space('\n')
	case hidden(r):
		return true
	case mark(r):
		if c.marks++; c.marks > MaxMarks {
			return true
		}
	default:
		c.marks = 0
	}
	return c.put(r)
}

// escape skips the sequence whose ESC has just been read.
func (c *cleaner) escape() {
	for c.i < len(c.s) && c.s[c.i] >= 0x20 && c.s[c.i] <= 0x2f {
		c.i++
	}
	if c.i == len(c.s) || c.s[c.i] < 0x30 || c.s[c.i] > 0x7e {
		return
	}
	b := c.s[c.i]
	c.i++
	switch {
	case c.s[c.i-2] != 0x1b: // there were intermediates: b ends it
	case b == 'k':
		c.str()
	case b >= 0x40 && b <= 0x5f:
		c.c1(b + 0x40)
	}
}

// c1 skips what the C1 control b, which has just been read, introduces.
func (c *cleaner) c1(b byte) {
	switch b {
	case 0x8e, 0x8f: // SS2, SS3: the next character comes from another set
		if c.i < len(c.s) && c.s[c.i] > 0x20 && c.s[c.i] < 0x7f {
			c.i++
		}
	case 0x9b:
		c.csi()
	case 0x90, 0x98, 0x9d, 0x9e, 0x9f: // DCS, SOS, OSC, PM, APC
		c.str()
	}
}

// csi skips parameters, intermediates and the final byte. Controls inside a
// sequence do not end it, but for those that a terminal lets cancel it and for
// white space, which is kept.
func (c *cleaner) csi() {
	for ; c.i < len(c.s); c.i++ {
		switch b := c.s[c.i]; {
		case b >= 0x40 && b <= 0x7e:
			c.i++
			return
		case b == '\n' || b == '\t' || b == '\r' || b == 0x18 || b == 0x1a || b == 0x1b || b > 0x7f:
			return
		}
	}
}

// str skips a control string and its terminator: ST, BEL, CAN, SUB, or an ESC,
// which begins the next sequence. Without any of them it ends with its line.
func (c *cleaner) str() {
	if c.lastEnd < 0 {
		c.lastEnd = lastEnd(c.s)
	}
	for ; c.i < len(c.s); c.i++ {
		switch b := c.s[c.i]; {
		case b == 0x07 || b == 0x18 || b == 0x1a:
			c.i++
			return
		case b == 0x1b:
			if c.i+1 < len(c.s) && c.s[c.i+1] == '\\' {
				c.i += 2
			}
			return
		case b == 0x9c && isST(c.s, c.i):
			c.i++
			return
		case (b == '\n' || b == '\r') && c.i > c.lastEnd:
			return
		}
	}
}

// isST reports whether the byte 0x9C at s[i] is ST, alone or as U+009C, and not
// the tail of another rune.
func isST(s string, i int) bool {
	if i > 0 && s[i-1] == 0xc2 {
		return true
	}
	for j := i - 1; j >= 0 && j >= i-3; j-- {
		if utf8.RuneStart(s[j]) {
			_, n := utf8.DecodeRuneInString(s[j:])
			return j+n <= i
		}
	}
	return true
}

// lastEnd returns the index of the last byte of s that ends a control string,
// or 0, where none can stand.
func lastEnd(s string) int {
	for i := len(s) - 1; i > 0; i-- {
		switch s[i] {
		case 0x07, 0x18, 0x1a, 0x1b:
			return i
		case 0x9c:
			if isST(s, i) {
				return i
			}
		}
	}
	return 0
}

// hidden reports whether r shows nothing, reorders its neighbours or changes
// their width.
func hidden(r rune) bool {
	switch {
	case r < 0x300:
		return r == 0xad
	case r >= 0x3400 && r < 0xa000: // the ideographs
		return false
	case r >= 0x1f3fb && r <= 0x1f3ff: // emoji modifiers
		return true
	}
	return unicode.Is(unicode.Cf, r) && !unicode.Is(unicode.Prepended_Concatenation_Mark, r) ||
		unicode.Is(unicode.Other_Default_Ignorable_Code_Point, r) ||
		unicode.Is(unicode.Variation_Selector, r)
}

// mark reports whether r is drawn over its neighbour: a combining mark, or a
// Hangul vowel or final, which terminals give no width either.
func mark(r rune) bool {
	switch {
	case r < 0x300, r >= 0x3400 && r < 0xa000:
		return false
	case r >= 0x1160 && r <= 0x11ff, r >= 0xd7b0 && r <= 0xd7ff:
		return true
	}
	return unicode.Is(unicode.M, r)
}
