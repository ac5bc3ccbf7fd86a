package web

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"edu/procession/demos/demo"
	"edu/procession/demos/internal/sock"
	"edu/procession/demos/trace"
)

// play is the state of one run. Only the goroutine of Play touches it; the
// others send news.
type play struct {
	s       demo.Stage
	ctx     context.Context
	news    chan news
	key     sock.Key
	site    *sock.Listener // of the server: the play, its master, holds it, so it outlives each worker
	desk    *sock.Listener // of the store
	kept    *os.File       // the store's number
	client  demo.Proc
	workers []demo.Proc // that were not asked to leave, in order of their start
	store   demo.Proc   // nil: there is none now
	leaving map[trace.ID]bool
	started int

	where   string // the next hits are counted
	asked   int    // hits, in the run
	orders  int    // rounds that the client is not through with
	counted string // where the latest round's were
	ready   bool   // the client waits for its first round, or has had one
	gone    bool   // it has ended
	figures map[string]float64
	err     error
}

// news is what the client said, or that somebody ended.
type news struct {
	who  trace.ID
	data trace.Data // nil: it has ended
}

// Play implements demo.Demo.
func (Demo) Play(ctx context.Context, s demo.Stage) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	pl := &play{s: s, ctx: ctx, news: make(chan news, 64), key: sock.NewKey(), leaving: map[trace.ID]bool{},
		where: s.Param("count"), figures: map[string]float64{}}
	for _, l := range []**sock.Listener{&pl.site, &pl.desk} {
		var err error
		if *l, err = sock.Listen(sock.Addr{Host: 1}); err != nil {
			return err
		}
		defer (*l).Close()
	}
	dir, err := s.Dir()
	if err != nil {
		return err
	}
	if pl.kept, err = os.Create(dir + "/hits"); err != nil {
		return err
	}
	defer pl.kept.Close()
	if _, err = pl.kept.Write(make([]byte, 8)); err != nil {
		return err
	}
	if err := pl.begin(); err != nil {
		return err
	}
	loop := demo.Loop[news]{Stage: s, News: pl.news, Take: pl.take, Look: func() {}, Act: pl.act}
	if err := loop.Until(ctx, pl.over, demo.ForEver); err != nil {
		return err
	}
	if pl.err != nil {
		return pl.err
	}
	return pl.close()
}

// over says that nothing is left to do where nobody is at the keys.
func (pl *play) over() bool {
	return pl.err != nil || !pl.s.Attended() && (pl.orders == 0 || pl.gone) && len(pl.s.Actions()) == 0 && len(pl.news) == 0 && pl.s.Now() > pl.s.ScriptEnd()+20*time.Millisecond
}

func (pl *play) spawn(spec demo.Spec) (demo.Proc, error) {
	defer func() {
		for _, f := range spec.Files {
			if f != pl.kept {
				f.Close()
			}
		}
	}()
	p, err := pl.s.Spawn(pl.ctx, spec)
	if err != nil {
		return nil, err
	}
	go func() {
		select {
		case <-p.Exited():
			pl.send(news{who: p.ID()})
		case <-pl.ctx.Done():
		}
	}()
	return p, nil
}

func (pl *play) send(n news) {
	select {
	case pl.news <- n:
	case <-pl.ctx.Done():
	}
}

// begin brings the server and the client on stage, and has it ask.
func (pl *play) begin() error {
	n := demo.IntParam(pl.s, "workers")
	pl.s.Say("The master, this program, listens on %s and hands the socket to %s. All accept on it; the kernel chooses who gets a connection.", pl.site.Addr(), demo.Plural(n, "worker"))
	for range n {
		if err := pl.another(); err != nil {
			return err
		}
	}
	if pl.where == shared {
		if err := pl.opens(); err != nil {
			return err
		}
	}
	var names []string
	for _, p := range pl.workers {
		names = append(names, string(p.ID()))
	}
	var err error
	pl.client, err = pl.spawn(demo.Spec{Role: "client", Name: "client",
		Args: map[string]string{"at": pl.site.Addr().String(), "key": string(pl.key), "clients": pl.s.Param("clients"), "patience": pl.s.Param("patience"), "workers": strings.Join(names, " ")},
		Heard: func(d trace.Data) {
			switch d.(type) {
			case trace.Block, trace.Gauge:
				pl.send(news{"client", d})
			}
		}})
	if err == nil {
		pl.s.Sleep(pl.ctx, 1500*time.Millisecond)
		pl.hit()
	}
	return err
}

// another starts a worker.
func (pl *play) another() error {
	if pl.started++; pl.started > maxStarts {
		return fmt.Errorf("%d workers have been started in this run, and that is enough: start it again", maxStarts)
	}
	f, err := pl.site.File()
	if errors.Is(err, errors.ErrUnsupported) {
		return fmt.Errorf("a socket that several processes accept on: %w", demo.ErrNotHere)
	}
	if err != nil {
		return err
	}
	p, err := pl.spawn(demo.Spec{Role: "worker", Files: []*os.File{f},
		Args: map[string]string{"store": pl.desk.Addr().String(), "key": string(pl.key), "work": pl.s.Param("work")}})
	if err == nil {
		pl.workers = append(pl.workers, p)
	}
	return err
}

// opens starts the store.
func (pl *play) opens() error {
	f, err := pl.desk.File()
	if err != nil {
		return err
	}
	if pl.started++; pl.started > maxStarts {
		f.Close()
		return fmt.Errorf("%d processes have been started in this run, and that is enough: start it again", maxStarts)
	}
	pl.store, err = pl.spawn(demo.Spec{Role: "store", Files: []*os.File{f, pl.kept}, Args: map[string]string{"key": string(pl.key)}})
	return err
}

