package shutdown

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"edu/procession/demos/demo"
	"edu/procession/demos/trace"
)

// until takes what happens until ok says so, nil for never, or d has passed, or
// the learner has finished.
func (pl *play) until(ok func() bool, d time.Duration) error {
	return demo.Loop[news]{Stage: pl.s, News: pl.news, Take: pl.take, Look: pl.look, Act: pl.act}.Until(pl.ctx, ok, d)
}

func (pl *play) act(a demo.Act) error {
	switch {
	case a.Name == "ctrl-c" && pl.exit != nil:
		pl.s.Say("The server has ended. r starts another, when its workers have ended too.")
	case a.Name == "ctrl-c":
		pl.struck = 0
		return pl.strike("ctrl-c")
	case a.Name == "again" && !pl.over:
		pl.s.Say("Not yet: the server or one of its workers is still there.")
	case a.Name == "again":
		return pl.open()
	}
	return nil
}

// enough refusals make the client give up.
const enough = 5

// ahead is how many tasks the client has under way beyond one for each worker: so
// many wait in the server most of the time.
const ahead = 3

// look sends the client's next task, and sums up when all have ended.
func (pl *play) look() {
	if pl.exit == nil && pl.count(trace.KindTaskFail) < enough && pl.count(0) < pl.workers+ahead {
		n := pl.next
		pl.next++
		pl.tasks[n] = &task{server: pl.serial}
		pl.s.Emit("", trace.Task{Is: trace.KindTaskNew, Task: n})
		pl.server.Send(fmt.Sprint(n)) // an error is the server's end, which will be heard of
	}
	if pl.exit == nil || pl.over {
		return
	}
	// What a process reported last may be heard after its end.
	pl.settled++
	if !pl.orphans {
		pl.orphans = true
		switch n := len(pl.live); n {
		case 0:
			pl.s.Say("%s has waited for all its workers and ended with %s.", pl.server.ID(), ending(*pl.exit))
		case 1:
			pl.s.Say("%s ended with %s and waited for nobody. One worker is left, as an orphan.", pl.server.ID(), ending(*pl.exit))
		default:
			pl.s.Say("%s ended with %s and waited for nobody. %d workers are left, as orphans.", pl.server.ID(), ending(*pl.exit), n)
		}
	}
	if len(pl.live) == 0 && pl.settled > 5 {
		pl.sum()
	}
}

// count is how many of this server's tasks are in a state; 0: not answered.
func (pl *play) count(state trace.Kind) (n int) {
	for _, t := range pl.tasks {
		if t.server == pl.serial && t.state == state {
			n++
		}
	}
	return n
}

// What the server says of itself, which the play goes by.
const (
	started  = "started "
	caught   = "caught SIG"
	escalate = "SIGKILL to "
)

func (pl *play) take(n news) {
	switch d := n.data.(type) {
	case nil:
		pl.ended(n.who)
	case trace.Task:
		pl.took(d)
	case trace.Item:
		if n, err := strconv.Atoi(d.Item); err == nil && pl.tasks[n] != nil {
			pl.tasks[n].accepted = true
		}
	case trace.Say:
		if name, ok := strings.CutPrefix(d.Text, started); ok {
			if p, ok := pl.s.Proc(trace.ID(name)); ok {
				pl.live[p.ID()] = true
				pl.hired++
				pl.watch(p.ID(), p)
			}
		}
		if sig, ok := strings.CutPrefix(d.Text, caught); ok {
			if pl.struck == 0 {
				pl.struck, pl.by = pl.s.Now(), "SIG"+sig
			}
			pl.s.Say("%s caught SIG%s: it takes no more tasks, lets what it has accepted be finished, then sends its workers SIGTERM.", n.who, sig)
		}
		if name, ok := strings.CutPrefix(d.Text, escalate); ok {
			pl.kills++
			pl.s.Gauge("escalations", float64(pl.kills), "")
			pl.s.Say("%s is still there after %v of grace. The server sends it SIGKILL, which nobody can ignore.", name, pl.grace)
		}
	}
}

// took notes what became of a task.
func (pl *play) took(d trace.Task) {
	t := pl.tasks[d.Task]
	if t == nil {
		return
	}
	switch d.Is {
	case trace.KindTaskDone, trace.KindTaskFail, trace.KindTaskLost:
		t.state = d.Is
		pl.tell()
	}
}

func (pl *play) tell() {
	pl.s.Gauge("done", float64(pl.count(trace.KindTaskDone)), "")
	pl.s.Gauge("refused", float64(pl.count(trace.KindTaskFail)), "")
	pl.s.Gauge("lost", float64(pl.count(trace.KindTaskLost)), "")
}

// ended notes the end of a process.
func (pl *play) ended(who trace.ID) {
	p, ok := pl.s.Proc(who)
	if !ok {
		return
	}
	x, _ := p.Wait(context.Background()) // it has ended: this does not wait
	pl.last, pl.settled = pl.s.Now(), 0
	if who != pl.server.ID() {
		delete(pl.live, who)
		return
	}
	pl.exit = &x
	pl.s.Gauge("exit-code", float64(demo.PythonCode(x)), "")
	if pl.struck == 0 {
		pl.struck, pl.by = pl.s.Now(), "its own end"
		if x.Signal != "" {
			pl.by = "SIG" + x.Signal
		}
	}
}

// sum counts what came of it all.
func (pl *play) sum() {
	pl.over = true
	for n, t := range pl.tasks {
		if t.server == pl.serial && t.state == 0 {
			d := trace.Task{Is: trace.KindTaskLost, Task: n, Note: "accepted, and never answered"}
			if !t.accepted {
				d.Is, d.Note = trace.KindTaskFail, "not accepted: the server was gone"
			}
			t.state = d.Is
			pl.s.Emit("", d)
		}
	}
	pl.tell()
	took := max(pl.last-pl.struck, 0)
	pl.s.Gauge("last-exit", took.Seconds(), "s")
	pl.told = fmt.Sprintf("%s: %d done, %d lost, %d refused; the server ended with %s; workers that had to be killed: %d.",
		pl.by, pl.count(trace.KindTaskDone), pl.count(trace.KindTaskLost), pl.count(trace.KindTaskFail), ending(*pl.exit), pl.kills)
	again := ""
	if pl.s.Attended() {
		again = " r starts another server."
	}
	pl.s.Say("%s The last process ended %.2f s after the signal.%s", pl.told, took.Seconds(), again)
	pl.server.Reap(pl.ctx)
}

// ending is how a process ended, with what Python and a shell make of a signal.
func ending(x trace.Exit) string {
	if n := demo.PythonCode(x); n < 0 {
		return fmt.Sprintf("%s (%d to Python, %d to a shell)", x, n, 128-n)
	}
	return x.String()
}
