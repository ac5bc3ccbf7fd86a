package python

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"edu/procession/demos/demo"
	"edu/procession/demos/trace"
)

// tracker is the role of Python's resource tracker, which unlinks the shared memory
// and the semaphores that the others leave.
const tracker = "resource tracker"

// line is what procession_bridge reports, one object a line.
type line struct {
	Kind   string   `json:"k"`
	PID    int      `json:"p"`
	TID    int      `json:"t"`
	Child  int      `json:"c"` // a pid, or a count
	Name   string   `json:"n"`
	Method string   `json:"m"`
	Key    string   `json:"j"` // of a task
	Index  int      `json:"i"`
	Took   int64    `json:"ns"`
	Queue  string   `json:"q"` // of a queue or lock, or an address
	Text   string   `json:"x"`
	Error  string   `json:"e"`
	At     []string `json:"at"`
}

// cast is what a program has on stage. Lines and looks at the kernel's tables
// come from two goroutines.
type cast struct {
	s    demo.Stage
	main int

	mu      sync.Mutex
	who     map[int]trace.ID  // process → name
	procs   map[int]demo.Proc // process → what the stage has of it
	threads map[int]thread
	names   map[trace.ID]bool
	found   map[int]time.Time // seen in the kernel's tables, and not yet named
	tasks   map[string]int
	notes   map[int]string
	inHand  map[trace.ID]map[int]bool // the tasks that each has
	gone    map[int]bool              // tasks that are lost
	things  map[string]*thing         // queues and locks
	listens map[string]trace.ID
	calls   map[string]*call
	marks   *os.File      // the program's own pipe of lines: see mourn
	deaf    bool          // marks are over
	over    chan struct{} // closed when all that the main process said has been heard
	begins  map[int]int64 // one end of the time from start() to a child's first line; then of the other
	starts  map[string][]time.Duration

	most    int // processes at once
	bomb    int // of how many it said so itself, when it was ended for that
	done    int
	failed  int
	tookAll time.Duration
	errors  []line // exceptions that ended a process, in order
}

// thread is a thread on stage.
type thread struct {
	id  trace.ID
	pid int
}

// thing is a queue or a lock, under the name that the program has for it.
type thing struct {
	id         trace.ID
	puts, gets int
}

func newCast(s demo.Stage) *cast {
	return &cast{
		s: s, who: map[int]trace.ID{}, procs: map[int]demo.Proc{}, threads: map[int]thread{}, over: make(chan struct{}), names: map[trace.ID]bool{"main": true}, found: map[int]time.Time{},
		tasks: map[string]int{}, notes: map[int]string{}, inHand: map[trace.ID]map[int]bool{}, gone: map[int]bool{}, things: map[string]*thing{},
		listens: map[string]trace.ID{}, calls: map[string]*call{}, begins: map[int]int64{}, starts: map[string][]time.Duration{},
	}
}

