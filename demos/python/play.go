package python

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"edu/procession/demos/demo"
)

// play is one run of a program.
type play struct {
	s      demo.Stage
	c      *cast
	in     Interpreter
	p      program
	dir    string
	main   demo.Proc
	why    string // it was ended by us; empty: it ended
	wished bool   // the learner, or the schedule, ended it
}

func (p *play) run(ctx context.Context) error {
	defer p.c.unmark()
	file := filepath.Base(p.p.path)
	free := ""
	if !p.in.Locked {
		free = " (free-threaded: no interpreter lock)"
	}
	p.s.Say("Python %s%s runs %s. It starts its processes by %s unless it says otherwise.", p.in.Version, free, file, p.method())
	args, err := demo.Split(p.s.Param("args"))
	if err != nil {
		return err
	}
	started := time.Now()
	main, err := p.s.Spawn(ctx, demo.Spec{
		Role: "python", Name: "main", Unreaped: true, // so that its process group is its own until the end
		Program: &demo.Program{
			Path: p.in.Path, Args: append([]string{p.p.path}, args...),
			Env: p.p.environment(p.s, p.dir), Dir: p.start(), Line: p.c.line,
		},
	})
	if err != nil {
		return fmt.Errorf("%s did not start: %w", file, err)
	}
	p.main = main
	p.c.mu.Lock()
	p.c.main, p.c.who[main.PID()], p.c.procs[main.PID()] = main.PID(), "main", main
	p.c.mu.Unlock()
	go p.c.mourn(main)
	p.s.Gauge("start", float64(main.Took())/1e6, "ms")
	began := started.Add(main.Took())

	if p.s.Stepping() {
		go p.s.Watch(ctx)
	}
	p.attend(ctx)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	took := time.Since(began)
	p.hearOut(ctx)
	p.c.unmark() // its pipe ends now, and the stage may settle
	p.measure(took)
	p.judge(file)
	p.main.Reap(ctx)
	return nil
}

func (p *play) method() string {
	if m := p.s.Param("start"); m != "" {
		return m
	}
	return p.in.Method
}

// start is where the program starts: a listing in its own folder, a learner's
// file where the learner is.
func (p *play) start() string {
	if p.p.ours {
		return p.p.home
	}
	return ""
}

// How often the kernel's tables are looked at, and how long a process that is
// found there may take to say its name.
const (
	looking = 40 * time.Millisecond
	naming  = 200 * time.Millisecond
	leaving = 2 * time.Second // for those that outlive the program
)

// attend looks after the program until it has ended.
func (p *play) attend(ctx context.Context) {
	tick := time.NewTicker(looking)
	defer tick.Stop()
	var limit <-chan time.Time
	if d := p.limit(); d > 0 {
		limit = time.After(d)
	}
	most := demo.IntParam(p.s, "processes")
	for {
		select {
		case <-tick.C:
			if n := p.c.look(most); n > most {
				p.end(tooMany(most))
				return
			}
		case a := <-p.s.Actions():
			if a.Name == interrupt.Name {
				p.s.Say("SIGINT goes to every process of the program, as Ctrl+C in a terminal sends it.")
				interruptGroup(p.main.PID())
			}
		case <-limit:
			p.end(fmt.Sprintf("it was still running after %v and was ended", p.limit()))
			return
		case <-p.s.Finished():
			p.wished = true
			if p.s.Stepping() && !p.s.Attended() {
				p.end("its schedule came to its end here")
			} else {
				p.end("it was ended at your wish")
			}
			return
		case <-p.main.Exited():
			p.c.look(most)
			p.leave(ctx)
			return
		case <-ctx.Done():
			return
		}
	}
}

// limit is how long the program may run, 0 for as long as it likes.
func (p *play) limit() time.Duration {
	if v := p.s.Param("limit"); v != "" {
		d, _ := time.ParseDuration(v)
		return d
	}
	if p.s.Attended() {
		return 0
	}
	return time.Minute
}

func tooMany(most int) string {
	return fmt.Sprintf("it had more than %d processes at once and was ended", most)
}

// end ends the program, at once.
func (p *play) end(why string) {
	p.why = why
	killGroup(p.main.PID())
	p.main.Signal(demo.SigKill)
	select {
	case <-p.main.Exited():
	case <-time.After(leaving):
	}
}

