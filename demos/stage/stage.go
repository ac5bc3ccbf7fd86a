// Package stage runs demos on real processes and lets none survive.
//
// [Start] plays a demo: it starts the warden of the run (package warden), hands
// the demo a demo.Stage, samples the kernel's states of its workers, and keeps
// the log. Whatever the play spawned is ended and reaped before the run is done.
//
// The rules are:
//  1. After Done no process of the run exists; after a SIGKILL of the program
//     none does within two seconds (TestNothingSurvives).
//  2. A state comes from /proc or from wait, and says from which.
//  3. A signal is sent only to a process that has not been reaped, so never to a
//     stranger that got its pid.
//  4. A process that a worker says to have started is its child to the kernel, and
//     its state, its parent and its end are the kernel's, too (TestKin).
//  5. A worker's lines are bounded in length and rate, cleaned, and checked for
//     what a worker may vouch for; what is refused is counted (TestHostileWorker).
package stage

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	mrand "math/rand/v2"
	"os"
	"runtime"
	"slices"
	"sync"
	"time"

	"edu/procession/demos/cluster"
	"edu/procession/demos/demo"
	"edu/procession/demos/safe"
	"edu/procession/demos/stage/warden"
	"edu/procession/demos/trace"
)

// Version of the program, for headers.
const Version = "0.1"

// sampling is the time between two looks at /proc.
func sampling(p demo.Pace) time.Duration {
	if p == demo.Fast {
		return 50 * time.Millisecond
	}
	return 125 * time.Millisecond
}

// run is both the Run that the outside holds and the Stage that the demo sees.
type run struct {
	d      demo.Demo
	info   demo.Info
	opt    demo.Options
	params map[string]string
	rec    *trace.Recorder
	rnd    *mrand.Rand
	epoch  int64 // demo.Mono at the start
	spawn  *spawner
	warden *proc // the workers' parent, where the system lets one be; not on call
	lease  *lease

	ctx    context.Context
	cancel context.CancelFunc
	finish chan struct{}
	finOne sync.Once
	acts   chan demo.Act
	done   chan struct{}
	err    error
	wg     sync.WaitGroup // scripted actions and the gates
	life   *os.File       // write end of every worker's lifeline
	lifeR  *os.File
	null   *os.File

	acting sync.Mutex // one act at a time
	gates  *gates
	hosts  *hosts // in place threads

	noting sync.Mutex // notices in order

	dir func() (string, error)

	mu     sync.Mutex
	procs  map[trace.ID]*proc
	pids   map[int]*proc
	order  []*proc
	serial map[string]int // role → workers so far
	early  map[int][]warden.Notice
	nets   []*cluster.Net
	nodes  map[string]int // by name, the number of its address, where nodes have network namespaces
}

var (
	_ demo.Run   = (*run)(nil)
	_ demo.Stage = (*run)(nil)
)

// Start starts a demo. Its error is a sentence about an option, or says why the
// system does not let processes be started.
func Start(d demo.Demo, o demo.Options) (demo.Run, error) {
	info := d.Info()
	params, err := check(info, &o)
	if err != nil {
		return nil, err
	}
	var b [8]byte
	rand.Read(b[:])
	token := hex.EncodeToString(b[:])
	r := &run{
		d: d, info: info, opt: o, params: params,
		rec: trace.NewRecorder(trace.Header{
			Demo: info.Name, Place: string(o.Place), Seed: o.Seed, Params: params, Pace: string(o.Pace),
			OS: runtime.GOOS, Version: Version, Sample: sampling(o.Pace), Token: token, Started: time.Now().UTC().Truncate(time.Second),
			Clocks: info.Clocks, Net: string(o.Net),
		}),
		rnd: mrand.New(mrand.NewPCG(o.Seed, 0)), epoch: demo.Mono(),
		finish: make(chan struct{}), acts: make(chan demo.Act, 64), done: make(chan struct{}),
		procs: map[trace.ID]*proc{}, pids: map[int]*proc{}, serial: map[string]int{}, early: map[int][]warden.Notice{},
		nodes: map[string]int{},
	}
	r.gates = newGates(r)
	if o.Place == demo.Threads {
		r.hosts = &hosts{r: r}
	}
	r.ctx, r.cancel = context.WithCancel(context.Background())
	if r.null, err = os.Open(os.DevNull); err != nil {
		return nil, err
	}
	if r.lifeR, r.life, err = os.Pipe(); err != nil {
		return nil, fmt.Errorf("no pipe for the workers' lifeline: %w", err)
	}
	if r.spawn, err = newSpawner(token, o.Net, r.notice); err != nil {
		return nil, err
	}
	r.lease = newLease(token)
	r.dir = sync.OnceValues(r.mkdir)
	if id, pid := r.spawn.parent(); id != "" {
		r.lease.add(pid)
		r.rec.Add(trace.Kernel, id, trace.Start{PID: pid, PPID: os.Getpid(), Role: "warden"})
		r.warden = &proc{r: r, id: id, pid: pid, state: trace.New, exited: make(chan struct{}), look: newLooker(pid, 0)}
	}
	go r.watch()
	go r.sample()
	if o.Step {
		r.wg.Go(r.gates.direct)
	}
	go r.play()
	r.script()
	return r, nil
}

