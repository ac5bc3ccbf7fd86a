package export_test

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"time"

	"edu/procession/demos"
	"edu/procession/demos/demo"
	"edu/procession/demos/stage/stagetest"
	"edu/procession/demos/trace"
	"edu/procession/demos/trace/export"
)

func TestMain(m *testing.M) { stagetest.Main(m, demos.All...) }

// real plays a demo on real processes.
func real(t *testing.T, name string, script ...demo.Scripted) stagetest.Result {
	t.Helper()
	d, ok := demos.Find(name)
	if !ok {
		t.Fatal("no demo", name)
	}
	return stagetest.Play(t, d, demo.Options{Pace: demo.Fast, Seed: 1, Script: script})
}

func perfetto(t *testing.T, h trace.Header, events []trace.Event) (string, map[string]int) {
	t.Helper()
	var b bytes.Buffer
	if err := export.Perfetto(&b, h, events); err != nil {
		t.Fatal(err)
	}
	phases, err := checkChrome(b.Bytes())
	if err != nil {
		t.Error(err)
	}
	return b.String(), phases
}

// Real runs come out in the format, with all that their logs tell.
func TestPerfettoFormat(t *testing.T) {
	kill := demo.Scripted{Act: demo.Act{Name: "kill", Target: "worker-2"}, At: 200 * time.Millisecond}
	for name, want := range map[string]string{
		"what-is-distributed": "X s f C i M",
		"same-call":           "X s f C i M",
		"pool-of-workers":     "X C i M",
		"queue-pipe-event":    "X C i M",
		"race-and-lock":       "X C i M",
	} {
		var script []demo.Scripted
		if name == "pool-of-workers" {
			script = append(script, kill)
		}
		got := real(t, name, script...)
		text, phases := perfetto(t, got.Header, got.Events)
		for ph := range strings.FieldsSeq(want) {
			if phases[ph] == 0 {
				t.Errorf("%s has no events %s", name, ph)
			}
		}
		received := 0
		for _, e := range got.Events {
			if e.Kind == trace.KindRecv {
				received++
			}
		}
		if phases["f"] != received {
			t.Errorf("%s: %d messages arrived, %d flows", name, received, phases["f"])
		}
		for _, part := range map[string][]string{
			"pool-of-workers":  {`"name":"task 3"`, `"came":"task.done"`, `"name":"kill worker-2"`, `"name":"CPU (% of a core)"`, `ended with signal KILL`},
			"queue-pipe-event": {`"name":"queue (items`, `"name":"blocked: `, `"name":"pipe (bytes)"`},
			"race-and-lock":    {`"cat":"mem"`},
		}[name] {
			if !strings.Contains(text, part) {
				t.Errorf("%s: nothing of %s", name, part)
			}
		}
		if name != "what-is-distributed" {
			if _, err := export.ShiViz(&bytes.Buffer{}, got.Header, got.Events); !errors.Is(err, export.ErrNoClocks) {
				t.Errorf("%s to ShiViz: %v", name, err)
			}
		}
	}
}

// A real run with clocks is taken by ShiViz, and none of its events is left out.
func TestShiVizFormat(t *testing.T) {
	got := real(t, "what-is-distributed")
	var b bytes.Buffer
	left, err := export.ShiViz(&b, got.Header, got.Events)
	if err != nil || left != 0 {
		t.Fatalf("%d left out, %v", left, err)
	}
	n, err := checkShiViz(b.String())
	with := 0
	for _, e := range got.Events {
		if e.Clock != nil {
			with++
		}
	}
	if err != nil || n != with {
		t.Errorf("%d events of %d with a clock: %v", n, with, err)
	}
	for _, part := range []string{"\nsends beat 1 to b\na {", "\nreceives beat 1 from a\nb {", "\nbelieves of "} {
		if !strings.Contains(b.String(), part) {
			t.Errorf("nothing of %q", part)
		}
	}
	if path := os.Getenv("SHIVIZ_OUT"); path != "" { // to be fed to ShiViz itself
		os.WriteFile(path, b.Bytes(), 0o644)
	}
}

