package deadlock

import (
	"slices"
	"sync"
	"time"

	"edu/procession/demos/trace"
)

// edge says that who waits for a lock that holder holds.
type edge struct {
	who, lock, holder trace.ID
	asked             time.Duration
}

// teller is what a graph needs of the stage.
type teller interface {
	Now() time.Duration
	Gauge(name string, value float64, unit string)
}

// graph is who holds and who wants what, by the workers' word. It is safe for
// concurrent use: workers are heard from several goroutines.
type graph struct {
	s teller

	mu    sync.Mutex
	began time.Duration
	holds map[trace.ID][]trace.ID // lock → who; two while the farewell of one is on its way
	wants map[trace.ID]edge       // who → what
	done  int
}

func newGraph(s teller) *graph {
	g := &graph{s: s}
	g.reset()
	return g
}

func (g *graph) reset() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.holds, g.wants, g.done, g.began = map[trace.ID][]trace.ID{}, map[trace.ID]edge{}, 0, 0
}

func (g *graph) hear(who trace.ID, d trace.Data) {
	g.mu.Lock()
	defer g.mu.Unlock()
	switch d := d.(type) {
	case trace.Lock:
		switch d.Is {
		case trace.KindWant:
			if g.began == 0 {
				g.began = g.s.Now()
			}
			g.wants[who] = edge{who: who, lock: d.Lock, asked: g.s.Now()}
		case trace.KindHold:
			delete(g.wants, who)
			g.holds[d.Lock] = append(g.holds[d.Lock], who)
		case trace.KindFree:
			g.drop(d.Lock, who)
		}
	case trace.Cell:
		g.done++
		g.s.Gauge("transfers", float64(g.done), "")
	}
}

func (g *graph) leave(who trace.ID) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.wants, who)
	for l := range g.holds {
		g.drop(l, who)
	}
}

// drop takes one hold away. Workers are heard through pipes of their own, so one
// that had the lock in between may be heard when the next one has been.
func (g *graph) drop(lock, who trace.ID) {
	if i := slices.Index(g.holds[lock], who); i >= 0 {
		g.holds[lock] = slices.Delete(g.holds[lock], i, i+1)
	}
}

func (g *graph) transfers() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.done
}

// circle is a circle of waiting, from the first by name; nil where there is none.
func (g *graph) circle() []edge {
	g.mu.Lock()
	defer g.mu.Unlock()
	var names []trace.ID
	for who := range g.wants {
		names = append(names, who)
	}
	slices.Sort(names)
	for _, first := range names {
		var path []edge
		for at := first; len(path) < len(names); {
			e, waits := g.wants[at]
			if !waits || len(g.holds[e.lock]) != 1 {
				break
			}
			e.holder = g.holds[e.lock][0]
			path = append(path, e)
			if at = e.holder; at == first {
				return path
			}
		}
	}
	return nil
}

// since is how long it took until a circle closed.
func (g *graph) since(circle []edge) time.Duration {
	g.mu.Lock()
	defer g.mu.Unlock()
	var last time.Duration
	for _, e := range circle {
		last = max(last, e.asked)
	}
	return last - g.began
}
