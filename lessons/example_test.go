package lessons_test

import (
	"fmt"

	"edu/procession/lessons"
)

// The course in order, and a lesson's explanation with one gauge measured.
func Example() {
	course, err := lessons.Load("en")
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, chapter := range course.Chapters {
		fmt.Println(chapter.Title)
		for _, l := range chapter.Lessons {
			fmt.Printf("  %d %s: %s\n", l.Number, l.ID, l.Title)
		}
	}

	measured := func(gauge string) (string, bool) {
		return "1.62 ×", gauge == "speedup"
	}
	fmt.Println(lessons.Fill(`speed-up: {{gauge "speedup"}}, lost: {{gauge "lost"}}`, measured))
	// Output:
	// Concepts
	//   1 what-is-distributed: What is a distributed system?
	//   2 what-is-multiprocessing: What is multiprocessing?
	//   3 same-call-different-world: Same call, different world
	// The multiprocessing module
	//   4 process-life: The life of a process
	//   5 pool-of-workers: A pool of workers
	//   6 queue-pipe-event: Queue, pipe and event
	// Failures
	//   7 killed-worker: A killed worker
	//   8 silent-peer: A silent peer
	//   9 at-least-once: At least once
	// Coordination
	//   10 race-and-lock: A race, and a lock
	//   11 deadlock: Deadlock
	//   12 lease-and-fencing: A lease, and a fencing token
	//   13 whose-clock: Whose clock is right?
	// speed-up: 1.62 ×, lost: not measured yet
}
