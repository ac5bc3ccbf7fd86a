package board_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"edu/procession/demos/board"
	"edu/procession/demos/trace"
)

// However the pipes of the processes are interleaved in the log, each event has the
// Lamport clock that it has when the log is in causal order.
func TestLamport(t *testing.T) {
	names := []trace.ID{"a", "b", "c"}
	for seed := range uint64(30) {
		r := rand.New(rand.NewPCG(seed, 1))
		queues := make([][]trace.Event, len(names)) // what each process tells, in its order
		var clocks [3][3]uint64
		var lamport [3]uint64
		want := map[string]uint64{} // "send m1", "recv m1", "did 7"
		type sent struct {
			id       string
			from, to int
			v        [3]uint64
			n        uint64
		}
		var way []sent
		tell := func(i int, key string, d trace.Data) {
			clocks[i][i]++
			lamport[i]++
			v := clocks[i]
			want[key] = lamport[i]
			queues[i] = append(queues[i], trace.Event{Source: trace.Worker, Who: names[i], Kind: d.Kind(), Clock: v[:], Data: d})
		}
		for n := range 60 {
			switch i := r.IntN(3); {
			case r.IntN(5) == 0:
				tell(i, fmt.Sprint("did ", n), trace.Say{Text: fmt.Sprint("did ", n), Stream: "log"})
			case r.IntN(2) == 0 || len(way) == 0:
				to, id := (i+1+r.IntN(2))%3, fmt.Sprint("m", n)
				tell(i, "send "+id, trace.Msg{Is: trace.KindSend, Msg: id, From: names[i], To: names[to]})
				way = append(way, sent{id, i, to, clocks[i], lamport[i]})
			default:
				k := r.IntN(len(way))
				m := way[k]
				way = append(way[:k], way[k+1:]...)
				for j := range m.v {
					clocks[m.to][j] = max(clocks[m.to][j], m.v[j])
				}
				lamport[m.to] = max(lamport[m.to], m.n)
				tell(m.to, "recv "+m.id, trace.Msg{Is: trace.KindRecv, Msg: m.id, From: names[m.from], To: names[m.to]})
			}
		}
		b := board.New()
		for {
			i := r.IntN(3)
			if len(queues[0])+len(queues[1])+len(queues[2]) == 0 {
				break
			}
			for n := r.IntN(9); n > 0 && len(queues[i]) > 0; n-- {
				b.Apply(queues[i][0])
				queues[i] = queues[i][1:]
			}
			b = b.Clone()
		}
		got := map[string]uint64{}
		for _, m := range b.Msgs {
			if m.Sending.Vector != nil {
				got["send "+m.ID] = m.Sending.Lamport
			}
			if m.Receiving.Vector != nil {
				got["recv "+m.ID] = m.Receiving.Lamport
			}
		}
		for _, l := range b.Locals {
			got[l.Text] = l.Stamp.Lamport
		}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Fatalf("seed %d:\ngot  %v\nwant %v", seed, got, want)
		}
	}
}

// A receipt whose send never comes to be in the log, and all that follows it, has
// no Lamport clock rather than a wrong one.
func TestLamportUnknown(t *testing.T) {
	b := board.New()
	recv := trace.Msg{Is: trace.KindRecv, Msg: "m", From: "a", To: "b"}
	b.Apply(trace.Event{Who: "b", Kind: recv.Kind(), Clock: []uint64{1, 1}, Data: recv})
	for range 2000 {
		d := trace.Say{Text: "still there", Stream: "log"}
		b.Apply(trace.Event{Who: "b", Kind: d.Kind(), Clock: []uint64{1, 2}, Data: d})
	}
	for _, l := range b.Locals {
		if l.Stamp.Lamport != 0 {
			t.Fatalf("a Lamport clock of %d", l.Stamp.Lamport)
		}
	}
	if !b.Clocked || len(b.Locals) == 0 || len(b.Locals) > 512 {
		t.Errorf("clocked %v, %d local events", b.Clocked, len(b.Locals))
	}
}

func TestLocals(t *testing.T) {
	role := trace.Role{Role: "leader", Term: 4}
	b := told("A", trace.Start{PID: 1, Node: "n1"}, role, role, trace.Belief{About: "B", Is: "silent"}, trace.Belief{About: "B"},
		"", trace.Link{Is: trace.KindCut, A: "A", B: "B"})
	var got []string
	for _, l := range b.Locals {
		got = append(got, fmt.Sprintf("%s|%s%s|%v", l.Who, l.About, l.Text, l.Off))
	}
	want := "[A|leader t4|false A|Bsilent|false A|Bsilent|true |link A–B cut (injected)|false]"
	if fmt.Sprint(got) != want {
		t.Errorf("%v, not %s", got, want)
	}
}
