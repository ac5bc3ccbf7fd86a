package view

import (
	"fmt"
	"math/rand/v2"
	"sort"
	"time"

	"edu/procession/demos/board"
	"edu/procession/demos/trace"
)

const ms1 = time.Millisecond

// play is a log that a test writes by hand. Events may be written in any order;
// board sorts them by time.
type play struct{ events []trace.Event }

func (p *play) add(at time.Duration, src trace.Source, who trace.ID, d trace.Data) {
	p.events = append(p.events, trace.Event{At: at, Source: src, Who: who, Kind: d.Kind(), Data: d})
}

func (p *play) log() []trace.Event {
	sort.SliceStable(p.events, func(i, j int) bool { return p.events[i].At < p.events[j].At })
	for i := range p.events {
		p.events[i].Seq = uint64(i + 1)
	}
	return p.events
}

// board folds the log up to a time.
func (p *play) board(until time.Duration) *board.Board {
	b := board.New()
	for _, e := range p.log() {
		if e.At <= until {
			b.Apply(e)
		}
	}
	return b
}

func (p *play) start(at time.Duration, who trace.ID, pid int, role string) {
	p.add(at, trace.Stage, who, trace.Start{PID: pid, PPID: 4700, Role: role})
	p.add(at+4*ms1, trace.Worker, who, trace.Ready{PID: pid, Took: 4100 * time.Microsecond})
}

func (p *play) state(at time.Duration, who trace.ID, to trace.Letter, on string) {
	p.add(at, trace.Kernel, who, trace.State{To: to, On: on, How: "sampled"})
}

func (p *play) use(at time.Duration, who trace.ID, cpu time.Duration, rss int64, core int) {
	p.add(at, trace.Kernel, who, trace.Usage{CPU: cpu, RSS: rss, Threads: 1, Core: core})
}

func (p *play) say(at time.Duration, text string) {
	p.add(at, trace.Stage, "", trace.Say{Text: text, Stream: "caption"})
}

// life is process-life: one is stopped, one is a zombie, one was killed.
func life() *play {
	p := &play{}
	names := []trace.ID{"worker-0", "worker-1", "worker-2", "worker-3", "worker-4"}
	for i, n := range names {
		at := time.Duration(100+i*120) * ms1
		p.start(at, n, 4709+i, "worker")
		p.state(at+8*ms1, n, trace.Running, "")
		for k := range 12 {
			p.use(at+time.Duration(k*200+100)*ms1, n, time.Duration(k*60)*ms1, 8<<20+int64(i*123456), i%2)
		}
	}
	p.say(120*ms1, "Five children have been started. Each works a little and waits a little.")
	p.state(500*ms1, "worker-0", trace.Asleep, "timer")
	p.add(700*ms1, trace.Kernel, "worker-0", trace.Exit{PID: 4709})
	p.add(720*ms1, trace.Kernel, "worker-0", trace.Reaped{PID: 4709, User: 31 * ms1})
	for k := range 6 {
		p.state(time.Duration(700+k*400)*ms1, "worker-1", trace.Asleep, "pipe read")
		if k < 5 {
			p.state(time.Duration(950+k*400)*ms1, "worker-1", trace.Running, "")
		}
	}
	p.add(705*ms1, trace.Worker, "worker-1", trace.Block{On: "the next order"})
	p.add(1500*ms1, trace.Learner, "worker-3", trace.Act{Action: "stop", Target: "worker-3"})
	p.add(1502*ms1, trace.Kernel, "worker-3", trace.State{From: 'R', To: 'T', How: "waited"})
	p.say(1510*ms1, "worker-3 has been stopped: the kernel gives it no time, and it does not know.")
	p.add(1900*ms1, trace.Kernel, "worker-4", trace.Exit{PID: 4713, Code: 3})
	p.state(1900*ms1, "worker-4", trace.Zombie, "")
	p.add(2200*ms1, trace.Learner, "worker-2", trace.Act{Action: "kill", Target: "worker-2"})
	p.add(2204*ms1, trace.Kernel, "worker-2", trace.Exit{PID: 4711, Code: -1, Signal: "KILL"})
	p.add(2206*ms1, trace.Kernel, "worker-2", trace.Reaped{PID: 4711, User: 400 * ms1})
	p.add(2210*ms1, trace.Worker, "worker-1", trace.Say{Text: "hello from a child", Stream: "stdout"})
	p.say(2300*ms1, "worker-4 has ended, but nobody has waited for it: the kernel keeps its exit code in a zombie.")
	p.add(2400*ms1, trace.Stage, "", trace.Gauge{Name: "start", Value: 4.1, Unit: "ms", Note: "spawn to first event, median of 5"})
	p.add(2400*ms1, trace.Stage, "", trace.Gauge{Name: "join", Value: 0.62, Unit: "ms"})
	return p
}

