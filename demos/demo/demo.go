// Package demo is the contract between a demo and everything else.
//
// A demo is a play for real processes. [Demo.Play] runs in the program and
// makes things happen through a [Stage]; a [Role] runs in a child process, which
// is this binary executed again, and speaks through a [Worker]. Neither draws:
// both report facts of package trace, and views are drawn from those.
//
//	func (d life) Play(ctx context.Context, s demo.Stage) error {
//		p, err := s.Spawn(ctx, demo.Spec{Role: "worker"})
//		if err != nil {
//			return err
//		}
//		exit, err := p.Wait(ctx)
//		…
//	}
//
//	func worker(ctx context.Context, w *demo.Worker) error {
//		w.Block("timer")
//		w.Sleep(time.Second)
//		return nil // exit code 0; an error gives 1 and a line on standard error
//	}
//
// This package, and every demo whose workers should start within milliseconds,
// imports only the standard library without net: see package early.
package demo

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"time"

	"edu/procession/demos/trace"
)

// Demo is one thing to see. Implementations hold no state: a run's state lives
// in Play.
type Demo interface {
	Info() Info
	Roles() map[string]Role
	// Play makes the run happen and returns when it is over. It reports the
	// outcome with Stage.Verdict; an error is a run that failed. When ctx is
	// done, it returns soon; processes that are left are ended by the stage.
	Play(ctx context.Context, s Stage) error
}

// Role is code that runs in a child process. Its error ends the process with
// exit code 1.
type Role func(ctx context.Context, w *Worker) error

// Place is where the workers of a demo run.
type Place string

const (
	Threads   Place = "threads"   // of one process
	Processes Place = "processes" // of one kernel
	Nodes     Place = "nodes"     // that share only messages
)

// Pace is how fast a demo plays.
type Pace string

const (
	Real Pace = "real" // a human can follow
	Fast Pace = "fast" // no waiting for eyes: tests and measurements
	Slow Pace = "slow" // four times slower than Real; gauges are marked as paced
)

// Scale turns a waiting time of Real into one of this pace. Use it for waits
// made for eyes, never for work that is measured.
func (p Pace) Scale(d time.Duration) time.Duration {
	switch p {
	case Fast:
		return d / 10
	case Slow:
		return d * 4
	}
	return d
}

// Info describes a demo: to the lists, to the help and to the parser of --set.
type Info struct {
	Name    string // as in commands: "pool-of-workers"
	Title   string // "A pool of workers"
	Doc     string // two or three sentences: what is on stage, what to try
	Places  []Place
	Params  []Param
	Actions []Action
	Gauges  []Gauge
	Puzzles []Puzzle // goals in step mode
	Steps   bool     // it has a step mode; a demo with puzzles has one in any case
	// Computes says that its workers want whole cores: two runs at once would spoil
	// each other's numbers.
	Computes bool
	// Namespaces says that its nodes can have network namespaces of their own: each
	// listens at Links.Host, and whoever is not in a node talks to one by Links alone.
	Namespaces bool
	Clocks     []trace.ID // who carries a vector clock: entry i of each clock is of Clocks[i]; none in most demos
}

// Stepped says that the demo has a step mode.
func (i Info) Stepped() bool { return i.Steps || len(i.Puzzles) > 0 }

// Param is a setting of a demo, given with --set name=value.
type Param struct {
	Name    string
	Doc     string
	Default string
	Check   func(string) error // nil: any text; Int, Duration, Choice and Bool make checks
}

// Gauge names a number that a run of the demo reports.
type Gauge struct {
	Name string
	Unit string
	Doc  string // what is measured, from where to where
}

// Action is something that the learner can do to the stage.
type Action struct {
	Name   string
	Key    string // one key, unique in the demo
	Doc    string // "stop it (SIGSTOP)"
	Target Target
	Only   Place // where it can be done; empty: in every place of the demo
}

// In says whether the action can be done in a place.
func (a Action) In(p Place) bool { return a.Only == "" || a.Only == p }

// Target says what an action is done to.
type Target uint8

const (
	ToStage Target = iota // to the stage as a whole
	ToProc                // to the selected process
	ToLink                // to the link from the selected process to its next neighbour
)

// The actions that the stage itself carries out, in whichever demo lists them.
// A demo never sees these on Stage.Actions.
var (
	Kill = Action{Name: "kill", Key: "k", Doc: "kill it (SIGKILL): it cannot refuse", Target: ToProc}
	Term = Action{Name: "term", Key: "t", Doc: "ask it to end (SIGTERM)", Target: ToProc}
	Stop = Action{Name: "stop", Key: "s", Doc: "stop it (SIGSTOP)", Target: ToProc}
	Cont = Action{Name: "cont", Key: "c", Doc: "let it go on (SIGCONT)", Target: ToProc}
	Reap = Action{Name: "join", Key: "j", Doc: "join: wait for it, so that the kernel forgets it", Target: ToProc}
)

