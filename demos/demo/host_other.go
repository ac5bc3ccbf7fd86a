//go:build !linux

package demo

// host is on Linux only: the stage does not start one elsewhere.
func host(string, Demo) int { return 2 }
