package crossing

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"edu/procession/demos/demo"
	"edu/procession/demos/trace"
)

// play is the state of one run. Only the goroutine of Play touches it; the
// others send news.
type play struct {
	s    demo.Stage
	news chan news
	over chan struct{}

	n, chunk, payload, workers, work int // the settings

	sender demo.Proc
	ended  *trace.Exit // the sender's
	crew   [crowd]*hand
	ends   [crowd][2]*os.File // of the pipes of workers that are not there yet

	busy    bool     // the sender is at an order
	fact    []string // its last
	due     due
	stopped trace.ID        // who was seen stopped in the measurement under way
	loop    float64         // ns
	took    map[int]float64 // ns a task, by chunk

}

// hand is a worker as the play knows it.
type hand struct {
	p    demo.Proc
	gone bool
}

// due is what is to be measured next.
type due uint8

const (
	nothing due = iota
	one         // the chunk that is set
	all         // everything: a setting has changed
)

// news is a fact of the sender's, or the end of somebody: of worker i, or of the
// sender, which is -1.
type news struct {
	words []string
	i     int
	exit  *trace.Exit
}

func (pl *play) close() {
	close(pl.over)
	for _, e := range pl.ends {
		for _, f := range e {
			if f != nil {
				f.Close()
			}
		}
	}
}

func (pl *play) send(n news) {
	select {
	case pl.news <- n:
	case <-pl.over:
	}
}

func (pl *play) mourn(ctx context.Context, p demo.Proc, i int) {
	select {
	case <-p.Exited():
		x, _ := p.Wait(ctx)
		pl.send(news{i: i, exit: &x})
	case <-pl.over:
	}
}

// begin brings the sender and its workers on stage.
func (pl *play) begin(ctx context.Context) error {
	facts, toFacts, err := os.Pipe()
	if err != nil {
		return err
	}
	theirs := []*os.File{toFacts}
	defer func() {
		for _, f := range theirs {
			f.Close()
		}
	}()
	for i := range crowd {
		var replies, toWorker *os.File
		if pl.ends[i][0], toWorker, err = os.Pipe(); err == nil {
			theirs = append(theirs, toWorker)
			replies, pl.ends[i][1], err = os.Pipe()
		}
		if err != nil {
			facts.Close()
			return err
		}
		theirs = slices.Insert(theirs, len(theirs)-1, replies)
	}
	go func() {
		defer facts.Close()
		for sc := bufio.NewScanner(facts); sc.Scan(); {
			pl.send(news{words: strings.Fields(sc.Text())})
		}
	}()
	pl.s.Say("A sender that has %d small tasks comes on stage, and workers behind pipes.", pl.n)
	if pl.sender, err = pl.s.Spawn(ctx, demo.Spec{Role: "sender", Name: "sender", Files: theirs}); err != nil {
		return err
	}
	go pl.mourn(ctx, pl.sender, -1)
	pl.due = all
	_, err = pl.hire(ctx)
	return err
}

// hire has as many workers on stage as are set and says who they are. Who was
// killed is not replaced as long as others are left.
func (pl *play) hire(ctx context.Context) (crew []int, err error) {
	for i := range pl.crew {
		if len(crew) == pl.workers {
			break
		}
		if pl.crew[i] == nil {
			p, err := pl.s.Spawn(ctx, demo.Spec{Role: "worker", Name: trace.ID("worker-" + strconv.Itoa(i+1)), Files: pl.ends[i][:]})
			if err != nil {
				return nil, err
			}
			for j := range pl.ends[i] { // or the sender would not read its end of file
				pl.ends[i][j].Close()
				pl.ends[i][j] = nil
			}
			pl.crew[i] = &hand{p: p}
			go pl.mourn(ctx, p, i)
		}
		if !pl.crew[i].gone {
			crew = append(crew, i)
		}
	}
	return crew, nil
}

func (pl *play) take(n news) {
	switch {
	case n.exit != nil && n.i < 0:
		pl.ended = n.exit
	case n.exit != nil:
		if h := pl.crew[n.i]; !h.gone && !pl.busy && !demo.Finished(pl.s) {
			pl.s.Say("%s has ended while nothing was measured. The sender has not noticed; the next measurement goes to others.", h.p.ID())
		}
		pl.crew[n.i].gone = true
	case n.words[0] == "gone":
		i, _ := strconv.Atoi(n.words[1])
		tasks, _ := strconv.Atoi(n.words[2])
		pl.crew[i].gone = true
		had := "It had no tasks just then."
		if tasks > 0 {
			had = demo.Plural(tasks, "task") + " went with it: the larger the chunk, the more."
		}
		pl.s.Say("worker-%d has ended: the sender reads end of file. %s This measurement does not count.", i+1, had)
	default:
		pl.fact = n.words
	}
}

