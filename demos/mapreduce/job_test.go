package mapreduce

import (
	"maps"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
	"unicode"

	"edu/procession/demos/trace"
)

// plainly counts words in another way than the demo does.
func plainly(text string) map[string]int {
	counts := map[string]int{}
	for _, w := range strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return !unicode.IsLetter(r) && r != '\'' }) {
		for strings.Contains(w, "''") {
			w = strings.ReplaceAll(w, "''", "'") // none is inside a word
		}
		if w = strings.Trim(w, "'"); w != "" {
			counts[w]++
		}
	}
	return counts
}

// However the book is cut, the parts add up to the whole.
func TestParts(t *testing.T) {
	want := plainly(book)
	if got := count(book); !maps.Equal(got, want) {
		t.Fatalf("%d words differ, of %d", differences(got, want), len(want))
	}
	for _, cut := range []struct{ maps, reduces int }{{4, 1}, {18, 6}, {64, 16}} {
		parts := make([][]string, cut.reduces)
		at := 0
		for _, c := range chunks(book, cut.maps) {
			if c.from != at || c.to < c.from {
				t.Fatalf("%d chunks: one begins at %d, not at %d", cut.maps, c.from, at)
			}
			at = c.to
			for r, p := range split(book[c.from:c.to], cut.reduces) {
				parts[r] = append(parts[r], p)
			}
		}
		got := map[string]int{}
		for r, p := range parts {
			sum, err := join(p)
			if err == nil {
				err = add(got, sum)
			}
			if err != nil {
				t.Fatalf("reduce %d: %v", r, err)
			}
		}
		if at != len(book) || differences(got, want) != 0 {
			t.Errorf("%+v: %d words differ, %d bytes of %d", cut, differences(got, want), at, len(book))
		}
	}
}

// A piece that was cut off anywhere is found out.
func TestTorn(t *testing.T) {
	whole := piece(map[string]int{"light": 12, "of": 3, "æther": 1})
	for n := range len(whole) {
		if err := add(map[string]int{}, whole[:n]); err == nil {
			t.Errorf("%q counts as whole", whole[:n])
		}
	}
	for _, bad := range []string{" 3\n.\n", "a b\n.\n", "a\n.\n", "a 1.\n"} {
		if err := add(map[string]int{}, bad); err == nil {
			t.Errorf("%q counts as whole", bad)
		}
	}
}

// Whatever workers do, each task is done once, no reduce begins before all maps
// are done, and every copy beyond the first is accounted for.
func TestJob(t *testing.T) {
	workers := []trace.ID{"a", "b", "c", "d"}
	for seed := range uint64(300) {
		rnd := rand.New(rand.NewPCG(seed, 0))
		j := newJob(1+rnd.IntN(9), 1+rnd.IntN(4), rnd.IntN(3) > 0)
		type held struct{ n, attempt int }
		var hands = map[trace.ID][]held{}
		var given, dups, dones int
		var now time.Duration
		for step := 0; !j.over() && step < 20_000; step++ {
			now += time.Duration(rnd.IntN(100)) * time.Millisecond
			who := workers[rnd.IntN(len(workers))]
			switch h := hands[who]; {
			case len(h) == 0 || rnd.IntN(20) == 0 && len(h) < 3: // one that was given up is given more
				n, attempt, backup, ok := j.next(now, who)
				if !ok {
					continue
				}
				given++
				if n >= j.maps && !j.mapped() {
					t.Fatalf("seed %d: a reduce before all maps were done", seed)
				}
				if backup && !j.backups {
					t.Fatalf("seed %d: a backup copy, though they are off", seed)
				}
				hands[who] = append(h, held{n, attempt})
			case rnd.IntN(8) == 0:
				j.giveUp(who)
				if rnd.IntN(2) == 0 {
					hands[who] = nil // it is dead; else it was silent, and may come back
				}
			default:
				was := j.tasks[h[0].n].done
				got := j.result(now, who, h[0].n, h[0].attempt)
				if want := map[bool]outcome{false: first, true: duplicate}[was]; got != want {
					t.Fatalf("seed %d: a result is %d, wants %d", seed, got, want)
				}
				if j.result(now, who, h[0].n, h[0].attempt) != nothing {
					t.Fatalf("seed %d: the same result counts twice", seed)
				}
				if was {
					dups++
				} else {
					dones++
				}
				hands[who] = h[1:]
			}
		}
		n := j.n
		if !j.over() || dones != len(j.tasks) || n.Done != dones || n.Duplicates != dups {
			t.Fatalf("seed %d: %d of %d tasks are done, %d duplicates: %+v", seed, dones, len(j.tasks), dups, n)
		}
		if n.Executions != given || n.Executions != len(j.tasks)+n.Reexecutions+n.Backups {
			t.Fatalf("seed %d: the copies do not add up: %+v for %d tasks", seed, n, len(j.tasks))
		}
	}
}

// A result that was not asked for counts for nothing.
func TestStranger(t *testing.T) {
	j := newJob(2, 1, true)
	n, attempt, _, _ := j.next(0, "a")
	for _, r := range []struct {
		who        trace.ID
		n, attempt int
	}{{"b", n, attempt}, {"a", n + 1, attempt}, {"a", n, attempt + 1}, {"a", -1, 1}, {"a", 99, 1}, {"a", n, 0}} {
		if got := j.result(time.Second, r.who, r.n, r.attempt); got != nothing {
			t.Errorf("%+v is %d", r, got)
		}
	}
	if j.result(time.Second, "a", n, attempt) != first {
		t.Error("the result that was asked for does not count")
	}
}
