package demo

import (
	"errors"
	"strings"
)

// Quote writes arguments as one line that Split reads back, as a shell would:
// those with blanks or quotes are quoted.
func Quote(args []string) string {
	words := make([]string, len(args))
	for i, a := range args {
		if a == "" || strings.ContainsAny(a, " \t\r\n'\"\\") {
			a = "'" + strings.ReplaceAll(a, "'", `'\''`) + "'"
		}
		words[i] = a
	}
	return strings.Join(words, " ")
}

// Split takes a line apart at its blanks. Within '...' all is as it stands, within
// "..." a backslash takes the next letter as it is, as it does outside of quotes.
func Split(line string) (args []string, err error) {
	var word strings.Builder
	var quote rune
	in, escaped := false, false
	for _, r := range line {
		switch {
		case escaped:
			word.WriteRune(r)
			escaped = false
		case r == '\\' && quote != '\'':
			in, escaped = true, true
		case quote != 0 && r == quote:
			quote = 0
		case quote != 0:
			word.WriteRune(r)
		case r == '\'' || r == '"':
			in, quote = true, r
		case strings.ContainsRune(" \t\r\n", r):
			if in {
				args = append(args, word.String())
				word.Reset()
			}
			in = false
		default:
			in = true
			word.WriteRune(r)
		}
	}
	if quote != 0 || escaped {
		return nil, errors.New("arguments whose quotes are closed")
	}
	if in {
		args = append(args, word.String())
	}
	return args, nil
}
