package tui

import (
	"context"
	"fmt"
	"sync"
	"time"

	"edu/procession/demos/demo"
	"edu/procession/demos/trace"
	"edu/procession/lessons"
	"edu/procession/lessons/progress"
)

// fakeDemo plays a log that is written here: no process is started.
type fakeDemo struct {
	name    string
	workers int
	steps   bool
}

func (d fakeDemo) Info() demo.Info {
	info := demo.Info{
		Name: d.name, Title: "A fake of workers", Doc: "Workers compute and wait. Stop one, kill one, and see.",
		Places:  []demo.Place{demo.Processes},
		Actions: []demo.Action{demo.Stop, demo.Cont, demo.Kill, {Name: "add", Key: "a", Doc: "start another worker", Target: demo.ToStage}},
		Gauges:  []demo.Gauge{{Name: "speedup", Unit: "×", Doc: "against one worker"}},
	}
	if d.steps {
		info.Puzzles = []demo.Puzzle{{Name: "lose", Doc: "Lose an update."}}
	}
	return info
}
func (fakeDemo) Roles() map[string]demo.Role            { return nil }
func (fakeDemo) Play(context.Context, demo.Stage) error { return nil }

// fakeRun is a run of it. Its goroutine ends with Stop or Finish.
type fakeRun struct {
	log    *trace.Recorder
	stop   chan struct{}
	finish chan struct{}
	done   chan struct{}
	once   sync.Once
	fin    sync.Once
	acts   chan demo.Act
	err    error
}

func startFake(d demo.Demo, o demo.Options) (demo.Run, error) {
	if o.Params["fail"] != "" {
		return nil, fmt.Errorf("workers must be a whole number from 1 to 8, not %q", o.Params["fail"])
	}
	r := &fakeRun{log: trace.NewRecorder(trace.Header{Demo: d.Info().Name, Place: "processes", Seed: o.Seed, Pace: "real", Sample: 125 * time.Millisecond}),
		stop: make(chan struct{}), finish: make(chan struct{}), done: make(chan struct{}), acts: make(chan demo.Act, 100)}
	go r.play(d.(fakeDemo).workers)
	return r, nil
}

func (r *fakeRun) Log() *trace.Recorder  { return r.log }
func (r *fakeRun) Done() <-chan struct{} { return r.done }
func (r *fakeRun) Err() error            { return r.err }
func (r *fakeRun) Stop()                 { r.once.Do(func() { close(r.stop) }) }
func (r *fakeRun) Finish()               { r.fin.Do(func() { close(r.finish) }) }
func (r *fakeRun) Go(trace.ID) error     { return nil }

func (r *fakeRun) Act(name string, target trace.ID) error {
	var err error
	select {
	case <-r.done:
		err = fmt.Errorf("the run is over")
	default:
	}
	r.log.Add(trace.Learner, "", trace.Act{Action: name, Target: target})
	if err == nil {
		select {
		case r.acts <- demo.Act{Name: name, Target: target}:
		default:
		}
	}
	return err
}

func (r *fakeRun) play(workers int) {
	defer close(r.done)
	defer r.log.Close()
	l := r.log
	id := func(i int) trace.ID { return trace.ID(fmt.Sprintf("worker-%d", i+1)) }
	for i := range workers {
		l.Add(trace.Stage, id(i), trace.Start{PID: 100 + i, PPID: 99, Role: "worker"})
		l.Add(trace.Worker, id(i), trace.Ready{PID: 100 + i, Took: 5 * time.Millisecond})
	}
	for n := range 8 {
		l.Add(trace.Stage, "", trace.Task{Is: trace.KindTaskNew, Task: n})
	}
	l.Add(trace.Stage, "", trace.Say{Text: "They have begun.", Stream: "caption"})
	letters := "RSRDTSR"
	for n := 0; ; n++ {
		select {
		case <-r.stop:
			return
		case <-r.finish:
			l.Add(trace.Stage, "", trace.Gauge{Name: "speedup", Value: 1.75, Unit: "×"})
			l.Add(trace.Stage, "", trace.Verdict{OK: true, Text: "All tasks are done; two workers took 1.75 times less than one."})
			return
		case a := <-r.acts:
			if a.Name == "kill" && a.Target != demo.Everyone {
				l.Add(trace.Kernel, a.Target, trace.State{PID: 100, From: 'R', To: 'Z', How: "sampled"})
				l.Add(trace.Kernel, a.Target, trace.Exit{PID: 100, Code: -1, Signal: "KILL"})
			}
		case <-time.After(47*time.Millisecond + 1009*time.Nanosecond): // never at one moment with another clock
			i := n % workers
			l.Add(trace.Kernel, id(i), trace.State{PID: 100 + i, From: trace.Letter(letters[n%7]), To: trace.Letter(letters[(n+1)%7]), On: "pipe read", How: "sampled"})
			l.Add(trace.Worker, id(i), trace.Task{Is: trace.KindTaskRun, Task: n % 8, Worker: id(i), Attempt: 1})
			l.Add(trace.Worker, "jobs", trace.Item{Is: trace.KindPut, Queue: "jobs", Item: fmt.Sprint(n), Depth: n % 5})
			l.Add(trace.Worker, id(i), trace.Msg{Is: trace.KindSend, Msg: fmt.Sprint("m", n), From: id(i), To: id((i + 1) % workers), Text: "\x1b[31mhello\x1b]0;title\x07"})
		}
	}
}

