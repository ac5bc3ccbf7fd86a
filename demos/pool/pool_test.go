package pool

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"testing"
	"time"

	"edu/procession/demos/trace"
)

// bench is a pool whose workers are goroutines: for what a process cannot be made
// to do at will. The pipes are real.
type bench struct {
	*pool
	mu     sync.Mutex
	events []trace.Event
	gone   []departure
	hired  int
}

// newBench has worker n run serve(n, …) to its end, which is its death.
func newBench(t *testing.T, r rules, size int, serve func(n int, calls io.Reader, answers io.Writer) error) *bench {
	b := &bench{}
	b.pool = newPool(r, hooks{
		task: func(who trace.ID, f trace.Task) {
			b.mu.Lock()
			defer b.mu.Unlock()
			b.events = append(b.events, trace.Event{Who: who, Kind: f.Kind(), Data: f})
		},
		gone: func(d departure) {
			b.mu.Lock()
			defer b.mu.Unlock()
			b.gone = append(b.gone, d)
		},
	}, func(context.Context) (conn, error) {
		b.mu.Lock()
		b.hired++
		n := b.hired
		b.mu.Unlock()
		calls, callsW, err := os.Pipe()
		if err != nil {
			return conn{}, err
		}
		answers, answersW, err := os.Pipe()
		if err != nil {
			return conn{}, err
		}
		how := make(chan string, 1)
		var once sync.Once
		end := func(s string) {
			once.Do(func() {
				calls.Close()
				answersW.Close()
				how <- s
			})
		}
		go func() {
			if err := serve(n, calls, answersW); err != nil {
				end("exit code 1")
			}
			end("exit code 0")
		}()
		return conn{
			id: trace.ID(fmt.Sprintf("worker-%d", n)), calls: callsW, answers: answers,
			kill: func() { end("signal KILL") }, ending: func() string { return <-how },
		}, nil
	})
	t.Cleanup(func() { b.pool.close(t.Context(), time.Second) })
	b.resize(size)
	if err := b.ready(t.Context()); err != nil {
		t.Fatal(err)
	}
	return b
}

// left closes the pool and tells who left it, and how.
func (b *bench) left() []departure {
	b.pool.close(context.Background(), time.Second)
	return b.gone
}

var nothing = job{seed: 1}

func honest(_ int, calls io.Reader, answers io.Writer) error {
	return nothing.serve(calls, answers, func(time.Duration) {})
}

