package unasked

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

// patience is how long a play takes at most where nobody is at the keys.
const patience = 60 * time.Second

// theParent is who asks: this program.
const theParent trace.ID = "parent"

// play is one run.
type play struct {
	s        demo.Stage
	tasks    int      // so far
	fates    []string // of the jobs of a round
	asked    []trace.ID
	happened int
	learnt   map[string]int
}

// Play implements demo.Demo.
func (Demo) Play(ctx context.Context, s demo.Stage) error {
	pl := &play{s: s, learnt: map[string]int{}}
	pl.fates = make([]string, demo.IntParam(s, "jobs"))
	copy(pl.fates, []string{raises, killed, sends, swallowed})
	s.Rand().Shuffle(len(pl.fates), func(i, j int) { pl.fates[i], pl.fates[j] = pl.fates[j], pl.fates[i] })
	limited, cancel := context.WithCancel(ctx)
	if !s.Attended() { // somebody may have been stopped, and nobody will let them go on
		limited, cancel = context.WithTimeout(ctx, patience+s.ScriptEnd())
	}
	defer cancel()
	switch err := pl.rounds(limited); {
	case err == nil:
	case ctx.Err() == nil && limited.Err() != nil:
		s.Verdict(true, "a job had not ended after %v: who waits without a timeout waits for ever", patience)
		return nil
	default:
		return err
	}
	var parts []string
	for _, ask := range ways {
		if n, ok := pl.learnt[ask]; ok {
			parts = append(parts, fmt.Sprintf("%d %s", n, by[ask]))
		}
	}
	if len(parts) == 0 {
		s.Verdict(true, "ended by the learner before a round was over")
		return nil
	}
	s.Verdict(true, "%d of %d jobs failed; the parent learnt of %s", pl.happened, len(pl.fates), strings.Join(parts, ", "))
	return nil
}

// by says how the parent learnt.
var by = map[string]string{
	askNone: "when it asked for nothing", askWait: "by waiting for the ends",
	askCodes: "from the exit statuses", askEach: "by reading each result",
}

func (pl *play) over(ctx context.Context) bool { return ctx.Err() != nil || demo.Finished(pl.s) }

// rounds plays what the settings ask for, and then what the keys do.
func (pl *play) rounds(ctx context.Context) error {
	ask := ways
	if one := pl.s.Param("ask"); one != "all" {
		ask = []string{one}
	}
	for _, a := range ask {
		if pl.over(ctx) {
			break
		}
		if err := pl.round(ctx, a); err != nil {
			return err
		}
	}
	if pl.s.Attended() && !pl.over(ctx) {
		pl.s.Say("Ask yourself: nothing (n), wait for the ends (w), the exit statuses (x), each result (e). What would you have to know?")
	}
	for pl.s.Attended() && !pl.over(ctx) {
		select {
		case a := <-pl.s.Actions():
			if err := pl.round(ctx, a.Name); err != nil {
				return err
			}
		case <-pl.s.Finished():
		case <-ctx.Done():
		}
	}
	return ctx.Err()
}

// believe says what the parent takes to be so of a job.
func (pl *play) believe(about trace.ID, format string, args ...any) {
	pl.s.Emit(theParent, trace.Belief{About: about, Is: fmt.Sprintf(format, args...)})
}

var intro = map[string]string{
	askNone:  "asks for nothing: it goes on with something else.",
	askWait:  "waits for the end of each, as join does, and looks no further.",
	askCodes: "waits for the end of each and looks at its exit status.",
	askEach:  "reads each result, and checks it.",
}

