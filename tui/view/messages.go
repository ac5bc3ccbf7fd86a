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
// is lost ends in a cross. What happens within a process, by its own word, is a
// sign on its line. Many alike after one another are drawn once, with their
// number; where not all has room, the older ones also if they are not one after
// the other.
//
// Left of each row stands what Scene.Order says. Rows stand in the order in which
// the log has them, which two processes may have told in the wrong order, or in
// that of their Lamport clocks; the first line says in which.
//
// In less than 44 cells the messages are a list.
func Messages(s *Scene, w, h int) []string { return messages(s, w, h).close() }

// Order is what stands left of the rows of Messages, and in what order they are.
type Order uint8

const (
	ByTime    Order = iota // the time in the log
	ByLamport              // Lamport clocks, in their order
	ByVector               // vector clocks, in the order of the log: of two, neither need be the lesser
	orderCount
)

// Next is the order after it.
func (o Order) Next() Order { return (o + 1) % orderCount }

// String is the order in words.
func (o Order) String() string {
	return [...]string{"time", "Lamport clocks", "vector clocks", ""}[min(o, orderCount)]
}

// recent is how many messages back a diagram looks. What was sent before and
// arrives only now is not drawn.
const recent = 512

// spaceEvent is a row of the diagram to be.
type spaceEvent struct {
	at    time.Duration
	kind  spaceKind
	msg   int // index in Board.Msgs, in Board.Procs for an end, in Board.Locals
	count int // alike, from here back
}

type spaceKind uint8

const (
	spaceSend  spaceKind = iota // it left and is on its way, here or at the end
	spaceBoth                   // it left and arrived
	spaceLost                   // it left and was lost
	spaceRecv                   // it arrived
	spaceEnd                    // a process ended
	spaceLocal                  // something happened within a process, or to a link
)

func messages(s *Scene, w, h int) *page {
	p := newPage(s, w, h)
	b := s.board()
	if len(b.Msgs) == 0 {
		p.put(inkDim, "No message yet.")
		return p
	}
	d := &diagram{s: s, b: b, now: max(s.now().Truncate(Grain), b.At), order: s.Order, places: placesOf(b)}
	if d.order > ByTime && !b.Clocked {
		d.order = ByTime
		if h > 2 {
			p.say(inkWarn, "This run carries no clocks, so the rows stand by the time in the log.",
				"This run carries no clocks: by time.", "No clocks here.")
			p.next()
		}
	}
	d.rows = d.events(max(p.left()-1, 1))
	if w < 44 {
		d.list(p)
		return p
	}
	d.place(w)
	if p.left() > 1 {
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
	s      *Scene
	b      *board.Board
	now    time.Duration
	order  Order
	places places
	rows   []spaceEvent
	left   int // cells left of the first column
	who    []trace.ID
	at     []int // columns of who
	text   int   // column of the remarks, 0 for none
	more   int   // processes that have no column
}

// events makes the last n rows.
func (d *diagram) events(n int) []spaceEvent {
	from := max(len(d.b.Msgs)-max(recent, 8*n), 0)
	first := d.b.Msgs[from].Sent
	evs := make([]spaceEvent, 0, 2*(len(d.b.Msgs)-from)+len(d.b.Locals))
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
	for i := range d.b.Locals {
		if l := &d.b.Locals[i]; l.At >= first || from == 0 {
			evs = append(evs, spaceEvent{l.At, spaceLocal, i, 1})
		}
	}
	for i := range d.b.Procs {
		if pr := &d.b.Procs[i]; pr.Ended != 0 && pr.Ended >= first && d.takesPart(pr.ID, from) {
			evs = append(evs, spaceEvent{pr.Ended, spaceEnd, i, 1})
		}
	}
	slices.SortStableFunc(evs, func(x, y spaceEvent) int { return cmp.Compare(x.at, y.at) })
	if d.order != ByTime {
		if d.order == ByLamport {
			d.byLamport(evs)
		}
		return evs[max(len(evs)-n, 0):]
	}
	return d.squeeze(d.fold(evs), n)
}

// stamp is where a row stands among those that carry clocks.
func (d *diagram) stamp(e spaceEvent) board.Stamp {
	switch e.kind {
	case spaceEnd:
		return board.Stamp{}
	case spaceLocal:
		return d.b.Locals[e.msg].Stamp
	case spaceRecv, spaceBoth:
		return d.b.Msgs[e.msg].Receiving
	}
	return d.b.Msgs[e.msg].Sending
}

// byLamport sorts rows by their Lamport clocks, those of one clock by name. A row
// that has none stays behind the one that it follows in the log.
func (d *diagram) byLamport(evs []spaceEvent) {
	type key struct {
		n   uint64
		who trace.ID
		e   spaceEvent
	}
	keys := make([]key, len(evs))
	last := key{}
	for i, e := range evs {
		if n := d.stamp(e).Lamport; n > 0 {
			last = key{n: n, who: d.whose(e)}
		}
		last.e = e
		keys[i] = last
	}
	slices.SortStableFunc(keys, func(x, y key) int {
		if c := cmp.Compare(x.n, y.n); c != 0 {
			return c
		}
		return cmp.Compare(x.who, y.who)
	})
	for i := range keys {
		evs[i] = keys[i].e
	}
}

// whose is the process that a row happens at.
func (d *diagram) whose(e spaceEvent) trace.ID {
	switch e.kind {
	case spaceEnd:
		return d.b.Procs[e.msg].ID
	case spaceLocal:
		return d.b.Locals[e.msg].Who
	case spaceRecv, spaceBoth:
		return d.b.Msgs[e.msg].To
	}
	return d.b.Msgs[e.msg].From
}

func (d *diagram) takesPart(id trace.ID, from int) bool {
	for i := len(d.b.Msgs) - 1; i >= from; i-- {
		if m := &d.b.Msgs[i]; m.From == id || m.To == id {
			return true
		}
	}
	return false
}

// fold joins the two ends of a message that nothing comes between, and rows that
// are alike.
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
	if x.kind != y.kind {
		return false
	}
	switch x.kind {
	case spaceBoth, spaceLost:
		a, b := &d.b.Msgs[x.msg], &d.b.Msgs[y.msg]
		return a.From == b.From && a.To == b.To
	case spaceLocal:
		a, b := &d.b.Locals[x.msg], &d.b.Locals[y.msg]
		return a.Kind == b.Kind && a.Who == b.Who && a.About == b.About && a.Off == b.Off && a.Kind != trace.KindRole && a.Kind != trace.KindSay
	}
	return false
}

