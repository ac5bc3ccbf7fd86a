package call

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"strings"
	"sync"
	"time"

	"edu/procession/demos/demo"
	"edu/procession/demos/internal/sock"
	"edu/procession/demos/trace"
)

// play is the state of one run. Only the goroutine of Play touches it; the
// others send news.
type play struct {
	s    demo.Stage
	net  demo.Links
	key  sock.Key
	news chan news
	over chan struct{}
	shut sync.Once

	caller   demo.Proc
	held     bool       // the caller is stopped
	orders   *os.File   // to the caller
	doors    *sock.Conn // to hand connections to the caller; nil where that cannot be
	dead     *trace.Exit
	lines    []*wire
	median   map[string]float64
	measured string // what was measured last, or failed to be
	tells    bool   // captions follow what happens, rather than a script

	calls   uint64
	unknown int
	lost    int           // of them, those whose callee has ended
	ran     int           // of those, the ones that had been executed
	views   []string      // and what the caller got instead of replies
	told    time.Duration // the slowest

	delay      time.Duration // of the node, each way
	stale      bool          // it is another than that which was measured
	remeasures bool          // it is being measured at its new one
}

// wire is a way as the play knows it: the callee of now, and the call under way.
type wire struct {
	by     way
	serial int // of callees
	callee *calleeOnStage
	taken  bool // the caller has the connection
	call   *slowCall
}

// calleeOnStage is a callee with its ledger.
type calleeOnStage struct {
	name    trace.ID
	p       demo.Proc
	at      string // where it listens
	call    uint64 // that the ledger speaks of last
	step    step   // and how far it came
	closed  bool   // the ledger's end was read: no more will come
	exit    *trace.Exit
	ended   time.Duration
	killed  time.Duration // when the play sent SIGKILL, 0 for never
	stopped bool
}

// slowCall is a call as the caller sees it, beside what its callee's ledger says.
type slowCall struct {
	id     uint64
	callee *calleeOnStage
	view   view
	how    string // lost: what came instead of a reply
	at     time.Duration
	quoted bool // both views were shown
}

// view is what the caller knows of a call.
type view uint8

const (
	pending view = iota // it waits
	replyIn             // the reply came in time
	lost                // the connection ended instead
	silent              // nothing came in time
	late                // the reply came after that
	unsent              // it could not be sent
)

// String is the view's word.
func (v view) String() string {
	return [...]string{"pending", "reply", "lost", "silent", "late", "unsent"}[v]
}

// news is what the caller or a ledger says, or what became of a process.
type news struct {
	of     *calleeOnStage // nil: of the caller
	words  []string       // a line
	closed bool           // the ledger has ended
	exit   *trace.Exit
}

func newPlay(s demo.Stage) *play {
	pl := &play{s: s, net: s.Links(node), key: sock.NewKey(), news: make(chan news, 64), over: make(chan struct{}), median: map[string]float64{}}
	for _, by := range ways() {
		pl.lines = append(pl.lines, &wire{by: by})
	}
	return pl
}

// close ends the goroutines that send news, and the orders.
func (pl *play) close() {
	pl.shut.Do(func() { close(pl.over) })
	pl.net.Close()
	if pl.orders != nil {
		pl.orders.Close()
	}
	if pl.doors != nil {
		pl.doors.Close()
	}
}

func (pl *play) send(n news) {
	select {
	case pl.news <- n:
	case <-pl.over:
	}
}

func (pl *play) order(format string, args ...any) { fmt.Fprintf(pl.orders, format+"\n", args...) }

// listen sends what comes from a file as news, and then its end.
func (pl *play) listen(f *os.File, of *calleeOnStage) {
	defer f.Close()
	for sc := bufio.NewScanner(f); sc.Scan(); {
		if w := strings.Fields(sc.Text()); len(w) > 0 {
			pl.send(news{of: of, words: w})
		}
	}
	if of != nil {
		pl.send(news{of: of, closed: true})
	}
}

// mourn sends the end of a process as news.
func (pl *play) mourn(ctx context.Context, p demo.Proc, of *calleeOnStage) {
	select {
	case <-p.Exited():
		x, _ := p.Wait(ctx)
		pl.send(news{of: of, exit: &x})
	case <-pl.over:
	}
}

// files are both ends of pipes and sockets that are to be given away.
type files []*os.File

func (f *files) pipe() (r, w *os.File, err error) {
	if r, w, err = os.Pipe(); err == nil {
		*f = append(*f, r, w)
	}
	return r, w, err
}

func (f *files) pair() (a, b *os.File, err error) {
	if a, b, err = sock.Pair(); err == nil {
		*f = append(*f, a, b)
	}
	return a, b, err
}

// keep takes a file out of those that close closes.
func (f *files) keep(mine *os.File) *os.File {
	for i, x := range *f {
		if x == mine {
			(*f)[i] = nil
		}
	}
	return mine
}

func (f *files) close() {
	for _, x := range *f {
		if x != nil {
			x.Close()
		}
	}
}

