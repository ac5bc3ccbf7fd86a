package view

import (
	"slices"
	"time"

	"edu/procession/demos/board"
	"edu/procession/demos/trace"
)

// col is the column of a process, or -1.
func (d *diagram) col(id trace.ID) int {
	if i := slices.Index(d.who, id); i >= 0 {
		return d.at[i]
	}
	return -1
}

// lives says that a process is there at a time, or any of a node. What is neither
// is always there.
func (d *diagram) lives(id trace.ID, at time.Duration) bool {
	is := func(pr *board.Proc) bool {
		return pr.PID == 0 || pr.Started <= at && (pr.Ended == 0 || at < pr.Ended)
	}
	for _, pl := range d.places.all {
		if pl.id == id {
			return slices.ContainsFunc(pl.procs, func(i int) bool { return is(&d.b.Procs[i]) })
		}
	}
	pr := d.b.Proc(id)
	return pr == nil || is(pr)
}

// letterOf names a message for as long as it can be seen.
func letterOf(msg int) string { return "abcdefghijklmnopqrstuvwxyz"[msg%26 : msg%26+1] }

func (d *diagram) row(p *page, e spaceEvent) {
	g := p.p.sign
	d.clock(p, e)
	if len(d.at) == 0 {
		d.remark(p, e, inkText)
		return
	}
	// Everything between the first and the last column, a sign each.
	n := d.at[len(d.at)-1] + 2
	line := make([]string, n)
	inks := make([]ink, n)
	for i, id := range d.who {
		if d.lives(id, e.at) {
			line[d.at[i]], inks[d.at[i]] = g.life, inkDim
		}
	}
	set := func(x int, k ink, sign string) {
		if x >= d.left && x < n {
			line[x], inks[x] = sign, k
		}
	}
	if e.kind == spaceEnd {
		if x := d.col(d.b.Procs[e.msg].ID); x >= 0 {
			set(x, inkBad, g.task[board.TaskFailed])
		}
		d.flush(p, line, inks)
		d.remark(p, e, inkBad)
		return
	}
	if e.kind == spaceLocal {
		l := &d.b.Locals[e.msg]
		x := d.col(l.Who)
		if x < 0 {
			x = d.col(d.places.of(l.Who))
		}
		if x >= 0 && l.Who != "" {
			set(x, inkSaid, g.localSign(l.Kind))
		}
		d.flush(p, line, inks)
		d.remark(p, e, inkSaid)
		return
	}
	m := &d.b.Msgs[e.msg]
	in := inkBar
	if m.Dropped {
		in = inkBad
	}
	from, to := d.col(m.From), d.col(m.To)
	switch {
	case e.kind == spaceRecv:
		if to >= 0 {
			set(to, in, g.recv)
			set(to+1, in, letterOf(e.msg))
		}
	case from >= 0 && to >= 0 && from != to:
		d.arrow(g, e, in, from, to, set, line)
	case from >= 0:
		set(from, in, g.send)
		set(from+1, in, letterOf(e.msg))
	case to >= 0:
		set(to, in, g.recv)
		set(to+1, in, letterOf(e.msg))
	}
	d.flush(p, line, inks)
	d.remark(p, e, in)
}

// arrow sets the signs of a message that crosses from one column to another.
func (d *diagram) arrow(g *signs, e spaceEvent, in ink, from, to int, set func(int, ink, string), line []string) {
	step, head := 1, g.right
	if to < from {
		step, head = -1, g.left
	}
	shaft := g.line
	if e.kind == spaceSend && d.b.Msgs[e.msg].Received == 0 {
		shaft = g.dash
	}
	for x := from + step; x != to; x += step {
		if line[x] == g.life {
			set(x, in, g.over)
		} else {
			set(x, in, shaft)
		}
	}
	set(from, in, g.send)
	set(from+step, in, letterOf(e.msg))
	switch e.kind {
	case spaceLost:
		set(to-step, in, g.cross)
	case spaceBoth:
		set(to-step, in, head)
		set(to, in, g.recv)
	default:
		set(to-step, in, head)
	}
}

// flush writes what was set.
func (d *diagram) flush(p *page, line []string, inks []ink) {
	for x := p.w; x < len(line); x = p.w {
		if p.room() == 0 {
			return
		}
		if line[x] == "" {
			p.space(1)
		} else {
			p.glyph(inks[x], line[x])
		}
	}
}

