package board_test

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"testing"
	"time"

	"edu/procession/demos/board"
	"edu/procession/demos/trace"
)

// life is a log of n events as a busy run has them: workers that start, work on
// tasks, wait, die and are replaced; a queue; messages; gauges; captions.
func life(n int, seed uint64) []trace.Event {
	rnd := rand.New(rand.NewPCG(seed, 7))
	var events []trace.Event
	add := func(s trace.Source, who trace.ID, d trace.Data) {
		events = append(events, trace.Event{Seq: uint64(len(events)) + 1, At: time.Duration(len(events)) * 37 * time.Microsecond,
			Source: s, Who: who, Kind: d.Kind(), Data: d})
	}
	type w struct {
		id    trace.ID
		state trace.Letter
		task  int
	}
	var live []*w
	tasks, msgs, depth := 0, 0, 0
	for len(events) < n {
		if len(live) < 8 {
			id := trace.ID(fmt.Sprintf("worker-%d", len(events)))
			live = append(live, &w{id, trace.New, -1})
			add(trace.Kernel, id, trace.Start{PID: len(events), PPID: 1, Role: "worker"})
			continue
		}
		i := rnd.IntN(len(live))
		p := live[i]
		switch rnd.IntN(15) {
		case 0, 1, 2:
			to := []trace.Letter{trace.Running, trace.Asleep, trace.Stopped}[rnd.IntN(3)]
			add(trace.Kernel, p.id, trace.State{From: p.state, To: to, On: "pipe read"})
			p.state = to
		case 3, 4:
			if p.task < 0 {
				add(trace.Stage, p.id, trace.Task{Is: trace.KindTaskNew, Task: tasks})
				add(trace.Stage, p.id, trace.Task{Is: trace.KindTaskRun, Task: tasks, Worker: p.id, Attempt: 1})
				p.task, tasks = tasks, (tasks+1)%5000
			} else {
				kind := []trace.Kind{trace.KindTaskDone, trace.KindTaskDone, trace.KindTaskFail, trace.KindTaskLost}[rnd.IntN(4)]
				add(trace.Worker, p.id, trace.Task{Is: kind, Task: p.task, Worker: p.id})
				p.task = -1
			}
		case 5:
			add(trace.Kernel, p.id, trace.Usage{CPU: time.Duration(len(events)) * time.Microsecond, RSS: 1 << 20})
		case 6:
			if depth < 8 {
				depth++
				add(trace.Worker, p.id, trace.Item{Is: trace.KindPut, Queue: "q", Item: fmt.Sprint(len(events)), Depth: depth})
			} else {
				depth--
				add(trace.Worker, p.id, trace.Item{Is: trace.KindGet, Queue: "q", Item: "gone", Depth: depth})
			}
		case 7:
			msgs++
			add(trace.Worker, p.id, trace.Msg{Is: trace.KindSend, Msg: fmt.Sprint(msgs), From: p.id, To: "x"})
		case 8:
			add(trace.Worker, p.id, trace.Msg{Is: trace.KindRecv, Msg: fmt.Sprint(rnd.IntN(msgs + 1)), From: "y", To: p.id})
		case 9:
			add(trace.Stage, "", trace.Gauge{Name: fmt.Sprint("g", rnd.IntN(5)), Value: rnd.Float64(), Unit: "ms"})
		case 10:
			add(trace.Worker, p.id, trace.Block{On: "queue"})
		case 12:
			add(trace.Worker, p.id, trace.Cell{Is: []trace.Kind{trace.KindRead, trace.KindWrite}[rnd.IntN(2)], Cell: "c", Value: fmt.Sprint(len(events))})
		case 13:
			add(trace.Worker, p.id, trace.Lock{Is: []trace.Kind{trace.KindWant, trace.KindHold, trace.KindFree}[rnd.IntN(3)], Lock: trace.ID(fmt.Sprint("l", rnd.IntN(3)))})
		case 14:
			add(trace.Worker, p.id, trace.StepWait{Text: "read"})
			add(trace.Stage, "", trace.Settled{N: len(events), Ready: []trace.ID{p.id}})
			add(trace.Learner, p.id, trace.StepGo{N: len(events), Text: "read"})
		case 11:
			if rnd.IntN(20) == 0 {
				add(trace.Kernel, p.id, trace.Exit{PID: 1, Code: -1, Signal: "KILL"})
				add(trace.Kernel, p.id, trace.Reaped{User: time.Second})
				live = append(live[:i], live[i+1:]...)
			} else {
				add(trace.Stage, "", trace.Say{Text: "a caption", Stream: "caption"})
			}
		}
	}
	return events[:n]
}

func fold(events []trace.Event) *board.Board {
	b := board.New()
	for _, e := range events {
		b.Apply(e)
	}
	return b
}

