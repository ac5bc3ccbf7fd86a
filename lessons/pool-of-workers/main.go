// Three tasks, two workers: who ran what? And where is the error?
package main

import (
	"fmt"
	"sync"
	"time"
)

type result struct {
	worker int
	err    error
}

func task(n int) error {
	time.Sleep(200 * time.Millisecond)
	if n == 99 {
		return fmt.Errorf("bad input %d", n)
	}
	return nil
}

// pool runs the inputs on that many workers. Results come in the order
// of the inputs, whatever the order in which they were done.
func pool(workers int, inputs []int) []result {
	results := make([]result, len(inputs))
	indexes := make(chan int) // workers take the next one from here
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			for i := range indexes {
				results[i] = result{w + 1, task(inputs[i])}
			}
		})
	}
	for i := range inputs {
		indexes <- i
	}
	close(indexes) // no more tasks ...
	wg.Wait()      // ... and all workers have ended
	return results
}

func main() {
	t := time.Now()
	for i, r := range pool(2, []int{1, 2, 3}) {
		fmt.Printf("task %d ran on worker %d\n", i+1, r.worker)
	}
	fmt.Println("three tasks of 0.2 s:", time.Since(t))

	r := pool(2, []int{99})[0] // failed: do you see anything?
	if r.err != nil {          // the error waits for a look
		fmt.Println("error:", r.err)
	}
}
