// Package progress keeps what a learner has done: lessons read, predictions,
// runs and what they measured. It is one JSON file of one writer.
//
//	store, err := progress.Open(progress.Path())
//	if n := store.Notice(); n != "" { … show n … }
//	err = store.Update(func(st *progress.State) { st.Read("process-life", 2, time.Now()) })
//	id, more := store.State().Next(ids)
//
// A learner's progress is not worth a crash and worth more than a warning, so
// the package goes on whatever happens, loses nothing that is on disk, and says
// in one sentence what is the matter.
//
// The rules are:
//
//  1. When Update has returned nil its change is on disk: a kill -9 or a power
//     cut after that loses nothing (TestKill, TestCrashAtEachStep).
//  2. At every moment the file holds one whole state, and .bak the one before
//     (TestCrashAtEachStep).
//  3. A damaged file is renamed to .corrupt-<time>, never over another file,
//     and .bak is loaded (TestDamagedFile).
//  4. A file of a newer schema is not written to (TestNewerSchema).
//  5. One process writes. Another reads and does not save (TestTwoInstances).
//  6. Where nothing can be saved, everything works in memory, and a save that
//     failed is tried again at the next change (TestNowhereToSave, TestFullDisk).
//  7. Reset and Import keep the file that they replace as .bak-<time>, and
//     change nothing if they fail (TestReset, TestImport).
//  8. No decision rests on a clock (TestClockJumps), but for when a question comes
//     back; and there a clock that jumps does no harm (TestReviewClock).
package progress

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/adrg/xdg"
	"github.com/gofrs/flock"
)

// ErrNotSaved is what Update returns, wrapped, when the change is in memory but
// this store does not write: Notice says why. Nothing needs to be done about it.
var ErrNotSaved = errors.New("progress is not saved")

// Path returns where the state file belongs: procession/progress.json in the
// XDG state folder. It reads the environment at each call.
func Path() string {
	xdg.Reload()
	return filepath.Join(xdg.StateHome, "procession", "progress.json")
}

// Store is an open state file. Its methods may be called from any goroutine.
type Store struct {
	path string
	disk disk
	now  func() time.Time
	lock *flock.Flock

	saving sync.Mutex // held while writing; taken before mu
	mu     sync.Mutex
	state  State // replaced, never changed in place
	asked  uint64
	saved  uint64 // asked when the file was written last
	frozen bool   // never write
	notes  []string
	fault  string // the last save failed
}

// Open loads the state from path and locks it for writing. Whatever it finds,
// the store works, if need be in memory alone; see Notice. An error means that
// path cannot be a state file: it is empty or names a folder.
func Open(path string) (*Store, error) { return open(path, osDisk{}, time.Now) }

func open(path string, d disk, now func() time.Time) (*Store, error) {
	if path == "" {
		return nil, errors.New("open progress: the path is empty")
	}
	if fi, err := os.Stat(path); err == nil && fi.IsDir() {
		return nil, fmt.Errorf("open progress: %s is a folder", path)
	}
	if p, err := filepath.EvalSymlinks(path); err == nil {
		path = p
	}
	s := &Store{path: path, disk: d, now: now}
	s.acquire()
	s.load()
	return s, nil
}

// acquire takes the lock, or freezes the store.
func (s *Store) acquire() {
	if err := os.MkdirAll(filepath.Dir(s.path), 0o700); err != nil {
		s.freeze("progress cannot be saved here (%s); it is kept in memory until you leave", reason(err))
		return
	}
	s.lock = flock.New(s.path + ".lock")
	switch ok, err := s.lock.TryLock(); {
	case err != nil:
		s.freeze("progress cannot be saved here (%s); it is kept in memory until you leave", reason(err))
	case !ok:
		s.freeze("another procession is open; this one does not save")
	default:
		os.Remove(s.path + ".tmp") // of a save that did not end: never acknowledged
	}
}

func (s *Store) load() {
	st, err := read(s.path)
	switch {
	case err == nil:
		s.state = st
	case errors.Is(err, errNewer):
		s.state = st
		s.freeze("your progress was saved by a newer procession; this one shows it and does not save")
	case errors.Is(err, errCorrupt):
		s.setAside(s.path, "the progress file is damaged")
		s.loadBackup()
	case errors.Is(err, fs.ErrNotExist):
		s.loadBackup()
	case s.lock == nil: // there is no folder, and the notice says so
	default:
		s.freeze("the progress file cannot be read (%s); this run is kept in memory until you leave", reason(err))
	}
}

// loadBackup is for when there is no file, or no longer.
func (s *Store) loadBackup() {
	bak := s.path + ".bak"
	st, err := read(bak)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return
	case err == nil:
		s.state = st
		s.note("the copy from before the last change was loaded")
		if !s.frozen {
			s.asked++
			s.fault = sentence(s.flush(s.asked))
		}
	case errors.Is(err, errNewer):
		s.state = st
		s.freeze("your progress was saved by a newer procession; this one shows it and does not save")
	case errors.Is(err, errCorrupt):
		s.setAside(bak, "its backup is damaged too")
	default:
		s.freeze("the backup of your progress cannot be read (%s); this run is kept in memory until you leave", reason(err))
	}
}

// setAside renames a damaged file, unless another process owns it.
func (s *Store) setAside(path, what string) {
	if s.frozen {
		s.note("%s", what)
		return
	}
	to := s.free(path + ".corrupt-")
	if err := s.disk.rename(path, to); err != nil {
		s.freeze("%s and cannot be set aside (%s); this run is kept in memory until you leave", what, reason(err))
		return
	}
	s.note("%s; it is kept as %s", what, filepath.Base(to))
}

