package mapreduce

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"edu/procession/demos/trace"
)

// master is the coordinator: in place processes it is a part of the program, in
// place nodes a process on a node of its own. It hears everything in one goroutine.
type master struct {
	setup
	store store
	news  chan news
	log   func(trace.ID, trace.Data) // facts for the log
	tell  func(fact)                 // and for the play
	now   func() time.Duration
	moved func() int64 // bytes that came from workers and went to them

	hands   []*hand // in the order in which they came
	job     *job
	number  int // of the job, from 1
	began   time.Duration
	backups bool
	files   int64
}

// setup is what both places have in common.
type setup struct {
	Maps    int           `json:"maps"`
	Reduces int           `json:"reduces"`
	Seed    uint64        `json:"seed"`
	Work    time.Duration `json:"work_ns"`    // that a task waits, on average, for eyes
	Silence time.Duration `json:"silence_ns"` // 0: the kernel tells of ends, and silence means nothing
}

// effort is how long a task waits: up to a quarter more or less than others, the
// same in every run with the seed.
func (s setup) effort(task int) time.Duration {
	return s.Work * time.Duration(750+rand.New(rand.NewPCG(s.Seed, uint64(task))).IntN(501)) / 1000
}

// store is where the data of a job are: in a folder that all see, or with the
// coordinator.
type store interface {
	begin(job int, s setup) error
	order(n int) (order, error)   // what a worker is to be told of a task
	commit(n int, a answer) error // takes the first result of a task
	result() ([]string, error)    // what the reduces have made, once all are done
	unfinished() (files int)      // results that were begun and never finished
}

// news is what the master hears.
type news struct {
	who     trace.ID
	link    any // of which connection of that worker's, where there may be several
	command *command
	send    func(order) error // a worker has come
	answer  *answer           // of a worker
	gone    bool              // it has ended, or its connection has
}

// command is what the play tells the master.
type command struct {
	Run     bool `json:"run,omitempty"`     // begin a job
	Backups bool `json:"backups,omitempty"` // from now on or, if not, no longer
}

// hand is a worker as the master sees it.
type hand struct {
	who    trace.ID
	link   any // its connection
	send   func(order) error
	busy   bool
	heard  time.Duration
	silent bool
}

// run is the master's life.
func (m *master) run(ctx context.Context) error {
	look := time.NewTicker(20 * time.Millisecond)
	defer look.Stop()
	for {
		select {
		case n := <-m.news:
			m.take(n)
		case <-look.C:
			m.look()
		case <-ctx.Done():
			return ctx.Err()
		}
		m.share()
	}
}

func (m *master) take(n news) {
	switch {
	case n.command != nil:
		m.backups = n.command.Backups
		if m.job != nil {
			m.job.backups = m.backups
		}
		if n.command.Run {
			m.begin()
		}
	case n.send != nil:
		if old := m.hand(n.who); old != nil { // it has come a second time
			m.leave(old.who, old.link)
		}
		m.hands = append(m.hands, &hand{who: n.who, link: n.link, send: n.send, heard: m.now()})
	case n.gone:
		m.leave(n.who, n.link)
	case n.answer != nil:
		m.answer(n.who, *n.answer)
	}
}

// begin begins a job. What is still out of one before counts for nothing.
func (m *master) begin() {
	m.number++
	m.job, m.began, m.files = newJob(m.Maps, m.Reduces, m.backups), m.now(), 0
	if err := m.store.begin(m.number, m.setup); err != nil {
		m.stuck(err)
		return
	}
	for i := range m.job.tasks {
		m.log("", trace.Task{Is: trace.KindTaskNew, Task: i, Note: nameOf(i, m.Maps)})
	}
	m.say(fact{Is: isBegan})
}

// stuck ends a job that cannot go on.
func (m *master) stuck(err error) {
	m.job = nil
	m.say(fact{Is: isBroken, Text: err.Error()})
}

func (m *master) say(f fact) {
	if m.job != nil {
		f.Numbers = m.job.n
	}
	f.Moved, f.Files = m.moved(), m.files
	m.tell(f)
}

func (m *master) hand(who trace.ID) *hand {
	for _, h := range m.hands {
		if h.who == who {
			return h
		}
	}
	return nil
}

