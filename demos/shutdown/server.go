package shutdown

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"strconv"
	"sync"
	"syscall"
	"time"

	"edu/procession/demos/demo"
	"edu/procession/demos/trace"
)

// Roles implements demo.Demo.
func (Demo) Roles() map[string]demo.Role {
	return map[string]demo.Role{"server": serve, "worker": work}
}

// server hands tasks to its workers. Its lock is held by whoever hears of
// something: a line of the client, a signal, a worker's answer, a worker's end.
type server struct {
	w *demo.Worker

	mu      sync.Mutex
	workers []*hand
	next    int   // number of the next worker
	deaf    int   // workers that are to ignore SIGTERM
	queue   []int // accepted, and not begun
	closing bool
	lost    bool // something that was accepted will not be done
}

// hand is a worker as the server knows it.
type hand struct {
	*demo.Child
	task  int  // given and not answered, -1 for none
	asked bool // it has been sent SIGTERM
}

// serve is the server: its main thread reads the client's lines.
func serve(_ context.Context, w *demo.Worker) error {
	s := &server{w: w, next: w.IntArg("first"), deaf: w.IntArg("deaf")}
	if w.Arg("handler") == "true" {
		signals := make(chan os.Signal, 2)
		signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT)
		go func() {
			for sig := range signals {
				s.shut(sig)
			}
		}()
	}
	s.mu.Lock()
	for range w.IntArg("workers") {
		if err := s.hire(); err != nil {
			s.mu.Unlock()
			return err
		}
	}
	s.mu.Unlock()
	for {
		w.Block("tasks")
		line, err := w.Recv()
		if err != nil {
			return nil
		}
		if n, err := strconv.Atoi(line); err == nil {
			s.accept(n)
		}
	}
}

// hire starts a worker; the lock is held.
func (s *server) hire() error {
	deaf := len(s.workers) >= s.w.IntArg("workers")-s.deaf
	h := &hand{task: -1}
	c, err := s.w.StartChild(demo.ChildSpec{
		Role: "worker", Name: trace.ID(fmt.Sprint("worker-", s.next)),
		Args:  map[string]string{"work": s.w.Arg("work"), "shield": s.w.Arg("shield"), "deaf": strconv.FormatBool(deaf)},
		Heard: func(d trace.Data) { s.heard(h, d) },
	})
	if err != nil {
		return err
	}
	h.Child = c
	s.next++
	s.workers = append(s.workers, h)
	s.w.Logf("%s%s", started, c.Name)
	go func() {
		c.Wait()
		s.ended(h)
	}()
	return nil
}

// accept takes a task of the client, or refuses it.
func (s *server) accept(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closing {
		s.w.Report(trace.Task{Is: trace.KindTaskFail, Task: n, Note: "refused: the server is shutting down"})
		return
	}
	s.queue = append(s.queue, n)
	s.moves(trace.KindPut, n)
	s.give()
}

// accepted is the queue of those that no worker has yet.
const accepted trace.ID = "accepted"

func (s *server) moves(is trace.Kind, n int) {
	s.w.ReportOf(accepted, trace.Item{Is: is, Queue: accepted, Item: strconv.Itoa(n), Depth: len(s.queue)})
}

// give hands out what is accepted; when there is nothing more to come, it asks
// those to leave who have answered all: a task may still be on its way to a worker
// that looks idle. The lock is held.
func (s *server) give() {
	for _, h := range s.workers {
		if h.task < 0 && len(s.queue) > 0 {
			h.task, s.queue = s.queue[0], s.queue[1:]
			s.moves(trace.KindGet, h.task)
			h.Send(fmt.Sprint(h.task))
		}
	}
	for _, h := range s.workers {
		if s.closing && h.task < 0 && !h.asked {
			h.asked = true
			h.Signal(syscall.SIGTERM)
		}
	}
}

// heard takes a worker's word.
func (s *server) heard(h *hand, d trace.Data) {
	if t, ok := d.(trace.Task); ok && t.Is == trace.KindTaskDone {
		s.mu.Lock()
		defer s.mu.Unlock()
		h.task = -1
		s.give()
	}
}

// shut begins the end: what a handler of SIGTERM is for.
func (s *server) shut(sig os.Signal) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closing {
		return
	}
	s.closing = true
	s.w.Logf("%s%s", caught, demo.SignalName(int(sig.(syscall.Signal))))
	time.AfterFunc(s.w.DurationArg("grace"), s.escalate)
	s.give()
	s.leave()
}

// escalate ends those who are left when the time of grace is over.
func (s *server) escalate() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, h := range s.workers {
		s.w.Logf("%s%s", escalate, h.Name)
		h.Signal(syscall.SIGKILL)
	}
	s.lost = s.lost || len(s.queue) > 0
	s.queue = nil // nobody is there to do it
}

// ended notes that a worker has been waited for. Before the end another takes its
// place; what it had in hand is lost.
func (s *server) ended(h *hand) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, other := range s.workers {
		if other == h {
			s.workers = append(s.workers[:i:i], s.workers[i+1:]...)
		}
	}
	if h.task >= 0 {
		s.lost = true
		s.w.Report(trace.Task{Is: trace.KindTaskLost, Task: h.task, Worker: h.Name, Note: "its worker ended in mid-task"})
	}
	s.leave()
	if s.closing {
		return
	}
	time.AfterFunc(backOff, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if !s.closing && s.hire() == nil {
			s.give()
		}
	})
}

// backOff is how long the server waits before it replaces a worker: the signal
// that ended it may have been one to the whole group.
const backOff = 200 * time.Millisecond

// leave ends the server when it is closing and all have left: with 0 when it did
// all that it had accepted. The lock is held.
func (s *server) leave() {
	if !s.closing || len(s.workers) > 0 {
		return
	}
	if s.lost || len(s.queue) > 0 {
		os.Exit(1)
	}
	os.Exit(0)
}

// work is a worker: it does one task after another, and leaves at SIGTERM when it
// has done the one in hand, or at the end of its pipe.
func work(_ context.Context, w *demo.Worker) error {
	var mu sync.Mutex
	busy, leaving := false, false
	if w.Arg("shield") == "true" {
		signal.Ignore(syscall.SIGINT)
	}
	if w.Arg("deaf") == "true" {
		signal.Ignore(syscall.SIGTERM)
	} else {
		terms := make(chan os.Signal, 1)
		signal.Notify(terms, syscall.SIGTERM)
		go func() {
			<-terms
			mu.Lock()
			defer mu.Unlock()
			if leaving = true; !busy {
				os.Exit(0)
			}
		}()
	}
	for {
		w.Block("a task")
		line, err := w.Recv()
		if err != nil {
			return nil
		}
		n, err := strconv.Atoi(line)
		if err != nil {
			continue
		}
		mu.Lock()
		busy = true
		mu.Unlock()
		w.Report(trace.Task{Is: trace.KindTaskRun, Task: n, Attempt: 1})
		w.Block("a timer")
		began := w.Now()
		w.Sleep(w.DurationArg("work"))
		w.Report(trace.Task{Is: trace.KindTaskDone, Task: n, Attempt: 1, Took: w.Now() - began})
		mu.Lock()
		if busy = false; leaving {
			return nil
		}
		mu.Unlock()
	}
}
