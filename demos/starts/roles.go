package starts

import (
	"bufio"
	"context"
	"encoding/gob"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"edu/procession/demos/demo"
	"edu/procession/demos/trace"
)

// count is a variable of the program: each process has one of its own.
var count = 0

// waiting is what the sender says when it is through with its orders.
const waiting = "the next order"

// sender is the sender from the inside.
type sender struct {
	w    *demo.Worker
	c    *wire    // to the worker that it deals with
	to   trace.ID // that one
	job  int      // the number of the last one
	done int      // jobs that a reply came to
	file *os.File // with a few lines in it
}

// send is the role of the process that wants something done. It takes orders from
// the play, one a line, and says that it waits for the next when it is through.
func send(_ context.Context, w *demo.Worker) error {
	count = 42
	w.Report(trace.Belief{About: "count", Is: "42"})
	s := &sender{w: w, file: w.File(2 * crowd)}
	if err := s.read(); err != nil {
		return err
	}
	for {
		w.Block(waiting)
		line, err := w.Recv()
		if err != nil {
			return nil
		}
		f := strings.Fields(line)
		w.Block("a reply")
		switch f[0] {
		case "meet":
			err = s.meet(f[1], f[2])
		case "job":
			err = s.ask(job{Name: f[1], Args: numbers(f[2:])})
		case "measure":
			err = s.measure(numbers(f[1:])[0])
		case "function":
			err = s.function()
		case "number":
			err = s.ask(job{Name: "size", Args: []int{int(s.file.Fd())}})
		case "read":
			err = s.read()
		}
		if err != nil {
			w.Logf("%s: %v", line, err)
		}
		w.Report(trace.Belief{About: "jobs", Is: fmt.Sprintf("%d done", s.done)})
	}
}

func numbers(words []string) (all []int) {
	for _, s := range words {
		n, _ := strconv.Atoi(s)
		all = append(all, n)
	}
	return all
}

// meet takes a new worker's greeting, over the i-th pair of pipes. One of another
// release is refused, and the sender keeps the worker that it has.
func (s *sender) meet(i, name string) error {
	n, _ := strconv.Atoi(i)
	down, up := s.w.File(2*n), s.w.File(2*n+1)
	c := newWire(bufio.NewReader(up), down)
	var g greeting
	if err := c.get(&g); err != nil {
		return s.gone(trace.ID(name), err)
	}
	if g.Release != release {
		down.Close()
		up.Close()
		s.w.Report(trace.Belief{About: trace.ID(name), Is: fmt.Sprintf("refused: release %d, wanted %d", g.Release, release)})
		return nil
	}
	s.c, s.to = c, trace.ID(name)
	s.w.Report(trace.Belief{About: s.to, Is: fmt.Sprintf("release %d, knows %s", g.Release, strings.Join(g.Functions, ", "))})
	return nil
}

// call sends a job and waits for what came of it.
func (s *sender) call(j *job, logged bool) (r reply, n int, err error) {
	if s.c == nil {
		return r, 0, errors.New("there is no worker to send it to")
	}
	s.job++
	j.N = s.job
	mark := uint32(quiet)
	if logged {
		mark = 0
	}
	if n, err = s.c.put(j, mark); err != nil {
		return r, n, s.gone(s.to, err)
	}
	if logged {
		s.w.Report(s.message(trace.KindSend, j, n))
	}
	if err = s.c.get(&r); err != nil {
		return r, n, s.gone(s.to, err)
	}
	s.done++
	if logged {
		s.w.Report(answer(trace.KindRecv, s.w.Name(), s.to, r))
	}
	return r, n, nil
}

// gone takes what a pipe told of the worker's end.
func (s *sender) gone(worker trace.ID, err error) error {
	s.w.Report(trace.Belief{About: worker, Is: "gone: " + err.Error()})
	if worker == s.to {
		s.c = nil
	}
	return err
}

func (s *sender) message(is trace.Kind, j *job, n int) trace.Msg {
	return trace.Msg{Is: is, Msg: key(s.to, j.N), From: s.w.Name(), To: s.to, Text: j.String(), Bytes: n}
}

func key(worker trace.ID, n int) string { return fmt.Sprintf("%s %d", worker, n) }

// String is the job as it would be called.
func (j *job) String() string {
	return fmt.Sprintf("%s(%s)", j.Name, strings.Trim(strings.ReplaceAll(fmt.Sprint(j.Args), " ", ", "), "[]"))
}

func answer(is trace.Kind, to, worker trace.ID, r reply) trace.Msg {
	text := strconv.Itoa(r.Value)
	if r.Error != "" {
		text = r.Error
	}
	return trace.Msg{Is: is, Msg: key(worker, r.N) + " reply", From: worker, To: to, Text: text}
}

func (s *sender) ask(j job) error {
	r, n, err := s.call(&j, true)
	if err != nil {
		return err
	}
	text := strconv.Itoa(r.Value)
	if r.Error != "" {
		text = r.Error
	}
	s.w.Report(trace.Belief{About: "last job", Is: fmt.Sprintf("%s: %d bytes, %s", j.String(), n, text)})
	return nil
}