// squeeze makes rows fit into n. The newer half stays as it is. Of the older ones,
// the messages that one process sent to another become one row for those that
// arrived and one for those that were lost, and the tasks of a process one row for
// their begins and one for their ends, from one thing of another kind to the next.
func (d *diagram) squeeze(rows []spaceEvent, n int) []spaceEvent {
	if len(rows) <= n {
		return rows
	}
	older := len(rows) - (n+1)/2
	type key struct {
		from, to trace.ID
		kind     trace.Kind
	}
	out := make([]spaceEvent, 0, len(rows))
	begin, alike := 0, map[key]int{}
	for _, e := range rows[:older] {
		var k key
		switch e.kind {
		case spaceEnd:
		case spaceLocal:
			if l := &d.b.Locals[e.msg]; busy(l.Kind) {
				k = key{from: l.Who, kind: l.Kind}
			}
		default:
			m := &d.b.Msgs[e.msg]
			k = key{m.From, m.To, trace.KindRecv}
			switch {
			case e.kind == spaceRecv:
				e.kind = spaceBoth
			case e.kind == spaceLost:
				k.kind = trace.KindDrop
			case e.kind == spaceSend && m.Received != 0 && m.Received < rows[older].at:
				continue // it is counted where it arrives
			case e.kind == spaceSend:
				out = append(out, e)
				continue
			}
		}
		if k.kind == 0 { // nothing is joined across it
			slices.SortStableFunc(out[begin:], func(x, y spaceEvent) int { return cmp.Compare(x.at, y.at) })
			out = append(out, e)
			begin = len(out)
			clear(alike)
			continue
		}
		if at, ok := alike[k]; ok {
			e.count += out[at].count
			out[at] = e
			continue
		}
		alike[k] = len(out)
		out = append(out, e)
	}
	slices.SortStableFunc(out[begin:], func(x, y spaceEvent) int { return cmp.Compare(x.at, y.at) })
	out = append(out, rows[older:]...)
	return out[max(len(out)-n, 0):]
}

// busy says that something within a process is an ordinary piece of its work.
func busy(k trace.Kind) bool { return k == trace.KindTaskRun || k == trace.KindTaskDone }

