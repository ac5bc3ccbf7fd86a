//go:build unix

// An error in a goroutine or a child: who hears of it, if nobody asks?
package main

import (
	"bytes"
	"errors"
	"fmt"
	"log"
	"os"
	"os/exec"
	"sync"
)

func half(n int) (int, error) {
	if n%2 != 0 {
		return 0, fmt.Errorf("%d is odd", n)
	}
	return n / 2, nil
}

// dropped is what a go statement does with results: nothing.
func dropped() {
	var wg sync.WaitGroup
	for n := range 4 {
		wg.Go(func() { half(n) }) // two of these fail
	}
	wg.Wait()
	fmt.Println("goroutines: all have ended, errors heard: 0")
}

// kept keeps each error beside its result, and asks.
func kept() {
	var wg sync.WaitGroup
	results, errs := make([]int, 4), make([]error, 4)
	for n := range 4 {
		wg.Go(func() { results[n], errs[n] = half(n) })
	}
	wg.Wait()
	fmt.Printf("errors kept: %q\n", errors.Join(errs...).Error())
}

// child runs this program again, as one that fails.
func child(how string) (said string, err error) {
	self, err := os.Executable()
	check(err)
	cmd := exec.Command(self, how)
	var out bytes.Buffer
	cmd.Stderr = &out
	err = cmd.Run()
	line, _, _ := bytes.Cut(out.Bytes(), []byte("\n"))
	return string(line), err
}

func fail(how string) {
	switch how {
	case "exit":
		_, err := half(3)
		check(err) // to standard error, exit code 1
	case "panic": // in any goroutine: the whole process ends
		var none []int
		go func() { fmt.Println(none[3]) }()
		select {}
	case "recover": // the panic is a value now, and here it is dropped
		func() {
			defer func() { _ = recover() }()
			panic("3 is odd")
		}()
	}
}

func main() {
	if len(os.Args) == 2 {
		log.SetFlags(0)
		fail(os.Args[1])
		return
	}
	dropped()
	kept()
	for _, how := range []string{"exit", "panic", "recover"} {
		said, err := child(how) // to write _ for err: nobody knows
		fmt.Printf("child, %s: %v, said %q\n", how, err, said)
	}
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
