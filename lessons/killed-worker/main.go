//go:build unix

// A supervisor that knows who holds which task, and retries it, within
// bounds.
package main

import (
	"fmt"
	"log"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
)

const (
	attempts = 3
	workers  = 2
)

// task runs in a worker. Task 1 kills whoever tries it, task 2 only the
// first.
func task(n, attempt int) {
	if n == 1 || n == 2 && attempt == 1 {
		syscall.Kill(os.Getpid(), syscall.SIGKILL)
		select {} // until the signal has arrived
	}
	fmt.Println(n * n)
}

// job is a task with what is known of it.
type job struct{ n, attempt int }

// result is how an attempt came out.
type result struct {
	job
	value string
	err   error // the worker's end, by the kernel's word
}

// try starts a worker for the job and waits for its end.
func try(j job) result {
	self, err := os.Executable()
	if err != nil {
		return result{j, "", err}
	}
	cmd := exec.Command(self, fmt.Sprint(j.n), fmt.Sprint(j.attempt))
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	return result{j, strings.TrimSpace(string(out)), err}
}

func main() {
	if len(os.Args) == 3 {
		n, err := strconv.Atoi(os.Args[1])
		check(err)
		attempt, err := strconv.Atoi(os.Args[2])
		check(err)
		task(n, attempt)
		return
	}
	queue := []job{{0, 1}, {1, 1}, {2, 1}, {3, 1}}
	results := make(chan result)
	told := make([]string, len(queue))
	for running, left := 0, len(queue); left > 0; {
		for len(queue) > 0 && running < workers {
			j := queue[0]
			queue = queue[1:]
			running++
			go func() { results <- try(j) }()
		}
		r := <-results
		running--
		switch {
		case r.err == nil:
			told[r.n] = fmt.Sprint(r.value, ", attempt ", r.attempt)
			left--
		case r.attempt < attempts:
			queue = append(queue, job{r.n, r.attempt + 1})
		default: // a poison task: it must not go on for ever
			told[r.n] = fmt.Sprintf("given up: %d attempts, %v",
				attempts, r.err)
			left--
		}
	}
	for n, text := range told {
		fmt.Printf("supervisor: task %d: %s\n", n, text)
	}
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