// pool is pool-of-workers: 4 workers, n tasks, one poisoned, one worker killed.
func pool(n int) *play {
	p := &play{}
	r := rand.New(rand.NewPCG(1, 2))
	free := make([]time.Duration, 4)
	names := []trace.ID{"worker-1", "worker-2", "worker-3", "worker-4"}
	p.start(20*ms1, "main", 4700, "parent")
	p.state(30*ms1, "main", trace.Asleep, "pipe read")
	for i, w := range names {
		free[i] = time.Duration(120+i*30) * ms1
		p.start(free[i], w, 4711+i, "worker")
	}
	for i := range n {
		p.add(50*ms1, trace.Stage, "", trace.Task{Is: trace.KindTaskNew, Task: i})
	}
	p.say(60*ms1, fmt.Sprintf("%d tasks wait. Four workers take the next one whenever they are free.", n))
	done := map[trace.ID]time.Duration{}
	for i := range n {
		w := 0
		for k := range free {
			if free[k] < free[w] {
				w = k
			}
		}
		at := free[w] + 10*ms1
		took := time.Duration(100+r.IntN(400)) * ms1 * 32 / time.Duration(max(n, 32))
		p.add(at, trace.Worker, names[w], trace.Task{Is: trace.KindTaskRun, Task: i, Worker: names[w], Attempt: 1})
		p.state(at+ms1, names[w], trace.Running, "")
		done[names[w]] += took
		p.use(at+took/2, names[w], done[names[w]]-took/2, 9<<20, w%2)
		is := trace.KindTaskDone
		if i == 13 {
			is = trace.KindTaskFail
		}
		p.add(at+took, trace.Worker, names[w], trace.Task{Is: is, Task: i, Worker: names[w], Attempt: 1, Took: took,
			Note: map[bool]string{true: "ValueError: bad input 99"}[i == 13]})
		p.state(at+took+ms1, names[w], trace.Asleep, "pipe read")
		free[w] = at + took + time.Duration(10+r.IntN(60))*ms1*32/time.Duration(max(n, 32))
	}
	return p
}

// poolHalf is the pool in the middle of its work, one worker killed, one stopped.
func poolHalf() (*board.Board, time.Duration) {
	p := pool(32)
	var keep []trace.Event
	for _, e := range p.log() { // worker-3 ends at 1.4 s
		if e.Who != "worker-3" || e.At < 1400*ms1 {
			if e.Who != "worker-4" || e.At < 1700*ms1 {
				keep = append(keep, e)
			}
		}
	}
	p.events = keep
	p.add(1390*ms1, trace.Learner, "worker-3", trace.Act{Action: "kill", Target: "worker-3"})
	p.add(1400*ms1, trace.Kernel, "worker-3", trace.Exit{PID: 4713, Code: -1, Signal: "KILL"})
	b := p.board(1400 * ms1)
	lost := b.Proc("worker-3").States
	_ = lost
	for i, t := range b.Tasks {
		if t.Worker == "worker-3" && t.State == board.TaskRunning {
			p.add(1405*ms1, trace.Stage, "", trace.Task{Is: trace.KindTaskLost, Task: i, Worker: "worker-3", Attempt: 1, Note: "its worker was killed"})
			p.add(1900*ms1, trace.Stage, "", trace.Task{Is: trace.KindTaskRetry, Task: i, Attempt: 2})
		}
	}
	p.add(1404*ms1, trace.Kernel, "worker-3", trace.Reaped{PID: 4713, User: 800 * ms1})
	p.add(1704*ms1, trace.Kernel, "worker-4", trace.State{From: 'R', To: 'T', How: "waited"})
	p.say(1410*ms1, "worker-3 was killed in mid-task. Its task is lost until somebody notices: a new worker does not bring it back.")
	p.add(1950*ms1, trace.Stage, "", trace.Gauge{Name: "tasks a second", Value: 9.3, Unit: "/s"})
	return p.board(2200 * ms1), 2350 * ms1
}

