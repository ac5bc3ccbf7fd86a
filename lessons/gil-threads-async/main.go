// Compute or wait: by goroutines, and in an event loop.
package main

import (
	"fmt"
	"runtime"
	"sync"
	"time"
)

const jobs = 4

func compute() {
	x := 1
	for i := range 60_000_000 {
		x += i * x
	}
	runtime.KeepAlive(x) // or a compiler may drop the loop
}

func wait() { time.Sleep(300 * time.Millisecond) }

// heart measures the longest time between two beats.
type heart struct {
	last time.Time
	gap  time.Duration
}

func (h *heart) beat() {
	now := time.Now()
	h.gap = max(h.gap, now.Sub(h.last))
	h.last = now
}

func serial(work func()) {
	for range jobs {
		work()
	}
}

func goroutines(work func()) {
	var wg sync.WaitGroup
	for range jobs {
		wg.Go(work)
	}
	wg.Wait()
}

func turns(work func()) { // one at a time executes Go code
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	goroutines(work)
}

// beside runs f while another goroutine beats.
func beside(f func()) heart {
	h := heart{last: time.Now()}
	stop := make(chan bool)
	go func() {
		for tick := time.Tick(10 * time.Millisecond); ; {
			select {
			case <-tick:
				h.beat()
			case stop <- true:
				return
			}
		}
	}()
	f()
	<-stop
	h.beat()
	return h
}

// inLoop is an event loop: one goroutine takes what comes, and beats.
func inLoop(work func()) heart {
	h := heart{last: time.Now()}
	events := make(chan func(), jobs)
	for range jobs {
		events <- work
	}
	tick := time.Tick(10 * time.Millisecond)
	for left := jobs; left > 0; {
		select {
		case <-tick:
			h.beat()
		case job := <-events:
			job()
			left--
		}
	}
	h.beat()
	return h
}

func measured(label string, f func() heart) {
	t := time.Now()
	gap := f().gap
	fmt.Printf("%s: %.2f s, longest heartbeat gap %.3f s\n",
		label, time.Since(t).Seconds(), gap.Seconds())
}

func main() {
	fmt.Println("at once, at most:", runtime.GOMAXPROCS(0))
	by := func(way func(func()), work func()) func() heart {
		return func() heart { return beside(func() { way(work) }) }
	}
	measured("compute, serial", by(serial, compute))
	measured("compute, goroutines", by(goroutines, compute))
	measured("compute, turns", by(turns, compute))
	measured("wait, serial", by(serial, wait))
	measured("wait, goroutines", by(goroutines, wait))
	measured("wait, turns", by(turns, wait))
	inside := func() heart { return inLoop(compute) }
	measured("compute, in a loop", inside)
}
