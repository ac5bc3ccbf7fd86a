//go:build unix

package lessons

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// What a listing must print, wherever and however often it runs: expressions
// that match its output, never a measured figure.
var listings = map[string]struct{ python, golang []string }{
	"what-is-distributed": {
		python: []string{`(?m)^beat$`, `silence: .*\n(.*\n)*beat: a false alarm`, `end of stream: .*\n$`},
		golang: []string{`(?m)^beat$`, `silence: .*\n(.*\n)*beat: a false alarm`, `end of stream: .*\n$`},
	},
	"what-is-multiprocessing": {
		python: []string{`is 999\n`, `parent: COUNT is 42\n`, `one after the other: \d+\.\d\d s\nin two processes: \d+\.\d\d s\nspeed-up on \d+ cores: \d+\.\d\d\n$`},
		golang: []string{`child: count was 0, is 999\nparent: count is 42\nparent, after a goroutine: count is 999\n`, `speed-up on \d+ cores: \d+\.\d\d\n$`},
	},
	"same-call-different-world": {
		python: []string{`^function: .*\npipe: .*\nloopback: `, `UNKNOWN\n.*knows: 0 booked\n.*UNKNOWN\n.*knows: 1 booked\n$`},
		golang: []string{`^function: .*\ngoroutine: .*\nloopback: `, `UNKNOWN\n.*knows: ""\n.*UNKNOWN\n.*knows: "booked 100"\n$`},
	},
	"process-life": {
		python: []string{`first words`, `is_alive\(\) says True\nterminated: exit code -15\nfailed: exit code 3\n$`},
		golang: []string{`first words`, `still there: true\nterminated: by signal 15\nfailed: exit status 3 code 3\n$`},
	},
	"start-methods": {
		python: []string{
			`^fork\n  COUNT: 42\n  threads: 1\n  file open: True\n  lock free: False\n  NOTE: fork-1, then fork-2\n  their parent is this program: True\n  their parent is the same: True\n  first word: .*\n  exit codes: 0 0\nforkserver\n`,
			`\nforkserver\n  COUNT: 0\n  threads: 1\n  file open: False\n  lock free: True\n  NOTE: forkserver-1, then forkserver-1\n  their parent is this program: False\n  their parent is the same: True\n  first word: .*\n  exit codes: 0 0\nspawn\n`,
			`\nspawn\n  COUNT: 0\n  threads: 1\n  file open: False\n  lock free: True\n  NOTE: spawn-1, then spawn-2\n  their parent is this program: True\n  their parent is the same: True\n  first word: .*\n  exit codes: 0 0\n$`},
		golang: []string{`^nothing passed on\n  count: 0\n  lock free: true\n  descriptor 3 is the file: false\n  NOTE: nothing passed on\n  parent is main: true\nthe file passed on\n  count: 0\n  lock free: true\n  descriptor 3 is the file: true\n  NOTE: the file passed on\n  parent is main: true\n$`},
	},
	"spawn-is-halfway": {
		python: []string{`^square as bytes: b.*\nits name is in there: True\nits code is in there: False\n` +
			`fork\n  square\(7\): 49\n  a lambda: 49\n  a nested function: 49\n  times\(7\): 70\n` +
			`forkserver\n  square\(7\): 49\n  a lambda: refused \(\w+\)\n  a nested function: refused \(\w+\)\n  times\(7\): 7\n` +
			`spawn\n  square\(7\): 49\n  a lambda: refused \(\w+\)\n  a nested function: refused \(\w+\)\n  times\(7\): 7\n$`},
		golang: []string{`^square\(7\): \d\d bytes, value 49, error ""\nsquare\(7\): 1\d bytes, value 49, error ""\ntimes\(7\): \d+ bytes, value 7, error ""\na function: gob .*can't handle type: func\(int\) int\nmy own\(7\): \d+ bytes, value 0, error "no such function here"\n$`},
	},
	"pool-of-workers": {
		python: []string{`task 1 .*\ntask 2 .*\ntask 3 .*\n`, `three tasks of 0\.2 s: (0\.[4-9]|[1-9])`, `ready: True successful: False\nget\(\) raised: ValueError\('bad input 99'\)\n$`},
		golang: []string{`task 1 .*\ntask 2 .*\ntask 3 .*\n`, `three tasks of 0\.2 s: ([4-9]\d\d\.?\d*ms|[1-9][.\d]*s)\n`, `error: bad input 99\n$`},
	},
	"queue-pipe-event": {
		python: []string{`received: \[0, 1, 2, 3, 4, 100, 101, 102, 103, 104\]`, `True right after put\(\): \d+ of 1000`, `pipe: PING\npipe: end of file.*\n$`},
		golang: []string{`received: \[0 1 2 3 4 100 101 102 103 104\]\npipe: PING\n$`},
	},
	"quorum-split-brain": {
		python: []string{`^5 nodes, 2\|3, a majority: a acknowledged: False, b: True; read later: \['b'\]\n4 nodes, 2\|2, a half: a acknowledged: True, b: True; read later: \['a', 'b'\]\n4 nodes, 2\|2, a majority: a acknowledged: False, b: False; read later: \['b'\]\n$`},
		golang: []string{`^5 nodes, 2\|3, a majority: a acknowledged: false, b: true; read later: \[b\]\n4 nodes, 2\|2, a half: a acknowledged: true, b: true; read later: \[a b\]\n4 nodes, 2\|2, a majority: a acknowledged: false, b: false; read later: \[b\]\n$`},
	},
	"gossip-membership": {
		python: []string{`^each of five has heard of all others\nn5 killed: its parent knows after \d+\.\d+ s\nthe nodes: .* s\nn4 stopped: failed, say three nodes; is_alive\(\): True\nn4 goes on: alive, say three nodes\n$`},
		golang: []string{`^n1: n2 is a member\nn1: n3 is a member\nn1: n4 is a member\nn1: n3, which left, is no member, after .*s\nn1: n4, fallen silent, is no member, after .*s\nn1 has 2 members, itself included\n$`},
	},
	"manager-proxy": {
		python: []string{`^after append: \[\]\nput back: \['kept'\]\na list of the manager's: \['kept'\]\ntwo count to 500 each: \d+\nown dict: .*\nValue in shared memory: .*\nManager dict: .*µs\n$`},
		golang: []string{`^after append: \[\]\nappended there: \[kept\]\nby get and put: \d+\nby add: 1000\none call: .*s\n$`},
	},
	"remote-manager": {
		python: []string{`^killed the worker that has task 0\n(no result for 2 s; missing: .*\n)+results: \[0, 1, 4, 9, 16, 25\]\n$`},
		golang: []string{`^killed the worker that has task 0\n(a worker ended: (<nil>|signal: killed)\n){2}task 0 given out ([2-9]|\d\d) times: 0\n(task \d given out \d+ times: \d+\n)*task 5 given out \d+ times: 25\n$`},
	},
	"trust-boundary": {
		python: []string{`^the bank got \['pay 10', 'shop'\]\neve can read the order: True\neve can read the key: False\na wrong key: refused\nrecv\(\) has touched a file: True\nJSON, altered: refused\nJSON, a trap: refused\nJSON, good: got pay 10\nJSON, good, once more: refused\na file was touched: False\n$`},
		golang: []string{`^in the clear: paid 10 to shop; eve can read it: true\na pickle: refused; eve can read it: true\nmutual TLS: paid 10 to shop; eve can read it: false\nno certificate: refused; eve can read it: false\n$`},
	},
	"deadlock": {
		python: []string{`^A takes one, two; B takes two, one:\n  A: gave up waiting\n  B: gave up waiting\nboth take one, two:\n  A: done\n  B: done\n$`},
		golang: []string{`^A takes one, two; B takes two, one:\n  A: gave up waiting\n  B: gave up waiting\nboth take one, two:\n  A: done\n  B: done\n$`},
	},
	"producers-consumers": {
		python: []string{`^all there, each once: True\nproducer, lock in hand, gets a slot: False\nconsumer, who would free one, gets the lock: False\n$`},
		golang: []string{`^by hand, all there, each once: true\nchannel, all there, each once: true\nfull: a third one would have to wait\n$`},
	},
	"readers-writers": {
		python: []string{`^without a lock: 300 writes, torn reads: \d+\nreaders and writer: 300 writes, torn reads: 0\n$`},
		golang: []string{`^without a lock, torn reads: \d+\nRWMutex, torn reads: 0\nwhile the writer waits, another reader gets in: false\nthe reader left, the writer wrote: true\n$`},
	},
	"semaphore-barrier": {
		python: []string{`^more than two at once: False\nparts: \[3, 3, 3, 3\] codes: \[0, 0, 0, 0\]\na permit is left: False\nbarrier: broken, for all who come: True\n$`},
		golang: []string{`^more than two at once: false\nrounds: 3\nsomebody behind: false\na permit is left: true\n$`},
	},
	"at-least-once": {
		python: []string{`^without ids: \[\d+, \d+, \d+\] attempts, \d+ requests, [4-9] effects, 0 duplicates, balance [4-9]0\nwith ids: \[\d+, \d+, \d+\] attempts, \d+ requests, 3 effects, [1-9] duplicates, balance 30\n$`},
		golang: []string{`^without ids: \[\d+ \d+ \d+\] attempts, [4-9] effects\nwith ids: \[\d+ \d+ \d+\] attempts, 3 effects\n$`},
	},
	"broker-down": {
		python: []string{`^in memory: 5 tasks\nput raises (EOFError|ConnectionResetError|BrokenPipeError)\nconnect raises ConnectionRefusedError\na new server: 0 tasks\ntask 0: stored, attempt 1\ntask 1: stored, attempt 1\ntask 2: known by its id, attempt 2\ntask 3: stored, attempt 1\ntask 4: stored, attempt 1\nin the file: 5 tasks\n$`},
		golang: []string{`^task 0 acknowledged, number 1\ntask 1 .*\ntask 2 acknowledged, number 3\nkilled; task 3 acknowledged: false\ntask 2 acknowledged, known: true\ntask 3 acknowledged, known: (true|false)\ntask 4 acknowledged, known: false\nin the stream: 5 tasks\n$`},
	},
	"silent-peer": {
		python: []string{`^running: answer: one\nstopped: silence\nstopped: a new connection was taken\ngoes on: answer: two\nkilled: (end of stream|reset): a kernel says that it has ended\n$`},
		golang: []string{`^running: answer: one\nstopped: silence\nstopped: a new connection was taken\ngoes on: answer: two\nkilled: (end of stream|reset): a kernel says that it has ended\n$`},
	},
	"whose-clock": {
		python: []string{`^wall clocks: .*; x is 1\nLamport clocks: .*; x is 2\n$`},
		golang: []string{`^wall clocks: .*; x is 1\nLamport clocks: .*; x is 2\n$`},
	},
	"zombie-orphan-daemon": {
		python: []string{`^ended, not joined: Z\nafter SIGKILL: Z\njoined: gone with exit code 0\nthe daemon is a child of p: True\np was killed, the daemon is gone: False\nit is a child of p: False but of \d+\np returned, the daemon is gone: True\n$`},
		golang: []string{`^ended, and nobody has waited: Z\nafter SIGKILL: Z\nafter Wait: gone\nthe parent was killed, the orphan is gone: false\nit is our child: false\nwe are a subreaper: true\nthe parent was killed, the orphan is gone: false\nit is our child: true\nafter Wait4: gone\n$`},
	},
	"signals-and-shutdown": {
		python: []string{`^SIGTERM: lost 0, workers' exit codes \[0, -9\]\nSIGTERM: the server's exit code is 0\nCtrl\+C: lost 0, workers' exit codes \[0\]\nCtrl\+C: the server's exit code is 0\nno handler: it said nothing more\nno handler: the server's exit code is -15\nSIGKILL: no handler is possible\nto a shell, ended by SIGTERM is 143\n$`},
		golang: []string{`^worker 0: signal: terminated\nworker 1: signal: killed\nlost: 0\nserver: exit status 0\nplain: signal: terminated\n$`},
	},
	"killed-worker": {
		python: []string{`^Pool: task 0 is 0\nPool: task 3 is 9\nPool: of task 1, nothing: no result, no error\nPool: a new worker came: True\n`,
			`\nexecutor: task 1 raises BrokenProcessPool\nexecutor: it takes no task any more\n`,
			`\nsupervisor: task 0: 0, attempt 1\nsupervisor: task 1: given up: 3 attempts, exit code -9\nsupervisor: task 2: 4, attempt 2\nsupervisor: task 3: 9, attempt 1\n$`},
		golang: []string{`^supervisor: task 0: 0, attempt 1\nsupervisor: task 1: given up: 3 attempts, signal: killed\nsupervisor: task 2: 4, attempt 2\nsupervisor: task 3: 9, attempt 1\n$`},
	},
	"silent-errors": {
		python: []string{`(?m)^ValueError: 3 is odd\nProcess: join\(\) came back, exit code 1\napply_async: nothing; successful: False\nmap raised: [35] is odd and gave no result at all\n`,
			`\nimap, one by one: \[1, '3 is odd', 2, '5 is odd', 3\]\nerror_callback heard: \[ValueError\('7 is odd'\)\]\nswallowed: \[1, None, 2\]\n`,
			`\nZeroDivisionError: division by zero\nbad callback: a later result comes: False\nbad callback: the pool cannot even be left\n`,
			`\nexecutor: left without an error\nasked now: \['None', "ValueError\('3 is odd'\)"\]\nThread: join\(\) came back; excepthook heard: \[ValueError\('3 is odd'\)\]\n$`},
		golang: []string{`^goroutines: all have ended, errors heard: 0\nerrors kept: "1 is odd\\n3 is odd"\nchild, exit: exit status 1, said "3 is odd"\nchild, panic: exit status 2, said "panic: .*"\nchild, recover: <nil>, said ""\n$`},
	},
	"queue-is-finite": {
		python: []string{`^a pipe holds \d+ bytes\n(join before get, \d+ bytes: comes back\n){2}(join before get, \d+ bytes: hangs, until the get\n){2}`,
			`\n40 MiB in a burst, maxsize 0: the producer grew by ([2-9]\d|\d{3}) MiB\n40 MiB in a burst, maxsize 4: the producer grew by 1?\d MiB\n$`},
		golang: []string{`^a pipe holds \d+ bytes\n(wait before read, \d+ bytes: comes back\n){3}(wait before read, \d+ bytes: hangs, until the read\n){2}`,
			`\n40 MiB in a burst, room for 40: ([2-9]\d|1\d) MiB waited\n40 MiB in a burst, room for 4: [1-4] MiB waited\n$`},
	},
	"lease-and-fencing": {
		python: []string{`^lease only\nB, token 2: written\nA, token 1: written\nwith fencing\nB, token 2: written\nA, token 1: refused\n$`},
		golang: []string{`^lease only\nB, token 2: written\nA, token 1: written\nwith fencing\nB, token 2: written\nA, token 1: refused\n$`},
	},
	"capstone-mapreduce": {
		python: []string{`^nothing for 3 s; missing: \[(\d+, )*2(, \d+)*\]\nmap 0 was done [2-9] times\nmost frequent: .*\nthe answer of one loop: True\n$`},
		golang: []string{`^(a duplicate: harmless\n)*the answer of one loop: true\n$`},
	},
	"cost-of-crossing": {
		python: []string{`^loop: .* ms\n(Pool\(2\), chunksize 10*: .* times the loop\n){4}chunksize 1: over 20 times as long: True\n1000 takes less than 1: True\n8 MiB through a Queue: .* ms\n8 MiB in shared memory: .* ms\nthe same bytes were read: True\nsharing takes less: True\n$`},
		golang: []string{`^loop: .*s\n(10* in a message: .*s\n){4}1 takes longer than the loop: true\n1000 takes less than 1: true\n$`},
	},
	"shared-memory": {
		python: []string{`^42, and the child added one: 43\nthe float 1\.5, read as an integer: 4609434218613702656\ntorn reads: \d+\ntorn reads, with a lock: 0\nunlinked, still there: False\nits maker was killed, still there: True\nwhat is in it: 7\nunlinked, still there: False\nanother program made one: True\nthat was killed, still there: False\n$`},
		golang: []string{`^42, and the child added one: 43\nthe float 1\.5, read as an integer: 4609434218613702656\nthe child: signal: killed\nstill there: true\nunlinked, still there: false\nand still mapped here: 43\n$`},
	},
	"gil-threads-async": {
		python: []string{`^interpreter lock: (on|off)\ncompute, serial: .*\ncompute, threads: .*\ncompute, processes: .*\nwait, serial: .*\nwait, threads: .*\nwait, processes: .*\nasyncio, wait: .*\nasyncio, compute inside: .*\nasyncio, compute outside: .*\n$`,
			`^interpreter lock: off|\ncompute, threads: \d+\.\d\d s, (0\.\d|1\.[01]) cores\n`}, // with a lock, no more than one core, however many threads
		golang: []string{`^at once, at most: \d+\n(compute, (serial|goroutines|turns): .*\n){3}(wait, (serial|goroutines|turns): .*\n){3}compute, in a loop: .*\n$`},
	},
	"web-workers": {
		python: []string{`^/global: 100 hits, [2-4] pids, largest reply [2-9]\d, \d\d told before\n  hits by pid: .*\n/shared: 100 hits, [2-4] pids, largest reply 100, 0 told before\n`,
			`\na worker is killed, the master has started another\n/global: 200 hits, [3-5] pids, largest reply ([2-9]\d|1\d\d), \d+ told before\n  hits by pid: .*\n/shared: 200 hits, [3-5] pids, largest reply 200, 0 told before\n  hits by pid: .*\n$`},
		golang: []string{`^global, 100 hits, largest: [2-9]\d\nstore, 100 hits, largest: 100\na worker was killed, another was started\nglobal, 200 hits, largest: ([2-9]\d|1\d\d)\nstore, 200 hits, largest: 200\n$`},
	},
	"race-and-lock": {
		python: []string{`^expected: 200000\nwithout a lock: \d+\nwith get_lock\(\): 200000\nLock, holder killed: still held\nflock, holder killed: free\n$`},
		golang: []string{`^expected: 200000\nadd: \d+\nadd locked: 200000\nflock, holder killed: free: true\n$`},
	},
}

