package lessons

import (
	"maps"
	"strings"
	"testing"
	"testing/fstest"
)

// A small course that has no problems. The tables below break it, one thing at
// a time.
var good = map[string]string{
	"course.toml": `[[chapter]]
id = "one"
lessons = ["first"]
title.en = "One"
title.xx = "Ichi"
summary.en = "All of it."
summary.xx = "Zenbu."
`,
	"glossary.en.toml": `[process]
also = "进程"
text = "A running program."
`,
	"glossary.xx.toml": `["进程"]
also = "process"
text = "Hashiru."
`,
	"first/en.md": `+++
title = "First"
summary = "How it begins."
minutes = 5
demo = "burners"
set = { workers = 2 }
terms = ["process"]
goals = ["begin"]
+++

## The idea {#idea}

An idea.

## In Python {#python}

Prose.

## In Go {#go}

Prose.

## Predict {#predict}

### What is right? {#right}

- [x] This
  It is.
- [ ] That
  It is not.
- [ ] Both
  No.
- [ ] None
  No.

## Observe {#observe}

Press a key.

## Explain {#explain}

It was {{gauge "speedup"}}.

## Across machines {#contrast}

Other.
`,
	"first/xx.md": `+++
title = "Dai ichi"
summary = "Hajimari."
goals = ["hajimeru"]
+++

## A {#idea}

A.

## B {#python}

B.

## C {#go}

C.

## D {#predict}

### Docchi? {#right}

- [x] Kore
  Hai.
- [ ] Sore
  Iie.
- [ ] Ryouhou
  Iie.
- [ ] Nashi
  Iie.

## E {#observe}

E.

## F {#explain}

{{gauge "speedup"}}

## G {#contrast}

G.
`,
	"first/main.py": "if __name__ == \"__main__\":\n    print(1)\n",
	"first/main.go": "package main\n\nfunc main() {}\n",
}

var goodDemos = map[string][]string{"burners": {"speedup"}}

