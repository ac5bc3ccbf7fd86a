package demo

import (
	"bufio"

	"edu/procession/demos/trace"
)

// Links are the nodes of a run and what is between them. They are those of
// package cluster, which says what a cut, a delay and a drop do; this is how a
// demo has them whose workers start early, and which so cannot import net.
type Links interface {
	// Host is a node's own address, without a port.
	Host(node trace.ID) string
	// Link opens a door for from, behind which is to at the address target, and
	// returns the address to dial. It stays open until Close.
	Link(from, to trace.ID, target string, frames ...Frames) (string, error)
	// Cut, CutOneWay and Heal hold back what passes, and let it pass again.
	Cut(a, b trace.ID)
	CutOneWay(from, to trace.ID)
	Heal(a, b trace.ID)
	// IsCut says whether what a sends to b is held back.
	IsCut(a, b trace.ID) bool
	// Disturb injects a delay, jitter or rate from now on; the zero fault ends that.
	Disturb(f trace.LinkFault)
	// Close closes all doors and connections. The stage does so after Play, too.
	Close()
}

// Frames splits what passes on a connection into messages, and says of each what
// the log is to have of it: Describe gets a message and returns its text, and
// false for one that is not to be logged (it can be delayed and cut, not dropped).
//
// Where what a reply means hangs on its request, Talk takes the place of Describe:
// it is called for each connection, and what it returns for each message of it, of
// which back are the replies. The two directions are told from two goroutines, but
// a reply after its request.
type Frames struct {
	Split    bufio.SplitFunc
	Describe func(frame []byte) (text string, ok bool)
	Talk     func() func(frame []byte, back bool) (text string, ok bool)
	Max      int // the longest message in bytes; 0: 64 KiB
}