// look notices who is stopped.
func (pl *play) look() {
	was := pl.stopped
	for _, p := range append(pl.procs(), pl.sender) {
		if p.State() == trace.Stopped {
			pl.stopped = p.ID()
		}
	}
	if pl.stopped != "" && was == "" {
		pl.s.Say("%s is stopped (T), and the clock runs on: what is measured now does not count. Press c to let it go on.", pl.stopped)
	}
}

func (pl *play) procs() (ps []demo.Proc) {
	for _, h := range pl.crew {
		if h != nil && !h.gone {
			ps = append(ps, h.p)
		}
	}
	return ps
}

func (pl *play) until(ctx context.Context, ok func() bool, d time.Duration) error {
	return demo.Loop[news]{Stage: pl.s, News: pl.news, Take: pl.take, Look: pl.look,
		Act: func(a demo.Act) error { pl.act(a.Name); return nil }}.Until(ctx, ok, d)
}

// after is the value after v in a list, and the first after the last.
func after(list []int, v int) int {
	for _, x := range list {
		if x > v {
			return x
		}
	}
	return list[0]
}

// act changes a setting; the play measures when it comes to it.
func (pl *play) act(name string) {
	s := pl.s
	at := slices.Index(chunks, pl.chunk)
	switch name {
	case "more", "fewer":
		to := at + 1
		if name == "fewer" {
			to = at - 1
		}
		if to < 0 || to == len(chunks) {
			s.Say("From 1 to %d tasks in a message: that is all.", chunks[len(chunks)-1])
			return
		}
		pl.chunk = chunks[to]
		pl.due = max(pl.due, one)
		return
	case "payload":
		pl.payload = after(payloads, pl.payload)
		s.Say("From here on a task carries %d bytes that nobody looks at: they are encoded, written, read and decoded.", pl.payload)
	case "workers":
		pl.workers = pl.workers%crowd + 1
		s.Say("The same tasks with %s.", demo.Plural(pl.workers, "worker"))
	case "work":
		pl.work = after(grains, pl.work)
		s.Say("From here on a task is %d rounds of arithmetic. A crossing costs what it cost before.", pl.work)
	}
	pl.due = all
}

// run measures what is due, until nothing is and nobody will ask for more.
func (pl *play) run(ctx context.Context) error {
	s := pl.s
	for {
		switch pl.due {
		case all:
			pl.due = nothing
			if err := pl.sweep(ctx); err != nil {
				return err
			}
		case one:
			pl.due = nothing
			if err := pl.measure(ctx, pl.chunk); err != nil {
				return err
			}
			pl.compare()
		}
		left := demo.ForEver
		if !s.Attended() {
			left = s.ScriptEnd() - s.Now() + s.Pace().Scale(time.Second)
		}
		if pl.ended != nil || demo.Finished(s) || left <= 0 && pl.due == nothing && len(s.Actions()) == 0 {
			return pl.finish(ctx)
		}
		pl.stopped = ""
		if err := pl.until(ctx, func() bool { return pl.due != nothing || pl.ended != nil }, left); err != nil {
			return err
		}
	}
}

// finish gives the verdict and lets everybody end who can.
func (pl *play) finish(ctx context.Context) error {
	s := pl.s
	if x := pl.ended; x != nil && x.Signal == "" && x.Code != 0 {
		return fmt.Errorf("the sender ended with exit code %d: its last line says why", x.Code)
	}
	switch best := pl.best(); {
	case pl.ended != nil:
		s.Verdict(true, "The sender ended, and with it the tasks. The workers read end of file.")
	case best == 0:
		s.Verdict(true, "Nothing was measured to the end.")
	default:
		s.Verdict(true, "A task takes %s in a loop. Through %s: %s.", micro(pl.loop), demo.Plural(pl.workers, "worker"), pl.curve())
	}
	pl.sender.CloseSend()
	late := time.After(3 * time.Second)
	for _, p := range append(pl.procs(), pl.sender) {
		if p.State() == trace.Stopped || pl.sender.State() == trace.Stopped {
			continue // it cannot: the stage ends it
		}
		select {
		case <-p.Exited():
		case <-late:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}
