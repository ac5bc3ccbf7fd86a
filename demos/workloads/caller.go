package workloads

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"runtime"
	"sync"
	"time"

	"edu/procession/demos/demo"
	"edu/procession/demos/internal/burn"
	"edu/procession/demos/trace"
)

// What the caller says to the play over a pipe of its own: these are no facts for
// the log, or facts that count only if nobody was disturbed.
const (
	saysThread = "thread" // name and tid
	saysBeat   = "beat"
	saysDone   = "done" // makespan and gap in ns
)

// job is a piece of work: rounds, or nanoseconds to wait.
type job struct {
	task   uint32
	waits  uint32
	amount uint64
}

const jobSize = 16 // less than a pipe takes and gives at once

func (j job) frame() []byte {
	b := binary.LittleEndian.AppendUint32(nil, j.task)
	return binary.LittleEndian.AppendUint64(binary.LittleEndian.AppendUint32(b, j.waits), j.amount)
}

// do does the job, and reports that by the name of who does it.
func (j job) do(w *demo.Worker, who trace.ID) {
	began := j.begin(w, who)
	if j.waits == 1 {
		w.Sleep(time.Duration(j.amount))
	} else {
		burn.Rounds(int(j.amount))
	}
	j.end(w, who, began)
}

func (j job) begin(w *demo.Worker, who trace.ID) time.Time {
	w.ReportOf(who, trace.Task{Is: trace.KindTaskRun, Task: int(j.task), Worker: who, Attempt: 1})
	return time.Now()
}

func (j job) end(w *demo.Worker, who trace.ID, began time.Time) {
	w.ReportOf(who, trace.Task{Is: trace.KindTaskDone, Task: int(j.task), Worker: who, Attempt: 1, Took: time.Since(began)})
}

// worker is a worker process: it takes jobs out of a pipe that all share.
func worker(_ context.Context, w *demo.Worker) error {
	b := make([]byte, jobSize)
	for {
		if _, err := io.ReadFull(w.File(0), b); err != nil {
			return nil
		}
		job{binary.LittleEndian.Uint32(b), binary.LittleEndian.Uint32(b[4:]), binary.LittleEndian.Uint64(b[8:])}.do(w, w.Name())
		if _, err := w.File(1).Write([]byte{1}); err != nil {
			return nil
		}
	}
}

// home is the caller.
type home struct {
	w                   *demo.Worker
	jobs, answers, news *os.File
	hands               chan job      // to the goroutines with a thread
	handed              chan struct{} // one for each of their jobs that is done
	heart               heart
}

// heart measures the time between its beats.
type heart struct {
	last  time.Time
	worst time.Duration
	news  io.Writer
}

func (h *heart) beat() {
	now := time.Now()
	h.worst = max(h.worst, now.Sub(h.last))
	h.last = now
	io.WriteString(h.news, saysBeat+"\n")
}

func caller(_ context.Context, w *demo.Worker) error {
	h := &home{w: w, jobs: w.File(0), answers: w.File(1), news: w.File(2), hands: make(chan job), handed: make(chan struct{}, maxJobs)}
	for i := range w.IntArg("jobs") {
		h.thread(goroutineName(w.IntArg("hired") + i))
	}
	w.Gauge("rate", burn.Rate(), "/s")
	for {
		w.Block("what to do next")
		line, err := w.Recv()
		if err != nil {
			return nil
		}
		w.Block("")
		var name, kind string
		var first, n int
		var amount uint64
		if _, err := fmt.Sscan(line, &name, &kind, &first, &n, &amount); err != nil {
			return fmt.Errorf("%q is nothing to do: %w", line, err)
		}
		how, _ := wayOf(name)
		var jobs []job
		for i := range n {
			j := job{task: uint32(first + i), amount: amount}
			if kind == wait {
				j.waits = 1
			}
			jobs = append(jobs, j)
		}
		took := h.round(how, jobs)
		fmt.Fprintln(h.news, saysDone, int64(took), int64(h.heart.worst))
	}
}

func goroutineName(i int) trace.ID { return trace.ID(fmt.Sprintf("goroutine-%d", i+1)) }

// thread starts a goroutine that keeps a kernel thread of its own and does jobs.
func (h *home) thread(name trace.ID) {
	there := make(chan bool)
	go func() {
		runtime.LockOSThread()
		if fmt.Fprintln(h.news, saysThread, name, threadID()); threadID() == 0 {
			name = h.w.Name() // who is on stage
		}
		close(there)
		for j := range h.hands {
			j.do(h.w, name)
			h.handed <- struct{}{}
		}
	}()
	<-there
}

// round does the jobs in a way and tells how long that took.
func (h *home) round(how way, jobs []job) time.Duration {
	if how.name == "turns" {
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	}
	began := time.Now()
	h.heart = heart{last: began, news: h.news}
	if how.loops {
		h.loop(how, jobs)
		h.heart.beat()
		return time.Since(began)
	}
	stop, stopped := make(chan bool), make(chan bool)
	go func() {
		defer close(stopped)
		for tick := time.NewTicker(beatEvery); ; {
			select {
			case <-tick.C:
				h.heart.beat()
			case <-stop:
				tick.Stop()
				return
			}
		}
	}()
	switch {
	case how.threads:
		for _, j := range jobs {
			h.hands <- j
		}
		for range jobs {
			<-h.handed
		}
	case how.workers:
		h.give(jobs)
		io.ReadFull(h.answers, make([]byte, len(jobs)))
	default:
		for _, j := range jobs {
			j.do(h.w, h.w.Name())
		}
	}
	took := time.Since(began)
	close(stop)
	<-stopped
	h.heart.beat()
	return took
}

// give puts all jobs into the workers' pipe.
func (h *home) give(jobs []job) {
	for _, j := range jobs {
		h.jobs.Write(j.frame())
	}
}

// loop does the jobs as callbacks of an event loop, whose other callback is the heart.
func (h *home) loop(how way, jobs []job) {
	l, left := &loop{ready: make(chan func())}, len(jobs)
	var beat func()
	beat = func() {
		h.heart.beat()
		l.at(time.Now().Add(beatEvery), beat)
	}
	l.at(time.Now().Add(beatEvery), beat)
	var answers sync.WaitGroup
	switch {
	case how.workers:
		h.give(jobs)
		answers.Go(func() { // what a loop asks the kernel to watch for it
			for range jobs {
				io.ReadFull(h.answers, make([]byte, 1))
				l.ready <- func() { left-- }
			}
		})
	default:
		for _, j := range jobs {
			l.at(time.Now(), func() {
				if j.waits == 0 {
					j.do(h.w, h.w.Name())
					left--
					return
				}
				began := j.begin(h.w, h.w.Name())
				l.at(began.Add(time.Duration(j.amount)), func() {
					j.end(h.w, h.w.Name(), began)
					left--
				})
			})
		}
	}
	l.run(func() bool { return left == 0 })
	answers.Wait()
}
