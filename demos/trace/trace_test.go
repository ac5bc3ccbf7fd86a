package trace_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"edu/procession/demos/trace"
)

// one of each kind, in an order that makes sense.
func sample() []trace.Data {
	return []trace.Data{
		trace.Start{PID: 4711, PPID: 4700, Parent: "warden", Role: "worker", Node: "n1"},
		trace.Ready{PID: 4711, Took: 4 * time.Millisecond},
		trace.State{PID: 4711, From: trace.New, To: trace.Asleep, On: "pipe read", How: "sampled"},
		trace.Usage{PID: 4711, CPU: time.Second, RSS: 1 << 20, Threads: 5, Core: 1},
		trace.Block{On: "queue"},
		trace.Task{Is: trace.KindTaskNew, Task: 3},
		trace.Task{Is: trace.KindTaskRun, Task: 3, Worker: "worker-1", Attempt: 1},
		trace.Task{Is: trace.KindTaskDone, Task: 3, Worker: "worker-1", Took: time.Millisecond},
		trace.Task{Is: trace.KindTaskFail, Task: 4, Note: "bad input"},
		trace.Task{Is: trace.KindTaskLost, Task: 5},
		trace.Task{Is: trace.KindTaskRetry, Task: 5, Attempt: 2},
		trace.Task{Is: trace.KindTaskDup, Task: 3, Worker: "worker-2"},
		trace.Item{Is: trace.KindPut, Queue: "q", Item: "7", Depth: 1},
		trace.Item{Is: trace.KindGet, Queue: "q", Item: "7"},
		trace.Item{Is: trace.KindAck, Queue: "q", Item: "7", Depth: -1},
		trace.Depth{Queue: "q", Depth: 64, Cap: 65536, Unit: "bytes"},
		trace.Link{Is: trace.KindCut, A: "a", B: "b"},
		trace.Link{Is: trace.KindHeal, A: "a", B: "b"},
		trace.LinkFault{A: "a", B: "b", Delay: 50 * time.Millisecond, Jitter: time.Millisecond, Rate: 1000},
		trace.RTT{A: "a", B: "b", Took: 210 * time.Microsecond},
		trace.Listen{Addr: "127.0.0.2:4711", For: "raft"},
		trace.Role{Role: "leader", Term: 4, Note: "3 entries"},
		trace.Belief{About: "b", Is: "silent for 1.2 s"},
		trace.Join{Node: "j-a", Host: "h", OS: "linux", PID: 7}, trace.Leave{Node: "j-a", Why: "it left"},
		trace.Msg{Is: trace.KindSend, Msg: "m1", From: "a", To: "b", Text: "hi <&>", Bytes: 2},
		trace.Msg{Is: trace.KindRecv, Msg: "m1", From: "a", To: "b", Took: time.Microsecond},
		trace.Msg{Is: trace.KindDrop, Msg: "m2", From: "a", To: "b"},
		trace.Say{Text: "三个进程", Stream: "caption"},
		trace.Gauge{Name: "speedup", Value: 1.5, Unit: "×", Group: "g", Log: true, Note: "n", Paced: true},
		trace.Cell{Is: trace.KindRead, Cell: "counter", Value: "41"},
		trace.Cell{Is: trace.KindWrite, Cell: "counter", Value: "42"},
		trace.Lock{Is: trace.KindWant, Lock: "lock"},
		trace.Lock{Is: trace.KindHold, Lock: "lock", Freed: true},
		trace.Lock{Is: trace.KindFree, Lock: "lock"},
		trace.StepWait{Text: "read counter"},
		trace.StepGo{N: 1, Text: "read counter"},
		trace.Settled{N: 1, Ready: []trace.ID{"A"}, Blocked: []trace.ID{"B"}},
		trace.Solved{Puzzle: "lose-one", N: 6},
		trace.Act{Action: "kill", Target: "worker-1", Error: "why not"},
		trace.Parent{PID: 4711, PPID: 1, Parent: "init"},
		trace.Exit{PID: 4711, Code: -1, Signal: "KILL"},
		trace.Reaped{PID: 4711, User: 1, System: 2, MaxRSS: 3},
		trace.Verdict{OK: true, Text: "fine"},
		trace.Dropped{Count: 2, Reason: "too many"},
	}
}

