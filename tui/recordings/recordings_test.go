package recordings_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"edu/procession/demos/trace"
	"edu/procession/tui/recordings"
)

func header(minute int, seed uint64) trace.Header {
	return trace.Header{Procession: trace.Format, Demo: "pool-of-workers", Seed: seed, Started: time.Date(2026, 11, 24, 18, minute, 1, 0, time.FixedZone("", 3600))}
}

// run keeps a recording with so many bytes of text in it.
func run(t *testing.T, f recordings.Folder, h trace.Header, text int) {
	t.Helper()
	file, err := f.Create(h)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	r := trace.NewRecorder(h)
	r.Add(trace.Stage, "", trace.Say{Text: strings.Repeat("x", text), Stream: "log"})
	if err := trace.Write(file, h, r.Events(0)); err != nil {
		t.Fatal(err)
	}
}

func words(t *testing.T, f recordings.Folder) string {
	t.Helper()
	all, err := f.List()
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, e := range all {
		out = append(out, e.Word())
	}
	return strings.Join(out, " ")
}

// Recordings are listed newest first, found by id, name and "last", and named.
func TestKeptAndFound(t *testing.T) {
	f := recordings.Folder(filepath.Join(t.TempDir(), "not", "there", "yet"))
	if all, err := f.List(); len(all) > 0 || err != nil {
		t.Errorf("no folder: %v, %v", all, err)
	}
	if _, err := f.Find(recordings.Last); err != recordings.ErrNone {
		t.Error(err)
	}
	run(t, f, header(45, 42), 10)
	run(t, f, header(40, 7), 10)
	run(t, f, header(45, 42), 10) // again within the second
	if got := words(t, f); got != "20261124-174501-pool-of-workers-42-2 20261124-174501-pool-of-workers-42 20261124-174001-pool-of-workers-7" {
		t.Error(got)
	}
	e, err := f.Rename("20261124-174001-pool-of-workers-7", "lost.task_三")
	if err != nil || e.Word() != "lost.task_三" {
		t.Fatal(e, err)
	}
	for _, word := range []string{"lost.task_三", "20261124-174001-pool-of-workers-7"} {
		if found, err := f.Find(word); err != nil || found.Path != e.Path {
			t.Errorf("%s: %v, %v", word, found, err)
		}
	}
	if e, err := f.Find(recordings.Last); err != nil || e.ID != "20261124-174501-pool-of-workers-42-2" {
		t.Errorf("last: %v, %v", e, err)
	}
	for _, bad := range []string{"", "last", "lost.task_三", "a b", "../x", "-x", ".x", "a+b", "20261124-174001-x", "\x1b[1m", strings.Repeat("x", 41)} {
		if e, err := f.Rename(recordings.Last, bad); err == nil {
			t.Errorf("%q was taken for a name: %v", bad, e)
		}
	}
	if m, err := f.Mark("lost.task_三", 1500*time.Millisecond+1); err != nil || !m.Marked || m.Mark != 1500000001 || m.Name != e.Name {
		t.Error(m, err)
	} else if found, err := f.Find("lost.task_三"); err != nil || found != m || !found.Began().Equal(header(40, 7).Started) {
		t.Errorf("%+v, not %+v: %v", found, m, err)
	}
	if e, err = f.Mark(e.ID, -1); err != nil || e.Marked || !strings.HasSuffix(e.Path, "-7+lost.task_三.jsonl") {
		t.Error(e, err)
	}
	if s := e.Summary(); s.Fault != nil || s.Events != 1 || s.Header.Seed != 7 {
		t.Errorf("%+v", s)
	}
	b, _ := os.ReadFile(e.Path)
	if err := f.Delete(recordings.Last); err != nil {
		t.Error(err)
	}
	if got := words(t, f); got != "20261124-174501-pool-of-workers-42 lost.task_三" {
		t.Error(got)
	}
	if err := f.Delete("nobody"); err != recordings.ErrNone {
		t.Error(err)
	}
	os.WriteFile(e.Path, bytes.TrimSuffix(b, []byte("}\n")), 0o600)
	if s := e.Summary(); s.Fault == nil || s.Header.Seed != 7 {
		t.Errorf("a damaged one: %+v", s)
	}
}

// Number and bytes are bounded; the oldest go first, those with a name never.
func TestBounded(t *testing.T) {
	f := recordings.Folder(t.TempDir())
	for i := range 6 {
		run(t, f, header(i, 1), 1000)
	}
	f.Rename("20261124-170001-pool-of-workers-1", "first")
	if n, _, err := f.Prune(4, 1<<20); n != 1 || err != nil {
		t.Errorf("%d went: %v", n, err)
	}
	if n, freed, err := f.Prune(100, 2500); n != 2 || freed < 2000 || err != nil {
		t.Errorf("%d went, %d bytes: %v", n, freed, err)
	}
	if got := words(t, f); got != "20261124-170501-pool-of-workers-1 20261124-170401-pool-of-workers-1 first" {
		t.Error(got)
	}
	for i := range recordings.MaxRuns + 10 {
		h := header(0, uint64(i))
		h.Started = h.Started.Add(time.Hour + time.Duration(i)*time.Second)
		run(t, f, h, 1)
	}
	all, _ := f.List()
	if len(all) != recordings.MaxRuns+1 || all[0].ID != fmt.Sprintf("20261124-180330-pool-of-workers-%d", recordings.MaxRuns+9) {
		t.Errorf("%d are kept, the newest is %v", len(all), all[0])
	}
}

// Whatever else lies in the folder is not ours.
func TestOthersStay(t *testing.T) {
	dir := t.TempDir()
	f := recordings.Folder(dir)
	for _, name := range []string{"notes.txt", "queue.jsonl", "20261124-174501-x.json"} {
		os.WriteFile(filepath.Join(dir, name), []byte("mine"), 0o600)
	}
	os.Mkdir(filepath.Join(dir, "20261124-174501-folder.jsonl"), 0o700)
	run(t, f, header(1, 1), 1)
	if n, _, err := f.Prune(0, 0); n != 1 || err != nil {
		t.Errorf("%d went: %v", n, err)
	}
	if left, _ := os.ReadDir(dir); len(left) != 4 {
		t.Errorf("left: %v", left)
	}
}

// A folder that cannot be is an error in words.
func TestNoFolder(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	os.WriteFile(file, nil, 0o600)
	f := recordings.Folder(filepath.Join(file, "recordings"))
	if _, err := f.Create(header(1, 1)); err == nil {
		t.Error("a recording below a file")
	}
	if err := f.Try(); err == nil {
		t.Error("it can be tried")
	}
	if _, err := f.List(); err == nil {
		t.Error("it can be listed")
	}
}
