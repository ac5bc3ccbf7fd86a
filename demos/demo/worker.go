package demo

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"strconv"
	"sync"
	"time"

	"edu/procession/demos/trace"
)

// Protocol is the version of what a worker and the stage say to each other.
const Protocol = "procession-worker-1"

// The environment of a worker. Token is in the environment of all that a run
// starts, so that an outsider can find it.
const (
	EnvRole  = "PROCESSION_ROLE"  // "demo/role"
	EnvToken = "PROCESSION_TOKEN" // of the run
	EnvSpec  = "PROCESSION_SPEC"  // a WorkerSpec as JSON
)

// WorkerSpec is what the stage tells a worker at birth.
type WorkerSpec struct {
	Name  trace.ID          `json:"name"`
	Seed  uint64            `json:"seed"`
	Pace  Pace              `json:"pace"`
	Args  map[string]string `json:"args,omitempty"`
	FDs   []uintptr         `json:"fds"`             // events, control, lifeline, then Spec.Files
	Epoch int64             `json:"epoch"`           // Mono() at the start of the run
	Step  bool              `json:"step,omitempty"`  // hold it at its steps
	Again bool              `json:"again,omitempty"` // it is to play many rounds
}

// What the stage writes to a worker's control pipe of its own accord. No line of
// Proc.Send begins with this byte.
const (
	Gate    = "\x01go"  // do the step
	GateEOF = "\x01eof" // Proc.CloseSend, where the pipe is needed for gates
)

// Hello is a worker's first line.
type Hello struct {
	Protocol string `json:"hello"`
	Token    string `json:"token"`
	Role     string `json:"role"`
	PID      int    `json:"pid"`
	TID      int    `json:"tid,omitempty"` // in place threads
}

// Report is every later line: a fact that the worker vouches for.
type Report struct {
	Who   trace.ID   `json:"who,omitempty"` // empty: the worker itself
	Kind  trace.Kind `json:"kind"`
	Clock []uint64   `json:"clock,omitempty"` // one entry for each of Info.Clocks
	Data  trace.Data `json:"data"`
}

// MaxReport is the longest line that the stage takes from a worker, in bytes.
const MaxReport = 64 << 10

// Worker is a role's side of the conversation with the stage. Its methods are
// for the role's goroutine, which is locked to the process's main thread, so
// that the kernel's state of the process is the state of the role. Only Report
// and what is built on it may be called from others.
//
// To be seen blocked on what it is blocked on, a role blocks in Recv, Sleep and
// in reads and writes of File: these are plain system calls of the main thread.
// A wait on a Go channel reads "futex" to the kernel, whatever it waits for.
type Worker struct {
	spec   WorkerSpec
	events *os.File
	ctl    *bufio.Reader
	files  []*os.File
	life   *os.File // its children inherit it
	early  []string // lines that came while it was held

	sink uint64 // of Spin, one to a worker: threads must not fight for a cache line

	mu  sync.Mutex
	buf bytes.Buffer
}

// Name is the worker's name on stage.
func (w *Worker) Name() trace.ID { return w.spec.Name }

// Seed differs from worker to worker and follows from the run's seed.
func (w *Worker) Seed() uint64 { return w.spec.Seed }

// Pace is the run's pace.
func (w *Worker) Pace() Pace { return w.spec.Pace }

// Arg is an argument of Spec.Args, or "".
func (w *Worker) Arg(name string) string { return w.spec.Args[name] }

// IntArg is an argument as a number; 0 when it is none.
func (w *Worker) IntArg(name string) int {
	n, _ := strconv.Atoi(w.spec.Args[name])
	return n
}

// DurationArg is an argument as a time; 0 when it is none.
func (w *Worker) DurationArg(name string) time.Duration {
	d, _ := time.ParseDuration(w.spec.Args[name])
	return d
}