func recorded() *trace.Recorder {
	r := trace.NewRecorder(trace.Header{Demo: "d", Place: "processes", Seed: 42, Params: map[string]string{"a": "b"}, Pace: "fast", OS: "linux"})
	for i, d := range sample() {
		src := trace.Source(i%4 + 1)
		if _, ok := d.(trace.State); ok {
			src = trace.Kernel
		}
		r.AddClock(src, "worker-1", []uint64{1, uint64(i)}, d)
	}
	return r
}

func TestRoundTrip(t *testing.T) {
	r := recorded()
	var b bytes.Buffer
	if err := trace.Write(&b, r.Header(), r.Events(0)); err != nil {
		t.Fatal(err)
	}
	h, events, err := trace.Read(bytes.NewReader(b.Bytes()))
	if err != nil || !reflect.DeepEqual(h, r.Header()) || !reflect.DeepEqual(events, r.Events(0)) {
		t.Errorf("read back: %v\n%v\n%v", err, events, r.Events(0))
	}
	seen := map[trace.Kind]bool{}
	for _, e := range events {
		seen[e.Kind] = true
	}
	for k := trace.KindStart; !strings.HasPrefix(k.String(), "kind("); k++ {
		if !seen[k] {
			t.Errorf("the test has no %s", k)
		}
	}
	extra := strings.Replace(b.String(), "\n", "\n"+`{"seq":0,"kind":"x"}`+"\n", 1)
	if _, got, err := trace.Read(strings.NewReader(extra)); err == nil || len(got) != 0 {
		t.Errorf("an event without a seq: %v", err)
	}
	unknown := b.String() + `{"seq":999,"at_ns":9999999999999,"source":"stage","kind":"node.mood","data":{"x":1}}` + "\n"
	if _, got, err := trace.Read(strings.NewReader(unknown)); err != nil || len(got) != len(events) {
		t.Errorf("an unknown kind is skipped: %d events, %v", len(got), err)
	}
}

func TestSourcesRoundTrip(t *testing.T) {
	for s := trace.Kernel; s <= trace.Learner; s++ {
		b, _ := s.MarshalText()
		var again trace.Source
		if err := again.UnmarshalText(b); err != nil || again != s {
			t.Errorf("%s: %v %v", b, again, err)
		}
	}
	if new(trace.Source).UnmarshalText([]byte("gossip")) == nil || new(trace.Source).UnmarshalText(nil) == nil {
		t.Error("an unknown source was taken")
	}
}

// A recording that is damaged anywhere is read up to there, and the fault names
// its line.
func TestTruncated(t *testing.T) {
	r := recorded()
	var b bytes.Buffer
	trace.Write(&b, r.Header(), r.Events(0))
	whole := b.Bytes()
	for n := range len(whole) {
		_, events, err := trace.Read(bytes.NewReader(whole[:n]))
		lines := bytes.Count(whole[:n], []byte("\n"))
		var f *trace.Fault
		switch {
		case err == nil && (whole[n-1] == '\n' || whole[n] == '\n'):
		case !errors.As(err, &f) || f.Line != lines+1 || len(events) != max(0, lines-1):
			t.Fatalf("cut at %d: %d events, %v", n, len(events), err)
		}
	}
	for _, bad := range []string{"", "\n", "{}", "[]", `{"procession":99}`, "\x00\xff", strings.Repeat("x", 2<<20)} {
		if _, events, err := trace.Read(strings.NewReader(bad)); err == nil || len(events) > 0 {
			t.Errorf("%.20q was taken for a recording", bad)
		}
	}
}

