// A queue over TCP with leases: what is not done goes out again.
package main

import (
	"fmt"
	"log"
	"net"
	"net/rpc"
	"os"
	"os/exec"
	"sync"
	"time"
)

type task struct {
	until        time.Time // the end of its lease
	tries, value int
	done         bool
}

// Queue is what workers can call.
type Queue struct {
	mu    sync.Mutex
	tasks [6]task
	left  int      // not done
	began chan int // the pid of who has task 0
}

// Job is a task on its way, or its result.
type Job struct{ N, Try, Value int }

// Take gives out a task that nobody has, or whose lease is over.
func (q *Queue) Take(pid int, job *Job) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	*job = Job{N: -1}
	for n := range q.tasks {
		t := &q.tasks[n]
		if !t.done && time.Now().After(t.until) {
			t.until = time.Now().Add(time.Second)
			t.tries++
			*job = Job{N: n, Try: t.tries}
			if n == 0 && t.tries == 1 {
				q.began <- pid
			}
			return nil
		}
	}
	if q.left > 0 {
		return nil
	}
	return fmt.Errorf("no more tasks")
}

// Done takes a result. A second one for the same task changes nothing.
func (q *Queue) Done(j Job, _ *struct{}) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if t := &q.tasks[j.N]; !t.done {
		t.done, t.value = true, j.Value
		q.left--
	}
	return nil
}

func worker(addr string) {
	master, err := rpc.Dial("tcp", addr)
	check(err)
	for {
		var job Job // a new one: gob leaves out zeros
		if master.Call("Queue.Take", os.Getpid(), &job) != nil {
			return
		}
		time.Sleep(100 * time.Millisecond)
		if job.N == 0 && job.Try == 1 {
			time.Sleep(time.Minute) // a long one
		}
		if job.N >= 0 {
			job.Value = job.N * job.N
			check(master.Call("Queue.Done", job, &struct{}{}))
		}
	}
}

func main() {
	if len(os.Args) == 3 && os.Args[1] == "worker" {
		worker(os.Args[2])
		return
	}
	q := &Queue{left: 6, began: make(chan int, 1)}
	check(rpc.Register(q))
	l, err := net.Listen("tcp", "127.0.0.1:0")
	check(err)
	go rpc.Accept(l)
	workers := map[int]*exec.Cmd{}
	for range 2 {
		w := exec.Command(os.Args[0], "worker", l.Addr().String())
		check(w.Start())
		workers[w.Process.Pid] = w
	}
	check(workers[<-q.began].Process.Kill())
	fmt.Println("killed the worker that has task 0")
	for _, w := range workers {
		fmt.Println("a worker ended:", w.Wait())
	}
	for n, t := range q.tasks {
		fmt.Println("task", n, "given out", t.tries, "times:", t.value)
	}
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