// share gives tasks to all who are free.
func (m *master) share() {
	var lost []*hand // to whom nothing can be sent any more
	for _, h := range m.hands {
		if m.job == nil || m.job.over() {
			break
		}
		if h.busy || h.silent {
			continue
		}
		n, attempt, backup, ok := m.job.next(m.now(), h.who)
		if !ok {
			continue
		}
		o, err := m.store.order(n)
		if err != nil {
			m.stuck(err)
			return
		}
		o.Job, o.Task, o.Attempt, o.Maps, o.Reduces, o.Work = m.number, n, attempt, m.Maps, m.Reduces, m.effort(n)
		h.busy = true
		f, note := fact{Is: isGiven, Who: h.who, Task: n, Attempt: attempt}, nameOf(n, m.Maps)
		if backup {
			f.Is, note = isCopied, note+", a backup copy"
		}
		m.log(h.who, trace.Task{Is: trace.KindTaskRun, Task: n, Worker: h.who, Attempt: attempt, Note: note})
		m.say(f)
		if h.send(o) != nil {
			lost = append(lost, h)
		}
	}
	for _, h := range lost {
		m.leave(h.who, h.link)
	}
}

// answer takes what a worker says.
func (m *master) answer(who trace.ID, a answer) {
	h := m.hand(who)
	if h == nil {
		return
	}
	h.heard = m.now()
	if h.silent {
		h.silent = false
		m.log("", trace.Belief{About: who})
		m.say(fact{Is: isHeard, Who: who})
	}
	if a.Is != saysDone {
		return
	}
	h.busy = false
	if m.job == nil || a.Job != m.number {
		return
	}
	if a.Error != "" {
		m.stuck(fmt.Errorf("%s could not do %s: %s", who, nameOf(a.Task, m.Maps), a.Error))
		return
	}
	m.files += a.Files
	t := trace.Task{Task: a.Task, Worker: who, Attempt: a.Attempt, Took: a.Took, Note: nameOf(a.Task, m.Maps)}
	switch m.job.result(m.now(), who, a.Task, a.Attempt) {
	case first:
		if err := m.store.commit(a.Task, a); err != nil {
			m.stuck(err)
			return
		}
		t.Is = trace.KindTaskDone
		m.log(who, t)
		m.say(fact{Is: isResult, Who: who, Task: a.Task, Attempt: a.Attempt})
		switch {
		case m.job.over():
			m.finish()
		case a.Task < m.Maps && m.job.mapped():
			m.say(fact{Is: isMapped})
		}
	case duplicate:
		t.Is = trace.KindTaskDup
		m.log(who, t)
		m.say(fact{Is: isAgain, Who: who, Task: a.Task, Attempt: a.Attempt})
	}
}

// finish adds up what the reduces have made, and compares it with a count from
// the first word to the last.
func (m *master) finish() {
	pieces, err := m.store.result()
	total := map[string]int{}
	for _, p := range pieces {
		err = cmp.Or(err, add(total, p))
	}
	if err != nil {
		m.stuck(err)
		return
	}
	s := sum{Makespan: m.now() - m.began, Distinct: len(total), Differences: differences(total, count(book)), Top: top(total, 8), Unfinished: m.store.unfinished()}
	for _, n := range total {
		s.Words += n
	}
	m.say(fact{Is: isOver, Sum: &s})
}

// leave takes note of a worker's end.
func (m *master) leave(who trace.ID, link any) {
	for i, h := range m.hands {
		if h.who == who && h.link == link {
			m.hands = append(m.hands[:i:i], m.hands[i+1:]...)
			m.putBack(who, isBack)
			return
		}
	}
}

func (m *master) putBack(who trace.ID, is string) {
	var tasks []int
	if m.job != nil && !m.job.over() {
		tasks = m.job.giveUp(who)
	}
	for _, n := range tasks {
		m.log(who, trace.Task{Is: trace.KindTaskRetry, Task: n, Worker: who, Attempt: len(m.job.tasks[n].copies) + 1, Note: nameOf(n, m.Maps)})
	}
	m.say(fact{Is: is, Who: who, Back: tasks})
}

// look notices who is silent.
func (m *master) look() {
	for _, h := range m.hands {
		quiet := m.now() - h.heard
		if m.Silence == 0 || h.silent || quiet < m.Silence {
			continue
		}
		h.silent = true
		m.log("", trace.Belief{About: h.who, Is: fmt.Sprintf("silent for %.1f s", quiet.Seconds())})
		m.putBack(h.who, isSilent)
	}
}