func FuzzRead(f *testing.F) {
	var b bytes.Buffer
	trace.Write(&b, recorded().Header(), recorded().Events(0))
	f.Add(b.Bytes())
	f.Fuzz(func(t *testing.T, in []byte) {
		h, events, _ := trace.Read(bytes.NewReader(in))
		if len(events) == 0 {
			return
		}
		var out bytes.Buffer
		if err := trace.Write(&out, h, events); err != nil {
			t.Fatal(err)
		}
		if _, again, err := trace.Read(&out); err != nil || len(again) != len(events) {
			t.Errorf("what was read does not read back: %v", err)
		}
	})
}

func TestRecorderOrders(t *testing.T) {
	r := trace.NewRecorder(trace.Header{})
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for range 1000 {
				r.Add(trace.Stage, trace.ID(fmt.Sprint(i)), trace.Say{Text: "x", Stream: "log"})
			}
		})
	}
	done := make(chan int)
	go func() {
		n := 0
		for r.Wait(context.Background(), n) {
			n += len(r.Events(n))
		}
		done <- n
	}()
	wg.Wait()
	r.Close()
	r.Add(trace.Stage, "", trace.Say{Text: "too late"})
	if n := <-done; n != 8000 || len(r.Events(0)) != 8000 || r.Events(8000) != nil {
		t.Errorf("a reader saw %d, the log has %d", n, len(r.Events(0)))
	}
	var last trace.Event
	for _, e := range r.Events(0) {
		if e.Seq != last.Seq+1 || e.At < last.At {
			t.Fatalf("%v after %v", e, last)
		}
		last = e
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if trace.NewRecorder(trace.Header{}).Wait(ctx, 0) {
		t.Error("an empty log has something to read")
	}
}

func TestValidate(t *testing.T) {
	start, state, exit, reap := trace.Start{PID: 1}, trace.State{From: 'N', To: 'R'}, trace.Exit{}, trace.Reaped{}
	log := func(ds ...trace.Data) []trace.Event {
		r := trace.NewRecorder(trace.Header{})
		for _, d := range ds {
			r.Add(trace.Kernel, "w", d)
		}
		return r.Events(0)
	}
	if err := trace.Validate(log(start, state, exit, reap)); err != nil {
		t.Error(err)
	}
	for want, ds := range map[string][]trace.Data{
		"never started":   {state},
		"started twice":   {start, start},
		"after the end":   {start, exit, state},
		"ended twice":     {start, exit, exit},
		"before its end":  {start, reap},
		"from R, but":     {start, trace.State{From: 'R', To: 'S'}},
		"reaped before":   {start, exit, reap, reap},
		"of another kind": {trace.Task{}},
	} {
		events := log(ds...)
		if want == "of another kind" {
			events[0].Kind = trace.KindSay
		}
		if err := trace.Validate(events); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
	for _, bad := range [][]trace.Event{
		{{Seq: 1, Kind: trace.KindSay, Data: trace.Say{}}},
		{{Seq: 1, Source: 1, Kind: trace.KindSay, Data: trace.Say{}}, {Seq: 1, Source: 1, Kind: trace.KindSay, Data: trace.Say{}}},
		{{Seq: 1, At: 5, Source: 1, Kind: trace.KindSay, Data: trace.Say{}}, {Seq: 2, At: 4, Source: 1, Kind: trace.KindSay, Data: trace.Say{}}},
		{{Seq: 1, Source: trace.Worker, Kind: trace.KindStart, Data: trace.Start{}}, {Seq: 2, Source: trace.Worker, Kind: trace.KindState, Data: trace.State{From: 'N'}}},
	} {
		if trace.Validate(bad) == nil {
			t.Errorf("%v was taken", bad)
		}
	}
}

func BenchmarkAdd(b *testing.B) {
	for b.Loop() {
		r := trace.NewRecorder(trace.Header{})
		for i := range 10_000 {
			r.Add(trace.Stage, "worker-1", trace.Task{Is: trace.KindTaskRun, Task: i, Worker: "worker-1"})
		}
	}
	b.ReportMetric(float64(b.N)*10_000/b.Elapsed().Seconds(), "events/s")
}