// play runs the demo and clears the stage after it.
func (r *run) play() {
	err := func() (err error) {
		defer func() {
			if p := recover(); p != nil {
				err = fmt.Errorf("the demo %s broke: %v", r.info.Name, p)
			}
		}()
		return r.d.Play(r.ctx, r)
	}()
	stopped := r.ctx.Err() != nil
	r.gates.rest()
	r.cancel()
	r.wg.Wait()
	r.clear()
	if r.gates.err != nil {
		err, stopped = r.gates.err, false
	}
	if err != nil && !(stopped && errors.Is(err, context.Canceled)) {
		r.err = err
		r.rec.Add(trace.Stage, "", trace.Verdict{Text: safe.Line(err.Error(), 500)})
	}
	r.rec.Close()
	close(r.done)
}

// clear ends what the play left, and the warden.
func (r *run) clear() {
	r.mu.Lock()
	nets := r.nets
	r.mu.Unlock()
	for _, n := range nets {
		n.Close()
	}
	r.hosts.close()
	r.life.Close()
	left := r.all()
	for _, p := range left {
		p.Signal(demo.SigKill)
	}
	for _, p := range left {
		select {
		case <-p.exited:
			p.reap()
		case <-r.spawn.gone:
		case <-time.After(2 * time.Second):
		}
	}
	r.spawn.close()
	r.waitedFor(left)
	if r.warden != nil {
		r.warden.spec.Unreaped = true // it has been waited for already
		r.warden.ended(r.spawn.fate())
		// Its own CPU time, as last seen: wait would add that of all whom it reaped.
		r.rec.Add(trace.Kernel, r.warden.id, trace.Reaped{PID: r.warden.pid, User: r.warden.look.last})
	}
	for _, p := range left {
		p.pipes.Wait()
	}
	r.lifeR.Close()
	r.null.Close()
	os.RemoveAll(dirOf(r.rec.Header().Token))
	r.lease.drop()
}

// watch ends the run when its warden has been killed.
func (r *run) watch() {
	<-r.spawn.gone
	if r.ctx.Err() != nil {
		return
	}
	r.rec.Add(trace.Stage, "", trace.Say{Text: errWarden.Error(), Stream: "log"})
	var pids []int
	for _, p := range r.all() {
		pids = append(pids, p.pid)
	}
	r.spawn.orphans(pids)
	for _, p := range r.all() {
		p.lost()
	}
	r.cancel()
}

var errWarden = errors.New("the parent of all workers was killed: so were they, and the run is over")

// script does the scripted actions.
func (r *run) script() {
	for _, s := range r.opt.Script {
		r.wg.Go(func() {
			t := time.NewTimer(s.At - r.rec.Now())
			defer t.Stop()
			select {
			case <-t.C:
				r.Act(s.Name, s.Target)
			case <-r.ctx.Done():
			}
		})
	}
}

// Log, Finish, Stop, Done and Err implement demo.Run.
func (r *run) Log() *trace.Recorder  { return r.rec }
func (r *run) Finish()               { r.finOne.Do(func() { close(r.finish) }) }
func (r *run) Stop()                 { r.cancel() }
func (r *run) Done() <-chan struct{} { return r.done }

func (r *run) Err() error {
	select {
	case <-r.done:
		return r.err
	default:
		return nil
	}
}

// Act implements demo.Run. The act is logged before what comes of it.
func (r *run) Act(name string, target trace.ID) error {
	r.acting.Lock()
	defer r.acting.Unlock()
	if r.gates.on && isSignal(name) && r.gates.await() == nil { // else somebody runs wild: all the more so
		r.gates.settled = false
		r.gates.mu.Unlock()
	}
	return r.act(name, target)
}

func (r *run) act(name string, target trace.ID) error {
	do, err := r.plan(name, target)
	r.logAct(name, target, err)
	if err != nil {
		return err
	}
	if err = do(); err != nil {
		r.logAct(name, target, err)
	} else if isSignal(name) {
		r.gates.acted(name, target)
	}
	return err
}

