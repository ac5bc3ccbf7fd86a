package board

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"edu/procession/demos/trace"
)

// Apply takes the Board one event further. An event that makes no sense here,
// as in a log that was cut, changes as little as it can and never panics.
func (b *Board) Apply(e trace.Event) {
	b.Pos++
	b.At = e.At
	b.happened(e)
	switch d := e.Data.(type) {
	case trace.Start:
		p := b.proc(e.Who)
		*p = Proc{ID: e.Who, PID: d.PID, TID: d.TID, PPID: d.PPID, Parent: d.Parent, Role: d.Role, Node: d.Node, NetNS: d.NetNS,
			State: trace.New, Started: e.At, Task: -1, Core: -1, usedAt: e.At}
		p.mark(e.At, trace.New, "")
		if i, ok := b.procs[d.Parent]; ok && d.Parent != "" && d.TID == 0 && !b.Procs[i].Keeper() {
			b.Family = true
		}
		switch {
		case d.TID != 0:
			b.line(e, fmt.Sprintf("started as thread %d of pid %d", d.TID, d.PID))
		case d.NetNS != 0:
			b.line(e, fmt.Sprintf("started as pid %d, in the network namespace net:[%d]", d.PID, d.NetNS))
		default:
			b.line(e, fmt.Sprintf("started as pid %d", d.PID))
		}
	case trace.Ready:
		b.proc(e.Who).Took = d.Took
	case trace.State:
		b.proc(e.Who).mark(e.At, d.To, d.On)
		if d.How == "waited" && (d.To == trace.Stopped || d.From == trace.Stopped) {
			b.line(e, d.From.String()+" → "+d.To.String())
		}
	case trace.Parent:
		p := b.proc(e.Who)
		p.PPID, p.Parent, b.Family = d.PPID, d.Parent, true
		text := fmt.Sprintf("its parent is now pid %d", d.PPID)
		if d.Parent != "" {
			text = fmt.Sprintf("its parent is now %s, pid %d", d.Parent, d.PPID)
		}
		b.line(e, text)
	case trace.Usage:
		p := b.proc(e.Who)
		if dt := e.At - p.usedAt; dt > 0 {
			p.Share = float64(d.CPU-p.CPU) / float64(dt)
		}
		p.usedAt, p.CPU, p.RSS, p.Threads, p.Core = e.At, d.CPU, d.RSS, d.Threads, d.Core
	case trace.Block:
		b.proc(e.Who).Says = d.On
	case trace.Exit:
		p := b.proc(e.Who)
		p.Ended, p.Exit, p.Says, p.Share = max(e.At, 1), d, "", 0
		p.work(e.At, -1)
		b.leaves(p)
		b.line(e, "ended with "+d.String())
	case trace.Reaped:
		p := b.proc(e.Who)
		p.Reaped, p.CPU = max(e.At, 1), d.User+d.System
		p.mark(e.At, trace.Dead, "")
	case trace.Task:
		b.task(e, d)
	case trace.Item:
		b.item(e, d)
	case trace.Depth:
		q := b.queue(d.Queue)
		q.Cap, q.Unit, q.Source = d.Cap, d.Unit, e.Source
		q.depth(e.At, d.Depth)
	case trace.Link:
		b.cut(d)
		b.line(e, cutLine(d))
	case trace.LinkFault:
		l := b.link(d.A, d.B)
		l.Fault = d
		b.line(e, faultLine(d))
	case trace.RTT:
		l := b.link(d.A, d.B)
		l.RTT, l.RTTAt = d.Took, e.At
	case trace.Listen:
		p := b.proc(e.Who)
		p.Listens = append(p.Listens, d)
		b.line(e, strings.TrimSpace("listens at "+d.Addr+" "+d.For))
	case trace.Role:
		p := b.proc(e.Who)
		if p.Part.Role != d.Role || p.Part.Term != d.Term {
			text := "is " + d.Role
			if d.Term > 0 {
				text += fmt.Sprintf(" in term %d", d.Term)
			}
			b.line(e, text)
		}
		p.Part = d
	case trace.Join:
		p := b.proc(d.Node)
		if p.Guest != "" && p.Ended == 0 {
			break // it is here: a new master has heard of it
		}
		guest := fmt.Sprintf("pid %d on %s, %s", d.PID, d.Host, d.OS)
		*p = Proc{ID: d.Node, Role: "joined", Node: string(d.Node), State: trace.Untold, Guest: guest, Started: e.At, Task: -1, Core: -1}
		p.mark(e.At, trace.Untold, "")
		b.line(e, fmt.Sprintf("%s joins: %s, by its own word", d.Node, guest))
	case trace.Leave:
		if p := b.Proc(d.Node); p != nil && p.Guest != "" && p.Ended == 0 {
			p.Ended, p.Reaped, p.Left, p.Says = max(e.At, 1), max(e.At, 1), d.Why, ""
			p.work(e.At, -1)
			b.line(e, fmt.Sprintf("%s is with us no more: %s", d.Node, d.Why))
		}
	case trace.Belief:
		b.believe(e, d)
	case trace.Msg:
		b.msg(e, d)
	case trace.Say:
		if d.Stream == "caption" {
			b.Caption = d.Text
		}
		b.say(Line{b.Pos - 1, e.At, e.Source, e.Who, e.Kind, d.Stream, d.Text})
	case trace.Gauge:
		i, ok := b.gauges[d.Name]
		if !ok {
			i = len(b.Gauges)
			b.gauges[d.Name] = i
			b.Gauges = append(b.Gauges, Gauge{})
		}
		b.Gauges[i] = Gauge{d, e.At, e.Source}
	case trace.Act:
		text := d.Action
		if d.Target != "" {
			text += " " + string(d.Target)
		}
		if d.Error != "" {
			text += ": " + d.Error
		}
		b.acted(e, d)
		b.line(e, text)
	case trace.Verdict:
		b.Verdict = &d
		b.line(e, d.Text)
	case trace.Cell, trace.Lock, trace.StepWait, trace.StepGo, trace.Settled, trace.Solved:
		b.step(e)
	case trace.Dropped:
		b.Dropped += d.Count
		b.line(e, fmt.Sprintf("%d events not kept: %s", d.Count, d.Reason))
	}
}