func same(t *testing.T, what string, got, want *board.Board) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Fatalf("%s: the Boards differ\n%+v\n%+v", what, got, want)
	}
}

func TestFoldIsPure(t *testing.T) {
	events := life(5000, 1)
	same(t, "two folds", fold(events), fold(events))
}

func TestSeekEqualsFold(t *testing.T) {
	events := life(20_000, 2)
	tl := board.Of(events)
	rnd := rand.New(rand.NewPCG(3, 3))
	for range 60 {
		n := rnd.IntN(len(events) + 1)
		same(t, fmt.Sprint("seek to ", n), tl.At(n), fold(events[:n]))
		same(t, fmt.Sprint("one on from ", n), tl.At(n+1), fold(events[:min(n+1, len(events))]))
	}
	if tl.At(-5).Pos != 0 || tl.At(1<<40).Pos != len(events) {
		t.Error("positions outside the log are not clamped")
	}
	if n := tl.Find(events[777].At); n != 778 {
		t.Errorf("Find: %d", n)
	}
}

// A Board that was handed out, other than the live one, stays as it is.
func TestBoardsDoNotChange(t *testing.T) {
	events := life(12_000, 4)
	tl := board.NewTimeline()
	tl.Extend(events[:6000])
	past := tl.At(3001)
	want := fold(events[:3001])
	tl.Extend(events[6000:])
	tl.At(100)
	tl.At(3500)
	b := past.Clone()
	for _, e := range events[3001:5000] {
		b.Apply(e)
	}
	same(t, "a Board of the past", past, want)
	same(t, "its clone, taken further", b, fold(events[:5000]))
	same(t, "the end", tl.At(tl.Len()), fold(events))
}

// A log cut at its beginning, or full of nonsense, folds without a panic.
func TestNonsense(t *testing.T) {
	events := life(3000, 5)
	rnd := rand.New(rand.NewPCG(6, 6))
	rnd.Shuffle(len(events), func(i, j int) { events[i], events[j] = events[j], events[i] })
	fold(events)
	b := fold([]trace.Event{{Data: trace.Task{Is: trace.KindTaskRun, Task: -1}}, {Data: trace.Task{Is: trace.KindTaskDone, Task: 2_000_000_000}}, {Data: nil}, {Data: trace.Item{}}})
	if len(b.Tasks) != 0 {
		t.Error("a task of that number was made room for")
	}
}

func BenchmarkFold(b *testing.B) {
	events := life(100_000, 8)
	b.ResetTimer()
	for b.Loop() {
		fold(events)
	}
	b.ReportMetric(float64(b.N)*float64(len(events))/b.Elapsed().Seconds(), "events/s")
}

// BenchmarkSeek seeks to random positions of a run of 100,000 events, and of a
// million.
func BenchmarkSeek(b *testing.B) {
	for _, n := range []int{100_000, 1_000_000} {
		tl := board.Of(life(n, 9))
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			rnd := rand.New(rand.NewPCG(10, 10))
			var worst time.Duration
			for b.Loop() {
				t := time.Now()
				tl.At(rnd.IntN(n))
				worst = max(worst, time.Since(t))
			}
			b.ReportMetric(float64(worst.Microseconds())/1000, "worst-ms")
		})
	}
}

// One that joined is there until it leaves, whoever tells of it once more, and can
// come back.
func TestJoined(t *testing.T) {
	b := board.New()
	n := uint64(0)
	add := func(d trace.Data) *board.Proc {
		n++
		b.Apply(trace.Event{Seq: n, At: time.Duration(n), Source: trace.Worker, Who: "master", Kind: d.Kind(), Data: d})
		return b.Proc("j-a")
	}
	join, leave := trace.Join{Node: "j-a", Host: "h", OS: "linux", PID: 7}, trace.Leave{Node: "j-a", Why: "it left"}
	add(join)
	add(trace.Task{Is: trace.KindTaskRun, Task: 0, Worker: "j-a"})
	add(trace.Task{Is: trace.KindTaskDone, Task: 0, Worker: "j-a"})
	if p := add(join); !p.Alive() || p.PID != 0 || p.TaskDone != 1 || p.State != trace.Untold || p.Node != "j-a" {
		t.Errorf("joined: %+v", p)
	}
	add(leave)
	if p := add(leave); p.Alive() || p.Left != "it left" || p.Ended != 5 {
		t.Errorf("left: %+v", p)
	}
	if p := add(join); !p.Alive() || p.Left != "" {
		t.Errorf("back again: %+v", p)
	}
	if add(trace.Leave{Node: "nobody"}); b.Proc("nobody") != nil {
		t.Error("somebody left who was not here")
	}
}
