package lessons

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/BurntSushi/toml"
)

// base is the language that the facts come from and others are compared to.
const base = "en"

// Load returns the embedded course in the language ("en"), validated. An error
// names the file and line, or every problem found; it means that this build of
// the program is faulty, or that the language is not there.
func Load(lang string) (*Course, error) {
	c, err := load(files, lang)
	if err != nil {
		return nil, err
	}
	if p := Problems(c, nil); len(p) > 0 {
		return nil, fmt.Errorf("the course in %q has problems:\n%s", lang, strings.Join(p, "\n"))
	}
	return c, nil
}

// Languages lists the languages that Load knows.
func Languages() []string { return languages(files) }

func languages(fsys fs.FS) []string {
	names, _ := fs.Glob(fsys, "glossary.*.toml")
	for i, n := range names {
		names[i] = strings.TrimSuffix(strings.TrimPrefix(n, "glossary."), ".toml")
	}
	return names
}

// outline is course.toml.
type outline struct {
	Chapter []struct {
		ID             string
		Lessons        []string
		Title, Summary map[string]string // by language
	}
}

// meta is a lesson's front matter.
type meta struct {
	Title, Summary, Demo string
	Minutes              int
	Set                  map[string]any
	Terms, Goals         []string
	Forecast             map[string]forecastMeta // by question
}

// load reads a course without judging it: what cannot be represented in a
// Course is an error, everything else is for Problems.
func load(fsys fs.FS, lang string) (*Course, error) {
	if langs := languages(fsys); !slices.Contains(langs, lang) {
		return nil, fmt.Errorf("there is no course in %q; there is: %s", lang, strings.Join(langs, ", "))
	}
	var out outline
	if err := decodeFile(fsys, "course.toml", &out); err != nil {
		return nil, err
	}
	c := &Course{Lang: lang}
	number := 0
	for _, och := range out.Chapter {
		ch := Chapter{ID: och.ID, Title: och.Title[lang], Summary: och.Summary[lang]}
		for _, id := range och.Lessons {
			l, err := loadLesson(fsys, id, lang)
			if err != nil {
				return nil, err
			}
			number++
			l.Number = number
			ch.Lessons = append(ch.Lessons, l)
		}
		c.Chapters = append(c.Chapters, ch)
	}

	var glossary map[string]struct{ Text, Also string }
	if err := decodeFile(fsys, "glossary."+lang+".toml", &glossary); err != nil {
		return nil, err
	}
	for name, t := range glossary {
		c.Terms = append(c.Terms, Term{Name: name, Text: strings.TrimSpace(t.Text), Also: t.Also})
	}
	slices.SortFunc(c.Terms, func(a, b Term) int { return strings.Compare(a.Name, b.Name) })
	return c, nil
}

func loadLesson(fsys fs.FS, id, lang string) (*Lesson, error) {
	var m meta
	front, text, line, err := readLesson(fsys, path.Join(id, base+".md"))
	if err != nil {
		return nil, err
	}
	if err := decode(path.Join(id, base+".md"), front, &m); err != nil {
		return nil, err
	}
	file := path.Join(id, lang+".md")
	if lang != base {
		if front, text, line, err = readLesson(fsys, file); err != nil {
			return nil, err
		}
		if err := decode(file, front, &m); err != nil {
			return nil, err
		}
	}

	l := &Lesson{ID: id, Title: m.Title, Summary: m.Summary, Minutes: m.Minutes, Demo: m.Demo, Terms: m.Terms, Goals: m.Goals, Set: settings(m.Set)}
	if err := parse(l, text, line); err != nil {
		return nil, fmt.Errorf("lessons/%s:%w", file, err)
	}
	if err := forecast(l, m.Forecast); err != nil {
		return nil, fmt.Errorf("lessons/%s: %w", file, err)
	}
	for i := range l.Parts {
		p := &l.Parts[i]
		listing, ok := map[PartKind]string{Python: "main.py", Go: "main.go"}[p.Kind]
		if !ok {
			continue
		}
		code, err := fs.ReadFile(fsys, path.Join(id, listing))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("reading a listing: %w", err)
		}
		p.Code = unix(code) // a missing listing is left to Problems
	}
	l.Watch = gauges(l)
	return l, nil
}

// readLesson splits a lesson file into front matter and text; line is where
// the text begins.
func readLesson(fsys fs.FS, name string) (front, text string, line int, err error) {
	b, err := fs.ReadFile(fsys, name)
	if err != nil {
		return "", "", 0, fmt.Errorf("reading a lesson: %w", err)
	}
	rest, ok := strings.CutPrefix(unix(b), "+++\n")
	if ok {
		front, text, ok = strings.Cut(rest, "\n+++\n")
	}
	if !ok {
		return "", "", 0, fmt.Errorf("lessons/%s:1: a lesson begins with a front matter between two lines +++", name)
	}
	return front, text, strings.Count(front, "\n") + 4, nil
}

// unix takes a byte order mark and carriage returns away: some editors add them.
func unix(b []byte) string {
	return strings.ReplaceAll(strings.TrimPrefix(string(b), "\ufeff"), "\r\n", "\n")
}

func decodeFile(fsys fs.FS, name string, into any) error {
	b, err := fs.ReadFile(fsys, name)
	if err != nil {
		return fmt.Errorf("reading the course: %w", err)
	}
	return decode(name, unix(b), into)
}

// decode refuses keys that it does not know: a misspelt key is a mistake, not
// a default.
func decode(name, text string, into any) error {
	md, err := toml.Decode(text, into)
	if err != nil {
		return fmt.Errorf("lessons/%s: %w", name, err)
	}
	if keys := md.Undecoded(); len(keys) > 0 {
		return fmt.Errorf("lessons/%s: unknown key %q", name, keys[0].String())
	}
	return nil
}

// PythonListing is the Python listing of a lesson, false where there is none. It is the
// file as the lesson shows it.
func PythonListing(lesson string) ([]byte, bool) {
	b, err := files.ReadFile(lesson + "/main.py")
	return b, err == nil
}
