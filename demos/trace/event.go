package trace

import (
	"encoding/json"
	"fmt"
	"time"
)

// ID names a process, node, link or queue within one run: "worker-1".
type ID string

// Event is a fact on stage. It is appended once and never edited.
type Event struct {
	Seq    uint64        // position in the log, from 1, given by the Recorder
	At     time.Duration // since the start of the run, monotonic, at arrival in the log
	Source Source        // who vouches for it
	Who    ID            // what it is about
	Kind   Kind          // always Data.Kind()
	Clock  []uint64      // vector clock, where the demo carries one: entry i is of Header.Clocks[i]
	Data   Data
}

// Data is what an event of one kind carries.
type Data interface{ Kind() Kind }

// Source tells whose word an event is. What the kernel said and what a worker
// said of itself are never mixed.
type Source uint8

const (
	Kernel  Source = iota + 1 // read from /proc, a wait status or an ioctl
	Worker                    // reported by the process of itself
	Stage                     // done or decided by the program that runs the demo
	Learner                   // a key, a click or a scripted action
)

var sources = [...]string{Kernel: "kernel", Worker: "worker", Stage: "stage", Learner: "learner"}

// String is the source's name in the log.
func (s Source) String() string { return name(sources[:], int(s), "source") }

// MarshalText implements encoding.TextMarshaler.
func (s Source) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (s *Source) UnmarshalText(b []byte) error {
	i, err := number(sources[:], string(b), "source")
	*s = Source(i)
	return err
}

// Kind is the type of an event. Its name in the log is "group.word".
type Kind uint8

const (
	KindStart     Kind = iota + 1 // a process exists
	KindReady                     // a worker passed the handshake
	KindState                     // the kernel's state of a process changed
	KindUsage                     // CPU time and memory that a process has used
	KindBlock                     // a worker says what it waits for, or that it no longer does
	KindExit                      // a process ended; nobody need have waited for it yet
	KindReaped                    // its parent has waited for it; the kernel has forgotten it
	KindTaskNew                   // a task exists
	KindTaskRun                   // a worker began it
	KindTaskDone                  // its result arrived
	KindTaskFail                  // it ran and failed
	KindTaskLost                  // its worker died and nobody else has it
	KindTaskRetry                 // it will be run again
	KindPut                       // an item went into a queue
	KindGet                       // an item came out
	KindDepth                     // what a queue or pipe holds now
	KindCut                       // a link was cut by the stage
	KindHeal                      // and made whole
	KindSend                      // a message left
	KindRecv                      // a message arrived
	KindDrop                      // a message was lost
	KindSay                       // a line of text: caption, output, error
	KindGauge                     // a number measured in this run
	KindAct                       // what the learner did
	KindVerdict                   // how the run came out
	KindDropped                   // events that the log did not keep
	KindRead                      // a cell of shared memory was read
	KindWrite                     // a cell of shared memory was written
	KindWant                      // a process asks for a lock, and may have to wait
	KindHold                      // it has it
	KindFree                      // it gives it back, or the kernel took it back
	KindStepWait                  // a worker says what it does next, and is held
	KindStepGo                    // it was let go, to do that
	KindSettled                   // nobody moves: who could go, and who is blocked
	KindSolved                    // a puzzle's goal was reached
	KindTaskDup                   // it was run again though it had been run: the second result counts for nothing
	KindAck                       // who took an item says that it is dealt with
	KindFault                     // what the stage does to a link from now on, short of cutting it
	KindRTT                       // a round trip over a link was measured
	KindListen                    // a node takes connections at an address
	KindRole                      // a node's part among its like: leader, follower
	KindBelief                    // what a node takes to be so of another, or of a lock or a clock
	KindJoin                      // a node that this program did not start takes part
	KindLeave                     // it does no more
	KindParent                    // a process has another parent, since the one it had has ended
)

var kinds = [...]string{
	KindStart: "proc.start", KindReady: "proc.ready", KindState: "proc.state",
	KindUsage: "proc.usage", KindBlock: "proc.block", KindExit: "proc.exit", KindReaped: "proc.reaped",
	KindTaskNew: "task.new", KindTaskRun: "task.start", KindTaskDone: "task.done",
	KindTaskFail: "task.failed", KindTaskLost: "task.lost", KindTaskRetry: "task.retry",
	KindPut: "queue.put", KindGet: "queue.get", KindDepth: "queue.depth",
	KindCut: "link.cut", KindHeal: "link.heal",
	KindSend: "msg.send", KindRecv: "msg.recv", KindDrop: "msg.drop",
	KindSay: "say", KindGauge: "gauge", KindAct: "act", KindVerdict: "verdict",
	KindDropped: "log.dropped",
	KindRead:    "mem.read", KindWrite: "mem.write",
	KindWant: "lock.want", KindHold: "lock.hold", KindFree: "lock.free",
	KindTaskDup: "task.duplicate", KindAck: "queue.ack",
	KindFault: "link.fault", KindRTT: "link.rtt",
	KindListen: "node.listen", KindRole: "node.role", KindBelief: "node.belief", KindJoin: "node.join", KindLeave: "node.leave", KindParent: "proc.parent",
	KindStepWait: "step.wait", KindStepGo: "step.go", KindSettled: "step.settled", KindSolved: "step.solved",
}

// String is the kind's name in the log.
func (k Kind) String() string { return name(kinds[:], int(k), "kind") }

// MarshalText implements encoding.TextMarshaler.
func (k Kind) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (k *Kind) UnmarshalText(b []byte) error {
	i, err := number(kinds[:], string(b), "kind")
	*k = Kind(i)
	return err
}

func name(names []string, i int, what string) string {
	if i > 0 && i < len(names) {
		return names[i]
	}
	return fmt.Sprintf("%s(%d)", what, i)
}

func number(names []string, s, what string) (int, error) {
	for i, n := range names {
		if n == s && s != "" {
			return i, nil
		}
	}
	return 0, fmt.Errorf("unknown %s %q", what, s)
}

// Letter is the state of a process, in the letters of ps(1).
type Letter byte

const (
	New     Letter = 'N' // started, not yet seen by a sample
	Running Letter = 'R' // running, or ready to: the kernel does not tell them apart
	Asleep  Letter = 'S' // waiting; State.On says for what, where the kernel tells
	Disk    Letter = 'D' // waiting in the kernel, deaf to signals
	Stopped Letter = 'T' // stopped by a signal
	Zombie  Letter = 'Z' // ended, and its parent has not waited for it
	Dead    Letter = 'X' // ended and reaped: known from the wait status, never sampled
	Untold  Letter = '?' // not told by this system
)

// String is the state's word.
func (l Letter) String() string {
	switch l {
	case New:
		return "new"
	case Running:
		return "running"
	case Asleep:
		return "blocked"
	case Disk:
		return "uninterruptible"
	case Stopped:
		return "stopped"
	case Zombie:
		return "zombie"
	case Dead:
		return "dead"
	}
	return "not told by this system"
}

// MarshalText implements encoding.TextMarshaler.
func (l Letter) MarshalText() ([]byte, error) { return []byte{byte(l)}, nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (l *Letter) UnmarshalText(b []byte) error {
	if len(b) != 1 {
		return fmt.Errorf("a state is one letter, not %q", b)
	}
	*l = Letter(b[0])
	return nil
}

var _ json.Marshaler = Event{}
