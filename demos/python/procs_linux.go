package python

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// children lists the processes that a process has as its children now.
func children(pid int) (pids []int) {
	tasks, _ := os.ReadDir(fmt.Sprintf("/proc/%d/task", pid))
	for _, t := range tasks {
		b, _ := os.ReadFile(fmt.Sprintf("/proc/%d/task/%s/children", pid, t.Name()))
		for f := range strings.FieldsSeq(string(b)) {
			if n, err := strconv.Atoi(f); err == nil {
				pids = append(pids, n)
			}
		}
	}
	return pids
}

// kind is what a process that has not said anything of itself is, by its command
// line: a helper of multiprocessing, or some other program. It is empty for a
// process that is still the image of its parent.
func kind(pid int, parentLine string) string {
	line := commandLine(pid)
	switch {
	case line == "" || line == parentLine:
		return ""
	case strings.Contains(line, "multiprocessing.resource_tracker"):
		return tracker
	case strings.Contains(line, "multiprocessing.forkserver"):
		return "fork server"
	case strings.Contains(line, "multiprocessing.spawn"):
		return ""
	}
	return title(strings.Fields(line))
}

// title is what a program is called: of a Python, the program that it runs.
func title(args []string) string {
	name := filepath.Base(args[0])
	if !strings.HasPrefix(name, "python") {
		return name
	}
	for i, a := range args[1:] {
		switch {
		case a == "-m" && i+2 < len(args):
			return args[i+2]
		case a == "-c":
			return name + " -c"
		case !strings.HasPrefix(a, "-"):
			return filepath.Base(a)
		}
	}
	return name
}

func commandLine(pid int) string {
	b, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
	return string(bytes.ReplaceAll(bytes.TrimRight(b, "\x00"), []byte{0}, []byte{' '}))
}

func parentOf(pid int) int {
	b, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if i := bytes.LastIndexByte(b, ')'); i >= 0 {
		if f := strings.Fields(string(b[i+1:])); len(f) > 1 {
			n, _ := strconv.Atoi(f[1])
			return n
		}
	}
	return 0
}