// relation is what a listing's figures must have to do with each other: the first
// is less than share of the second. Both are expressions with one group. A relation
// is one of waits, or so wide that a busy machine does not turn it round.
type relation struct {
	less  string
	share float64
	more  string
}

var relations = map[string]struct{ python, golang []relation }{
	"gil-threads-async": {
		python: []relation{
			{`\nwait, threads: (\S+) s`, 1, `\nwait, serial: (\S+) s`},
			{`\nasyncio, wait: (\S+) s`, 1, `\nwait, serial: (\S+) s`},
			{`\nasyncio, compute inside: (\S+) s`, 2, `compute inside: .* gap (\S+) s`},
			{`compute outside: .* gap (\S+) s`, 1, `compute inside: .* gap (\S+) s`},
		},
		golang: []relation{
			{`\nwait, goroutines: (\S+) s`, 1, `\nwait, serial: (\S+) s`},
			{`\nwait, turns: (\S+) s`, 1, `\nwait, serial: (\S+) s`},
			{`\ncompute, in a loop: (\S+) s`, 5, `in a loop: .* gap (\S+) s`}, // of four jobs at least one
		},
	},
}

func (r relation) hold(t *testing.T, out string) {
	t.Helper()
	figure := func(re string) float64 {
		m := regexp.MustCompile(re).FindStringSubmatch(out)
		if m == nil {
			t.Fatalf("no figure %s in:\n%s", re, out)
		}
		x, err := strconv.ParseFloat(m[1], 64)
		if err != nil {
			t.Fatal(err)
		}
		return x
	}
	if figure(r.less) >= r.share*figure(r.more) {
		t.Errorf("%s is not less than %v times %s:\n%s", r.less, r.share, r.more, out)
	}
}

