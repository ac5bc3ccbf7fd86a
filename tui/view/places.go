package view

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"edu/procession/demos/board"
	"edu/procession/demos/trace"
)

// place is a node with the processes inside it.
type place struct {
	id    trace.ID
	procs []int // in Board.Procs
}

// places are the nodes of a run. The zero value is a run without nodes.
type places struct {
	all  []place
	rest []int                 // processes on the stage itself
	in   map[trace.ID]trace.ID // of processes and nodes, the node
}

// placesOf sorts processes into nodes, in the order in which they started. Where
// no process has a node or a part among its like, there are no nodes.
func placesOf(b *board.Board) (at places) {
	if !nodes(b) {
		return at
	}
	at.in = map[trace.ID]trace.ID{}
	for i := range b.Procs {
		pr := &b.Procs[i]
		node := trace.ID(pr.Node)
		if node == "" && pr.Part.Role != "" {
			node = pr.ID // what it says of itself makes it a node
		}
		if node == "" {
			at.rest = append(at.rest, i)
			continue
		}
		at.in[pr.ID], at.in[node] = node, node
		n := slices.IndexFunc(at.all, func(p place) bool { return p.id == node })
		if n < 0 {
			n = len(at.all)
			at.all = append(at.all, place{id: node})
		}
		at.all[n].procs = append(at.all[n].procs, i)
	}
	// In the order in which they started, but w1, w2 and w10 in that of their numbers.
	kind := func(p place) string { return strings.TrimRight(string(p.id), "0123456789") }
	first := map[string]int{}
	for i := len(at.all) - 1; i >= 0; i-- {
		first[kind(at.all[i])] = i
	}
	slices.SortStableFunc(at.all, func(x, y place) int {
		return cmp.Or(cmp.Compare(first[kind(x)], first[kind(y)]), cmp.Compare(len(x.id), len(y.id)), cmp.Compare(x.id, y.id))
	})
	return at
}

// nodes says that there are nodes on stage.
func nodes(b *board.Board) bool {
	return slices.ContainsFunc(b.Procs, func(p board.Proc) bool { return p.Node != "" || p.Part.Role != "" })
}

// of is the node that a process or a node is, or else the name itself.
func (at *places) of(id trace.ID) trace.ID {
	if node, ok := at.in[id]; ok {
		return node
	}
	return id
}

// lives says that a process of the node has not ended.
func (pl *place) lives(b *board.Board) bool {
	return slices.ContainsFunc(pl.procs, func(i int) bool { return b.Procs[i].Ended == 0 })
}

// shown are the processes that are drawn: those that have not been reaped or,
// where there is none, the one that was reaped last. A node that is started again
// is no crowd.
func (pl *place) shown(b *board.Board) (procs []int) {
	last := pl.procs[0]
	for _, i := range pl.procs {
		if b.Procs[i].Reaped == 0 {
			procs = append(procs, i)
		} else if b.Procs[i].Reaped >= b.Procs[last].Reaped {
			last = i
		}
	}
	if procs == nil {
		return []int{last}
	}
	return procs
}

// part is what a node's living process says that its part is.
func (pl *place) part(b *board.Board) trace.Role {
	for _, i := range pl.procs {
		if pr := &b.Procs[i]; pr.Ended == 0 && pr.Part.Role != "" {
			return pr.Part
		}
	}
	return trace.Role{}
}

// partWords is a part in words: "leader t4".
func partWords(r trace.Role) string {
	if r.Role == "" || r.Term == 0 {
		return r.Role
	}
	return r.Role + " t" + strconv.FormatUint(r.Term, 10)
}

// saysOf is a process's own word: its part, what it adds to that, and what it
// waits for.
func saysOf(pr *board.Proc) (parts []string) {
	if pr.Ended != 0 {
		return nil
	}
	for _, text := range [...]string{partWords(pr.Part), pr.Part.Note, pr.Says} {
		if text != "" {
			parts = append(parts, text)
		}
	}
	return parts
}

// islands are the living nodes in groups that can still reach one another; none
// where no link is cut. Two nodes of which nothing is known can where both have a
// part among their like, and otherwise by way of those that they are linked with.
// A link that is cut one way still connects.
func (at *places) islands(b *board.Board, ps []pair) (all [][]int) {
	index := map[trace.ID]int{}
	group := make([]int, len(at.all))
	for i := range at.all {
		group[i], index[at.all[i].id] = i, i
	}
	join := func(x, y int) {
		from, to := group[x], group[y]
		for i := range group {
			if group[i] == from {
				group[i] = to
			}
		}
	}
	known, cut := map[[2]int]bool{}, map[int]bool{}
	for _, p := range ps {
		x, ok := index[p.a]
		y, too := index[p.b]
		if !ok || !too {
			continue
		}
		known[[2]int{min(x, y), max(x, y)}] = true
		switch {
		case !at.all[x].lives(b) || !at.all[y].lives(b): // nothing passes through who has ended
		case p.cut && p.from == "":
			cut[x], cut[y] = true, true
		default:
			join(x, y)
		}
	}
	if len(cut) == 0 {
		return nil
	}
	has := func(i int) bool { return at.all[i].part(b).Role != "" }
	seen := map[int]int{}
	for x := range group {
		for y := x + 1; y < len(group); y++ {
			if !known[[2]int{x, y}] && has(x) && has(y) {
				join(x, y)
			}
		}
	}
	parted := map[int]bool{} // groups that a cut has a part in: the others are apart for other reasons
	for i := range cut {
		parted[group[i]] = true
	}
	for i, g := range group {
		if !parted[g] || !at.all[i].lives(b) {
			continue
		}
		n, ok := seen[g]
		if !ok {
			n = len(all)
			seen[g] = n
			all = append(all, nil)
		}
		all[n] = append(all[n], i)
	}
	return all
}
