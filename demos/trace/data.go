package trace

import (
	"strconv"
	"time"
)

// Start says that a process exists (proc.start), or with a TID that a thread of
// one does.
type Start struct {
	PID    int    `json:"pid"`
	TID    int    `json:"tid,omitempty"`    // the kernel's number of the thread, in place threads
	PPID   int    `json:"ppid"`             // whose child it really is: on Linux the warden's
	Parent ID     `json:"parent,omitempty"` // the parent's name, where it is on stage
	Role   string `json:"role"`
	Node   string `json:"node,omitempty"`
	NetNS  uint64 `json:"net_ns,omitempty"` // its network namespace, as /proc/PID/ns/net says, where nodes have their own
}

// Ready says that a worker passed the handshake (proc.ready). It is the
// worker's first event.
type Ready struct {
	PID  int           `json:"pid"`
	Took time.Duration `json:"took_ns"` // from the stage's spawn call to the worker's first bytes
}

// State is a change of the kernel's state of a process (proc.state).
type State struct {
	PID  int    `json:"pid"`
	From Letter `json:"from"`
	To   Letter `json:"to"`
	On   string `json:"on,omitempty"`  // what it waits for: "pipe read", "futex", "timer", "child"
	How  string `json:"how,omitempty"` // "sampled" from /proc, or "waited": told by wait as it happened
}

// Parent says that a process has another parent, since the one it had has ended
// (proc.parent).
type Parent struct {
	PID    int `json:"pid"`
	PPID   int `json:"ppid"`
	Parent ID  `json:"parent,omitempty"` // the new parent's name, where it is on stage
}

// Usage is what a process has used since it began (proc.usage).
type Usage struct {
	PID     int           `json:"pid"`
	CPU     time.Duration `json:"cpu_ns"` // user and system
	RSS     int64         `json:"rss_bytes"`
	Threads int           `json:"threads,omitempty"`
	Core    int           `json:"core"` // the core that its main thread last ran on; -1 where not told
}

// Block is a worker's own word on what it waits for (proc.block). An empty On
// says that it waits no longer.
type Block struct {
	On string `json:"on,omitempty"`
}

// Exit is how a process ended (proc.exit): a code, or the signal that ended it.
// A thread that returned has a code by the word of its process; a signal ends
// threads with their process only.
type Exit struct {
	PID    int    `json:"pid"`
	TID    int    `json:"tid,omitempty"`
	Code   int    `json:"code"`             // -1 when a signal ended it
	Signal string `json:"signal,omitempty"` // "KILL", "TERM", "SEGV"
	// Untold says that whoever waited for it told nobody how it ended.
	Untold bool `json:"untold,omitempty"`
}

// String is the ending in words: "exit code 3", "signal KILL", and of a thread
// "return code 0", "signal KILL, with its whole process".
func (x Exit) String() string {
	switch {
	case x.TID != 0 && x.Signal != "":
		return "signal " + x.Signal + ", with its whole process"
	case x.TID != 0:
		return "return code " + strconv.Itoa(x.Code)
	case x.Signal != "":
		return "signal " + x.Signal
	case x.Untold:
		return "an end that nobody told"
	}
	return "exit code " + strconv.Itoa(x.Code)
}

// Reaped says that the parent has waited for a process (proc.reaped). Nobody
// waits for a thread: the kernel forgets it as it ends.
type Reaped struct {
	PID    int           `json:"pid"`
	User   time.Duration `json:"user_ns"`
	System time.Duration `json:"system_ns"`
	MaxRSS int64         `json:"max_rss_bytes,omitempty"`
}

// Task is where a piece of work stands. What tells the kinds apart is [Task.Is].
type Task struct {
	Is      Kind          `json:"-"`
	Task    int           `json:"task"` // from 0
	Worker  ID            `json:"worker,omitempty"`
	Attempt int           `json:"attempt,omitempty"` // from 1
	Took    time.Duration `json:"took_ns,omitempty"` // done and failed: the worker's own measurement
	Note    string        `json:"note,omitempty"`
}