// place gives the processes their columns: in the order in which they started,
// those that have least to do with what is drawn left out when there is no room.
func (d *diagram) place(w int) {
	seen := map[trace.ID]int{}
	for i, e := range d.rows {
		if e.kind != spaceEnd && e.kind != spaceLocal {
			seen[d.b.Msgs[e.msg].From], seen[d.b.Msgs[e.msg].To] = i, i
		}
	}
	for i, e := range d.rows {
		if e.kind != spaceLocal {
			continue
		}
		who := d.b.Locals[e.msg].Who
		if _, ok := seen[who]; !ok { // where messages name nodes, it is its node's
			if _, ok := seen[d.places.of(who)]; ok {
				who = d.places.of(who)
			}
		}
		if d.b.Proc(who) != nil {
			seen[who] = max(seen[who], i)
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
	d.left = 10
	if d.order == ByVector {
		d.left = len(d.s.Clocks) + 4
		var buf [64]byte
		for _, e := range d.rows {
			d.left = max(d.left, len(appendVector(buf[:0], d.stamp(e).Vector))+2)
		}
		d.left = min(max(d.left, 10), max(w/3, 10))
	}
	room := w - d.left
	if w >= 56 {
		room -= min(max(w/3, 20), 40)
	}
	const least, tight = 8, 6
	each := max(min(room/max(len(d.who), 1), 24), least)
	if len(d.who)*least > room {
		each = tight
	}
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
	if len(d.who) > 0 && d.more > 0 {
		each = max(min(room/len(d.who), least), tight)
	}
	d.at = make([]int, len(d.who))
	for i := range d.who {
		d.at[i] = d.left + i*each
	}
	if w >= 56 {
		d.text = d.left + max(len(d.who)-1, 0)*each + 4
	}
}

func (d *diagram) head(p *page) {
	switch d.order {
	case ByTime:
		p.right(inkDim, "TIME", 8)
	case ByLamport:
		p.right(inkDim, "LAMPORT", 8)
	case ByVector:
		p.text(inkDim, "["+p.clean(d.s.Clocks)+"]", d.left-2)
	}
	for i, id := range d.who {
		p.to(d.at[i])
		room := p.max - d.at[i]
		if i+1 < len(d.who) {
			room = d.at[i+1] - d.at[i] - 1
		}
		if d.more == 0 && d.text > 0 && i+1 == len(d.who) {
			room = max(min(room, max(width(string(id)), 3)), 1)
		}
		in := inkStrong
		if id == d.s.Selected && id != "" {
			in = inkSelect
		}
		from := p.w
		p.text(in, p.endOf(p.clean(string(id)), room), room)
		p.mark(id, from, p.w)
	}
	if d.more > 0 && p.room() > 12 {
		p.put(inkDim, "  +"+strconv.Itoa(d.more)+" more")
	}
	if d.text > 0 {
		p.to(d.text + 2)
		if p.w == d.text+2 {
			if d.order == ByLamport {
				p.say(inkDim, "in the order of Lamport clocks", "by Lamport clock")
			} else {
				p.say(inkDim, "in the order of the log", "as in the log")
			}
		}
	}
	p.next()
}

// clock writes what stands left of a row.
func (d *diagram) clock(p *page, e spaceEvent) {
	var buf [64]byte
	st := d.stamp(e)
	switch {
	case d.order == ByTime:
		p.stamp(e.at)
	case st.Vector == nil:
	case d.order == ByVector:
		p.text(inkText, string(appendVector(buf[:0], st.Vector)), d.left-2)
	case st.Lamport == 0:
		p.right(inkDim, "?", 8)
	default:
		p.num(inkText, strconv.AppendUint(buf[:0], st.Lamport, 10), 8)
	}
	p.to(d.left - 1)
}

// appendVector writes a vector clock: [3 0 17].
func appendVector(b []byte, v []uint64) []byte {
	b = append(b, '[')
	for i, n := range v {
		if i > 0 {
			b = append(b, ' ')
		}
		b = strconv.AppendUint(b, n, 10)
	}
	return append(b, ']')
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
			p.all(inkBad, p.clean(string(pr.ID))+" ended: "+ending(pr))
			p.next()
			continue
		}
		if e.kind == spaceLocal {
			d.localWords(p, e)
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
