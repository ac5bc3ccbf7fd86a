package cli_test

import (
	"flag"
	"fmt"
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
	var table strings.Builder
	table.WriteString("\n| | key | |\n| --- | --- | --- |\n")
	for _, g := range tui.DefaultKeys().Groups() {
		for i, k := range g.Bindings {
			title := ""
			if i == 0 {
				title = g.Title
			}
			var keys []string
			for _, name := range k.Keys {
				keys = append(keys, "`"+name+"`")
			}
			if len(keys) > 4 {
				keys = []string{keys[0] + " … " + keys[len(keys)-1]}
			}
			fmt.Fprintf(&table, "| %s | %s | %s |\n", title, strings.Join(keys, " "), k.Doc)
		}
	}
	table.WriteString("\n")
	want := before + keysBegin + table.String() + keysEnd + after
	if *update {
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	} else if want != string(b) {
		t.Error("the README's keys are not the program's: go test ./tui/cli -run Readme -update")
	}
}
