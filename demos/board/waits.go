package board

import (
	"slices"

	"edu/procession/demos/trace"
)

// Wait is an edge of the wait-for graph: Who waits for Lock, which For holds.
type Wait struct {
	Who  trace.ID
	Lock trace.ID
	For  trace.ID
}

// Waits is the wait-for graph: who waits, by its own word and asleep by the
// kernel's, for a lock that somebody else holds.
func (b *Board) Waits() (all []Wait) {
	for _, l := range b.Locks {
		for _, who := range l.Waiters {
			if p := b.Proc(who); p == nil || !p.Alive() || p.State != trace.Asleep && p.State != trace.Disk && p.State != trace.Untold {
				continue
			}
			for _, h := range l.Holders {
				all = append(all, Wait{who, l.ID, h})
			}
		}
	}
	return all
}

// Circle is a circle in the wait-for graph, nil where there is none: each waits
// for a lock of the next, and the last for one of the first. Nobody in it will
// ever go on by itself.
func (b *Board) Circle() []Wait {
	waits := b.Waits()
	for _, first := range waits {
		path := []Wait{first}
		for at := first.For; ; {
			if i := slices.IndexFunc(path, func(w Wait) bool { return w.Who == at }); i >= 0 {
				circle := path[i:]
				low := 0
				for j := range circle {
					if circle[j].Who < circle[low].Who {
						low = j
					}
				}
				return slices.Concat(circle[low:], circle[:low])
			}
			i := slices.IndexFunc(waits, func(w Wait) bool { return w.Who == at })
			if i < 0 {
				break
			}
			path = append(path, waits[i])
			at = waits[i].For
		}
	}
	return nil
}