// over waits for a run and checks what the log says of it.
func (b *bench) over(t *testing.T, r *run) *book {
	t.Helper()
	select {
	case <-r.over:
	case <-time.After(30 * time.Second):
		t.Fatal("the run never ended")
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	runs := books(t, b.events, r.err == nil)
	return runs[len(runs)-1]
}

func TestResultsEqualALoop(t *testing.T) {
	for _, c := range []struct{ workers, tasks, chunk, window int }{
		{1, 1, 1, 1}, {2, 10_000, 1, 64}, {2, 10_000, 1000, 64}, {3, 1000, 7, 1}, {16, 5, 1, 1}, {2, 5, 1000, 1}, {4, 999, 1000, 256},
	} {
		b := newBench(t, rules{chunk: c.chunk, window: c.window, attempts: 1}, c.workers, honest)
		for range 2 { // workers are used again
			r := b.mapTasks(c.tasks, c.workers, -1)
			b.over(t, r).want(t, c.tasks, 0, 0)
			for i, o := range r.tasks {
				if o.state != done || o.value != nothing.value(uint32(i)) {
					t.Fatalf("%v: task %d is %v with %x", c, i, o.state, o.value)
				}
			}
			if len(r.shares) > c.workers || r.utilisation() > 100.5 {
				t.Errorf("%v: %v", c, r.shares)
			}
		}
		if b.hired != c.workers {
			t.Errorf("%v: %d workers were started", c, b.hired)
		}
	}
}

// Tasks around the length from which they are announced, several in a call.
func TestAnnounced(t *testing.T) {
	for _, work := range []time.Duration{eye - 1, eye, 2 * eye} {
		j := job{seed: 1, work: work, spread: 100}
		b := newBench(t, rules{chunk: 7, window: 3, attempts: 1}, 2, func(_ int, calls io.Reader, answers io.Writer) error {
			return j.serve(calls, answers, func(time.Duration) {})
		})
		b.over(t, b.mapTasks(500, 2, 3)).want(t, 499, 1, 0)
	}
}

// With limit 1, as in the run for comparison, one worker does everything.
func TestOneAtATime(t *testing.T) {
	b := newBench(t, rules{chunk: 1, window: 1, attempts: 1}, 4, honest)
	r := b.mapTasks(100, 1, -1)
	b.over(t, r)
	for i, o := range r.tasks {
		if o.worker != "worker-1" {
			t.Fatalf("task %d was done by %s", i, o.worker)
		}
	}
	if len(r.shares) != 1 {
		t.Errorf("shares: %v", r.shares)
	}
}

func TestPoison(t *testing.T) {
	for _, bad := range []int{0, 49, 99} {
		for _, chunk := range []int{1, 30, 1000} {
			b := newBench(t, rules{chunk: chunk, window: 2, attempts: 3}, 2, honest)
			r := b.mapTasks(100, 2, bad)
			b.over(t, r).want(t, 99, 1, 0)
			if o := r.tasks[bad]; o.state != failed || o.text != fmt.Sprintf("bad input %d", bad) || o.attempt != 1 {
				t.Errorf("chunk %d: task %d: %+v", chunk, bad, o)
			}
			b.spoilNext()
			b.spoilNext()
			r = b.mapTasks(100, 2, bad)
			b.over(t, r)
			if r.counts[failed] < 2 || r.counts[failed] > 3 { // one of the two may hit what is bad already
				t.Errorf("chunk %d: %d failed", chunk, r.counts[failed])
			}
		}
	}
}

// A worker that dies with half an answer written loses that call, not the ones
// that it answered before.
func TestPartialFrame(t *testing.T) {
	for _, attempts := range []int{1, 2} {
		b := newBench(t, rules{chunk: 1, window: 4, attempts: attempts}, 1, func(n int, calls io.Reader, answers io.Writer) error {
			if n > 1 {
				return honest(n, calls, answers)
			}
			in := inbox{from: calls}
			in.fill()
			_, body, _, _ := in.next()
			tasks, _ := parseTasks(body, nil)
			whole := appendAnswer(nil, []answer{nothing.do(tasks[0], nil)})
			half := appendAnswer(nil, []answer{nothing.do(1, nil)})
			answers.Write(append(whole, half[:len(half)/2]...))
			return errors.New("killed")
		})
		r := b.mapTasks(10, 1, -1)
		book := b.over(t, r)
		if attempts == 1 { // 0 was answered; 1 to 3 were held, and 4 took the place of 0
			if book.want(t, 10-r.counts[lost], 0, r.counts[lost]); r.counts[lost] < 3 || r.counts[lost] > 4 || r.tasks[0].state != done || r.tasks[1].state != lost {
				t.Errorf("%+v", r.tasks)
			}
		} else {
			book.want(t, 10, 0, 0)
		}
		if d := b.left()[0]; d.how != "exit code 1" || d.fault != nil || len(d.lost)+len(d.retried) < 3 {
			t.Errorf("%+v", d)
		}
	}
}

// A worker that says what it cannot know is ended, and its tasks are looked after.
func TestLyingWorker(t *testing.T) {
	lies := map[string][]byte{
		"rubbish":      []byte("rubbish, and lots of it"),
		"too long":     {kindAnswer, 0xff, 0xff, 0xff, 0x7f},
		"a call":       appendCall(nil, []uint32{0}),
		"another task": appendAnswer(nil, []answer{{task: 5}}),
		"two tasks":    appendAnswer(nil, []answer{{task: 0}, {task: 1}}),
		"not its turn": appendBegan(nil, 5, 0),
		"no such task": appendBegan(nil, 1<<30, 0),
		"twice":        appendBegan(appendBegan(nil, 0, 0), 0, 0),
		"unasked":      appendAnswer(appendAnswer(nil, []answer{{task: 0}}), []answer{{task: 1}}),
	}
	for name, lie := range lies {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, rules{chunk: 1, window: 1, attempts: 2}, 1, func(n int, calls io.Reader, answers io.Writer) error {
				if n > 1 {
					return honest(n, calls, answers)
				}
				(&inbox{from: calls}).fill()
				answers.Write(lie)
				io.Copy(io.Discard, calls)
				return nil
			})
			r := b.mapTasks(3, 1, -1)
			b.over(t, r)
			gone := b.left()
			if r.counts[lost] > 0 || len(gone) != 2 || !errors.Is(gone[0].fault, errFrame) || gone[0].how != "signal KILL" {
				t.Errorf("%v %+v", r.counts, gone)
			}
		})
	}
}