// needsModules are the Go listings that show a library.
var needsModules = map[string]bool{"gossip-membership": true, "broker-down": true}

// TestMain lets more listings run at once than there are cores: most of them wait
// most of the time.
func TestMain(m *testing.M) {
	flag.Parse()
	if n := flag.Lookup("test.parallel"); n.Value.String() == n.DefValue {
		flag.Set("test.parallel", strconv.Itoa(2*runtime.GOMAXPROCS(0)))
	}
	os.Exit(m.Run())
}

// startMethods are tried one by one; what else a method must make a listing say
// is in the map.
var startMethods = []string{"fork", "spawn", "forkserver"}

var startMethodWants = map[string]string{
	"what-is-multiprocessing fork":       `start method: fork\nchild: COUNT was 42,`,
	"what-is-multiprocessing spawn":      `start method: spawn\nchild: COUNT was 0,`,
	"what-is-multiprocessing forkserver": `start method: forkserver\nchild: COUNT was 0,`,
}

// sitecustomize chooses the start method before a program begins, so that the
// listing runs as it stands. Spawned children run it too, harmlessly: they are
// told their method again afterwards.
const sitecustomize = `
import multiprocessing, os
multiprocessing.set_start_method(os.environ["LISTING_START_METHOD"])
`

// Every Python listing runs as it stands under each start method, ends with 0,
// says what it must, and leaves no process.
func TestPythonListings(t *testing.T) {
	for _, l := range mustLoad(t).Lessons() {
		for _, method := range startMethods {
			t.Run(l.ID+"/"+method, func(t *testing.T) {
				t.Parallel()
				p, _ := l.Part(Python)
				out := runPython(t, p.Code, method)
				expect(t, out, listings[l.ID].python...)
				for _, r := range relations[l.ID].python {
					r.hold(t, out)
				}
				if want, ok := startMethodWants[l.ID+" "+method]; ok {
					expect(t, out, want)
				}
			})
		}
	}
}

