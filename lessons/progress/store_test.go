package progress

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"
)

func at(t *testing.T) string { return filepath.Join(t.TempDir(), "state", "progress.json") }

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// mustOpen opens the store and closes it when the test ends.
func mustOpen(t *testing.T, path string) *Store {
	t.Helper()
	s, err := open(path, osDisk{}, func() time.Time { return noon })
	must(t, err)
	t.Cleanup(func() { s.Close() })
	return s
}

func part(n int) func(*State) { return func(st *State) { st.Read("a", n, noon) } }

func wantNotice(t *testing.T, s *Store, parts ...string) {
	t.Helper()
	if len(parts) == 0 && s.Notice() != "" {
		t.Errorf("notice %q, want none", s.Notice())
	}
	for _, p := range parts {
		if !strings.Contains(s.Notice(), p) {
			t.Errorf("notice %q, want %q in it", s.Notice(), p)
		}
	}
}

func wantPart(t *testing.T, s *Store, n int) {
	t.Helper()
	if got := s.State().Lesson("a").Part; got != n {
		t.Errorf("part %d, want %d", got, n)
	}
}

func TestReopen(t *testing.T) {
	path := at(t)
	s := mustOpen(t, path)
	wantNotice(t, s)
	must(t, s.Update(func(st *State) { *st = sample() }))
	must(t, s.Close())
	must(t, s.Close())
	if err := s.Update(part(1)); !errors.Is(err, ErrNotSaved) {
		t.Errorf("update after close: %v", err)
	}

	s = mustOpen(t, path)
	wantNotice(t, s)
	if got := s.State(); !reflect.DeepEqual(got, sample()) {
		t.Errorf("state = %+v", got)
	}
	if left, _ := filepath.Glob(path + "*tmp"); left != nil {
		t.Errorf("left behind: %q", left)
	}
}

func TestStateIsACopy(t *testing.T) {
	s := mustOpen(t, at(t))
	must(t, s.Update(func(st *State) { *st = sample() }))
	st := s.State()
	st.Gauges["process-life"]["start"] = Gauge{}
	st.Lessons["process-life"].Runs[0].Seed = 1
	st.Finish("b")
	if got := s.State(); !reflect.DeepEqual(got, sample()) {
		t.Errorf("a change of the copy reached the store: %+v", got)
	}
}

func TestUpdateThatCannotBeKeptChangesNothing(t *testing.T) {
	s := mustOpen(t, at(t))
	must(t, s.Update(part(1)))
	if err := s.Update(func(st *State) { st.Finish("\x1b[31m") }); err == nil || errors.Is(err, ErrNotSaved) {
		t.Errorf("error %v", err)
	}
	func() {
		defer func() { recover() }()
		s.Update(func(st *State) { st.Finish("b"); panic("in f") })
	}()
	if st := s.State(); len(st.Lessons) != 1 {
		t.Errorf("lessons = %v", st.Lessons)
	}
	must(t, s.Update(part(2)))
}

func TestUpdatesFromManyGoroutines(t *testing.T) {
	path := at(t)
	s := mustOpen(t, path)
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			if err := s.Update(func(st *State) { st.Read("a", st.Lesson("a").Part+1, noon) }); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	must(t, s.Close())
	wantPart(t, mustOpen(t, path), 20)
}

// Rule 3.
func TestDamagedFile(t *testing.T) {
	good, err := encode(sample())
	must(t, err)
	for name, bad := range map[string][]byte{
		"empty":      {},
		"truncated":  good[:len(good)/2],
		"one short":  good[:len(good)-3],
		"zeros":      make([]byte, 4096),
		"garbage":    []byte("\x7fELF\x1b[31m"),
		"edited":     bytes.Replace(good, []byte(`"ok": true`), []byte(`"ok": false`), 1),
		"two in one": append(bytes.Clone(good), good...),
		"no schema":  []byte(`{"state":{}}`),
		"too large":  bytes.Repeat([]byte(" "), maxFile+1),
	} {
		t.Run(name, func(t *testing.T) {
			path := at(t)
			s := mustOpen(t, path)
			must(t, s.Update(part(1)))
			must(t, s.Update(part(2)))
			must(t, s.Close())
			must(t, os.WriteFile(path, bad, 0o600))

			for _, aside := range []string{path + ".corrupt-20260301T120000Z", path + ".corrupt-20260301T120000Z-2"} {
				s = mustOpen(t, path)
				wantNotice(t, s, "damaged", filepath.Base(aside), "the copy from before the last change was loaded")
				wantPart(t, s, 1)
				if got, err := os.ReadFile(aside); err != nil || !bytes.Equal(got, bad) {
					t.Errorf("set aside: %q, %v", got, err)
				}
				must(t, s.Close())
				must(t, os.WriteFile(path, bad, 0o600)) // again, in the same second
			}

			must(t, os.WriteFile(path+".bak", bad, 0o600))
			s = mustOpen(t, path)
			wantNotice(t, s, "damaged", "its backup is damaged too", ".bak.corrupt-")
			must(t, s.Update(part(7)))
			must(t, s.Close())
			s = mustOpen(t, path)
			wantNotice(t, s)
			wantPart(t, s, 7)
		})
	}
}

