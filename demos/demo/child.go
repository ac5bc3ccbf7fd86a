package demo

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"
	"time"

	"edu/procession/demos/trace"
)

// ChildSpec is a process that a worker is to start by itself.
type ChildSpec struct {
	Role string   // a key of Demo.Roles
	Name trace.ID // unique in the run
	Args map[string]string
	// Heard receives each fact that the child reports, after it was passed on to
	// the stage. Called from one goroutine per child.
	Heard func(trace.Data)
}

// Child is a process that a worker started by itself. To the kernel it is the
// worker's child, in the worker's process group: nobody but the worker can wait
// for it, and it outlives the worker unless somebody ends it. What it reports
// reaches the stage through the worker, as long as that lives. It ends with the
// stage, as every worker does.
type Child struct {
	Name trace.ID
	w    *Worker
	proc *os.Process
	ctl  *os.File
	all  chan struct{} // all that it reported has been passed on
}

// StartChild starts a child and returns when it is about to begin its role. It
// fails with ErrNotHere in place threads, and where a process cannot inherit
// descriptors.
func (w *Worker) StartChild(spec ChildSpec) (*Child, error) {
	if runtime.GOOS == "windows" || w.life == nil { // w.life: a thread has none
		return nil, ErrNotHere
	}
	began := time.Now()
	path, err := selfPath()
	if err != nil {
		return nil, err
	}
	events, theirEvents, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer theirEvents.Close()
	theirCtl, ctl, err := os.Pipe()
	if err != nil {
		events.Close()
		return nil, err
	}
	defer theirCtl.Close()
	fail := func(err error) (*Child, error) {
		events.Close()
		ctl.Close()
		return nil, fmt.Errorf("%s was not started: %w", spec.Name, err)
	}
	about, err := json.Marshal(WorkerSpec{
		Name: spec.Name, Seed: w.spec.Seed*31 + uint64(len(spec.Name)), Pace: w.spec.Pace, Args: spec.Args,
		FDs: []uintptr{3, 4, 5}, Epoch: w.spec.Epoch,
	})
	if err != nil {
		return fail(err)
	}
	role, env := os.Getenv(EnvRole), []string(nil)
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, EnvRole+"=") {
			env = append(env, v)
		}
	}
	role = role[:strings.LastIndexByte(role, '/')+1] + spec.Role
	proc, err := os.StartProcess(path, []string{"procession: " + string(spec.Name)}, &os.ProcAttr{
		Env:   append(env, EnvRole+"="+role, EnvSpec+"="+string(about)),
		Files: []*os.File{os.Stdin, os.Stdout, os.Stderr, theirEvents, theirCtl, w.life},
	})
	if err != nil {
		return fail(err)
	}
	c := &Child{Name: spec.Name, w: w, proc: proc, ctl: ctl, all: make(chan struct{})}
	w.ReportOf(c.Name, trace.Start{PID: proc.Pid, PPID: os.Getpid(), Role: spec.Role})
	hello := make(chan error, 1)
	go c.relay(events, hello, spec.Heard)
	if err := <-hello; err != nil {
		ctl.Close()
		return nil, fmt.Errorf("%s ended before its first event", spec.Name)
	}
	w.ReportOf(c.Name, trace.Ready{PID: proc.Pid, Took: time.Since(began)})
	return c, c.Send("go")
}

// relay passes on what the child reports, with its name.
func (c *Child) relay(events *os.File, hello chan<- error, heard func(trace.Data)) {
	defer close(c.all)
	defer events.Close()
	in := bufio.NewReaderSize(events, MaxReport)
	_, err := in.ReadSlice('\n')
	hello <- err
	for err == nil {
		var line []byte
		if line, err = in.ReadSlice('\n'); err != nil {
			return
		}
		var r struct {
			Who   trace.ID        `json:"who"`
			Kind  string          `json:"kind"`
			Clock []uint64        `json:"clock"`
			Data  json.RawMessage `json:"data"`
		}
		if json.Unmarshal(line, &r) != nil {
			continue
		}
		d, err := trace.Decode(r.Kind, bytes.Clone(r.Data))
		if err != nil {
			continue
		}
		who := r.Who
		if who == "" {
			who = c.Name
		}
		if t, ok := d.(trace.Task); ok && t.Worker == "" {
			t.Worker = c.Name
			d = t
		}
		c.w.ReportOf(who, d)
		if heard != nil && r.Who == "" {
			heard(d)
		}
	}
}

// PID is the child's number.
func (c *Child) PID() int { return c.proc.Pid }

// Send writes a line to the child, which reads it with Worker.Recv.
func (c *Child) Send(line string) error {
	_, err := c.ctl.WriteString(line + "\n")
	return err
}

// CloseSend ends what the child's Worker.Recv reads.
func (c *Child) CloseSend() { c.ctl.Close() }

// Signal sends the child a signal, unless it has been waited for.
func (c *Child) Signal(sig os.Signal) error { return c.proc.Signal(sig) }

// Wait waits for the child's end, so that the kernel forgets it, and tells the
// stage how it came, after all that the child reported.
func (c *Child) Wait() (trace.Exit, error) {
	st, err := c.proc.Wait()
	if err != nil {
		return trace.Exit{}, err
	}
	x := trace.Exit{PID: c.PID(), Code: st.ExitCode(), Signal: endSignal(st)}
	if x.Code == -1 && x.Signal == "" {
		return x, errors.New("it ended in a way that this system does not tell")
	}
	<-c.all
	c.w.ReportOf(c.Name, x)
	return x, nil
}

// PythonCode is an ending as Python's exitcode has it: the process's own code, or
// minus the number of the signal that ended it.
func PythonCode(x trace.Exit) int {
	if x.Signal == "" {
		return x.Code
	}
	return -signalNumber(x.Signal)
}