// queue is queue-pipe-event: a queue that fills, a pipe, who is blocked.
func queuePlay() *play {
	p := &play{}
	for i, n := range []trace.ID{"producer-1", "producer-2"} {
		p.start(time.Duration(20+i*10)*ms1, n, 4711+i, "producer")
		p.state(60*ms1, n, trace.Running, "")
	}
	for i, n := range []trace.ID{"consumer-1", "consumer-2", "consumer-3"} {
		p.start(time.Duration(40+i*10)*ms1, n, 4721+i, "consumer")
		p.state(70*ms1, n, trace.Asleep, "pipe read")
		p.add(71*ms1, trace.Worker, n, trace.Block{On: "get jobs"})
	}
	p.say(80*ms1, "Two producers put into a queue of eight places; three consumers take from it.")
	depth, item := 0, 0
	var items []string
	at := 100 * ms1
	put := func() {
		items = append(items, fmt.Sprint(item))
		depth++
		p.add(at, trace.Worker, "producer-1", trace.Item{Is: trace.KindPut, Queue: "jobs", Item: fmt.Sprint(item), Depth: depth})
		item++
	}
	get := func() {
		depth--
		p.add(at, trace.Worker, "consumer-1", trace.Item{Is: trace.KindGet, Queue: "jobs", Item: items[0], Depth: depth})
		items = items[1:]
	}
	p.add(90*ms1, trace.Stage, "", trace.Depth{Queue: "jobs", Cap: 8, Unit: "items"})
	for i := range 30 {
		at += 40 * ms1
		if depth < 8 {
			put()
		}
		if i%3 == 2 && depth > 0 {
			at += 5 * ms1
			get()
		}
	}
	for depth < 8 {
		at += 20 * ms1
		put()
	}
	p.state(at, "producer-2", trace.Asleep, "pipe write")
	p.add(at, trace.Worker, "producer-2", trace.Block{On: "put jobs"})
	p.add(at, trace.Worker, "consumer-1", trace.Block{})
	p.state(at, "consumer-1", trace.Running, "")
	for i := range 40 {
		p.add(at+time.Duration(i*10)*ms1, trace.Kernel, "pipe", trace.Depth{Queue: "pipe", Depth: min(i*1700, 65536), Cap: 65536, Unit: "bytes"})
	}
	p.say(at, "The queue is full: put() blocks until a consumer takes something.")
	return p
}

// queueFull is the queue when it is full.
func queueFull() (*board.Board, time.Duration) {
	p := queuePlay()
	b := p.board(time.Hour)
	return b, b.At + 700*ms1
}

// queueEmpty is the queue before anything was put.
func queueEmpty() (*board.Board, time.Duration) { return queuePlay().board(95 * ms1), 900 * ms1 }

// burners is n processes that compute on two cores.
func burners(n int) (*board.Board, time.Duration) {
	p := &play{}
	r := rand.New(rand.NewPCG(3, 4))
	for i := range n {
		id := trace.ID(fmt.Sprintf("burner-%d", i+1))
		at := time.Duration(10+i*5) * ms1
		p.start(at, id, 5000+i, "burner")
		cpu := time.Duration(0)
		for t := at + 10*ms1; t < 5*time.Second; t += 111 * ms1 {
			l, on := trace.Running, ""
			if r.IntN(5) == 0 {
				l, on = trace.Asleep, "futex"
			}
			p.state(t, id, l, on)
			cpu += 111 * ms1 * 2 / time.Duration(n)
			p.use(t, id, cpu, 7<<20, i%2)
		}
	}
	p.say(2*time.Second, fmt.Sprintf("%d processes compute at the same time, and this machine has 2 cores.", n))
	p.add(4*time.Second, trace.Stage, "", trace.Gauge{Name: "speed-up", Value: 1.8249, Unit: "×"})
	b := p.board(time.Hour)
	return b, b.At
}