// broken returns the good course with the first old in file replaced; an empty
// old removes the file.
func broken(t *testing.T, file, old, new string) fstest.MapFS {
	t.Helper()
	all := maps.Clone(good)
	if file != "" {
		if !strings.Contains(all[file], old) {
			t.Fatalf("%s does not hold %q", file, old)
		}
		all[file] = strings.Replace(all[file], old, new, 1)
		if old == "" {
			delete(all, file)
		}
	}
	fsys := fstest.MapFS{}
	for name, text := range all {
		fsys[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return fsys
}

func TestGoodCourse(t *testing.T) {
	for _, lang := range []string{"en", "xx"} {
		c, err := load(broken(t, "", "", ""), lang)
		if err != nil {
			t.Fatal(err)
		}
		if p := Problems(c, goodDemos); len(p) > 0 {
			t.Errorf("%s: %q", lang, p)
		}
	}
}

// Each of these is a course that loads, and that must not be shown.
func TestProblems(t *testing.T) {
	en := "first/en.md"
	for _, tt := range []struct{ name, file, old, new, want string }{
		{"no chapters", "course.toml", good["course.toml"], "\n", "has no chapters"},
		{"no lessons", "course.toml", `["first"]`, `[]`, "has no lessons"},
		{"no chapter title", "course.toml", `title.en = "One"`, ``, "chapter one: has no title"},
		{"no chapter summary", "course.toml", `summary.en = "All of it."`, ``, "chapter one: has no summary"},
		{"lesson twice", "course.toml", `["first"]`, `["first", "first"]`, `the id "first" is also used`},
		{"bad chapter id", "course.toml", `id = "one"`, `id = "Part One"`, "not in lower case"},
		{"no title", en, `title = "First"`, ``, "has no title"},
		{"no summary", en, `summary = "How it begins."`, ``, "has no summary"},
		{"no minutes", en, `minutes = 5`, ``, "minutes is 0"},
		{"a whole day", en, `minutes = 5`, `minutes = 480`, "minutes is 480"},
		{"no goals", en, `goals = ["begin"]`, ``, "has no goals"},
		{"no demo", en, `demo = "burners"`, ``, "has no demo"},
		{"unknown demo", en, `demo = "burners"`, `demo = "burner"`, `there is no demo "burner"`},
		{"no terms", en, `terms = ["process"]`, ``, "uses no terms"},
		{"unknown term", en, `["process"]`, `["process", "proces"]`, `the term "proces" is not in the glossary`},
		{"term twice", en, `["process"]`, `["process", "process"]`, "listed twice"},
		{"missing section", en, "## Observe {#observe}\n\nPress a key.\n", "", "has the sections"},
		{"section twice", en, "## Observe {#observe}\n", "## The idea {#idea}\n\nAgain.\n\n## Observe {#observe}\n", "has the sections"},
		{"sections out of order", en, "## In Python {#python}\n\nProse.\n\n## In Go {#go}", "## In Go {#go}\n\nProse.\n\n## In Python {#python}", "has the sections"},
		{"empty section", en, "Press a key.\n", "", "first observe: has no text"},
		{"section without a title", en, "## The idea {#idea}", "## {#idea}", "first idea: has no title"},
		{"no question", en, good[en][strings.Index(good[en], "### What"):strings.Index(good[en], "## Observe")], "", "asks no question"},
		{"no right answer", en, "- [x] This", "- [ ] This", "has 0 right answers"},
		{"two right answers", en, "- [ ] That", "- [x] That", "has 2 right answers"},
		{"three choices", en, "- [ ] None\n  No.\n", "", "has 3 choices"},
		{"same choice twice", en, "- [ ] That", "- [ ] This", `the choice "This" is there twice`},
		{"no reply", en, "- [ ] That\n  It is not.\n", "- [ ] That\n", `has no reply to the choice "That"`},
		{"question twice", en, "### What is right? {#right}\n", "### What? {#right}\n\n### What is right? {#right}\n", `the id "right" is also used`},
		{"no gauge", en, `{{gauge "speedup"}}`, `quick`, "names no gauge"},
		{"unknown gauge", en, `{{gauge "speedup"}}`, `{{gauge "speed"}}`, `does not report the gauge "speed"`},
		{"unknown gauge in a reply", en, "It is not.", `It is {{gauge "speed"}}.`, `does not report the gauge "speed"`},
		{"malformed gauge", en, `An idea.`, `{{gauge speedup}}`, "malformed placeholder"},
		{"half a gauge", en, `An idea.`, `{{gauge "speedup"}`, "malformed placeholder"},
		{"a promise", en, `An idea.`, `Two processes are 2x as fast.`, `promises "2x`},
		{"a promise with a sign", en, `An idea.`, `That makes 1.9 ×.`, `promises "1.9 ×`},
		{"an emoji", en, `An idea.`, "An idea \U0001f4a1.", "holds U+1F4A1"},
		{"an old symbol with emoji form", en, `An idea.`, "An idea ✔.", "holds U+2714"},
		{"an escape sequence", en, `An idea.`, "An \x1b[31midea.", "holds U+001B"},
		{"a combining mark", en, `An idea.`, "An ide\u0301a.", "holds U+0301"},
		{"invalid UTF-8", en, `An idea.`, "An \xffidea.", "holds U+FFFD"},
		{"too long", en, `An idea.`, strings.Repeat("An idea. ", 300), "characters long"},
		{"no Python listing", "first/main.py", "", "", "main.py is missing"},
		{"no Go listing", "first/main.go", "", "", "main.go is missing"},
		{"no main guard", "first/main.py", `if __name__ == "__main__":`, "if True:", "not a complete program"},
		{"no package clause", "first/main.go", "package main", "package other", "not a complete program"},
		{"a wide listing", "first/main.go", "func", "// " + strings.Repeat("wide ", 20) + "\nfunc", "columns wide"},
		{"a long listing", "first/main.py", "    print(1)\n", strings.Repeat("    print(1)\n", 200), "has 201 lines"},
		{"an emoji in a listing", "first/main.py", "print(1)", "print('\U0001f40d')", "holds U+1F40D"},
		{"a term without text", "glossary.en.toml", `text = "A running program."`, ``, "glossary process: has no text"},
		{"a term without another name", "glossary.en.toml", `also = "进程"`, ``, "has no name in another language"},
		{"two terms with one name", "glossary.en.toml", "[process]", "[task]\nalso = \"进程\"\ntext = \"T.\"\n\n[process]", `the name "进程" is there twice`},
		{"a term that nobody uses", "glossary.en.toml", "[process]", "[task]\nalso = \"任务\"\ntext = \"T.\"\n\n[process]", "glossary task: no lesson uses it"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c, err := load(broken(t, tt.file, tt.old, tt.new), "en")
			if err != nil {
				t.Fatalf("it does not even load: %v", err)
			}
			got := strings.Join(Problems(c, goodDemos), "\n")
			if !strings.Contains(got, tt.want) {
				t.Errorf("problems: %q\nwant one with: %q", got, tt.want)
			}
		})
	}
}

// A course that was put together in code can be wrong in ways that no file can.
func TestProblemsByHand(t *testing.T) {
	c, err := load(broken(t, "", "", ""), "en")
	if err != nil {
		t.Fatal(err)
	}
	c.Lessons()[0].Parts[0].Code = "x"
	if got := strings.Join(Problems(c, nil), "\n"); !strings.Contains(got, "first idea: has a listing") {
		t.Errorf("problems: %q", got)
	}
}

// What cannot become a course at all is an error with its file and line.
func TestLoadErrors(t *testing.T) {
	en := "first/en.md"
	for _, tt := range []struct{ name, file, old, new, want string }{
		{"no course", "course.toml", "", "", "course.toml"},
		{"broken course", "course.toml", "id =", "id", "course.toml"},
		{"unknown key", "course.toml", "id =", "name = \"x\"\nid =", `unknown key "chapter.name"`},
		{"no such lesson", "course.toml", `["first"]`, `["second"]`, "second/en.md"},
		{"no front matter", en, "+++\ntitle", "title", "first/en.md:1: a lesson begins with a front matter"},
		{"broken front matter", en, `minutes = 5`, `minutes = five`, "first/en.md"},
		{"misspelt key", en, `minutes = 5`, `minute = 5`, `unknown key "minute"`},
		{"text before the sections", en, "## The idea", "Hello.\n\n## The idea", "first/en.md:11: text before"},
		{"heading without an id", en, "## The idea {#idea}", "## The idea", "first/en.md:11: the heading"},
		{"unknown section", en, "{#idea}", "{#thought}", "there is no section {#thought}"},
		{"title in the text", en, "## The idea {#idea}", "# The idea {#idea}", "a section begins with ##"},
		{"question elsewhere", en, "An idea.", "### Why? {#why}", "a section begins with ##"},
		{"reply not indented", en, "  It is not.", "It is not.", "indented by two spaces"},
		{"open fence", en, "Other.", "```\nOther.", "not closed"},
		{"broken glossary", "glossary.en.toml", "[process]", "[process", "glossary.en.toml"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := load(broken(t, tt.file, tt.old, tt.new), "en")
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want %q", err, tt.want)
			}
		})
	}
}

