// Two questions: whose variable is it, and do two cores help?
package main

import (
	"fmt"
	"log"
	"os"
	"os/exec"
	"runtime"
	"time"
)

const n = 400_000_000

var count = 0 // what a fresh start of this program gives

func burn() {
	x := 1
	for i := range n {
		x += i * x
	}
	runtime.KeepAlive(x) // or a compiler may drop the loop
}

// start runs this program again, with a role.
func start(role string) *exec.Cmd {
	self, err := os.Executable()
	check(err)
	cmd := exec.Command(self, role)
	cmd.Stdout = os.Stdout
	check(cmd.Start())
	return cmd
}

func timed(label string, f func()) time.Duration {
	t := time.Now()
	f()
	d := time.Since(t)
	fmt.Printf("%s: %.2f s\n", label, d.Seconds())
	return d
}

func main() {
	switch {
	case len(os.Args) == 2 && os.Args[1] == "child":
		before := count
		count = 999
		fmt.Printf("child: count was %d, is %d\n", before, count)
		return
	case len(os.Args) == 2 && os.Args[1] == "burn":
		burn()
		return
	}
	count = 42
	check(start("child").Wait())
	fmt.Println("parent: count is", count)

	done := make(chan bool)
	go func() { count = 999; done <- true }()
	<-done // a goroutine shares the variable; a process does not
	fmt.Println("parent, after a goroutine: count is", count)

	one := timed("one after the other", func() { burn(); burn() })
	two := timed("in two processes", func() {
		a, b := start("burn"), start("burn")
		check(a.Wait())
		check(b.Wait())
	})
	fmt.Printf("speed-up on %d cores: %.2f\n",
		runtime.NumCPU(), one.Seconds()/two.Seconds())
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