// Act is an action on its way to the demo.
type Act struct {
	Name   string
	Target trace.ID // empty for ToStage
}

// Stage is where a demo plays. Its methods are safe for concurrent use.
type Stage interface {
	// Param is the value of a declared parameter, checked.
	Param(name string) string
	Seed() uint64
	// Adopt puts on stage what a program of the run has started itself, or a thread
	// of a worker's. It fails when that is none of the run's. What a program started
	// and has gone already is on stage by the program's word, with an end that
	// nobody told.
	Adopt(g Guest) (Proc, error)
	// Reported reports a fact by the word of a process of a program: what Worker.Report
	// does for a role. It is false for what a worker cannot vouch for.
	Reported(who trace.ID, d trace.Data) bool
	// Returned ends a thread that was adopted, by its program's word.
	Returned(who trace.ID)
	// Held says, in step mode, that a process of a program waits to be let go, in
	// a read of a pipe: release lets it.
	Held(who trace.ID, next string, release func())

	// Rand is the run's only source of chance, seeded by Seed. Not safe for
	// concurrent use.
	Rand() *rand.Rand
	Pace() Pace
	// Place is where the workers of this run are, one of Info.Places.
	Place() Place
	// Attended says that a learner is at the keys: a play without an end of its
	// own goes on until Finished instead of for a fixed time.
	Attended() bool
	// Finished is closed when the learner asks the play to come to its end.
	Finished() <-chan struct{}
	// ScriptEnd is the time in the run of the last scripted action, 0 without
	// any: an unattended play goes on for longer than that.
	ScriptEnd() time.Duration
	// Now is the time in the run.
	Now() time.Duration

	// Dir is a folder of the run's own, made at the first call. It goes with the
	// run's processes, after a SIGKILL of the program too.
	Dir() (string, error)
	// Spawn starts a worker and returns after its handshake.
	Spawn(ctx context.Context, spec Spec) (Proc, error)
	// Links names the nodes of the run and gives the links between them.
	Links(nodes ...trace.ID) Links
	// Proc is a process of the run by its name, also one that a worker started by
	// itself (Worker.StartChild): that can be signalled and waited for as any other,
	// but not reaped, nor written to.
	Proc(id trace.ID) (Proc, bool)
	// Actions delivers the demo's own actions, in order.
	Actions() <-chan Act

	// Emit reports a fact that the stage vouches for.
	Emit(who trace.ID, d trace.Data)
	// Kernel reports a fact that was read from the kernel just now.
	Kernel(who trace.ID, d trace.Data)
	// Say shows a caption: one sentence on what is happening.
	Say(format string, args ...any)
	// Gauge reports a measured number. Names are those of Info.Gauges.
	Gauge(name string, value float64, unit string)
	// Verdict reports how the run came out. In step mode it waits for the stage to
	// settle, so Heard must not call it, and its text should be the same for the
	// same schedule: it is the outcome that exploring counts.
	Verdict(ok bool, format string, args ...any)
	// Broken is a verdict of step mode: the run went well, and under this schedule
	// what the demo is to keep did not hold. It is what a puzzle to mend rules out.
	Broken(format string, args ...any)
	// Stepping says that this is a run in step mode.
	Stepping() bool
	// Watch opens the gates, in step mode: the cast is complete, and moves are made
	// until nobody is left who could make one, or nobody is to. From here on a play
	// only watches: what it sent to a worker would come at no certain place in a
	// schedule.
	Watch(ctx context.Context) (Ending, error)
	// Again says, after the verdict, that the play is to be watched once more from
	// its beginning, by the same workers, which wait in Worker.Again: reset is
	// called before they go on. Exploring does this; else it is false.
	Again(reset func()) bool
	// Solved reports that the goal of a puzzle was reached.
	Solved(puzzle string)
	// Sleep waits for eyes: d scaled by the pace, less when ctx or Finished is done.
	Sleep(ctx context.Context, d time.Duration)
}

// Ending is how the moves of a run in step mode came to an end.
type Ending uint8

const (
	Through Ending = iota // every worker has done all its steps, or has ended
	Stuck                 // nobody can go, and somebody is not through: all of these are blocked, none stopped
	Cut                   // the schedule ended here, or the learner has seen enough
)

// String is the ending's word.
func (e Ending) String() string { return [...]string{"through", "stuck", "cut"}[e] }

// Linger keeps the stage as it is, after the verdict, until the learner has seen
// enough: a play that just returned would end who is blocked.
func Linger(ctx context.Context, s Stage) {
	if s.Attended() {
		select {
		case <-s.Finished():
		case <-ctx.Done():
		}
	}
}