// Every Go listing is a program of its own that needs the standard library
// only, but for those in needsModules: it builds, runs, ends with 0, says what it
// must, and leaves no process.
// (That it passes vet is seen where it is: "go vet ./...".)
func TestGoListings(t *testing.T) {
	for _, l := range mustLoad(t).Lessons() {
		t.Run(l.ID, func(t *testing.T) {
			t.Parallel()
			skipShort(t)
			goTool, err := exec.LookPath("go")
			if err != nil {
				t.Skip("the Go listings were not run: there is no go command here")
			}
			dir := t.TempDir()
			src, env := dir, []string{"GOWORK=off", "GOFLAGS=", "GOTOOLCHAIN=local"}
			if needsModules[l.ID] { // built where it is, with what this module has
				src, err = filepath.Abs(l.ID)
				if err != nil {
					t.Fatal(err)
				}
			} else {
				p, _ := l.Part(Go)
				write(t, filepath.Join(dir, "main.go"), p.Code)
				write(t, filepath.Join(dir, "go.mod"), "module listing\n\ngo 1.25\n")
				env = append(env, "GOPROXY=off")
			}
			run(t, src, env, goTool, "build", "-o", filepath.Join(dir, "listing"), ".")
			out := run(t, dir, nil, filepath.Join(dir, "listing"))
			expect(t, out, listings[l.ID].golang...)
			for _, r := range relations[l.ID].golang {
				r.hold(t, out)
			}
		})
	}
}