// File is the i-th of Spec.Files. Its reads and writes block the main thread in
// the kernel.
func (w *Worker) File(i int) *os.File { return w.files[i] }

// Now is the time in the run, on the clock that all processes here share.
func (w *Worker) Now() time.Duration { return time.Duration(Mono() - w.spec.Epoch) }

// Report tells the stage a fact about the worker itself.
func (w *Worker) Report(d trace.Data) { w.report(Report{Kind: d.Kind(), Data: d}) }

// ReportOf tells the stage a fact about something else: a queue, a link.
func (w *Worker) ReportOf(who trace.ID, d trace.Data) {
	w.report(Report{Who: who, Kind: d.Kind(), Data: d})
}

// ReportClock tells the stage a fact about the worker itself and its vector
// clock then, one entry for each of Info.Clocks. Report before the message that
// carries the clock leaves, so that no clock in the log refers to a fact that
// is not in it.
func (w *Worker) ReportClock(clock []uint64, d trace.Data) {
	w.report(Report{Kind: d.Kind(), Clock: clock, Data: d})
}

func (w *Worker) report(r Report) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.buf.Reset()
	enc := json.NewEncoder(&w.buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(r); err == nil && w.buf.Len() <= MaxReport {
		w.events.Write(w.buf.Bytes()) // fails only when the stage is gone, and then the lifeline ends us
	}
}

// Block says what the worker is about to wait for; "" says that it no longer does.
func (w *Worker) Block(on string) { w.Report(trace.Block{On: on}) }

// Logf adds a line to the log pane.
func (w *Worker) Logf(format string, args ...any) {
	w.Report(trace.Say{Text: fmt.Sprintf(format, args...), Stream: "log"})
}

// Gauge reports a number that the worker measured.
func (w *Worker) Gauge(name string, value float64, unit string) {
	w.Report(trace.Gauge{Name: name, Value: value, Unit: unit})
}

// Recv waits for a line from Proc.Send, blocked in a read of its control pipe.
// It returns io.EOF after Proc.CloseSend.
func (w *Worker) Recv() (string, error) {
	if len(w.early) > 0 {
		line := w.early[0]
		if line == GateEOF {
			return "", io.EOF
		}
		w.early = w.early[1:]
		return line, nil
	}
	line, err := w.ctl.ReadString('\n')
	if err != nil {
		return "", io.EOF
	}
	line = line[:len(line)-1]
	if line == GateEOF {
		w.early = append(w.early, line)
		return "", io.EOF
	}
	return line, nil
}

// Stepping says that the worker is held at its steps. Ask before building the
// text of a step in a loop that is measured.
func (w *Worker) Stepping() bool { return w.spec.Step }

// Step says what the worker does next: "read counter". In step mode it is held
// here, blocked in a read of its control pipe, until it is let go; otherwise this
// does nothing at all.
func (w *Worker) Step(text string) {
	if !w.spec.Step {
		return
	}
	w.gate(text)
}

// Again says, where a role is through, that it is to begin anew: Stage.Again
// plays another round with the same processes. It waits for that; in a run of
// one round it is false at once.
func (w *Worker) Again() bool {
	if w.spec.Again {
		w.gate("")
	}
	return w.spec.Again
}

// gate waits to be let go. A gate without a name is the end of a round.
func (w *Worker) gate(name string) {
	w.Report(trace.StepWait{Text: name})
	for {
		line, err := w.ctl.ReadString('\n')
		if err != nil {
			os.Exit(3) // the stage is gone
		}
		if line = line[:len(line)-1]; line == Gate {
			return
		}
		w.early = append(w.early, line)
	}
}