func (b *Board) line(e trace.Event, text string) {
	b.say(Line{b.Pos - 1, e.At, e.Source, e.Who, e.Kind, "", text})
}

// maxLines is how many lines are remembered; at that many, the older half goes.
const maxLines = 4096

func (b *Board) say(l Line) {
	if len(b.Lines) >= maxLines {
		b.Older += maxLines / 2
		b.Lines = slices.Clone(b.Lines[maxLines/2:])
	}
	b.Lines = append(b.Lines, l)
}

// proc finds or makes a process: a log may begin in the middle of a life.
func (b *Board) proc(id trace.ID) *Proc {
	i, ok := b.procs[id]
	if !ok {
		i = len(b.Procs)
		b.procs[id] = i
		b.Procs = append(b.Procs, Proc{ID: id, State: trace.Untold, Task: -1, Core: -1})
	}
	return &b.Procs[i]
}

func (p *Proc) mark(at time.Duration, s trace.Letter, on string) {
	if p.State == s && p.On == on && len(p.States) > 0 {
		return
	}
	p.State, p.On = s, on
	p.States = append(p.States, StateMark{at, s, on})
}

func (p *Proc) work(at time.Duration, task int) {
	if p.Task != task {
		p.Task = task
		p.Work = append(p.Work, WorkMark{at, task})
	}
}

// maxTask guards against a log that names task 2 000 000 000.
const maxTask = 1 << 20

func (b *Board) task(e trace.Event, d trace.Task) {
	if d.Task < 0 || d.Task > maxTask {
		return
	}
	for len(b.Tasks) <= d.Task {
		b.Tasks = append(b.Tasks, Task{State: TaskNone})
	}
	t := &b.Tasks[d.Task]
	if t.State != TaskNone {
		b.Counts[t.State]--
	}
	if d.Worker != "" {
		t.Worker = d.Worker
	}
	t.Attempt, t.Note = max(t.Attempt, d.Attempt), d.Note
	switch d.Is {
	case trace.KindTaskDup: // it stays what it is
		if i, ok := b.procs[d.Worker]; ok {
			p := &b.Procs[i]
			p.Dups++
			if p.Task == d.Task {
				p.work(e.At, -1)
			}
		}
		b.line(e, strings.TrimSpace(fmt.Sprintf("task %d was done already: this result counts for nothing %s", d.Task, d.Note)))
	case trace.KindTaskNew: // of a number that may have been used before
		*t = Task{State: TaskWaiting, Note: d.Note}
	case trace.KindTaskRetry:
		if t.State != TaskDone {
			t.State = TaskWaiting
		}
	case trace.KindTaskRun:
		if t.State != TaskDone { // else it is done in vain
			t.State, t.Began = TaskRunning, e.At
		}
		if i, ok := b.procs[d.Worker]; ok {
			b.Procs[i].work(e.At, d.Task)
		}
	default:
		t.State = map[trace.Kind]TaskState{trace.KindTaskDone: TaskDone, trace.KindTaskFail: TaskFailed, trace.KindTaskLost: TaskLost}[d.Is]
		t.Ended = e.At
		if i, ok := b.procs[d.Worker]; ok {
			p := &b.Procs[i]
			if p.Task == d.Task {
				p.work(e.At, -1)
			}
			if d.Is == trace.KindTaskDone {
				p.TaskDone++
			}
		}
		if d.Is != trace.KindTaskDone {
			text := fmt.Sprintf("task %d %s", d.Task, t.State)
			if d.Note != "" {
				text += ": " + d.Note
			}
			b.line(e, text)
		}
	}
	b.Counts[t.State]++
}

func (b *Board) queue(id trace.ID) *Queue {
	i, ok := b.queues[id]
	if !ok {
		i = len(b.Queues)
		b.queues[id] = i
		b.Queues = append(b.Queues, Queue{ID: id})
	}
	return &b.Queues[i]
}

func (q *Queue) depth(at time.Duration, n int) {
	if q.Depth != n || len(q.History) == 0 {
		q.Depth = n
		q.History = append(q.History, DepthMark{at, n})
	}
}

