// Package python puts a Python program on stage: any program, as it is.
//
// The program runs in the Python that python3 means. A module of ours, which its
// interpreters import before it, reports what it does with multiprocessing,
// concurrent.futures, threading and asyncio; the processes themselves are found in
// the kernel's tables, and their states are the kernel's, as for roles in Go.
//
// What is seen: processes with how they were started, however they came; tasks of
// multiprocessing.Pool, ThreadPool, both executors of concurrent.futures and asyncio;
// multiprocessing's Queue, JoinableQueue and SimpleQueue, Lock, RLock, Semaphore and
// BoundedSemaphore, where the program itself makes them; waits at join, Event,
// Condition and Barrier; calls of a manager's proxies, as messages to its server and
// back; threads; exceptions that end a process or a thread; a callback that holds an
// event loop. In step mode, reads and writes of a Value too. A program in Python that
// this one starts with subprocess tells of itself as well.
//
// What is not: threading's locks and queue.Queue, pipes, Arrays and shared_memory, and
// what C extensions start by themselves; what a queue's pipe holds (its depth is puts
// less gets, as they are heard of); more than some of the uses of a lock or a proxy
// that come thick and fast, and the program's process then says so. A Python that runs
// isolated (-I, -E, -S), or in an environment that the program made up, is a process
// on stage that says nothing. Tasks that a pool is ended with before they begin stay
// waiting; those in hand are lost. On macOS, where there is no /proc, only processes
// that say so themselves are seen, and not what the kernel tells of them.
//
// The rules are:
//  1. The program is the file, byte for byte: what it prints, returns and raises is
//     what it would without us, but for a little time (BenchmarkBridge).
//  2. What it says of itself has the source worker; pids, states and ends are the
//     kernel's (TestStatesAreTheKernels).
//  3. Nothing that it starts survives the run (TestNothingSurvives), and what it may
//     take is bounded (TestBounds). That is a guard against accidents, no sandbox.
package python

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"edu/procession/demos/demo"
	"edu/procession/demos/safe"
)

//go:embed bridge
var bridge embed.FS

// Name is the demo's name.
const Name = "python"

// Demo runs a program: the listing of a lesson, or a file.
type Demo struct {
	// Listing is the Python listing of a lesson, false where there is none.
	Listing func(lesson string) ([]byte, bool)
}

// Info implements demo.Demo.
func (Demo) Info() demo.Info {
	return demo.Info{
		Name: Name, Title: "A Python program",
		Doc:    "A Python program as it is, with its processes, tasks, queues and locks. Kill or stop any of its processes, and see what Python makes of it.",
		Places: []demo.Place{demo.Processes},
		Params: []demo.Param{
			{Name: "file", Doc: "the program's file"},
			{Name: "lesson", Doc: "or the lesson whose listing is to run"},
			{Name: "args", Doc: "its arguments, as in a shell: quotes hold one together", Check: func(s string) error { _, err := demo.Split(s); return err }},
			{Name: "python", Doc: "the Python to use; else python3"},
			{Name: "start", Doc: "how multiprocessing starts processes when the program does not say: fork, forkserver or spawn; else as Python does", Default: "", Check: demo.Choice("", "fork", "forkserver", "spawn")},
			{Name: "limit", Doc: "end it after so long; 0s: never. With a learner at the keys, only when it is set", Default: "", Check: optional(demo.Duration(0, 24*time.Hour))},
			{Name: "processes", Doc: "end it when it has more processes than this at once", Default: "64", Check: demo.Int(1, 512)},
			{Name: "memory", Doc: "address space that each of its processes may take, in MB; 0: no bound", Default: "0", Check: demo.Int(0, 1<<20)},
		},
		Actions: []demo.Action{demo.Kill, demo.Term, demo.Stop, demo.Cont, interrupt},
		Gauges: []demo.Gauge{
			{Name: "start", Unit: "ms", Doc: "from the start of the interpreter to its first event, before the program's first line"},
			{Name: "fork", Unit: "ms", Doc: "from the call of start() until a process that is started by fork tells its first line, before any of the program's, by the clock that both share; median"},
			{Name: "forkserver-first", Unit: "ms", Doc: "the same of the first start by forkserver, which begins the fork server as well"},
			{Name: "forkserver", Unit: "ms", Doc: "the same of those after it; median"},
			{Name: "spawn", Unit: "ms", Doc: "the same by spawn"},
			{Name: "run", Unit: "s", Doc: "from there to the end of the program"},
			{Name: "processes", Unit: "", Doc: "the most at once, helpers of multiprocessing and the program itself among them"},
			{Name: "tasks", Unit: "", Doc: "that were done, by the word of the processes that did them"},
			{Name: "failed", Unit: "", Doc: "tasks that raised an exception"},
			{Name: "task", Unit: "ms", Doc: "mean time of a task, by the clock of the process that did it"},
		},
		Steps: true,
	}
}

var interrupt = demo.Action{Name: "interrupt", Key: "i", Doc: "Ctrl+C: SIGINT to all its processes", Target: demo.ToStage}

// optional lets nothing be given.
func optional(check func(string) error) func(string) error {
	return func(s string) error {
		if s == "" {
			return nil
		}
		return check(s)
	}
}

// Roles implements demo.Demo: there are none of ours.
func (Demo) Roles() map[string]demo.Role { return nil }