// A log that ends anywhere, or that lost events, still makes a log that ShiViz
// takes: what refers to something that is not there is left out.
func TestShiVizOfACutLog(t *testing.T) {
	got := real(t, "what-is-distributed")
	check := func(events []trace.Event) {
		t.Helper()
		var b bytes.Buffer
		left, err := export.ShiViz(&b, got.Header, events)
		if errors.Is(err, export.ErrNoClocks) {
			return
		}
		n, bad := checkShiViz(b.String())
		with := 0
		for _, e := range events {
			if e.Clock != nil {
				with++
			}
		}
		if err != nil || bad != nil || n+left != with {
			t.Fatalf("%d of %d events, %d left out: %v, %v", n, with, left, err, bad)
		}
	}
	for n := 1; n < len(got.Events); n += 3 {
		check(got.Events[:n])
	}
	rnd := rand.New(rand.NewPCG(1, 1))
	for range 50 {
		events := append([]trace.Event(nil), got.Events...)
		for range 1 + rnd.IntN(3) {
			i := rnd.IntN(len(events))
			events = append(events[:i], events[i+1:]...)
		}
		check(events)
	}
}

// Names and texts that would break a line format do not.
func TestHostileNames(t *testing.T) {
	r := trace.NewRecorder(trace.Header{Demo: "d", Clocks: []trace.ID{"a b", "a_b", "", "\x1b[1m\n"}})
	for i, id := range r.Header().Clocks {
		c := make([]uint64, 4)
		for n := range 2 {
			c[i] = uint64(n) + 1
			r.AddClock(trace.Worker, id, append([]uint64(nil), c...), trace.Say{Text: "x\na {\"a\":7}", Stream: "log"})
		}
		r.Add(trace.Kernel, id, trace.Start{PID: 7}) // one pid for all
		r.Add(trace.Worker, id, trace.Gauge{Name: "\xff\"", Value: 1})
		r.AddClock(trace.Worker, id, []uint64{1}, trace.Say{Text: "a clock of another length"})
	}
	var b bytes.Buffer
	left, err := export.ShiViz(&b, r.Header(), r.Events(0))
	if n, bad := checkShiViz(b.String()); err != nil || bad != nil || n != 8 || left != 4 {
		t.Errorf("%d events, %d left out: %v, %v\n%s", n, left, err, bad, b.String())
	}
	perfetto(t, r.Header(), r.Events(0))
}

// Whatever can be read can be exported, in the format.
func FuzzExport(f *testing.F) {
	r := trace.NewRecorder(trace.Header{Demo: "d", Clocks: []trace.ID{"a", "b"}})
	r.Add(trace.Kernel, "a", trace.Start{PID: 7})
	r.Add(trace.Kernel, "a", trace.State{From: 'N', To: 'S', On: "pipe read"})
	r.AddClock(trace.Worker, "b", []uint64{1, 1}, trace.Msg{Is: trace.KindRecv, Msg: "m", From: "a", To: "b", Took: time.Hour})
	r.AddClock(trace.Worker, "a", []uint64{1, 0}, trace.Msg{Is: trace.KindSend, Msg: "m", From: "a", To: "b"})
	r.Add(trace.Stage, "", trace.Task{Is: trace.KindTaskRun, Task: 1, Worker: "a"})
	r.Add(trace.Stage, "", trace.Task{Is: trace.KindTaskDone, Task: 1, Worker: "a"})
	r.Add(trace.Kernel, "a", trace.Usage{CPU: 1, RSS: 2})
	r.Add(trace.Kernel, "a", trace.Exit{Code: -1, Signal: "KILL"})
	r.Add(trace.Kernel, "a", trace.Reaped{})
	var b bytes.Buffer
	trace.Write(&b, r.Header(), r.Events(0))
	f.Add(b.Bytes())
	f.Fuzz(func(t *testing.T, in []byte) {
		h, events, _ := trace.Read(bytes.NewReader(in))
		if len(events) == 0 {
			return
		}
		perfetto(t, h, events)
		var b bytes.Buffer
		if _, err := export.ShiViz(&b, h, events); err == nil {
			if _, bad := checkShiViz(b.String()); bad != nil {
				t.Errorf("%v\n%s", bad, b.String())
			}
		}
	})
}
