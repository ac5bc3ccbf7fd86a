// A few at a time, and all together: a semaphore and a barrier.
package main

import (
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

// semaphore is a channel with room for as many as may be in.
type semaphore chan struct{}

func (s semaphore) take() { s <- struct{}{} }
func (s semaphore) give() { <-s }

// barrier lets nobody on until all have come. Each round has a number
// of its own: who waits, waits for the end of its own round, and one
// that is fast cannot take its place.
type barrier struct {
	mu    sync.Mutex
	cond  *sync.Cond
	all   int
	come  int
	round int
}

func newBarrier(all int) *barrier {
	b := &barrier{all: all}
	b.cond = sync.NewCond(&b.mu)
	return b
}

func (b *barrier) wait() {
	b.mu.Lock()
	defer b.mu.Unlock()
	mine := b.round
	if b.come++; b.come == b.all {
		b.come = 0
		b.round++
		b.cond.Broadcast()
		return
	}
	for b.round == mine { // not "if": a wake-up is only a hint
		b.cond.Wait()
	}
}

func main() {
	const workers, parts = 4, 3
	permits, meet := make(semaphore, 2), newBarrier(workers)
	var inside, tooMany, behind atomic.Int32
	var done [workers]atomic.Int32
	var all sync.WaitGroup // a barrier for one use, for one who waits
	for me := range workers {
		all.Add(1)
		go func() {
			defer all.Done()
			for part := range int32(parts) {
				permits.take()
				if inside.Add(1) > 2 {
					tooMany.Add(1)
				}
				time.Sleep(20 * time.Millisecond)
				inside.Add(-1)
				permits.give()

				done[me].Store(part + 1)
				meet.wait()
				for i := range done {
					if done[i].Load() <= part {
						behind.Add(1)
					}
				}
			}
		}()
	}
	all.Wait()
	fmt.Println("more than two at once:", tooMany.Load() > 0)
	fmt.Println("rounds:", meet.round)
	fmt.Println("somebody behind:", behind.Load() > 0)

	select {
	case permits <- struct{}{}:
		fmt.Println("a permit is left: true")
	default:
		fmt.Println("a permit is left: false")
	}
}
