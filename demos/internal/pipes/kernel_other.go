//go:build !linux

package pipes

import "os"

// Capacity is told by Linux only.
func Capacity(*os.File) (n int, told bool) { return 0, false }

// SleepsIn is told by Linux only.
func SleepsIn(int) string { return "" }