func (r *run) logAct(name string, target trace.ID, err error) {
	a := trace.Act{Action: name, Target: target}
	if err != nil {
		a.Error = err.Error()
	}
	r.rec.Add(trace.Learner, target, a)
}

// plan finds out whether an action can be done, and how.
func (r *run) plan(name string, target trace.ID) (do func() error, err error) {
	if r.ctx.Err() != nil {
		return nil, errOver
	}
	if i := slices.IndexFunc(r.info.Actions, func(a demo.Action) bool { return a.Name == name }); i >= 0 && !r.info.Actions[i].In(r.opt.Place) {
		return nil, fmt.Errorf("%s is done in place %s only, and this run is in %s", name, r.info.Actions[i].Only, r.opt.Place)
	}
	all := target == demo.Everyone && (name == demo.Stop.Name || name == demo.Cont.Name)
	if !all && !slices.ContainsFunc(r.info.Actions, func(a demo.Action) bool { return a.Name == name }) {
		return nil, unknownAction(r.info, name)
	}
	sig := map[string]demo.Signal{
		demo.Kill.Name: demo.SigKill, demo.Term.Name: demo.SigTerm,
		demo.Stop.Name: demo.SigStop, demo.Cont.Name: demo.SigCont,
	}[name]
	if sig == "" && name != demo.Reap.Name {
		if len(r.acts) == cap(r.acts) {
			return nil, errors.New("the demo is busy with earlier actions")
		}
		return func() error { r.acts <- demo.Act{Name: name, Target: target}; return nil }, nil
	}
	var targets []*proc
	for _, p := range r.all() {
		if p.id == target || target == demo.Everyone && !p.hasExited() {
			targets = append(targets, p)
		}
	}
	if len(targets) == 0 {
		return nil, fmt.Errorf("there is no process %q on stage", safe.Line(string(target), 40))
	}
	return func() error {
		var err error
		if sig != "" {
			r.explain(sig, targets[0])
		}
		for _, p := range targets {
			if name == demo.Reap.Name {
				err = errors.Join(err, p.join())
			} else {
				err = errors.Join(err, p.Signal(sig))
			}
		}
		return err
	}, nil
}

func (r *run) proc(id trace.ID) *proc {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.procs[id]
}

func (r *run) all() []*proc {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.order)
}

// The rest implements demo.Stage.

func (r *run) Dir() (string, error)              { return r.dir() }
func (r *run) Param(name string) string          { return r.params[name] }
func (r *run) Seed() uint64                      { return r.opt.Seed }
func (r *run) Rand() *mrand.Rand                 { return r.rnd }
func (r *run) Pace() demo.Pace                   { return r.opt.Pace }
func (r *run) Place() demo.Place                 { return r.opt.Place }
func (r *run) Attended() bool                    { return r.opt.Attended }
func (r *run) Finished() <-chan struct{}         { return r.finish }
func (r *run) Actions() <-chan demo.Act          { return r.acts }
func (r *run) Now() time.Duration                { return r.rec.Now() }
func (r *run) Emit(who trace.ID, d trace.Data)   { r.rec.Add(trace.Stage, who, d) }
func (r *run) Kernel(who trace.ID, d trace.Data) { r.rec.Add(trace.Kernel, who, d) }
func (r *run) Say(format string, args ...any) {
	r.Emit("", trace.Say{Text: fmt.Sprintf(format, args...), Stream: "caption"})
}
func (r *run) Gauge(name string, v float64, u string) {
	r.Emit("", trace.Gauge{Name: name, Value: v, Unit: u, Paced: r.opt.Pace == demo.Slow})
}
func (r *run) Verdict(ok bool, f string, args ...any) {
	r.judge(trace.Verdict{OK: ok, Text: fmt.Sprintf(f, args...)})
}
func (r *run) Broken(f string, args ...any) {
	r.judge(trace.Verdict{OK: true, Broken: true, Text: fmt.Sprintf(f, args...)})
}
func (r *run) judge(v trace.Verdict) {
	r.gates.rest() // in step mode, a verdict comes when the last move has been seen through
	r.gates.verdict = v
	r.Emit("", v)
}

// Links implements demo.Stage.
func (r *run) Links(nodes ...trace.ID) demo.Links {
	n := cluster.New(r, nodes...)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.nets = append(r.nets, n)
	return n
}

func (r *run) ScriptEnd() (end time.Duration) {
	for _, s := range r.opt.Script {
		end = max(end, s.At)
	}
	return end
}

func (r *run) Sleep(ctx context.Context, d time.Duration) {
	t := time.NewTimer(r.opt.Pace.Scale(d))
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	case <-r.finish:
	}
}