// remark says in words what a row shows.
func (d *diagram) remark(p *page, e spaceEvent, in ink) {
	if d.text == 0 {
		p.next()
		return
	}
	p.to(d.text)
	if e.kind == spaceEnd {
		pr := &d.b.Procs[e.msg]
		p.all(inkBad, p.clean(string(pr.ID)))
		p.put(inkBad, " ended: ")
		p.all(inkBad, ending(pr))
		p.next()
		return
	}
	if e.kind == spaceLocal {
		d.localWords(p, e)
		p.next()
		return
	}
	m := &d.b.Msgs[e.msg]
	p.put(in, letterOf(e.msg)+" ")
	if e.count > 1 {
		p.glyph(inkStrong, p.p.sign.times)
		p.put(inkStrong, grouped(float64(e.count))+" ")
	}
	d.words(p, e, m)
	p.next()
}

// words says what a message is and how long it took: by the receiver's
// measurement or, where it made none, by the time between two lines of the log,
// which is left out below a millisecond.
func (d *diagram) words(p *page, e spaceEvent, m *board.Msg) {
	text := p.clean(m.Text)
	took := ""
	if m.Took > 0 {
		took = nanoseconds(float64(m.Took), p.p.ascii)
	} else if t := (m.Received - m.Sent).Round(time.Millisecond); t > 0 {
		took = nanoseconds(float64(t), p.p.ascii)
	}
	switch e.kind {
	case spaceLost:
		p.put(inkBad, "LOST ")
		p.all(inkText, text)
	case spaceRecv:
		p.put(inkText, "received")
		if took != "" {
			p.all(inkText, " after "+took)
		}
	case spaceBoth:
		p.text(inkText, text, max(p.room()-10, 0))
		if took != "" {
			p.all(inkDim, " +"+took)
		}
	default:
		p.text(inkText, text, max(p.room()-18, 0))
		if m.Received == 0 {
			if text != "" {
				p.space(1)
			}
			p.put(inkWarn, "under way "+forSpan(d.now-m.Sent))
		}
	}
}

// localSign is what stands on a line of life for what happened there.
func (g *signs) localSign(k trace.Kind) string {
	switch k {
	case trace.KindBelief:
		return "?"
	case trace.KindRole:
		return g.role
	case trace.KindTaskRun:
		return g.task[board.TaskRunning]
	case trace.KindTaskDone:
		return g.task[board.TaskDone]
	case trace.KindTaskFail, trace.KindTaskLost, trace.KindTaskDup:
		return g.task[board.TaskFailed]
	}
	return g.local
}

// localWords says what happened within a process, in quotes where that is its own
// word, or to a link.
func (d *diagram) localWords(p *page, e spaceEvent) {
	l := &d.b.Locals[e.msg]
	if l.Who == "" {
		what := map[trace.Kind]string{trace.KindCut: " links cut (injected)", trace.KindHeal: " links healed"}[l.Kind]
		if e.count > 1 && what != "" {
			p.put(inkBad, grouped(float64(e.count))+what)
		} else {
			p.all(inkBad, p.clean(l.Text))
		}
		return
	}
	p.text(inkText, p.clean(string(l.Who)), max(min(16, p.room()-10), 0))
	p.space(1)
	switch l.Kind {
	case trace.KindBelief:
		about := p.clean(string(l.About))
		verb, short := "believes of ", "of "
		if l.Off {
			verb, short = "no longer believes of ", "no longer of "
		}
		if p.room() < len(verb)+width(about)+width(l.Text)+4 {
			verb = short
		}
		p.put(inkDim, verb)
		p.text(inkText, about, max(min(16, p.room()-10), 0))
		p.put(inkDim, ": ")
	case trace.KindRole:
		p.put(inkDim, "says ")
	}
	if e.count > 1 {
		p.glyph(inkStrong, p.p.sign.times)
		p.put(inkStrong, grouped(float64(e.count))+" ")
	}
	if l.Source == trace.Worker {
		p.quote(l.Text, p.room())
	} else {
		p.all(inkText, p.clean(l.Text))
	}
}
