package board

import (
	"testing"

	"edu/procession/demos/trace"
)

// The two ends of a message are reported by two processes, in either order.
func TestArrivalLoggedBeforeSend(t *testing.T) {
	for name, kinds := range map[string][]trace.Kind{
		"in order":        {trace.KindSend, trace.KindRecv},
		"arrival first":   {trace.KindRecv, trace.KindSend},
		"loss first":      {trace.KindDrop, trace.KindSend},
		"sent twice":      {trace.KindSend, trace.KindSend, trace.KindRecv},
		"and once more":   {trace.KindRecv, trace.KindSend, trace.KindSend, trace.KindRecv},
		"three in a heap": {trace.KindRecv, trace.KindSend, trace.KindRecv, trace.KindSend, trace.KindDrop, trace.KindSend},
	} {
		b := New()
		for i, k := range kinds {
			b.Apply(trace.Event{Seq: uint64(i + 1), Source: trace.Worker, Who: "a", Kind: k, Data: trace.Msg{Is: k, Msg: "m", From: "a", To: "b"}})
		}
		for i, m := range b.Msgs {
			if m.Received == 0 && !m.Dropped {
				t.Errorf("%s: message %d of %d is under way for ever", name, i, len(b.Msgs))
			}
		}
		if want := (len(kinds) + 1) / 2; name != "sent twice" && len(b.Msgs) != want || len(b.sent) != 0 {
			t.Errorf("%s: %d messages, %d still open", name, len(b.Msgs), len(b.sent))
		}
	}
}
