package reader

import (
	"strings"

	"github.com/alecthomas/chroma/v2"
	"github.com/alecthomas/chroma/v2/lexers"

	"edu/procession/tui/theme"
)

const tabWidth = 4

// highlight returns a row for each line of code. The colours are the theme's:
// neither a formatter nor a registered style has a part in it, so they are the
// same in every run. An unknown language is shown as it is.
func highlight(code, lang string, th theme.Theme) []row {
	code = strings.TrimRight(code, "\n ")
	rows := []row{nil}
	at := 0 // column in the last row
	add := func(s, look string) {
		for i, line := range strings.Split(s, "\n") {
			if i > 0 {
				rows = append(rows, nil)
				at = 0
			}
			last := &rows[len(rows)-1]
			for len(line) > 0 {
				if line[0] == '\t' {
					for n := tabWidth - at%tabWidth; n > 0; n-- {
						*last = append(*last, blank)
						at++
					}
					line = line[1:]
					continue
				}
				was, n := len(*last), 0
				*last, n = grapheme(*last, line, look)
				at += (*last)[was:].width()
				line = line[n:]
			}
		}
	}
	lexer := lexers.Get(lang)
	if lang == "" || lexer == nil {
		add(code, "")
		return rows
	}
	tokens, err := chroma.Coalesce(lexer).Tokenise(&chroma.TokeniseOptions{State: "root", EnsureLF: true}, code)
	if err != nil {
		add(code, "")
		return rows
	}
	for t := tokens(); t != chroma.EOF; t = tokens() {
		add(t.Value, th.SGR(token(t.Type)))
	}
	if n := len(rows); n > 1 && len(rows[n-1]) == 0 {
		rows = rows[:n-1] // EnsureLF's
	}
	return rows
}

// token is what the theme calls a kind of code.
func token(t chroma.TokenType) theme.Token {
	switch {
	case t.InCategory(chroma.Keyword), t == chroma.OperatorWord:
		return theme.CodeKeyword
	case t.InCategory(chroma.Comment):
		return theme.CodeComment
	case t.InSubCategory(chroma.LiteralString):
		return theme.CodeString
	case t.InSubCategory(chroma.LiteralNumber):
		return theme.CodeNumber
	case t == chroma.NameFunction, t == chroma.NameFunctionMagic, t == chroma.NameClass, t == chroma.NameDecorator:
		return theme.CodeName
	case t.InSubCategory(chroma.NameBuiltin), t == chroma.NameException:
		return theme.CodeBuiltin
	}
	return theme.Text
}

// codeWidth is how wide the longest line is.
func codeWidth(code string) int {
	n := 0
	for line := range strings.Lines(code) {
		w := 0
		for part := range strings.SplitAfterSeq(strings.TrimRight(line, "\n "), "\t") {
			w += plainRow(strings.TrimSuffix(part, "\t"), "").width()
			if strings.HasSuffix(part, "\t") {
				w += tabWidth - w%tabWidth
			}
		}
		n = max(n, w)
	}
	return n
}
