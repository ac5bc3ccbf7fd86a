//go:build linux

package python

import (
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"edu/procession/demos/board"
	"edu/procession/demos/demo"
	"edu/procession/demos/stage/stagetest"
	"edu/procession/demos/trace"
	"edu/procession/lessons"
)

func TestMain(m *testing.M) { stagetest.Main(m, Demo{}) }

// have skips a test where there is no Python to test with.
func have(t testing.TB) Interpreter {
	t.Helper()
	in, err := Find(t.Context(), "")
	if err != nil {
		t.Skip(err)
	}
	return in
}

// file writes a program.
func file(t testing.TB, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "program.py")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func options(path string, set ...string) demo.Options {
	return stagetest.Options(append([]string{"file", path}, set...)...)
}

const pool = `import multiprocessing as mp, os

def work(n):
    if n == 99:
        raise ValueError("bad input 99")
    return n * n

if __name__ == "__main__":
    q = mp.Queue()
    with mp.Pool(2) as p:
        print(p.map(work, range(6), chunksize=2))
        print(list(p.imap(work, [1, 2])))
        r = p.apply_async(work, (99,))
        r.wait()
        print(r.successful())
    q.put("item")
    print(q.get())
`

// A pool is told by its tasks, its workers and how they were started, and the
// program prints what it prints without us.
func TestPool(t *testing.T) {
	in := have(t)
	path := file(t, pool)
	alone, err := exec.Command(in.Path, path).Output()
	if err != nil {
		t.Fatal(err)
	}
	for _, method := range []string{"fork", "forkserver", "spawn"} {
		t.Run(method, func(t *testing.T) {
			t.Parallel()
			got := stagetest.Play(t, Demo{}, options(path, "start", method))
			b := got.Board
			if v := b.Verdict; got.Err != nil || v == nil || !v.OK {
				t.Fatalf("the run: %v, %+v", got.Err, v)
			}
			var printed strings.Builder
			for _, l := range b.Lines {
				if l.Stream == "stdout" {
					printed.WriteString(strings.TrimSpace(l.Text) + "\n")
				}
			}
			if printed.String() != string(alone) {
				t.Errorf("on stage it prints\n%s, alone\n%s", &printed, alone)
			}
			if d, f := b.Counts[board.TaskDone], b.Counts[board.TaskFailed]; d != 5 || f != 1 {
				t.Errorf("%d tasks done and %d failed of five and one", d, f)
			}
			if n := b.Tasks[5].Note; b.Tasks[5].State != board.TaskFailed || n != "ValueError: bad input 99" {
				t.Errorf("the last task is %v: %q", b.Tasks[5].State, n)
			}
			if q := b.Queue("q"); q == nil || q.Puts != 1 || q.Gets != 1 {
				t.Errorf("the queue: %+v", q)
			}
			roles := map[string]int{}
			for _, p := range b.Procs {
				roles[p.Role]++
			}
			gone := 0 // a short life on a busy machine, which is told
			for _, l := range b.Lines {
				if strings.Contains(l.Text, "has come and gone between two looks") {
					gone++
				}
			}
			if roles["pool worker, "+method]+gone != 2 || roles["python"] != 1 {
				t.Errorf("the cast: %v", roles)
			}
			if (roles["resource tracker"] == 1) != (method != "fork") || (roles["fork server"] == 1) != (method == "forkserver") {
				t.Errorf("helpers of %s: %v", method, roles)
			}
		})
	}
}

// Whose child a process is follows from the start method, as the kernel says; so
// does what the lesson's listing finds in it.
func TestStartMethods(t *testing.T) {
	have(t)
	t.Parallel()
	got := stagetest.Play(t, Demo{Listing: lessons.PythonListing}, stagetest.Options("lesson", "start-methods"))
	b := got.Board
	if v := b.Verdict; got.Err != nil || v == nil || !v.OK {
		t.Fatalf("the run: %v, %+v", got.Err, v)
	}
	parents := map[trace.ID]trace.ID{}
	for _, e := range got.Events {
		if d, ok := e.Data.(trace.Start); ok && d.Parent != "" && d.TID == 0 {
			parents[e.Who] = d.Parent // at its start: the helpers outlive main for a moment
			if d.PPID != b.Proc(d.Parent).PID {
				t.Errorf("%s is a child of %d, which is not %s", e.Who, d.PPID, d.Parent)
			}
		}
	}
	for id, parent := range map[trace.ID]trace.ID{
		"fork-1": "main", "fork-2": "main", "forkserver-1": "fork-server", "forkserver-2": "fork-server",
		"spawn-1": "main", "spawn-2": "main", "fork-server": "main", "resource-tracker": "main",
	} {
		if parents[id] != parent {
			t.Errorf("%s began as a child of %q, wants %s", id, parents[id], parent)
		}
	}
	for _, name := range []string{"fork", "forkserver-first", "forkserver", "spawn"} {
		if g, ok := b.Gauge(name); !ok || g.Value <= 0 {
			t.Errorf("%s: %+v", name, g)
		}
	}
}

