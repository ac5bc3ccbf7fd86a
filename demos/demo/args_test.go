package demo

import (
	"slices"
	"testing"
)

// Arguments arrive as they were given, whatever is in them.
func TestArgs(t *testing.T) {
	for _, args := range [][]string{nil, {"a", "b"}, {"a b", ""}, {"it's", `"q"`, `back\slash`, "two\nlines"}, {"'", "''", " "}} {
		if got, err := Split(Quote(args)); err != nil || !slices.Equal(got, args) {
			t.Errorf("%q become %q, %v", args, got, err)
		}
	}
	for line, want := range map[string][]string{`1000  8`: {"1000", "8"}, `"a b" c\ d`: {"a b", "c d"}, `--x='1 2'`: {"--x=1 2"}} {
		if got, err := Split(line); err != nil || !slices.Equal(got, want) {
			t.Errorf("%s becomes %q, %v", line, got, err)
		}
	}
	for _, line := range []string{`'a`, `a "b`, `a\`} {
		if _, err := Split(line); err == nil {
			t.Errorf("%s is taken", line)
		}
	}
}