// free returns prefix and the time, made into a name that is not taken.
func (s *Store) free(prefix string) string {
	base := prefix + s.now().UTC().Format("20060102T150405Z")
	name := base
	for i := 2; ; i++ {
		if _, err := os.Lstat(name); errors.Is(err, fs.ErrNotExist) {
			return name
		}
		name = fmt.Sprintf("%s-%d", base, i)
	}
}

func (s *Store) note(format string, args ...any) {
	s.notes = append(s.notes, fmt.Sprintf(format, args...))
}

func (s *Store) freeze(format string, args ...any) {
	s.frozen = true
	s.note(format, args...)
}

// Notice returns what the learner should know, in words for the screen: that
// something was set aside, or that this run is not saved. It is empty when all
// is well, and changes when a save fails or succeeds again.
func (s *Store) Notice() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := s.notes
	if s.fault != "" {
		all = append(all[:len(all):len(all)], s.fault)
	}
	return strings.Join(all, ". ")
}

// ReadOnly reports whether this store never writes: another process does, the
// file is of a newer schema, or there is nowhere to write.
func (s *Store) ReadOnly() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.frozen
}

// State returns a copy of the state.
func (s *Store) State() State {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.state.clone()
}

// Update changes the state through f and saves it. State shows the change
// before it is saved; nil means that it is on disk. It waits for the disk, so an
// interface calls it off its own goroutine; calls that come while one waits are
// saved together. If f leaves a state that cannot be kept (a name that is none),
// nothing changes. f must not use the store.
func (s *Store) Update(f func(*State)) error {
	n, err := s.apply(f)
	if err != nil {
		return err
	}
	s.saving.Lock()
	defer s.saving.Unlock()
	return s.flush(n)
}

func (s *Store) apply(f func(*State)) (uint64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	next := s.state.clone()
	f(&next)
	next.tidy()
	if err := next.validate(); err != nil {
		return 0, fmt.Errorf("update progress: %w", err)
	}
	s.state = next
	s.asked++
	return s.asked, nil
}

// flush writes the state if change n is not on disk yet. saving is held, or
// nobody else knows the store.
func (s *Store) flush(n uint64) error {
	s.mu.Lock()
	st, asked, done, frozen := s.state, s.asked, s.saved >= n, s.frozen
	s.mu.Unlock()
	if done {
		return nil
	}
	if frozen {
		return fmt.Errorf("update progress: %w", ErrNotSaved)
	}
	err := s.write(st)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fault = sentence(err)
	if err != nil {
		return fmt.Errorf("save progress: %w", err)
	}
	s.saved = asked
	return nil
}

func (s *Store) write(st State) error {
	data, err := encode(st)
	if err != nil {
		return err
	}
	return save(s.disk, s.path, data)
}

// Reset forgets everything. The old file is kept as .bak-<time>.
func (s *Store) Reset() error {
	if err := s.replace(State{}); err != nil {
		return fmt.Errorf("reset progress: %w", err)
	}
	return nil
}

// Export writes the state in the form of the file.
func (s *Store) Export(w io.Writer) error {
	data, err := encode(s.State())
	if err != nil {
		return err
	}
	if _, err := w.Write(data); err != nil {
		return fmt.Errorf("export progress: %w", err)
	}
	return nil
}

// Import replaces the state by one that Export wrote. The old file is kept as
// .bak-<time>.
func (s *Store) Import(r io.Reader) error {
	data, err := io.ReadAll(io.LimitReader(r, maxFile+1))
	if err != nil {
		return fmt.Errorf("import progress: %w", err)
	}
	st, err := decode(data)
	if err != nil {
		return fmt.Errorf("import progress: %w", err)
	}
	if err := s.replace(st); err != nil {
		return fmt.Errorf("import progress: %w", err)
	}
	return nil
}

func (s *Store) replace(st State) error {
	s.saving.Lock()
	defer s.saving.Unlock()
	if s.ReadOnly() {
		return ErrNotSaved
	}
	st.tidy()
	if err := keep(s.disk, s.path, s.free(s.path+".bak-")); err != nil {
		return err
	}
	if err := s.write(st); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.state, s.fault = st, ""
	s.asked++
	s.saved = s.asked
	return nil
}

// Close tries once more to save what is not saved, and lets another procession
// write. The store then works in memory. It may be called twice.
func (s *Store) Close() error {
	s.saving.Lock()
	defer s.saving.Unlock()
	s.mu.Lock()
	n, frozen := s.asked, s.frozen
	s.mu.Unlock()
	var err error
	if !frozen {
		err = s.flush(n)
	}
	s.mu.Lock()
	s.frozen = true
	s.mu.Unlock()
	if s.lock != nil {
		err = errors.Join(err, s.lock.Unlock())
	}
	return err
}

func sentence(err error) string {
	if err == nil {
		return ""
	}
	return fmt.Sprintf("progress cannot be saved now (%s); it is kept in memory and tried again", reason(err))
}

// reason is the cause of err without the paths that wrap it.
func reason(err error) string {
	for {
		next := errors.Unwrap(err)
		if j, ok := err.(interface{ Unwrap() []error }); ok && len(j.Unwrap()) > 0 {
			next = j.Unwrap()[0]
		}
		if next == nil {
			return err.Error()
		}
		err = next
	}
}