const patient = `import multiprocessing as mp, time

def work(n):
    time.sleep(600)

if __name__ == "__main__":
    with mp.Pool(2) as p:
        p.map(work, range(4), chunksize=1)
`

// Pids, parents and states on the Board are what /proc says of these processes; a
// worker that is killed in mid-task is replaced, and its task is not.
func TestStatesAreTheKernels(t *testing.T) {
	t.Parallel()
	have(t)
	o := options(file(t, patient), "start", "fork")
	o.Attended = true
	run := stagetest.Start(t, Demo{}, o)
	b := stagetest.Until(t, run, "two tasks run", func(b *board.Board) bool { return b.Counts[board.TaskRunning] == 2 })
	main := b.Proc("main")
	task := map[trace.ID]int{}
	for _, id := range []trace.ID{"Worker-1", "Worker-2"} {
		b = stagetest.Until(t, run, string(id)+" sleeps", func(b *board.Board) bool {
			p := b.Proc(id)
			return p != nil && p.State == trace.Asleep && p.On == "timer" && p.Task >= 0
		})
		p := b.Proc(id)
		task[id] = p.Task
		if s := stagetest.State(p.PID); s != 'S' || parentOf(p.PID) != main.PID || p.Parent != "main" {
			t.Errorf("%s: %c in /proc, parent %d; on stage %v of %s %d", id, s, parentOf(p.PID), p.State, p.Parent, main.PID)
		}
	}
	since := b.At
	for _, act := range []struct {
		name string
		want trace.Letter
	}{{"stop", trace.Stopped}, {"cont", trace.Asleep}} {
		if err := run.Act(act.name, "Worker-1"); err != nil {
			t.Fatal(err)
		}
		b = stagetest.Until(t, run, act.name, func(b *board.Board) bool {
			p := b.Proc("Worker-1")
			return p != nil && p.State == act.want && p.States[len(p.States)-1].At > since
		})
		since = b.At
		if s := stagetest.State(b.Proc("Worker-1").PID); s != byte(act.want) {
			t.Errorf("after %s: %c in /proc", act.name, s)
		}
	}
	pid := b.Proc("Worker-1").PID
	if err := run.Act("kill", "Worker-1"); err != nil {
		t.Fatal(err)
	}
	b = stagetest.Until(t, run, "a third worker", func(b *board.Board) bool {
		w := b.Proc("Worker-3")
		return w != nil && b.Counts[board.TaskLost] == 1 && b.Proc("Worker-1").Reaped > 0
	})
	if x := b.Proc("Worker-1").Exit; x.Signal != "KILL" || stagetest.State(pid) != 0 {
		t.Errorf("it ended with %v, and is %c in /proc", x, stagetest.State(pid))
	}
	if s := b.Tasks[task["Worker-1"]].State; s != board.TaskLost {
		t.Errorf("its task is %v", s)
	}
	run.Finish()
	got := stagetest.End(t, run)
	if got.Err != nil {
		t.Error(got.Err)
	}
}

// Whatever a program does, it ends within its bounds, with a sentence, and leaves
// nothing.
func TestBounds(t *testing.T) {
	have(t)
	for _, c := range []struct {
		name, text string
		set        []string
		ok         bool
		want       string
	}{
		{"raises", "def f():\n    {}['no']\nf()\n", nil, false, "program.py ended with exit code 1; KeyError: 'no' (program.py:3 in <module> → program.py:2 in f)"},
		{"hangs", "import threading\nthreading.Event().wait()\n", []string{"limit", "500ms"}, false, "still running after 500ms"},
		{"forks without end", "import os\nwhile True:\n    os.fork()\n", []string{"processes", "8"}, false, "more than 8 processes"},
		{"prints without end", "while True:\n    print('x' * 5000)\n", []string{"limit", "500ms"}, false, "still running"},
		{"kills its parent", "import multiprocessing as mp, os, time\ndef f():\n    os.kill(os.getppid(), 9)\n    time.sleep(600)\n" +
			"if __name__ == '__main__':\n    mp.Process(target=f).start()\n    time.sleep(600)\n", nil, false, "signal KILL"},
		{"leaves at once", "import os\nos._exit(7)\n", nil, false, "exit code 7"},
		{"reads input", "import sys\nprint(repr(sys.stdin.read()))\n", nil, true, "exit code 0"},
		{"is no Python", "this is no program\n", nil, false, "exit code 1; SyntaxError"},
		{"is of another encoding", "# coding: latin-1\nprint('\xe9t\xe9' == '\\xe9t\\xe9')\n", nil, true, "exit code 0"},
		{"is in no encoding", "print('\xff')\n", nil, false, "exit code 1; SyntaxError"},
		{"takes arguments", "import sys\nassert sys.argv[1:] == ['a b', \"it's\", ''], sys.argv\n", []string{"args", demo.Quote([]string{"a b", "it's", ""})}, true, "exit code 0"},
		{"takes memory", "b = bytearray(1 << 30)\n", []string{"memory", "256"}, false, "MemoryError"},
		{"leaves a daemon", "import os, time\nif os.fork() == 0:\n    os.setsid()\n    if os.fork() == 0:\n        time.sleep(600)\n    os._exit(0)\n", nil, true, "exit code 0"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got := stagetest.Play(t, Demo{}, options(file(t, c.text), c.set...))
			if v := got.Board.Verdict; got.Err != nil || v == nil || v.OK != c.ok || !strings.Contains(v.Text, c.want) {
				t.Errorf("%v, %+v; want %q", got.Err, v, c.want)
			}
		})
	}
}

