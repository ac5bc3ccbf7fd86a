package python

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"runtime"
	"strings"
	"time"

	"edu/procession/demos/demo"
	"edu/procession/demos/safe"
)

// Interpreter is a Python that can be used.
type Interpreter struct {
	Path    string `json:"path"`    // of the interpreter itself, not of a script that starts it
	Version string `json:"version"` // "3.11.7"
	Number  []int  `json:"number"`  // 3, 11
	Method  string `json:"method"`  // how multiprocessing starts processes when nobody says
	Locked  bool   `json:"locked"`  // it has its interpreter lock; false: a free-threaded build, with the lock off
}

// Oldest is the oldest Python that the bridge is for.
var Oldest = [2]int{3, 9}

// ask is one line, so that it fails in words on the oldest Python as well.
const ask = `import sys, json, multiprocessing as m; print(json.dumps({"path": sys.executable, "version": sys.version.split()[0], ` +
	`"number": list(sys.version_info[:2]), "method": m.get_start_method(), "locked": getattr(sys, "_is_gil_enabled", lambda: True)()}))`

// ErrNone says that there is no Python.
var ErrNone = errors.New("there is no python3 on this machine: get it from python.org or with your package manager; all that runs in Go works without it")

// Find finds the Python that python3 means here, or the one at path when that is
// not empty. Its error is a sentence on what to do.
func Find(ctx context.Context, path string) (Interpreter, error) {
	var in Interpreter
	if runtime.GOOS == "windows" {
		return in, errors.New("programs in Python come on stage on Linux and macOS only; all that runs in Go works here")
	}
	name := path
	if name == "" {
		name = "python3"
	}
	found, err := exec.LookPath(name)
	if err != nil && path == "" {
		return in, ErrNone
	}
	if err != nil {
		return in, fmt.Errorf("there is no program %s: name a Python, or leave it out to use python3", safe.Line(path, 80))
	}
	asked, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	cmd := exec.CommandContext(asked, found, "-c", ask)
	cmd.WaitDelay = time.Second
	group(cmd)
	var stdout, stderr tail
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err = cmd.Run()
	if err := ctx.Err(); err != nil {
		return in, err
	}
	// The answer is the last line: what starts a Python may print things of its own.
	if json.Unmarshal([]byte(lastLine(string(stdout.end))), &in) != nil || len(in.Number) != 2 {
		why := lastLine(string(stderr.end))
		switch {
		case asked.Err() != nil:
			why = fmt.Sprintf("no answer within %v", patience)
		case why == "" && err != nil:
			why = err.Error()
		case why == "":
			why = "it does not answer as a Python does"
		}
		return in, fmt.Errorf("the Python at %s does not work (%s): mend or reinstall it; all that runs in Go works without it", safe.Line(found, 80), safe.Line(why, 120))
	}
	if in.Number[0] < Oldest[0] || in.Number[0] == Oldest[0] && in.Number[1] < Oldest[1] {
		return in, fmt.Errorf("the Python at %s is %s, and the course needs %d.%d or later; all that runs in Go works without it", safe.Line(found, 80), safe.Line(in.Version, 20), Oldest[0], Oldest[1])
	}
	if in.Path == "" {
		in.Path = found
	}
	return in, nil
}

// patience is how long a Python may take to say what it is: on a busy machine the
// start of one takes seconds.
const patience = 30 * time.Second

// tail keeps the end of what is written to it, and takes no more than an answer may
// have.
type tail struct {
	end   []byte
	total int
}

func (t *tail) Write(b []byte) (int, error) {
	if t.total += len(b); t.total > 1<<20 {
		return 0, errors.New("it does not answer as a Python does")
	}
	t.end = append(t.end, b...)
	t.end = t.end[max(0, len(t.end)-4096):]
	return len(b), nil
}

func lastLine(s string) string {
	s = strings.TrimSpace(s)
	return strings.TrimSpace(s[strings.LastIndexByte(s, '\n')+1:])
}

// Check says for `procession doctor` whether there is a Python that can be used.
func Check() demo.Check {
	in, err := Find(context.Background(), "")
	if err != nil {
		return demo.Check{Name: "python3", Text: err.Error()}
	}
	text := "version " + in.Version + ", starts processes by " + in.Method
	if !in.Locked {
		text += ", free-threaded"
	}
	return demo.Check{Name: "python3", OK: true, Text: text}
}
