// Package board folds the log of a run into what can be drawn.
//
// A [Board] is the stage at one position of the log. [Board.Apply] takes it one
// event further and reads nothing but its arguments: the same log gives the same
// Board, today, paused, scrubbed back or replayed from a file. Views draw a Board
// and know no demo.
//
//	t := board.NewTimeline()
//	t.Extend(rec.Events(t.Len()))
//	b := t.At(t.Len())        // live
//	b = t.At(t.Find(2*time.Second)) // as it was after two seconds
//
// The rules are:
//  1. Same log, same Board (TestFoldIsPure).
//  2. Seeking to n gives the Board of folding n events from none (TestSeekEqualsFold).
//  3. Histories only grow; a Board that was handed out never changes (TestBoardsDoNotChange).
package board

import (
	"maps"
	"slices"
	"time"

	"edu/procession/demos/trace"
)

// Board is what stands on stage. Its slices must not be changed by those who
// draw it.
type Board struct {
	Pos int           // events folded
	At  time.Duration // of the last one

	Procs   []Proc   // in the order in which they started
	Tasks   []Task   // by number
	Queues  []Queue  // in order of appearance
	Cells   []Cell   // of shared memory, in order of appearance
	Locks   []Lock   // in order of appearance
	Step    Steps    // who goes when, in step mode
	Links   []Link   // measured, cut or tampered with at least once
	Beliefs []Belief // what each node takes to be so, in order of first appearance
	Msgs    []Msg    // the latest messages, at most 2,048, in the order in which they were sent
	Locals  []Local  // the latest of what happened besides, within processes and to links, at most 512, in order
	Clocked bool     // events carry vector clocks
	Family  bool     // somebody on stage has started another, or was inherited: whose child each is matters
	Gauges  []Gauge  // in order of first appearance
	Lines   []Line   // the latest of what was said, done or decided, at most 4,096, in order
	Older   int      // lines before Lines[0]
	Caption string   // the last caption
	Verdict *trace.Verdict
	Dropped int // events that the log did not keep

	Counts [6]int // of Tasks, by TaskState

	procs  map[trace.ID]int
	queues map[trace.ID]int
	gauges map[string]int
	sent   map[string]int // message → its number, while under way and in Msgs
	gone   int            // messages before Msgs[0]

	past    int                   // Locals before Locals[0]
	lamport map[trace.ID]uint64   // of each process's last event that has one
	late    map[trace.ID][]moment // that wait for what they follow
	broken  bool                  // what they follow will not come: there are no more Lamport clocks
}

// Proc is a process, alive or remembered.
type Proc struct {
	ID       trace.ID
	PID      int
	TID      int // of a thread of that process, 0 of a process
	PPID     int
	Parent   trace.ID
	Role     string
	Node     string
	NetNS    uint64       // its network namespace, where it has one of its own; 0 where it has not
	State    trace.Letter // the kernel's
	On       string       // what it waits for: the kernel's word, where it tells
	Says     string       // what it waits for: the worker's own word
	Started  time.Duration
	Took     time.Duration // to its first event; 0 before
	Ended    time.Duration // 0 while alive
	Reaped   time.Duration // 0 until reaped
	Exit     trace.Exit    // once Ended
	CPU      time.Duration // used
	Share    float64       // of one core, between the last two usages
	RSS      int64
	Threads  int
	Core     int // -1 where not told
	Task     int // the task in hand, -1 for none
	TaskDone int
	Held     bool           // at a step, until it is let go
	NextStep string         // what it does next, while Held
	LastStep string         // what it was let go for last
	Steps    int            // how often it was let go
	Listens  []trace.Listen // where it takes connections
	Part     trace.Role     // its part among its like, by its own word
	Guest    string         // of one that joined: its machine, by its own word; PID is 0 then
	Left     string         // and why it takes part no more, once Ended
	Dups     int            // tasks that it ran though they had been run
	States   []StateMark    // every change of State
	Work     []WorkMark     // every change of Task

	usedAt time.Duration
}

// Alive says that the process has not ended, or, of one that joined, that it has
// not left.
func (p *Proc) Alive() bool { return p.Ended == 0 && (p.PID != 0 || p.Guest != "") }

// Keeper says that it is there for others, as the warden or the host of threads,
// and does none of the demo's work.
func (p *Proc) Keeper() bool { return p.Role == "warden" || p.Role == "host" }

// StateMark is the begin of a stretch in one state.
type StateMark struct {
	At    time.Duration
	State trace.Letter
	On    string
}

// WorkMark is the begin of a stretch of work on one task; Task -1 is idleness.
type WorkMark struct {
	At   time.Duration
	Task int
}

// TaskState is where a task stands.
type TaskState uint8

const (
	TaskWaiting TaskState = iota // nobody has begun it
	TaskRunning                  // a worker has it
	TaskDone                     // its result is there
	TaskFailed                   // it ran and failed
	TaskLost                     // its worker died, and nobody has it
	TaskNone                     // a number that no task has had yet
)

// String is the state's word.
func (s TaskState) String() string {
	return [...]string{"waiting", "running", "done", "failed", "lost", "none"}[s]
}

// Task is a piece of work.
type Task struct {
	State   TaskState
	Worker  trace.ID // who has it, or had it last
	Attempt int
	Began   time.Duration
	Ended   time.Duration
	Note    string
}