// same is same-call: latency bars and messages between processes.
func same() (*board.Board, time.Duration) {
	p := &play{}
	for i, n := range []trace.ID{"caller", "pipe-callee", "tcp-callee"} {
		p.start(time.Duration(20+i*10)*ms1, n, 4711+i, "peer")
		p.state(60*ms1, n, trace.Asleep, "pipe read")
	}
	at := 100 * ms1
	msg := 0
	call := func(to trace.ID, took time.Duration, lost bool) {
		id := fmt.Sprint("m", msg)
		msg++
		p.add(at, trace.Worker, "caller", trace.Msg{Is: trace.KindSend, Msg: id, From: "caller", To: to, Text: fmt.Sprintf("call %d", msg)})
		if lost {
			p.add(at+took, trace.Stage, "", trace.Msg{Is: trace.KindDrop, Msg: id, From: "caller", To: to})
			return
		}
		at += took
		p.add(at, trace.Worker, to, trace.Msg{Is: trace.KindRecv, Msg: id, From: "caller", To: to})
		id += "r"
		at += 3 * ms1
		p.add(at, trace.Worker, to, trace.Msg{Is: trace.KindSend, Msg: id, From: to, To: "caller", Text: "reply"})
		at += took
		p.add(at, trace.Worker, "caller", trace.Msg{Is: trace.KindRecv, Msg: id, From: to, To: "caller"})
		at += 20 * ms1
	}
	for range 3 {
		call("pipe-callee", ms1, false)
		call("tcp-callee", 2*ms1, false)
	}
	p.add(at, trace.Worker, "caller", trace.Msg{Is: trace.KindSend, Msg: "slow", From: "caller", To: "tcp-callee", Text: "slow one"})
	at += 5 * ms1
	call("pipe-callee", ms1, false)
	at += 5 * ms1
	p.add(at, trace.Worker, "tcp-callee", trace.Msg{Is: trace.KindRecv, Msg: "slow", From: "caller", To: "tcp-callee"})
	for range 120 {
		id := fmt.Sprint("f", msg)
		msg++
		p.add(at, trace.Worker, "caller", trace.Msg{Is: trace.KindSend, Msg: id, From: "caller", To: "pipe-callee", Text: "tick"})
		at += ms1
		p.add(at, trace.Worker, "pipe-callee", trace.Msg{Is: trace.KindRecv, Msg: id, From: "caller", To: "pipe-callee"})
	}
	at += 30 * ms1
	p.add(at, trace.Learner, "tcp-callee", trace.Act{Action: "kill", Target: "tcp-callee"})
	at += 4 * ms1
	p.add(at, trace.Kernel, "tcp-callee", trace.Exit{PID: 4713, Code: -1, Signal: "KILL"})
	p.add(at+ms1, trace.Kernel, "tcp-callee", trace.Reaped{PID: 4713})
	at += 10 * ms1
	call("tcp-callee", 5*ms1, true)
	at += 10 * ms1
	p.add(at, trace.Worker, "caller", trace.Msg{Is: trace.KindSend, Msg: "open", From: "caller", To: "pipe-callee", Text: "are you there?"})
	p.add(at, trace.Stage, "", trace.Link{Is: trace.KindCut, A: "caller", B: "tcp-callee"})
	for i, g := range []struct {
		name string
		ns   float64
	}{{"function", 1.9}, {"goroutine", 318}, {"pipe", 19000}, {"unix socket", 31000}, {"tcp loopback", 38400}} {
		p.add(at+time.Duration(i), trace.Worker, "caller", trace.Gauge{Name: g.name, Value: g.ns, Unit: "ns", Group: "round trip, median", Log: true})
	}
	p.add(at+9, trace.Worker, "caller", trace.Gauge{Name: "calls", Value: 10234, Unit: ""})
	p.add(at+9, trace.Worker, "caller", trace.Gauge{Name: "hidden", Value: 1, Unit: "s", Paced: true})
	p.say(at+9, "The callee was killed in mid-call. The caller cannot tell whether the call was carried out.")
	p.add(at+20*ms1, trace.Stage, "", trace.Verdict{OK: true, Text: "a call across processes took 10,000 times as long as a function call"})
	b := p.board(time.Hour)
	return b, b.At + 400*ms1
}

