package peers

import (
	"encoding/binary"
	"slices"

	"edu/procession/demos/trace"
)

// clock is a vector clock: entry i counts the events of names[i] that its holder
// can know of. Sends, receipts and what a peer concludes are events; that a cut
// holds something back is none, since no peer sees it (TestClocks).
type clock [len(names)]uint64

// tick counts an event of the peer's own.
func (c *clock) tick(own trace.ID) { c[slices.Index(names[:], own)]++ }

// put writes the clock into a message.
func (c *clock) put(b []byte) {
	for i, n := range c {
		binary.LittleEndian.PutUint64(b[8*i:], n)
	}
}

// merge learns from a message all that its sender knew when it sent it.
func (c *clock) merge(b []byte) {
	for i := range c {
		c[i] = max(c[i], binary.LittleEndian.Uint64(b[8*i:]))
	}
}

// note reports an event of this peer with its clock.
func (n *node) note(d trace.Data) {
	n.clock.tick(n.w.Name())
	n.w.ReportClock(n.clock[:], d)
}
