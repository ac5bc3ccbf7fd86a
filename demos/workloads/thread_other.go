//go:build !linux

package workloads

// threadID is 0: threads are not put on stage by themselves here.
func threadID() int { return 0 }