// A run whose program is missing, or has nothing to run it, says so in a sentence.
func TestFind(t *testing.T) {
	dir := t.TempDir()
	fake := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte("#!/bin/sh\n"+text), 0o700); err != nil {
			t.Fatal(err)
		}
		return path
	}
	old := fake("old", `echo '{"path": "/usr/bin/python3.6", "version": "3.6.9", "number": [3, 6], "method": "fork", "locked": true}'`)
	broken := fake("broken", "echo 'cannot open shared object file' >&2; exit 127")
	chatty := fake("chatty", "while :; do echo 'yes, yes, yes, yes, yes, yes, yes, yes, yes, yes, yes, yes, yes'; done")
	real := have(t).Path
	if _, err := Find(t.Context(), fake("shim", "echo 'a word of a shim'; exec "+real+" \"$@\"")); err != nil {
		t.Errorf("one that says more than it is asked: %v", err)
	}
	for path, want := range map[string]string{
		chatty: "does not work", dir: "there is no program",
		old: "is 3.6.9, and the course needs 3.9", broken: "does not work (cannot open shared object file)",
		filepath.Join(dir, "none"): "there is no program",
	} {
		if _, err := Find(t.Context(), path); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", filepath.Base(path), err)
		}
	}
	t.Setenv("PATH", dir)
	if _, err := Find(t.Context(), ""); err != ErrNone {
		t.Errorf("without python3: %v", err)
	}
	if err := syscall.Mkfifo(filepath.Join(dir, "fifo"), 0o600); err != nil {
		t.Fatal(err)
	}
	big := file(t, "")
	if err := os.Truncate(big, 1<<30); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{dir: "is a folder", filepath.Join(dir, "fifo"): "is no file", big: "1024 MB", filepath.Join(dir, "none.py"): "no such file"} {
		got := stagetest.Play(t, Demo{}, options(path, "python", real))
		if got.Err == nil || !strings.Contains(got.Err.Error(), want) {
			t.Errorf("%s: %v", filepath.Base(path), got.Err)
		}
	}
	got := stagetest.Play(t, Demo{}, options("pool.py"))
	if got.Err == nil || !strings.Contains(got.Err.Error(), "there is no python3") {
		t.Errorf("the run: %v", got.Err)
	}
}

// In step mode each process is held before what it does, and goes when it is let go.
func TestSteps(t *testing.T) {
	t.Parallel()
	have(t)
	path := file(t, `import multiprocessing as mp

def add(counter, lock):
    with lock:
        counter.value += 1

if __name__ == "__main__":
    counter, lock = mp.Value("i", 0), mp.Lock()
    ps = [mp.Process(target=add, args=(counter, lock)) for _ in range(2)]
    for p in ps:
        p.start()
    for p in ps:
        p.join()
`)
	o := stagetest.Scheduled("main main Process-2 Process-1 Process-2 Process-2 Process-2 Process-1 Process-1 Process-1 main main", "file", path, "start", "fork")
	got := stagetest.Play(t, Demo{}, o)
	if v := got.Board.Verdict; got.Err != nil || v == nil || !v.OK {
		t.Fatalf("the run: %v, %+v", got.Err, v)
	}
	// Process-1 asked for the lock while Process-2 had it, and the kernel said so.
	b, met := board.New(), false
	for _, e := range got.Events {
		b.Apply(e)
		if p := b.Proc("Process-1"); p != nil && p.LastStep == "acquire the lock" && p.State == trace.Asleep && p.On == "futex" {
			met = true
		}
	}
	if !met {
		t.Error("Process-1 was never blocked on the lock")
	}
}

// kill -9 of the program in mid-run leaves nothing of a tree of Python processes.
func TestNothingSurvives(t *testing.T) {
	have(t)
	path := file(t, `import multiprocessing as mp, os, subprocess, sys, time

def work(n):
    os.setsid()
    subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    time.sleep(600)

if __name__ == "__main__":
    with mp.Pool(3) as p:
        p.map(work, range(3), chunksize=1)
`)
	rnd := rand.New(rand.NewPCG(1, 1))
	for range 2 {
		stagetest.KillHost(t, Name+" file="+path, 6, rnd)
	}
}