// program is what is to be run.
type program struct {
	path string // of the file
	home string // where the learner's own code is
	ours bool   // a listing of the course: it gets a folder and an environment of its own
}

// biggest is how many bytes a program may have.
const biggest = 16 << 20

// find finds the file, or writes the listing into the run's folder.
func (d Demo) find(s demo.Stage, dir string) (program, error) {
	file, lesson := s.Param("file"), s.Param("lesson")
	switch {
	case file != "" && lesson != "":
		return program{}, errors.New("file and lesson are two programs: choose one")
	case lesson != "":
		text, ok := []byte(nil), false
		if d.Listing != nil {
			text, ok = d.Listing(lesson)
		}
		if !ok {
			return program{}, fmt.Errorf("there is no Python listing in a lesson %q", safe.Line(lesson, 60))
		}
		home := filepath.Join(dir, "home")
		if err := os.Mkdir(home, 0o700); err != nil {
			return program{}, fmt.Errorf("no folder for the program: %w", err)
		}
		path := filepath.Join(home, lesson+".py")
		if err := os.WriteFile(path, text, 0o600); err != nil {
			return program{}, fmt.Errorf("the listing cannot be written: %w", err)
		}
		return program{path: path, home: home, ours: true}, nil
	case file == "":
		return program{}, errors.New("name a program: procession run FILE.py, or --set lesson=ID")
	}
	path, err := filepath.Abs(file)
	if err != nil {
		return program{}, err
	}
	if st, err := os.Stat(path); err == nil && st.IsDir() {
		return program{}, fmt.Errorf("%s is a folder: name a Python program in it", safe.Line(file, 80))
	} else if err == nil && !st.Mode().IsRegular() {
		return program{}, fmt.Errorf("%s is no file: name a Python program", safe.Line(file, 80))
	} else if err == nil && st.Size() > biggest {
		return program{}, fmt.Errorf("%s has %d MB, which is no program: at most %d MB", safe.Line(file, 80), st.Size()>>20, biggest>>20)
	}
	f, err := os.Open(path)
	if err != nil {
		return program{}, fmt.Errorf("%s cannot be read: %w", safe.Line(file, 80), errors.Unwrap(err))
	}
	f.Close()
	return program{path: path, home: filepath.Dir(path)}, nil
}

// kept are the variables that a listing of the course sees of the environment.
var kept = []string{"PATH", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR", "SYSTEMROOT"}

// environment is what the program runs in: its own, or next to nothing.
func (p program) environment(s demo.Stage, dir string) []string {
	var env []string
	path := ""
	for _, v := range os.Environ() {
		name, value, _ := strings.Cut(v, "=")
		switch {
		case strings.HasPrefix(name, "PROCESSION_"):
		case name == "PYTHONPATH" && !p.ours:
			path = string(os.PathListSeparator) + value
		case !p.ours || slices.Contains(kept, name):
			env = append(env, v)
		}
	}
	if p.ours {
		env = append(env, "HOME="+p.home, "PYTHONDONTWRITEBYTECODE=1")
	}
	step := "0"
	if s.Stepping() {
		step = "1"
	}
	mb, _ := strconv.ParseInt(s.Param("memory"), 10, 64)
	env = append(env, "PYTHONPATH="+filepath.Join(dir, "bridge")+path, "PYTHONUNBUFFERED=1",
		"PROCESSION_PY_HELLO="+demo.Protocol, "PROCESSION_PY_EVENTS=3", "PROCESSION_PY_CTL=4", "PROCESSION_PY_LIFELINE=5",
		"PROCESSION_PY_DIR="+dir, "PROCESSION_PY_HOME="+p.home+string(filepath.Separator), "PROCESSION_PY_STEP="+step,
		"PROCESSION_PY_METHOD="+s.Param("start"), "PROCESSION_PY_PROCESSES="+s.Param("processes"), "PROCESSION_PY_MEMORY="+strconv.FormatInt(mb<<20, 10))
	if p.ours {
		env = append(env, "PROCESSION_PY_FILE="+strconv.Itoa(16<<20), "PROCESSION_PY_FDS=256")
	}
	return env
}

// unpack writes the bridge where the interpreters find it.
func unpack(dir string) error {
	to := filepath.Join(dir, "bridge")
	if err := os.Mkdir(to, 0o700); err != nil {
		return err
	}
	for _, name := range []string{"sitecustomize.py", "procession_bridge.py"} {
		b, err := bridge.ReadFile("bridge/" + name)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(to, name), b, 0o600); err != nil {
			return err
		}
	}
	return nil
}

// Play implements demo.Demo.
func (d Demo) Play(ctx context.Context, s demo.Stage) error {
	slow := time.AfterFunc(3*time.Second, func() { s.Say("Python has not answered for 3 s: this machine is busy, or that is no Python.") })
	in, err := Find(ctx, s.Param("python"))
	slow.Stop()
	if err != nil {
		return err
	}
	dir, err := s.Dir()
	if err != nil {
		return err
	}
	p, err := d.find(s, dir)
	if err != nil {
		return err
	}
	if err := unpack(dir); err != nil {
		return fmt.Errorf("the module that watches cannot be written: %w", err)
	}
	return (&play{s: s, c: newCast(s), in: in, p: p, dir: dir}).run(ctx)
}