// Claims that the lessons make of Python beside their listings.
func TestClaims(t *testing.T) {
	for _, tt := range []struct {
		name, method, code string
		want               []string
	}{
		{"no-guard: the child raises, the parent sees exit code 1", "spawn", `
import multiprocessing as mp, sys
sys.stderr = sys.stdout
def work(): sys.exit(7)
p = mp.Process(target=work)
p.start()
p.join()
print("parent: exit code", p.exitcode) # the child does not come this far
`, []string{`RuntimeError: \n.*An attempt has been made to start a new process`, `\nparent: exit code 1\n$`}},
		{"process-life: SIGTERM waits for SIGCONT, SIGKILL does not", "fork", `
import multiprocessing as mp, os, signal, time
for sig in (signal.SIGTERM, signal.SIGKILL):
    here, there = mp.Pipe()
    p = mp.Process(target=lambda: (there.send(1), time.sleep(60)))
    p.start()
    here.recv()
    os.kill(p.pid, signal.SIGSTOP)
    os.waitid(os.P_PID, p.pid, os.WSTOPPED | os.WNOWAIT)
    os.kill(p.pid, sig)
    p.join(0.3)
    print(sig.name, p.exitcode)
    os.kill(p.pid, signal.SIGCONT) if p.exitcode is None else None
    p.join()
    print(sig.name, p.exitcode)
`, []string{`^SIGTERM None\nSIGTERM -15\nSIGKILL -9\nSIGKILL -9\n$`}},
		{"start-methods: without the fork server, a child's exit code is 255, at once", "forkserver", `
import multiprocessing as mp, os, signal, time
def work(there):
    there.send(os.getppid())
    time.sleep(1)
if __name__ == "__main__":
    here, there = mp.Pipe()
    p = mp.Process(target=work, args=(there,))
    p.start()
    os.kill(here.recv(), signal.SIGKILL)
    p.join()
    os.kill(p.pid, 0)  # it is still there
    print(p.exitcode)
`, []string{`^255\n$`}},
		{"process-life: a zombie cannot be killed", "fork", `
import multiprocessing as mp, os, signal
p = mp.Process(target=int)
p.start()
os.waitid(os.P_PID, p.pid, os.WEXITED | os.WNOWAIT)  # ended, not collected
os.kill(p.pid, signal.SIGKILL)                       # no error, no effect
p.join()
print(p.exitcode)
`, []string{`^0\n$`}},
		{"zombie-orphan-daemon: whatever asks reaps", "fork", `
import multiprocessing as mp, os
def ended():
    p = mp.Process(target=int)
    p.start()
    os.waitid(os.P_PID, p.pid, os.WEXITED | os.WNOWAIT)
    return p
def reaped(p):
    try: os.waitid(os.P_PID, p.pid, os.WEXITED | os.WNOWAIT | os.WNOHANG)
    except ChildProcessError: return True
    return False
p = ended()
print(reaped(p))
for name, ask in (("is_alive", lambda p: p.is_alive()), ("exitcode", lambda p: p.exitcode),
                  ("active_children", lambda p: mp.active_children()), ("start", lambda p: ended())):
    p = ended()
    ask(p)
    print(name, reaped(p))
`, []string{`^False\nis_alive True\nexitcode True\nactive_children True\nstart True\n$`}},
		{"signals-and-shutdown: SIGTERM without a handler leaves a daemon", "fork", `
import multiprocessing as mp, os, signal, time
def parent(pipe):
    d = mp.Process(target=time.sleep, args=(60,), daemon=True)
    d.start()
    pipe.send(d.pid)
    time.sleep(60)
here, there = mp.Pipe()
p = mp.Process(target=parent, args=(there,))
p.start()
daemon = here.recv()
p.terminate()
p.join()
os.kill(daemon, 0) # raises when there is none
os.kill(daemon, signal.SIGKILL)
print(p.exitcode)
`, []string{`^-15\n$`}},
		{"signals-and-shutdown: leaving a Pool's block loses, close and join drain", "fork", `
import multiprocessing as mp, time
with mp.Pool(1) as pool:
    r = pool.apply_async(time.sleep, (2,))
print(r.ready())
with mp.Pool(1) as pool:
    r = pool.apply_async(time.sleep, (0.2,))
    pool.close()
    pool.join()
print(r.ready())
`, []string{`^False\nTrue\n$`}},
		{"queue-full: put_nowait raises, put waits", "spawn", `
import multiprocessing as mp, queue
if __name__ == "__main__":
    q = mp.Queue(maxsize=8)
    for n in range(8): q.put(n)
    for put in (q.put_nowait, lambda n: q.put(n, timeout=0.2)):
        try: put(8)
        except queue.Full: print("Full")
    print([q.get() for _ in range(8)])
`, []string{`^Full\nFull\n\[0, 1, 2, 3, 4, 5, 6, 7\]\n$`}},
		{"silent-error: nothing is printed", "forkserver", `
import multiprocessing as mp, sys
if __name__ == "__main__":
    with mp.Pool(1) as pool:
        r = pool.apply_async(int, ("x",))
        r.wait()
        print(pool.apply(int, ("7",)), r.successful())
`, []string{`^7 False\n$`}},
		{"cost-of-crossing: who makes chunks by itself", "fork", `
import concurrent.futures as cf, inspect, multiprocessing.pool as mp
for f in mp.Pool.map, mp.Pool.imap, cf.ProcessPoolExecutor.map:
    print(inspect.signature(f).parameters["chunksize"].default)
pool = mp.Pool(2)
r = pool.map_async(abs, range(20_000))
print(r._number_left)  # chunks, right after
pool.terminate()
`, []string{`^None\n1\n1\n[0-8]\n$`}},
		{"shared-memory: whoever attaches has it unlinked, or says track=False", "fork", `
import subprocess, sys
from multiprocessing.shared_memory import SharedMemory
from pathlib import Path
block = SharedMemory(create=True, size=100)
def attach(more):
    subprocess.run([sys.executable, "-c", f"from multiprocessing.shared_memory import SharedMemory; SharedMemory('{block.name}'{more}).close()"], stderr=subprocess.PIPE)
    return Path("/dev/shm", block.name).exists()
if sys.version_info >= (3, 13):
    print(attach(", track=False"))
else:
    print(True)
print(attach(""))
from multiprocessing import resource_tracker
resource_tracker.unregister(block._name, "shared_memory")
`, []string{`^True\nFalse\n$`}},
		{"queue-pipe-event: an event stays set", "spawn", `
import multiprocessing as mp
if __name__ == "__main__":
    e = mp.Event()
    e.set()
    p = mp.Process(target=e.wait)
    p.start()
    p.join()
    print(e.is_set(), p.exitcode)
`, []string{`^True 0\n$`}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			expect(t, runPython(t, tt.code, tt.method), tt.want...)
		})
	}
}