// Item is one thing that went into or came out of a queue, or whose taker is
// through with it (queue.put, queue.get, queue.ack).
type Item struct {
	Is    Kind   `json:"-"`
	Queue ID     `json:"queue"`
	Item  string `json:"item"`
	Depth int    `json:"depth"` // items in the queue right after, as the reporter saw it; -1 unknown
}

// Depth is what a queue or pipe holds now (queue.depth).
type Depth struct {
	Queue ID     `json:"queue"`
	Depth int    `json:"depth"`
	Cap   int    `json:"cap"`            // 0: unbounded
	Unit  string `json:"unit,omitempty"` // "items" or "bytes"
}

// Link is a connection between two places (link.cut, link.heal).
type Link struct {
	Is     Kind `json:"-"`
	A      ID   `json:"a"`
	B      ID   `json:"b"`
	OneWay bool `json:"one_way,omitempty"` // cut: only what A sends to B is lost
}

// LinkFault is what the stage injects into a link from now on, both ways and each
// way for itself (link.fault). The zero value injects nothing.
type LinkFault struct {
	A      ID            `json:"a"`
	B      ID            `json:"b"`
	Delay  time.Duration `json:"delay_ns,omitempty"`
	Jitter time.Duration `json:"jitter_ns,omitempty"` // added to Delay, at random up to this
	Rate   int           `json:"rate,omitempty"`      // at most so many bytes a second; 0: no bound
}

// RTT is a round trip that the node A measured to the node B and back (link.rtt).
type RTT struct {
	A    ID            `json:"a"`
	B    ID            `json:"b"`
	Took time.Duration `json:"took_ns"`
}

// Listen says that a node takes connections (node.listen). Event.Who is the node.
type Listen struct {
	Addr string `json:"addr"`          // "127.0.0.2:40123"
	For  string `json:"for,omitempty"` // what is spoken there: "raft"
}

// Role is a node's part among its like, by its own word (node.role). Of two nodes
// that both say leader, at most one has the greater term.
type Role struct {
	Role string `json:"role"`           // "leader", "follower", "candidate"
	Term uint64 `json:"term,omitempty"` // 0: the role has none
	Note string `json:"note,omitempty"` // "3 entries, 2 committed"
}

// Belief is what a node takes to be so (node.belief), true or not: "silent for
// 1.2 s" of a peer, "mine until +2.0s" of a lock. An empty Is withdraws it.
type Belief struct {
	About ID     `json:"about"`
	Is    string `json:"is"`
}

// Join says that a node takes part which this program did not start and whose
// kernel it cannot ask (node.join). What it is, is its own word.
type Join struct {
	Node ID     `json:"node"`
	Host string `json:"host"` // the name of its machine
	OS   string `json:"os"`
	PID  int    `json:"pid"` // on that machine
}

// Leave says that a node that had joined takes part no more (node.leave).
type Leave struct {
	Node ID     `json:"node"`
	Why  string `json:"why"` // "it left", "cut off: …"
}

// Msg is a message on its way (msg.send, msg.recv, msg.drop).
type Msg struct {
	Is    Kind          `json:"-"`
	Msg   string        `json:"msg"`
	From  ID            `json:"from"`
	To    ID            `json:"to"`
	Text  string        `json:"text,omitempty"`
	Bytes int           `json:"bytes,omitempty"`
	Took  time.Duration `json:"took_ns,omitempty"` // recv: since it was sent, on this machine's clock
}

// Say is a line for people (say).
type Say struct {
	Text   string `json:"text"`
	Stream string `json:"stream"` // "caption", "stdout", "stderr", "log"
}

// Gauge is a number measured in this run (gauge). A later one of the same name
// replaces it.
type Gauge struct {
	Name  string  `json:"name"`
	Value float64 `json:"value"`
	Unit  string  `json:"unit"`            // "ms", "µs", "ns", "s", "×", "%", "/s", "bytes", or "" for a count
	Group string  `json:"group,omitempty"` // gauges of one group are drawn as bars, in order of arrival
	Log   bool    `json:"log,omitempty"`   // bars on a logarithmic scale
	Note  string  `json:"note,omitempty"`
	Paced bool    `json:"paced,omitempty"` // slowed by the stage: not a measurement, hidden
}