func TestMissingFileWithBackup(t *testing.T) {
	path := at(t)
	s := mustOpen(t, path)
	must(t, s.Update(part(1)))
	must(t, s.Update(part(2)))
	must(t, s.Close())
	must(t, os.Remove(path))
	s = mustOpen(t, path)
	wantNotice(t, s, "the copy from before the last change was loaded")
	wantPart(t, s, 1)
	must(t, s.Close())
	wantNotice(t, mustOpen(t, path))
}

// Rule 4.
func TestNewerSchema(t *testing.T) {
	for name, data := range map[string]string{
		"known":   `{"schema":4,"hash":"blake","state":{"lessons":{"a":{"part":3,"new":1}},"more":[]}}`,
		"unknown": `{"schema":99,"state":[1,2]}`,
		"hostile": `{"schema":4,"state":{"lessons":{"\u001b[31m":{"part":3}}}}`,
	} {
		t.Run(name, func(t *testing.T) {
			path := at(t)
			must(t, os.MkdirAll(filepath.Dir(path), 0o700))
			must(t, os.WriteFile(path, []byte(data), 0o600))
			s := mustOpen(t, path)
			wantNotice(t, s, "newer procession")
			if !s.ReadOnly() {
				t.Error("not read-only")
			}
			if name == "known" {
				wantPart(t, s, 3)
			}
			if err := s.Update(part(9)); !errors.Is(err, ErrNotSaved) {
				t.Errorf("update: %v", err)
			}
			wantPart(t, s, 9)
			for op, err := range map[string]error{"reset": s.Reset(), "import": s.Import(strings.NewReader(data)), "close": s.Close()} {
				if (err == nil) != (op == "close") {
					t.Errorf("%s: %v", op, err)
				}
			}
			if got, err := os.ReadFile(path); err != nil || string(got) != data {
				t.Errorf("file = %q, %v", got, err)
			}
		})
	}
}

// A file of schema 1 is taken over as it is, and written as 3 at the next change;
// the file from before is the .bak.
func TestOlderSchema(t *testing.T) {
	raw := `{"current":"a","lessons":{"a":{"part":3,"predictions":[{"question":"q","choice":2,"confidence":3,"right":true,"when":"2026-02-27T12:00:00Z"}]}},"gauges":{"d":{"g":{"value":1}}}}`
	data := []byte(`{"schema":1,"checksum":"` + checksum([]byte(raw)) + `","state":` + raw + `}`)
	path := at(t)
	must(t, os.MkdirAll(filepath.Dir(path), 0o700))
	must(t, os.WriteFile(path, data, 0o600))
	s := mustOpen(t, path)
	wantNotice(t, s)
	wantPart(t, s, 3)
	if p, ok := s.State().Lesson("a").Prediction("q"); !ok || !p.Right || p.Review {
		t.Errorf("prediction = %+v, %v", p, ok)
	}
	if got := s.State().Lesson("a").Review("q", time.UTC); got != (Review{Predicted: true, Last: DayOf(noon) - 2}) {
		t.Errorf("review = %+v", got)
	}
	must(t, s.Update(func(st *State) { st.Solve("d", "lose", Solved{Moves: 6, When: noon}) }))
	must(t, s.Close())
	if got, err := os.ReadFile(path); err != nil || !bytes.Contains(got, []byte(`"schema": 3`)) {
		t.Errorf("file = %q, %v", got, err)
	}
	if got, err := os.ReadFile(path + ".bak"); err != nil || !bytes.Equal(got, data) {
		t.Errorf(".bak = %q, %v", got, err)
	}
	s = mustOpen(t, path)
	wantPart(t, s, 3)
	if got, ok := s.State().Solved("d", "lose"); !ok || got.Moves != 6 {
		t.Errorf("solved = %+v, %v", got, ok)
	}
}

// Rule 5.
func TestTwoInstances(t *testing.T) {
	path := at(t)
	one := mustOpen(t, path)
	must(t, one.Update(part(1)))
	two := mustOpen(t, path)
	wantNotice(t, two, "another procession is open; this one does not save")
	wantNotice(t, one)
	wantPart(t, two, 1)
	if !two.ReadOnly() || one.ReadOnly() {
		t.Errorf("read-only: %v and %v", one.ReadOnly(), two.ReadOnly())
	}
	if err := two.Update(part(5)); !errors.Is(err, ErrNotSaved) {
		t.Errorf("update of the second: %v", err)
	}
	wantPart(t, two, 5)
	must(t, one.Update(part(2)))
	must(t, two.Close())
	must(t, one.Close())
	three := mustOpen(t, path)
	wantNotice(t, three)
	wantPart(t, three, 2)
}

func TestSecondInstanceLeavesADamagedFile(t *testing.T) {
	path := at(t)
	one := mustOpen(t, path)
	must(t, one.Update(part(1)))
	must(t, one.Update(part(2)))
	must(t, os.WriteFile(path, []byte("garbage"), 0o600))
	two := mustOpen(t, path)
	wantNotice(t, two, "damaged", "another procession is open")
	wantPart(t, two, 1)
	if got, err := os.ReadFile(path); err != nil || string(got) != "garbage" {
		t.Errorf("file = %q, %v", got, err)
	}
}