// runPython runs a program under a start method and returns what it printed.
// It skips where there is no Python that the course can use.
func runPython(t *testing.T, code, method string) string {
	t.Helper()
	skipShort(t)
	python, why := findPython()
	if python == "" {
		t.Skip("the Python listings were not run: " + why)
	}
	dir, site := t.TempDir(), t.TempDir()
	write(t, filepath.Join(dir, "main.py"), code)
	write(t, filepath.Join(site, "sitecustomize.py"), sitecustomize)
	env := []string{"PYTHONPATH=" + site, "PYTHONDONTWRITEBYTECODE=1", "LISTING_START_METHOD=" + method}
	return run(t, dir, env, python, "main.py")
}

// findPython returns the python3 that the course can use, or why there is none.
var findPython = sync.OnceValues(func() (python, why string) {
	python, err := exec.LookPath("python3")
	if err != nil {
		return "", "there is no python3 here"
	}
	if exec.Command(python, "-c", "import sys; sys.exit(sys.version_info < (3, 11))").Run() != nil {
		return "", "python3 is older than 3.11"
	}
	return python, ""
})

// run runs a command in a process group of its own, fails the test unless it
// exits with 0 in time, and returns its standard output. It returns only when
// no descendant holds the output pipes any more, that is when all have ended;
// one that stays is killed with the group, and fails the test.
func run(t *testing.T, dir string, env []string, name string, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 60*time.Second)
	defer cancel()
	var out, errs bytes.Buffer
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), env...)
	cmd.Stdout, cmd.Stderr = &out, &errs
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	killGroup := func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.Cancel = killGroup
	cmd.WaitDelay = 10 * time.Second
	err := cmd.Run()
	if errors.Is(err, exec.ErrWaitDelay) {
		killGroup()
		t.Fatalf("%s left a process behind", name)
	}
	if err != nil {
		t.Fatalf("%s %s: %v\n%s%s", name, strings.Join(args, " "), err, out.String(), errs.String())
	}
	return out.String()
}

func expect(t *testing.T, out string, wants ...string) {
	t.Helper()
	if len(wants) == 0 {
		t.Error("this listing's output is not checked: add it to the table listings")
	}
	for _, want := range wants {
		if !regexp.MustCompile(want).MatchString(out) {
			t.Errorf("the output does not match %s:\n%s", want, out)
		}
	}
}

func write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func skipShort(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("the listings are not run with -short")
	}
}
