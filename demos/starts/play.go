package starts

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"edu/procession/demos/demo"
	"edu/procession/demos/trace"
)

// crowd is how many workers a run can start: as many as the sender has pipes for.
const crowd = 12

// play is the state of one run. Only the goroutine of Play touches it; the others
// send news.
type play struct {
	s      demo.Stage
	news   chan news
	over   chan struct{}
	sender demo.Proc
	procs  []demo.Proc // the workers and heirs, as they were started
	files  []*os.File  // the workers' ends of the pipes: reading, writing
	notes  *os.File

	idle    bool           // the sender is through with its orders
	gone    bool           // the sender has ended
	worker  int            // the one that takes jobs, -1 for none
	made    int            // workers so far
	named   map[string]int // so far, of each kind
	heirs   int
	refused int
	jobs    int                 // done, by the sender's word
	last    map[trace.ID]string // what the sender said last about something, or somebody of the file
}

// news is what somebody said, or that he ended.
type news struct {
	who  trace.ID
	data trace.Data // nil: it has ended
}

func (pl *play) send(n news) {
	select {
	case pl.news <- n:
	case <-pl.over:
	}
}

func (pl *play) spawn(ctx context.Context, spec demo.Spec) (demo.Proc, error) {
	spec.Heard = func(d trace.Data) {
		switch d.(type) {
		case trace.Block, trace.Belief:
			pl.send(news{spec.Name, d})
		}
	}
	p, err := pl.s.Spawn(ctx, spec)
	if err != nil {
		return nil, err
	}
	go func() {
		select {
		case <-p.Exited():
			pl.send(news{who: spec.Name})
		case <-pl.over:
		}
	}()
	return p, nil
}

// begin brings the sender on stage, with a pair of pipes for each worker to come
// and an open file.
func (pl *play) begin(ctx context.Context) error {
	var theirs []*os.File
	defer func() {
		for _, f := range theirs {
			f.Close()
		}
	}()
	for range crowd {
		downR, downW, err := os.Pipe()
		if err != nil {
			return fmt.Errorf("no pipe for a worker: %w", err)
		}
		pl.files, theirs = append(pl.files, downR), append(theirs, downW)
		upR, upW, err := os.Pipe()
		if err != nil {
			return fmt.Errorf("no pipe for a worker: %w", err)
		}
		pl.files, theirs = append(pl.files, upW), append(theirs, upR)
	}
	if err := pl.open(); err != nil {
		return fmt.Errorf("no file to inherit: %w", err)
	}
	var err error
	if pl.sender, err = pl.spawn(ctx, demo.Spec{Role: "sender", Name: "sender", Files: append(theirs[:len(theirs):len(theirs)], pl.notes)}); err != nil {
		return err
	}
	pl.s.Say("The sender has set count to 42 and read a line of an open file. What it wants done, somebody else is to do.")
	if err := pl.through(ctx, demo.ForEver); err != nil {
		return err
	}
	if err := pl.rest(ctx, 2*time.Second); err != nil {
		return err
	}
	if err := pl.hire(ctx, release); err != nil {
		return err
	}
	pl.s.Say("worker-1 is this program, executed again: its count is 0. All else that it learns of the sender comes as bytes, through a pipe that it inherited.")
	if err := pl.rest(ctx, 2500*time.Millisecond); err != nil {
		return err
	}
	pl.order("measure %s", pl.s.Param("jobs"))
	return pl.through(ctx, demo.ForEver)
}

func (pl *play) open() error {
	dir, err := pl.s.Dir()
	if err != nil {
		return err
	}
	path := dir + "/notes" // path/filepath would be late: see package early
	var text strings.Builder
	for i := range 3 * crowd {
		fmt.Fprintf(&text, "line %d\n", i+1)
	}
	if err := os.WriteFile(path, []byte(text.String()), 0o600); err != nil {
		return err
	}
	pl.notes, err = os.Open(path)
	return err
}

func (pl *play) shut() {
	for _, f := range pl.files {
		if f != nil {
			f.Close()
		}
	}
	if pl.notes != nil {
		pl.notes.Close()
	}
}

// hire starts a worker, of a release by its own word, and lets the sender meet it.
func (pl *play) hire(ctx context.Context, of int) error {
	i := pl.made
	pl.made++
	kind := "worker"
	if of != release {
		kind = "old"
	}
	pl.named[kind]++
	name := trace.ID(fmt.Sprintf("%s-%d", kind, pl.named[kind]))
	ends := pl.files[2*i : 2*i+2]
	p, err := pl.spawn(ctx, demo.Spec{Role: "worker", Name: name, Files: ends, Args: map[string]string{"release": strconv.Itoa(of)}})
	if err != nil {
		return err
	}
	for j, f := range ends { // so that the sender hears of the worker's end
		f.Close()
		ends[j] = nil
	}
	pl.procs = append(pl.procs, p)
	if of == release {
		pl.worker = len(pl.procs) - 1
		pl.s.Gauge("spawn", p.Took().Seconds()*1000, "ms")
	}
	pl.order("meet %d %s", i, name)
	return pl.through(ctx, demo.ForEver)
}

func (pl *play) take(n news) {
	switch d := n.data.(type) {
	case nil:
		if n.who == "sender" {
			pl.gone = true
			pl.s.Say("The sender has ended. The worker's pipe ends with it, and so does the worker; an heir keeps its file.")
			return
		}
		pl.lost(n.who)
	case trace.Block:
		if n.who == "sender" {
			pl.idle = d.On == waiting
		}
	case trace.Belief:
		if n.who == "sender" {
			pl.last[d.About] = d.Is
			if d.About == "jobs" {
				fmt.Sscan(d.Is, &pl.jobs)
			}
			if strings.HasPrefix(d.Is, "gone") {
				pl.lost(d.About)
			}
			if strings.HasPrefix(d.Is, "refused") {
				pl.refused++
				pl.s.Gauge("refused", float64(pl.refused), "")
			}
		}
		if d.About == "file" {
			pl.last[n.who] = d.Is
		}
	}
}

// lost takes the end of a process, from the kernel or from the sender's pipe.
func (pl *play) lost(who trace.ID) {
	if pl.worker < 0 || pl.procs[pl.worker].ID() != who {
		return
	}
	pl.worker = -1
	if pl.gone {
		return
	}
	pl.s.Say("%s has ended, and whatever it had in memory with it. a sends a job: another worker is started first.", who)
}

func (pl *play) until(ctx context.Context, ok func() bool, d time.Duration) error {
	return demo.Loop[news]{Stage: pl.s, News: pl.news, Take: pl.take, Look: func() {}, Act: func(a demo.Act) error { return pl.act(ctx, a) }}.Until(ctx, ok, d)
}

// through waits until the sender is through with its orders. It does not take
// actions: what a key asks for comes after.
func (pl *play) through(ctx context.Context, d time.Duration) error {
	return pl.hear(ctx, func() bool { return pl.idle || pl.gone }, d)
}

// hear takes news until ok, d has passed, or the learner has finished.
func (pl *play) hear(ctx context.Context, ok func() bool, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	for !ok() {
		select {
		case n := <-pl.news:
			pl.take(n)
		case <-t.C:
			return nil
		case <-pl.s.Finished():
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// rest lets a caption be read.
func (pl *play) rest(ctx context.Context, d time.Duration) error {
	return pl.hear(ctx, func() bool { return false }, pl.s.Pace().Scale(d))
}

func (pl *play) order(format string, args ...any) {
	if !pl.gone && pl.sender.Send(fmt.Sprintf(format, args...)) == nil {
		pl.idle = false
	}
}
