//go:build !linux

package queue

import "os"

// capacity is told by Linux only.
func capacity(*os.File) (n int, told bool) { return 0, false }

// sleepsIn is told by Linux only.
func sleepsIn(int) string { return "" }
