package lessons_test

import (
	"fmt"

	"edu/procession/lessons"
)

// A chapter in order, and a lesson's explanation with one gauge measured.
func Example() {
	course, err := lessons.Load("en")
	if err != nil {
		fmt.Println(err)
		return
	}
	chapter := course.Chapters[0]
	fmt.Println(chapter.Title)
	for _, l := range chapter.Lessons {
		fmt.Printf("  %d %s: %s\n", l.Number, l.ID, l.Title)
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
	// speed-up: 1.62 ×, lost: not measured yet
}