// memory is a Store without a disk.
type memory struct {
	mu sync.Mutex
	st progress.State
}

func (s *memory) State() progress.State { s.mu.Lock(); defer s.mu.Unlock(); return s.st }
func (s *memory) Notice() string        { return "" }
func (s *memory) Update(f func(*progress.State)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	f(&s.st)
	return nil
}

// testCourse is a course that no author edits. It has no listings: what colours
// them keeps a goroutine with a clock of its own, which does not get on with
// synctest. Listings are package reader's matter, and TestProgram's.
func testCourse() *lessons.Course {
	lesson := func(n int, id, title string) *lessons.Lesson {
		return &lessons.Lesson{
			ID: id, Title: title, Number: n, Minutes: 8, Summary: "Started is not running, and ended is not gone.",
			Demo: "fake", Set: map[string]string{"workers": "2"}, Watch: []string{"speedup"},
			Terms: []string{"process", "zombie"}, Goals: []string{"tell the states apart", "say what join() does"},
			Parts: []lessons.Part{
				{Kind: lessons.Idea, Title: "The idea", Body: "`start()` asks the kernel for a process.\n\n* R running\n* S asleep\n"},
				{Kind: lessons.Python, Title: "In Python", Body: "The parent joins."},
				{Kind: lessons.Go, Title: "In Go", Body: "The parent waits."},
				{Kind: lessons.Predict, Title: "Predict", Body: ""},
				{Kind: lessons.Observe, Title: "Observe", Body: "1. Press `s` on a worker.\n2. Press `k` on another."},
				{Kind: lessons.Explain, Title: "Explain", Body: "Two workers were {{gauge \"speedup\"}} as fast as one."},
				{Kind: lessons.Contrast, Title: "Across machines", Body: "Nobody tells you there."},
			},
			Questions: []lessons.Question{{ID: "alive", Text: "A child is stopped with SIGSTOP. What does `is_alive()` say?", Choices: []lessons.Choice{
				{Text: "False: it does nothing", Why: "Doing nothing is not being dead."},
				{Text: "True", Right: true, Why: "Stopped is not ended."},
				{Text: "It blocks", Why: "Nothing is asked of the child."},
				{Text: "It raises", Why: "No: the kernel answers."},
			}}},
		}
	}
	return &lessons.Course{
		Chapters: []lessons.Chapter{
			{ID: "concepts", Title: "Concepts", Summary: "Two ways to use more than one processor.",
				Lessons: []*lessons.Lesson{lesson(1, "first", "What is a process?"), lesson(2, "second", "The life of a process")}},
			{ID: "module", Title: "The module 模块", Summary: "Start, share out, pass on.",
				Lessons: []*lessons.Lesson{lesson(3, "third", "进程池 and its workers")}},
		},
		Terms: []lessons.Term{{Name: "process", Text: "A program that runs, with memory of its own.", Also: "进程"}, {Name: "zombie", Text: "A process that has ended and was not waited for.", Also: "僵尸进程"}},
	}
}

func testConfig() Config {
	return Config{Course: testCourse(), Demos: []demo.Demo{fakeDemo{"fake", 3, false}}, Start: startFake, Progress: &memory{}, Look: Look{Dark: true}}
}
