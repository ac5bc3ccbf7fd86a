package export

import (
	"cmp"
	"slices"
	"time"

	"edu/procession/demos/trace"
)

// brief is how wide a message is drawn at either end, at most, in microseconds:
// an instant has no width, and a flow must begin and end in a slice.
const brief = 100

// end is one end of a message.
type end struct {
	at   time.Duration
	ts   int64
	who  trace.ID
	msg  trace.Msg
	flow int // the number of the flow that begins or ends here, 0 for none
}

// messages adds a short slice for each end of a message, and a flow from end to
// end where both are known.
func (t *tracer) messages(events []trace.Event) {
	var ends []end
	waiting := map[string]int{} // message → its first end, while the other is not known
	flows := 0
	for _, e := range events {
		d, ok := e.Data.(trace.Msg)
		if !ok {
			continue
		}
		x := end{at: e.At, who: e.Who, msg: d}
		i, known := waiting[d.Msg]
		known = known && ends[i].msg.Is != d.Is
		switch {
		case d.Is == trace.KindDrop:
			delete(waiting, d.Msg)
		case known && d.Is == trace.KindRecv:
			flows++
			x.flow, ends[i].flow = flows, flows
		case known: // its receipt was logged first: it was sent before that
			flows++
			x.flow, ends[i].flow = flows, flows
			x.at = max(ends[i].at-max(ends[i].msg.Took, 0), 0)
		}
		if known {
			delete(waiting, d.Msg)
		} else if d.Is != trace.KindDrop {
			waiting[d.Msg] = len(ends)
		}
		ends = append(ends, x)
	}
	slices.SortStableFunc(ends, func(x, y end) int { // and of one instant the send first
		return cmp.Or(cmp.Compare(x.at, y.at), cmp.Compare(x.msg.Is, y.msg.Is))
	})
	next := map[trace.ID]int{} // the end after, of the same process
	after := make([]int64, len(ends))
	for i := range ends { // no two in the same microsecond, so that a flow knows its slice
		ends[i].ts = us(ends[i].at)
		if i > 0 {
			ends[i].ts = max(ends[i].ts, ends[i-1].ts+1)
		}
		after[i] = ends[i].ts + brief
		if j, ok := next[ends[i].who]; ok {
			after[j] = min(after[j], ends[i].ts)
		}
		next[ends[i].who] = i
	}
	for i, x := range ends {
		dur := after[i] - x.ts
		name, args := x.msg.Text, map[string]any{"message": x.msg.Msg, "from": x.msg.From, "to": x.msg.To}
		if name == "" {
			name = x.msg.Msg
		}
		switch x.msg.Is {
		case trace.KindSend:
			name = "send " + name
		case trace.KindRecv:
			name = "receive " + name
		default:
			name = "lost: " + x.msg.Msg + ": " + x.msg.Text
		}
		if x.msg.Bytes > 0 {
			args["bytes"] = x.msg.Bytes
		}
		if x.msg.Took > 0 {
			args["took_us"] = us(x.msg.Took)
		}
		t.on(x.who, messages, chrome{Phase: "X", TS: x.ts, Dur: &dur, Name: name, Cat: "msg", Args: args})
		switch {
		case x.flow == 0:
		case x.msg.Is == trace.KindSend:
			t.on(x.who, messages, chrome{Phase: "s", TS: x.ts, ID: x.flow, Name: "message", Cat: "msg"})
		default:
			t.on(x.who, messages, chrome{Phase: "f", TS: x.ts, ID: x.flow, Name: "message", Cat: "msg", Bind: "e"})
		}
	}
}
