package lessons

import (
	"strings"
	"testing"
)

const tabled = `### {{n}} of which? {#right}

- [ ] {{n}}
  No.
- [x] {{twice}}
  Twice {{n}}.
- [ ] None
  No.
- [ ] All
  No.

| n   | twice |
| --- | :---: |
| one | two   |
| 3   | 6     |
| 4   | 8     |
`

const counted = `### In how many of 20 runs? {#right}

- [?] came out so
  It was {{gauge "speedup"}}.
`

// asking puts another question into the good lesson, with more front matter.
func asking(t *testing.T, question, front string) (*Course, error) {
	t.Helper()
	en := good["first/en.md"]
	old := en[strings.Index(en, "### What"):strings.Index(en, "\n## Observe")]
	return load(broken(t, "first/en.md", en, strings.Replace(strings.Replace(en, old, question, 1), "\n+++\n\n##", "\n"+front+"\n+++\n\n##", 1)), "en")
}

func TestVariants(t *testing.T) {
	c, err := asking(t, tabled, "")
	if err != nil {
		t.Fatal(err)
	}
	if p := Problems(c, goodDemos); len(p) > 0 {
		t.Error(p)
	}
	q := c.Lessons()[0].Questions[0]
	for n, want := range []string{"one of which? two Twice one. 0", "3 of which? 6 Twice 3. 1", "4 of which? 8 Twice 4. 2", "one of which? two Twice one. 0"} {
		v, which := q.Variant(n)
		if got := strings.Join([]string{v.Text, v.Choices[1].Text, v.Choices[1].Why, string('0' + rune(which))}, " "); got != want || right(v) != 1 || v.ID != "right" {
			t.Errorf("variant %d = %q, want %q", n, got, want)
		}
	}
	for _, h := range c.Search("Twice") {
		t.Errorf("the search finds a reply: %q", h.Line)
	}

	byRow := strings.NewReplacer("[x]", "[ ]", "twice |", "twice | right |", "two   |", "two | 2 |", "6     |", "6 | 4 |", "8     |", "8 | 1 |").Replace(tabled)
	if c, err = asking(t, byRow, ""); err != nil {
		t.Fatal(err)
	}
	q = c.Lessons()[0].Questions[0]
	for n, want := range []int{1, 3, 0} {
		if v, _ := q.Variant(n); right(v) != want {
			t.Errorf("variant %d: right is %d, want %d", n, right(v), want)
		}
	}
}

func TestBrokenVariants(t *testing.T) {
	for _, tt := range []struct{ name, old, new, want string }{
		{"one row", "| 3   | 6     |\n| 4   | 8     |\n", "", "two rows and more"},
		{"a cell too few", "| 3   | 6     |", "| 3   |", "the table has 2 columns, and this row 1"},
		{"unused column", "| n   | twice |", "| n   | thrice |", "nothing in the question says {{thrice}}"},
		{"unknown column", "- [ ] None", "- [ ] {{none}}", "malformed placeholder"},
		{"the same again", "| 3   | 6     |", "| one | two   |", "row 2 of its table asks the same"},
		{"choices that become one", "- [ ] None", "- [ ] 6", `row 2 of its table: the choice "6" is there twice`},
		{"marked and told", "| n   | twice |\n| --- | :---: |\n| one | two   |\n| 3   | 6     |\n| 4   | 8     |", "| n | twice | right |\n| 1 | 2 | 2 |\n| 3 | 6 | 2 |", "none is marked x"},
		{"no such choice", "[x] {{twice}}\n  Twice {{n}}.", "[ ] {{right}} {{twice}}\n  Twice {{n}}.", "malformed placeholder"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if !strings.Contains(tabled, tt.old) {
				t.Fatalf("there is no %q", tt.old)
			}
			c, err := asking(t, strings.Replace(tabled, tt.old, tt.new, 1), "")
			got := ""
			if err != nil {
				got = err.Error()
			} else {
				got = strings.Join(Problems(c, goodDemos), "\n")
			}
			if !strings.Contains(got, tt.want) {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestForecast(t *testing.T) {
	c, err := asking(t, counted, "[forecast.right]\nruns = 20\ngauge = \"speedup\"\nabove = 1.5\nset = { workers = 3 }")
	if err != nil {
		t.Fatal(err)
	}
	if p := Problems(c, goodDemos); len(p) > 0 {
		t.Error(p)
	}
	l := c.Lessons()[0]
	q := l.Questions[0]
	f := q.Forecast
	if f == nil || f.Demo != "burners" || f.Outcome != "came out so" || f.Set["workers"] != "3" || f.Why != `It was {{gauge "speedup"}}.` {
		t.Fatalf("forecast = %+v", f)
	}
	if q.Options() != 21 || q.Answer(3) != "3 of 20" {
		t.Errorf("%d answers, the fourth is %q", q.Options(), q.Answer(3))
	}
	if f.Counts(1.5, "") || !f.Counts(1.6, "") {
		t.Error("the gauge does not decide")
	}
	f.Verdict = "lost"
	if f.Counts(9, "none is los") || !f.Counts(0, "one is lost") {
		t.Error("the verdict does not decide")
	}
}

// What chance does is forgiven, and no more.
func TestForecastMargin(t *testing.T) {
	f := &Forecast{Runs: 20}
	for _, c := range []struct {
		predicted, seen int
		right           bool
	}{{0, 0, true}, {0, 2, true}, {0, 3, false}, {10, 10, true}, {10, 15, true}, {10, 16, false}, {10, 4, false}, {20, 18, true}, {20, 17, false}, {5, 9, true}, {5, 10, false}} {
		if got := f.Right(c.predicted, c.seen); got != c.right {
			t.Errorf("predicted %d, seen %d: %v (margin %d)", c.predicted, c.seen, got, f.Margin(c.predicted))
		}
	}
}

func TestBrokenForecast(t *testing.T) {
	facts := "[forecast.right]\nruns = 20\ngauge = \"speedup\""
	for _, tt := range []struct{ name, question, front, want string }{
		{"no facts", counted, "", "counts 0 runs"},
		{"too many", counted, strings.Replace(facts, "20", "2000", 1), "counts 2000 runs"},
		{"no such question", counted, strings.Replace(facts, "right", "wrong", 1), `no question of that id`},
		{"of a question with choices", good["first/en.md"][strings.Index(good["first/en.md"], "### What"):strings.Index(good["first/en.md"], "\n## Observe")], facts, `no question of that id`},
		{"no gauge", counted, "[forecast.right]\nruns = 20", "has no gauge"},
		{"unknown gauge", counted, strings.Replace(facts, "speedup", "speed", 1), `does not report the gauge "speed"`},
		{"unknown demo", counted, facts + "\ndemo = \"burner\"", `there is no demo "burner"`},
		{"no reply", "### How many? {#right}\n\n- [?] came out so\n", facts, "has no reply"},
		{"choices as well", counted + "- [x] This\n  It is.\n", facts, "neither choices nor a table"},
		{"misspelt", counted, facts + "\nabowe = 1", `unknown key "forecast.right.abowe"`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c, err := asking(t, tt.question, tt.front)
			got := ""
			if err != nil {
				got = err.Error()
			} else {
				got = strings.Join(Problems(c, goodDemos), "\n")
			}
			if !strings.Contains(got, tt.want) {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}
