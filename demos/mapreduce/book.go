package mapreduce

import (
	"cmp"
	_ "embed"
	"errors"
	"fmt"
	"hash/fnv"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// book is Isaac Newton's Opticks, the fourth edition (1730), which is in the
// public domain: byte for byte the file src/testdata/Isaac.Newton-Opticks.txt of
// Go's source tree, as typed by the Distributed Proofreaders (www.pgdp.net).
//
//go:embed opticks.txt
var book string

// span is a part of the book, in bytes.
type span struct{ from, to int }

// chunks cuts a text into n parts of about the same length, at ends of lines: no
// word is cut in two.
func chunks(text string, n int) []span {
	out := make([]span, n)
	at := 0
	for i := range out {
		to := len(text) * (i + 1) / n
		if nl := strings.IndexByte(text[max(to, at):], '\n'); i < n-1 && nl >= 0 {
			to = max(to, at) + nl + 1
		} else {
			to = len(text)
		}
		out[i] = span{at, to}
		at = to
	}
	return out
}

// words calls f with each word of a text in lower case: letters, and an apostrophe
// between two of them.
func words(text string, f func(string)) {
	begin := -1
	for i, r := range text {
		switch {
		case unicode.IsLetter(r):
			if begin < 0 {
				begin = i
			}
			continue
		case begin < 0:
			continue
		case r == '\'':
			if next, _ := utf8.DecodeRuneInString(text[i+1:]); unicode.IsLetter(next) {
				continue
			}
		}
		f(strings.ToLower(text[begin:i]))
		begin = -1
	}
	if begin >= 0 {
		f(strings.ToLower(text[begin:]))
	}
}

// count counts the words of a text, one after the other.
func count(text string) map[string]int {
	n := map[string]int{}
	words(text, func(w string) { n[w]++ })
	return n
}

// partition says which reduce task a word belongs to: the same on every machine.
func partition(word string, reduces int) int {
	h := fnv.New32a()
	h.Write([]byte(word))
	return int(h.Sum32() % uint32(reduces))
}

// split is what a map task makes of a text: counts, one piece for each reduce task.
func split(text string, reduces int) []string {
	of := make([]map[string]int, reduces)
	for i := range of {
		of[i] = map[string]int{}
	}
	for w, n := range count(text) {
		of[partition(w, reduces)][w] = n
	}
	out := make([]string, reduces)
	for i, counts := range of {
		out[i] = piece(counts)
	}
	return out
}

// end is the last line of a piece: without it, a piece is not whole.
const end = ".\n"

// piece writes counts down, in the order of the words: the same counts are always
// the same bytes.
func piece(counts map[string]int) string {
	var b strings.Builder
	for _, w := range slices.Sorted(maps.Keys(counts)) {
		b.WriteString(w)
		b.WriteByte(' ')
		b.WriteString(strconv.Itoa(counts[w]))
		b.WriteByte('\n')
	}
	b.WriteString(end)
	return b.String()
}

var errTorn = errors.New("a piece that is not whole")

// add adds the counts of a piece to others.
func add(to map[string]int, p string) error {
	body, whole := strings.CutSuffix(p, end)
	if !whole || body != "" && !strings.HasSuffix(body, "\n") {
		return errTorn
	}
	for line := range strings.Lines(body) {
		w, n, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		k, err := strconv.Atoi(n)
		if err != nil || w == "" {
			return fmt.Errorf("%w: it says %.40q", errTorn, line)
		}
		to[w] += k
	}
	return nil
}

// join is what a reduce task makes of its pieces, one from each map task.
func join(pieces []string) (string, error) {
	sum := map[string]int{}
	for _, p := range pieces {
		if err := add(sum, p); err != nil {
			return "", err
		}
	}
	return piece(sum), nil
}

// tally is a word and how often it occurs.
type tally struct {
	Word  string `json:"word"`
	Count int    `json:"count"`
}

// top lists the most frequent words.
func top(counts map[string]int, n int) []tally {
	var all []tally
	for w, k := range counts {
		all = append(all, tally{w, k})
	}
	slices.SortFunc(all, func(a, b tally) int { return cmp.Or(b.Count-a.Count, cmp.Compare(a.Word, b.Word)) })
	return all[:min(n, len(all))]
}

// differences counts the words whose counts are not the same.
func differences(a, b map[string]int) (n int) {
	for w, k := range a {
		if b[w] != k {
			n++
		}
	}
	for w := range b {
		if _, ok := a[w]; !ok {
			n++
		}
	}
	return n
}
