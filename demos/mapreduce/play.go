package mapreduce

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"edu/procession/demos/demo"
	"edu/procession/demos/trace"
)

// play is the state of one run. Only the goroutine of Play touches it; the
// others send facts.
type play struct {
	setup
	s     demo.Stage
	place place
	facts chan fact
	over  chan struct{}
	tells bool // captions follow what happens, rather than a script

	workers  []*node
	backups  bool
	running  bool
	ended    bool // the coordinator has
	settling bool // it is asked to
	quiet    time.Duration
	told     bool // that nothing happens

	numbers numbers
	sum     *sum // of the last job that came to its end
	jobs    int  // that did
	wrong   int  // of these, with another answer than one loop's
	lost    string
	shown   map[string]float64
}

// node is a worker.
type node struct {
	name    trace.ID
	p       demo.Proc
	exit    *trace.Exit
	task    int // in hand, as the coordinator says; -1 for none
	attempt int
	since   time.Duration
	slow    bool
}

func newPlay(s demo.Stage) *play {
	pl := &play{
		setup: setup{
			Maps: demo.IntParam(s, "maps"), Reduces: demo.IntParam(s, "reduces"), Seed: s.Seed(),
			Work: s.Pace().Scale(demo.DurationParam(s, "work")),
		},
		s: s, facts: make(chan fact, 1024), over: make(chan struct{}), backups: s.Param("backups") == "true", shown: map[string]float64{},
	}
	if s.Place() == demo.Nodes {
		pl.Silence = demo.DurationParam(s, "silence")
		pl.place = &nodes{pl: pl}
	} else {
		pl.place = &processes{pl: pl}
	}
	return pl
}

// shares says that coordinator and workers have one folder, and one kernel.
func (pl *play) shares() bool { return pl.Silence == 0 }

// open brings coordinator and workers on stage, and begins the first job.
func (pl *play) open(ctx context.Context) error {
	if err := pl.place.open(ctx); err != nil {
		return err
	}
	for range demo.IntParam(pl.s, "workers") {
		if err := pl.hire(ctx); err != nil {
			return err
		}
	}
	return pl.begin()
}

func (pl *play) begin() error {
	pl.running = true
	return pl.place.command(command{Run: true, Backups: pl.backups})
}

func (pl *play) hire(ctx context.Context) error {
	n := &node{name: trace.ID(fmt.Sprintf("w%d", len(pl.workers)+1)), task: -1}
	p, err := pl.place.hire(ctx, n.name)
	if err != nil {
		return err
	}
	n.p = p
	pl.workers = append(pl.workers, n)
	pl.watch(ctx, p)
	return nil
}

func (pl *play) watch(ctx context.Context, p demo.Proc) {
	go func() {
		select {
		case <-p.Exited():
			if x, err := p.Wait(ctx); err == nil {
				pl.send(fact{Is: isExited, Who: p.ID(), exit: &x})
			}
		case <-pl.over:
		}
	}()
}

func (pl *play) send(f fact) {
	select {
	case pl.facts <- f:
	case <-pl.over:
	}
}

func (pl *play) worker(id trace.ID) *node {
	for _, w := range pl.workers {
		if w.name == id {
			return w
		}
	}
	return nil
}

func (pl *play) live() (n int) {
	for _, w := range pl.workers {
		if w.exit == nil {
			n++
		}
	}
	return n
}

// until takes what happens until ok says so, nil for never, or d has passed, or
// the learner has finished.
func (pl *play) until(ctx context.Context, ok func() bool, d time.Duration) error {
	return demo.Loop[fact]{
		Stage: pl.s, News: pl.facts, Take: pl.take, Look: pl.look,
		Act: func(a demo.Act) error { return pl.act(ctx, a) },
	}.Until(ctx, ok, d)
}

func (pl *play) say(format string, args ...any) {
	if pl.tells {
		pl.s.Say(format, args...)
	}
}

func (pl *play) name(task int) string { return nameOf(task, pl.Maps) }

