//go:build !unix

package life

// signals is empty: no signal ends a process here.
var signals = map[string]int{}
