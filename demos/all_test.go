package demos_test

import (
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"edu/procession/demos"
	"edu/procession/demos/demo"
	"edu/procession/demos/python"
	"edu/procession/demos/stage/stagetest"
	"edu/procession/lessons"
)

func TestMain(m *testing.M) { stagetest.Main(m, demos.All...) }

// What may import what: see the table of folders in the README. A folder that is
// not named here may import nothing of ours.
var layers = map[string][]string{
	"demos/safe":              {},
	"demos/trace":             {},
	"demos/trace/export":      {"demos/trace", "demos/safe"},
	"demos/board":             {"demos/trace"},
	"demos/demo":              {"demos/trace"},
	"demos/stage/warden":      {},
	"demos/stage":             {"demos/cluster", "demos/demo", "demos/trace", "demos/safe", "demos/stage/warden"},
	"demos/stage/stagetest":   {"demos/board", "demos/demo", "demos/stage", "demos/stage/warden", "demos/trace"},
	"demos":                   {"demos/..."},
	"lessons":                 {},
	"lessons/progress":        {},
	"lessons/review":          {"lessons", "lessons/progress"},
	"lessons/table":           {"lessons", "lessons/progress"},
	"tui":                     {"lessons", "lessons/progress", "lessons/review", "lessons/table", "demos/board", "demos/demo", "demos/safe", "demos/trace", "tui/reader", "tui/recordings", "tui/tally", "tui/theme", "tui/view"},
	"tui/theme":               {"demos/board", "demos/trace"},
	"tui/reader":              {"tui/theme", "demos/board", "demos/trace", "demos/safe"},
	"tui/view":                {"tui/theme", "demos/board", "demos/trace", "demos/safe"},
	"tui/shot":                {},
	"tui/tally":               {"lessons/progress", "lessons/table", "demos/board", "demos/demo", "demos/trace"},
	"tui/recordings":          {"demos/trace"},
	"tui/cli":                 {"lessons", "lessons/progress", "lessons/review", "lessons/table", "demos/board", "demos/demo", "demos/safe", "demos/trace", "demos/trace/export", "tui", "tui/recordings", "tui/tally", "tui/view"},
	"":                        {"..."},
	"demos/early":             {"demos/..."},
	"demos/cluster":           {"demos/demo", "demos/trace"},
	"demos/cluster/broker":    {"demos/cluster", "demos/demo", "demos/trace"},
	"demos/<a demo>":          {"demos/cluster", "demos/cluster/...", "demos/demo", "demos/trace", "demos/safe", "demos/internal/..."},
	"demos/nodepool":          {"demos/cluster", "demos/cluster/...", "demos/demo", "demos/pool", "demos/trace"},
	"demos/nodequeue":         {"demos/cluster", "demos/cluster/...", "demos/demo", "demos/queue", "demos/trace"},
	"lessons/<a listing>":     {},
	"demos/internal/troupe":   {"demos/demo", "demos/trace"},
	"demos/internal/<a part>": {},
}

const module = "edu/procession"

func TestLayers(t *testing.T) {
	out, err := exec.Command("go", "list", "-f", `{{.ImportPath}}:{{join .Imports " "}}`, module+"/...").Output()
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(out)) {
		path, imports, _ := strings.Cut(strings.TrimSpace(line), ":")
		pkg := strings.TrimPrefix(strings.TrimPrefix(path, module), "/")
		may, ok := layers[pkg]
		if !ok {
			kind := "demos/<a demo>"
			if strings.HasPrefix(pkg, "lessons/") {
				kind = "lessons/<a listing>"
			} else if strings.HasPrefix(pkg, "demos/internal/") {
				kind = "demos/internal/<a part>"
			}
			may = layers[kind]
		}
		for imp := range strings.FieldsSeq(imports) {
			if strings.HasPrefix(pkg, "demos") && strings.HasPrefix(imp, "charm.land/") {
				t.Errorf("%s draws: it imports %s", pkg, imp)
			}
			ours, is := strings.CutPrefix(imp, module+"/")
			if is && !slices.ContainsFunc(may, func(m string) bool {
				dir, all := strings.CutSuffix(m, "...")
				return m == ours || all && strings.HasPrefix(ours, dir)
			}) {
				t.Errorf("%s must not import %s", pkg, ours)
			}
		}
	}
}