// take takes what the coordinator tells, or the kernel of an end.
func (pl *play) take(f fact) {
	switch f.Is {
	case isExited:
		pl.exited(f)
		return
	case isEnd:
		return
	}
	pl.quiet, pl.told = pl.s.Now(), false
	w := pl.worker(f.Who)
	if w == nil {
		w = &node{name: f.Who}
	}
	switch f.Is {
	case isBegan:
		pl.numbers = numbers{}
	case isGiven, isCopied:
		if f.Is == isCopied {
			pl.say("%s is late: %s gets a backup copy. Whoever is first counts; the other's result will be a duplicate.", pl.name(f.Task), f.Who)
		}
		w.task, w.attempt, w.since = f.Task, f.Attempt, pl.s.Now()
	case isResult, isAgain:
		w.task = -1
		if f.Is == isAgain {
			pl.say("%s comes with a result of %s, which is done. The same input gives the same result: counted, and thrown away.", f.Who, pl.name(f.Task))
		}
	case isMapped:
		if pl.shares() {
			pl.say("All maps are done, their files are in the folder. Only now can a reduce begin: it reads its share of each.")
		} else {
			pl.say("All maps are done, and the coordinator has their results. Only now can a reduce begin: it is sent its share of each.")
		}
	case isBack:
		if len(f.Back) > 0 {
			how := fmt.Sprintf("%s has ended, says the kernel", f.Who)
			if !pl.shares() {
				how = fmt.Sprintf("The connection of %s has ended, says the kernel over there", f.Who)
			}
			pl.say("%s. %s goes to the next who is free, from its beginning.", how, pl.list(f.Back))
		}
	case isSilent:
		if len(f.Back) > 0 {
			pl.say("%s has been silent for %v. Stopped, cut off or gone? Nobody can know: %s is given to another, and may be done twice.", f.Who, pl.Silence, pl.list(f.Back))
		}
	case isBroken:
		pl.running, pl.lost = false, f.Text
		pl.s.Say("The job cannot go on: %s.", f.Text)
	case isOver:
		pl.running, pl.sum = false, f.Sum
		pl.jobs++
		if f.Sum.Differences > 0 {
			pl.wrong++
		}
	}
	pl.numbers = f.Numbers
	pl.measure(f)
	if f.Is == isOver {
		pl.say("%s. n counts again.", pl.summary())
	}
}

func (pl *play) list(tasks []int) string {
	var out []string
	for _, n := range tasks {
		out = append(out, pl.name(n))
	}
	return strings.Join(out, " and ")
}

// measure reports the numbers that have changed.
func (pl *play) measure(f fact) {
	pl.figure("crossed", float64(f.Moved), "bytes")
	if pl.shares() {
		pl.figure("files", float64(f.Files), "bytes")
	}
	pl.figure("re-executions", float64(f.Numbers.Reexecutions), "")
	pl.figure("backups", float64(f.Numbers.Backups), "")
	pl.figure("duplicates", float64(f.Numbers.Duplicates), "")
	if s := f.Sum; s != nil {
		pl.s.Gauge("makespan", s.Makespan.Seconds(), "s")
		pl.s.Gauge("words-per-second", float64(s.Words)/s.Makespan.Seconds(), "/s")
		pl.s.Gauge("differences", float64(s.Differences), "")
		if pl.shares() {
			pl.s.Gauge("unfinished", float64(s.Unfinished), "")
		}
		pl.s.Gauge("sequential", float64(alone())/1e6, "ms")
		for _, t := range s.Top {
			pl.s.Emit("", trace.Gauge{Name: t.Word, Value: float64(t.Count), Group: "most frequent words"})
		}
	}
	pl.figure("executions", float64(f.Numbers.Executions), "")
}

// alone is how long one loop takes to count the words, the fastest of three.
func alone() (best time.Duration) {
	for range 3 {
		start := time.Now()
		count(book)
		if took := time.Since(start); best == 0 || took < best {
			best = took
		}
	}
	return best
}

// figure reports a number when it is another than before, and no zero while the
// first job is under way: then there is nothing to say yet.
func (pl *play) figure(name string, v float64, unit string) {
	was, ok := pl.shown[name]
	if v != was || !ok && pl.sum != nil {
		pl.shown[name] = v
		pl.s.Gauge(name, v, unit)
	}
}

