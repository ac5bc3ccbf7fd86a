package race

import (
	"context"
	"fmt"
	"os"
	"strings"
	"sync/atomic"
	"time"

	"edu/procession/demos/demo"
	"edu/procession/demos/internal/share"
	"edu/procession/demos/trace"
)

// play is the state of one run. Only the goroutine of Play touches it, but for
// what Heard says.
type play struct {
	s       demo.Stage
	page    *page
	lock    string
	workers []*worker
	news    chan news
	steps   steps
}

// worker is a worker as the play knows it.
type worker struct {
	p    demo.Proc
	busy bool // in a round
	dead bool
	took time.Duration
}

// news is what happened to a worker.
type news struct {
	index int
	done  bool // a round, in took; else it has ended, or has the lock
	holds bool
	took  time.Duration
}

// Play implements demo.Demo.
func (Demo) Play(ctx context.Context, s demo.Stage) error {
	if !share.Here {
		return fmt.Errorf("memory shared by mmap: %w", demo.ErrNotHere)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	p, f, err := shared()
	if err != nil {
		return err
	}
	defer f.Close()
	pl := &play{s: s, page: p, lock: s.Param("lock"), news: make(chan news, 256)}
	if err := pl.cast(ctx, f); err != nil {
		return err
	}
	if s.Stepping() {
		return pl.stepped(ctx)
	}
	return pl.free(ctx)
}

// cast starts the workers, A, B and so on.
func (pl *play) cast(ctx context.Context, f *os.File) error {
	n := demo.IntParam(pl.s, "workers")
	locks, err := share.Lockable(n)
	defer closeAll(locks)
	if err != nil {
		return err
	}
	extra, err := mutexFiles()
	defer closeAll(extra)
	if err != nil {
		return err
	}
	for i := range n {
		name := trace.ID(rune('A' + i))
		p, err := pl.s.Spawn(ctx, demo.Spec{
			Role: "adder", Name: name, Files: append([]*os.File{f, locks[i]}, extra...),
			Args: map[string]string{"index": fmt.Sprint(i), "lock": pl.lock, "rounds": pl.s.Param("rounds"), "increments": pl.s.Param("increments")},
			Heard: func(d trace.Data) {
				if pl.s.Stepping() {
					pl.step(name, d)
				} else {
					pl.hear(ctx, i, d)
				}
			},
		})
		if err != nil {
			return err
		}
		pl.workers = append(pl.workers, &worker{p: p})
		go func() {
			select {
			case <-p.Exited():
				pl.tell(ctx, news{index: i})
			case <-ctx.Done():
			}
		}()
	}
	return nil
}

func closeAll(files []*os.File) {
	for _, f := range files {
		f.Close()
	}
}

func (pl *play) tell(ctx context.Context, n news) {
	select {
	case pl.news <- n:
	case <-ctx.Done():
	}
}

func (pl *play) hear(ctx context.Context, i int, d trace.Data) {
	switch d := d.(type) {
	case trace.Task:
		if d.Is == trace.KindTaskDone {
			pl.tell(ctx, news{index: i, done: true, took: d.Took})
		}
	case trace.Lock:
		if d.Is == trace.KindHold {
			pl.tell(ctx, news{index: i, holds: true})
		}
	}
}

// free is a run without step mode: a round, and then what is asked for.
func (pl *play) free(ctx context.Context) error {
	s := pl.s
	s.Say("Each adds one %s times%s. %d in all are expected.", s.Param("increments"), map[string]string{none: ", without a lock", halves: ", each read and each write behind a mutex", mutex: ", behind a mutex in the shared memory", flock: ", behind a lock on a file"}[pl.lock],
		demo.IntParam(s, "increments")*len(pl.workers))
	if err := pl.round(ctx, nil); err != nil {
		return err
	}
	var end <-chan time.Time
	if !s.Attended() {
		end = time.After(max(s.ScriptEnd()-s.Now()+10*time.Millisecond, 0)) // 10 ms: the last action may be on its way
	}
	for {
		select {
		case a := <-s.Actions():
			if err := pl.act(ctx, a.Name); err != nil {
				return err
			}
		case n := <-pl.news:
			pl.take(n)
		case <-end:
			if len(s.Actions()) == 0 {
				return pl.end(ctx)
			}
			end = time.After(0)
		case <-s.Finished():
			return pl.end(ctx)
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (pl *play) act(ctx context.Context, name string) error {
	alive := pl.count(func(w *worker) bool { return !w.dead })
	switch stuck := pl.count(func(w *worker) bool { return w.busy }); {
	case alive == 0:
		pl.s.Say("All have ended. R runs it again.")
	case stuck > 0:
		pl.s.Say("%s of a dead holder, and will for ever.", plural(stuck, "waits for the lock", "wait for the lock"))
	case name == again:
		return pl.round(ctx, nil)
	case pl.lock == none || pl.lock == halves:
		pl.s.Say("Without a lock around the whole addition there is no holder to kill. R, with lock=mutex or lock=flock, gives one.")
	case alive < 2:
		pl.s.Say("Nobody is left who could wait.")
	default:
		for _, w := range pl.workers {
			if !w.dead {
				return pl.round(ctx, w)
			}
		}
	}
	return nil
}

func (pl *play) count(is func(*worker) bool) (n int) {
	for _, w := range pl.workers {
		if is(w) {
			n++
		}
	}
	return n
}

func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// take takes what happened to a worker.
func (pl *play) take(n news) {
	w := pl.workers[n.index]
	switch {
	case n.holds:
	case n.done:
		w.busy, w.took = false, n.took
	default:
		if w.busy {
			pl.s.Emit(w.p.ID(), trace.Task{Is: trace.KindTaskLost, Task: n.index, Worker: w.p.ID(), Note: "it was killed"})
		}
		w.busy, w.dead = false, true
	}
}

// figures reports what is in the page now.
func (pl *play) figures() (counter, expected int64) {
	counter, expected = atomic.LoadInt64(&pl.page.counter), pl.page.finished()
	pl.s.Gauge("counter", float64(counter), "")
	pl.s.Gauge("expected", float64(expected), "")
	pl.s.Gauge("lost-updates", float64(max(expected-counter, 0)), "")
	if expected > 0 {
		pl.s.Gauge("lost-share", 100*float64(max(expected-counter, 0))/float64(expected), "%")
	}
	return counter, expected
}

// end sums up, and lets those go home who wait for another round. Who waits for
// a dead holder is left to the stage.
func (pl *play) end(ctx context.Context) error {
	pl.verdict()
	for _, w := range pl.workers {
		if !w.dead && !w.busy {
			w.p.CloseSend()
		}
	}
	for _, w := range pl.workers {
		if !w.dead && !w.busy && w.p.State() != trace.Stopped {
			if _, err := w.p.Wait(ctx); err != nil {
				return err
			}
		}
	}
	return nil
}

func (pl *play) verdict() {
	counter, expected := pl.figures()
	var text strings.Builder
	fmt.Fprintf(&text, "The counter is %d, and %d additions were done: ", counter, expected)
	if lost := expected - counter; lost > 0 {
		fmt.Fprintf(&text, "%s lost", plural(int(lost), "update is", "updates are"))
	} else {
		text.WriteString("no update is lost")
	}
	if n := pl.count(func(w *worker) bool { return w.busy }); n > 0 {
		fmt.Fprintf(&text, "; %s for a lock whose holder is dead", plural(n, "worker waits", "workers wait"))
	}
	pl.s.Verdict(true, "%s.", text.String())
}