// shown is how many of a queue's items are remembered by name.
const shown = 64

func (b *Board) item(e trace.Event, d trace.Item) {
	q := b.queue(d.Queue)
	if d.Is == trace.KindAck {
		q.Acks++
		return
	}
	if d.Is == trace.KindPut {
		q.Puts++
		if i := slices.Index(q.ahead, d.Item); i >= 0 {
			q.ahead = slices.Delete(q.ahead, i, i+1)
		} else if len(q.Items) < shown {
			q.Items = append(q.Items, d.Item)
		} else {
			q.unnamed++
		}
	} else {
		q.Gets++
		if i := slices.Index(q.Items, d.Item); i >= 0 {
			q.Items = slices.Delete(q.Items, i, i+1)
		} else if q.unnamed > 0 {
			q.unnamed--
		} else if len(q.ahead) < shown { // two processes tell of it: the one who got it was heard first
			q.ahead = append(q.ahead, d.Item)
		}
	}
	if q.Source != trace.Kernel && d.Depth >= 0 {
		q.Source = e.Source
		q.depth(e.At, d.Depth)
	}
}

// link finds or makes the link between two places.
func (b *Board) link(x, y trace.ID) *Link {
	for i, l := range b.Links {
		if l.A == x && l.B == y || l.A == y && l.B == x {
			return &b.Links[i]
		}
	}
	b.Links = append(b.Links, Link{A: x, B: y})
	return &b.Links[len(b.Links)-1]
}

func (b *Board) cut(d trace.Link) {
	l := b.link(d.A, d.B)
	switch {
	case d.Is == trace.KindHeal:
		l.Cut, l.From = false, ""
	case !d.OneWay || l.Cut && l.From != d.A: // both ways, at once or one after the other
		l.Cut, l.From = true, ""
	default:
		l.Cut, l.From = true, d.A
	}
}

func cutLine(d trace.Link) string {
	switch {
	case d.Is == trace.KindHeal:
		return fmt.Sprintf("link %s–%s healed", d.A, d.B)
	case d.OneWay:
		return fmt.Sprintf("link %s–%s cut from %s to %s only (injected)", d.A, d.B, d.A, d.B)
	}
	return fmt.Sprintf("link %s–%s cut (injected)", d.A, d.B)
}

func faultLine(d trace.LinkFault) string {
	var parts []string
	if d.Delay > 0 {
		parts = append(parts, "delayed by "+d.Delay.String())
	}
	if d.Jitter > 0 {
		parts = append(parts, "by up to "+d.Jitter.String()+" more at random")
	}
	if d.Rate > 0 {
		parts = append(parts, fmt.Sprintf("at most %d bytes a second", d.Rate))
	}
	if parts == nil {
		return fmt.Sprintf("link %s–%s as it is", d.A, d.B)
	}
	return fmt.Sprintf("link %s–%s: %s (injected)", d.A, d.B, strings.Join(parts, ", "))
}

// maxBeliefs is how many are kept; a log that has more is none of ours.
const maxBeliefs = 4096

func (b *Board) believe(e trace.Event, d trace.Belief) {
	for i, v := range b.Beliefs {
		if v.Who == e.Who && v.About == d.About {
			b.Beliefs[i].Is, b.Beliefs[i].At = d.Is, e.At
			return
		}
	}
	if len(b.Beliefs) < maxBeliefs {
		b.Beliefs = append(b.Beliefs, Belief{e.Who, d.About, d.Is, e.At})
	}
}

// maxMsgs is how many messages are remembered; at that many, the older half goes.
const maxMsgs = 2048

// msg takes one end of a message. The two are reported by two processes through
// two pipes, so the arrival may well be logged before the send.
func (b *Board) msg(e trace.Event, d trace.Msg) {
	n, known := b.sent[d.Msg]
	if !known {
		if len(b.Msgs) >= maxMsgs {
			old := b.Msgs[:maxMsgs/2]
			for i, m := range old {
				if b.sent[m.ID] == b.gone+i {
					delete(b.sent, m.ID)
				}
			}
			b.gone += len(old)
			b.Msgs = slices.Clone(b.Msgs[len(old):])
		}
		n = b.gone + len(b.Msgs)
		b.Msgs = append(b.Msgs, Msg{ID: d.Msg, From: d.From, To: d.To, Text: d.Text, Bytes: d.Bytes, Sent: e.At})
		b.sent[d.Msg] = n
	}
	m := &b.Msgs[n-b.gone]
	switch d.Is {
	case trace.KindSend:
		m.told, m.Sending.Vector = true, e.Clock
	case trace.KindRecv:
		m.Receiving.Vector = e.Clock
	}
	if e.Clock != nil {
		b.stamp(e.Who, moment{d.Is, n})
	}
	switch {
	case d.Is == trace.KindRecv:
		m.Received, m.Took = max(e.At, 1), d.Took
	case d.Is == trace.KindDrop:
		m.Dropped = true
	case m.Received == 0 && !m.Dropped:
		return // under way
	}
	if known {
		delete(b.sent, d.Msg)
	}
}
