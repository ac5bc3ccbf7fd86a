// Package recordings keeps the log of every run in a folder, so that what has
// just been seen can be seen again.
//
//	f, err := recordings.Folder(recordings.Path()).Create(run.Log().Header())
//	…
//	entry, err := recordings.Folder(recordings.Path()).Find("last")
//
// A recording's id is when it began (UTC), of what, with which seed:
// 20261124-184501-pool-of-workers-42. A name that a person gives it is kept in
// the file's name after a plus sign, and a moment that a person marks after an at
// sign, so that the folder and what was said of it cannot disagree.
//
// The rules are:
//  1. The folder is bounded: to make room, the oldest recordings without a name
//     go; those with a name stay for ever (TestBounded).
//  2. A file that is no recording of ours by its name is never touched (TestOthersStay).
//  3. A recording is written as the run goes: after a kill -9 it is there as far
//     as it had got.
package recordings

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/adrg/xdg"

	"edu/procession/demos/trace"
)

// How much is kept. Recordings with a name do not count.
const (
	MaxRuns  = 200       // recordings
	MaxBytes = 128 << 20 // all of them together
	MaxOne   = 32 << 20  // one; what the run does after that is not kept
)

// Last is the word for the newest recording.
const Last = "last"

// Path returns where recordings belong: procession/recordings in the XDG state
// folder. It reads the environment at each call.
func Path() string {
	xdg.Reload()
	return filepath.Join(xdg.StateHome, "procession", "recordings")
}

// Folder is a folder of recordings. It need not exist.
type Folder string

// Entry is a recording in the folder, as its file's name tells.
type Entry struct {
	ID   string
	Name string // given by a person; "" for most
	Path string
	Size int64

	Marked bool          // a person has marked a moment
	Mark   time.Duration // it, as a time in the run

	changed int64 // for the order of those that began in one second
}

// Word is what a person calls it by.
func (e Entry) Word() string { return cmp.Or(e.Name, e.ID) }

// Began returns when the run began, to the second.
func (e Entry) Began() time.Time {
	at, _ := time.Parse(stamp, e.ID[:min(len(stamp), len(e.ID))]) // it is one: ours
	return at
}

const stamp = "20060102-150405"

var (
	ours    = regexp.MustCompile(`^(\d{8}-\d{6}-[a-z0-9-]+)(?:@(\d{1,18}ns))?(?:\+([^+/]+))?\.jsonl$`)
	anID    = regexp.MustCompile(`^\d{8}-\d{6}-`)
	strange = regexp.MustCompile(`[^a-z0-9-]+`)
)

// Create makes room and begins a recording: write its lines as they come, and
// close it. The folder is made where it is missing.
func (f Folder) Create(h trace.Header) (*os.File, error) {
	if err := os.MkdirAll(string(f), 0o700); err != nil {
		return nil, err
	}
	if _, _, err := f.Prune(MaxRuns-1, MaxBytes-MaxOne); err != nil {
		return nil, err
	}
	id := fmt.Sprintf("%s-%s-%d", h.Started.UTC().Format(stamp), strange.ReplaceAllString(h.Demo, "-"), h.Seed)
	for n, unique := 1, id; ; n++ {
		file, err := os.OpenFile(filepath.Join(string(f), unique+".jsonl"), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
		if !errors.Is(err, fs.ErrExist) || n >= MaxRuns {
			return file, err
		}
		unique = id + "-" + strconv.Itoa(n+1)
	}
}

// Try says why no recording can be kept here, nil if one can.
func (f Folder) Try() error {
	err := os.MkdirAll(string(f), 0o700)
	if err != nil {
		return err
	}
	file, err := os.CreateTemp(string(f), "try-")
	if err != nil {
		return err
	}
	file.Close()
	return os.Remove(file.Name())
}

// List returns the recordings, newest first. A folder that is missing has none.
func (f Folder) List() ([]Entry, error) {
	files, err := os.ReadDir(string(f))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("recordings cannot be listed: %w", err)
	}
	var out []Entry
	for _, file := range files {
		m := ours.FindStringSubmatch(file.Name())
		info, err := file.Info()
		if m == nil || err != nil || !info.Mode().IsRegular() {
			continue
		}
		e := Entry{ID: m[1], Name: m[3], Path: filepath.Join(string(f), file.Name()), Size: info.Size(), changed: info.ModTime().UnixNano()}
		if m[2] != "" {
			e.Marked = true
			e.Mark, _ = time.ParseDuration(m[2])
		}
		out = append(out, e)
	}
	slices.SortFunc(out, func(x, y Entry) int {
		return cmp.Or(cmp.Compare(y.ID[:len(stamp)], x.ID[:len(stamp)]), cmp.Compare(y.changed, x.changed), cmp.Compare(y.ID, x.ID))
	})
	return out, nil
}