// A lesson has a demo, a demo has a lesson, and what a lesson names is measured.
func TestLessonsAndDemos(t *testing.T) {
	gauges := map[string][]string{}
	for _, d := range withPython() {
		i := d.Info()
		gauges[i.Name] = nil
		for _, g := range i.Gauges {
			gauges[i.Name] = append(gauges[i.Name], g.Name)
			if g.Doc == "" {
				t.Errorf("%s: nobody knows what %s measures", i.Name, g.Name)
			}
		}
	}
	for _, lang := range lessons.Languages() {
		c, err := lessons.Load(lang)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range lessons.Problems(c, gauges) {
			t.Error(p)
		}
		for name := range gauges {
			if !slices.ContainsFunc(c.Lessons(), func(l *lessons.Lesson) bool { return l.Demo == name }) {
				t.Errorf("no lesson uses the demo %s", name)
			}
		}
		for _, l := range c.Lessons() {
			fits(t, l.ID, l.Demo, l.Set)
			for _, q := range l.Questions {
				if f := q.Forecast; f != nil {
					fits(t, l.ID+" "+q.ID, f.Demo, f.Set)
				}
			}
		}
	}
}

// withPython is what the program puts on stage: the demo python, which has no roles of
// ours, is added to All where lessons are at hand.
func withPython() []demo.Demo {
	return append(slices.Clip(demos.All), python.Demo{Listing: lessons.PythonListing})
}

// fits holds that a demo has the settings and takes them.
func fits(t *testing.T, where, name string, set map[string]string) {
	all := withPython()
	at := slices.IndexFunc(all, func(d demo.Demo) bool { return d.Info().Name == name })
	if at < 0 {
		return // Problems has said so
	}
	d := all[at]
	for k, v := range set {
		p := slices.IndexFunc(d.Info().Params, func(p demo.Param) bool { return p.Name == k })
		if p < 0 {
			t.Errorf("%s sets %s of %s, which has no such setting", where, k, name)
		} else if check := d.Info().Params[p].Check; check != nil && check(v) != nil {
			t.Errorf("%s sets %s=%s: %v", where, k, v, check(v))
		}
	}
}

// Each key is documented and does one thing; each default passes its own check.
func TestInfos(t *testing.T) {
	names := map[string]bool{}
	for _, d := range demos.All {
		i := d.Info()
		if names[i.Name] || i.Title == "" || i.Doc == "" || len(i.Places) == 0 || len(i.Gauges) == 0 || len(d.Roles()) == 0 {
			t.Errorf("%s is not described, or twice there", i.Name)
		}
		names[i.Name] = true
		keys := map[string]string{}
		for _, a := range i.Actions {
			if a.Doc == "" || a.Key == "" || keys[a.Key] != "" {
				t.Errorf("%s: the action %s has no key of its own, or no description (%q %q)", i.Name, a.Name, a.Key, keys[a.Key])
			}
			keys[a.Key] = a.Name
		}
		for _, p := range i.Params {
			if p.Doc == "" {
				t.Errorf("%s: the setting %s is not described", i.Name, p.Name)
			}
			if p.Check != nil {
				if err := p.Check(p.Default); err != nil {
					t.Errorf("%s: the default %s=%s: %v", i.Name, p.Name, p.Default, err)
				}
			}
		}
		mends := 0
		for _, z := range i.Puzzles {
			is := func(name string) bool {
				return slices.ContainsFunc(i.Params, func(p demo.Param) bool { return p.Name == name })
			}
			for name := range z.Set {
				if !is(name) {
					t.Errorf("%s: the puzzle %s sets %s, which is no setting", i.Name, z.Name, name)
				}
			}
			if z.Mend != "" {
				mends++
				if !is(z.Mend) || mends > 1 {
					t.Errorf("%s: the puzzle to mend %s is the second, or chooses %s, which is no setting", i.Name, z.Name, z.Mend)
				}
			}
		}
		if len(i.Puzzles) > 0 && mends == 0 {
			t.Errorf("%s has steps, and no puzzle to mend", i.Name)
		}
		if fmt.Sprint(i) != fmt.Sprint(d.Info()) {
			t.Errorf("%s describes itself in two ways", i.Name)
		}
	}
}
