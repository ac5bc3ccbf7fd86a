package export

import (
	"bufio"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"slices"
	"time"

	"edu/procession/demos/trace"
)

// chrome is an event of the Trace Event Format. Times are whole microseconds:
// readers that take fractions round them one by one, and slices that touch would
// overlap.
type chrome struct {
	Phase string         `json:"ph"`
	TS    int64          `json:"ts"`
	Dur   *int64         `json:"dur,omitempty"` // X
	PID   int            `json:"pid"`
	TID   int            `json:"tid"`
	Name  string         `json:"name"`
	Cat   string         `json:"cat"`
	ID    int            `json:"id,omitempty"` // s and f
	Bind  string         `json:"bp,omitempty"` // f: "e", to the slice around it
	Scope string         `json:"s,omitempty"`  // i: g, p or t
	Args  map[string]any `json:"args,omitempty"`
}

// The tracks of a process.
const (
	states   = iota // what the kernel says of it
	work            // its tasks
	messages        // what it sends and receives
	tracks
)

var trackNames = [tracks]string{states: "state (kernel)", work: "tasks", messages: "messages"}

// actor is a process in the making of a trace: one on stage, or whatever else an
// event is about.
type actor struct {
	pid   int // the real one, where no other has it
	first int // its first track
	used  [tracks]bool
	state *chrome // open slices
	task  *chrome
	no    int // of the open task
	cpu   trace.Usage
	cpuAt time.Duration
}

// tracer builds a trace.
type tracer struct {
	out    []chrome
	actors map[trace.ID]*actor
	order  []trace.ID
	pids   map[int]bool
	end    time.Duration
}

// Perfetto writes a recording as Chrome trace JSON, which ui.perfetto.dev opens.
// Each process is a process there, with a track for the kernel's states, one for
// its tasks and one for its messages; messages are flows, numbers are counters,
// captions and the learner's acts are instants.
func Perfetto(w io.Writer, h trace.Header, events []trace.Event) error {
	t := &tracer{actors: map[trace.ID]*actor{}, pids: map[int]bool{}}
	for _, e := range events { // real pids before made-up ones
		if d, ok := e.Data.(trace.Start); ok {
			t.actor(e.Who, cmp.Or(d.TID, d.PID))
		}
	}
	for _, e := range events {
		t.end = e.At
		t.take(e)
	}
	for _, a := range t.actors {
		t.close(&a.state, t.end)
		t.close(&a.task, t.end)
	}
	t.messages(events)
	slices.SortStableFunc(t.out, func(x, y chrome) int { return cmp.Compare(x.TS, y.TS) })
	return t.write(w, h)
}

func us(at time.Duration) int64 { return at.Microseconds() }

// stageID is who an event is about that is about no process.
const stageID trace.ID = ""

// actor finds or makes the process of a name.
func (t *tracer) actor(id trace.ID, pid int) *actor {
	a := t.actors[id]
	if a == nil {
		if pid <= 0 || t.pids[pid] {
			for pid = 1 << 22; t.pids[pid]; pid++ { // above Linux's largest
			}
		}
		t.pids[pid] = true
		a = &actor{pid: pid, first: 1 + tracks*len(t.order), no: -1}
		t.actors[id] = a
		t.order = append(t.order, id)
	}
	return a
}

// on adds an event to a track of a process.
func (t *tracer) on(id trace.ID, track int, c chrome) {
	a := t.actor(id, 0)
	a.used[track] = true
	c.PID, c.TID = a.pid, a.first+track
	t.out = append(t.out, c)
}

func (t *tracer) instant(e trace.Event, scope, cat, text string) {
	t.on(e.Who, states, chrome{Phase: "i", TS: us(e.At), Name: text, Cat: cat, Scope: scope, Args: map[string]any{"source": e.Source.String()}})
}

func (t *tracer) counter(who trace.ID, at time.Duration, name string, value float64) {
	if !math.IsNaN(value) && !math.IsInf(value, 0) {
		t.on(who, states, chrome{Phase: "C", TS: us(at), Name: name, Cat: "number", Args: map[string]any{"value": value}})
	}
}

// open begins a slice on a track, where a slice may still be open: that ends.
func (t *tracer) open(slot **chrome, a *actor, track int, at time.Duration, name, cat string, args map[string]any) {
	t.close(slot, at)
	a.used[track] = true
	*slot = &chrome{Phase: "X", TS: us(at), PID: a.pid, TID: a.first + track, Name: name, Cat: cat, Args: args}
}

func (t *tracer) close(slot **chrome, at time.Duration) {
	if c := *slot; c != nil {
		dur := us(at) - c.TS
		c.Dur = &dur
		t.out = append(t.out, *c)
		*slot = nil
	}
}

