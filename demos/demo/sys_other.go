//go:build !linux

package demo

import (
	"os"
	"time"
)

var birth = time.Now()

// Mono is the wall clock in nanoseconds where there is no monotonic clock that
// processes can share through the standard library.
func Mono() int64 { return time.Now().UnixNano() }

// cpuTime is wall-clock time where a thread's CPU time is not told.
func cpuTime() time.Duration { return time.Since(birth) }

func sleep(d time.Duration) { time.Sleep(d) }

func selfPath() (string, error) { return os.Executable() }

func setName(string) {}