// round starts the jobs and lets the parent ask.
func (pl *play) round(ctx context.Context, ask string) error {
	for _, id := range pl.asked {
		pl.believe(id, "")
	}
	pl.asked = nil
	pl.s.Say("The parent starts %d jobs and %s", len(pl.fates), intro[ask])
	var jobs []*job
	for i, fate := range pl.fates {
		j, err := pl.start(ctx, i+2, fate)
		if err != nil {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			pl.s.Say("A job did not come on stage: %v.", err)
			continue
		}
		jobs = append(jobs, j)
		pl.asked = append(pl.asked, j.p.ID())
		pl.believe(j.p.ID(), "started")
	}
	happened, learnt := 0, 0
	for _, j := range jobs {
		x, out, err := pl.end(ctx, j)
		if err != nil || pl.over(ctx) {
			return err
		}
		why := ""
		switch {
		case out == result(j.n) && x.Code == 0:
			pl.s.Emit(j.p.ID(), trace.Task{Is: trace.KindTaskDone, Task: j.task, Worker: j.p.ID()})
		default:
			happened++
			why = x.String()
			if x.Code == 0 {
				why = "no result"
			}
			if out != "" && out != result(j.n) {
				why = out
			}
			pl.s.Emit(j.p.ID(), trace.Task{Is: trace.KindTaskFail, Task: j.task, Worker: j.p.ID(), Note: why})
		}
		if pl.asks(ask, j, x, out, why) {
			learnt++
		}
	}
	pl.happened, pl.learnt[ask] = happened, learnt
	pl.s.Gauge("jobs", float64(len(jobs)), "")
	pl.s.Gauge("happened", float64(happened), "")
	pl.s.Gauge("learnt-"+ask, float64(learnt), "")
	pl.s.Say("%d of %d jobs have failed. The parent %s, and knows of %d.%s", happened, len(jobs), did[ask], learnt, remark(ask, happened, learnt))
	pl.s.Sleep(ctx, 3*time.Second)
	return ctx.Err()
}

var did = map[string]string{
	askNone: "has asked for nothing", askWait: "knows that all have ended",
	askCodes: "has seen each exit status", askEach: "has read each result",
}

func remark(ask string, happened, learnt int) string {
	switch {
	case learnt == happened:
		return ""
	case ask == askNone:
		return " What a job wrote to standard error is for people: the parent has not read it."
	case ask == askWait:
		return " To have ended is not to have succeeded."
	}
	return " An error that was caught or swallowed ends with exit code 0."
}

// asks lets the parent learn what it asks for, and says whether that told it of a
// failure.
func (pl *play) asks(ask string, j *job, x trace.Exit, out, why string) bool {
	id := j.p.ID()
	switch ask {
	case askWait:
		pl.believe(id, "has ended")
	case askCodes:
		pl.believe(id, "%s", x)
		return x.Code != 0 // -1 for a signal
	case askEach:
		if why != "" {
			pl.believe(id, "failed: %s", why)
			return true
		}
		pl.believe(id, "result %s", out)
	}
	return false
}

// start starts a job.
func (pl *play) start(ctx context.Context, n int, fate string) (*job, error) {
	r, w, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	if fate == "" {
		fate = fine
	}
	j := &job{n: n, task: pl.tasks, fate: fate, out: make(chan string, 1)}
	pl.tasks++
	took := pl.s.Pace().Scale(time.Duration(float64(demo.DurationParam(pl.s, "work")) * (0.5 + pl.s.Rand().Float64())))
	pl.s.Emit("", trace.Task{Is: trace.KindTaskNew, Task: j.task})
	began := make(chan struct{}, 1)
	j.p, err = pl.s.Spawn(ctx, demo.Spec{Role: "job", Files: []*os.File{w},
		Args: map[string]string{"n": strconv.Itoa(n), "task": strconv.Itoa(j.task), "fate": fate, "work": took.String()},
		Heard: func(d trace.Data) {
			if t, ok := d.(trace.Task); ok && t.Is == trace.KindTaskRun {
				began <- struct{}{}
			}
		}})
	w.Close()
	if err != nil {
		r.Close()
		return nil, err
	}
	go read(r, j.out)
	if fate == killed {
		go func() {
			select {
			case <-began:
				pl.s.Sleep(ctx, took/2)
				j.p.Signal(demo.SigKill) // fails only when it has ended
			case <-j.p.Exited():
			}
		}()
	}
	return j, nil
}

// end waits for a job's end, and for that of its pipe: who waits here is the
// program that counts, and the parent only where it asked to.
func (pl *play) end(ctx context.Context, j *job) (x trace.Exit, out string, err error) {
	select {
	case <-j.p.Exited():
	case <-pl.s.Finished():
		return x, "", nil
	case <-ctx.Done():
		return x, "", ctx.Err()
	}
	if x, err = j.p.Wait(ctx); err != nil {
		return x, "", err
	}
	select {
	case out = <-j.out:
	case <-ctx.Done():
		err = ctx.Err()
	}
	return x, out, err
}
