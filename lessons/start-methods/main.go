// Go starts a process one way: a new program. What does it inherit?
package main

import (
	"fmt"
	"log"
	"os"
	"os/exec"
	"strconv"
	"sync"
)

var (
	count = 0        // main makes it 42
	lock  sync.Mutex // main holds it
)

// look says, in the child, what is here.
func look() {
	there, err := os.Stat(os.Args[2])
	check(err)
	here, err := os.NewFile(3, "descriptor 3").Stat()
	main, _ := strconv.Atoi(os.Args[1])
	fmt.Println("  count:", count)
	fmt.Println("  lock free:", lock.TryLock())
	fmt.Println("  descriptor 3 is the file:",
		err == nil && os.SameFile(here, there))
	fmt.Println("  NOTE:", os.Getenv("NOTE"))
	fmt.Println("  parent is main:", os.Getppid() == main)
}

// start runs this program again and waits for it.
func start(note, path string, files ...*os.File) {
	self, err := os.Executable()
	check(err)
	fmt.Println(note)
	cmd := exec.Command(self, strconv.Itoa(os.Getpid()), path)
	cmd.Env = append(os.Environ(), "NOTE="+note)
	cmd.ExtraFiles = files // descriptors 3, 4, … of the child
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	check(cmd.Run())
}

func main() {
	if len(os.Args) == 3 {
		look()
		return
	}
	count = 42
	lock.Lock()
	file, err := os.CreateTemp("", "start-methods")
	check(err)
	defer os.Remove(file.Name())

	start("nothing passed on", file.Name())
	start("the file passed on", file.Name(), file)
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