func (pl *play) exited(f fact) {
	w := pl.worker(f.Who)
	if w == nil && pl.settling {
		return
	}
	if w == nil {
		pl.ended, pl.running = true, false
		for _, w := range pl.workers {
			if w.task >= 0 {
				pl.s.Emit(w.name, trace.Task{Is: trace.KindTaskLost, Task: w.task, Worker: w.name, Attempt: w.attempt, Note: "nobody is there to take its result"})
				w.task = -1
			}
		}
		pl.say("The coordinator has ended (%s). Which tasks are done, and their results, went with it. n starts another, from the beginning.", f.exit)
		return
	}
	w.exit, w.task = f.exit, -1
	if pl.live() == 0 {
		pl.say("%s has ended (%s), the last one. The tasks wait. a adds a worker.", f.Who, f.exit)
	}
}

// look notices that nothing happens.
func (pl *play) look() {
	if !pl.running || pl.told || pl.s.Now()-pl.quiet < 3*time.Second+2*pl.Work {
		return
	}
	for _, w := range pl.workers {
		if w.exit == nil && w.task >= 0 && w.p.State() == trace.Stopped {
			pl.told = true
			why := "and a backup copy takes a worker that is free"
			if !pl.backups {
				why = "and backup copies are off (b)"
			}
			pl.say("Nothing comes: %s is stopped (T) with %s in hand, %s. The job waits for it.", w.name, pl.name(w.task), why)
			return
		}
	}
}

// act does one of the demo's own actions.
func (pl *play) act(ctx context.Context, a demo.Act) error {
	switch a.Name {
	case addOne:
		if pl.live() >= maxWorkers {
			pl.s.Say("There are %d workers already, as many as fit.", maxWorkers)
			return nil
		}
		if err := pl.hire(ctx); err != nil {
			return pl.grumble(ctx, "No worker was added", err)
		}
		pl.s.Say("%s has come, and takes what is next.", pl.workers[len(pl.workers)-1].name)
	case straggle:
		w := pl.worker(a.Target)
		if w == nil || w.exit != nil {
			pl.s.Say("Choose a worker: nobody else can be made a straggler.")
			return nil
		}
		pl.drag(w, !w.slow)
		if w.slow {
			pl.s.Say("%s waits eight times as long from now on (injected). It is slow, and nothing says so but its tasks.", w.name)
		} else {
			pl.s.Say("%s is as fast as before.", w.name)
		}
	case copies:
		pl.backups = !pl.backups
		if pl.backups {
			pl.s.Say("Backup copies are on: a task that is out for twice the median goes to a second worker, when nothing else waits.")
		} else {
			pl.s.Say("Backup copies are off: the job takes as long as its slowest worker.")
		}
		if !pl.ended {
			return pl.place.command(command{Backups: pl.backups})
		}
	case anew:
		if pl.running {
			pl.s.Say("Not yet: this job is still under way.")
			return nil
		}
		if pl.ended {
			if err := pl.place.open(ctx); err != nil {
				return pl.grumble(ctx, "No coordinator was started", err)
			}
			pl.ended = false
		}
		pl.s.Say("A new job, the same book.")
		return pl.begin()
	}
	return nil
}

// drag makes a straggler of a worker, or of a straggler a worker.
func (pl *play) drag(w *node, on bool) {
	w.slow = on
	word := normal
	if on {
		word = slow
	}
	w.p.Send(word)
}

// grumble captions what could not be done; a run that is over is no such thing.
func (pl *play) grumble(ctx context.Context, what string, err error) error {
	if ctx.Err() != nil || errors.Is(err, context.Canceled) {
		return err
	}
	pl.s.Say("%s: %v.", what, err)
	return nil
}

func (pl *play) summary() string {
	s := pl.sum
	same := "and the answer is that of one loop"
	if s.Differences > 0 {
		same = fmt.Sprintf("and it is not the answer of one loop, %s differ", demo.Plural(s.Differences, "word"))
	}
	var most []string
	for _, t := range s.Top[:min(3, len(s.Top))] {
		most = append(most, fmt.Sprintf("%q %d", t.Word, t.Count))
	}
	return fmt.Sprintf("%d words in %.1f s, %s: %s. Executions %d, re-executions %d, duplicates %d",
		s.Words, s.Makespan.Seconds(), same, strings.Join(most, ", "), pl.numbers.Executions, pl.numbers.Reexecutions, pl.numbers.Duplicates)
}