// Rule 6. Root passes through modes: the folder is made impossible instead.
func TestNowhereToSave(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	must(t, os.WriteFile(file, nil, 0o600))
	paths := []string{filepath.Join(file, "procession", "progress.json")}
	if _, err := os.Stat("/proc/self"); err == nil {
		paths = append(paths, "/proc/procession/progress.json")
	}
	for _, path := range paths {
		s, err := Open(path)
		must(t, err)
		wantNotice(t, s, "cannot be saved here", "kept in memory")
		if err := s.Update(part(4)); !errors.Is(err, ErrNotSaved) || !s.ReadOnly() {
			t.Errorf("%s: update: %v, read-only %v", path, err, s.ReadOnly())
		}
		wantPart(t, s, 4)
		var out bytes.Buffer
		must(t, s.Export(&out))
		must(t, s.Close())
	}
}

func TestNoStateFile(t *testing.T) {
	for _, path := range []string{"", t.TempDir()} {
		if _, err := Open(path); err == nil {
			t.Errorf("%q was opened", path)
		}
	}
}

// Rule 7.
func TestReset(t *testing.T) {
	path := at(t)
	s := mustOpen(t, path)
	must(t, s.Update(part(1)))
	old, err := os.ReadFile(path)
	must(t, err)
	must(t, s.Reset())
	if st := s.State(); !reflect.DeepEqual(st, State{}) {
		t.Errorf("state = %+v", st)
	}
	must(t, s.Update(part(2)))
	must(t, s.Reset()) // in the same second
	for name, want := range map[string]int{".bak-20260301T120000Z": 1, ".bak-20260301T120000Z-2": 2} {
		st, err := read(path + name)
		if err != nil || st.Lesson("a").Part != want {
			t.Errorf("%s: part %d, %v", name, st.Lesson("a").Part, err)
		}
	}
	if got, err := os.ReadFile(path + ".bak-20260301T120000Z"); err != nil || !bytes.Equal(got, old) {
		t.Errorf("kept %q, %v", got, err)
	}
	must(t, s.Close())
	s = mustOpen(t, path)
	wantNotice(t, s)
	wantPart(t, s, 0)
}

// Rule 7.
func TestImport(t *testing.T) {
	from := mustOpen(t, at(t))
	must(t, from.Update(func(st *State) { *st = sample() }))
	var exported bytes.Buffer
	must(t, from.Export(&exported))

	path := at(t)
	s := mustOpen(t, path)
	must(t, s.Update(part(1)))
	before, err := os.ReadFile(path)
	must(t, err)
	for _, bad := range []string{
		"", "{}", "null", exported.String()[:80],
		strings.Replace(exported.String(), "process-life", "process-lie", 1),
		`{"schema":4,"state":{}}`,
	} {
		if err := s.Import(strings.NewReader(bad)); err == nil {
			t.Errorf("%.40q was imported", bad)
		}
	}
	wantPart(t, s, 1)
	if after, err := os.ReadFile(path); err != nil || !bytes.Equal(before, after) {
		t.Errorf("file = %q, %v", after, err)
	}

	must(t, s.Import(&exported))
	if got := s.State(); !reflect.DeepEqual(got, sample()) {
		t.Errorf("state = %+v", got)
	}
	if st, err := read(path + ".bak-20260301T120000Z"); err != nil || st.Lesson("a").Part != 1 {
		t.Errorf("kept %+v, %v", st, err)
	}
	must(t, s.Close())
	if got := mustOpen(t, path).State(); !reflect.DeepEqual(got, sample()) {
		t.Errorf("state after reopening = %+v", got)
	}
}

// Rule 8.
func TestClockJumps(t *testing.T) {
	path := at(t)
	s := mustOpen(t, path)
	for i, d := range []time.Duration{0, time.Hour, -time.Hour, 1e5 * time.Hour, -1e6 * time.Hour} {
		must(t, s.Update(func(st *State) {
			st.Read("a", i, noon.Add(d))
			st.Ran("a", Run{Demo: "d", When: noon.Add(d), Seed: uint64(i)}, nil)
		}))
	}
	must(t, s.Close())
	l := mustOpen(t, path).State().Lesson("a")
	if l.Part != 4 || len(l.Runs) != 5 || l.Runs[4].Seed != 4 || !l.First.Equal(noon) {
		t.Errorf("lesson = %+v", l)
	}
}

func TestPathFollowsTheEnvironment(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("XDG_STATE_HOME", dir)
	if got, want := Path(), filepath.Join(dir, "procession", "progress.json"); got != want {
		t.Errorf("Path() = %q, want %q", got, want)
	}
}

func BenchmarkUpdate(b *testing.B) {
	s, err := Open(filepath.Join(b.TempDir(), "progress.json"))
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	if err := s.Update(func(st *State) { *st = sample() }); err != nil {
		b.Fatal(err)
	}
	for i := 0; b.Loop(); i++ {
		if err := s.Update(part(i)); err != nil {
			b.Fatal(err)
		}
	}
}