// Spec is a worker to be.
type Spec struct {
	Role  string            // a key of Demo.Roles
	Name  trace.ID          // unique in the run; empty: role-1, role-2, …
	Args  map[string]string // read with Worker.Arg
	Files []*os.File        // given to the worker as Worker.File(0…); the caller may close its own after Spawn
	Node  string
	// Program runs instead of Role, which then is only a word for it.
	Program *Program
	// Unreaped leaves the process unreaped when it ends, until Reap.
	Unreaped bool
	// Heard receives each fact that the worker reports, after it was logged. Of its
	// children those are Start, Ready, Exit when it has waited for one, and what
	// they report themselves.
	// Called from one goroutine per worker; must not block for long. In step mode
	// the stage has not settled until it returns: what it reports has its place.
	Heard func(trace.Data)
}

// Program is what a worker runs in the place of a role of this binary. It says
// hello as a role does, on the descriptors that Env names by their numbers: events
// 3, control 4, lifeline 5. What it writes to events from then on is for Line.
type Program struct {
	Path string
	Args []string // without its own name
	Env  []string // the whole environment, to which the run's token is added
	Dir  string   // where it starts; empty: where this program is
	// Line receives each line of events, from one goroutine. While it does not
	// return, the program's writes block: nothing is lost.
	Line func([]byte)
}

// Guest is a process, or a thread of one, that a worker started without the stage.
type Guest struct {
	PID  int
	TID  int // of a thread
	Name trace.ID
	Role string
	// Leaves says that it ends by itself once the others have ended, and cleans up
	// after them: at the end of the run it is left the time to.
	Leaves bool
}

// Signal is a signal by its name, the same on every system.
type Signal string

const (
	SigKill Signal = "KILL" // ends it at once
	SigTerm Signal = "TERM" // asks it to end
	SigStop Signal = "STOP" // stops it
	SigCont Signal = "CONT" // lets it go on
)

// ErrNotHere says that this system cannot do what was asked.
var ErrNotHere = errors.New("not possible on this system")

// Proc is a worker that was spawned.
type Proc interface {
	ID() trace.ID
	PID() int
	// TID is the kernel's number of the worker's thread: in place threads its own,
	// else that of the main thread, which is PID.
	TID() int
	// Took is the time from the spawn call to the worker's first event.
	Took() time.Duration
	// Send writes a line to the worker, which reads it with Worker.Recv.
	Send(line string) error
	// CloseSend ends what Worker.Recv reads.
	CloseSend()
	// Signal sends a signal; it fails when the process has been reaped, and with
	// ErrNotHere where the system has no such signal.
	Signal(sig Signal) error
	// Exited is closed when the process has ended, reaped or not.
	Exited() <-chan struct{}
	// Reaped is closed when somebody has waited for it.
	Reaped() <-chan struct{}
	// Parent is whose child it is, as the kernel told last; the name is empty where
	// that is not on stage.
	Parent() (pid int, name trace.ID)
	// State is what the kernel told last: by wait as it happened, else by a sample.
	State() trace.Letter
	// Wait waits for the end and tells how it came. It does not reap.
	Wait(ctx context.Context) (trace.Exit, error)
	// Reap waits for the end and reaps, at most once; later calls return the same.
	Reap(ctx context.Context) (trace.Reaped, error)
}

// Int checks a whole number from min to max.
func Int(min, max int) func(string) error {
	return func(s string) error {
		if n, err := strconv.Atoi(s); err != nil || n < min || n > max {
			return fmt.Errorf("a whole number from %d to %d", min, max)
		}
		return nil
	}
}

// Duration checks a time such as 300ms from min to max.
func Duration(min, max time.Duration) func(string) error {
	return func(s string) error {
		if d, err := time.ParseDuration(s); err != nil || d < min || d > max {
			return fmt.Errorf("a time from %v to %v", min, max)
		}
		return nil
	}
}

// Choice checks one of a few words.
func Choice(words ...string) func(string) error {
	return func(s string) error {
		for _, w := range words {
			if s == w {
				return nil
			}
		}
		return fmt.Errorf("one of %s", strings.Join(words, ", "))
	}
}

// Bool checks true or false.
func Bool() func(string) error { return Choice("true", "false") }

// IntParam is the value of a parameter checked by Int.
func IntParam(s Stage, name string) int {
	n, _ := strconv.Atoi(s.Param(name))
	return n
}

// DurationParam is the value of a parameter checked by Duration.
func DurationParam(s Stage, name string) time.Duration {
	d, _ := time.ParseDuration(s.Param(name))
	return d
}

// Plural counts things in a caption: "1 task", "2 tasks".
func Plural(n int, what string) string {
	if n != 1 {
		what += "s"
	}
	return strconv.Itoa(n) + " " + what
}
