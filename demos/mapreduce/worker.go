package mapreduce

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"edu/procession/demos/demo"
	"edu/procession/demos/internal/wire"
)

// sign is the time between two signs of life of a worker on another node.
const sign = 200 * time.Millisecond

// straggling is how many times as long a worker's waits take that is made a straggler.
const straggling = 8

// What the stage tells a worker, past the coordinator: it is injected.
const (
	slow   = "slow"
	normal = "normal"
)

// hands is a worker from the inside.
type hands struct {
	w    *demo.Worker
	slow atomic.Bool

	mu  sync.Mutex // of out
	out io.Writer
}

func newHands(w *demo.Worker) *hands {
	h := &hands{w: w}
	go func() {
		for {
			line, err := w.Recv()
			if err != nil {
				os.Exit(0) // it is over, whatever is in hand
			}
			h.slow.Store(line == slow)
		}
	}()
	return h
}

func (h *hands) say(a answer) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.out == nil {
		return nil
	}
	return wire.Write(h.out, a)
}

// local is the role of a worker that shares the coordinator's kernel and disk: its
// orders come through a pipe, and its answers leave through another.
func local(_ context.Context, w *demo.Worker) error {
	h := newHands(w)
	h.out = w.File(1)
	if err := h.serve(w.File(0)); err != io.EOF {
		return err
	}
	return nil
}

// remote is the role of a worker that shares messages only. Without a coordinator it
// waits for one.
func remote(_ context.Context, w *demo.Worker) error {
	h := newHands(w)
	go func() {
		for range time.Tick(sign) {
			h.say(answer{Is: saysAlive})
		}
	}()
	for {
		w.Block("a coordinator")
		c, err := net.Dial("tcp", w.Arg("coordinator"))
		if err == nil {
			h.mu.Lock()
			h.out = c
			h.mu.Unlock()
			if h.say(answer{Is: saysHello, Name: w.Name()}) == nil {
				h.serve(c)
			}
			h.mu.Lock()
			h.out = nil
			h.mu.Unlock()
			c.Close()
		}
		w.Sleep(sign / 2)
	}
}

// serve does what it is told until nothing more comes.
func (h *hands) serve(from io.Reader) error {
	for in := wire.NewReader(from); ; {
		h.w.Block("a task")
		var o order
		if err := in.Read(&o); err != nil {
			return err
		}
		h.w.Block("")
		start := time.Now()
		a := answer{Is: saysDone, Job: o.Job, Task: o.Task, Attempt: o.Attempt}
		var err error
		if o.Folder != "" {
			a.Files, err = h.shared(o)
		} else {
			a.Pieces, err = h.apart(o)
		}
		if err != nil {
			a.Error = err.Error()
		}
		a.Took = time.Since(start)
		if err := h.say(a); err != nil {
			return err
		}
	}
}

// wait waits, a straggler for longer.
func (h *hands) wait(d time.Duration) {
	const slice = 20 * time.Millisecond
	for d > 0 {
		nap := min(d, slice)
		if h.slow.Load() {
			h.w.Sleep(nap * straggling)
		} else {
			h.w.Sleep(nap)
		}
		d -= nap
	}
}

// apart does a task whose data came with its order.
func (h *hands) apart(o order) (pieces []string, err error) {
	h.wait(o.Work)
	if o.Task < o.Maps {
		return split(o.Text, o.Reduces), nil
	}
	sum, err := join(o.Pieces)
	return []string{sum}, err
}

// shared does a task whose data are in a folder. It waits between the writing and
// the naming, so that whoever ends it in mid-task leaves something unfinished.
func (h *hands) shared(o order) (bytes int64, err error) {
	h.wait(o.Work / 4)
	var names, pieces []string
	if o.Task < o.Maps {
		text := make([]byte, o.To-o.From)
		f, err := os.Open(filepath.Join(o.Folder, "book"))
		if err != nil {
			return 0, err
		}
		defer f.Close()
		if _, err := f.ReadAt(text, int64(o.From)); err != nil {
			return 0, err
		}
		bytes += int64(len(text))
		pieces = split(string(text), o.Reduces)
		for r := range pieces {
			names = append(names, midFile(o.Task, r))
		}
	} else {
		var in []string
		for m := range o.Maps {
			b, err := os.ReadFile(filepath.Join(o.Folder, midFile(m, o.Task-o.Maps)))
			if err != nil {
				return bytes, err
			}
			bytes += int64(len(b))
			in = append(in, string(b))
		}
		sum, err := join(in)
		if err != nil {
			return bytes, err
		}
		names, pieces = []string{outFile(o.Task - o.Maps)}, []string{sum}
	}
	var temps []string
	for i, p := range pieces {
		temp := filepath.Join(o.Folder, fmt.Sprintf("%s-%s-%d%s", names[i], h.w.Name(), o.Attempt, temporary))
		if err := os.WriteFile(temp, []byte(p), 0o600); err != nil {
			return bytes, err
		}
		temps = append(temps, temp)
		bytes += int64(len(p))
	}
	h.wait(o.Work * 3 / 4)
	for i, temp := range temps {
		if err := os.Rename(temp, filepath.Join(o.Folder, names[i])); err != nil {
			return bytes, err
		}
	}
	return bytes, nil
}
