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
const recent = 512

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
		p.text(in, p.endOf(p.clean(string(id)), room), room)
		p.mark(id, from, p.w)
	}
	if d.more > 0 && p.room() > 12 {
		p.put(inkDim, "  +"+strconv.Itoa(d.more)+" more")
	}
	p.next()
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
