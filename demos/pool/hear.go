package pool

import (
	"fmt"
	"slices"
	"time"

	"edu/procession/demos/trace"
)

// hear takes what a worker says until its end.
func (p *pool) hear(m *member) {
	in := inbox{from: m.answers}
	var fault error
	for fault == nil && in.fill() == nil {
		if fault = p.take(m, &in); fault != nil {
			m.kill()
		}
	}
	how := m.ending()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.depart(m, how, fault)
}

// take handles the frames that have arrived whole, and feeds. Its error is that
// the worker says what it cannot know.
func (p *pool) take(m *member, in *inbox) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	for {
		kind, body, ok, err := in.next()
		if err != nil {
			return err
		}
		if !ok {
			p.feed()
			return nil
		}
		switch kind {
		case kindBegan:
			err = p.began(m, body)
		case kindAnswer:
			err = p.answer(m, body)
		default:
			err = fmt.Errorf("%w: %q from a worker", errFrame, kind)
		}
		if err != nil {
			return err
		}
	}
}

func (p *pool) began(m *member, body []byte) error {
	t, gap, err := parseBegan(body)
	if err != nil {
		return err
	}
	if len(m.held) == 0 {
		return fmt.Errorf("%w: a task was begun that was not given", errFrame)
	}
	c := &m.held[0]
	if c.begun == len(c.tasks) || c.tasks[c.begun]&^poisoned != t {
		return fmt.Errorf("%w: task %d was begun, but is not next", errFrame, t)
	}
	if m.answered > 0 && c.begun == 0 {
		p.run.gaps = append(p.run.gaps, gap)
	}
	c.begun++
	m.beganAt = time.Now()
	p.start(m, t)
	return nil
}

func (p *pool) start(m *member, t uint32) {
	p.task(m.id, trace.Task{Is: trace.KindTaskRun, Task: int(t), Worker: m.id, Attempt: p.run.tasks[t].attempt})
}

func (p *pool) answer(m *member, body []byte) error {
	var err error
	if p.scratch, err = parseAnswer(body, p.scratch[:0]); err != nil {
		return err
	}
	if len(m.held) == 0 || len(m.held[0].tasks) != len(p.scratch) {
		return fmt.Errorf("%w: an answer to what was not asked", errFrame)
	}
	c := m.held[0]
	for i, a := range p.scratch {
		if c.tasks[i]&^poisoned != a.task {
			return fmt.Errorf("%w: task %d was asked, %d answered", errFrame, c.tasks[i], a.task)
		}
	}
	m.held = m.held[1:]
	m.bytes -= c.size()
	m.beganAt = time.Time{}
	m.answered += len(p.scratch)
	for i, a := range p.scratch {
		if i >= c.begun {
			p.start(m, a.task)
		}
		m.busy += a.took
		t := &p.run.tasks[a.task]
		t.took, t.value, t.text = a.took, a.value, a.text
		s, is := done, trace.KindTaskDone
		if a.failed {
			s, is = failed, trace.KindTaskFail
		}
		p.task(m.id, trace.Task{Is: is, Task: int(a.task), Worker: m.id, Attempt: t.attempt, Took: a.took, Note: a.text})
		p.end(int(a.task), s, m.id)
	}
	return nil
}

// depart takes a worker that has ended out of the pool, and decides about what
// it held.
func (p *pool) depart(m *member, how string, fault error) {
	d := departure{who: m.id, how: how, asked: m.leaving, closing: p.closed, fault: fault}
	p.members = slices.DeleteFunc(p.members, func(o *member) bool { return o == m })
	m.calls.Close()
	m.answers.Close()
	if len(m.held) > 0 {
		if !m.beganAt.IsZero() {
			m.busy += time.Since(m.beganAt)
		}
		p.run.shares = append(p.run.shares, m.share())
	}
	var again []uint32
	for i, c := range m.held {
		for k, arg := range c.tasks {
			t := int(arg &^ poisoned)
			task := &p.run.tasks[t]
			note := how + ", " + whereabouts(i, k, c.begun)
			if task.attempt < p.attempts && !p.closed {
				again = append(again, arg)
				d.retried = append(d.retried, t)
				p.task(m.id, trace.Task{Is: trace.KindTaskRetry, Task: t, Worker: m.id, Attempt: task.attempt + 1, Note: note})
			} else {
				d.lost = append(d.lost, t)
				p.task(m.id, trace.Task{Is: trace.KindTaskLost, Task: t, Worker: m.id, Attempt: task.attempt, Note: note})
			}
		}
	}
	p.queue = append(again, p.queue...)
	p.gone(d) // before what may be the end of the run
	for _, t := range d.lost {
		p.end(t, lost, m.id)
	}
	p.feed()
	p.giveUp()
	p.changed.Broadcast()
}

// whereabouts says what is known of task k of unanswered call i of a worker that
// died, when begun tasks of that call had been announced.
func whereabouts(i, k, begun int) string {
	switch {
	case i > 0 || k > 0 && k >= begun:
		return "not known to have begun"
	case k < begun-1:
		return "computed, but its result was not sent"
	case k == begun-1:
		return "in mid-task"
	}
	return "unanswered"
}
