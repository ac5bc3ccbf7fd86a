package view

import (
	"cmp"
	"slices"
	"strconv"
	"time"

	"edu/procession/demos/board"
	"edu/procession/demos/trace"
)

// Messages is a space-time diagram: a line of life for each process, time going
// down, the newest at the bottom, a message an arrow across. A message that is
// received before anything else happens is one arrow with both of its ends; one
// that takes longer has a line where it leaves and one where it arrives. One that
// is lost ends in a cross. Many alike after one another are drawn once, with
// their number.
//
// In less than 44 cells the messages are a list.
func Messages(s *Scene, w, h int) []string { return messages(s, w, h).close() }

// recent is how many messages back a diagram looks. What was sent before and
// arrives only now is not drawn.
const recent = 1024

// spaceEvent is a row of the diagram to be.
type spaceEvent struct {
	at    time.Duration
	kind  spaceKind
	msg   int // index in Board.Msgs, or in Board.Procs for an end
	count int // alike, from here back
}

type spaceKind uint8

const (
	spaceSend spaceKind = iota // it left and is on its way, here or at the end
	spaceBoth                  // it left and arrived
	spaceLost                  // it left and was lost
	spaceRecv                  // it arrived
	spaceEnd                   // a process ended
)

func messages(s *Scene, w, h int) *page {
	p := newPage(s, w, h)
	b := s.board()
	if len(b.Msgs) == 0 {
		p.put(inkDim, "No message yet.")
		return p
	}
	d := &diagram{s: s, b: b, now: max(s.now().Truncate(Grain), b.At)}
	d.rows = d.events(max(h, 1))
	if w < 44 {
		d.list(p)
		return p
	}
	d.place(w)
	if h > 1 {
		d.head(p)
	}
	rows := d.rows
	if n := p.left(); len(rows) > n {
		rows = rows[len(rows)-n:]
	}
	for _, e := range rows {
		d.row(p, e)
	}
	return p
}

// diagram is where everything of a space-time diagram is.
type diagram struct {
	s    *Scene
	b    *board.Board
	now  time.Duration
	rows []spaceEvent
	who  []trace.ID
	at   []int // columns of who
	text int   // column of the remarks, 0 for none
	more int   // processes that have no column
}

// events makes the last n rows.
func (d *diagram) events(n int) []spaceEvent {
	from := max(len(d.b.Msgs)-max(recent, 8*n), 0)
	evs := make([]spaceEvent, 0, 2*(len(d.b.Msgs)-from))
	for i := from; i < len(d.b.Msgs); i++ {
		m := &d.b.Msgs[i]
		kind := spaceSend
		if m.Dropped {
			kind = spaceLost
		}
		evs = append(evs, spaceEvent{m.Sent, kind, i, 1})
		if m.Received != 0 && !m.Dropped {
			evs = append(evs, spaceEvent{m.Received, spaceRecv, i, 1})
		}
	}
	for i := range d.b.Procs {
		if pr := &d.b.Procs[i]; pr.Ended != 0 && pr.Ended >= d.b.Msgs[from].Sent && d.takesPart(pr.ID, from) {
			evs = append(evs, spaceEvent{pr.Ended, spaceEnd, i, 1})
		}
	}
	slices.SortStableFunc(evs, func(x, y spaceEvent) int { return cmp.Compare(x.at, y.at) })
	return d.fold(evs)
}

func (d *diagram) takesPart(id trace.ID, from int) bool {
	for i := len(d.b.Msgs) - 1; i >= from; i-- {
		if m := &d.b.Msgs[i]; m.From == id || m.To == id {
			return true
		}
	}
	return false
}

// fold joins the two ends of a message that nothing comes between, and messages
// that are alike.
func (d *diagram) fold(evs []spaceEvent) []spaceEvent {
	out := evs[:0]
	for i := 0; i < len(evs); i++ {
		e := evs[i]
		if e.kind == spaceSend && i+1 < len(evs) && evs[i+1].kind == spaceRecv && evs[i+1].msg == e.msg {
			e.kind, e.at = spaceBoth, evs[i+1].at
			i++
		}
		if n := len(out); n > 0 && d.alike(out[n-1], e) {
			e.count += out[n-1].count
			out[n-1] = e
			continue
		}
		out = append(out, e)
	}
	return out
}

func (d *diagram) alike(x, y spaceEvent) bool {
	if x.kind != y.kind || x.kind != spaceBoth && x.kind != spaceLost {
		return false
	}
	a, b := &d.b.Msgs[x.msg], &d.b.Msgs[y.msg]
	return a.From == b.From && a.To == b.To
}

