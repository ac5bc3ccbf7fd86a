// A record of two cells: many readers, one writer.
package main

import (
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// record is read and written cell by cell; that each cell is atomic
// does not make the two of them one.
type record struct{ left, right atomic.Int64 }

func (r *record) write(n int64) {
	r.left.Store(n)
	runtime.Gosched() // let another one run between the two
	r.right.Store(n)
}

func (r *record) torn() bool {
	left := r.left.Load()
	runtime.Gosched()
	return left != r.right.Load()
}

// run has readers read until the writer is done. A nil lock is none.
func run(rw *sync.RWMutex) (torn int64) {
	var r record
	var over atomic.Bool
	var count atomic.Int64
	var readers sync.WaitGroup
	for range 3 {
		readers.Go(func() {
			for !over.Load() {
				if rw != nil {
					rw.RLock()
				}
				if r.torn() {
					count.Add(1)
				}
				if rw != nil {
					rw.RUnlock()
				}
			}
		})
	}
	for n := range int64(2000) {
		if rw != nil {
			rw.Lock()
		}
		r.write(n)
		if rw != nil {
			rw.Unlock()
		}
	}
	over.Store(true)
	readers.Wait()
	return count.Load()
}

func main() {
	fmt.Println("without a lock, torn reads:", run(nil))
	fmt.Println("RWMutex, torn reads:", run(new(sync.RWMutex)))

	// A reader is in, and a writer waits. May another reader come?
	var rw sync.RWMutex
	rw.RLock()
	wrote := make(chan bool, 1)
	go func() {
		rw.Lock()
		defer rw.Unlock()
		wrote <- true
	}()
	for rw.TryRLock() { // the writer has not come to its Lock yet
		rw.RUnlock()
		time.Sleep(time.Millisecond)
	}
	fmt.Println("while the writer waits, another reader gets in: false")
	rw.RUnlock()
	fmt.Println("the reader left, the writer wrote:", <-wrote)
}
