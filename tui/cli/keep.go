package cli

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"edu/procession/demos/board"
	"edu/procession/demos/demo"
	"edu/procession/demos/safe"
	"edu/procession/demos/trace"
	"edu/procession/tui/recordings"
)

// gather is how long events wait to be written together. A kill -9 of the program
// loses what came within it; the run itself never waits for the file.
const gather = 200 * time.Millisecond

// writeDown writes a run's log to a file as it grows, no further than about max
// bytes, and closes it.
func writeDown(run demo.Run, f io.WriteCloser, max int) error {
	form := &fileForm{left: max}
	form.w = bufio.NewWriterSize(io.MultiWriter(f, form), 64<<10)
	return join(follow(run, form, gather), f.Close())
}

// fileForm is the log in chunks of whole lines, so many bytes of it.
type fileForm struct {
	jsonForm
	left int
}

var errLong = errors.New("this one has grown too long, and ends here")

func (f *fileForm) events(events []trace.Event) error {
	for chunk := range slices.Chunk(events, 256) {
		if f.left <= 0 {
			return errLong
		}
		if err := f.jsonForm.events(chunk); err != nil {
			return err
		}
	}
	return nil
}

// Write counts what was written.
func (f *fileForm) Write(p []byte) (int, error) {
	f.left -= len(p)
	return len(p), nil
}

// record starts demos whose log is kept in a file of the learner's choice, the
// last one's where there are several: an undo is a run of its own, which has all
// the steps that are left. A run is over when its file is complete.
func (a *app) record(path string) demo.Starter {
	start := a.Start
	a.attempts.path = path
	return func(d demo.Demo, o demo.Options) (demo.Run, error) {
		f, err := os.Create(path)
		if err != nil {
			return nil, fmt.Errorf("the recording cannot be kept: %w", err)
		}
		run, err := start(d, o)
		if err != nil {
			f.Close()
			return nil, err
		}
		a.attempts.runs.Add(1)
		r := &recording{Run: run, done: make(chan struct{})}
		go func() {
			defer close(r.done)
			r.err = writeDown(run, f, math.MaxInt)
		}()
		return r, nil
	}
}

// attempts are the runs that were written to the file of the learner's choice, each
// over the one before.
type attempts struct {
	path string
	runs atomic.Int32
}

// tell says which of several runs the file holds.
func (r *attempts) tell(w io.Writer) {
	if n := r.runs.Load(); n > 1 {
		fmt.Fprintf(w, "procession: %s holds the last of %d runs: an undo, and whatever starts a run anew, begins it again\n", safe.Line(r.path, 200), n)
	}
}

// recording is a run that is over when its file is complete.
type recording struct {
	demo.Run
	done chan struct{}
	err  error
}

func (r *recording) Done() <-chan struct{} { return r.done }

func (r *recording) Err() error {
	if err := r.Run.Err(); err != nil {
		return err
	}
	select {
	case <-r.done:
		return r.err
	default:
		return nil
	}
}

// keep starts demos whose log is kept in the folder of recordings, unless the
// learner does not want that. What goes wrong with it is told once and harms no
// run: neither its start nor its end waits for the folder (TestKeep).
func (a *app) keep(start demo.Starter) demo.Starter {
	if a.noKeep || start == nil {
		return start
	}
	return a.keeper.starter(start)
}

// keeper keeps runs.
type keeper struct {
	create func(trace.Header) (io.WriteCloser, error) // nil: in the folder of recordings

	busy sync.WaitGroup
	once sync.Once
	mu   sync.Mutex
	late string // what could not be told in a run's log any more
	step string // the file of the last run in step mode, and that run
	was  demo.Run
	ids  map[demo.Run]string // of the recordings of runs
}

// leave is how long the program waits at its end for files to be complete.
const leave = 2 * time.Second

func (k *keeper) starter(start demo.Starter) demo.Starter {
	return func(d demo.Demo, o demo.Options) (demo.Run, error) {
		run, err := start(d, o)
		if err == nil {
			k.busy.Go(func() { k.keep(run, o) })
		}
		return run, err
	}
}

func (k *keeper) keep(run demo.Run, o demo.Options) {
	create := k.create
	if create == nil {
		create = func(h trace.Header) (io.WriteCloser, error) {
			return recordings.Folder(recordings.Path()).Create(h)
		}
	}
	f, err := create(run.Log().Header())
	if err == nil {
		k.note(run, f)
		if file, ok := f.(*os.File); ok && o.Step {
			k.replace(file.Name(), run, o.Schedule)
		}
		err = writeDown(run, f, recordings.MaxOne)
	}
	if err != nil {
		k.once.Do(func() { k.tell(run, "recordings are not kept: "+safe.Line(err.Error(), 300)) })
	}
}

// note keeps which recording is a run's.
func (k *keeper) note(run demo.Run, f io.WriteCloser) {
	file, ok := f.(*os.File)
	if !ok {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.ids == nil {
		k.ids = map[demo.Run]string{}
	}
	k.ids[run] = strings.TrimSuffix(filepath.Base(file.Name()), ".jsonl")
}

// id is the recording of a run, "" where there is none.
func (k *keeper) id(run demo.Run) string {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.ids[run]
}

// replace takes the place of the last run in step mode, when this one is made of
// its first moves: an undo is a run of its own, and a learner undoes often.
func (k *keeper) replace(path string, run demo.Run, moves demo.Schedule) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.step != "" && len(moves) > 0 {
		b := board.New()
		for _, e := range k.was.Log().Events(0) {
			b.Apply(e)
		}
		if all := b.Step.Schedule; len(moves) <= len(all) && slices.Equal(moves, demo.Schedule(all[:len(moves)])) {
			os.Remove(k.step) // gone, named, or marked, is as well
		}
	}
	k.step, k.was = path, run
}

// tell puts a sentence into the log, where every form of a run shows it.
func (k *keeper) tell(run demo.Run, text string) {
	select {
	case <-run.Done():
		k.mu.Lock()
		k.late = text
		k.mu.Unlock()
	default:
		run.Log().Add(trace.Stage, "", trace.Say{Text: text, Stream: "log"})
	}
}

// wait lets what is being written come to its end, and tells what is left to tell.
func (k *keeper) wait(w io.Writer) {
	done := make(chan struct{})
	go func() {
		k.busy.Wait()
		close(done)
	}()
	select {
	case <-done:
	case <-time.After(leave):
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.late != "" {
		fmt.Fprintln(w, "procession:", k.late)
		k.late = ""
	}
}
