package cli_test

import (
	"flag"
	"os"
	"strings"
	"testing"

	"edu/procession/tui"
)

var update = flag.Bool("update", false, "write the table of keys into the README")

const (
	keysBegin = "<!-- keys: go test ./tui/cli -run Readme -update -->\n"
	keysEnd   = "<!-- end of keys -->\n"
)

// The README's table of keys is the program's.
func TestReadme(t *testing.T) {
	const path = "../../README.md"
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(b), keysBegin)
	_, after, ok2 := strings.Cut(rest, keysEnd)
	if !ok || !ok2 {
		t.Fatal("the README has no place for the keys")
	}
	want := before + keysBegin + "\n" + tui.DefaultKeys().Markdown() + "\n" + keysEnd + after
	if *update {
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	} else if want != string(b) {
		t.Error("the README's keys are not the program's: go test ./tui/cli -run Readme -update")
	}
}
