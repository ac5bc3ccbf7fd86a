//go:build unix

// One counter, many processes: a race, a lock, and a dead holder.
package main

import (
	"fmt"
	"log"
	"os"
	"os/exec"
	"sync/atomic"
	"syscall"
	"time"
	"unsafe"
)

const times = 50_000

// counter is the first word of a file that processes share as memory.
func counter(f *os.File) *int64 {
	b, err := syscall.Mmap(int(f.Fd()), 0, 8,
		syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_SHARED)
	check(err)
	return (*int64)(unsafe.Pointer(&b[0]))
}

// child starts this program again in a role, with the file by its name:
// a flock belongs to an open file, so each process opens its own.
func child(role, file string) *exec.Cmd {
	self, err := os.Executable()
	check(err)
	p := exec.Command(self, role, file)
	p.Stderr = os.Stderr
	return p
}

func work(role string, f *os.File) {
	n, fd := counter(f), int(f.Fd())
	switch role {
	case "add":
		for range times {
			// Two atomic steps are not one atomic update.
			atomic.StoreInt64(n, slow(atomic.LoadInt64(n)))
		}
	case "add locked":
		for range times {
			check(syscall.Flock(fd, syscall.LOCK_EX))
			*n++
			check(syscall.Flock(fd, syscall.LOCK_UN))
		}
	case "hold":
		check(syscall.Flock(fd, syscall.LOCK_EX))
		fmt.Println("held")
		time.Sleep(time.Minute) // it is killed before
	}
}

// slow adds one and takes its time, as real work does between the two.
func slow(n int64) int64 {
	for i := range int64(2000) {
		n += i%2*2 - 1 // one less, one more
	}
	return n + 1
}

func main() {
	if len(os.Args) == 3 {
		f, err := os.OpenFile(os.Args[2], os.O_RDWR, 0)
		check(err)
		work(os.Args[1], f)
		return
	}
	f, err := os.CreateTemp("", "counter")
	check(err)
	defer os.Remove(f.Name())
	check(f.Truncate(8))

	fmt.Println("expected:", 4*times)
	for _, role := range []string{"add", "add locked"} {
		*counter(f) = 0
		var all []*exec.Cmd
		for range 4 {
			p := child(role, f.Name())
			check(p.Start())
			all = append(all, p)
		}
		for _, p := range all {
			check(p.Wait())
		}
		fmt.Printf("%s: %d\n", role, *counter(f))
	}

	p := child("hold", f.Name())
	out, err := p.StdoutPipe()
	check(err)
	check(p.Start())
	_, err = out.Read(make([]byte, 8)) // it holds the lock
	check(err)
	check(p.Process.Kill())
	p.Wait()
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	fmt.Println("flock, holder killed: free:", err == nil)
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
