// Package burn is work that needs the processor and nothing else.
package burn

import (
	"sync/atomic"
	"time"
)

var sink atomic.Uint64 // keeps the compiler from dropping the work

// Rounds does so many rounds of work. Several goroutines may call it at once; they
// share nothing while they compute.
func Rounds(n int) {
	x := sink.Load()
	for range n {
		for range 2000 {
			x = x*6364136223846793005 + 1442695040888963407
		}
	}
	sink.Store(x)
}

// Rate is how many rounds the calling goroutine does in a second: the fastest of
// some tries that are short beside a turn on a busy core, the one that was disturbed
// least.
func Rate() float64 {
	const tries, rounds = 50, 200
	best := 0.0
	for range tries {
		t := time.Now()
		Rounds(rounds)
		best = max(best, rounds/max(time.Since(t).Seconds(), 1e-9))
	}
	return best
}