// begin brings the caller and its callees on stage.
func (pl *play) begin(ctx context.Context) error {
	var fs files
	defer fs.close()
	orders, toOrders, err := fs.pipe()
	if err != nil {
		return err
	}
	facts, toFacts, err := fs.pipe()
	if err != nil {
		return err
	}
	theirs := []*os.File{orders, toFacts}
	if sock.Raw {
		a, b, err := fs.pair()
		if err != nil {
			return err
		}
		theirs = append(theirs, a)
		pl.doors = sock.Socket(fs.keep(b))
	}
	pl.orders = fs.keep(toOrders)
	pl.s.Say("A caller, and a callee for each way that needs one, come on stage.")
	pl.caller, err = pl.s.Spawn(ctx, demo.Spec{Role: "caller", Name: "caller", Files: theirs,
		Args: map[string]string{"key": string(pl.key), "timeout": pl.timeout().String()}})
	if err != nil {
		return err
	}
	go pl.listen(fs.keep(facts), nil)
	go pl.mourn(ctx, pl.caller, nil)
	for _, l := range pl.lines {
		if err := pl.engage(ctx, l); err != nil {
			return err
		}
	}
	return nil
}

// timeout is what the caller grants a slow call: at Fast too, enough for a busy
// machine.
func (pl *play) timeout() time.Duration {
	return max(pl.s.Pace().Scale(demo.DurationParam(pl.s, "timeout")), 300*time.Millisecond)
}

// startup is how long a new callee may take to be at work; it takes milliseconds.
const startup = 10 * time.Second

// engage starts a callee for a way and gives the caller the connection to it.
func (pl *play) engage(ctx context.Context, l *wire) error {
	var fs files
	defer fs.close() // what both ends have by then, so that an end of file comes through
	l.serial++
	c := &calleeOnStage{name: l.by.callee()}
	if l.serial > 1 {
		c.name = trace.ID(fmt.Sprintf("%s-%d", c.name, l.serial))
	}
	ledger, toLedger, err := fs.pipe()
	if err != nil {
		return err
	}
	theirs, callers := []*os.File{toLedger}, []*os.File(nil)
	switch l.by {
	case pipe:
		calls, toCalls, err := fs.pipe()
		if err != nil {
			return err
		}
		replies, toReplies, err := fs.pipe()
		if err != nil {
			return err
		}
		theirs, callers = append(theirs, calls, toReplies), []*os.File{replies, toCalls}
	case unix:
		a, b, err := fs.pair()
		if err != nil {
			return err
		}
		theirs, callers = append(theirs, a), []*os.File{b}
	}
	spec := demo.Spec{Role: "callee", Name: c.name, Files: theirs,
		Args: map[string]string{"way": string(l.by), "key": string(pl.key), "at": "127.0.0.1:0"}}
	if l.by == far {
		spec.Node, spec.Args["at"] = string(node), pl.net.Host(node)+":0"
	}
	c.p, err = pl.s.Spawn(ctx, spec)
	if err != nil {
		return err
	}
	l.callee, l.taken, l.call = c, false, nil
	go pl.listen(fs.keep(ledger), c)
	go pl.mourn(ctx, c.p, c)
	fs.closeAll(theirs) // or the ledger would not end with the callee
	if l.by.dials() {
		if err := pl.until(ctx, func() bool { return c.at != "" || c.exit != nil || pl.dead != nil }, startup); err != nil || c.at == "" {
			return err
		}
	} else if err := sock.SendFiles(pl.doors, callers...); err != nil {
		return fmt.Errorf("to hand the %s to the caller: %w", l.by, err)
	}
	at := c.at
	if l.by == far {
		if at, err = pl.net.Link("caller", node, c.at); err != nil {
			return err
		}
		if pl.delay == 0 {
			pl.distance(pl.s.Pace().Scale(demo.DurationParam(pl.s, "delay")))
		}
	}
	pl.order("take %s %s %s", l.by, c.name, cmp(at, "-"))
	return pl.until(ctx, func() bool { return l.taken || c.exit != nil || pl.dead != nil }, startup)
}

// closeAll closes some of the files now.
func (f *files) closeAll(some []*os.File) {
	for _, x := range some {
		f.keep(x).Close()
	}
}

func cmp(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// free says that a call by this way can be made now.
func (l *wire) free() bool {
	return l.taken && l.callee.exit == nil && (l.call == nil || l.call.view != pending && l.call.view != silent)
}

// call has the caller make a slow call by some ways, to be held at a step.
func (pl *play) call(hold step, by ...*wire) (x int64) {
	pl.calls++
	x = int64(2 + pl.s.Rand().IntN(98))
	words := ""
	for _, l := range by {
		l.call = &slowCall{id: pl.calls, callee: l.callee}
		words += " " + string(l.by)
	}
	if words != "" {
		pl.order("call %d %d %s%s", pl.calls, x, hold, words)
	}
	return x
}

// round is a call by these ways, and by the two that need no callee.
func (pl *play) round(by ...*wire) {
	x := pl.call(unread, by...)
	pl.order("here %d %d", pl.calls, x)
}
