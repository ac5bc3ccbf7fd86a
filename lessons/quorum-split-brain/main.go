// Any two majorities meet in a node. Two halves need not.
package main

import (
	"fmt"
	"maps"
	"slices"
)

// entry is a value with its version; version 0 is a question.
type entry struct {
	version int
	value   string
}

// replica is a node: a goroutine that owns its value.
type replica struct {
	told chan entry
	has  chan entry
}

func start() replica {
	r := replica{make(chan entry), make(chan entry)}
	go func() {
		value := entry{0, "nothing"}
		for told := range r.told {
			if told.version > value.version {
				value = told
			}
			r.has <- value
		}
	}()
	return r
}

// ask tells nodes an entry and returns the latest that they have.
func ask(nodes []replica, told entry) (latest entry) {
	for _, r := range nodes {
		r.told <- told
		if has := <-r.has; has.version >= latest.version {
			latest = has
		}
	}
	return latest
}

// write is acknowledged when enough nodes have it.
func write(side []replica, needed int, e entry) bool {
	ask(side, e)
	return len(side) >= needed
}

// subsets calls f with each choice of k nodes.
func subsets(nodes []replica, k int, f func([]replica)) {
	var pick func(from int, chosen []replica)
	pick = func(from int, chosen []replica) {
		if len(chosen) == k {
			f(chosen)
			return
		}
		for i := from; i < len(nodes); i++ {
			pick(i+1, append(slices.Clone(chosen), nodes[i]))
		}
	}
	pick(0, nil)
}

func main() {
	for _, t := range []struct {
		n, split, needed int
		rule             string
	}{
		{5, 2, 3, "a majority"},
		{4, 2, 2, "a half"},
		{4, 2, 3, "a majority"},
	} {
		var nodes []replica
		for range t.n {
			nodes = append(nodes, start())
		}
		a := write(nodes[:t.split], t.needed, entry{1, "a"})
		b := write(nodes[t.split:], t.needed, entry{2, "b"})
		reads := map[string]bool{}
		subsets(nodes, t.needed, func(some []replica) {
			reads[ask(some, entry{}).value] = true
		})
		fmt.Printf("%d nodes, %d|%d, %s: ",
			t.n, t.split, t.n-t.split, t.rule)
		fmt.Printf("a acknowledged: %t, b: %t; read later: %v\n",
			a, b, slices.Sorted(maps.Keys(reads)))
	}
}