// race is race-and-lock in step mode: about to lose an update, or, with a lock,
// stuck: its holder was killed.
func race(stuck bool) *play {
	p := &play{}
	p.start(10*ms1, "warden", 4710, "warden")
	p.start(20*ms1, "A", 4711, "adder")
	p.start(30*ms1, "B", 4712, "adder")
	p.say(35*ms1, "Each is held before its next step. Who goes?")
	at, n := 40*ms1, 0
	tell := func(who trace.ID, d trace.Data) {
		p.add(at, trace.Worker, who, d)
		at += ms1
	}
	settle := func(ready, blocked []trace.ID) {
		p.add(at, trace.Stage, "", trace.Settled{N: n, Ready: ready, Blocked: blocked})
		at += 300 * ms1
	}
	step := func(who trace.ID, text, next string, ds ...trace.Data) {
		n++
		p.add(at, trace.Learner, who, trace.StepGo{N: n, Text: text})
		at += ms1
		for _, d := range ds {
			tell(who, d)
		}
		if next != "" {
			tell(who, trace.StepWait{Text: next})
		}
	}
	both := []trace.ID{"A", "B"}
	if !stuck {
		tell("A", trace.StepWait{Text: "read counter"})
		tell("B", trace.StepWait{Text: "read counter"})
		settle(both, nil)
		step("A", "read counter", "add: 0 + 1", trace.Cell{Is: trace.KindRead, Cell: "counter", Value: "0"})
		settle(both, nil)
		step("B", "read counter", "add: 0 + 1", trace.Cell{Is: trace.KindRead, Cell: "counter", Value: "0"})
		settle(both, nil)
		step("A", "add: 0 + 1", "write counter = 1")
		settle(both, nil)
		step("A", "write counter = 1", "read counter", trace.Cell{Is: trace.KindWrite, Cell: "counter", Value: "1"})
		settle(both, nil)
		step("B", "add: 0 + 1", "write counter = 1")
		settle(both, nil)
		return p
	}
	tell("A", trace.StepWait{Text: "lock"})
	tell("B", trace.StepWait{Text: "lock"})
	settle(both, nil)
	step("A", "lock", "read counter", trace.Lock{Is: trace.KindWant, Lock: "lock"}, trace.Lock{Is: trace.KindHold, Lock: "lock"})
	settle(both, nil)
	step("B", "lock", "", trace.Lock{Is: trace.KindWant, Lock: "lock"})
	p.state(at, "B", trace.Asleep, "futex")
	settle(both[:1], both[1:])
	p.add(at, trace.Learner, "", trace.Act{Action: "kill", Target: "A"})
	n++
	at += ms1
	p.add(at, trace.Kernel, "A", trace.Exit{PID: 4711, Code: -1, Signal: "KILL"})
	p.add(at, trace.Kernel, "A", trace.Reaped{PID: 4711})
	p.add(at, trace.Stage, "", trace.Solved{Puzzle: "wait-for-ever", N: n})
	settle(nil, both[1:])
	return p
}

// deadlock is two processes, each with the lock that the other wants.
func deadlock() *play {
	p := &play{}
	p.start(20*ms1, "A", 4711, "taker")
	p.start(30*ms1, "B", 4712, "taker")
	at, n := 40*ms1, 0
	locks := []trace.ID{"first", "second"}
	step := func(who trace.ID, lock trace.ID, ds ...trace.Data) {
		n++
		p.add(at, trace.Learner, who, trace.StepGo{N: n, Text: "take " + string(lock)})
		for _, d := range ds {
			at += ms1
			p.add(at, trace.Worker, who, d)
		}
		at += 300 * ms1
	}
	who := []trace.ID{"A", "B"}
	p.add(at, trace.Stage, "", trace.Settled{Ready: who})
	for i, id := range who {
		step(id, locks[i], trace.Lock{Is: trace.KindWant, Lock: locks[i]}, trace.Lock{Is: trace.KindHold, Lock: locks[i]}, trace.StepWait{Text: "take " + string(locks[1-i])})
		p.add(at, trace.Stage, "", trace.Settled{N: n, Ready: who})
	}
	for i, id := range who {
		step(id, locks[1-i], trace.StepWait{}, trace.Lock{Is: trace.KindWant, Lock: locks[1-i]})
		p.state(at, id, trace.Asleep, "flock")
		p.add(at+ms1, trace.Stage, "", trace.Settled{N: n, Ready: who[i+1:], Blocked: who[:i+1]})
		at += 2 * ms1
	}
	return p
}