// line takes a line of the program.
func (c *cast) line(b []byte) {
	var l line
	if json.Unmarshal(b, &l) != nil || l.PID <= 0 {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	switch l.Kind {
	case "child":
		c.adopt(l.Child, l.Name, l.Text, l.Method)
		c.began(l.Child, l.Method, -l.Took)
		return
	case "proc":
		c.adopt(l.PID, l.Name, l.Text, l.Method)
		c.began(l.PID, l.Method, l.Took)
		return
	case "fork":
		if _, ok := c.found[l.PID]; !ok && !c.known(l.PID) {
			c.found[l.PID] = time.Now()
		}
		return
	case "pipe":
		if !c.deaf && c.marks == nil && (l.PID == c.main || c.main == 0) {
			c.marks, _ = os.OpenFile(fmt.Sprintf("/proc/%d/fd/%d", l.PID, l.Child), os.O_WRONLY, 0)
		}
		return
	case "dead":
		if l.PID == os.Getpid() {
			c.dead(l.Child)
		}
		return
	case "thread":
		c.thread(l)
		return
	}
	who := c.at(l)
	switch l.Kind {
	case "end":
		if t, ok := c.threads[l.TID]; ok {
			delete(c.threads, l.TID)
			c.s.Returned(t.id)
		}
	case "new", "news", "run", "done", "fail", "lost", "cancel":
		c.task(who, l)
	case "block":
		c.s.Reported(who, trace.Block{On: l.Text})
	case "queue", "lock":
		c.thing(l.Queue, l.Kind, l.Name)
	case "value":
		c.thing(l.Queue+" value", l.Kind, l.Name)
	case "ack":
		c.s.Reported(who, trace.Item{Is: trace.KindAck, Queue: c.thing(l.Queue, "queue", "").id, Depth: -1})
	case "put", "get":
		c.item(who, l)
	case "want", "hold", "free":
		is := map[string]trace.Kind{"want": trace.KindWant, "hold": trace.KindHold, "free": trace.KindFree}[l.Kind]
		c.s.Reported(who, trace.Lock{Is: is, Lock: c.thing(l.Queue, "lock", "").id})
	case "read", "write":
		is := map[string]trace.Kind{"read": trace.KindRead, "write": trace.KindWrite}[l.Kind]
		c.s.Reported(who, trace.Cell{Is: is, Cell: c.thing(l.Queue+" value", "value", "").id, Value: l.Text})
	case "listen":
		c.listens[local(l.Text)] = who
		c.s.Reported(who, trace.Listen{Addr: l.Text, For: "manager"})
	case "call", "got", "answer", "reply":
		c.call(who, l)
	case "late":
		c.s.Reported(who, trace.Say{Text: fmt.Sprintf("held its event loop for %v: %s", time.Duration(l.Took).Round(time.Millisecond), l.Text)})
	case "err":
		c.errors = append(c.errors, l)
		at := ""
		if len(l.At) > 0 {
			at = " at " + strings.Join(l.At, " → ")
		}
		c.s.Reported(who, trace.Say{Text: l.Error + at})
	case "note":
		c.s.Reported(who, trace.Say{Text: l.Text})
	case "bomb":
		c.bomb = l.Child
	case "step":
		c.s.Held(who, l.Text, c.release(l.PID))
	}
}

// maxStarts is how many starts of one method are told of as they come.
const maxStarts = 100

// began takes one end of a start, the parent's with its sign turned, and when it has
// both tells the median of the method. Which of the two comes first is open.
func (c *cast) began(pid int, method string, at int64) {
	other, ok := c.begins[pid]
	if !ok {
		c.begins[pid] = at
		return
	}
	delete(c.begins, pid)
	if method == "" || at == 0 || other == 0 || at+other <= 0 || len(c.starts[method]) >= maxStarts {
		return
	}
	if method == "forkserver" && c.starts[method] == nil {
		method = "forkserver-first"
		c.starts["forkserver"] = []time.Duration{}
	}
	all := append(c.starts[method], time.Duration(at+other))
	c.starts[method] = all
	slices.Sort(all)
	c.s.Emit("", trace.Gauge{Name: method, Value: float64(all[(len(all)-1)/2]) / 1e6, Unit: "ms", Group: "from start() to the child's first line", Log: true,
		Note: "median of " + demo.Plural(len(all), "start"), Paced: c.s.Pace() == demo.Slow})
}

// at is who speaks: a thread where it is on stage, else its process.
func (c *cast) at(l line) trace.ID {
	if t, ok := c.threads[l.TID]; ok && l.TID != 0 {
		return t.id
	}
	if c.who[l.PID] == "" {
		c.adopt(l.PID, "", kind(l.PID, commandLine(parentOf(l.PID))), "")
	}
	return c.who[l.PID]
}

// known says that a process is on stage. A number that the kernel has given to
// another one since is not.
func (c *cast) known(pid int) bool {
	if p := c.procs[pid]; p != nil {
		select {
		case <-p.Reaped():
			if parentOf(pid) != 0 {
				c.dead(pid)
				delete(c.who, pid)
				delete(c.procs, pid)
			}
		default:
		}
	}
	return c.who[pid] != ""
}

// unique makes a name that nobody has.
func (c *cast) unique(name string) trace.ID {
	id := trace.ID(name)
	for n := 2; c.names[id]; n++ {
		id = trace.ID(name + "·" + strconv.Itoa(n))
	}
	c.names[id] = true
	return id
}

// short is the name that Python gives, without what the role says: Worker-1 of
// ForkPoolWorker-1, whose role is "pool worker, fork". More does not fit beside what
// else there is to see.
func short(name string) string {
	for _, p := range []string{"ForkServerPool", "SpawnPool", "ForkPool", "ForkServer", "Spawn", "Fork", "ThreadPool"} {
		if rest, ok := strings.CutPrefix(name, p); ok && rest != "" && rest[0] >= 'A' && rest[0] <= 'Z' {
			return rest
		}
	}
	return name
}

// adopt puts a process on stage under the name that multiprocessing gave it.
func (c *cast) adopt(pid int, name, role, method string) {
	if pid <= 0 || c.known(pid) {
		return
	}
	delete(c.found, pid)
	if role == "" {
		role, method = "child", "fork"
	}
	if name = short(name); name == "" {
		name = strings.ReplaceAll(role, " ", "-") // a name that --do takes
	}
	id, leaves := c.unique(name), role == tracker
	if method != "" {
		role += ", " + method
	}
	c.who[pid] = id // what it says is its own, on stage or not
	if p, err := c.s.Adopt(demo.Guest{PID: pid, Name: id, Role: role, Leaves: leaves}); err == nil {
		c.procs[pid] = p
		go c.mourn(p)
	}
}

// mourn waits for the end of a process. What it had said by then lies in the pipe
// still: a mark of ours goes in behind it, and when that comes out, all is heard.
func (c *cast) mourn(p demo.Proc) {
	<-p.Exited()
	c.mu.Lock()
	marks := c.marks
	c.mu.Unlock()
	if marks != nil {
		if _, err := fmt.Fprintf(marks, "{\"k\":\"dead\",\"p\":%d,\"c\":%d}\n", os.Getpid(), p.PID()); err == nil {
			return
		}
	}
	time.Sleep(unmarked)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.dead(p.PID())
}

// unmarked is how long the last word of a process may take where no mark tells.
const unmarked = 100 * time.Millisecond

// dead tells what a process had in hand when it ended.
func (c *cast) dead(pid int) {
	p := c.procs[pid]
	if p == nil {
		return
	}
	x, err := p.Wait(context.Background())
	if err != nil {
		return
	}
	drop := func(who trace.ID) {
		for _, n := range slices.Sorted(maps.Keys(c.inHand[who])) {
			if c.lose(n) {
				c.s.Emit(who, trace.Task{Is: trace.KindTaskLost, Task: n, Worker: who, Note: "its process ended with " + x.String()})
			}
		}
		delete(c.inHand, who)
	}
	drop(p.ID())
	for tid, t := range c.threads {
		if t.pid == pid {
			drop(t.id)
			delete(c.threads, tid)
		}
	}
	if pid == c.main {
		select {
		case <-c.over:
		default:
			close(c.over)
		}
	}
}

// lose notes that a task is lost; false says that it was noted before.
func (c *cast) lose(task int) bool {
	if c.gone[task] {
		return false
	}
	c.gone[task] = true
	return true
}

func (c *cast) thread(l line) {
	if c.threads[l.TID].id != "" || len(c.threads) >= 64 {
		return
	}
	c.at(line{PID: l.PID})
	id := c.unique(short(l.Name))
	if _, err := c.s.Adopt(demo.Guest{PID: l.PID, TID: l.TID, Name: id, Role: "thread"}); err == nil {
		c.threads[l.TID] = thread{id, l.PID}
	}
}

// maxTasks is how many tasks of one call are announced before they run.
const maxTasks = 100_000

// number is a task's number: in the order in which they are heard of.
func (c *cast) number(key, note string) int {
	n, ok := c.tasks[key]
	if !ok {
		n = len(c.tasks)
		c.tasks[key] = n
		c.s.Reported("", trace.Task{Is: trace.KindTaskNew, Task: n, Note: note})
	}
	if note != "" {
		c.notes[n] = note
	}
	return n
}

func (c *cast) task(who trace.ID, l line) {
	switch l.Kind {
	case "new":
		c.number(l.Key, l.Text)
		return
	case "news":
		for i := range min(l.Child, maxTasks) {
			c.number(l.Key+"."+strconv.Itoa(i), "")
		}
		return
	case "lost":
		if n := c.number(l.Key, ""); c.lose(n) {
			c.s.Reported("", trace.Task{Is: trace.KindTaskLost, Task: n, Note: l.Error})
		}
		return
	case "cancel":
		c.s.Reported("", trace.Task{Is: trace.KindTaskFail, Task: c.number(l.Key, ""), Note: "cancelled before it ran"})
		return
	}
	n := c.number(l.Key, l.Text)
	t := trace.Task{Task: n, Worker: who, Attempt: 1, Took: time.Duration(l.Took), Note: c.notes[n]}
	switch l.Kind {
	case "run":
		t.Is = trace.KindTaskRun
		if c.inHand[who] == nil {
			c.inHand[who] = map[int]bool{}
		}
		c.inHand[who][n] = true
	case "done":
		t.Is = trace.KindTaskDone
		c.done++
		c.tookAll += t.Took
	case "fail":
		t.Is, t.Note = trace.KindTaskFail, l.Error
		c.failed++
	}
	if t.Is != trace.KindTaskRun {
		delete(c.inHand[who], n)
	}
	c.s.Reported(who, t)
}

func (c *cast) thing(mark, kind, name string) *thing {
	t := c.things[mark]
	if t == nil {
		if name == "" {
			name = kind
		}
		t = &thing{id: c.unique(name)}
		c.things[mark] = t
	}
	return t
}

func (c *cast) item(who trace.ID, l line) {
	q := c.thing(l.Queue, "queue", "")
	is := trace.KindPut
	if l.Kind == "put" {
		q.puts++
	} else {
		q.gets++
		is = trace.KindGet
	}
	c.s.Reported(who, trace.Item{Is: is, Queue: q.id, Item: l.Text, Depth: max(0, q.puts-q.gets)})
}