// A task that ends every worker that takes it is given up after its attempts.
func TestKillerTask(t *testing.T) {
	b := newBench(t, rules{chunk: 1, window: 1, attempts: 3}, 2, func(_ int, calls io.Reader, answers io.Writer) error {
		in := inbox{from: calls}
		for {
			_, body, ok, _ := in.next()
			if !ok {
				if in.fill() != nil {
					return nil
				}
				continue
			}
			tasks, _ := parseTasks(body, nil)
			if tasks[0] == 7 {
				return errors.New("segmentation fault")
			}
			answers.Write(appendAnswer(nil, []answer{nothing.do(tasks[0], nil)}))
		}
	})
	r := b.mapTasks(20, 2, -1)
	b.over(t, r).want(t, 19, 0, 1)
	died := 0
	for _, d := range b.left() {
		if d.how == "exit code 1" {
			died++
		}
	}
	if o := r.tasks[7]; o.state != lost || o.attempt != 3 || died != 3 {
		t.Errorf("%+v, %d workers died", o, died)
	}
}

// When no worker can be started, a run ends with that error.
func TestNobodyToHire(t *testing.T) {
	p := newPool(rules{1, 1, 1}, hooks{task: func(trace.ID, trace.Task) {}}, func(context.Context) (conn, error) {
		return conn{}, errors.New("no more processes")
	})
	defer p.close(t.Context(), time.Second)
	r := p.mapTasks(3, 1, -1)
	p.resize(2)
	if err := p.ready(t.Context()); err == nil {
		t.Error("ready without workers")
	}
	<-r.over
	if r.err == nil {
		t.Error("the run ended without an error")
	}
	if r := p.mapTasks(3, 1, -1); r.err == nil {
		<-r.over
	}
}

// Fewer workers: the last ones leave after they have answered; one stays.
func TestResize(t *testing.T) {
	b := newBench(t, rules{chunk: 1, window: 8, attempts: 1}, 5, honest)
	r := b.mapTasks(1000, 16, -1)
	b.resize(2)
	b.over(t, r).want(t, 1000, 0, 0)
	b.resize(0)
	b.over(t, b.mapTasks(10, 16, -1)).want(t, 10, 0, 0)
	b.resize(4)
	if err := b.ready(t.Context()); err != nil {
		t.Fatal(err)
	}
	b.over(t, b.mapTasks(10, 16, -1)).want(t, 10, 0, 0)
	gone := b.left()
	if b.hired != 8 || len(gone) != 8 {
		t.Errorf("%d came, %d left", b.hired, len(gone))
	}
	for _, d := range gone {
		if d.how != "exit code 0" || len(d.lost) > 0 {
			t.Errorf("%+v", d)
		}
	}
}

func TestEffort(t *testing.T) {
	j := job{seed: 3, work: 100 * time.Millisecond, spread: 50}
	var sum time.Duration
	for i := range uint32(1000) {
		d := j.effort(i)
		if d < 50*time.Millisecond || d > 150*time.Millisecond || d != j.effort(i) {
			t.Fatalf("task %d is %v of work", i, d)
		}
		sum += d
	}
	if mean := sum / 1000; mean < 95*time.Millisecond || mean > 105*time.Millisecond {
		t.Errorf("mean %v", mean)
	}
	for call, want := range map[time.Duration]int{0: 64, 10 * time.Microsecond: 64, 100 * time.Microsecond: 10, time.Millisecond: 1, time.Second: 1} {
		if got := autoWindow(call); got != want {
			t.Errorf("window for %v: %d", call, got)
		}
	}
}