// Act is what the learner did (act).
type Act struct {
	Action string `json:"action"`
	Target ID     `json:"target,omitempty"`
	Error  string `json:"error,omitempty"` // why it did not happen
}

// Verdict is how the run came out (verdict). OK false is a run that failed,
// not a lesson's surprising result.
type Verdict struct {
	OK   bool   `json:"ok"`
	Text string `json:"text"`
	// Broken says, in step mode, that what the demo is to keep did not hold: an
	// update was lost, somebody waits for ever.
	Broken bool `json:"broken,omitempty"`
}

// Dropped counts events that the log did not keep (log.dropped).
type Dropped struct {
	Count  int    `json:"count"`
	Reason string `json:"reason"`
}

// Cell is a read or a write of a named place in shared memory (mem.read, mem.write).
type Cell struct {
	Is    Kind   `json:"-"`
	Cell  ID     `json:"cell"`
	Value string `json:"value"` // that was read, or is there now
}

// Lock is what a process has to do with a lock (lock.want, lock.hold, lock.free).
// A worker reports want before it asks, hold once it has it, free before it gives
// it back.
type Lock struct {
	Is   Kind `json:"-"`
	Lock ID   `json:"lock"`
	// Freed says, of a hold, that the kernel frees the lock when its holder ends.
	Freed bool `json:"freed,omitempty"`
}

// StepWait says what a worker does next, once it is let go (step.wait).
type StepWait struct {
	Text string `json:"text"` // "read counter"
}

// StepGo says that a worker was let go (step.go). Event.Who is the worker.
type StepGo struct {
	N    int    `json:"n"` // moves in this run, with this one
	Text string `json:"text"`
}

// Settled says that after N moves nobody moves any more (step.settled): each
// worker has ended, is held at a step, or is blocked or stopped as the kernel says.
type Settled struct {
	N       int  `json:"n"`
	Ready   []ID `json:"ready,omitempty"`   // held at a step: one of them could go
	Blocked []ID `json:"blocked,omitempty"` // alive, and neither held nor running
}

// Solved says that a puzzle's goal was reached after N moves (step.solved).
type Solved struct {
	Puzzle string `json:"puzzle"`
	N      int    `json:"n"`
}

// Kind implements Data.
func (Start) Kind() Kind     { return KindStart }
func (Ready) Kind() Kind     { return KindReady }
func (State) Kind() Kind     { return KindState }
func (Parent) Kind() Kind    { return KindParent }
func (Usage) Kind() Kind     { return KindUsage }
func (Block) Kind() Kind     { return KindBlock }
func (Exit) Kind() Kind      { return KindExit }
func (Reaped) Kind() Kind    { return KindReaped }
func (t Task) Kind() Kind    { return t.Is }
func (i Item) Kind() Kind    { return i.Is }
func (Depth) Kind() Kind     { return KindDepth }
func (l Link) Kind() Kind    { return l.Is }
func (m Msg) Kind() Kind     { return m.Is }
func (LinkFault) Kind() Kind { return KindFault }
func (RTT) Kind() Kind       { return KindRTT }
func (Listen) Kind() Kind    { return KindListen }
func (Role) Kind() Kind      { return KindRole }
func (Belief) Kind() Kind    { return KindBelief }
func (Join) Kind() Kind      { return KindJoin }
func (Leave) Kind() Kind     { return KindLeave }
func (Say) Kind() Kind       { return KindSay }
func (Gauge) Kind() Kind     { return KindGauge }
func (Act) Kind() Kind       { return KindAct }
func (Verdict) Kind() Kind   { return KindVerdict }
func (Dropped) Kind() Kind   { return KindDropped }
func (c Cell) Kind() Kind    { return c.Is }
func (l Lock) Kind() Kind    { return l.Is }
func (StepWait) Kind() Kind  { return KindStepWait }
func (StepGo) Kind() Kind    { return KindStepGo }
func (Settled) Kind() Kind   { return KindSettled }
func (Solved) Kind() Kind    { return KindSolved }