// measure times jobs, one after the other, the first on this connection by itself.
func (s *sender) measure(n int) error {
	var bytes []int
	var decode, trip []float64
	for range n + 1 {
		t := time.Now()
		r, b, err := s.call(&job{Name: "sum", Args: []int{3, 4, 5}}, s.job == 0)
		if err != nil {
			return err
		}
		bytes, decode, trip = append(bytes, b), append(decode, float64(r.Decode)/1e3), append(trip, float64(time.Since(t))/1e3)
	}
	s.w.Gauge("first-job", float64(bytes[0]), "bytes")
	s.w.Gauge("next-job", float64(bytes[1]), "bytes")
	first := decode[0]
	decode, trip = decode[1:], trip[1:]
	slices.Sort(decode)
	slices.Sort(trip)
	for _, g := range []trace.Gauge{
		{Name: "decode-first", Value: first, Note: "of the first job, with its type"},
		{Name: "decode", Value: decode[len(decode)/2], Note: fmt.Sprintf("median of the %d jobs after it", n)},
		{Name: "round-trip", Value: trip[len(trip)/2], Note: fmt.Sprintf("median of the %d jobs after it", n)},
	} {
		g.Unit, g.Group, g.Log = "µs", "one job", true
		s.w.Report(g)
	}
	return nil
}

// function tries to send one, by itself and in a field.
func (s *sender) function() error {
	double := func(a []int) int { return 2 * a[0] }
	err := gob.NewEncoder(io.Discard).Encode(double)
	if err == nil {
		return errors.New("a function was encoded")
	}
	s.w.Report(trace.Belief{About: "function", Is: err.Error()})
	s.w.Logf("a function by itself: %v", err)
	return s.ask(job{Name: "Do", Args: []int{21}, Do: double})
}

// read reads the next line of the file.
func (s *sender) read() error {
	line, err := lineOf(s.file)
	if err != nil {
		return err
	}
	s.w.Report(trace.Belief{About: "file", Is: fmt.Sprintf("descriptor %d, read %q", s.file.Fd(), line)})
	return nil
}

// lineOf reads one line of an open file, byte by byte: where it stops, whoever
// shares the open file reads on.
func lineOf(f *os.File) (string, error) {
	var line []byte
	for b := make([]byte, 1); ; {
		if _, err := f.Read(b); err != nil {
			return "", err
		}
		if b[0] == '\n' {
			return string(line), nil
		}
		line = append(line, b[0])
	}
}

// work is the role of the process that does jobs until its pipe ends.
func work(_ context.Context, w *demo.Worker) error {
	w.Report(trace.Belief{About: "count", Is: strconv.Itoa(count)})
	c := newWire(bufio.NewReader(w.File(0)), w.File(1))
	mine := w.IntArg("release")
	if _, err := c.put(greeting{mine, names()}, 0); err != nil {
		return err
	}
	w.Block("a job")
	for {
		mark, err := c.await()
		if err != nil { // the sender has ended, or wants nothing of this worker
			return nil
		}
		var j job
		t := time.Now()
		if err := c.decode(&j); err != nil {
			return err
		}
		r := reply{N: j.N, Decode: int64(time.Since(t))}
		r.Value, r.Error = j.do()
		if mark != quiet {
			w.Report(trace.Msg{Is: trace.KindRecv, Msg: key(w.Name(), j.N), From: "sender", To: w.Name(), Text: j.String()})
			w.Report(answer(trace.KindSend, "sender", w.Name(), r))
		}
		if _, err := c.put(r, mark); err != nil {
			return nil
		}
	}
}

// do looks the function up, and calls it.
func (j *job) do() (int, string) {
	if j.Name == "Do" {
		if j.Do == nil {
			return 0, "Do is nil here"
		}
		return 0, "Do is there"
	}
	f := functions[j.Name]
	if f == nil {
		return 0, fmt.Sprintf("no function %q here", j.Name)
	}
	v, err := f(j.Args)
	if err != nil {
		return 0, err.Error()
	}
	return v, ""
}

// strange are descriptors that were only numbers: kept, so that nobody closes them.
var strange []*os.File

// sizeOf is the size of the file that a descriptor stands for, in this process.
func sizeOf(a []int) (int, error) {
	if len(a) != 1 {
		return 0, errArgs
	}
	f := os.NewFile(uintptr(a[0]), "descriptor "+strconv.Itoa(a[0]))
	if f == nil {
		return 0, fmt.Errorf("%d is no descriptor", a[0])
	}
	strange = append(strange, f)
	st, err := f.Stat()
	if err != nil {
		return 0, err
	}
	return int(st.Size()), nil
}

// inherit is the role of the process that has the file itself.
func inherit(_ context.Context, w *demo.Worker) error {
	w.Report(trace.Belief{About: "count", Is: strconv.Itoa(count)})
	line, err := lineOf(w.File(0))
	if err != nil {
		return err
	}
	w.Report(trace.Belief{About: "file", Is: fmt.Sprintf("descriptor %d, read %q", w.File(0).Fd(), line)})
	w.Gauge("inherited", float64(len(line)+1), "bytes")
	w.Block("the end")
	w.Recv()
	return nil
}