// Read and Write report a use of a cell of shared memory; Want, Hold and Free one
// of a lock. Want is said before it is asked for, Free before it is given back.
func (w *Worker) Read(cell trace.ID, value any) {
	w.Report(trace.Cell{Is: trace.KindRead, Cell: cell, Value: fmt.Sprint(value)})
}
func (w *Worker) Write(cell trace.ID, value any) {
	w.Report(trace.Cell{Is: trace.KindWrite, Cell: cell, Value: fmt.Sprint(value)})
}
func (w *Worker) Want(lock trace.ID) { w.Report(trace.Lock{Is: trace.KindWant, Lock: lock}) }
func (w *Worker) Hold(lock trace.ID) { w.Report(trace.Lock{Is: trace.KindHold, Lock: lock}) }
func (w *Worker) Free(lock trace.ID) { w.Report(trace.Lock{Is: trace.KindFree, Lock: lock}) }

// Sleep waits for d, blocked on a timer in the kernel.
func (w *Worker) Sleep(d time.Duration) { sleep(d) }

// Spin computes until d of CPU time, not of wall-clock time, has passed, and
// returns how many rounds of work that was.
func (w *Worker) Spin(d time.Duration) int {
	end := cpuTime() + d
	n, x := 0, w.sink
	for cpuTime() < end {
		for range 20_000 {
			x = x*6364136223846793005 + 1442695040888963407
		}
		n++
	}
	w.sink = x
	return n
}

// Early runs the role that this process was started for, when it is one of the
// demos', and does not return then. It must be called before main and by the
// main goroutine.
func Early(demos []Demo) {
	want := os.Getenv(EnvRole)
	if want == "" {
		return
	}
	for _, d := range demos {
		name := d.Info().Name + "/"
		if want == name+AnyRole {
			os.Exit(host(want, d))
		}
		if len(want) > len(name) && want[:len(name)] == name {
			role, ok := d.Roles()[want[len(name):]]
			if ok {
				runtime.LockOSThread()
				os.Exit(serve(want, role))
			}
		}
	}
}

// serve is the life of a worker.
func serve(role string, run Role) (code int) {
	var spec WorkerSpec
	token := os.Getenv(EnvToken)
	if err := json.Unmarshal([]byte(os.Getenv(EnvSpec)), &spec); err != nil || len(spec.FDs) < 3 {
		fmt.Fprintln(os.Stderr, "this process is a worker of procession and is started by it alone")
		return 2
	}
	os.Unsetenv(EnvSpec)
	setName(string(spec.Name))
	w := &Worker{spec: spec, events: os.NewFile(spec.FDs[0], "events")}
	w.ctl = bufio.NewReader(os.NewFile(spec.FDs[1], "control"))
	w.life = os.NewFile(spec.FDs[2], "lifeline")
	for i, fd := range spec.FDs[3:] {
		w.files = append(w.files, os.NewFile(fd, "file-"+strconv.Itoa(i)))
	}
	for _, fd := range spec.FDs {
		closeOnExec(fd)
	}
	go leave(w.life)

	hello, _ := json.Marshal(Hello{Protocol: Protocol, Token: token, Role: role, PID: os.Getpid()})
	if _, err := w.events.Write(append(hello, '\n')); err != nil {
		return 3
	}
	if ok, err := w.Recv(); err != nil || ok != "go" { // the handshake precedes work
		return 3
	}
	return perform(run, w)
}

// leave ends the process with the stage.
func leave(lifeline *os.File) {
	lifeline.Read(make([]byte, 1))
	os.Exit(3)
}

// perform plays a role and says with which code it ended.
func perform(run Role, w *Worker) (code int) {
	defer func() {
		if r := recover(); r != nil {
			fmt.Fprintf(os.Stderr, "panic: %v\n", r)
			code = 2
		}
	}()
	switch err := run(context.Background(), w); {
	case err == nil:
		return 0
	case errors.As(err, new(ExitCode)):
		var c ExitCode
		errors.As(err, &c)
		return int(c)
	default:
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
}

// ExitCode is an error that ends a worker with this code and without a word.
type ExitCode int

// Error implements error.
func (c ExitCode) Error() string { return "exit code " + strconv.Itoa(int(c)) }