// take takes an event; messages are taken later, in pairs.
func (t *tracer) take(e trace.Event) {
	switch d := e.Data.(type) {
	case trace.Start:
		a := t.actor(e.Who, cmp.Or(d.TID, d.PID))
		a.cpuAt = e.At
		t.open(&a.state, a, states, e.At, trace.New.String(), "state", nil)
	case trace.State:
		a := t.actor(e.Who, 0)
		name, args := d.To.String(), map[string]any{"letter": string(d.To)}
		if d.On != "" {
			name += ": " + d.On
		}
		if d.How != "" {
			args["how"] = d.How
		}
		t.open(&a.state, a, states, e.At, name, "state", args)
	case trace.Exit:
		a := t.actor(e.Who, 0)
		if a.state != nil && a.state.Name != trace.Zombie.String() {
			t.close(&a.state, e.At)
		}
		t.close(&a.task, e.At)
		t.instant(e, "t", "exit", "ended with "+d.String())
	case trace.Reaped:
		t.close(&t.actor(e.Who, 0).state, e.At)
		t.instant(e, "t", "exit", "reaped")
	case trace.Usage:
		t.usage(e, d)
	case trace.Task:
		t.task(e, d)
	case trace.Depth:
		unit := d.Unit
		if unit == "" {
			unit = "items"
		}
		t.counter(stageID, e.At, fmt.Sprintf("%s (%s)", d.Queue, unit), float64(d.Depth))
	case trace.Item:
		if d.Depth >= 0 {
			t.counter(stageID, e.At, fmt.Sprintf("%s (items, as reported)", d.Queue), float64(d.Depth))
		}
	case trace.Gauge:
		if !d.Paced {
			name := d.Name
			if d.Unit != "" {
				name += " (" + d.Unit + ")"
			}
			t.counter(stageID, e.At, name, d.Value)
		}
	case trace.Link:
		e.Who = stageID
		t.instant(e, "g", "link", fmt.Sprintf("%s %s–%s", d.Is, d.A, d.B))
	case trace.Say:
		t.instant(e, "t", d.Stream, d.Text)
	case trace.Act:
		text := d.Action
		if d.Target != "" {
			text += " " + string(d.Target)
		}
		if d.Error != "" {
			text += ": " + d.Error
		}
		e.Who = stageID
		t.instant(e, "g", "act", text)
	case trace.Verdict:
		t.instant(e, "t", "verdict", d.Text)
	case trace.Lock:
		t.instant(e, "t", "lock", fmt.Sprintf("%s %s", d.Is, d.Lock))
	case trace.Cell:
		t.instant(e, "t", "mem", fmt.Sprintf("%s %s = %s", d.Is, d.Cell, d.Value))
	case trace.StepWait:
		t.instant(e, "t", "step", "held before: "+d.Text)
	case trace.StepGo:
		t.instant(e, "t", "step", fmt.Sprintf("move %d: %s", d.N, d.Text))
	case trace.Dropped:
		t.instant(e, "t", "dropped", fmt.Sprintf("%d events not kept: %s", d.Count, d.Reason))
	}
}

func (t *tracer) usage(e trace.Event, d trace.Usage) {
	a := t.actor(e.Who, 0)
	if dt := e.At - a.cpuAt; dt > 0 {
		t.counter(e.Who, e.At, "CPU (% of a core)", math.Round(1000*float64(d.CPU-a.cpu.CPU)/float64(dt))/10)
	}
	t.counter(e.Who, e.At, "memory (bytes)", float64(d.RSS))
	a.cpu, a.cpuAt = d, e.At
}

func (t *tracer) task(e trace.Event, d trace.Task) {
	if d.Worker == "" {
		return
	}
	a := t.actor(d.Worker, 0)
	switch {
	case d.Is == trace.KindTaskRun:
		t.open(&a.task, a, work, e.At, fmt.Sprintf("task %d", d.Task), "task", map[string]any{"attempt": d.Attempt})
		a.no = d.Task
	case d.Is == trace.KindTaskDone || d.Is == trace.KindTaskFail || d.Is == trace.KindTaskLost:
		if a.task == nil || a.no != d.Task {
			return
		}
		a.task.Args["came"] = d.Is.String()
		if d.Note != "" {
			a.task.Args["note"] = d.Note
		}
		if d.Took > 0 {
			a.task.Args["took_us"] = us(d.Took)
		}
		t.close(&a.task, e.At)
	}
}

// write puts the trace into its JSON: what is named first, then what happened.
func (t *tracer) write(w io.Writer, h trace.Header) error {
	b := bufio.NewWriterSize(w, 64<<10)
	fmt.Fprint(b, `{"displayTimeUnit":"ms","otherData":`)
	other, err := json.Marshal(map[string]any{
		"program": "procession " + h.Version, "demo": h.Demo, "place": h.Place, "seed": h.Seed, "params": h.Params, "pace": h.Pace, "os": h.OS,
		"states": fmt.Sprintf("sampled every %v, or told by wait", h.Sample),
		"times":  "of arrival in the log",
	})
	if err != nil {
		return err
	}
	b.Write(other)
	fmt.Fprint(b, ",\n\"traceEvents\":[\n")
	first := true
	put := func(c chrome) error {
		line, err := json.Marshal(c)
		if err != nil {
			return err
		}
		if !first {
			b.WriteString(",\n")
		}
		first = false
		_, err = b.Write(line)
		return err
	}
	for i, id := range t.order {
		a := t.actors[id]
		name := string(id)
		if id == stageID {
			name = "the stage: " + h.Demo
		}
		meta := func(tid int, what string, args map[string]any) error {
			return put(chrome{Phase: "M", PID: a.pid, TID: tid, Name: what, Cat: "__metadata", Args: args})
		}
		if err := meta(a.first, "process_name", map[string]any{"name": name}); err != nil {
			return err
		}
		if err := meta(a.first, "process_sort_index", map[string]any{"sort_index": i}); err != nil {
			return err
		}
		for k, used := range a.used {
			track := trackNames[k]
			if id == stageID && k == states {
				track = "captions and acts"
			}
			if used {
				if err := meta(a.first+k, "thread_name", map[string]any{"name": track}); err != nil {
					return err
				}
			}
		}
	}
	for _, c := range t.out {
		if err := put(c); err != nil {
			return err
		}
	}
	b.WriteString("\n]}\n")
	return b.Flush()
}
