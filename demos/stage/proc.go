package stage

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"edu/procession/demos/demo"
	"edu/procession/demos/stage/warden"
	"edu/procession/demos/trace"
)

// shake is how long a worker may take to its first event.
const shake = 10 * time.Second

// proc is a worker as the stage knows it.
type proc struct {
	r     *run
	id    trace.ID
	pid   int
	tid   int    // of a thread
	host  *host  // whose thread it is; nil of a process
	guest *guest // of what a program started; nil of what the stage did
	spec  demo.Spec
	took  time.Duration
	began time.Time
	ctl   *os.File
	hello chan error     // the outcome of the handshake
	pipes sync.WaitGroup // readers of its output and events

	exited chan struct{}
	gone   chan struct{} // reaped

	mu     sync.Mutex
	state  trace.Letter
	on     string
	held   bool // stopped, and whoever told so tells when it goes on: no need to look
	exit   trace.Exit
	reaped trace.Reaped
	isGone bool
	joined bool // reap as soon as it ends
	look   looker

	events  *ear
	heard   chan struct{} // its events have been read to their end
	gated   bool          // held at a step, by its own word
	next    string        // which
	release func()        // lets it go, where that is not for its control pipe
	stillAs uint64        // the stamp of the first look that found it blocked
	stillAt time.Time
}

var _ demo.Proc = (*proc)(nil)

// Spawn implements demo.Stage.
func (r *run) Spawn(ctx context.Context, spec demo.Spec) (demo.Proc, error) {
	if err := r.ctx.Err(); err != nil {
		return nil, err
	}
	r.gates.spawning.Add(1)
	defer r.gates.wake()
	defer r.gates.spawning.Add(-1)
	p := r.newProc(spec)
	if err := r.name(p); err != nil {
		return nil, err
	}
	start := p.start
	if r.hosts != nil {
		start = p.startThread
	}
	if err := start(ctx); err != nil {
		return nil, fmt.Errorf("%s was not started: %w", p.id, err)
	}
	select {
	case err := <-p.hello:
		if err != nil {
			p.Signal(demo.SigKill)
			return nil, fmt.Errorf("%s: %w", p.id, err)
		}
	case <-time.After(shake):
		p.Signal(demo.SigKill)
		return nil, fmt.Errorf("%s said nothing for %v", p.id, shake)
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-r.ctx.Done():
		return nil, r.ctx.Err()
	}
	return p, nil
}

// name gives the worker its name, which must be new.
func (r *run) name(p *proc) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	p.id = p.spec.Name
	if p.id == "" {
		r.serial[p.spec.Role]++
		p.id = trace.ID(fmt.Sprintf("%s-%d", p.spec.Role, r.serial[p.spec.Role]))
	}
	if _, ok := r.procs[p.id]; ok {
		return fmt.Errorf("there is a process %s already", p.id)
	}
	r.procs[p.id] = p
	return nil
}

// unname gives the name of a worker that was not started back.
func (r *run) unname(p *proc) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.procs, p.id)
}

func (p *proc) start(context.Context) error {
	r := p.r
	role := r.info.Name + "/" + p.spec.Role
	theirs, mine, err := pipes(true, true, true, false) // stdout, stderr, events, control
	defer shut(theirs)
	fail := func(err error) error {
		shut(mine)
		r.unname(p)
		return err
	}
	if err != nil {
		return fail(err)
	}
	if p.events, err = newEar(mine[2]); err != nil {
		return fail(err)
	}
	extra := append([]*os.File{theirs[2], theirs[3], r.lifeR}, p.spec.Files...)
	files := append([]*os.File{r.null, theirs[0], theirs[1]}, extra...)
	about := p.about()
	about.FDs = envFiles(extra)
	spec, err := json.Marshal(about)
	if err != nil {
		return fail(err)
	}
	path, err := self()
	if err != nil {
		return fail(err)
	}
	run := []string{demo.EnvRole + "=" + role, demo.EnvToken + "=" + r.rec.Header().Token}
	what := warden.Spawn{Path: path, Argv: []string{"procession: " + string(p.id)}, Env: append(append(cleanEnv(), run...), demo.EnvSpec+"="+string(spec))}
	if g := p.spec.Program; g != nil {
		what = warden.Spawn{Path: g.Path, Argv: append([]string{g.Path}, g.Args...), Env: append(slices.Clip(g.Env), run...), Dir: g.Dir}
	}
	if r.Apart() && p.spec.Node != "" {
		what.Node = p.spec.Node
		if err := r.spawn.node(what.Node, r.addrOf(what.Node)); err != nil {
			return fail(err)
		}
	}
	pid, err := r.spawn.spawn(what, files)
	if err != nil {
		return fail(err)
	}
	p.ctl = mine[3]
	p.exists(pid)
	p.pipes.Add(3)
	go p.hear(mine[2], role)
	go p.capture(mine[0], "stdout")
	go p.capture(mine[1], "stderr")
	return nil
}

