package view

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"time"

	"edu/procession/demos/board"
	"edu/procession/demos/trace"
)

// hostile are names that no program should have.
var hostile = []string{"工作进程一号", "a\x1b[31mred\x1b]0;title\x07", "\u202eright to left", "e\u0301\u0301\u0301\u0301\u0301\u0301\u0301",
	"\x9b2J", "", "\xff\xfe", "tab\there", "two\nlines", strings.Repeat("long", 300), "👩‍👩‍👧", "ｆｕｌｌ", "\x00"}

// noise is a log that makes no sense, from a seed.
func noise(seed uint64, n int) *board.Board {
	r := rand.New(rand.NewPCG(seed, 7))
	id := func() trace.ID {
		if r.IntN(3) == 0 {
			return trace.ID(hostile[r.IntN(len(hostile))])
		}
		return trace.ID(fmt.Sprint("p", r.IntN(9)))
	}
	text := func() string { return hostile[r.IntN(len(hostile))] }
	num := func() int {
		return []int{0, 1, -1, 7, 64, 1 << 20, math.MaxInt64, math.MinInt64, r.IntN(100)}[r.IntN(9)]
	}
	val := func() float64 {
		return []float64{0, -1, 1e-9, 12.5, 1e300, math.NaN(), math.Inf(1), float64(r.IntN(1e6))}[r.IntN(8)]
	}
	unit := func() string {
		return []string{"", "ms", "µs", "ns", "s", "×", "%", "/s", "bytes", "bytes/s", text()}[r.IntN(11)]
	}
	task := func(k trace.Kind) trace.Data {
		return trace.Task{Is: k, Task: r.IntN(200), Worker: id(), Attempt: r.IntN(12), Note: text()}
	}
	b := board.New()
	at := time.Duration(0)
	for i := range n {
		at += time.Duration(r.IntN(int(30 * ms1)))
		if r.IntN(400) == 0 {
			at += time.Duration(r.Int64N(int64(90 * time.Hour)))
		}
		var d trace.Data
		switch r.IntN(22) {
		case 0:
			d = trace.Start{PID: num(), PPID: num(), Node: []string{"", "", string(id())}[r.IntN(3)], Role: []string{"producer", "consumer", "writer", text()}[r.IntN(4)]}
		case 1, 2, 3:
			d = trace.State{To: trace.Letter("NRSDTZX?q"[r.IntN(9)]), On: []string{"", "timer", "pipe read", text()}[r.IntN(4)]}
		case 4:
			d = trace.Usage{CPU: time.Duration(num()), RSS: int64(num()), Core: num()}
		case 5:
			d = trace.Block{On: []string{"put q", "get q", text()}[r.IntN(3)]}
		case 6:
			d = trace.Exit{Code: num(), Signal: text()}
		case 7:
			d = trace.Reaped{}
		case 8:
			d = task([]trace.Kind{trace.KindTaskNew, trace.KindTaskFail, trace.KindTaskLost, trace.KindTaskRetry}[r.IntN(4)])
		case 9:
			d = task([]trace.Kind{trace.KindTaskRun, trace.KindTaskDone}[r.IntN(2)])
		case 10:
			d = trace.Item{Is: []trace.Kind{trace.KindPut, trace.KindGet}[r.IntN(2)], Queue: trace.ID([]string{"q", "", text()}[r.IntN(3)]), Item: text(), Depth: num()}
		case 11:
			d = trace.Depth{Queue: "q", Depth: num(), Cap: num(), Unit: []string{"", "items", "bytes", text()}[r.IntN(4)]}
		case 12:
			d = trace.Link{Is: []trace.Kind{trace.KindCut, trace.KindHeal}[r.IntN(2)], A: id(), B: id(), OneWay: r.IntN(3) == 0}
		case 13:
			d = trace.Msg{Is: trace.KindSend, Msg: fmt.Sprint(r.IntN(40)), From: id(), To: id(), Text: text()}
		case 14:
			d = trace.Msg{Is: []trace.Kind{trace.KindRecv, trace.KindDrop}[r.IntN(2)], Msg: fmt.Sprint(r.IntN(40)), From: id(), To: id()}
		case 15:
			d = trace.Say{Text: text(), Stream: []string{"caption", "stdout", "stderr", "log"}[r.IntN(4)]}
		case 16:
			d = trace.Gauge{Name: text(), Value: val(), Unit: unit(), Group: []string{"", "g", text()}[r.IntN(3)], Log: r.IntN(2) == 0, Paced: r.IntN(9) == 0, Note: text()}
		case 17:
			d = []trace.Data{trace.StepWait{Text: text()}, trace.StepGo{N: num(), Text: text()},
				trace.Settled{N: num(), Ready: []trace.ID{id()}, Blocked: []trace.ID{id(), id()}}, trace.Solved{Puzzle: text(), N: num()}}[r.IntN(4)]
		case 18:
			d = []trace.Data{trace.Cell{Is: trace.KindWrite, Cell: id(), Value: text()}, trace.Lock{Is: trace.KindWant, Lock: id()},
				trace.Lock{Is: trace.KindHold, Lock: id(), Freed: r.IntN(2) == 0}, trace.Lock{Is: trace.KindFree, Lock: id()}}[r.IntN(4)]
		case 19:
			d = []trace.Data{trace.LinkFault{A: id(), B: id(), Delay: time.Duration(num()), Jitter: time.Duration(num()), Rate: num()},
				trace.RTT{A: id(), B: id(), Took: time.Duration(num())}, trace.Listen{Addr: text(), For: text()}}[r.IntN(3)]
		case 20:
			d = []trace.Data{trace.Role{Role: []string{"leader", text()}[r.IntN(2)], Term: r.Uint64(), Note: text()}, trace.Belief{About: id(), Is: text()}}[r.IntN(2)]
		default:
			d = []trace.Data{trace.Act{Action: text(), Target: id()}, trace.Verdict{OK: r.IntN(2) == 0, Text: text()}, trace.Dropped{Count: 3, Reason: text()}}[r.IntN(3)]
		}
		var clock []uint64
		if r.IntN(3) == 0 {
			clock = []uint64{r.Uint64N(9), r.Uint64(), uint64(i)}[:r.IntN(4)]
		}
		b.Apply(trace.Event{Seq: uint64(i + 1), At: at, Source: trace.Source(r.IntN(6)), Who: id(), Kind: d.Kind(), Clock: clock, Data: d})
	}
	return b
}