// place gives the processes their columns: in the order in which they started,
// those that have least to do with what is drawn left out when there is no room.
func (d *diagram) place(w int) {
	seen := map[trace.ID]int{}
	for i, e := range d.rows {
		if e.kind != spaceEnd {
			seen[d.b.Msgs[e.msg].From], seen[d.b.Msgs[e.msg].To] = i, i
		}
	}
	for i := range d.b.Procs {
		if _, ok := seen[d.b.Procs[i].ID]; ok {
			d.who = append(d.who, d.b.Procs[i].ID)
		}
	}
	known := len(d.who)
	for id := range seen {
		if !slices.Contains(d.who[:known], id) {
			d.who = append(d.who, id)
		}
	}
	slices.Sort(d.who[known:])
	const left = 10
	room := w - left
	if w >= 56 {
		room -= min(max(w/3, 20), 40)
	}
	each := max(min(room/max(len(d.who), 1), 24), 8)
	for len(d.who)*each > room && len(d.who) > 1 {
		last := 0
		for i := range d.who {
			if seen[d.who[i]] < seen[d.who[last]] {
				last = i
			}
		}
		d.who = slices.Delete(d.who, last, last+1)
		d.more++
	}
	d.at = make([]int, len(d.who))
	for i := range d.who {
		d.at[i] = left + i*each
	}
	if w >= 56 {
		d.text = left + (len(d.who)-1)*each + 4
	}
}

func (d *diagram) head(p *page) {
	p.right(inkDim, "TIME", 8)
	for i, id := range d.who {
		p.to(d.at[i])
		room := p.max - d.at[i]
		if i+1 < len(d.who) {
			room = d.at[i+1] - d.at[i] - 1
		}
		in := inkStrong
		if id == d.s.Selected && id != "" {
			in = inkSelect
		}
		from := p.w
		p.text(in, p.clean(string(id)), room)
		p.mark(id, from, p.w)
	}
	if d.more > 0 && p.room() > 12 {
		p.put(inkDim, "  +"+strconv.Itoa(d.more)+" more")
	}
	p.next()
}

// col is the column of a process, or -1.
func (d *diagram) col(id trace.ID) int {
	if i := slices.Index(d.who, id); i >= 0 {
		return d.at[i]
	}
	return -1
}

// lives says whether a process is there at a time. What is no process is always
// there.
func (d *diagram) lives(id trace.ID, at time.Duration) bool {
	pr := d.b.Proc(id)
	return pr == nil || pr.PID == 0 || pr.Started <= at && (pr.Ended == 0 || at < pr.Ended)
}

// letterOf names a message for as long as it can be seen.
func letterOf(msg int) string { return "abcdefghijklmnopqrstuvwxyz"[msg%26 : msg%26+1] }

func (d *diagram) row(p *page, e spaceEvent) {
	g := p.p.sign
	p.stamp(e.at)
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
		if x >= 10 && x < n {
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
		p.all(inkBad, ending(pr.Exit))
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

func (d *diagram) words(p *page, e spaceEvent, m *board.Msg) {
	text := p.clean(m.Text)
	took := func(since time.Duration) string { return nanoseconds(float64(since), p.p.ascii) }
	switch e.kind {
	case spaceLost:
		p.put(inkBad, "LOST ")
		p.all(inkText, text)
	case spaceRecv:
		p.put(inkText, "received after ")
		p.all(inkText, took(m.Received-m.Sent))
	case spaceBoth:
		p.text(inkText, text, max(p.room()-10, 0))
		if text != "" {
			p.space(1)
		}
		p.all(inkDim, "+"+took(m.Received-m.Sent))
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

// stamp writes a time in the run in nine cells.
func (p *page) stamp(at time.Duration) {
	var buf [24]byte
	p.num(inkDim, appendStamp(buf[:0], at), 8)
	p.space(1)
}

// appendStamp writes a time in the run to the millisecond, or from an hour on to
// the second: 12.345, 3:07.120, 1:02:03.
func appendStamp(b []byte, at time.Duration) []byte {
	at = max(at, 0)
	h, m := int64(at/time.Hour), int64(at/time.Minute)%60
	sec, ms := int64(at/time.Second)%60, int64(at/time.Millisecond)%1000
	switch {
	case h > 0:
		b = append(strconv.AppendInt(b, h, 10), ':')
		return two(append(two(b, m), ':'), sec)
	case m > 0:
		b = two(append(strconv.AppendInt(b, m, 10), ':'), sec)
	default:
		b = strconv.AppendInt(b, sec, 10)
	}
	return append(b, '.', byte('0'+ms/100), byte('0'+ms/10%10), byte('0'+ms%10))
}

// list draws the messages as lines, for narrow windows.
func (d *diagram) list(p *page) {
	rows := d.rows
	if n := p.left(); len(rows) > n {
		rows = rows[len(rows)-n:]
	}
	for _, e := range rows {
		p.stamp(e.at)
		if e.kind == spaceEnd {
			pr := &d.b.Procs[e.msg]
			p.all(inkBad, p.clean(string(pr.ID))+" ended: "+ending(pr.Exit))
			p.next()
			continue
		}
		m := &d.b.Msgs[e.msg]
		p.text(inkText, p.clean(string(m.From)), 10)
		p.space(1)
		if e.kind == spaceLost {
			p.glyph(inkBad, p.p.sign.cross)
		} else {
			p.glyph(inkBar, p.p.sign.right)
		}
		p.space(1)
		p.text(inkText, p.clean(string(m.To)), 10)
		p.space(1)
		if e.count > 1 {
			p.glyph(inkStrong, p.p.sign.times)
			p.put(inkStrong, grouped(float64(e.count))+" ")
		}
		d.words(p, e, m)
		p.next()
	}
}