func TestParallel(t *testing.T) {
	xx := "first/xx.md"
	for _, tt := range []struct{ name, file, old, new, want string }{
		{"the same", "", "", "", ""},
		{"another demo", xx, "goals", "demo = \"other\"\ngoals", "xx first: demo: en has burners, here other"},
		{"other parameters", xx, "goals", "set = { workers = 3 }\ngoals", "set: en has"},
		{"other terms", xx, "goals", "terms = [\"进程\"]\ngoals", "terms: en has"},
		{"a goal more", xx, `["hajimeru"]`, `["hajimeru", "owaru"]`, "number of goals"},
		{"a section less", xx, "## E {#observe}\n\nE.\n", "", "observe: en has this section, here none"},
		{"a gauge less", xx, `{{gauge "speedup"}}`, `hayai`, "gauges of explain"},
		{"a question more", xx, "### Docchi?", "### Naze? {#naze}\n\n### Docchi?", "questions: en has"},
		{"another right answer", xx, "- [x] Kore\n  Hai.\n- [ ] Sore", "- [ ] Kore\n  Hai.\n- [x] Sore", "questions: en has"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			fsys := broken(t, tt.file, tt.old, tt.new)
			a, err := load(fsys, "en")
			if err != nil {
				t.Fatal(err)
			}
			b, err := load(fsys, "xx")
			if err != nil {
				t.Fatal(err)
			}
			got := strings.Join(parallel(a, b), "\n")
			if !strings.Contains(got, tt.want) || tt.want == "" && got != "" {
				t.Errorf("problems: %q\nwant: %q", got, tt.want)
			}
		})
	}
	a, _ := load(broken(t, "", "", ""), "en")
	b := &Course{Lang: "xx"}
	if got := strings.Join(parallel(a, b), "\n"); !strings.Contains(got, "lessons: en has [first]") {
		t.Errorf("a course without lessons: %q", got)
	}
}

// What editors on other systems do to a file must not matter.
func TestLineEnds(t *testing.T) {
	text := "\ufeff" + strings.ReplaceAll(good["first/en.md"], "\n", "\r\n")
	c, err := load(broken(t, "first/en.md", good["first/en.md"], text), "en")
	if err != nil {
		t.Fatal(err)
	}
	if p := Problems(c, goodDemos); len(p) > 0 {
		t.Error(p)
	}
}

// Headings and choices inside a code fence are code.
func TestFences(t *testing.T) {
	c, err := load(broken(t, "first/en.md", "An idea.", "```sh\n# not a heading\n- [ ] not a choice\n```"), "en")
	if err != nil {
		t.Fatal(err)
	}
	p, _ := c.Lessons()[0].Part(Idea)
	if !strings.Contains(p.Body, "# not a heading\n- [ ] not a choice") {
		t.Errorf("idea: %q", p.Body)
	}
	if p := Problems(c, goodDemos); len(p) > 0 {
		t.Error(p)
	}
}