// Queue is a queue or a pipe.
type Queue struct {
	ID      trace.ID
	Depth   int
	Cap     int // 0: unbounded, or not told
	Unit    string
	Source  trace.Source // who vouches for Depth
	Puts    int
	Gets    int
	Acks    int      // of Gets, that were said to be dealt with
	Items   []string // reported as put and not yet as got, oldest first, at most 64
	History []DepthMark

	ahead   []string // reported as got, and not yet as put
	unnamed int      // put when Items was full
}

// DepthMark is a change of a queue's depth.
type DepthMark struct {
	At    time.Duration
	Depth int
}

// Link is a connection between two places.
type Link struct {
	A, B  trace.ID
	Cut   bool            // in at least one direction
	From  trace.ID        // of a link cut one way: the end whose messages are lost; "" for both
	Fault trace.LinkFault // what the stage injects now; zero for nothing
	RTT   time.Duration   // as one of the ends measured it last; 0 before
	RTTAt time.Duration   // when
}

// Belief is what a node takes to be so of something, true or not.
type Belief struct {
	Who   trace.ID
	About trace.ID
	Is    string // "" once it was withdrawn
	At    time.Duration
}

// Msg is a message, with both of its ends as far as they are known.
type Msg struct {
	ID       string
	From, To trace.ID
	Text     string
	Bytes    int
	Sent     time.Duration
	Received time.Duration // 0 while under way
	Took     time.Duration // on its way, by the receiver's measurement; 0 where it made none
	Dropped  bool

	Sending, Receiving Stamp // of its two ends

	told bool // its send is in the log
}

// Gauge is a measured number and when it was last measured.
type Gauge struct {
	trace.Gauge
	At     time.Duration
	Source trace.Source
}

// Line is one entry of the log for people. Event is its position in the log.
type Line struct {
	Event  int
	At     time.Duration
	Source trace.Source
	Who    trace.ID
	Kind   trace.Kind
	Stream string // of a Say
	Text   string
}

// New is the empty stage.
func New() *Board {
	return &Board{
		procs: map[trace.ID]int{}, queues: map[trace.ID]int{},
		gauges: map[string]int{}, sent: map[string]int{},
		lamport: map[trace.ID]uint64{}, late: map[trace.ID][]moment{},
	}
}

// Clone is a Board that goes its own way. Histories are shared until one of the
// two grows.
func (b *Board) Clone() *Board {
	c := *b
	c.Procs = slices.Clone(b.Procs)
	for i := range c.Procs {
		p := &c.Procs[i]
		p.Listens = slices.Clip(p.Listens)
		p.States, p.Work = slices.Clip(p.States), slices.Clip(p.Work)
	}
	c.Queues = slices.Clone(b.Queues)
	for i := range c.Queues {
		q := &c.Queues[i]
		q.Items, q.History = slices.Clone(q.Items), slices.Clip(q.History)
		q.ahead = slices.Clone(q.ahead)
	}
	c.Tasks = slices.Clone(b.Tasks)
	c.Links, c.Beliefs = slices.Clone(b.Links), slices.Clone(b.Beliefs)
	c.Cells, c.Locks = slices.Clone(b.Cells), slices.Clone(b.Locks)
	for i := range c.Locks {
		l := &c.Locks[i]
		l.Holders, l.Waiters = slices.Clone(l.Holders), slices.Clone(l.Waiters)
	}
	c.Step.Schedule, c.Step.Solved = slices.Clip(b.Step.Schedule), slices.Clip(b.Step.Solved)
	c.Msgs, c.Locals = slices.Clone(b.Msgs), slices.Clone(b.Locals)
	c.lamport, c.late = maps.Clone(b.lamport), maps.Clone(b.late)
	for who, q := range c.late {
		c.late[who] = slices.Clone(q)
	}
	c.Gauges = slices.Clone(b.Gauges)
	c.Lines = slices.Clip(b.Lines)
	c.procs, c.queues = maps.Clone(b.procs), maps.Clone(b.queues)
	c.gauges, c.sent = maps.Clone(b.gauges), maps.Clone(b.sent)
	return &c
}

// Proc finds a process by its name, nil when there is none.
func (b *Board) Proc(id trace.ID) *Proc {
	if i, ok := b.procs[id]; ok {
		return &b.Procs[i]
	}
	return nil
}

// Gauge finds a measured number.
func (b *Board) Gauge(name string) (Gauge, bool) {
	i, ok := b.gauges[name]
	if !ok {
		return Gauge{}, false
	}
	return b.Gauges[i], true
}

// Queue finds a queue, nil when there is none.
func (b *Board) Queue(id trace.ID) *Queue {
	if i, ok := b.queues[id]; ok {
		return &b.Queues[i]
	}
	return nil
}

// Linked says whether what x sends to y gets there, as far as cuts go.
func (b *Board) Linked(x, y trace.ID) bool {
	for _, l := range b.Links {
		if l.A == x && l.B == y || l.A == y && l.B == x {
			return !l.Cut || l.From != "" && l.From != x
		}
	}
	return true
}

// Belief is what a node takes to be so of something, "" for nothing.
func (b *Board) Belief(who, about trace.ID) string {
	for _, v := range b.Beliefs {
		if v.Who == who && v.About == about {
			return v.Is
		}
	}
	return ""
}
