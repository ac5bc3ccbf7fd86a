// Package stagetest plays demos in tests: on real processes, checked from outside.
//
//	func TestMain(m *testing.M) { stagetest.Main(m, life.Demo{}) }
//
//	func TestKill(t *testing.T) {
//		got := stagetest.Play(t, life.Demo{}, demo.Options{Pace: demo.Fast, Seed: 1})
//		…got.Board, got.Events, got.Err
//	}
package stagetest

import (
	"bytes"
	"os"
	"runtime"
	"testing"
	"time"

	"github.com/adrg/xdg"

	"edu/procession/demos/board"
	"edu/procession/demos/demo"
	"edu/procession/demos/stage"
	"edu/procession/demos/stage/warden"
	"edu/procession/demos/trace"
)

// A role must run on the main thread, as it does in the program, where package
// early calls it from an init.
func init() { runtime.LockOSThread() }

// Main is a TestMain for packages whose demos are under test: the test binary is
// what the stage executes again.
func Main(m *testing.M, demos ...demo.Demo) {
	os.Setenv("GORACE", "atexit_sleep_ms=0") // else each worker takes a second to end under -race
	warden.Early()
	demo.Early(demos)
	host(demos)
	dir, err := os.MkdirTemp("", "procession-state") // leases of tests are not the learner's
	if err != nil {
		panic(err)
	}
	os.Setenv("XDG_STATE_HOME", dir)
	xdg.Reload()
	code := m.Run()
	os.RemoveAll(dir)
	os.Exit(code)
}

// Result is a run that is over.
type Result struct {
	Header trace.Header
	Events []trace.Event
	Board  *board.Board
	Err    error
}

// Patience is how long a run may take before a test gives it up.
const Patience = 90 * time.Second

// Start starts a demo and ends it with the test.
func Start(t testing.TB, d demo.Demo, o demo.Options) demo.Run {
	t.Helper()
	run, err := stage.Start(d, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		run.Stop()
		<-run.Done()
	})
	return run
}

// Play plays a demo to its end, checks its log and that none of its processes is
// left, and returns what came of it.
func Play(t testing.TB, d demo.Demo, o demo.Options) Result {
	t.Helper()
	return End(t, Start(t, d, o))
}

// End waits for the end of a run and checks it as Play does.
func End(t testing.TB, run demo.Run) Result {
	t.Helper()
	select {
	case <-run.Done():
	case <-time.After(Patience):
		t.Fatalf("the run is not over after %v", Patience)
	}
	events := run.Log().Events(0)
	if err := trace.Validate(events); err != nil {
		t.Errorf("the log breaks a rule: %v", err)
	}
	h := run.Log().Header()
	Gone(t, h.Token)
	var buf bytes.Buffer
	if err := trace.Write(&buf, h, events); err != nil {
		t.Errorf("the log cannot be written: %v", err)
	} else if _, again, err := trace.Read(&buf); err != nil || len(again) != len(events) {
		t.Errorf("the log does not read back: %d events of %d, %v", len(again), len(events), err)
	}
	return Result{h, events, board.Of(events).At(len(events)), run.Err()}
}

// Until waits until the fold of a run's log satisfies ok, and returns that Board.
func Until(t testing.TB, run demo.Run, what string, ok func(*board.Board) bool) *board.Board {
	t.Helper()
	ctx, cancel := contextFor(t)
	defer cancel()
	b := board.New()
	for {
		for _, e := range run.Log().Events(b.Pos) {
			b.Apply(e)
			if ok(b) {
				return b
			}
		}
		if !run.Log().Wait(ctx, b.Pos) {
			t.Fatalf("never came to: %s", what)
		}
	}
}