// exists notes that the process was started.
func (p *proc) exists(pid int) {
	r := p.r
	r.noting.Lock()
	defer r.noting.Unlock()
	p.pid = pid
	start := trace.Start{PID: pid, Role: p.spec.Role, Node: p.spec.Node}
	if r.Apart() && p.spec.Node != "" {
		start.NetNS = netSpace(pid)
	}
	r.mu.Lock()
	start.Parent, start.PPID = r.spawn.parent()
	r.rec.Add(trace.Kernel, p.id, start)
	p.look = newLooker(pid, 0)
	r.pids[pid] = p
	r.order = append(r.order, p)
	early := r.early[pid]
	delete(r.early, pid)
	r.mu.Unlock()
	for _, n := range early {
		p.notice(n)
	}
	r.lease.add(pid)
}

// about is what a worker is told at birth.
func (p *proc) about() demo.WorkerSpec {
	r := p.r
	return demo.WorkerSpec{
		Name: p.id, Seed: seedOf(r.opt.Seed, p.id), Pace: r.opt.Pace, Args: p.spec.Args,
		Epoch: r.epoch, Step: r.opt.Step, Again: r.opt.Again != nil,
	}
}

// pipes makes a pipe for each, to be written by the worker where out is true.
func pipes(out ...bool) (theirs, mine []*os.File, err error) {
	for _, out := range out {
		pr, pw, err := os.Pipe()
		if err != nil {
			return theirs, mine, err
		}
		if out {
			pr, pw = pw, pr
		}
		theirs, mine = append(theirs, pr), append(mine, pw)
	}
	return theirs, mine, nil
}

func shut(files []*os.File) {
	for _, f := range files {
		f.Close()
	}
}

func seedOf(seed uint64, id trace.ID) uint64 {
	for _, b := range []byte(id) { // FNV-1a
		seed = (seed ^ uint64(b)) * 1099511628211
	}
	return seed
}

// cleanEnv is the environment without what is meant for one process only.
func cleanEnv() []string {
	var env []string
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, "PROCESSION_") {
			env = append(env, v)
		}
	}
	return env
}

// notice takes what the warden, or wait, has to tell.
func (r *run) notice(n warden.Notice) {
	if n.Orphan {
		r.orphaned(n)
		return
	}
	r.noting.Lock()
	defer r.noting.Unlock()
	r.mu.Lock()
	p := r.pids[n.PID]
	if p == nil { // it ended before its spawner knew its pid
		r.early[n.PID] = append(r.early[n.PID], n)
	}
	r.mu.Unlock()
	if p != nil {
		p.notice(n)
	}
}

func (p *proc) notice(n warden.Notice) {
	switch {
	case n.Stopped:
		p.observe(trace.Stopped, "", "waited")
		p.r.gates.wake()
		p.r.each(p, (*proc).stopped)
	case n.Continued:
		p.mu.Lock()
		p.held = false
		p.mu.Unlock()
		p.sample("waited")
		p.r.gates.wake()
		p.r.each(p, (*proc).stopped)
	case n.Exited:
		p.ended(n)
		p.r.each(p, func(t *proc) { t.endedWith(p.exit) })
	}
}

// observe logs a state that the kernel told, when it is another than the last.
func (p *proc) observe(s trace.Letter, on, how string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.observed(s, on, how)
}

func (p *proc) observed(s trace.Letter, on, how string) {
	if p.exit.PID != 0 || p.state == s && p.on == on {
		return
	}
	p.r.rec.Add(trace.Kernel, p.id, trace.State{PID: p.pid, From: p.state, To: s, On: on, How: how})
	p.state, p.on = s, on
	p.held = s == trace.Stopped && how == "waited"
}

