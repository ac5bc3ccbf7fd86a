package cli

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"edu/procession/demos/demo"
	"edu/procession/demos/trace"
	"edu/procession/tui/recordings"
)

// played is a run whose log the test writes.
type played struct {
	log  *trace.Recorder
	over chan struct{}
}

var _ demo.Run = (*played)(nil)

func (p *played) Log() *trace.Recorder       { return p.log }
func (p *played) Act(string, trace.ID) error { return nil }
func (p *played) Finish()                    {}
func (p *played) Go(trace.ID) error          { return nil }
func (p *played) Stop()                      {}
func (p *played) Done() <-chan struct{}      { return p.over }
func (p *played) Err() error                 { return nil }

func (p *played) say(text string) {
	p.log.Add(trace.Worker, "w", trace.Say{Text: text, Stream: "stdout"})
}

func (p *played) end() {
	p.log.Close()
	close(p.over)
}

// told waits for what the stage says in a run's log.
func (p *played) told(t *testing.T) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	n := 0
	for p.log.Wait(ctx, n) {
		for _, e := range p.log.Events(n) {
			n++
			if s, ok := e.Data.(trace.Say); ok && e.Source == trace.Stage {
				return s.Text
			}
		}
	}
	t.Fatal("nothing is told")
	return ""
}

func start(t *testing.T, k *keeper) *played {
	t.Helper()
	run, err := k.starter(func(demo.Demo, demo.Options) (demo.Run, error) {
		return &played{trace.NewRecorder(trace.Header{Demo: "played", Started: time.Now()}), make(chan struct{})}, nil
	})(nil, demo.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return run.(*played)
}

// No folder, a full disk, a hung one: the run goes on, and the learner is told
// once.
func TestKeep(t *testing.T) {
	full := func(trace.Header) (io.WriteCloser, error) { return os.OpenFile("/dev/full", os.O_WRONLY, 0) }
	if _, err := full(trace.Header{}); err != nil {
		full = func(trace.Header) (io.WriteCloser, error) { return nil, errors.New("no space left on device") }
	}
	for want, create := range map[string]func(trace.Header) (io.WriteCloser, error){
		"no space left": full,
		"not a directory": func(h trace.Header) (io.WriteCloser, error) {
			file := filepath.Join(t.TempDir(), "file")
			os.WriteFile(file, nil, 0o600)
			return recordings.Folder(filepath.Join(file, "recordings")).Create(h)
		},
	} {
		k := &keeper{create: create}
		run := start(t, k)
		run.say("here")
		if got := run.told(t); !strings.HasPrefix(got, "recordings are not kept: ") || !strings.Contains(got, want) {
			t.Errorf("%s: told %q", want, got)
		}
		run.end()
		again := start(t, k)
		again.say("still here")
		again.end()
		var out bytes.Buffer
		k.wait(&out)
		if n := len(again.log.Events(0)); n != 1 || out.Len() > 0 {
			t.Errorf("%s: told again: %d events, %q", want, n, out.String())
		}
	}

	// What is found out when the log is closed is told by the program, on its way out.
	k := &keeper{}
	gone := make(chan struct{})
	k.create = func(trace.Header) (io.WriteCloser, error) { <-gone; return nil, errors.New("gone") }
	run := start(t, k)
	run.end() // it does not wait for the folder
	close(gone)
	var out bytes.Buffer
	k.wait(&out)
	if got := out.String(); got != "procession: recordings are not kept: gone\n" {
		t.Errorf("told %q", got)
	}
}

// file is a file in memory.
type file struct {
	bytes.Buffer
	closed bool
}

func (f *file) Close() error {
	f.closed = true
	return nil
}

// The file holds the log as it is; one that grows too long ends with a whole line.
func TestWrittenDown(t *testing.T) {
	run := &played{trace.NewRecorder(trace.Header{Demo: "played"}), make(chan struct{})}
	for range 5000 {
		run.say(strings.Repeat("long ", 40))
	}
	run.end()
	var whole, cut file
	if err := writeDown(run, &whole, 10<<20); err != nil || !whole.closed {
		t.Error(err)
	}
	if _, events, err := trace.Read(&whole); err != nil || len(events) != 5000 {
		t.Errorf("%d events, %v", len(events), err)
	}
	if err := writeDown(run, &cut, 100_000); !errors.Is(err, errLong) || !cut.closed {
		t.Error(err)
	}
	n := cut.Len()
	if _, events, err := trace.Read(&cut); err != nil || len(events) < 300 || n > 300_000 {
		t.Errorf("%d events in %d bytes, %v", len(events), n, err)
	}
}

// BenchmarkWrittenDown is what keeping a run costs: CPU time for an event.
func BenchmarkWrittenDown(b *testing.B) {
	run := &played{trace.NewRecorder(trace.Header{Demo: "played"}), make(chan struct{})}
	for i := range 100_000 {
		run.log.Add(trace.Stage, "worker-1", trace.Task{Is: trace.KindTaskRun, Task: i, Worker: "worker-1"})
	}
	run.end()
	for b.Loop() {
		f, err := os.Create(filepath.Join(b.TempDir(), "run.jsonl"))
		if err == nil {
			err = writeDown(run, f, recordings.MaxOne)
		}
		if err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/100_000, "ns/event")
}
