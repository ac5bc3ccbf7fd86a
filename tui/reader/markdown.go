package reader

import (
	"strings"
	"unicode/utf8"

	"charm.land/glamour/v2"
	"charm.land/glamour/v2/ansi"
	xansi "github.com/charmbracelet/x/ansi"

	"edu/procession/tui/theme"
)

// split takes Markdown apart at its headings, listings and tables. What is left
// is prose, which alone is wrapped.
func split(md string) []piece {
	var out []piece
	var prose []string
	flush := func() {
		if text := strings.Trim(strings.Join(prose, "\n"), "\n"); strings.TrimSpace(text) != "" {
			out = append(out, piece{kind: prosePiece, text: text})
		}
		prose = prose[:0]
	}
	lines := strings.Split(md, "\n")
	for i := 0; i < len(lines); i++ {
		line := lines[i]
		if mark, lang := fence(line); mark != "" {
			flush()
			from := i + 1
			for i++; i < len(lines) && !closes(lines[i], mark); i++ {
			}
			out = append(out, piece{kind: codePiece, text: strings.Join(lines[from:min(i, len(lines))], "\n"), lang: lang})
			continue
		}
		if level, title := heading(line); level > 0 {
			flush()
			out = append(out, piece{kind: titlePiece, text: title, level: level})
			continue
		}
		if i+1 < len(lines) && tableRow(line) && delimiter(lines[i+1]) {
			flush()
			from := i
			for i++; i < len(lines) && tableRow(lines[i]); i++ {
			}
			out = append(out, piece{kind: tablePiece, text: strings.Join(lines[from:i], "\n")})
			i--
			continue
		}
		prose = append(prose, line)
	}
	flush()
	return out
}

// outdent removes up to three blanks: more make code of anything.
func outdent(line string) string {
	for range 3 {
		line = strings.TrimPrefix(line, " ")
	}
	return line
}

// fence returns the mark and the language of a line that opens a listing.
func fence(line string) (mark, lang string) {
	line = outdent(line)
	for _, c := range []string{"`", "~"} {
		rest := strings.TrimLeft(line, c)
		if n := len(line) - len(rest); n >= 3 && !strings.Contains(rest, "`") {
			lang, _, _ = strings.Cut(strings.TrimSpace(rest), " ")
			return line[:n], lang
		}
	}
	return "", ""
}

func closes(line, mark string) bool {
	line = strings.TrimRight(outdent(line), " ")
	return strings.HasPrefix(line, mark) && strings.Trim(line, mark[:1]) == ""
}

// heading returns the level, 1 to 3, and the text of a heading; level 0 is none.
func heading(line string) (int, string) {
	line = outdent(line)
	text := strings.TrimLeft(line, "#")
	level := len(line) - len(text)
	if level < 1 || level > 3 || !strings.HasPrefix(text, " ") {
		return 0, ""
	}
	text = strings.TrimSpace(text)
	if i := strings.LastIndex(text, " {#"); i > 0 && strings.HasSuffix(text, "}") {
		text = text[:i] // the heading's name, for links
	}
	if bare := strings.TrimRight(text, "#"); strings.HasSuffix(bare, " ") || bare == "" {
		text = strings.TrimSpace(bare)
	}
	return level, strings.NewReplacer("`", "", "**", "").Replace(text)
}

func tableRow(line string) bool { return strings.HasPrefix(strings.TrimLeft(line, " "), "|") }

func delimiter(line string) bool {
	return tableRow(line) && strings.Contains(line, "-") && strings.Trim(line, " |:-") == ""
}

// unbreak puts each paragraph on one line, as Markdown means it: between two
// ideographs without a blank. Glamour would break the text of an item where the
// author's editor did.
func unbreak(md string) string {
	var b strings.Builder
	inside := "" // the mark of a listing inside a list
	for rest := md; ; {
		line, next, more := strings.Cut(rest, "\n")
		b.WriteString(line)
		if !more {
			return b.String()
		}
		mark, _ := fence(strings.TrimLeft(line, " "))
		switch {
		case inside == "":
			inside = mark
		case closes(strings.TrimLeft(line, " "), inside):
			inside = ""
		}
		if inside != "" || mark != "" || !flows(line, next) {
			b.WriteByte('\n')
			rest = next
			continue
		}
		next = strings.TrimLeft(next, " ")
		last, _ := utf8.DecodeLastRuneInString(line)
		first, _ := utf8.DecodeRuneInString(next)
		if !wide(last) || !wide(first) {
			b.WriteByte(' ')
		}
		rest = next
	}
}