// ended takes the end of the process, which is a zombie now.
func (p *proc) ended(n warden.Notice) {
	p.mu.Lock()
	p.observed(trace.Zombie, "", "waited")
	p.exit = trace.Exit{PID: p.pid, Code: n.Code, Signal: signalName(n.Signal)}
	p.r.rec.Add(trace.Kernel, p.id, p.exit)
	reap := !p.spec.Unreaped || p.joined
	p.look.close()
	p.mu.Unlock()
	close(p.exited)
	p.r.gates.wake()
	if reap {
		go p.reap()
	}
}

// lost is the end of a process whose warden was killed: nobody can tell how.
func (p *proc) lost() {
	if p.hasExited() {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.exit.PID != 0 {
		return
	}
	p.exit = trace.Exit{PID: p.pid, TID: p.tid, Code: -1, Signal: "KILL"}
	p.r.rec.Add(trace.Stage, p.id, p.exit)
	p.look.close()
	close(p.exited)
}

func signalName(n int) string {
	if n == 0 {
		return ""
	}
	return demo.SignalName(n)
}

func (p *proc) hasExited() bool {
	select {
	case <-p.exited:
		return true
	default:
		return false
	}
}

// join reaps the process now, or as soon as it ends.
func (p *proc) join() error {
	if p.guest != nil {
		return fmt.Errorf("%s is not the stage's child: only its parent can wait for it", p.id)
	}
	p.mu.Lock()
	p.joined = true
	gone := p.isGone
	p.mu.Unlock()
	if gone {
		return fmt.Errorf("%s has been waited for already", p.id)
	}
	if p.hasExited() {
		go p.reap()
	}
	return nil
}

// reap waits for a process that has ended. It is harmless to call it again.
func (p *proc) reap() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.isGone || p.guest != nil {
		return
	}
	n, err := p.r.spawn.reap(p.pid)
	if err != nil {
		return
	}
	p.isGone = true
	p.reaped = trace.Reaped{PID: p.pid, User: n.User, System: n.System, MaxRSS: n.MaxRSS}
	p.r.rec.Add(trace.Kernel, p.id, p.reaped)
	p.ctl.Close()
	p.r.lease.remove(p.pid)
	close(p.gone)
}

// The rest implements demo.Proc.

func (p *proc) ID() trace.ID { return p.id }
func (p *proc) PID() int     { return p.pid }

// TID implements demo.Proc.
func (p *proc) TID() int {
	if p.tid != 0 {
		return p.tid
	}
	return p.pid
}
func (p *proc) Took() time.Duration     { return p.took }
func (p *proc) Exited() <-chan struct{} { return p.exited }
func (p *proc) Reaped() <-chan struct{} { return p.gone }

func (p *proc) CloseSend() {
	if p.r.gates.on {
		p.Send(demo.GateEOF)
		return
	}
	if p.ctl != nil {
		p.ctl.Close()
	}
}

func (p *proc) State() trace.Letter {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.isGone {
		return trace.Dead
	}
	return p.state
}

func (p *proc) Send(line string) error {
	if strings.ContainsRune(line, '\n') {
		return errors.New("a message to a worker is one line")
	}
	if p.ctl == nil {
		return fmt.Errorf("%s is not the stage's child: only its parent can write to it", p.id)
	}
	_, err := p.ctl.WriteString(line + "\n")
	return err
}

func (p *proc) Signal(sig demo.Signal) error {
	p.mu.Lock() // no reaping between the check and the signal
	defer p.mu.Unlock()
	if p.isGone {
		return fmt.Errorf("%s has ended and was waited for: there is nothing to signal", p.id)
	}
	if p.host != nil {
		return p.host.Signal(sig)
	}
	if p.guest != nil {
		return p.guest.signal(sig)
	}
	if p.exit.PID != 0 && !keepsZombies {
		return nil
	}
	if err := send(p.pid, sig); err != nil {
		return fmt.Errorf("%s to %s: %w", sig, p.id, err)
	}
	return nil
}

func (p *proc) Wait(ctx context.Context) (trace.Exit, error) {
	select {
	case <-p.exited:
		return p.exit, nil
	case <-ctx.Done():
		return trace.Exit{}, ctx.Err()
	}
}

func (p *proc) Reap(ctx context.Context) (trace.Reaped, error) {
	if _, err := p.Wait(ctx); err != nil {
		return trace.Reaped{}, err
	}
	if p.guest != nil {
		return trace.Reaped{}, p.join()
	}
	p.reap()
	select {
	case <-p.gone:
		return p.reaped, nil
	case <-p.r.spawn.gone:
		return trace.Reaped{}, errWarden
	case <-ctx.Done():
		return trace.Reaped{}, ctx.Err()
	}
}