// ErrNone says that no recording is meant by a word.
var ErrNone = errors.New("no such recording is kept")

// Find returns the recording of that id or name, or the newest for [Last].
func (f Folder) Find(word string) (Entry, error) {
	all, err := f.List()
	if err != nil {
		return Entry{}, err
	}
	i := slices.IndexFunc(all, func(e Entry) bool { return word == Last || word == e.ID || word == e.Name && word != "" })
	if i < 0 {
		return Entry{}, ErrNone
	}
	return all[i], nil
}

// Prune deletes the oldest recordings without a name until at most so many, of at
// most so many bytes, are left. It tells how many went and how large they were.
func (f Folder) Prune(runs int, bytes int64) (gone int, freed int64, err error) {
	all, err := f.List()
	if err != nil {
		return 0, 0, err
	}
	kept, size := 0, int64(0)
	for _, e := range all {
		if e.Name != "" {
			continue
		}
		kept, size = kept+1, size+e.Size
		if kept <= runs && size <= bytes {
			continue
		}
		if err := os.Remove(e.Path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return gone, freed, fmt.Errorf("old recordings cannot be deleted: %w", err)
		}
		gone, freed = gone+1, freed+e.Size
	}
	return gone, freed, nil
}

// Rename gives the recording that word means a name of its own.
func (f Folder) Rename(word, name string) (Entry, error) {
	e, err := f.Find(word)
	if err != nil {
		return e, err
	}
	if err := CheckName(name); err != nil {
		return e, err
	}
	if other, err := f.Find(name); err == nil && other.Path != e.Path {
		return e, fmt.Errorf("%s is called %s already", other.ID, name)
	}
	named := e
	named.Name = name
	if named, err = f.move(named); err != nil {
		return e, fmt.Errorf("it cannot be named: %w", err)
	}
	return named, nil
}

// Mark marks a moment in the recording that word means, in place of the one that
// was marked before; below 0 none is marked. Where the system lets a file be renamed
// while it is written, a run that still goes on can be marked.
func (f Folder) Mark(word string, at time.Duration) (Entry, error) {
	e, err := f.Find(word)
	if err != nil {
		return e, err
	}
	marked := e
	marked.Marked, marked.Mark = at >= 0, max(at, 0)
	if marked, err = f.move(marked); err != nil {
		return e, fmt.Errorf("it cannot be marked: %w", err)
	}
	return marked, nil
}

// Delete deletes the recording that word means.
func (f Folder) Delete(word string) error {
	e, err := f.Find(word)
	if err != nil {
		return err
	}
	if err := os.Remove(e.Path); err != nil {
		return fmt.Errorf("it cannot be deleted: %w", err)
	}
	return nil
}

// move gives the file the name that the entry now has.
func (f Folder) move(e Entry) (Entry, error) {
	name := e.ID
	if e.Marked {
		name += fmt.Sprintf("@%dns", e.Mark)
	}
	if e.Name != "" {
		name += "+" + e.Name
	}
	was := e.Path
	e.Path = filepath.Join(string(f), name+".jsonl")
	return e, os.Rename(was, e.Path)
}

// CheckName refuses names that could be taken for something else, or that no file
// can have.
func CheckName(name string) error {
	odd := func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("-_.", r)
	}
	switch {
	case name == "" || len([]rune(name)) > 40 || strings.ContainsFunc(name, odd) || strings.HasPrefix(name, ".") || strings.HasPrefix(name, "-"):
		return errors.New("a name has 1 to 40 letters, digits, - _ and . and begins with a letter or digit")
	case name == Last || anID.MatchString(name):
		return fmt.Errorf("the name %s would be taken for another recording", name)
	}
	return nil
}