// hit orders a round.
func (pl *play) hit() {
	n := demo.IntParam(pl.s, "hits")
	if pl.client.Send(fmt.Sprintf("%s %d %d", pl.where, pl.asked, n)) != nil {
		return // it has ended, which is on its way here
	}
	for range n {
		pl.s.Emit("", trace.Task{Is: trace.KindTaskNew, Task: pl.asked})
		pl.asked++
	}
	pl.orders++
	pl.counted = pl.where
	if pl.where == shared {
		pl.s.Say("%s. Each worker asks the store to add one, and answers what that says.", demo.Plural(n, "hit"))
	} else {
		pl.s.Say("%s. Each worker adds one to a variable of its own, and answers what that says.", demo.Plural(n, "hit"))
	}
}

func (pl *play) take(n news) {
	switch d := n.data.(type) {
	case trace.Gauge:
		pl.figures[d.Name] = d.Value
	case trace.Block:
		switch {
		case d.On != waiting:
		case !pl.ready:
			pl.ready = true
		default:
			if pl.orders--; pl.orders == 0 {
				pl.s.Say("%s", pl.outcome())
			}
		}
	case nil:
		if pl.err == nil {
			pl.err = pl.ended(n.who)
		}
	}
}

// ended takes note of an end; the master starts another in the place of a worker,
// and of the store.
func (pl *play) ended(who trace.ID) error {
	if pl.leaving[who] || pl.ctx.Err() != nil || demo.Finished(pl.s) {
		return nil
	}
	if who == "client" {
		pl.gone = true
		pl.s.Say("The client has ended: nobody asks any more. R runs it again.")
		return nil
	}
	if pl.store != nil && who == pl.store.ID() {
		pl.s.Say("The store has ended. The hits that it had in hand get no number; its count is in a file, and the master starts another store, which reads it.")
		return pl.opens()
	}
	pl.workers = slices.DeleteFunc(pl.workers, func(p demo.Proc) bool { return p.ID() == who })
	if err := pl.another(); err != nil {
		return err
	}
	next := pl.workers[len(pl.workers)-1]
	if pl.where == shared {
		pl.s.Say("%s has ended. The others go on; the master starts %s, and the store goes on where it was.", who, next.ID())
	} else {
		pl.s.Say("%s has ended, and its count with it. The others go on; the master starts %s, which begins at 1.", who, next.ID())
	}
	return nil
}

func (pl *play) act(a demo.Act) error {
	switch a.Name {
	case "hit":
		if pl.gone {
			pl.s.Say("The client has ended: nobody is there to ask. R runs it again.")
			return nil
		}
		if pl.asked >= 100_000 {
			pl.s.Say("That were %d hits, and enough of them. R runs it again.", pl.asked)
			return nil
		}
		pl.hit()
	case "store":
		if pl.where == shared {
			pl.where = own
			pl.s.Say("From the next round on (h) each worker counts in its own variable again, from where it was.")
			return nil
		}
		pl.where = shared
		if pl.store == nil {
			if err := pl.opens(); err != nil {
				return err
			}
		}
		pl.s.Say("From the next round on (h) each worker asks %s, a process that counts for all.", pl.store.ID())
	case "more":
		if len(pl.workers) == maxWorkers {
			pl.s.Say("%d workers are the most that fit on this stage.", maxWorkers)
			return nil
		}
		if err := pl.another(); err != nil {
			return err
		}
		pl.s.Say("%s accepts on the same socket now. There are %d workers, and nobody told the client.", pl.workers[len(pl.workers)-1].ID(), len(pl.workers))
	case "fewer":
		if len(pl.workers) == 1 {
			pl.s.Say("It is the last worker, and stays.")
			return nil
		}
		last := pl.workers[len(pl.workers)-1]
		pl.leaving[last.ID()] = true
		pl.workers = pl.workers[:len(pl.workers)-1]
		pl.s.Say("%s is asked to end (SIGTERM) once it has answered. Its own count goes with it.", last.ID())
		if err := last.Signal(demo.SigTerm); err != nil && pl.ctx.Err() == nil {
			return nil // it has ended by itself
		}
	}
	return nil
}

// outcome is what came of the hits so far, in a sentence.
func (pl *play) outcome() string {
	n := func(name string) int { return int(pl.figures[name]) }
	text := fmt.Sprintf("%s answered, and the largest reply is %d", demo.Plural(n("hits"), "hit"), n("largest-reply"))
	switch {
	case n("hits") == 0:
		text = "No hit was answered"
	case pl.counted == shared:
		text += ": one counter for all"
	case n("largest-reply") < n("hits"):
		text += ": each worker counts what it answers, and nobody counts all"
	}
	if w := n("wrong-replies"); w > 0 {
		text += fmt.Sprintf("; %s a number that cannot be right", count(w, "reply has", "replies have"))
	}
	if u := n("unanswered"); u > 0 {
		text += fmt.Sprintf("; %s no number", count(u, "hit got", "hits got"))
	}
	return text + "."
}

func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// close sums up and lets everybody go; who cannot, since it is stopped, is ended
// by the stage.
func (pl *play) close() error {
	pl.s.Verdict(true, "%s", pl.outcome())
	all := append(slices.Clone(pl.workers), pl.client)
	pl.client.CloseSend()
	if pl.store != nil {
		all = append(all, pl.store)
	}
	for _, p := range all {
		if p != pl.client {
			p.Signal(demo.SigTerm)
		}
	}
	late := time.After(2 * time.Second)
	for _, p := range all {
		if p.State() == trace.Stopped {
			continue
		}
		select {
		case <-p.Exited():
		case <-late:
			return nil
		case <-pl.ctx.Done():
			return pl.ctx.Err()
		}
	}
	return nil
}
