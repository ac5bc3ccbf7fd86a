package web

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"edu/procession/demos/demo"
	"edu/procession/demos/internal/sock"
	"edu/procession/demos/trace"
)

const (
	// waiting is what the client says when it is through with its orders.
	waiting = "the next round"
	telling = 60 * time.Millisecond // between two words on the figures
)

// asking is the client from the inside.
type asking struct {
	w      *demo.Worker
	at     sock.Addr
	key    sock.Key
	most   int           // hits under way at once
	limit  time.Duration // for a reply
	books  map[string]*book
	bars   []string // workers: those of the beginning, then others by their first reply
	silent int      // hits without an answer, one after the other
	told   time.Time
}

// book is what came of the hits that were counted in one place.
type book struct {
	asked, answered, largest, wrong, unanswered int
	seen                                        map[int]bool // numbers that were told
	by                                          map[string]int
	took, counting                              []time.Duration
}

// flight is a hit under way.
type flight struct {
	hit    int
	in     *sock.Lines
	began  time.Time
	before int // hits that had been answered when it was asked
}

// client is the role of the process that asks. An order is a line: where hits are
// to be counted, the number of the first, and how many.
func client(_ context.Context, w *demo.Worker) error {
	at, err := sock.ParseAddr(w.Arg("at"))
	if err != nil {
		return err
	}
	a := &asking{w: w, at: at, key: sock.Key(w.Arg("key")), most: w.IntArg("clients"), limit: w.DurationArg("patience"), books: map[string]*book{}, bars: strings.Fields(w.Arg("workers"))}
	for {
		w.Block(waiting)
		line, err := w.Recv()
		if err != nil {
			return nil
		}
		var where string
		var first, n int
		if _, err := fmt.Sscanf(line, "%s %d %d", &where, &first, &n); err != nil {
			return fmt.Errorf("an order that is none: %q", line)
		}
		b := a.books[where]
		if b == nil {
			b = &book{seen: map[int]bool{}, by: map[string]int{}}
			a.books[where] = b
		}
		w.Block("replies")
		if err := a.round(b, where, first, n); err != nil {
			return err
		}
		a.tell(b)
	}
}

// round asks n times, and takes what comes. When as many hits as may be under way
// got no answer one after the other, it gives up those that are left.
func (a *asking) round(b *book, where string, first, n int) error {
	var air []flight
	a.silent = 0
	for next := first; next < first+n || len(air) > 0; {
		for next < first+n && len(air) < a.most {
			hit := next
			next++
			if a.silent >= a.most {
				a.unanswered(b, hit, "not asked: nobody answers")
				continue
			}
			b.asked++
			f := flight{hit: hit, began: time.Now(), before: b.answered}
			c, err := sock.Dial(a.at, a.at, a.key)
			if err == nil {
				_, err = fmt.Fprintf(c, "%s %d\n", where, hit)
			}
			if err != nil {
				if c != nil {
					c.Close()
				}
				a.unanswered(b, hit, "no connection")
				continue
			}
			f.in = &sock.Lines{C: c}
			air = append(air, f)
		}
		if len(air) == 0 {
			continue
		}
		conns := make([]*sock.Conn, len(air))
		for i, f := range air {
			conns[i] = f.in.C
		}
		ready, err := sock.Wait(max(time.Until(air[0].began.Add(a.limit)), 0), conns...)
		if err != nil {
			return err
		}
		left := air[:0]
		for i, f := range air {
			switch {
			case ready[i] && a.take(b, f):
				f.in.C.Close()
			case !ready[i] && time.Since(f.began) > a.limit:
				f.in.C.Close()
				a.unanswered(b, f.hit, "no answer for "+a.limit.String())
			default:
				left = append(left, f)
			}
		}
		air = left
		if time.Since(a.told) > telling {
			a.tell(b)
		}
	}
	return nil
}

// take reads what has come for a hit, and says whether it is over.
func (a *asking) take(b *book, f flight) bool {
	err := f.in.Fill()
	line, ok := f.in.Next()
	if !ok && err == nil {
		return false
	}
	part := strings.Fields(line)
	if len(part) != 3 {
		a.unanswered(b, f.hit, "the connection ended without a reply")
		return true
	}
	n, bad := strconv.Atoi(part[1])
	ns, bad2 := strconv.ParseInt(part[2], 10, 64)
	if bad != nil || bad2 != nil {
		a.unanswered(b, f.hit, "a reply that is none")
		return true
	}
	a.silent = 0
	b.answer(part[0], n, f.before)
	if !slices.Contains(a.bars, part[0]) {
		a.bars = append(a.bars, part[0])
	}
	b.took = append(b.took, time.Since(f.began))
	b.counting = append(b.counting, time.Duration(ns))
	return true
}

// answer enters a reply: from whom, its number, and how many hits had been
// answered when it was asked.
func (b *book) answer(from string, n, before int) {
	b.answered++
	b.largest = max(b.largest, n)
	if b.seen[n] || n <= before {
		b.wrong++
	}
	b.seen[n] = true
	b.by[from]++
}

func (a *asking) unanswered(b *book, hit int, why string) {
	a.silent++
	b.unanswered++
	a.w.Report(trace.Task{Is: trace.KindTaskLost, Task: hit, Note: why})
}

// tell reports the figures.
func (a *asking) tell(b *book) {
	a.told = time.Now()
	for _, g := range []struct {
		name  string
		value int
	}{{"hits", b.answered}, {"largest-reply", b.largest}, {"wrong-replies", b.wrong}, {"unanswered", b.unanswered}} {
		a.w.Gauge(g.name, float64(g.value), "")
	}
	if b.answered == 0 {
		return
	}
	least, most := b.answered, 0
	for _, n := range b.by {
		least, most = min(least, n), max(most, n)
	}
	a.w.Gauge("hits-min", float64(least), "")
	a.w.Gauge("hits-max", float64(most), "")
	a.w.Gauge("p50", quantile(b.took, 50).Seconds()*1e3, "ms")
	a.w.Gauge("p99", quantile(b.took, 99).Seconds()*1e3, "ms")
	a.w.Gauge("counting", quantile(b.counting, 50).Seconds()*1e6, "µs")
	for _, id := range a.bars {
		a.w.Report(trace.Gauge{Name: id, Value: float64(b.by[id]), Group: "hits answered by"})
	}
}

// quantile is what so many of 100 are not above.
func quantile(all []time.Duration, of100 int) time.Duration {
	s := slices.Sorted(slices.Values(all))
	return s[(len(s)*of100+99)/100-1]
}
