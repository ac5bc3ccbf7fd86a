// Many small tasks: a loop, and two processes, so many in a message.
package main

import (
	"encoding/gob"
	"fmt"
	"io"
	"log"
	"os"
	"os/exec"
	"slices"
	"sync"
	"time"
)

const tasks = 20_000

func square(x int) int { return x * x }

func main() {
	if len(os.Args) == 2 && os.Args[1] == "worker" {
		work(gob.NewDecoder(os.Stdin), gob.NewEncoder(os.Stdout))
		return
	}
	var want []int
	start := time.Now()
	for x := range tasks {
		want = append(want, square(x))
	}
	loop := time.Since(start)
	fmt.Println("loop:", loop)

	workers := []*worker{newWorker(), newWorker()}
	share(workers, 10, tasks/2) // a rehearsal
	took := map[int]time.Duration{}
	for _, chunk := range []int{1, 10, 100, 1000} {
		start := time.Now()
		got := share(workers, tasks, chunk)
		took[chunk] = time.Since(start)
		if !slices.Equal(got, want) {
			log.Fatal("wrong results")
		}
		fmt.Printf("%d in a message: %v\n", chunk, took[chunk])
	}
	fmt.Println("1 takes longer than the loop:", took[1] > loop)
	fmt.Println("1000 takes less than 1:", took[1000] < took[1])
	for _, w := range workers {
		check(w.in.Close()) // end of file: it returns
		check(w.cmd.Wait())
	}
}

type worker struct {
	cmd *exec.Cmd
	in  io.WriteCloser
	enc *gob.Encoder
	dec *gob.Decoder
}

func newWorker() *worker {
	self, err := os.Executable()
	check(err)
	cmd := exec.Command(self, "worker")
	in, err := cmd.StdinPipe()
	check(err)
	out, err := cmd.StdoutPipe()
	check(err)
	check(cmd.Start())
	return &worker{cmd, in, gob.NewEncoder(in), gob.NewDecoder(out)}
}

// work is what a worker does until its input ends.
func work(dec *gob.Decoder, enc *gob.Encoder) {
	for {
		var xs []int
		if dec.Decode(&xs) == io.EOF {
			return
		}
		for i, x := range xs {
			xs[i] = square(x)
		}
		check(enc.Encode(xs))
	}
}

// share has n tasks done: a goroutine for each worker takes chunks.
func share(workers []*worker, n, chunk int) []int {
	results := make([]int, n)
	next := make(chan int)
	var wg sync.WaitGroup
	for _, w := range workers {
		wg.Go(func() {
			for from := range next {
				part := results[from:min(from+chunk, n)]
				for i := range part {
					part[i] = from + i
				}
				check(w.enc.Encode(part))  // a message there
				check(w.dec.Decode(&part)) // and one back
			}
		})
	}
	for from := 0; from < n; from += chunk {
		next <- from
	}
	close(next)
	wg.Wait()
	return results
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
