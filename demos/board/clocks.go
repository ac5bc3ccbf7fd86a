package board

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"edu/procession/demos/trace"
)

// Stamp is where an event stands among those that carry clocks.
type Stamp struct {
	Vector []uint64 // as the event carries it, in the order of the log's header; nil: none
	// Lamport is one more than the greater of that of the process's event before
	// and, for an arrival, that of the send, counted over the events that carry a
	// vector clock. 0: it carries none, or not all that it follows is in the log.
	Lamport uint64
}

// Local is something that happened within a process or, where Who is empty, to a
// link.
type Local struct {
	Kind   trace.Kind
	Source trace.Source // whose word it is
	Who    trace.ID
	At     time.Duration
	About  trace.ID // of a belief
	Text   string
	Off    bool // a belief that it has no longer
	Stamp  Stamp
}

// maxLocals is how many are remembered; at that many, the older half goes.
const maxLocals = 512

func (b *Board) local(e trace.Event, who trace.ID, text string) {
	if len(b.Locals) >= maxLocals {
		b.past += maxLocals / 2
		b.Locals = slices.Clone(b.Locals[maxLocals/2:])
	}
	b.Locals = append(b.Locals, Local{Kind: e.Kind, Source: e.Source, Who: who, At: e.At, Text: text, Stamp: Stamp{Vector: e.Clock}})
	if e.Clock != nil {
		b.stamp(e.Who, moment{trace.KindSay, b.past + len(b.Locals) - 1})
	}
}

// happened remembers what a process tells of itself, besides messages.
func (b *Board) happened(e trace.Event) {
	switch d := e.Data.(type) {
	case trace.Msg:
		return
	case trace.Role:
		text := d.Role
		if d.Term > 0 {
			text += fmt.Sprintf(" t%d", d.Term)
		}
		if p := b.Proc(e.Who); p == nil || p.Part.Role != d.Role || p.Part.Term != d.Term || e.Clock != nil {
			b.local(e, e.Who, text)
		}
	case trace.Belief:
		is, off := d.Is, d.Is == ""
		if off {
			is = b.Belief(e.Who, d.About)
		}
		b.local(e, e.Who, is)
		l := &b.Locals[len(b.Locals)-1]
		l.About, l.Off = d.About, off
	case trace.Link:
		b.local(e, "", cutLine(d))
	case trace.LinkFault:
		b.local(e, "", faultLine(d))
	case trace.Task:
		if len(b.Msgs) > 0 && d.Worker != "" {
			text := fmt.Sprintf("begins task %d", d.Task)
			if d.Is != trace.KindTaskRun {
				_, what, _ := strings.Cut(d.Is.String(), ".")
				text = fmt.Sprintf("task %d %s", d.Task, what)
			}
			b.local(e, d.Worker, text)
		}
	case trace.Say:
		if e.Clock != nil {
			b.local(e, e.Who, d.Text)
		}
	default:
		if e.Clock != nil {
			b.local(e, e.Who, e.Kind.String())
		}
	}
}

// moment is an event that carries a clock and has no Lamport clock yet.
type moment struct {
	is trace.Kind // KindSend, KindRecv, KindDrop, or KindSay for a Local
	n  int        // of the message or the Local, counted from the first
}

// maxLate is how many events of a process may wait for the log to have what they
// follow; with more, it will not come.
const maxLate = 256

// stamp takes a process's next event that carries a clock. An arrival may be
// logged before its send, since two processes tell of them through two pipes:
// it and all that follows it in its process then wait for the send.
func (b *Board) stamp(who trace.ID, m moment) {
	b.Clocked = true
	b.late[who] = append(b.late[who], m)
	if len(b.late[who]) > maxLate {
		b.broken = true
	}
	if b.broken {
		clear(b.late)
		return
	}
	for todo := []trace.ID{who}; len(todo) > 0; {
		who, todo = todo[0], todo[1:]
		for q := b.late[who]; len(q) > 0 && !b.broken; q = q[1:] {
			to, ok := b.stampNext(who, q[0])
			if !ok {
				break
			}
			b.late[who] = q[1:]
			if to != "" && len(b.late[to]) > 0 {
				todo = append(todo, to)
			}
		}
	}
}

// stampNext gives a moment its Lamport clock, false where it has to wait. For a
// send it says who may have waited for it.
func (b *Board) stampNext(who trace.ID, m moment) (to trace.ID, ok bool) {
	n := b.lamport[who] + 1
	switch m.is {
	case trace.KindSend, trace.KindRecv:
		if m.n < b.gone {
			b.broken = true
			return "", false
		}
		x := &b.Msgs[m.n-b.gone]
		if m.is == trace.KindSend {
			x.Sending.Lamport, to = n, x.To
			break
		}
		if x.Sending.Lamport == 0 && (!x.told || x.Sending.Vector != nil) {
			return "", false
		}
		n = max(n, x.Sending.Lamport+1)
		x.Receiving.Lamport = n
	case trace.KindSay:
		if m.n >= b.past {
			b.Locals[m.n-b.past].Stamp.Lamport = n
		}
	}
	b.lamport[who] = n
	return to, true
}