// leave waits a while for those that outlive the program.
func (p *play) leave(ctx context.Context) {
	end := time.After(leaving)
	told := false
	for n := 0; ; n++ {
		left := p.c.alive()
		if len(left) == 0 {
			return
		}
		if n > 5 && !told {
			told = true
			p.s.Say("The program has ended, and not all that it started: %s. The parent of these orphans is now the warden.", strings.Join(left, ", "))
		}
		select {
		case <-time.After(looking):
			p.c.look(1 << 20)
		case <-end:
			p.s.Say("%s did not end by itself; what a run starts ends with it.", strings.Join(left, ", "))
			return
		case <-ctx.Done():
			return
		}
	}
}

// hearOut waits until all has been heard that the program said before its end.
func (p *play) hearOut(ctx context.Context) {
	select {
	case <-p.c.over:
	case <-time.After(leaving):
	case <-ctx.Done():
	}
}

// unmark lets go of the program's pipe, which ends with the last of its writers.
func (c *cast) unmark() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.deaf = true
	if c.marks != nil {
		c.marks.Close()
		c.marks = nil
	}
}

// measure reports the numbers of the run.
func (p *play) measure(took time.Duration) {
	p.c.mu.Lock()
	defer p.c.mu.Unlock()
	p.s.Gauge("run", took.Seconds(), "s")
	p.s.Gauge("processes", float64(p.c.most), "")
	p.s.Gauge("tasks", float64(p.c.done), "")
	p.s.Gauge("failed", float64(p.c.failed), "")
	if p.c.done > 0 {
		p.s.Gauge("task", float64(p.c.tookAll)/float64(p.c.done)/1e6, "ms")
	}
}

// judge says how it came out: the program's own fate, and the first exception.
func (p *play) judge(file string) {
	x, _ := p.main.Wait(context.Background())
	p.c.mu.Lock()
	defer p.c.mu.Unlock()
	text := file + " ended with " + x.String()
	ok := x.Code == 0 && x.Signal == ""
	if p.c.bomb > 0 {
		p.why = tooMany(demo.IntParam(p.s, "processes"))
	}
	if p.why != "" {
		text, ok = file+": "+p.why, p.wished
	}
	if e, found := p.c.blame(); found && !ok {
		text += "; " + e.Error
		if len(e.At) > 0 {
			text += " (" + strings.Join(e.At, " → ") + ")"
		}
	}
	if lost := len(p.c.gone); lost > 0 {
		text += fmt.Sprintf("; %s lost", demo.Plural(lost, "task"))
	}
	p.s.Verdict(ok, "%s", text)
}

// blame is the exception that tells most: the main process's, or else the last.
func (c *cast) blame() (e line, found bool) {
	for _, e = range c.errors {
		if e.Name == "" {
			return e, true
		}
	}
	return e, len(c.errors) > 0
}

// look finds processes in the kernel's tables, names those that have said nothing
// for a while, and returns how many there are.
func (c *cast) look(most int) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	n, now := 0, time.Now()
	seen := map[int]bool{}
	var visit func(pid int)
	visit = func(pid int) {
		for _, child := range children(pid) {
			if seen[child] || n > most {
				continue
			}
			seen[child] = true
			n++
			if !c.known(child) {
				since, ok := c.found[child]
				if !ok {
					c.found[child] = now
				}
				if k := kind(child, commandLine(pid)); k != "" || ok && now.Sub(since) > naming {
					c.adopt(child, "", k, "")
				}
			}
			visit(child)
		}
	}
	visit(c.main)
	for pid := range c.who { // those whose parent has ended are nobody's children but the warden's
		if pid != c.main && !seen[pid] && parentOf(pid) != 0 {
			seen[pid] = true
			n++
			visit(pid)
		}
	}
	c.most = max(c.most, n+1)
	return n + 1
}

// alive names those but the main process that have not ended.
func (c *cast) alive() (names []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for pid, id := range c.who {
		if pid != c.main && parentOf(pid) != 0 {
			names = append(names, string(id))
		}
	}
	return names
}

// release lets a process go that waits at a gate: it reads from a FIFO.
func (c *cast) release(pid int) func() {
	dir, err := c.s.Dir()
	return func() {
		if err != nil {
			return
		}
		f, err := os.OpenFile(filepath.Join(dir, fmt.Sprintf("gate-%d", pid)), os.O_WRONLY|syscall.O_NONBLOCK, 0)
		if err != nil {
			return // it was killed just now
		}
		defer f.Close()
		f.Write([]byte{1})
	}
}
