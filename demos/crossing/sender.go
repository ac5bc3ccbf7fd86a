package crossing

import (
	"context"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"edu/procession/demos/demo"
	"edu/procession/demos/internal/sock"
)

// desk is the sender from the inside.
type desk struct {
	w     *demo.Worker
	facts *os.File // to the play
	lines []*line  // nil: that worker has ended
	tasks []task
	work  int
	want  []int64 // the loop's results
	got   []int64
}

// sender is the role of the one that has the tasks. It takes orders from the play,
// one a line, and answers each with a fact:
//
//	set WORK PAYLOAD N  →  loop NS SHARE      of one task; of the time with a core
//	run CHUNK WORKER…   →  ran WALL COMPUTE ENCODE WAIT SENDER MESSAGES SLEEPS
//	                    or gone WORKER TASKS …, disturbed
func sender(_ context.Context, w *demo.Worker) error {
	d := &desk{w: w, facts: w.File(0)}
	for i := range crowd {
		d.lines = append(d.lines, newLine(sock.Pipes(w.File(1+2*i), w.File(2+2*i))))
	}
	for {
		w.Block("the next measurement")
		order, err := w.Recv()
		if err != nil {
			return nil
		}
		var a []int
		words := strings.Fields(order)
		for _, word := range words[1:] {
			n, _ := strconv.Atoi(word)
			a = append(a, n)
		}
		switch words[0] {
		case "set":
			w.Block("")
			d.set(a[0], a[1], a[2])
		case "run":
			w.Block("replies")
			if err := d.run(a[0], a[1:]); err != nil {
				return err
			}
		}
	}
}

func (d *desk) tell(format string, args ...any) { fmt.Fprintf(d.facts, format+"\n", args...) }

// set makes the tasks, and does them in a loop.
func (d *desk) set(work, payload, n int) {
	d.work = work
	d.tasks, d.want, d.got = make([]task, n), make([]int64, n), make([]int64, n)
	data := make([]byte, payload)
	for i := range data {
		data[i] = byte(i)
	}
	x := int64(d.w.Seed() % 1_000_000)
	for i := range d.tasks {
		d.tasks[i] = task{X: x + int64(i), Data: data}
	}
	var f []time.Duration
	began, had := time.Now(), onCore()
	for len(f) < 1 || len(f) < 15 && time.Since(began) < 300*time.Millisecond {
		t := time.Now()
		for i := range d.tasks {
			d.want[i] = do(d.tasks[i].X, work)
		}
		f = append(f, time.Since(t))
	}
	share := 1.0
	if used := onCore() - had; used > 0 {
		share = float64(used) / float64(time.Since(began))
	}
	slices.Sort(f)
	d.tell("loop %g %g", float64(f[len(f)/2])/float64(n), share)
}

// run has the tasks done by some workers, so many in a chunk.
func (d *desk) run(size int, crew []int) error {
	r := &round{desk: d, size: size, has: map[int]span{}}
	if err := r.ask(crew); err != nil { // their clocks begin
		return err
	}
	clear(d.got)
	r.used, r.code = used{}, 0
	asleep, messages := switches(), 0
	began := time.Now()
	for _, i := range crew {
		r.give(i)
	}
	for len(r.has) > 0 && !r.disturbed {
		if err := r.wait(func(i int, a results, s span) error {
			copy(d.got[s.from:s.to], a.Y)
			messages += 2
			if len(a.Y) != s.to-s.from {
				return fmt.Errorf("%d results for %d tasks", len(a.Y), s.to-s.from)
			}
			r.give(i)
			return nil
		}); err != nil {
			return err
		}
	}
	wall, code := time.Since(began), r.code
	for len(r.has) > 0 { // disturbed: what is on its way is to be out of it
		if err := r.wait(func(int, results, span) error { return nil }); err != nil {
			return err
		}
	}
	asleep = switches() - asleep
	if err := r.ask(crew); err != nil {
		return err
	}
	switch {
	case r.disturbed:
		d.tell("disturbed")
		return nil
	case !slices.Equal(d.got, d.want):
		return fmt.Errorf("the workers' results are not those of the loop")
	}
	u := r.used
	d.tell("ran %d %d %d %d %d %d %d", wall, u.Compute, u.Encode, u.Wait, code, messages, asleep+u.Sleeps)
	return nil
}

// span is which tasks a worker has; none: it was asked for its times.
type span struct{ from, to int }

// round is a measurement under way.
type round struct {
	*desk
	size      int
	next      int          // the first task that nobody has
	has       map[int]span // who has not replied
	code      time.Duration
	used      used // by all workers
	disturbed bool
}

// give hands a worker the next chunk, where there is one.
func (r *round) give(i int) {
	if from := r.next; from < len(r.tasks) && r.lines[i] != nil && !r.disturbed {
		r.next = min(from+r.size, len(r.tasks))
		r.send(i, chunk{r.work, r.tasks[from:r.next]}, span{from, r.next})
	}
}

func (r *round) send(i int, c chunk, s span) {
	l := r.lines[i]
	t := time.Now()
	err := l.encode(c)
	r.code += time.Since(t)
	r.has[i] = s
	if err == nil {
		err = l.send()
	}
	if err != nil {
		r.gone(i)
	}
}

// gone strikes off a worker that has ended, by the word of the kernel: its pipe
// is closed. What it had went with it.
func (r *round) gone(i int) {
	s := r.has[i]
	delete(r.has, i)
	r.lines[i].c.Close()
	r.lines[i], r.disturbed = nil, true
	r.tell("gone %d %d", i, s.to-s.from)
}

// ask asks the crew for its times.
func (r *round) ask(crew []int) error {
	for _, i := range crew {
		if r.lines[i] != nil {
			r.send(i, chunk{}, span{})
		}
	}
	for len(r.has) > 0 {
		if err := r.wait(func(_ int, a results, _ span) error {
			r.used.Compute += a.Used.Compute
			r.used.Encode += a.Used.Encode
			r.used.Wait += a.Used.Wait
			r.used.Sleeps += a.Used.Sleeps
			return nil
		}); err != nil {
			return err
		}
	}
	return nil
}

// wait waits for replies, and takes those that are there.
func (r *round) wait(take func(i int, a results, s span) error) error {
	var conns [crowd]*sock.Conn
	for i := range r.has {
		conns[i] = r.lines[i].c
	}
	ready, err := sock.Wait(-1, conns[:]...)
	if err != nil {
		return fmt.Errorf("to wait for replies: %w", err)
	}
	for i, is := range ready {
		if !is {
			continue
		}
		l := r.lines[i]
		if err := l.receive(); err != nil {
			if err != io.EOF {
				r.w.Logf("worker-%d: %v", i+1, err)
			}
			r.gone(i)
			continue
		}
		var a results
		t := time.Now()
		err := l.decode(&a)
		r.code += time.Since(t)
		if err != nil {
			return fmt.Errorf("to decode a reply: %w", err)
		}
		s := r.has[i]
		delete(r.has, i)
		if err := take(i, a, s); err != nil {
			return err
		}
	}
	return nil
}
