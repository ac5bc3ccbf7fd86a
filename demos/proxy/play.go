package proxy

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"edu/procession/demos/demo"
	"edu/procession/demos/internal/sock"
	"edu/procession/demos/trace"
)

var clients = []trace.ID{"client-1", "client-2"}

// play is the state of one run. Only the goroutine of Play touches it; the
// others send news.
type play struct {
	s       demo.Stage
	news    chan news
	over    chan struct{}
	manager demo.Proc
	procs   []demo.Proc // the clients
	idle    []bool      // whether each is through with its orders
	ended   []bool
	gone    bool   // the manager has ended
	items   int    // appended so far
	notes   string // the list, by the manager's word
	hits    string // the counter, as client-1 got it
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
		case trace.Block, trace.Listen, trace.Belief:
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

// begin brings the manager and its clients on stage.
func (pl *play) begin(ctx context.Context) error {
	var theirs, managers []*os.File
	defer func() {
		for _, f := range append(theirs, managers...) {
			f.Close()
		}
	}()
	if sock.Raw {
		for range clients {
			a, b, err := sock.Pair()
			if err != nil {
				return err
			}
			theirs, managers = append(theirs, a), append(managers, b)
		}
	}
	key := string(sock.NewKey())
	pl.s.Say("A manager that owns a list and a counter comes on stage, and two clients that hold proxies for them.")
	var err error
	names := string(clients[0]) + "," + string(clients[1])
	if pl.manager, err = pl.spawn(ctx, demo.Spec{Role: "manager", Name: "manager", Files: managers, Args: map[string]string{"key": key, "clients": names}}); err != nil {
		return err
	}
	at := ""
	for at == "" {
		select {
		case n := <-pl.news:
			if l, ok := n.data.(trace.Listen); ok {
				at = l.Addr
			} else if n.data == nil {
				return fmt.Errorf("the manager ended before it took connections")
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	for i, name := range clients {
		spec := demo.Spec{Role: "client", Name: name, Args: map[string]string{"key": key, "at": at}}
		if sock.Raw {
			spec.Files = theirs[i : i+1]
		}
		p, err := pl.spawn(ctx, spec)
		if err != nil {
			return err
		}
		pl.procs, pl.idle, pl.ended = append(pl.procs, p), append(pl.idle, false), append(pl.ended, false)
		if err := pl.through(ctx, demo.ForEver); err != nil { // connected, so they connect in order
			return err
		}
	}
	return nil
}

func (pl *play) take(n news) {
	i := -1
	for j, c := range clients {
		if c == n.who {
			i = j
		}
	}
	switch d := n.data.(type) {
	case nil:
		if i >= 0 {
			pl.ended[i] = true
			pl.s.Say("%s has ended. The manager and its objects do not mind: they are not of that process.", n.who)
			return
		}
		pl.gone = true
		pl.s.Say("The manager has ended, and the list and the counter with it. The clients still hold proxies: proxies for nothing.")
	case trace.Block:
		if i >= 0 && i < len(pl.idle) {
			pl.idle[i] = d.On == waiting
		}
	case trace.Belief:
		if n.who == "manager" && d.About == "notes" {
			pl.notes = d.Is
		}
		if n.who == clients[0] && d.About == "hits" {
			pl.hits, _, _ = strings.Cut(d.Is, " ")
		}
	}
}

func (pl *play) until(ctx context.Context, ok func() bool, d time.Duration) error {
	return demo.Loop[news]{Stage: pl.s, News: pl.news, Take: pl.take, Look: func() {}, Act: func(a demo.Act) error { return pl.act(ctx, a) }}.Until(ctx, ok, d)
}

// busy says that a client that lives is at an order.
func (pl *play) busy() bool {
	for i := range pl.idle {
		if !pl.idle[i] && !pl.ended[i] {
			return true
		}
	}
	return false
}

// through waits until every client is through with its orders. It does not take
// actions: what a key asks for comes after.
func (pl *play) through(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	for pl.busy() {
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

func (pl *play) order(i int, format string, args ...any) {
	if !pl.ended[i] && pl.procs[i].Send(fmt.Sprintf(format, args...)) == nil {
		pl.idle[i] = false
	}
}

func (pl *play) act(ctx context.Context, a demo.Act) error {
	if err := pl.through(ctx, time.Second); err != nil { // the log, which the learner sees, may be ahead of us
		return err
	}
	if pl.busy() {
		pl.s.Say("A client is still at its last order: somebody is stopped, or it takes long. Try again when it is through.")
		return nil
	}
	if pl.gone && a.Name != "measure" {
		pl.s.Say("There is no manager any more. Each request ends with end of file, which at least is an answer: across machines there may be none.")
	}
	switch a.Name {
	case "copy":
		pl.copy()
	case "append":
		pl.appends()
	case "count":
		return pl.count(ctx)
	case "measure":
		pl.measure()
	}
	return nil
}

func (pl *play) copy() {
	pl.items++
	if !pl.gone {
		pl.s.Say("client-1 gets the list and appends %d to what came. That is a copy: look at what the manager holds.", pl.items)
	}
	pl.order(0, "copy %d", pl.items)
}

func (pl *play) appends() {
	pl.items++
	if !pl.gone {
		pl.s.Say("client-1 asks the manager to append %d. One crossing, and the list itself is changed.", pl.items)
	}
	pl.order(0, "append %d", pl.items)
}

func (pl *play) measure() {
	pl.s.Say("client-1 times operations: on a map of its own, through a proxy over a Unix socket, through one over TCP on loopback.")
	pl.order(0, "measure %s", pl.s.Param("ops"))
}

// count has both clients count up at once, by get and put and then by add.
func (pl *play) count(ctx context.Context) error {
	n := demo.IntParam(pl.s, "counts")
	for _, how := range []string{"count", "add"} {
		before, ok, err := pl.counter(ctx)
		if !ok || err != nil {
			return err
		}
		if how == "count" {
			pl.s.Say("Both clients count up %d times: get, add one, put. Each get and each put is right, and the manager serves one at a time.", n)
		} else {
			pl.s.Say("Now both ask the manager to add one, %d times each.", n)
		}
		for i := range pl.procs {
			pl.order(i, "%s %d", how, n)
		}
		if err := pl.through(ctx, demo.ForEver); err != nil || demo.Finished(pl.s) {
			return err
		}
		after, ok, err := pl.counter(ctx)
		if !ok || err != nil {
			return err
		}
		lost := 2*n - (after - before)
		if how == "count" {
			pl.s.Gauge("lost-updates", float64(lost), "")
			pl.s.Say("%d counts were made by get and put, and %s.", 2*n, outcome(lost))
		} else {
			pl.s.Gauge("lost-adds", float64(lost), "")
			pl.s.Say("%d counts were made by add, and %s.", 2*n, outcome(lost))
		}
		pl.s.Sleep(ctx, 2500*time.Millisecond)
	}
	return nil
}

func outcome(lost int) string {
	if lost == 0 {
		return "none is missing"
	}
	return strconv.Itoa(lost) + " of them are missing: between a client's get and its put the other had been there"
}

// counter asks for the counter, through client-1; false where nobody answers.
func (pl *play) counter(ctx context.Context) (int, bool, error) {
	pl.hits = ""
	pl.order(0, "hits")
	err := pl.through(ctx, demo.ForEver)
	n, bad := strconv.Atoi(pl.hits)
	return n, bad == nil, err
}

// attended plays what the keys ask for.
func (pl *play) attended(ctx context.Context) error {
	pl.measure()
	if err := pl.until(ctx, nil, pl.end()); err != nil {
		return err
	}
	return pl.close(ctx)
}

// end is how long a scripted play goes on.
func (pl *play) end() time.Duration {
	if pl.s.Attended() {
		return demo.ForEver
	}
	return pl.s.ScriptEnd() - pl.s.Now() + pl.s.Pace().Scale(3*time.Second)
}

// alone plays everything once.
func (pl *play) alone(ctx context.Context) error {
	for _, do := range []func(){pl.measure, pl.copy, pl.appends} {
		do()
		if err := pl.through(ctx, demo.ForEver); err != nil {
			return err
		}
		pl.s.Sleep(ctx, 2*time.Second)
	}
	if err := pl.count(ctx); err != nil {
		return err
	}
	return pl.close(ctx)
}

// close lets the clients end, and with the last of them the manager; who cannot,
// since it is stopped, is ended by the stage.
func (pl *play) close(ctx context.Context) error {
	if pl.gone {
		pl.s.Verdict(true, "the manager has ended, and what it owned with it")
	} else {
		pl.s.Verdict(true, "%s appended by client-1, and the manager's list is %s", demo.Plural(pl.items, "item"), pl.notes)
	}
	for _, p := range pl.procs {
		p.CloseSend()
	}
	late := time.After(2 * time.Second)
	for _, p := range append(pl.procs, pl.manager) {
		select {
		case <-p.Exited():
		case <-late:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}