// flows reports whether the paragraph of a line goes on in what follows.
func flows(line, rest string) bool {
	next, _, _ := strings.Cut(rest, "\n")
	text, next := strings.TrimSpace(line), strings.TrimSpace(next)
	switch {
	case text == "" || next == "" || strings.HasSuffix(line, "  ") || strings.HasSuffix(line, "\\"):
		return false
	case strings.ContainsAny(text[:1], "#<>|") || strings.Trim(text, "-*_= ") == "":
		return false
	case strings.ContainsAny(next[:1], "#<>|:") || strings.Trim(next, "-*_= ") == "":
		return false
	}
	if mark, _ := fence(next); mark != "" {
		return false
	}
	return !item(next)
}

// item reports whether a line begins an item of a list.
func item(line string) bool {
	for _, m := range []string{"- ", "* ", "+ "} {
		if strings.HasPrefix(line, m) {
			return true
		}
	}
	digits := strings.TrimLeft(line, "0123456789")
	return digits != line && (strings.HasPrefix(digits, ". ") || strings.HasPrefix(digits, ") "))
}

func wide(r rune) bool { return r >= 0x1100 && xansi.StringWidth(string(r)) == 2 }

// markdown renders prose, wrapped by ourselves: Glamour takes a line of
// ideographs for one word and does not hang the items of a list. With width 0
// it neither wraps nor pads, which also saves it most of its work.
func markdown(md string, w int, th theme.Theme) []row {
	var rows []row
	for _, r := range glamorous(unbreak(md), 0, th) {
		rows = append(rows, wrap(r, w)...)
	}
	return rows
}

// tabular renders a table in its natural width, or squeezed into w.
func tabular(md string, w int, th theme.Theme) []row {
	rows := glamorous(md, 0, th)
	for _, r := range rows {
		if r.width() > w {
			return glamorous(md, w, th)
		}
	}
	return rows
}

// glamorous is Glamour's rendering without blank rows at its ends. Text on
// which Glamour fails is shown as it is.
func glamorous(md string, w int, th theme.Theme) (rows []row) {
	defer func() {
		if recover() != nil {
			rows = parse(md)
		}
	}()
	g, err := glamour.NewTermRenderer(glamour.WithStyles(styles(th)), glamour.WithWordWrap(w), glamour.WithInlineTableLinks(true))
	if err != nil {
		return parse(md)
	}
	out, err := g.Render(md)
	if err != nil {
		return parse(md)
	}
	rows = parse(out)
	for i := range rows {
		rows[i] = trim(rows[i])
	}
	for len(rows) > 0 && len(rows[0]) == 0 {
		rows = rows[1:]
	}
	for len(rows) > 0 && len(rows[len(rows)-1]) == 0 {
		rows = rows[:len(rows)-1]
	}
	return rows
}

// styles is the theme in Glamour's words. Listings never reach it but for those
// inside a list, which have the look of code without colours of their own:
// Glamour takes those from a global registry, and keeps the first it was given.
func styles(th theme.Theme) ansi.StyleConfig {
	prim := func(k theme.Token) ansi.StylePrimitive {
		var p ansi.StylePrimitive
		if hex := th.Hex(k); hex != "" {
			p.Color = &hex
		}
		return p
	}
	yes := true
	strong := ansi.StylePrimitive{Bold: &yes}
	box, signs := th.Box(), th.Glyphs()
	one := uint(1)
	bar := box.Vertical + " "

	code := prim(theme.Code)
	if !th.Options().Color { // colour would have set it apart
		code.Prefix, code.Suffix = "`", "`"
	}
	term := prim(theme.Term)
	term.Underline = &yes

	c := ansi.StyleConfig{
		BlockQuote: ansi.StyleBlock{StylePrimitive: prim(theme.Muted), Indent: &one, IndentToken: &bar},
		List:       ansi.StyleList{LevelIndent: 2},
		Heading:    ansi.StyleBlock{StylePrimitive: strong},

		Text:           ansi.StylePrimitive{},
		Emph:           ansi.StylePrimitive{Italic: &yes},
		Strong:         strong,
		Strikethrough:  ansi.StylePrimitive{CrossedOut: &yes},
		HorizontalRule: prim(theme.Border),

		Item:        ansi.StylePrimitive{BlockPrefix: signs.Bullet + " "},
		Enumeration: ansi.StylePrimitive{BlockPrefix: ". "},
		Task:        ansi.StyleTask{Ticked: "[x] ", Unticked: "[ ] "},

		Link:     term,
		LinkText: strong,
		Image:    term,

		Code:      ansi.StyleBlock{StylePrimitive: code},
		CodeBlock: ansi.StyleCodeBlock{StyleBlock: ansi.StyleBlock{StylePrimitive: prim(theme.Code)}},
		Table: ansi.StyleTable{
			CenterSeparator: &box.Middle, ColumnSeparator: &box.Vertical, RowSeparator: &box.Horizontal,
		},

		DefinitionTerm:        strong,
		DefinitionDescription: ansi.StylePrimitive{BlockPrefix: "\n" + signs.Arrow + " "},
	}
	c.HorizontalRule.Format = "\n" + strings.Repeat(box.Horizontal, 8) + "\n"
	return c
}
