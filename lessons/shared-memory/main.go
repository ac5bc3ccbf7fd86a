//go:build unix

// A block of memory that processes share, and what it does not do.
package main

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"log"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"
)

const size = 1 << 20

func main() {
	if len(os.Args) == 2 {
		child(os.Args[1])
		return
	}
	dir, err := os.MkdirTemp("", "block")
	check(err)
	defer os.RemoveAll(dir)
	name := filepath.Join(dir, "block") // in /dev/shm: without a disk

	f, err := os.Create(name)
	check(err)
	check(f.Truncate(size))
	block := mapped(f)
	block[0] = 42

	self, err := os.Executable()
	check(err)
	cmd := exec.Command(self, name)
	out, err := cmd.StdoutPipe()
	check(err)
	check(cmd.Start())
	_, err = bufio.NewReader(out).ReadString('\n') // it has written
	check(err)
	fmt.Println("42, and the child added one:", block[0])
	fmt.Println("the float 1.5, read as an integer:",
		binary.NativeEndian.Uint64(block[8:]))

	check(cmd.Process.Kill())
	fmt.Println("the child:", cmd.Wait())
	fmt.Println("still there:", there(name))
	check(os.Remove(name))
	fmt.Println("unlinked, still there:", there(name))
	fmt.Println("and still mapped here:", block[0])
	check(syscall.Munmap(block)) // now the memory goes, too
}

// child attaches by the name, writes, and waits to be killed.
func child(name string) {
	f, err := os.OpenFile(name, os.O_RDWR, 0)
	check(err)
	block := mapped(f)
	block[0]++
	binary.NativeEndian.PutUint64(block[8:], math.Float64bits(1.5))
	fmt.Println("written")
	time.Sleep(time.Minute)
}

func mapped(f *os.File) []byte {
	b, err := syscall.Mmap(int(f.Fd()), 0, size,
		syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_SHARED)
	check(err)
	check(f.Close()) // the mapping stays
	return b
}

func there(name string) bool {
	_, err := os.Stat(name)
	return err == nil
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
