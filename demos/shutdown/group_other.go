//go:build !unix

package shutdown

import "edu/procession/demos/demo"

// interruptGroup fails: there are no process groups with signals here.
func interruptGroup(int) error { return demo.ErrNotHere }
